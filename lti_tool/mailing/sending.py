"""Handing mails to the operator's mail server (SMTP)."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage

from lti_tool.settings import Settings

SECONDS = 20


class MailRefused(Exception):
    """The server does not take this one mail; the next may go."""


class MailServerGone(Exception):
    """The server cannot be reached, or lets nobody in; `str()` says which, without names or passwords."""


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over. `tls` encrypts from the start, `starttls` after a greeting."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    tls: bool = False
    starttls: bool = True

    @contextmanager
    def open(self) -> Iterator["OpenServer"]:
        """Connect, encrypt and sign in. Raises MailServerGone."""
        try:
            connection = self._connect()
        except (OSError, smtplib.SMTPException) as problem:
            raise MailServerGone(_kind(problem)) from None
        try:
            yield OpenServer(connection)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.tls:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=context)
        else:
            connection = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        try:
            if self.starttls and not self.tls:
                connection.starttls(context=context)
            if self.user:
                connection.login(self.user, self.password or "")
        except BaseException:
            connection.close()
            raise
        return connection


@dataclass(frozen=True)
class OpenServer:
    """A connection that mails go over, one after the other."""

    connection: smtplib.SMTP

    def send(self, message: EmailMessage) -> None:
        """Hand one mail over. Raises MailRefused and MailServerGone."""
        try:
            self.connection.send_message(message)
        except (smtplib.SMTPServerDisconnected, OSError) as problem:
            # A refusal is an OSError as well, for smtplib makes its errors of that kind.
            if isinstance(problem, smtplib.SMTPException) and not isinstance(problem, smtplib.SMTPServerDisconnected):
                raise MailRefused(_kind(problem)) from None
            raise MailServerGone(_kind(problem)) from None
        except (smtplib.SMTPException, ValueError) as problem:
            raise MailRefused(_kind(problem)) from None


def mail_server(settings: Settings) -> MailServer | None:
    """Return the operator's mail server, None where none is set."""
    if settings.smtp_host is None:
        return None
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    return MailServer(
        settings.smtp_host, settings.smtp_port, settings.smtp_user, password, settings.smtp_tls, settings.smtp_starttls
    )


def _kind(problem: Exception) -> str:
    """What went wrong, without what the server said: that may hold an address."""
    code = getattr(problem, "smtp_code", None)
    return f"{type(problem).__name__}{f' {code}' if code else ''}"
