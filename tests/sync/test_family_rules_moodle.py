"""Moodle's rules for scores, each through the tool's own way against the practice LMS that keeps to them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lti_tool.models import SyncState
from tests.stage import open_stage
from tests.sync.lessons import cell, posts, round_after, stamp_later, try_again, wants
from tests.sync.test_conflicts import Class


@pytest.fixture
def lesson(tmp_path: Path, database_url: str) -> Iterator[Class]:
    with open_stage(tmp_path, database_url, "moodle") as stage:
        stage.school.clock = stage.clock
        yield Class(stage)


def test_only_fully_graded_is_sent(lesson: Class) -> None:
    """Anything else wipes the grade; so what counts no more is the teacher's to clear."""
    for points in ("7.5", "0", "10"):
        lesson.score("tom", points)
    lesson.score("tom", "")
    assert (lesson.line().state, lesson.grade()) == (SyncState.NEEDS_TEACHER, 10)
    sent = [body for _, body in posts(lesson)]
    assert [(body["scoreGiven"], body["gradingProgress"]) for body in sent] == [
        (7.5, "FullyGraded"), (0, "FullyGraded"), (10, "FullyGraded"),
    ]  # fmt: skip


def test_words_are_sent_again_with_each_score(lesson: Class) -> None:
    """Or Moodle takes them away."""
    lesson.score("tom", "7.5", "Led the discussion.")
    lesson.score("tom", "8", "Led the discussion.")
    assert lesson.grade() == 8
    assert "Led the discussion." in cell(lesson).comment


def test_two_scores_of_one_second_are_sent_in_two(lesson: Class) -> None:
    """Moodle compares whole seconds and would lose the second; a time of the future would block the column."""
    moment = datetime.now(UTC).replace(microsecond=50_000) + timedelta(minutes=1)
    for points in ("7", "8", "9"):
        lesson.stage.clock.ahead = moment - datetime.now(UTC)
        wants(lesson, "tom", points)
        lesson.stage.clockwork.deliver()
    for _ in range(3):
        round_after(lesson, seconds=2)
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 9)
    assert {status for status, _ in posts(lesson)} == {200}
    stamps = [datetime.fromisoformat(body["timestamp"]) for _, body in posts(lesson)]
    assert stamps == sorted(set(stamps))
    assert all(stamp.microsecond == 0 for stamp in stamps)
    assert stamps[-1] <= lesson.stage.clock()


def test_a_409_is_read_again_and_sent_with_a_newer_time(lesson: Class) -> None:
    lesson.score("tom", "7.5")
    stamp_later(lesson, seconds=90)
    lesson.school.calls.clear()
    lesson.score("tom", "8")
    assert (lesson.line().state, lesson.grade()) == (SyncState.WAITING, 7.5)
    assert "newer score" in lesson.line().cause
    round_after(lesson, minutes=5)
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 8)
    assert [status for status, _ in posts(lesson)] == [409, 200]
    between = [call.method for call in lesson.school.calls if "/results" in call.url or "/scores" in call.url]
    assert between[1:4] == ["POST", "GET", "POST"]


def test_after_a_409_what_a_teacher_typed_meanwhile_stands(lesson: Class) -> None:
    lesson.score("tom", "7.5")
    stamp_later(lesson, seconds=90)
    lesson.score("tom", "8")
    lesson.types(4)
    lesson.sent()
    round_after(lesson, minutes=5)
    assert (lesson.line().state, lesson.sent(), lesson.grade()) == (SyncState.CONFLICT, 0, 4)


def test_a_refusal_with_status_200_is_a_refusal(lesson: Class) -> None:
    lesson.school.faults.set("refuse_person", person="tom")
    lesson.school.faults.set("refused_as_200")
    lesson.score("tom", "7.5")
    line = lesson.line()
    assert (line.state, line.accepted, [status for status, _ in posts(lesson)]) == (
        SyncState.NEEDS_TEACHER,
        None,
        [200],
    )
    assert "for this person" in line.cause
    lesson.school.faults.clear()
    try_again(lesson)
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 7.5)


def test_a_web_page_with_status_200_stored_nothing(lesson: Class) -> None:
    """Of a maintenance, or of a sign-in on the way to the LMS."""
    lesson.school.faults.set("html_200", 1, path="/scores")
    lesson.score("tom", "7.5")
    assert (lesson.line().state, lesson.line().accepted) == (SyncState.WAITING, None)
    round_after(lesson, minutes=2)
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 7.5)


def test_a_locked_grade_is_no_fault_to_wait_for(lesson: Class) -> None:
    """Moodle answers 500 to it, as to a fault of its own."""
    lesson.school.lock_grade(lesson.column, "tom")
    lesson.score("tom", "7.5")
    line = lesson.line()
    assert (line.state, line.cause) == (SyncState.NEEDS_TEACHER, "The grade or its column is locked in the LMS.")
    assert "Unlock it there" in lesson.teacher.get("gradebook").text
    assert [status for status, _ in posts(lesson)] == [500]
    lesson.sent()
    round_after(lesson, hours=1)
    assert lesson.sent() == 0
    lesson.school.lock_grade(lesson.column, "tom", locked=False)
    try_again(lesson)
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 7.5)
