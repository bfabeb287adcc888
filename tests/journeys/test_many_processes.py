"""By settings alone: PostgreSQL, a web process without a worker and two workers, the bell on Redis or PostgreSQL.

The commands are those of compose.yaml, each a process of its own.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from lti_tool.app import build_tool, create_app
from lti_tool.practice_lms import CLIENT_ID, DEPLOYMENT_ID, ToolAddresses, create_practice_lms
from lti_tool.settings import Settings
from tests.journeys.walking import bare_environment, running, wait_until
from tests.postgres import FreshPostgresUrl
from tests.redis_server import running_redis
from tests.stage import SECRET, Clock, Stage, free_port, served

STUDENTS = ("tom", "zoe", "isaiah")
# The sweep of each minute may bring one score of three, but not the others.
SECONDS_FOR_ALL = 55


@pytest.fixture(params=["redis", "postgresql"])
def queue_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the bell hangs; nothing is the default, beside the database."""
    if request.param == "postgresql":
        yield ""
    else:
        with running_redis() as url:
            yield url


@pytest.fixture
def house(tmp_path: Path, fresh_postgres_url: FreshPostgresUrl, queue_url: str) -> Iterator[Stage]:
    """An empty database, set up by the commands; then all processes run, with the practice LMS beside them."""
    port, lms_port = free_port(), free_port()
    tool_url, lms_url = f"http://localhost:{port}", f"http://localhost:{lms_port}"
    facts = {"database_url": fresh_postgres_url(), "public_url": tool_url, "keys_dir": str(tmp_path / "keys")}
    facts |= {"queue_url": queue_url} if queue_url else {}
    environment = bare_environment(
        **facts, secret_key=SECRET, port=str(port), workers="1", allow_private_addresses="true"
    )  # fmt: skip
    lms = create_practice_lms(tmp_path / "lms", lms_url, ToolAddresses(
        f"{tool_url}/lti/login", f"{tool_url}/lti/launch", f"{tool_url}/.well-known/jwks.json"), "canvas")  # fmt: skip
    for arguments in (["db", "upgrade"], ["keys", "new"], _registration(lms_url)):
        _run(arguments, tmp_path, environment)
    settings = Settings(**facts, secret_key=SECRET, allow_private_addresses=True)  # type: ignore[arg-type]
    tool, clockwork = build_tool(settings)
    with served(lms, lms_port), ExitStack() as processes:
        for arguments in (["serve", "--no-worker"], ["worker"], ["worker"]):
            processes.enter_context(running(arguments, tmp_path, environment))
        wait_until(lambda: _is_ready(tool_url), "the web process ready")
        school = lms.extensions["practice_lms"]
        yield Stage(tool, clockwork, create_app(tool), tool_url, lms_url, school, "canvas", Clock(), lms)
    tool.database.close()
    for log in ("serve.log", "worker.log"):
        assert "Traceback" not in (tmp_path / log).read_text()


def _registration(lms_url: str) -> list[str]:
    facts = {
        "name": "Practice LMS",
        "issuer": lms_url,
        "client-id": CLIENT_ID,
        "deployment-id": DEPLOYMENT_ID("canvas"),
    }
    facts |= {"authorize-url": f"{lms_url}/lti/authorize", "token-url": f"{lms_url}/lti/token"}
    facts |= {"jwks-url": f"{lms_url}/lti/jwks"}
    return ["platforms", "add", *(word for name, value in facts.items() for word in (f"--{name}", value))]


def _run(arguments: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "lti_tool", *arguments]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)


def _is_ready(tool_url: str) -> bool:
    try:
        return requests.get(f"{tool_url}/readyz", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def _grade(stage: Stage, person: str) -> float | None:
    column = stage.school.column_of(1)
    grade = None if column is None else stage.school.grade(column.id, person)
    return None if grade is None else grade.score


def _accepted(stage: Stage) -> float:
    text = requests.get(f"{stage.tool_url}/metrics", timeout=5).text
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    return next(one.value for one in samples if one.labels == {"outcome": "accepted"})


@pytest.mark.slow
def test_scores_arrive_at_the_ring_of_the_bell(house: Stage) -> None:
    began = time.monotonic()
    for person in STUDENTS:
        student = house.launched(person)
        assert student.post("posts/new", {"title": "A post", "body": "Words.", "once": person}).status_code == 303
        wait_until(lambda who=person: _grade(house, who) == 4, f"the score of {person} in the gradebook", 65)
    assert time.monotonic() - began < SECONDS_FOR_ALL, "the bell was not heard: the sweep of each minute brought them"
    # The web process measures what the workers did.
    wait_until(lambda: _accepted(house) == len(STUDENTS), "all attempts in the metrics")
