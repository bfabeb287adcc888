"""Launches per second beside a bare Flask handler that only verifies the token, and 300 launches at 8 in parallel.

    python -m benchmarks.launches [--rounds 200]

The tool and its peer are each served by gunicorn over the loopback interface. Every token is signed anew with the
practice LMS's key; logins are begun beforehand where only the launch is measured. SQLite, worker embedded, one server
process for the comparison and two, as by default, for the launches in parallel.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from benchmarks.measuring import run_rounds
from benchmarks.scene import SECRET
from benchmarks.serving import serving_app, serving_tool
from lti_tool.app import build_tool
from lti_tool.lti.keys import new_key
from lti_tool.migrations import upgrade
from lti_tool.practice_lms import CLIENT_ID, DEPLOYMENT_ID, PracticeSchool, ToolAddresses, create_practice_lms
from lti_tool.settings import Settings
from tests.stage import free_port, register, served

LAUNCHES, AT_ONCE, RUNS = 300, 8, 3
WARM_UP = 20
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class School:
    """The tool on its port, the practice LMS that signs, and who comes next."""

    port: int
    lms_url: str
    lms: PracticeSchool
    environment: dict[str, str]
    turn: Iterator[int]

    def next_person(self) -> str:
        students = self.lms.students
        return students[next(self.turn) % len(students)].key


@dataclass(frozen=True)
class Begun:
    """A launch ready to be posted: the form and the cookie of its login."""

    form: str
    cookie: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, open_school(Path(folder)) as school:
        beside_the_peer(school, rounds)
        in_parallel(school)


@contextmanager
def open_school(folder: Path) -> Iterator[School]:
    """Set up the tool's database and keys, and run the practice LMS."""
    port, lms_port = free_port(), free_port()
    tool_url, lms_url = f"http://localhost:{port}", f"http://localhost:{lms_port}"
    environment = {
        "LTI_TOOL_DATABASE_URL": f"sqlite:///{folder}/tool.sqlite3",
        "LTI_TOOL_PUBLIC_URL": tool_url,
        "LTI_TOOL_SECRET_KEY": SECRET,
        "LTI_TOOL_KEYS_DIR": str(folder / "keys"),
        "LTI_TOOL_ALLOW_PRIVATE_ADDRESSES": "true",
    }
    names = {name.removeprefix("LTI_TOOL_").lower(): value for name, value in environment.items()}
    settings = Settings.model_validate(names)
    new_key(settings.keys_dir)
    tool, _ = build_tool(settings)
    upgrade(tool.database)
    register(tool, lms_url, DEPLOYMENT_ID("canvas"))
    tool.database.close()
    addresses = ToolAddresses(f"{tool_url}/lti/login", f"{tool_url}/lti/launch", f"{tool_url}/.well-known/jwks.json")
    lms = create_practice_lms(folder / "practice_lms", lms_url, addresses, "canvas")
    school = School(port, lms_url, lms.extensions["practice_lms"], environment, count())
    school.lms.add_students(40)
    with served(lms, lms_port):
        yield school


def beside_the_peer(school: School, rounds: int) -> None:
    """Time one launch at a time, the tool's and the peer's in turn; the peer gets the tool's own tokens."""
    key = school.lms.platform_key.as_pem(private=False).decode()
    with ExitStack() as stack:
        stack.enter_context(
            serving_tool(school.port, {**school.environment, "LTI_TOOL_WORKERS": "1"}, with_worker=True)
        )
        peer = {"BENCHMARK_PUBLIC_KEY": key, "BENCHMARK_AUDIENCE": CLIENT_ID}
        bare_port = stack.enter_context(serving_app("benchmarks.bare_launch:bare_launch_app_of_environment()", peer))
        tool, bare = HTTPConnection("localhost", school.port), HTTPConnection("127.0.0.1", bare_port)
        begun = [begin(school, tool) for _ in range(rounds + WARM_UP)]
        tools, bares = iter(begun), iter(begun)
        timed = run_rounds(
            {"tool": lambda: finish(tool, next(tools)), "bare": lambda: finish(bare, next(bares))}, rounds, WARM_UP
        )
    print("One launch at a time: median, and in brackets the quarters on either side of it")
    for name in ("bare", "tool"):
        figures = timed.milliseconds(name)
        print(f"{name}: {figures} ms, {1000 / figures.median:.0f} launches a second")
    print(f"tool / bare = {timed.ratio('tool', 'bare')} x")


def in_parallel(school: School) -> None:
    """Log in and launch, many at a time, as a class does at the beginning of a lesson."""
    print(f"\n{LAUNCHES} whole launches (login, then launch), {AT_ONCE} in parallel")
    with serving_tool(school.port, school.environment, with_worker=True), ThreadPoolExecutor(AT_ONCE) as pool:
        for run in range(1, RUNS + 1):
            begun_at = time.perf_counter()
            seconds = list(pool.map(lambda _: whole_launch(school), range(LAUNCHES)))
            took = time.perf_counter() - begun_at
            failed = sum(one is None for one in seconds)
            longest = max(one for one in seconds if one is not None)
            print(f"run {run}: {failed} errors, {LAUNCHES / took:.0f} a second, the slowest took {longest:.2f} s")


def whole_launch(school: School) -> float | None:
    """The seconds that a login and its launch took, or None if either was refused."""
    connection = HTTPConnection("localhost", school.port, timeout=30)
    begun_at = time.perf_counter()
    try:
        finish(connection, begin(school, connection))
    except (RuntimeError, OSError) as problem:
        print(f"  {problem}")
        return None
    finally:
        connection.close()
    return time.perf_counter() - begun_at


def begin(school: School, connection: HTTPConnection) -> Begun:
    """Send the login request, and sign what the LMS would post next."""
    login = {
        "iss": school.lms_url,
        "login_hint": "LH-1",
        "target_link_uri": f"http://localhost:{school.port}/lti/launch",
        "lti_message_hint": "MH-1",
        "client_id": CLIENT_ID,
        "lti_deployment_id": DEPLOYMENT_ID("canvas"),
    }
    connection.request("POST", "/lti/login", urlencode(login), FORM)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 302:
        raise RuntimeError(f"a login was answered {answer.status}")
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    state, nonce = query["state"][0], query["nonce"][0]
    token = school.lms.sign(school.lms.claims_for(school.next_person(), 1, nonce))
    return Begun(urlencode({"state": state, "id_token": token}), answer.headers["Set-Cookie"].split(";")[0])


def finish(connection: HTTPConnection, begun: Begun) -> None:
    connection.request("POST", "/lti/launch", begun.form, {**FORM, "Cookie": begun.cookie})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 303:
        raise RuntimeError(f"a launch was answered {answer.status}")


if __name__ == "__main__":
    main()
