"""What was seen with real LMSs: words that change alone, groups that share a score, scores that were taken and lost."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from lti_tool.models import GradebookScore, SyncState
from lti_tool.practice_lms.gradebook import keep_grade
from tests.stage import open_stage
from tests.sync.lessons import cell, round_after, wants
from tests.sync.test_conflicts import Class


@pytest.fixture(params=["canvas", "moodle"])
def lesson(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> Iterator[Class]:
    with open_stage(tmp_path, sqlite_url, request.param) as stage:
        stage.school.clock = stage.clock
        yield Class(stage)


@pytest.mark.parametrize("fault", ["server_error", "reply_lost"])
def test_words_alone_survive_a_failed_attempt(lesson: Class, fault: str) -> None:
    lesson.score("tom", "7.5", "Led the discussion.")
    lesson.school.faults.set(fault, 1, path="/scores")
    lesson.score("tom", "7.5", "Led it twice.")
    round_after(lesson, minutes=2)
    grade = cell(lesson)
    assert (lesson.line().state, "Led it twice." in grade.comment) == (SyncState.CONFIRMED, True)
    assert len(grade.comments) == (2 if lesson.stage.accent == "canvas" else 1)


def test_what_a_group_was_given_is_a_conflict_that_says_so(tmp_path: Path, sqlite_url: str) -> None:
    with open_stage(tmp_path, sqlite_url, "canvas") as stage:
        lesson = Class(stage)
        lesson.school.faults.set("group_assignment", members="tom, priya")
        lesson.score("tom", "7.5")
        lesson.score("priya", "6")
        assert "whole group" in lesson.line("priya").to_do
        lesson.settle("replace", "priya")
        lesson.stage.clockwork.check_all()
        assert "whole group" in lesson.line().to_do


def test_a_score_that_counts_no_more_is_settled_once_it_is_cleared_there(lesson: Class) -> None:
    lesson.score("tom", "7.5")
    lesson.score("tom", "")
    line = lesson.line()
    assert (line.state, line.wanted) == (SyncState.NEEDS_TEACHER, None)
    assert "Clear it in the gradebook" in line.to_do
    lesson.stage.clockwork.check_all()
    assert lesson.line().state is SyncState.NEEDS_TEACHER
    lesson.types(None)
    lesson.stage.clockwork.check_all()
    assert lesson.line().state is SyncState.NOT_DUE
    lesson.score("tom", "8")
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 8)


def test_a_score_that_was_taken_and_lost_is_sent_once_more(tmp_path: Path, database_url: str) -> None:
    """Seen on Moodle: its server was being stopped, said 200, and the cell stood as before."""
    with open_stage(tmp_path, database_url, "moodle") as stage:
        lesson = Class(stage)
        lesson.score("tom", "7.5")
        before = lesson.school.grade(lesson.column, "tom")
        assert before is not None
        lesson.stage.clock.ahead += timedelta(seconds=2)
        wants(lesson, "tom", "8")
        lesson.stage.send_scores()
        with lesson.school.store.writing() as db:
            keep_grade(db, before)
        lesson.round()
        assert lesson.line().state is SyncState.WAITING
        lesson.round()
        assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 8)


def test_keeping_the_lmss_holds_in_a_column_that_took_another_ones_place(lesson: Class) -> None:
    lesson.score("tom", "7.5")
    with lesson.stage.tool.database.writing() as session:
        for row in session.scalars(select(GradebookScore)):
            row.accepted_column = f"{row.accepted_column}/another"
    lesson.types(9)
    lesson.stage.clockwork.deliver()
    lesson.round()
    assert lesson.line().state is SyncState.CONFLICT
    lesson.settle("kept")
    lesson.round()
    lesson.stage.clockwork.check_all()
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 9)
