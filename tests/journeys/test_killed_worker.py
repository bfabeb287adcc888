"""A worker killed in the middle of 200 scores: after a restart all are right, none is lost, none sent in vain."""

import json
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.gradebook.delivery import LEASE_SECONDS
from lti_tool.models import Blog, GradebookScore, Person
from lti_tool.participation.scoring import correct_score
from tests.journeys.walking import bare_environment, running, wait_until
from tests.stage import Stage

STUDENTS = 200
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class ScoresUnderWay:
    """Stands before the practice LMS and notes for whom a score is being taken, and whether ever two at a time."""

    def __init__(self, lms: Wsgi) -> None:
        self._lms = lms
        self._lock = threading.Lock()
        self.open = Counter[str]()
        self.two_at_a_time: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ["PATH_INFO"].endswith("/scores"):
            return self._lms(environ, start_response)
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = BytesIO(body)
        person = json.loads(body)["userId"]
        with self._lock:
            self.open[person] += 1
            if self.open[person] > 1:
                self.two_at_a_time.append(person)
        try:
            return self._lms(environ, start_response)
        finally:
            with self._lock:
                self.open[person] -= 1


@pytest.mark.slow
def test_kill_minus_nine_and_two_workers_after_it(stage_on_sqlite: Stage, tmp_path: Path) -> None:
    """With its leases waited for as they are; `tests/sync/test_survival.py` has both databases, and moves the clock."""
    stage = stage_on_sqlite
    students = _enrol(stage)
    under_way = ScoresUnderWay(stage.lms.wsgi_app)
    stage.lms.wsgi_app = under_way  # type: ignore[method-assign]  # as Flask's manual wraps an application
    stage.school.faults.set("slow", seconds=0.1, path="/scores")
    _want(stage, students)

    with running(["worker"], tmp_path, _environment(stage)) as worker:
        wait_until(lambda: len(_arrived(stage)) > 20 and under_way.open.total(), "more than 20 scores at the LMS")
        worker.kill()
        assert worker.wait() == -signal.SIGKILL
    in_flight = _leased(stage)
    assert in_flight, "the kill was to hit scores on their way"
    assert 20 < len(_arrived(stage)) < STUDENTS
    wait_until(lambda: not under_way.open.total(), "the LMS done with what the dead worker had sent")

    with running(["worker"], tmp_path, _environment(stage)) as one, running(["worker"], tmp_path, _environment(stage)):
        sent = len(_arrived(stage))
        wait_until(lambda: len(_arrived(stage)) > sent + 20, "the new workers at work")
        changed = {key: Decimal(10) - points for key, points in list(students.items())[::4]}
        _want(stage, changed)  # some of them just sent, some being sent, some still to come
        expected = {key: float(points) for key, points in (students | changed).items()}
        column = stage.school.column_of(1).id
        wait_until(
            lambda: {key: grade.score for key, grade in stage.school.grades(column).items()} == expected,
            "all 200 scores right in the LMS's gradebook",
            LEASE_SECONDS + 60,
        )
        wait_until(lambda: not _leased(stage), "every score settled")
        assert one.poll() is None
    assert one.returncode == 0, (tmp_path / "worker.log").read_text()  # asked to stop, a worker ends by itself
    assert "Traceback" not in (tmp_path / "worker.log").read_text()
    assert under_way.two_at_a_time == []
    _check_stamps(stage)
    _check_repeats(stage, in_flight)


def _enrol(stage: Stage) -> dict[str, Decimal]:
    """Enrol 200 more students, let the tool read the roster, and say what each is to get: 0.05, 0.10 … 10.00."""
    added = stage.school.add_students(STUDENTS)
    stage.launched("irena")
    stage.clockwork.read_rosters()
    return {person.key: Decimal(number) / 20 for number, person in enumerate(added, start=1)}


def _want(stage: Stage, wanted: dict[str, Decimal]) -> None:
    """Set these scores as the teacher's own, each in a transaction as from the desk, and ring the worker."""
    with stage.tool.database.reading() as session:
        blog_id = session.scalars(select(Blog.id)).one()
        ids = {person.lti_sub: person.id for person in session.scalars(select(Person))}
    grader = ids[stage.school.sub_of("irena")]
    for key, points in wanted.items():
        with stage.tool.database.writing() as session:
            person_id = ids[stage.school.sub_of(key)]
            correct_score(session, blog_id, person_id, grader, str(points), "", stage.tool.clock())
    stage.clockwork.ring()


def _environment(stage: Stage) -> dict[str, str]:
    """The settings with which a worker of its own process serves the stage's tool."""
    settings = stage.tool.settings
    return bare_environment(
        database_url=settings.database_url,
        public_url=settings.public_url,
        secret_key=settings.secret(),
        keys_dir=str(settings.keys_dir),
        queue_url=settings.queue_url or "",
        allow_private_addresses="true",
    )


def _arrived(stage: Stage) -> list[dict[str, Any]]:
    """What the LMS took, in order."""
    calls = stage.school.calls.to("/scores", "POST")
    return [json.loads(call.body) for call in calls if 200 <= call.status < 300]


def _leased(stage: Stage) -> set[str]:
    """Whose score a worker has claimed and not yet settled, by the LMS's ids."""
    with stage.tool.database.reading() as session:
        claimed = select(Person.lti_sub).join(GradebookScore).where(GradebookScore.leased_until.is_not(None))
        return set(session.scalars(claimed))


def _check_stamps(stage: Stage) -> None:
    """Per person each stamp is later than the one before, and none lies in the future."""
    last: dict[str, str] = {}
    for call in stage.school.calls.to("/scores", "POST"):
        score = json.loads(call.body)
        assert last.get(score["userId"], "") < score["timestamp"]
        assert datetime.fromisoformat(score["timestamp"]) <= datetime.fromisoformat(call.at)
        last[score["userId"]] = score["timestamp"]


def _check_repeats(stage: Stage, in_flight: set[str]) -> None:
    """Nothing is sent twice but what the dead worker had in its hands, and that once more."""
    for (person, score), times in Counter((one["userId"], one["scoreGiven"]) for one in _arrived(stage)).items():
        assert times <= (2 if person in in_flight else 1), (person, score)
