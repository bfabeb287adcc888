"""The stage: the tool and the practice LMS as two real HTTP servers, and a browser without a screen to launch with."""

import shutil
import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from lti_tool.app import build_tool, create_app
from lti_tool.demo import practice_registration
from lti_tool.lti.keys import new_key
from lti_tool.lti.registration import register_platform
from lti_tool.practice_lms import CLIENT_ID, DEPLOYMENT_ID, PracticeSchool, ToolAddresses, create_practice_lms
from lti_tool.settings import Settings
from lti_tool.tool import Tool
from lti_tool.worker import Clockwork
from tests.built_once import share_compiled_statements

SECRET = "only-for-tests-0123456789"


class Clock:
    """The tool's clock: real time, moved by the test."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Stage:
    """Everything a test needs: the tool with its address, the school behind the practice LMS with its own."""

    tool: Tool
    clockwork: Clockwork
    app: Flask
    tool_url: str
    lms_url: str
    school: PracticeSchool
    accent: str
    clock: Clock
    lms: Flask
    rings: list[datetime] = field(default_factory=list)
    certificate: "Certificate | None" = None
    plain_url: str = ""

    def browser(self) -> "ScriptBrowser":
        return ScriptBrowser(self)

    def launched(self, person: str, activity: int = 1) -> "ScriptBrowser":
        """Return a browser in which this person has just launched the activity's blog."""
        browser = self.browser()
        arrived = browser.launch(person, activity)
        assert arrived.status_code == 303, arrived.text
        return browser

    def send_scores(self) -> None:
        """Do what the worker does when the bell rings."""
        self.clockwork.send_all()


@dataclass
class Login:
    """A begun login as the platform sees it."""

    state: str
    nonce: str
    query: dict[str, str]
    response: requests.Response


class ScriptBrowser:
    """A browser without a screen: it keeps cookies, follows nothing by itself, and says where requests come from."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.cookies: dict[str, str] = {}
        self.home = ""

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        if url.startswith("/"):
            url = self.stage.tool_url + url
        headers = dict(options.pop("headers", {}))
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.stage.certificate:
            options["verify"] = str(self.stage.certificate.file)
        response = requests.request(method, url, headers=headers, allow_redirects=False, timeout=20, **options)
        self._keep_cookies(response)
        return response

    def get(self, path: str = "", **options: Any) -> requests.Response:
        """Open a page; a path without a leading slash is one of this visit's pages."""
        return self.request("GET", self._address(path), **options)

    def post(self, path: str, data: Mapping[str, Any] | None = None, **options: Any) -> requests.Response:
        """Send a form from the tool's own page."""
        headers = {"Origin": self.stage.tool_url, "Sec-Fetch-Site": "same-origin", **options.pop("headers", {})}
        return self.request("POST", self._address(path), data=data, headers=headers, **options)

    def begin_login(self, method: str = "POST", **changes: str | None) -> Login:
        """Send the practice LMS's login request, with changes (None leaves a parameter out)."""
        school = self.stage.school
        form: dict[str, str | None] = {
            "iss": self.stage.lms_url,
            "login_hint": "LH-1",
            "target_link_uri": f"{self.stage.tool_url}/lti/launch",
            "lti_message_hint": "MH-1",
            "client_id": CLIENT_ID,
            "lti_deployment_id": DEPLOYMENT_ID(self.stage.accent),
            **changes,
        }
        assert school is not None
        sent = {name: value for name, value in form.items() if value is not None}
        place = {"data": sent} if method == "POST" else {"params": sent}
        response = self.request(method, "/lti/login", **place)
        query = {
            name: values[0] for name, values in parse_qs(urlsplit(response.headers.get("Location", "")).query).items()
        }
        return Login(query.get("state", ""), query.get("nonce", ""), query, response)

    def post_launch(self, state: str, id_token: str, **more: str) -> requests.Response:
        response = self.request("POST", "/lti/launch", data={"state": state, "id_token": id_token, **more})
        if response.status_code == 303:
            self.home = response.headers["Location"].removeprefix(self.stage.tool_url).rstrip("/")
        return response

    def launch(self, person: str, activity: int = 1, **changed_claims: Any) -> requests.Response:
        """Launch with the claims the practice LMS would send, changed by full claim name (None leaves one out)."""
        login = self.begin_login()
        claims = {**self.stage.school.claims_for(person, activity, nonce=login.nonce), **changed_claims}
        token = self.stage.school.sign({name: value for name, value in claims.items() if value is not None})
        return self.post_launch(login.state, token)

    def _address(self, path: str) -> str:
        return path if path.startswith(("/", "http")) else f"{self.home}/{path}".rstrip("/") + ("/" if not path else "")

    def _keep_cookies(self, response: requests.Response) -> None:
        for header in response.raw.headers.getlist("Set-Cookie"):
            name, _, value = header.split(";")[0].partition("=")
            if "max-age=0" in header.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value


@dataclass(frozen=True)
class Certificate:
    """A certificate for this machine and its key, each in a PEM file (`tests/https_stage.py`)."""

    file: Path
    key_file: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key_file)
        return context


_POLL_SECONDS = 0.01  # how soon a server sees that it is to stop: every test waits for that


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


_held: deque[socket.socket] = deque()


def free_port() -> int:
    """Return a port of the loopback interface on which nobody listens, and keep it for whoever asked.

    The socket stays bound: otherwise the system may give the port to somebody's connection before a server is there.
    A server binds beside it, since both allow reuse and only one listens (Linux, socket(7)).
    """
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    _held.append(probe)
    while len(_held) > 60:  # far more than one test asks for
        _held.popleft().close()
    port: int = probe.getsockname()[1]
    return port


@contextmanager
def served(app: Flask, port: int, certificate: Certificate | None = None) -> Iterator[None]:
    """Serve an application on a loopback port while the block runs."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    if certificate:
        # Each thread shakes hands for itself: a browser that only opens a connection holds up no other.
        server.ssl_context = certificate.context()
        server.socket = server.ssl_context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@cache
def _first_folder() -> "TemporaryDirectory[str]":
    """What a stage's folder holds at first: a key pair of the tool, and a new school with its own.

    Made once: two key pairs for each test take longer than most tests.
    """
    folder = TemporaryDirectory()
    new_key(Path(folder.name) / "keys")
    PracticeSchool(Path(folder.name) / "practice_lms", "", ToolAddresses("", "", ""), "canvas")  # as for every accent
    return folder


def prepare_folder(folder: Path) -> None:
    """Put a copy of a new stage's files into a test's folder."""
    shutil.copytree(_first_folder().name, folder, copy_function=shutil.copy, dirs_exist_ok=True)


@contextmanager
def open_stage(
    folder: Path,
    database_url: str,
    accent: str,
    tool_host: str = "localhost",
    certificate: Certificate | None = None,
) -> Iterator[Stage]:
    """Build both servers on free ports of localhost and register the one with the other.

    With the tool on 127.0.0.1 browsers take the two for different sites, as they are in earnest. With a certificate
    both speak https; the practice LMS, which cannot be told whom to trust, then reads the tool's keys at `plain_url`.
    """
    tool_port, lms_port, plain_port = free_port(), free_port(), free_port()
    scheme = "https" if certificate else "http"
    tool_url, lms_url = f"{scheme}://{tool_host}:{tool_port}", f"{scheme}://localhost:{lms_port}"
    plain_url = f"http://{tool_host}:{plain_port}" if certificate else tool_url
    settings = Settings(
        database_url=database_url,
        public_url=tool_url,
        secret_key=SECRET,  # type: ignore[arg-type]  # pydantic makes it a secret
        keys_dir=folder / "keys",
        queue_url=f"sqlite:///{folder / 'queue.sqlite3'}",
        allow_private_addresses=True,
        ca_file=certificate.file if certificate else None,
    )
    prepare_folder(folder)
    addresses = ToolAddresses(f"{tool_url}/lti/login", f"{tool_url}/lti/launch", f"{plain_url}/.well-known/jwks.json")
    lms = create_practice_lms(folder / "practice_lms", lms_url, addresses, accent)
    clock, rings = Clock(), list[datetime]()
    tool, clockwork = build_tool(settings, clock)
    share_compiled_statements(tool.database)
    tool = replace(tool, ring=lambda: rings.append(clock()))
    register(tool, lms_url, DEPLOYMENT_ID(accent))
    app = create_app(tool)
    school = lms.extensions["practice_lms"]
    in_plain = served(app, plain_port) if certificate else nullcontext()
    with served(app, tool_port, certificate), served(lms, lms_port, certificate), in_plain:
        yield Stage(
            tool, clockwork, app, tool_url, lms_url, school, accent, clock, lms, rings, certificate, plain_url
        )  # fmt: skip
    tool.database.close()


def register(tool: Tool, lms_url: str, *deployment_ids: str, client_id: str = CLIENT_ID) -> int:
    """Register a platform with the practice LMS's addresses and return its number."""
    practice = replace(practice_registration(lms_url), lti_client_id=client_id)
    with tool.database.writing() as session:
        return register_platform(session, practice, deployment_ids, tool.clock()).platform_id
