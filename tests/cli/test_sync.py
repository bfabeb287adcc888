"""`lti-tool sync --now`: a bar that moves, a summary of what is in the way, and Ctrl-C that loses nothing."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from lti_tool.cli.sync import lines_now_and_then
from lti_tool.models import Blog, GradebookScore, Person
from lti_tool.participation.scoring import correct_score
from tests.cli.conftest import CommandLine
from tests.journeys.walking import bare_environment, wait_until
from tests.stage import Stage

STUDENTS = 40


@dataclass
class Class:
    """A class on the stage, and the command line with the stage's settings."""

    stage: Stage
    line: CommandLine

    def enrol(self, students: int) -> list[str]:
        added = self.stage.school.add_students(students)
        self.stage.launched("irena")
        self.stage.clockwork.read_rosters()
        return [person.key for person in added]

    def want(self, *people: str) -> None:
        """The teacher sets a score for each."""
        with self.stage.tool.database.writing() as session:
            blog_id = session.scalars(select(Blog.id)).one()
            ids = {person.lti_sub: person.id for person in session.scalars(select(Person))}
            grader = ids[self.stage.school.sub_of("irena")]
            for number, key in enumerate(people, start=1):
                person = ids[self.stage.school.sub_of(key)]
                correct_score(session, blog_id, person, grader, str(Decimal(number) / 10), "", self.stage.clock())

    def sync(self) -> list[str]:
        """Send, and return the summary without the ledger."""
        result = self.line.run("sync", "--now", "--json")
        assert result.exit_code == 0, result.output
        json.loads(result.stdout)
        return [one for one in result.stderr.splitlines() if not one.startswith("{")]

    def let_the_second_pass(self) -> None:
        """No two scores for one person may carry the same second."""
        with self.stage.tool.database.reading() as session:
            last = session.scalars(select(func.max(GradebookScore.last_second))).one()
        wait_until(lambda: self.stage.clock().timestamp() >= last + 1, "the next second")

    def arrived(self) -> int:
        column = self.stage.school.column_of(1)
        return 0 if column is None else len(self.stage.school.grades(column.id))

    def settled(self) -> bool:
        """Whether no score is being sent."""
        with self.stage.tool.database.reading() as session:
            leased = select(GradebookScore.id).where(GradebookScore.leased_until.is_not(None))
            return session.scalars(leased).first() is None


@pytest.fixture
def lesson(stage_on_sqlite: Stage, in_a_folder: Callable[..., None]) -> Class:
    settings = stage_on_sqlite.tool.settings
    in_a_folder(
        database_url=settings.database_url,
        keys_dir=str(settings.keys_dir),
        queue_url=settings.queue_url or "",
        secret_key=settings.secret(),
        public_url=settings.public_url,
        allow_private_addresses="true",
    )
    return Class(stage_on_sqlite, CommandLine(Path(), settings.database_url))


def test_what_waits_is_told_with_its_next_attempt(lesson: Class) -> None:
    (person,) = lesson.enrol(1)
    lesson.want(person)
    lesson.stage.school.faults.set("server_error", path="/scores")
    first, second = lesson.sync()
    assert first == "0 sent, 1 to be tried again, 0 refused."
    assert re.fullmatch(r"Waiting for a retry: 1, the first at \d\d:\d\d:\d\d UTC \(in \d+ s\)\.", second)


def test_what_was_refused_is_told_with_who_can_mend_it(lesson: Class) -> None:
    people = lesson.enrol(2)
    lesson.want(*people)
    lesson.stage.school.faults.set("refuse_person", person=people[0])
    first, second = lesson.sync()
    assert first == "1 sent, 0 to be tried again, 1 refused."
    assert second.startswith("Needs the teacher (1): The LMS does not ")
    assert second.endswith("then try again.")


def test_what_had_arrived_before_is_told_apart(lesson: Class) -> None:
    people = lesson.enrol(2)
    lesson.want(*people)
    lesson.stage.school.faults.set("reply_lost", close=True, path="/scores", count=1)
    lesson.sync()
    lesson.let_the_second_pass()
    assert lesson.sync() == ["1 sent, 0 to be tried again, 0 refused.", "Of those sent 1 had arrived before."]
    assert lesson.sync() == ["0 sent, 0 to be tried again, 0 refused."]


def test_conflicts_and_what_is_not_due(lesson: Class) -> None:
    people = lesson.enrol(2)
    lesson.want(people[0])
    lesson.sync()
    column = lesson.stage.school.column_of(1)
    lesson.stage.school.set_grade_by_hand(column.id, people[0], 9)
    with lesson.stage.tool.database.writing() as session:
        session.scalars(select(Blog)).one().scores_held_since = lesson.stage.clock()
    lesson.want(people[1])
    assert lesson.sync() == [
        "0 sent, 0 to be tried again, 0 refused.",
        "In conflict: 1. The blog's gradebook page asks the teacher.",
        "Not due, held back or withdrawn: 1.",
    ]


def test_lines_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is no terminal: a line when some time has gone by, none before."""
    rare, often = lines_now_and_then(3600), lines_now_and_then(0)
    for done in (0, 3):
        rare(done, 9)
        often(done, 9)
    assert capsys.readouterr().err == "0 of 9 done\n3 of 9 done\n"


@dataclass
class AtATerminal:
    """`lti-tool sync --now --json` with a terminal to speak to, and its facts going elsewhere."""

    process: subprocess.Popen[bytes]
    terminal: int
    shown: str = ""

    def read(self) -> str:
        """Wait for more on the terminal and return all of it so far; nothing more comes once the command has ended."""
        try:
            self.shown += os.read(self.terminal, 4096).decode()
        except OSError:  # the other side is closed
            self.process.wait()
        return self.shown

    def read_until(self, condition: Callable[[], object]) -> None:
        while not condition() and self.process.poll() is None:
            self.read()

    def positions(self) -> list[int]:
        """How far the bar was, each time it was drawn."""
        return [int(place) for place in re.findall(rf"(\d+)/{STUDENTS}", self.shown)]


@contextmanager
def at_a_terminal(stage: Stage, facts: Path) -> Iterator[AtATerminal]:
    settings = stage.tool.settings
    environment = bare_environment(
        database_url=settings.database_url,
        secret_key=settings.secret(),
        keys_dir=str(settings.keys_dir),
        queue_url=settings.queue_url or "",
        public_url=settings.public_url,
        allow_private_addresses="true",
    )
    ours, theirs = pty.openpty()
    with facts.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "lti_tool", "sync", "--now", "--json"],
            env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=theirs,
        )  # fmt: skip
    os.close(theirs)
    try:
        yield AtATerminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_the_bar_moves_while_scores_arrive(lesson: Class, tmp_path: Path) -> None:
    lesson.want(*lesson.enrol(STUDENTS))
    lesson.stage.school.faults.set("slow", seconds=0.2, path="/scores")
    with at_a_terminal(lesson.stage, tmp_path / "facts.json") as command:
        command.read_until(lambda: command.positions() and 0 < command.positions()[-1] < STUDENTS)
        assert command.process.poll() is None
        assert lesson.arrived() < STUDENTS, "it moves while they are sent, not afterwards"
        command.read_until(lambda: False)
        assert command.process.returncode == 0
    places = command.positions()
    assert places == sorted(places)
    assert places[-1] == STUDENTS
    assert command.shown.rstrip().endswith(f"{STUDENTS} sent, 0 to be tried again, 0 refused.")
    assert {one["state"] for one in json.loads((tmp_path / "facts.json").read_text())} == {"confirmed"}


def test_ctrl_c_loses_nothing(lesson: Class, tmp_path: Path) -> None:
    lesson.want(*lesson.enrol(STUDENTS))
    lesson.stage.school.faults.set("slow", seconds=1, path="/scores")
    with at_a_terminal(lesson.stage, tmp_path / "facts.json") as command:
        command.read_until(lambda: command.positions() and command.positions()[-1] > 0)
        command.process.send_signal(signal.SIGINT)
        command.read_until(lambda: False)
        assert command.process.returncode == 130
    assert "Stopped. Nothing is lost" in command.shown
    assert "Traceback" not in command.shown
    assert (tmp_path / "facts.json").read_text() == ""
    assert 0 < lesson.arrived() < STUDENTS
    assert lesson.settled(), "what was under way was brought to its end"
    lesson.stage.school.faults.clear()
    sent = lesson.arrived()
    assert lesson.sync() == [f"{STUDENTS - sent} sent, 0 to be tried again, 0 refused."]
    wait_until(lambda: lesson.arrived() == STUDENTS, "all scores in the gradebook")


def test_a_dry_run_shows_old_and_new_and_sends_nothing(lesson: Class) -> None:
    one, two = lesson.enrol(2)
    lesson.want(one, two)
    lesson.sync()
    lesson.let_the_second_pass()
    lesson.want(two, one)  # 0.1 and 0.2 the other way round
    lesson.stage.school.calls.clear()
    facts = {fact["person"]: fact for fact in lesson.line.json("sync", "--dry-run")}
    first = facts[lesson.stage.school.sub_of(one)]
    assert (first["lms_shows"], first["wanted"], first["effect"]) == (0.1, 0.2, "would be sent")
    assert len(facts) == 2
    assert not lesson.stage.school.calls.to("/scores", "POST")
    assert "0.1 / 10 -> 0.2 / 10  would be sent" in lesson.line.ok("sync", "--dry-run")
