"""Canvas: what a score does, after Canvas's scores_controller.rb (2025) and its documented order of checks."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Response, request

from ..answers import json_answer
from ..gradebook import BY_TOOL, Column, Grade, blank_grade, grade_of, keep_grade
from ..people import Person
from ..places import here
from ..refusals import ServiceRefusal
from ..scopes import SCORE_TYPE
from ..services import lose_the_reply
from .canvas_addresses import result_url

if TYPE_CHECKING:
    from ..school import PracticeSchool

EXTENSION = "https://canvas.instructure.com/lti/submission"
NOT_A_STUDENT = "User not found in course or is not a student"
HAS_AN_ADDRESS = ("basic_lti_launch", "online_url")
SETS_A_SCORE = ("FullyGraded", "PendingManual")


@dataclass(frozen=True)
class Score:
    """A well-formed score with Canvas's submission extension."""

    at: datetime
    at_text: str
    given: float | None
    maximum: float | None
    grading_progress: str
    activity_progress: str
    comment: str
    submitted_at: datetime | None
    extension: dict[str, Any]


def _refusal(status: int, kind: str, message: str) -> ServiceRefusal:
    body = {"errors": {"type": kind, "message": message}}
    return ServiceRefusal(json_answer(body, "application/json", status))


def _unprocessable(message: str) -> ServiceRefusal:
    return _refusal(422, "unprocessable_entity", message)


def _moment(text: object, words: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise _refusal(400, "bad_request", f"Provided {words} of {text} not a valid timestamp") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _number(body: dict[str, Any], name: str) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise _unprocessable(f"{name} must be a number") from None


def _student(school: "PracticeSchool", body: dict[str, Any]) -> Person:
    user_id = str(body.get("userId", ""))
    person = school.person_with_sub(user_id)
    if person is None and user_id.isdigit():
        person = next((p for p in (*school.people, *school.others) if str(5000 + p.number) == user_id), None)
    if person is None or not _is_a_student(school, person):
        raise _unprocessable(NOT_A_STUDENT)
    if school.faults.take("refuse_person", request.path, person.key):
        raise _unprocessable(NOT_A_STUDENT)
    return person


def _is_a_student(school: "PracticeSchool", person: Person) -> bool:
    """Enrolled as one now, or Student View's test student, whom an older Canvas refused."""
    if person.role == "test":
        return school.profile != "old"
    return person.is_gradable and person in school.people_in(here().id)


def _require(body: dict[str, Any], *names: str) -> None:
    for name in names:
        if not body.get(name):
            message = f"param is missing or the value is empty: {name}"
            raise ServiceRefusal(json_answer({"errors": [{"message": message}]}, "application/json", 400))


def _read(body: dict[str, Any]) -> Score:
    _require(body, "activityProgress", "gradingProgress", "timestamp")
    submission, extension = body.get("submission"), body.get(EXTENSION)
    extension = extension if isinstance(extension, dict) else {}
    submitted = submission.get("submittedAt") if isinstance(submission, dict) else None
    submitted = submitted or extension.get("submitted_at")
    return Score(
        at=_moment(body["timestamp"], "timestamp"),
        at_text=str(body["timestamp"]),
        given=_number(body, "scoreGiven"),
        maximum=_number(body, "scoreMaximum"),
        grading_progress=str(body["gradingProgress"]),
        activity_progress=str(body["activityProgress"]),
        comment=str(body.get("comment") or ""),
        submitted_at=_moment(submitted, "submitted_at timestamp") if submitted else None,
        extension=extension,
    )


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _check(score: Score, old: Grade, column: Column, now: datetime) -> None:
    """Timestamp, then scoreMaximum, then scoreGiven, then submittedAt: Canvas's order."""
    if old.posted_at and score.at < old.posted_at:
        words = f"Provided timestamp of {score.at_text} before last updated timestamp of {_zulu(old.posted_at)}"
        raise _refusal(400, "bad_request", words)
    if score.given is not None:
        if score.maximum is None:
            raise _unprocessable("ScoreMaximum not supplied when ScoreGiven present.")
        if score.maximum < 0:
            raise _unprocessable("ScoreMaximum must be greater than or equal to 0")
        if score.maximum == 0 and column.maximum != 0:
            raise _unprocessable("cannot be zero if line item's maximum is not zero")
        if score.given < 0:
            raise _unprocessable("ScoreGiven must be greater than or equal to 0")
    if score.submitted_at and score.submitted_at > now + timedelta(minutes=1):
        words = f"Provided submitted_at timestamp of {_zulu(score.submitted_at)} in the future"
        raise _refusal(400, "bad_request", words)


def _leaves_score(old: Grade, score: Score) -> bool:
    protected = score.extension.get("prioritize_non_tool_grade") and old.score is not None
    return bool(score.extension.get("preserve_score") or protected)


def _new_value(column: Column, score: Score) -> float | None:
    """Only FullyGraded and PendingManual set a score; a post without one clears. More than the maximum is allowed."""
    if score.given is None or score.grading_progress not in SETS_A_SCORE:
        return None
    return round(score.given * column.maximum / score.maximum, 5) if score.maximum else score.given


def result_score(grade: Grade, column: Column) -> float | None:
    """The cell's score out of what the tool said last."""
    if grade.score is None:
        return None
    maximum = grade.posted_maximum or column.maximum
    return round(float(grade.score * maximum / column.maximum if column.maximum else grade.score), 5)


def _submits(score: Score) -> bool:
    """Each post with `new_submission` (the default) hands something in, once the work is done."""
    wanted = score.extension.get("new_submission", True) and score.extension.get("submission_type") != "none"
    return bool(wanted) and score.activity_progress in ("Submitted", "Completed")


def _with_submission(grade: Grade, score: Score, now: datetime) -> Grade:
    """Another attempt, submitted now unless the post says when. It wipes what the one before had handed in."""
    if not _submits(score):
        return grade
    kind = str(score.extension.get("submission_type") or "external_tool")
    url = str(score.extension.get("submission_data") or "") if kind in HAS_AN_ADDRESS else ""
    return replace(
        grade,
        attempts=grade.attempts + 1,
        submitted_at=score.submitted_at or now,
        submission_type=kind,
        submission_url=url,
    )


def after_push(old: Grade, column: Column, score: Score, now: datetime) -> Grade:
    """The grade after an accepted post. Comments pile up: each post adds one."""
    comments = (*old.comments, score.comment) if score.comment else old.comments
    posted = replace(old, comments=comments, posted_at=score.at, posted_maximum=score.maximum or old.posted_maximum)
    if not _leaves_score(old, score):
        posted = replace(posted, score=_new_value(column, score), changed_at=now, changed_by=BY_TOOL)
    posted = replace(posted, result_score=result_score(posted, column))
    return _with_submission(posted, score, now)


def _mates(school: "PracticeSchool", person: Person) -> list[str]:
    """Who else is in the person's group, where the assignment is a group's and not graded individually."""
    fault = school.faults.on("group_assignment")
    members = [key.strip() for key in str(fault.args["members"]).split(",")] if fault else []
    return [key for key in members if key != person.key] if person.key in members else []


def for_a_mate(old: Grade, column: Column, score: Score, now: datetime) -> Grade:
    """Score and submission go to the whole group, the comment and the result to the one that the post named."""
    pushed = after_push(old, column, replace(score, comment=""), now)
    kept = replace(pushed, posted_at=old.posted_at, posted_maximum=old.posted_maximum)
    return replace(kept, result_score=result_score(kept, column))


def _is_published(school: "PracticeSchool", column: Column) -> bool:
    """A column that the tool made has no assignment to publish."""
    activity = school.activity_numbered(column.activity_id) if column.activity_id else None
    return activity is None or activity.published


def _check_open(school: "PracticeSchool", old: Grade) -> None:
    if old.locked or school.faults.take("locked", request.path, old.person_key):
        raise _refusal(403, "forbidden", "Cannot grade this submission at this time: it is locked")
    if school.faults.take("grading_period_closed", request.path):
        raise _refusal(403, "forbidden", "Cannot grade this submission at this time: its grading period is closed")


def receive(school: "PracticeSchool", column: Column, body: dict[str, Any]) -> Response:
    """User, required fields, published, timestamp, scores: then store, and answer with the address of the result."""
    person = _student(school, body)
    score, now = _read(body), school.clock()
    if not _is_published(school, column):
        raise _unprocessable("This assignment is still unpublished")
    with school.store.writing() as db:
        old = grade_of(db, column.id, person.key) or blank_grade(column.id, person.key, now)
        _check(score, old, column, now)
        _check_open(school, old)
        if _submits(score) and school.faults.take("no_attempts_left", request.path, person.key):
            raise _unprocessable("The maximum number of allowed attempts has been reached for this submission")
        keep_grade(db, after_push(old, column, score, now))
        for key in _mates(school, person):
            mate = grade_of(db, column.id, key) or blank_grade(column.id, key, now)
            keep_grade(db, for_a_mate(mate, column, score, now))
    result = {"resultUrl": result_url(school, column.id, person), EXTENSION: {"content_items": []}}
    return lose_the_reply(school, json_answer(result, SCORE_TYPE))
