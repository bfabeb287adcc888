"""The CPU that one launch costs, beside bare Flask handlers that verify the same token and store its nonce.

    python -m benchmarks.launch_cost [--rounds 400]

All are called in one process, without a server between, and their CPU is what the process used meanwhile. Logins are
begun and tokens signed beforehand. SQLite; people, course and link are known, as in all launches but the first.
"""

import argparse
import random
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import structlog
from flask import Flask
from werkzeug.test import EnvironBuilder

from benchmarks.bare_launch import bare_launch_app
from benchmarks.launches import School, open_school
from benchmarks.measuring import Rounds
from lti_tool.app import build_tool, create_app
from lti_tool.practice_lms import CLIENT_ID, DEPLOYMENT_ID
from lti_tool.settings import Settings

PEERS = {"verifies": "/lti/launch", "stores by driver": "/driver", "by statement": "/statement", "by model": "/session"}
WARM_UP = 40


class Calls:
    """One application, called as a server would."""

    def __init__(self, app: Flask) -> None:
        self._app = app.wsgi_app

    def post(self, path: str, form: str, cookie: str = "") -> tuple[float, str, dict[str, str]]:
        """Return the CPU milliseconds that a request took, its status and headers."""
        environ = EnvironBuilder(path=path, method="POST").get_environ()
        body = form.encode()
        environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), "HTTP_COOKIE": cookie}
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
        said: list[Any] = []
        begun = time.process_time()
        answer: Any = self._app(environ, cast(Any, lambda status, headers, _=None: said.extend((status, headers))))
        for _ in answer:
            pass
        if hasattr(answer, "close"):
            answer.close()
        return (time.process_time() - begun) * 1000, said[0], dict(said[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=400)
    rounds = parser.parse_args().rounds
    structlog.configure(processors=[_dropped])
    with tempfile.TemporaryDirectory() as folder, open_school(Path(folder)) as school:
        timed = measured(school, Path(folder), rounds)
    print("CPU milliseconds of one launch: median, and in brackets the quarters on either side of it")
    for name in ("tool", *PEERS):
        ratio = "" if name == "tool" else f"   tool / this = {timed.ratio('tool', name)} x"
        print(f"{name:18} {timed.milliseconds(name)}{ratio}")


def measured(school: School, folder: Path, rounds: int) -> Rounds:
    names = {name.removeprefix("LTI_TOOL_").lower(): value for name, value in school.environment.items()}
    tool, clockwork = build_tool(Settings.model_validate(names))
    ours = Calls(create_app(tool))
    key = school.lms.platform_key.as_pem(private=False).decode()
    theirs = Calls(bare_launch_app(key, CLIENT_ID, folder))
    people = [student.key for student in school.lms.students[:10]]
    for person in people:
        _launch(ours, _begun(school, ours, person))
    clockwork.read_rosters()  # as the worker does after the first launch of a lesson
    times: dict[str, list[float]] = {name: [] for name in ("tool", *PEERS)}
    begun = [_begun(school, ours, people[number % len(people)]) for number in range(rounds + WARM_UP)]
    order = list(times)
    shuffle = random.Random(1).shuffle
    for number, (form, cookie) in enumerate(begun):
        shuffle(order)
        for name in order:
            if name == "tool":
                cost = _launch(ours, (form, cookie))
            else:
                cost, status, _ = theirs.post(PEERS[name], form)
                assert status.startswith("303"), status
            if number >= WARM_UP:
                times[name].append(cost)
    return Rounds(times)


def _begun(school: School, ours: Calls, person: str) -> tuple[str, str]:
    login = {
        "iss": school.lms_url, "login_hint": "LH-1", "target_link_uri": f"http://localhost:{school.port}/lti/launch",
        "lti_message_hint": "MH-1", "client_id": CLIENT_ID, "lti_deployment_id": DEPLOYMENT_ID("canvas"),
    }  # fmt: skip
    _, status, headers = ours.post("/lti/login", urlencode(login))
    assert status.startswith("302"), status
    query = parse_qs(urlsplit(headers["Location"]).query)
    token = school.lms.sign(school.lms.claims_for(person, 1, query["nonce"][0]))
    form = urlencode({"state": query["state"][0], "id_token": token})
    return form, headers["Set-Cookie"].split(";")[0]


def _launch(ours: Calls, begun: tuple[str, str]) -> float:
    cost, status, headers = ours.post("/lti/launch", *begun)
    assert status.startswith("303"), status
    assert headers["Location"].startswith("/v/")
    return cost


def _dropped(_logger: object, _name: str, _event: object) -> Any:
    raise structlog.DropEvent


if __name__ == "__main__":
    main()
