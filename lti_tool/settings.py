"""Everything that can be configured, checked at start. Reads the environment and nothing else does."""

import re
import secrets
from email.utils import parseaddr
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, FilePath, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from lti_tool.errors import SetUpProblem


class Settings(BaseSettings):
    """The tool's settings, from the environment with the prefix `LTI_TOOL_`."""

    model_config = SettingsConfigDict(env_prefix="LTI_TOOL_", frozen=True)

    database_url: str = Field(
        default="sqlite:///var/lti_tool.sqlite3", description="SQLAlchemy address of the database."
    )
    public_url: str = Field(
        default="http://localhost:8000", description="Address at which browsers and the LMS reach the tool."
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="Signs what passes through the queue. With SQLite one is made and kept beside the database.",
    )
    keys_dir: Path = Field(default=Path("keys"), description="Folder of the tool's private keys, one PEM per key.")
    queue_url: str | None = Field(
        default=None,
        description="Where the bell rings: sqlite:///…, redis://… or postgresql://…. Default: beside the database.",
    )
    port: int = Field(default=8000, ge=1, le=65535, description="Port that `lti-tool serve` listens on.")
    host: str = Field(default="127.0.0.1", description="Address that `lti-tool serve` listens on.")
    allow_private_addresses: bool = Field(
        default=False, description="Accept platforms on loopback or private addresses, and there plain http."
    )
    fetch_pictures: bool = Field(
        default=False, description="Let imports of old blogs fetch the pictures in them, where a teacher wishes it."
    )
    ca_file: FilePath | None = Field(
        default=None,
        description="Certificates (PEM) to trust beside the usual ones, for an LMS with its own authority.",
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="Whoever reads /metrics must send this as a bearer token. Default: anybody may."
    )
    sync_in_flight: int = Field(
        default=8, ge=1, le=64, description="Most scores that one process sends to one LMS at the same time."
    )
    smtp_host: str | None = Field(
        default=None, description="Mail server for the daily digest. Default: no e-mail is sent."
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server.")
    smtp_user: str | None = Field(default=None, description="Name to sign in to the mail server with, if it asks.")
    smtp_password: SecretStr | None = Field(default=None, description="Password for that name.")
    smtp_starttls: bool = Field(default=True, description="Encrypt after the mail server's greeting (port 587).")
    smtp_tls: bool = Field(default=False, description="Encrypt from the start instead (port 465).")
    mail_from: str | None = Field(default=None, description="Sender of the digest: an address, or Name <address>.")
    digest_hour: int = Field(default=6, ge=0, le=23, description="Hour from which the day's digests are sent.")
    digest_zone: str = Field(default="UTC", description="Time zone of that hour and of the times in a digest.")
    workers: int = Field(default=2, ge=1, le=64, description="Server processes that `lti-tool serve` starts.")

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("must be sqlite:///path/to/file or postgresql+psycopg://user:password@host/database")
        return value

    @field_validator("queue_url")
    @classmethod
    def _check_queue_url(cls, value: str | None) -> str | None:
        known = ("sqlite:///", "redis://", "rediss://", "postgresql://", "postgresql+psycopg://")
        if value is not None and not value.startswith(known):
            raise ValueError("must be sqlite:///path/to/file, redis://host or postgresql://user:password@host/database")
        return value

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be a whole address such as https://blog.example.edu")
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("must be https: browsers keep no sign-in for a framed page over plain http")
        if parts.port == 0:  # reading it raises ValueError if it is no port
            raise ValueError("must have a port that can be reached, or none")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("must be the bare address, without a path")
        return value.rstrip("/")

    @field_validator("metrics_token")
    @classmethod
    def _check_metrics_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-~]{16,}", value.get_secret_value()):
            raise ValueError("must be at least 16 letters, digits or signs of ASCII, without a space")
        return value

    @field_validator("mail_from")
    @classmethod
    def _check_mail_from(cls, value: str | None) -> str | None:
        address = parseaddr(value or "")[1]
        if value is not None and (not re.fullmatch(r"[^@\s]+@[^@\s]+", address) or not value.isprintable()):
            raise ValueError("must be an address such as blog@example.edu, or Class blog <blog@example.edu>")
        return value

    @field_validator("digest_zone")
    @classmethod
    def _check_digest_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("must be a time zone that this machine knows, such as Europe/Berlin") from None
        return value

    @model_validator(mode="after")
    def _check_mail(self) -> Self:
        if self.smtp_host is not None and self.mail_from is None:
            raise ValueError("LTI_TOOL_MAIL_FROM must be set where LTI_TOOL_SMTP_HOST is")
        in_the_open = not self.smtp_tls and not self.smtp_starttls
        if self.smtp_user and in_the_open and self.smtp_host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("LTI_TOOL_SMTP_USER would sign in without encryption: leave LTI_TOOL_SMTP_STARTTLS on")
        return self

    @model_validator(mode="after")
    def _check_secret_key(self) -> Self:
        if self.secret_key is None and not self.on_sqlite:
            raise ValueError("LTI_TOOL_SECRET_KEY must be set, the same for every process, when the database is shared")
        if self.secret_key is not None and len(self.secret_key.get_secret_value()) < 16:
            raise ValueError("LTI_TOOL_SECRET_KEY must have at least 16 characters")
        return self

    @property
    def sends_mail(self) -> bool:
        return self.smtp_host is not None

    @property
    def on_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def var_dir(self) -> Path:
        """The folder beside the database file; `var/` where the database is a server."""
        path = self.database_url.removeprefix("sqlite:///") if self.on_sqlite else ""
        return Path(path).parent if path and path != ":memory:" else Path("var")

    @property
    def launch_url(self) -> str:
        return f"{self.public_url}/lti/launch"

    def secret(self) -> str:
        """The secret key; with SQLite it is made at first use and kept in a file only its owner reads."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        path = self.var_dir / "secret_key"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(32))
        return path.read_text()


def read_settings() -> Settings:
    """Read the settings from the environment. Raises SetUpProblem naming each wrong one."""
    try:
        return Settings()
    except ValidationError as problem:
        lines = [f"{_variable(error['loc'])}{error['msg'].removeprefix('Value error, ')}" for error in problem.errors()]
        raise SetUpProblem(f"{'; '.join(lines)}.", "Correct the environment and start again.") from None


def _variable(location: tuple[int | str, ...]) -> str:
    return f"LTI_TOOL_{str(location[0]).upper()}: " if location else ""
