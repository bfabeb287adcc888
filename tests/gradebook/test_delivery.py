"""Each due score reaches the LMS once, whoever fails on the way."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping
from datetime import datetime
from typing import Any

import pytest
import structlog
from sqlalchemy import select

from lti_tool.database import Database
from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.gradebook.checking import Column
from lti_tool.gradebook.claiming import Delivery
from lti_tool.gradebook.delivery import DeliveryReport, deliver_due_scores
from lti_tool.gradebook.outbox import want_score
from lti_tool.gradebook.pace import Pace
from lti_tool.gradebook.shown import ShownScore
from lti_tool.models import GradebookScore, Person, SyncState
from tests.a_school import a_student, course_of
from tests.gradebook.an_outbox import LEASE, Outbox, a_score, after
from tests.threads import at_once

Answer = Callable[[Delivery], None]


class FakeLms:
    """An LMS's gradebook that remembers what it was told; `answer` may raise instead."""

    def __init__(self, answer: Answer = lambda delivery: None) -> None:
        self.answer = answer
        self.told: list[Delivery] = []
        self.shows: dict[str, ShownScore] | None = None
        self.read: list[bool] = []
        self._lock = threading.Lock()

    def shown_scores(self, delivery: Delivery, *, everybody: bool) -> dict[str, ShownScore] | None:
        self.read.append(everybody)
        return self.shows

    def column_shows(self, column: Column) -> dict[str, ShownScore] | None:
        return self.shows

    def show_score(self, delivery: Delivery) -> None:
        with self._lock:
            self.told.append(delivery)
        self.answer(delivery)

    def points(self) -> list[str]:
        return [f"{delivery.score.points:f}" for delivery in self.told]


def raising(problem: Exception) -> Answer:
    def answer(_delivery: Delivery) -> None:
        raise problem

    return answer


def at(seconds: float) -> Callable[[], datetime]:
    return lambda: after(seconds)


@pytest.fixture
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    with structlog.testing.capture_logs() as entries:
        yield entries


def test_all_that_is_due_is_sent(outbox: Outbox) -> None:
    outbox.want("1")
    outbox.want("2", person=outbox.ben)
    lms = FakeLms()
    assert deliver_due_scores(outbox.database, lms, at(0)) == DeliveryReport(sent=2)
    assert lms.points() == ["1", "2"]
    assert outbox.row().state is outbox.row(outbox.ben).state is SyncState.SENT
    assert deliver_due_scores(outbox.database, lms, at(9)) == DeliveryReport()


def test_no_transaction_is_open_while_the_lms_is_called(outbox: Outbox) -> None:
    """Another may write meanwhile; on SQLite an open transaction would hold up everybody."""
    outbox.want("1")
    lms = FakeLms(lambda _: outbox.want("2", at=1, person=outbox.ben))
    assert deliver_due_scores(outbox.database, lms, at(1)).sent == 2
    assert outbox.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_unreachable_is_tried_again_later(outbox: Outbox, logged: list[MutableMapping[str, Any]]) -> None:
    outbox.want("1")
    lms = FakeLms(raising(LmsUnreachable("The LMS is asleep.", 120, status=503)))
    assert deliver_due_scores(outbox.database, lms, at(0)) == DeliveryReport(waiting=1)
    assert outbox.row().due_at == after(120)
    assert [(entry["event"], entry["status"]) for entry in logged] == [("score_not_taken", 503)]
    awake = FakeLms()
    assert deliver_due_scores(outbox.database, awake, at(119)) == DeliveryReport()
    assert deliver_due_scores(outbox.database, awake, at(120)) == DeliveryReport(sent=1)


def test_one_refusal_does_not_stop_the_others(outbox: Outbox, logged: list[MutableMapping[str, Any]]) -> None:
    outbox.want("1")
    outbox.want("2", person=outbox.ben)
    refusal = LmsRefused("No such user.", "Look at the roster.", Mender.TEACHER, status=404)
    lms = FakeLms(lambda delivery: raising(refusal)(delivery) if delivery.score.points == 1 else None)
    assert deliver_due_scores(outbox.database, lms, at(0)) == DeliveryReport(sent=1, refused=1)
    assert outbox.row().state is SyncState.NEEDS_TEACHER
    assert outbox.row(outbox.ben).state is SyncState.SENT
    assert [(entry["event"], entry["mender"]) for entry in logged] == [("score_refused", "teacher")]


def test_a_fault_of_our_own_is_not_taken_for_done(outbox: Outbox, logged: list[MutableMapping[str, Any]]) -> None:
    outbox.want("1")
    outbox.want("2", person=outbox.ben)
    lms = FakeLms(lambda delivery: raising(ZeroDivisionError())(delivery) if delivery.score.points == 1 else None)
    assert deliver_due_scores(outbox.database, lms, at(0)) == DeliveryReport(sent=1, refused=1)
    row = outbox.row()
    assert (row.state, row.leased_until, row.due_at) == (SyncState.NEEDS_ADMINISTRATOR, None, None)
    assert "fault in the blog" in row.cause
    (entry,) = logged
    assert (entry["event"], entry["exc_info"]) == ("score_delivery_broke", True)
    assert outbox.again(at=5) == 1
    assert deliver_due_scores(outbox.database, FakeLms(), at(5)) == DeliveryReport(sent=1)


def test_a_killed_worker_leaves_nothing_behind_for_good(outbox: Outbox) -> None:
    outbox.want("1")
    killed = FakeLms(raising(KeyboardInterrupt()))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        deliver_due_scores(outbox.database, killed, at(0), lease_seconds=LEASE)
    lms = FakeLms()
    assert deliver_due_scores(outbox.database, lms, at(LEASE - 1)) == DeliveryReport()
    assert deliver_due_scores(outbox.database, lms, at(LEASE)) == DeliveryReport(sent=1)
    assert lms.told[0].at > killed.told[0].at
    assert outbox.row().state is SyncState.SENT


def test_a_worker_stops_when_it_is_told_to(outbox: Outbox) -> None:
    outbox.want("1")
    outbox.want("2", person=outbox.ben)
    lms = FakeLms()
    one_at_a_time = Pace(1, at(0))
    report = deliver_due_scores(outbox.database, lms, at(0), go_on=lambda: not lms.told, pace=one_at_a_time)
    assert report == DeliveryReport(sent=1, waiting=1)
    assert lms.points() == ["1"]
    row = outbox.row(outbox.ben)
    assert (row.state, row.attempts, row.leased_until) == (SyncState.WAITING, 0, None)
    assert deliver_due_scores(outbox.database, lms, at(1)).sent == 1


def test_a_score_changed_while_it_was_under_way_is_sent_again(outbox: Outbox) -> None:
    outbox.want("1")
    seconds = iter(range(100))
    lms = FakeLms(lambda delivery: outbox.want("2", at=1) if delivery.score.points == 1 else None)
    assert deliver_due_scores(outbox.database, lms, lambda: after(next(seconds))).sent == 2
    assert lms.points() == ["1", "2"]
    assert lms.told[1].at > lms.told[0].at
    assert outbox.row().state is SyncState.SENT


def test_four_workers_send_two_hundred_scores_once_each(outbox: Outbox) -> None:
    _want_two_hundred(outbox.database, outbox.blog)
    lms = FakeLms()
    reports = at_once(4, lambda _: deliver_due_scores(outbox.database, lms, at(0)))
    assert sum(report.sent for report in reports) == 200
    assert set(Counter(delivery.id for delivery in lms.told).values()) == {1}
    assert len(lms.told) == 200
    with outbox.database.reading() as session:
        assert set(session.scalars(select(GradebookScore.state))) == {SyncState.SENT}


def _want_two_hundred(database: Database, blog: int) -> None:
    with database.writing() as session:
        course = course_of(session, blog)
        for number in range(200):
            want_score(session, blog, a_student(session, course, f"Student {number}"), a_score("5"), after(0))


def test_a_result_that_cannot_be_written_down_keeps_no_other_from_it(
    outbox: Outbox, logged: list[MutableMapping[str, Any]]
) -> None:
    """A time that is none stands for whatever else may be wrong with what is known of one person."""
    outbox.want("1")
    outbox.want("2", person=outbox.ben)
    with outbox.database.reading() as session:
        anna = session.get_one(Person, outbox.anna).lti_sub
    lms = FakeLms()
    lms.shows = {anna: ShownScore(7, 10, "yesterday")}  # type: ignore[arg-type]
    deliver_due_scores(outbox.database, lms, at(0))
    assert outbox.row(outbox.ben).state is SyncState.SENT
    assert (outbox.row().state, outbox.row().accepted_at) == (SyncState.WAITING, None)
    assert "result_not_recorded" in [entry["event"] for entry in logged]
    lms.shows = {}
    assert deliver_due_scores(outbox.database, lms, at(LEASE * 2)).sent == 1


def test_a_fault_of_the_database_stops_the_run_and_sends_nothing_more(outbox: Outbox) -> None:
    outbox.want("1")
    outbox.want("2", person=outbox.ben)
    lms = FakeLms()

    def falls() -> bool:
        if lms.told:
            raise ConnectionError("the database is gone")
        return True

    with pytest.raises(ConnectionError):
        deliver_due_scores(outbox.database, lms, at(0), go_on=falls, pace=Pace(1, at(0)))
    assert len(lms.told) == 1
    assert outbox.row(outbox.ben).state is SyncState.WAITING
