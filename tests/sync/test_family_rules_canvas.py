"""Canvas's rules for scores, each through the tool's own way against the practice LMS that keeps to them."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.gradebook.outbox import Score, want_score
from lti_tool.models import Blog, SyncState
from tests.stage import open_stage
from tests.sync.lessons import cell, posts, round_after, try_again, wants
from tests.sync.lessons import stamp_later as stamped_later
from tests.sync.test_conflicts import Class

SUBMISSION = "https://canvas.instructure.com/lti/submission"


@pytest.fixture
def lesson(tmp_path: Path, database_url: str) -> Iterator[Class]:
    with open_stage(tmp_path, database_url, "canvas") as stage:
        stage.school.clock = stage.clock
        yield Class(stage)


# --- the submission ---


def test_work_is_handed_in_when_it_was_written_not_when_it_was_sent(lesson: Class) -> None:
    """Or Canvas calls it late, and may take points off."""
    written_at = lesson.stage.clock()
    new_post = {"title": "By Tom", "body": "The thaw came late.", "once": "tom"}
    assert lesson.stage.launched("tom").post("posts/new", new_post).status_code == 303
    round_after(lesson, minutes=50)
    submitted_at = cell(lesson).submitted_at
    assert submitted_at is not None
    assert abs(submitted_at - written_at) < timedelta(minutes=5)


def test_a_lost_answer_makes_no_second_submission(lesson: Class) -> None:
    """Nor does another score that is wanted meanwhile: Canvas has the first, and each submission is an attempt."""
    lesson.school.faults.set("reply_lost", 1)
    lesson.score("tom", "7.5")
    wants(lesson, "tom", "8")
    round_after(lesson, minutes=2)
    assert (lesson.line().state, lesson.grade(), cell(lesson).attempts) == (SyncState.CONFIRMED, 8, 1)
    assert cell(lesson).submission_type == "basic_lti_launch"


def test_without_an_attempt_left_the_score_goes_alone(lesson: Class) -> None:
    lesson.school.faults.set("no_attempts_left", person="tom")
    lesson.score("tom", "7.5")
    assert (lesson.line().state, lesson.grade(), cell(lesson).attempts) == (SyncState.CONFIRMED, 7.5, 0)
    lesson.score("tom", "8")
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 8)
    assert [status for status, _ in posts(lesson)] == [422, 200, 200]


# --- comments ---


def test_words_that_canvas_has_are_not_added_again(lesson: Class) -> None:
    lesson.score("tom", "7.5", "Led the discussion.")
    lesson.score("tom", "8", "Led the discussion.")
    assert (lesson.grade(), len(cell(lesson).comments)) == (8, 1)
    lesson.score("tom", "8", "Led it twice.")
    assert [words.partition(": ")[2] for words in cell(lesson).comments] == ["Led the discussion.", "Led it twice."]


def test_a_lost_answer_doubles_no_comment(lesson: Class) -> None:
    lesson.school.faults.set("reply_lost", 1)
    lesson.score("tom", "7.5", "Led the discussion.")
    round_after(lesson, minutes=2)
    assert (lesson.line().state, len(cell(lesson).comments)) == (SyncState.CONFIRMED, 1)


def test_a_score_that_was_not_taken_brings_its_words_later(lesson: Class) -> None:
    lesson.school.faults.set("server_error", 1, path="/scores")
    lesson.score("tom", "7.5", "Led the discussion.")
    round_after(lesson, minutes=2)
    assert (lesson.line().state, len(cell(lesson).comments)) == (SyncState.CONFIRMED, 1)


# --- what clears, and what yields ---


def test_nothing_that_is_sent_clears_a_grade(lesson: Class) -> None:
    """Only FullyGraded with a score; what counts no more is the teacher's to clear."""
    for points in ("7.5", "0", "10"):
        lesson.score("tom", points)
    lesson.score("tom", "")
    assert (lesson.line().state, lesson.grade()) == (SyncState.NEEDS_TEACHER, 10)
    sent = [body for _, body in posts(lesson)]
    assert [body["scoreGiven"] for body in sent] == [7.5, 0, 10]
    assert {(body["activityProgress"], body["gradingProgress"]) for body in sent} == {("Completed", "FullyGraded")}


def test_only_the_first_score_yields_to_what_stands_there(lesson: Class) -> None:
    """Canvas would let every later one yield to our own."""
    for points in ("7.5", "8"):
        lesson.score("tom", points)
    yielding = [body[SUBMISSION].get("prioritize_non_tool_grade") for _, body in posts(lesson)]
    assert (lesson.grade(), yielding) == (8, [True, None])


def test_the_first_score_yields_though_an_attempt_failed_before(lesson: Class) -> None:
    lesson.types(4)
    lesson.school.faults.set("server_error", 1, path="/scores")
    lesson.score("tom", "7.5")
    round_after(lesson, minutes=2)
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFLICT, 4)


# --- refusals by cause ---


def refuse(name: str, **settings: Any) -> Callable[[Class], None]:
    return lambda lesson: lesson.school.faults.set(name, **settings)


REFUSALS: dict[str, tuple[Callable[[Class], None], int, str, str]] = {
    "not_a_student": (refuse("refuse_person", person="tom"), 422, "active student", "enrolled"),
    "unpublished": (lambda lesson: lesson.school.publish(1, False), 422, "not published yet", "Publish it"),
    "concluded": (refuse("course_concluded"), 422, "course has concluded", "Open the course again"),
    "period_closed": (refuse("grading_period_closed"), 403, "grading period", "Unlock it there"),
    "locked": (lambda lesson: lesson.school.lock_grade(lesson.column, "tom"), 403, "locked", "Unlock it there"),
}


def mend(lesson: Class) -> None:
    lesson.school.faults.clear()
    lesson.school.publish(1)
    lesson.school.lock_grade(lesson.column, "tom", locked=False)


@pytest.mark.parametrize(("refuse", "status", "what", "do"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_says_why_and_what_to_do(
    lesson: Class, refuse: Callable[[Class], None], status: int, what: str, do: str
) -> None:
    refuse(lesson)
    lesson.score("tom", "7.5")
    line = lesson.line()
    assert (line.state, f"({status})" in line.cause) == (SyncState.NEEDS_TEACHER, True)
    assert what in line.cause
    assert do in line.to_do
    page = lesson.teacher.get("gradebook").text
    assert what in page
    assert do in page
    lesson.sent()
    round_after(lesson, hours=1)
    assert lesson.sent() == 0
    mend(lesson)
    try_again(lesson)
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 7.5)


def test_a_score_out_of_nothing_is_refused_with_what_to_do(lesson: Class) -> None:
    with lesson.stage.tool.database.writing() as session:
        blog = session.scalars(select(Blog)).one()
        nothing = Score(Decimal(0), Decimal(0), "")
        want_score(session, blog.id, lesson.id_of("tom"), nothing, lesson.stage.clock())
    lesson.round()
    line = lesson.line()
    assert (line.state, line.cause) == (SyncState.NEEDS_TEACHER, "The LMS takes no score out of 0 points (422).")
    assert "maximum above 0" in line.to_do


# --- what passes ---


def test_a_stale_time_is_read_again_and_sent_with_a_newer_one(lesson: Class) -> None:
    lesson.score("tom", "7.5")
    later = stamped_later(lesson, seconds=90)
    lesson.school.calls.clear()
    lesson.score("tom", "8")
    assert (lesson.line().state, lesson.grade()) == (SyncState.WAITING, 7.5)
    assert "newer score" in lesson.line().cause
    round_after(lesson, minutes=5)
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 8)
    assert [status for status, _ in posts(lesson)] == [400, 200]
    assert (cell(lesson).posted_at or later) > later


def test_work_of_the_future_is_sent_when_its_time_has_come(lesson: Class) -> None:
    """The clock of the LMS is behind the tool's."""
    lesson.score("priya", "3")  # what needs a token has one
    writer = lesson.stage.launched("tom")
    lesson.school.clock = lambda: lesson.stage.clock() - timedelta(minutes=10)
    new_post = {"title": "By Tom", "body": "The thaw came late.", "once": "tom"}
    assert writer.post("posts/new", new_post).status_code == 303
    lesson.round()
    assert lesson.line().state is SyncState.WAITING
    assert "clock" in lesson.line().cause
    round_after(lesson, minutes=15)
    assert lesson.line().state is SyncState.CONFIRMED


@pytest.mark.parametrize(("profile", "status"), [("hosted", 429), ("old", 403)])
def test_a_throttled_score_is_sent_later(lesson: Class, profile: str, status: int) -> None:
    lesson.score("priya", "3")
    lesson.school.calls.clear()
    lesson.school.profile = profile
    lesson.school.faults.set("throttled", cost=1_000.0)  # the reading fills the bucket
    lesson.score("tom", "7.5")
    assert (lesson.line().state, lesson.line().cause) == (
        SyncState.WAITING, f"The LMS was busy or had a fault ({status}).",
    )  # fmt: skip
    lesson.school.faults.clear()
    round_after(lesson, minutes=10)
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 7.5)
    assert [status for status, _ in posts(lesson)] == [status, 200]


# --- group assignments ---


def test_a_group_assignment_shows_as_conflicts_and_never_as_a_fight(lesson: Class) -> None:
    """Canvas gives one student's score to the whole group: nothing goes over it until the teacher says so."""
    lesson.school.faults.set("group_assignment", members="tom, priya")
    lesson.score("tom", "7.5")
    assert (lesson.grade(), lesson.grade("priya")) == (7.5, 7.5)
    lesson.score("priya", "6")
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 7.5)
    assert (lesson.line("priya").state, lesson.line("priya").lms_shows) == (SyncState.CONFLICT, 7.5)
    lesson.settle("replace", "priya")
    assert (lesson.grade(), lesson.grade("priya")) == (6, 6)
    lesson.sent()
    lesson.stage.clockwork.check_all()
    lesson.round()
    assert (lesson.line("priya").state, lesson.line().state, lesson.sent()) == (
        SyncState.CONFIRMED, SyncState.CONFLICT, 0,
    )  # fmt: skip
