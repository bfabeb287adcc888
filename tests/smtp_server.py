"""A mail server on this machine: it speaks enough SMTP for smtplib, keeps what it is given, and refuses on request."""

import base64
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class MailBox:
    """What arrived, and how the server behaves: whom it refuses, which password it asks for, when it hangs up."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    login: tuple[str, str] | None = None
    hangs_up_after: int | None = None
    connections: int = 0

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]


class _Talk(socketserver.StreamRequestHandler):
    """One connection (RFC 5321, with AUTH PLAIN of RFC 4954)."""

    server: "_Server"

    def handle(self) -> None:
        self.server.box.connections += 1
        self.say("220 test")
        for line in iter(self.rfile.readline, b""):
            verb, _, rest = line.decode().strip().partition(" ")
            answer = getattr(self, f"do_{verb.lower()}", None)
            if answer is None:
                self.say("502 not known")
            elif answer(rest) == "end":
                return

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def do_ehlo(self, _rest: str) -> None:
        if self.server.box.login:
            self.say("250-test")
            self.say("250 AUTH PLAIN")
        else:
            self.say("250 test")

    def do_auth(self, rest: str) -> None:
        user, password = base64.b64decode(rest.split()[1]).decode().split("\0")[1:]
        self.say("235 welcome" if (user, password) == self.server.box.login else f"535 no, {user} {password}")

    def do_mail(self, _rest: str) -> str:
        box = self.server.box
        if box.hangs_up_after is not None and len(box.mails) >= box.hangs_up_after:
            return "end"
        self.say("250 ok")
        return ""

    def do_rcpt(self, rest: str) -> None:
        address = rest.partition("<")[2].partition(">")[0]
        self.say(f"550 no {address} here" if address in self.server.box.refuses else "250 ok")

    def do_data(self, _rest: str) -> None:
        self.say("354 go on")
        lines = []
        for line in iter(self.rfile.readline, b".\r\n"):
            lines.append(line[1:] if line.startswith(b"..") else line)
        mail = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.server.box.mails.append(mail)
        self.say("250 kept")

    def do_rset(self, _rest: str) -> None:
        self.say("250 ok")

    def do_noop(self, _rest: str) -> None:
        self.say("250 ok")

    def do_quit(self, _rest: str) -> str:
        self.say("221 bye")
        return "end"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    box: MailBox


@contextmanager
def mail_box() -> Iterator[MailBox]:
    """Serve on a port of the loopback interface while the block runs."""
    with _Server(("127.0.0.1", 0), _Talk) as server:
        server.box = MailBox(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.box
        server.shutdown()
        thread.join()
