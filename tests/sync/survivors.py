"""What the survival trials need: a big class whose scores are right or not, workers to kill, things that go down."""

import json
import sqlite3
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lti_tool.app import build_tool, create_app
from lti_tool.gradebook.delivery import LEASE_SECONDS
from lti_tool.gradebook.ledger import LedgerLine, ledger
from lti_tool.models import Blog, GradebookScore, Person, SendAttempt
from lti_tool.participation.scoring import correct_score
from lti_tool.practice_lms import DEPLOYMENT_ID, ToolAddresses, create_practice_lms
from lti_tool.settings import Settings
from tests.built_once import share_compiled_statements
from tests.journeys.walking import bare_environment
from tests.postgres import (
    SERVER_OPTIONS,
    PostgresServer,
    _as_user,
    _server_user,
    _stop,
    _wait_until_it_answers,
    running_server,
)
from tests.stage import SECRET, Clock, Stage, free_port, prepare_folder, register, served


class Cohort:
    """A blog with many students, the scores they are to have, and what became of them."""

    def __init__(self, stage: Stage, students: int) -> None:
        self.stage = stage
        self._keys = [person.key for person in stage.school.add_students(students)]
        stage.launched("irena")
        stage.clockwork.read_rosters()
        column = stage.school.column_of(1)
        assert column is not None
        self._column: int = column.id
        with stage.tool.database.reading() as session:
            self._blog_id = session.scalars(select(Blog.id)).one()
            self._ids = {person.lti_sub: person.id for person in session.scalars(select(Person))}
        self._wanted: dict[str, Decimal] = {}

    def want(self, turn: int = 0) -> None:
        """Set everybody a score as the teacher's own, in each turn another, and ring nobody."""
        wanted = {key: Decimal((number * 7 + turn * 3) % 101) / 10 for number, key in enumerate(self._keys)}
        sub = self.stage.school.sub_of
        with self.stage.tool.database.writing() as session:
            for key, points in wanted.items():
                person_id, grader_id = self._ids[sub(key)], self._ids[sub("irena")]
                correct_score(session, self._blog_id, person_id, grader_id, str(points), "", self.stage.clock())
        self._wanted = wanted

    def shown(self) -> dict[str, float | None]:
        return {key: grade.score for key, grade in self.stage.school.grades(self._column).items()}

    def all_are_right(self) -> bool:
        return self.shown() == {key: float(points) for key, points in self._wanted.items()}

    def arrived(self) -> list[dict[str, Any]]:
        """What the LMS took, in order."""
        calls = self.stage.school.calls.to("/scores", "POST")
        return [json.loads(call.body) for call in calls if 200 <= call.status < 300]

    def lines(self) -> list[LedgerLine]:
        with self.stage.tool.database.reading() as session:
            return [line for line in ledger(session) if line.wanted is not None]

    def attempts(self) -> dict[int, list[SendAttempt]]:
        """Each attempt, in order, by the row of the outbox."""
        found: dict[int, list[SendAttempt]] = defaultdict(list)
        with self.stage.tool.database.reading() as session:
            for attempt in session.scalars(select(SendAttempt).order_by(SendAttempt.id)):
                found[attempt.score_id].append(attempt)
            session.expunge_all()
        return found

    def rows(self, *conditions: Any) -> set[int]:
        """The rows of the outbox of which all this is true."""
        with self.stage.tool.database.reading() as session:
            return set(session.scalars(select(GradebookScore.id).where(*conditions)))

    def leased(self) -> set[int]:
        return self.rows(GradebookScore.leased_until.is_not(None))

    def free(self) -> set[int]:
        """Which rows are due and in nobody's hands."""
        return self.rows(GradebookScore.due_at.is_not(None), GradebookScore.leased_until.is_(None))

    def outlive_leases(self) -> None:
        """Let the time pass after which a dead worker's scores may be sent by others, and send what is due."""
        self.move_clock(timedelta(seconds=LEASE_SECONDS + 1))
        self.stage.clockwork.deliver()

    def move_clock(self, by: timedelta) -> None:
        """Let time pass, here and at the LMS."""
        self.stage.clock.ahead += by
        self.stage.school.clock = self.stage.clock

    def work(self, duration: timedelta) -> None:
        """Let time pass, and the worker make its round each minute."""
        end = self.stage.clock() + duration
        while self.stage.clock() < end:
            self.move_clock(timedelta(minutes=1))
            self.stage.clockwork.deliver()

    def stamps_grow(self) -> bool:
        """Whether each score of a person was stamped later than the one before, in all that was posted."""
        last: dict[str, str] = {}
        for call in self.stage.school.calls.to("/scores", "POST"):
            score = json.loads(call.body)
            if score["timestamp"] <= last.get(score["userId"], ""):
                return False
            last[score["userId"]] = score["timestamp"]
        return True


def worker_environment(stage: Stage) -> dict[str, str]:
    """The settings of a worker in a process of its own; its queue is where it is by default, beside the database."""
    settings = stage.tool.settings
    return bare_environment(
        database_url=settings.database_url,
        public_url=settings.public_url,
        secret_key=settings.secret(),
        keys_dir=str(settings.keys_dir),
        allow_private_addresses="true",
    )


def ring(stage: Stage) -> None:
    """Ring the bell in the queue that `worker_environment` names, as a page does after a score has changed."""
    tool, clockwork = build_tool(stage.tool.settings.model_copy(update={"queue_url": None}), stage.clock)
    clockwork.ring()
    clockwork._queue.storage.close()  # where the queue is in PostgreSQL, it has a connection of its own
    tool.database.close()


@contextmanager
def held_by_another(database_url: str) -> Iterator[None]:
    """Let somebody else write to an SQLite database while the block runs, so that nobody can."""
    other = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


class MortalPostgres:
    """A PostgreSQL server that can be made to fall and to rise again; what was committed outlives that."""

    def __init__(self, server: PostgresServer, programs: Path) -> None:
        self._server = server
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None

    def database(self) -> str:
        """Make an empty database and return its address. What is committed in it is on disk, as in earnest."""
        name = self._server.new_database()
        with self._server.connect() as connection:
            connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = on")
        return self._server.url(name)

    def fall(self) -> None:
        """Stop as if killed, without a word to whoever is connected."""
        command = [*_as_user(_server_user()), str(self._programs / "pg_ctl")]
        command += ["stop", "-D", str(self._server.folder / "data"), "-m", "immediate", "-w"]
        subprocess.run(command, check=True, capture_output=True)

    def rise(self) -> None:
        folder = self._server.folder
        command = [*_as_user(_server_user()), str(self._programs / "postgres"), "-D", str(folder / "data")]
        command += ["-k", str(folder), *(f"--{name}={value}" for name, value in SERVER_OPTIONS.items())]
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
        _wait_until_it_answers(self._process, folder, folder / "log")

    def stop(self) -> None:
        if self._process is not None:
            _stop(self._process)


@contextmanager
def mortal_postgres(programs: Path) -> Iterator[MortalPostgres]:
    with running_server(programs) as server, ExitStack() as stack:
        mortal = MortalPostgres(server, programs)
        stack.callback(mortal.stop)
        yield mortal


class Switch:
    """The practice LMS's server: on, or off so that a connection to it is refused."""

    def __init__(self, stage: Stage, port: int) -> None:
        self._stage = stage
        self._port = port
        self._on = ExitStack()

    def on(self) -> None:
        self._on.enter_context(served(self._stage.lms, self._port))

    def off(self) -> None:
        self._on.close()


@contextmanager
def stage_with_switch(folder: Path, database_url: str, accent: str) -> Iterator[tuple[Stage, Switch]]:
    """As `open_stage`, with a practice LMS that can be switched off."""
    tool_port, lms_port = free_port(), free_port()
    tool_url, lms_url = f"http://localhost:{tool_port}", f"http://localhost:{lms_port}"
    settings = Settings(
        database_url=database_url,
        public_url=tool_url,
        secret_key=SECRET,  # type: ignore[arg-type]  # pydantic makes it a secret
        keys_dir=folder / "keys",
        queue_url=f"sqlite:///{folder / 'queue.sqlite3'}",
        allow_private_addresses=True,
    )
    prepare_folder(folder)
    addresses = ToolAddresses(f"{tool_url}/lti/login", f"{tool_url}/lti/launch", f"{tool_url}/.well-known/jwks.json")
    lms = create_practice_lms(folder / "practice_lms", lms_url, addresses, accent)
    clock = Clock()
    tool, clockwork = build_tool(settings, clock)
    share_compiled_statements(tool.database)
    tool = replace(tool, ring=lambda: None)
    register(tool, lms_url, DEPLOYMENT_ID(accent))
    app = create_app(tool)
    school = lms.extensions["practice_lms"]
    stage = Stage(tool, clockwork, app, tool_url, lms_url, school, accent, clock, lms)
    switch = Switch(stage, lms_port)
    with served(app, tool_port):
        switch.on()
        try:
            yield stage, switch
        finally:
            switch.off()
    tool.database.close()
