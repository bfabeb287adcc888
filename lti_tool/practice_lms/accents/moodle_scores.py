"""Moodle 4.5: what a score does. Each rule was measured on a running 4.5.6 (AGS 2.0 section 3.4 says otherwise)."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from flask import Response, request

from ..answers import html_page, json_answer
from ..gradebook import BY_TOOL, Column, Grade, blank_grade, grade_of, keep_grade
from ..people import Person
from ..places import here
from ..scopes import SCORE_TYPE
from ..services import lose_the_reply

if TYPE_CHECKING:
    from ..school import PracticeSchool

SERVER_ZONE = timezone(timedelta(hours=-5))


class Refused(Exception):
    """Moodle does not take the score."""

    def __init__(self, status: int, reason: str = "Incorrect score received") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Score:
    """A well-formed score; `value` is None when the push wipes the grade."""

    user_id: str
    at: datetime
    value: float | None
    maximum: float
    comment: str


def _moment(text: object) -> datetime:
    """ISO 8601 in many spellings; without a zone it is the server's. Compared in whole seconds."""
    if not isinstance(text, str) or "-" not in text:
        raise Refused(400)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(400) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=SERVER_ZONE)).astimezone(UTC).replace(microsecond=0)


def _number(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Refused(400)
    try:
        return float(value)
    except ValueError:
        raise Refused(400) from None


def read_score(body: Any) -> Score:
    """A missing scoreGiven, or any gradingProgress but FullyGraded, makes the push a wipe."""
    if not isinstance(body, dict) or not {"userId", "activityProgress", "gradingProgress"} <= set(body):
        raise Refused(400)
    at = _moment(body.get("timestamp"))
    given, maximum = _number(body.get("scoreGiven")), _number(body.get("scoreMaximum"))
    if given is not None and maximum is None:
        raise Refused(400)
    value = given if body["gradingProgress"] == "FullyGraded" else None
    return Score(str(body["userId"]), at, value, maximum or 0, str(body.get("comment") or ""))


def _student(school: "PracticeSchool", user_id: str) -> Person:
    person = school.person_with_sub(user_id)
    if person is None or not _has_a_grade(school, person):
        raise Refused(400)
    if school.faults.take("refuse_person", request.path, person.key):
        raise Refused(400)
    return person


def _has_a_grade(school: "PracticeSchool", person: Person) -> bool:
    """Enrolled with a gradable role. A suspended student is taken as well (measured)."""
    return person.is_gradable and (person.suspended or person in school.people_in(here().id))


def _on_scale(score: Score, column: Column) -> float | None:
    """Rescaled to the column, capped at its maximum, never below zero; a maximum of 0 means as it is."""
    if score.value is None:
        return None
    raw = score.value * column.maximum / score.maximum if score.maximum else score.value
    return round(min(max(raw, 0), column.maximum), 5)


def after_push(old: Grade, column: Column, score: Score) -> Grade:
    """An override by the teacher stays; otherwise grade, comment and time are all replaced."""
    if old.overridden:
        return old
    value = _on_scale(score, column)
    return replace(
        old,
        score=value,
        comments=(score.comment,) if value is not None and score.comment else (),
        changed_at=score.at,
        changed_by=BY_TOOL,
        posted_at=score.at if value is not None else None,
        posted_maximum=score.maximum,
    )


def rescaled(grade: Grade, old_maximum: float, maximum: float, now: datetime) -> Grade:
    """A grade after its column's maximum has changed: as many per cent as before, and changed now.

    An override stays as it was typed, and so does everything where the new maximum is 1 or less. An empty grade becomes
    0, as the real one's does. Source: Moodle, lib/grade/grade_item.php, rescale_grades_keep_percentage.
    """
    if grade.overridden or old_maximum <= 0 or maximum <= 1:
        return grade
    score = round((grade.score or 0) * maximum / old_maximum, 5)
    return replace(grade, score=score, changed_at=now, posted_at=now)


def _store(school: "PracticeSchool", column: Column, body: Any) -> None:
    score = read_score(body)
    person = _student(school, score.user_id)
    with school.store.writing() as db:
        old = grade_of(db, column.id, person.key) or blank_grade(column.id, person.key, score.at)
        if old.posted_at and score.at <= old.posted_at.replace(microsecond=0):
            earlier = f"Refusing score with an earlier timestamp for item {column.id} and user {score.user_id}"
            raise Refused(409, earlier)
        if old.locked or school.faults.take("locked", request.path, person.key):
            raise Refused(500, "Internal Server Error")
        keep_grade(db, after_push(old, column, score))


def _says_200(school: "PracticeSchool") -> bool:
    return school.faults.take("refused_as_200", request.path) is not None


def receive(school: "PracticeSchool", column: Column) -> Response:
    """A stored score has an empty body, a refused one `[]`; a refused body with newlines even gets status 200."""
    body = request.get_json(force=True, silent=True)
    if isinstance(body, dict) and "userId" in body and not str(body["userId"]).isdigit():
        return html_page(502)
    try:
        _store(school, column, body)
    except Refused as refusal:
        echoed = refusal.status == 400 and (b"\n" in request.get_data() or _says_200(school))
        answer = json_answer([], SCORE_TYPE, 200 if echoed else refusal.status)
        if not echoed:
            answer.status = f"{refusal.status} {refusal.reason}"
        return answer
    return lose_the_reply(school, Response("", 200, content_type=f"{SCORE_TYPE}; charset=utf-8"))
