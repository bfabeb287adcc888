"""A class whose scores are to be sent: the tool with a real database file, and the column server that takes them."""

import json
import logging
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr

from benchmarks.scene import SECRET
from benchmarks.serving import PROJECT
from lti_tool.app import build_tool
from lti_tool.gradebook.outbox import Score, want_score
from lti_tool.identity.arrival import Arrival, welcome
from lti_tool.identity.placing import OpenedLink
from lti_tool.lti.grades import SCORE_SCOPE
from lti_tool.lti.keys import new_key
from lti_tool.lti.results import RESULT_SCOPE
from lti_tool.migrations import upgrade
from lti_tool.models import Deployment, Platform, Role
from lti_tool.settings import Settings
from lti_tool.tool import Tool
from lti_tool.worker import Clockwork
from tests.postgres import running_server
from tests.system_parts import NO_POSTGRES, find_postgres

MAXIMUM = Decimal(10)


class MovedClock:
    """The tool's clock: real time, which a trial can move on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class ColumnServer:
    """The running column server, and what it was told."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def order(self, **orders: Any) -> None:
        """Tell it how to behave from now on (`column_server.Orders`), and to count anew."""
        self._ask("/orders", json.dumps(orders).encode())

    def token(self) -> str:
        token: str = self._ask("/token")["access_token"]
        return token

    def counts(self) -> Counter[str]:
        return Counter(self._ask("/told")["counts"])

    def shown(self, column: str) -> dict[str, float]:
        """The points that a column shows, by the LMS's id of each person."""
        shown: dict[str, float] = self._ask(f"/{column}/told")["shown"]
        return shown

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        with urllib.request.urlopen(self.url + path, body) as answer:
            return json.load(answer)


@contextmanager
def running_column_server() -> Iterator[ColumnServer]:
    command = [sys.executable, "-m", "benchmarks.column_server"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield ColumnServer(int(process.stdout.readline()))
        finally:
            process.terminate()


@dataclass
class Class:
    """The tool, and a blog whose students can be given scores: `points` are the last ones, by the LMS's ids."""

    tool: Tool
    clockwork: Clockwork
    clock: MovedClock
    blog_id: int
    people: dict[str, int]
    points: dict[str, Decimal] = field(default_factory=dict)

    def other_points(self) -> dict[str, Decimal]:
        """Points for everybody, other than the last."""
        return {
            key: (self.points.get(key, Decimal(number % 1000) / 100) + Decimal("0.07")) % MAXIMUM
            for number, key in enumerate(self.people)
        }

    def want(self, points: dict[str, Decimal]) -> None:
        """Write down the scores that the LMS should show; those that differ from the last are due."""
        self.points = points
        with self.tool.database.writing() as session:
            for key, given in points.items():
                want_score(session, self.blog_id, self.people[key], Score(given, MAXIMUM, ""), self.clock())
        if not self.tool.settings.on_sqlite:  # what PostgreSQL's own housekeeping would have done by now
            with self.tool.database.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")


@contextmanager
def open_school(server: ColumnServer, students: int, family: str = "", *, on_postgres: bool = False) -> Iterator[Class]:
    """Open a class in a new database: a file, or on a server of this block's own, which never waits for the disk."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        database_url = f"sqlite:///{folder}/tool.sqlite3"
        if on_postgres:
            programs = find_postgres()
            if programs is None:
                raise SystemExit(NO_POSTGRES)
            postgres = stack.enter_context(running_server(programs))
            database_url = postgres.url(postgres.new_database())
        yield stack.enter_context(_open_class(Path(folder), database_url, server.url, students, family))


@contextmanager
def _open_class(folder: Path, database_url: str, lms_url: str, students: int, family: str) -> Iterator[Class]:
    """Build the tool with a platform at `lms_url`, and a blog with so many students."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    settings = Settings(
        database_url=database_url,
        secret_key=SecretStr(SECRET),
        keys_dir=folder / "keys",
        queue_url=f"sqlite:///{folder / 'queue.sqlite3'}",
        allow_private_addresses=True,
    )
    new_key(settings.keys_dir)
    clock = MovedClock()
    tool, clockwork = build_tool(settings, clock)
    upgrade(tool.database)
    now = clock()
    link = OpenedLink("1", "Class blog", f"{lms_url}/tool", (SCORE_SCOPE, RESULT_SCOPE))
    with tool.database.writing() as session:
        platform = Platform(
            name="LMS", lti_issuer=lms_url, lti_client_id="1", authorize_url=f"{lms_url}/authorize",
            token_url=f"{lms_url}/token", jwks_url=f"{lms_url}/keys", family=family, created_at=now,
        )  # fmt: skip
        session.add(platform)
        session.flush()
        deployment = Deployment(platform_id=platform.id, lti_deployment_id="1")
        session.add(deployment)
        session.flush()
        arrivals = [_arrival(platform.id, deployment.id, str(number), link) for number in range(1, students + 1)]
        visitors = {one.person_key: welcome(session, one, link, now).visitor for one in arrivals}
    people = {key: visitor.person_id for key, visitor in visitors.items()}
    yield Class(tool, clockwork, clock, visitors["1"].blog_id, people)
    tool.database.close()


def _arrival(platform_id: int, deployment_id: int, key: str, link: OpenedLink) -> Arrival:
    return Arrival(
        deployment_id=deployment_id, platform_id=platform_id, person_key=key, name=f"Given{key} Family{key}",
        given_name=None, family_name=None, email=None, role=Role.STUDENT, is_test=False, course_key="1",
        course_title="HIST 3644", course_label="HIST", roster_address=None, frame_origins="", return_url=None,
        wants=link,
    )  # fmt: skip
