"""The demo: the tool and a practice LMS on two ports, with a sample class. Running it again changes nothing."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import requests
from sqlalchemy import select

from lti_tool.app import build_tool
from lti_tool.errors import SetUpProblem
from lti_tool.importing.formats import read_posts
from lti_tool.importing.importer import approved_as_found, fingerprint, imported_before, store_import
from lti_tool.lti.keys import key_files, new_key
from lti_tool.lti.registration import Registration, register_platform
from lti_tool.migrations import upgrade
from lti_tool.models import Blog, Course
from lti_tool.participation.scoring import rescore_all
from lti_tool.practice_lms import CLIENT_ID, DEPLOYMENT_ID
from lti_tool.settings import Settings, read_settings
from lti_tool.tool import Tool, utc_now
from lti_tool.worker import Clockwork

Say = Callable[[str], object]
_START_SECONDS = 30
_STOP_SECONDS = 15


def run_demo(port: int, lms_port: int, accent: str, say: Say) -> int:
    """Set up what is missing, start both servers, and wait for Ctrl-C. Returns the exit code."""
    for needed in (port, lms_port):
        if _is_in_use(needed):
            raise SetUpProblem(f"Port {needed} is in use.", "Stop what uses it, or choose others: --port, --lms-port.")
    tool_url, lms_url = f"http://localhost:{port}", f"http://localhost:{lms_port}"
    os.environ |= {
        "LTI_TOOL_PUBLIC_URL": tool_url,
        "LTI_TOOL_PORT": str(port),
        "LTI_TOOL_ALLOW_PRIVATE_ADDRESSES": "true",
    }
    settings = read_settings()
    stop = _stop_on_signals()
    tool, clockwork = _set_up(settings, lms_url, accent, say)
    log = settings.var_dir / "demo.log"
    say("Starting the tool and the practice LMS")
    children = [_start_lms(settings, lms_port, tool_url, accent, log), _start_tool(log)]
    try:
        _wait_for(f"{lms_url}/", children, log)
        _wait_for(f"{tool_url}/readyz", children, log)
        _fill(tool, clockwork, lms_url, say)
        say(f"\n  Open {lms_url}\n")
        say("It is a practice LMS: choose a person, open the course, open a blog. Ctrl-C stops both servers.")
        say(f"Logs: {log}. For other commands beside it: export LTI_TOOL_ALLOW_PRIVATE_ADDRESSES=true")
        while not stop() and all(child.poll() is None for child in children):
            time.sleep(0.2)
    finally:
        was_asked = stop()
        _end(children)
    say("Stopped. Nothing is lost; run it again to go on.")
    return 0 if was_asked else 1


def _set_up(settings: Settings, lms_url: str, accent: str, say: Say) -> tuple[Tool, Clockwork]:
    say("Setting up the database")
    tool, clockwork = build_tool(settings)
    upgrade(tool.database)
    if not key_files(settings.keys_dir):
        say("Making a key")
        new_key(settings.keys_dir)
    _register(tool, lms_url, accent)
    return tool, clockwork


def practice_registration(lms_url: str) -> Registration:
    """What an operator would register for the practice LMS at this address."""
    return Registration(
        name="Practice LMS",
        lti_issuer=lms_url,
        lti_client_id=CLIENT_ID,
        authorize_url=f"{lms_url}/lti/authorize",
        token_url=f"{lms_url}/lti/token",
        jwks_url=f"{lms_url}/lti/jwks",
    )


def _register(tool: Tool, lms_url: str, accent: str) -> None:
    with tool.database.writing() as session:
        register_platform(session, practice_registration(lms_url), [DEPLOYMENT_ID(accent)], tool.clock())


def _start_lms(settings: Settings, lms_port: int, tool_url: str, accent: str, log: Path) -> subprocess.Popen[bytes]:
    folder = settings.var_dir / f"practice_lms_{accent}"
    command = [sys.executable, "-m", "lti_tool.practice_lms", "--port", str(lms_port), "--tool-url", tool_url]
    return _start([*command, "--folder", str(folder), "--accent", accent], log)


def _start_tool(log: Path) -> subprocess.Popen[bytes]:
    return _start([sys.executable, "-m", "lti_tool", "serve"], log)


def _start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    # In a session of its own, so that Ctrl-C reaches only the demo, which then ends its children in order.
    with log.open("ab") as file:
        return subprocess.Popen(command, start_new_session=True, stdout=file, stderr=file)  # noqa: S603


def _fill(tool: Tool, clockwork: Clockwork, lms_url: str, say: Say) -> None:
    """Open the first blog as the teacher would, and import the sample post into it, once."""
    found = read_posts(BytesIO((Path(__file__).parent / "demo_post.txt").read_bytes()))[0]
    with tool.database.reading() as session:
        if any(imported_before(session, blog_id, fingerprint(found)) for blog_id in session.scalars(select(Blog.id))):
            return
    say("Filling the sample class")
    _launch(f"{lms_url}/courses/3644/activities/1/launch?as=irena")
    clockwork.read_rosters()
    _wait_for_people(tool)
    with tool.database.writing() as session:
        blog = session.scalars(select(Blog).order_by(Blog.id.desc()).limit(1)).one()
        store_import(session, blog.id, approved_as_found(session, blog.course_id, found), utc_now())
        rescore_all(session, blog.id, utc_now())
    clockwork.ring()


def _wait_for_people(tool: Tool) -> None:
    """The tool's own worker may have taken the list of people on itself: the sample is matched once it has read it."""
    give_up = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up:
        with tool.database.reading() as session:
            if session.scalar(select(Course.id).where(Course.roster_read_at.is_not(None)).limit(1)) is not None:
                return
        time.sleep(0.1)


class _Form(HTMLParser):
    """The first form of a page: where it goes, and its fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action = attributes.get("action", "")
        if tag == "input" and attributes.get("name"):
            self.fields[attributes["name"]] = attributes.get("value", "")


def _launch(address: str) -> None:
    """Launch as a browser does: from the LMS's page to our login, to the LMS, and back with a token."""
    start = _Form(requests.get(address, timeout=10).text)
    login = requests.post(start.action, data=start.fields, timeout=10, allow_redirects=False)
    # Browsers take localhost for safe enough to give a Secure cookie back over http; requests does not.
    cookie = login.headers["Set-Cookie"].split(";")[0]
    back = _Form(requests.get(login.headers["Location"], timeout=10).text)
    arrived = requests.post(
        back.action, data=back.fields, headers={"Cookie": cookie}, timeout=10, allow_redirects=False
    )
    arrived.raise_for_status()


def _is_in_use(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _wait_for(address: str, children: list[subprocess.Popen[bytes]], log: Path) -> None:
    give_up = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up and all(child.poll() is None for child in children):
        try:
            if requests.get(address, timeout=2).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise SetUpProblem(f"{address} did not start.", f"The end of {log} says why.")


def _stop_on_signals() -> Callable[[], bool]:
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: asked.append(received))
    return lambda: bool(asked)


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
