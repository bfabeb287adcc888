"""Words that change alone, and assignments whose one score goes to a whole group."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lti_tool.models import SyncState
from tests.stage import open_stage
from tests.sync.lessons import cell, round_after
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
