"""Each wrong setting is named in one line that says what it must be."""

import stat
from pathlib import Path

import pytest

from lti_tool.errors import SetUpProblem
from lti_tool.settings import Settings, read_settings

LONG_ENOUGH = "0123456789abcdef"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the machine's own settings nor its folders."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"LTI_TOOL_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def problem() -> str:
    with pytest.raises(SetUpProblem) as caught:
        read_settings()
    assert "\n" not in caught.value.what
    assert caught.value.do == "Correct the environment and start again."
    return caught.value.what


def test_what_holds_where_nothing_is_set() -> None:
    settings = read_settings()
    assert settings.database_url == "sqlite:///var/lti_tool.sqlite3"
    assert settings.public_url == "http://localhost:8000"
    assert settings.launch_url == "http://localhost:8000/lti/launch"
    assert (settings.port, settings.workers, settings.allow_private_addresses) == (8000, 2, False)
    assert (settings.on_sqlite, settings.var_dir, settings.keys_dir) == (True, Path("var"), Path("keys"))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "eighty", "LTI_TOOL_PORT: .*valid integer"),
        ("PORT", "", "LTI_TOOL_PORT: .*valid integer"),
        ("PORT", "0", "LTI_TOOL_PORT: .*greater than or equal to 1"),
        ("PORT", "65536", "LTI_TOOL_PORT: .*less than or equal to 65535"),
        ("WORKERS", "0", "LTI_TOOL_WORKERS: .*greater than or equal to 1"),
        ("WORKERS", "65", "LTI_TOOL_WORKERS: .*less than or equal to 64"),
        ("ALLOW_PRIVATE_ADDRESSES", "perhaps", "LTI_TOOL_ALLOW_PRIVATE_ADDRESSES: .*valid boolean"),
        ("PUBLIC_URL", "blog.example.edu", "LTI_TOOL_PUBLIC_URL: must be a whole address"),
        ("PUBLIC_URL", "", "LTI_TOOL_PUBLIC_URL: must be a whole address"),
        ("PUBLIC_URL", "ftp://blog.example.edu", "LTI_TOOL_PUBLIC_URL: must be a whole address"),
        ("PUBLIC_URL", "http://blog.example.edu", "LTI_TOOL_PUBLIC_URL: must be https"),
        ("PUBLIC_URL", "https://blog.example.edu/tool", "LTI_TOOL_PUBLIC_URL: must be the bare address"),
        ("PUBLIC_URL", "https://blog.example.edu/?a=b", "LTI_TOOL_PUBLIC_URL: must be the bare address"),
        ("PUBLIC_URL", "https://blog.example.edu:port", "LTI_TOOL_PUBLIC_URL: "),
        ("PUBLIC_URL", "http://[::1", "LTI_TOOL_PUBLIC_URL: "),
        ("SECRET_KEY", "short", "LTI_TOOL_SECRET_KEY must have at least 16"),
        ("DATABASE_URL", "postgresql+psycopg://blog@db/blog", "LTI_TOOL_SECRET_KEY must be set"),
        ("DATABASE_URL", "", "LTI_TOOL_DATABASE_URL: must be"),
        ("DATABASE_URL", "blog.sqlite3", "LTI_TOOL_DATABASE_URL: must be"),
        ("DATABASE_URL", "sqlite://blog.sqlite3", "LTI_TOOL_DATABASE_URL: must be"),
        ("DATABASE_URL", "mysql://blog@db/blog", "LTI_TOOL_DATABASE_URL: must be"),
        ("SMTP_PORT", "0", "LTI_TOOL_SMTP_PORT: .*greater than or equal to 1"),
        ("MAIL_FROM", "nobody", "LTI_TOOL_MAIL_FROM: must be an address"),
        ("MAIL_FROM", "a@b.example\nBcc: c@d.example", "LTI_TOOL_MAIL_FROM: must be an address"),
        ("DIGEST_HOUR", "24", "LTI_TOOL_DIGEST_HOUR: .*less than or equal to 23"),
        ("DIGEST_ZONE", "Europe/Nowhere", "LTI_TOOL_DIGEST_ZONE: must be a time zone"),
        ("DIGEST_ZONE", "../etc/passwd", "LTI_TOOL_DIGEST_ZONE: must be a time zone"),
        ("QUEUE_URL", "amqp://queue", "LTI_TOOL_QUEUE_URL: must be"),
        ("QUEUE_URL", "", "LTI_TOOL_QUEUE_URL: must be"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    monkeypatch.setenv(f"LTI_TOOL_{name}", value)
    with pytest.raises(SetUpProblem, match=f"^{says}"):
        read_settings()
    assert problem().count("LTI_TOOL_") == 1


def test_several_wrong_values_are_all_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LTI_TOOL_PORT", "x")
    monkeypatch.setenv("LTI_TOOL_PUBLIC_URL", "y")
    assert problem().count("LTI_TOOL_") == 2


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LTI_TOOL_SECRET_KEY", "tooshort-secret")
    assert "tooshort" not in problem()
    monkeypatch.setenv("LTI_TOOL_SECRET_KEY", LONG_ENOUGH)
    assert LONG_ENOUGH not in repr(read_settings())
    monkeypatch.setenv("LTI_TOOL_DATABASE_URL", "mysql://blog:passw0rd@db/blog")
    assert "passw0rd" not in problem()


@pytest.mark.parametrize("url", ["https://blog.example.edu/", "https://blog.example.edu:8443", "http://127.0.0.1:8000"])
def test_public_addresses(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("LTI_TOOL_PUBLIC_URL", url)
    assert read_settings().public_url == url.rstrip("/")


@pytest.mark.parametrize("url", ["postgresql://b@db/b", "postgresql+psycopg://b@/b?host=/run"])
def test_a_database_server_shares_its_secret(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("LTI_TOOL_DATABASE_URL", url)
    monkeypatch.setenv("LTI_TOOL_SECRET_KEY", LONG_ENOUGH)
    settings = read_settings()
    assert (settings.on_sqlite, settings.var_dir, settings.secret()) == (False, Path("var"), LONG_ENOUGH)


@pytest.mark.parametrize(
    "url", ["sqlite:///q.sqlite3", "redis://queue:6379/1", "rediss://queue", "postgresql://b@db/b"]
)
def test_queues(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("LTI_TOOL_QUEUE_URL", url)
    assert read_settings().queue_url == url


def test_a_mail_server(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not read_settings().sends_mail
    monkeypatch.setenv("LTI_TOOL_SMTP_HOST", "mail.example.edu")
    assert "LTI_TOOL_MAIL_FROM must be set" in problem()
    monkeypatch.setenv("LTI_TOOL_MAIL_FROM", "Class blog <b@example.edu>")
    settings = read_settings()
    assert (settings.sends_mail, settings.smtp_port, settings.smtp_starttls, settings.smtp_tls) == (
        True,
        587,
        True,
        False,
    )
    monkeypatch.setenv("LTI_TOOL_SMTP_USER", "blog")
    monkeypatch.setenv("LTI_TOOL_SMTP_PASSWORD", LONG_ENOUGH)
    assert LONG_ENOUGH not in repr(read_settings())
    monkeypatch.setenv("LTI_TOOL_SMTP_STARTTLS", "false")
    assert "would sign in without encryption" in problem()
    monkeypatch.setenv("LTI_TOOL_SMTP_TLS", "true")
    assert read_settings().smtp_tls


def test_on_sqlite_a_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'deep' / 'blog.sqlite3'}")
    secret = settings.secret()
    assert len(secret) >= 32
    assert Settings(database_url=settings.database_url).secret() == secret
    kept = tmp_path / "deep" / "secret_key"
    assert kept.read_text() == secret
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_settings().port = 9000
