"""What the tests of the families' rules do to a class, and what they look at."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from lti_tool.models import Blog
from lti_tool.participation.scoring import correct_score
from lti_tool.practice_lms.gradebook import Grade, grade_of, keep_grade
from tests.sync.test_conflicts import Class


def wants(lesson: Class, person: str, points: str, reason: str = "") -> None:
    """The teacher sets a score; no worker comes by."""
    with lesson.stage.tool.database.writing() as session:
        blog = session.scalars(select(Blog)).one()
        clock = lesson.stage.clock
        correct_score(session, blog.id, lesson.id_of(person), lesson.id_of("irena"), points, reason, clock())


def round_after(lesson: Class, **duration: float) -> None:
    """The worker's round after a while."""
    lesson.stage.clock.ahead += timedelta(**duration)
    lesson.round()


def try_again(lesson: Class) -> None:
    """The teacher presses the button, and the worker does its round."""
    assert lesson.teacher.post("gradebook/try-again").status_code == 303
    lesson.round()


def cell(lesson: Class, person: str = "tom") -> Grade:
    """What the practice LMS keeps for somebody."""
    grade = lesson.school.grade(lesson.column, person)
    assert grade is not None
    return grade


def posts(lesson: Class) -> list[tuple[int, dict[str, Any]]]:
    """Each score that was posted: the status of the answer, and the body."""
    return [(call.status, json.loads(call.body)) for call in lesson.school.calls.to("/scores")]


def stamp_later(lesson: Class, person: str = "tom", **duration: float) -> datetime:
    """The LMS has this score with a later time, as from another copy of the tool whose clock is ahead."""
    with lesson.school.store.writing() as db:
        grade = grade_of(db, lesson.column, person)
        assert grade is not None
        assert grade.posted_at is not None
        later = grade.posted_at + timedelta(**duration)
        keep_grade(db, replace(grade, posted_at=later))
    return later
