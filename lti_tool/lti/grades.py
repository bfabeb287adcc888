"""Scores to a platform's gradebook (AGS). Source: LTI Assignment and Grade Services 2.0, 3.4."""

import json
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.gradebook.checking import Column
from lti_tool.gradebook.claiming import Delivery
from lti_tool.gradebook.shown import ShownScore
from lti_tool.lti.connection import AddressRefused, Answer, Connection
from lti_tool.lti.families import Family, family_named
from lti_tool.lti.platforms import PlatformFacts, Platforms, check_service_address
from lti_tool.lti.results import RESULT_SCOPE, Results
from lti_tool.lti.tokens import ServiceTokens

SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
CANVAS_SUBMISSION = "https://canvas.instructure.com/lti/submission"  # Canvas documentation, "Score API"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"


class AgsGradebook:
    """The gradebook of whichever platform a delivery names."""

    def __init__(self, connection: Connection, platforms: Platforms, tokens: ServiceTokens, launch_url: str) -> None:
        self._connection = connection
        self._platforms = platforms
        self._tokens = tokens
        self._launch_url = launch_url
        self._results = Results(connection, tokens)

    def shown_scores(self, delivery: Delivery, *, everybody: bool) -> dict[str, ShownScore] | None:
        """Return what the column shows; None where the LMS has not given the right to read it.

        Raises LmsUnreachable and LmsRefused.
        """
        column, platform = _column(delivery), self._platform(delivery.platform_id)
        if RESULT_SCOPE not in delivery.scopes:
            return None
        person_key = None if everybody else delivery.person_key
        return self._results.shown(platform, delivery.lti_deployment_id, column, person_key)

    def column_shows(self, column: Column) -> dict[str, ShownScore] | None:
        """The same for everybody of a column, without a score to send."""
        if RESULT_SCOPE not in column.scopes:
            return None
        return self._results.shown(self._platform(column.platform_id), column.lti_deployment_id, column.address)

    def show_score(self, delivery: Delivery) -> None:
        """Post one score, final and complete. Raises LmsUnreachable and LmsRefused."""
        column, platform = _column(delivery), self._platform(delivery.platform_id)
        _check_host(platform, column)
        family = family_named(platform.family)
        body = score_body(delivery, review_url(self._launch_url, delivery) if family.reviews_by_address else None)
        post = partial(self._post, column, body)
        _, answer = self._tokens.answered(platform, delivery.lti_deployment_id, SCORE_SCOPE, post)
        check_answer(answer, family)

    def _platform(self, platform_id: int) -> PlatformFacts:
        platform = self._platforms.get(platform_id)
        if platform.is_disabled:
            raise LmsRefused("This LMS is switched off in the blog.", "The operator can enable it.", Mender.OPERATOR)
        return platform

    def _post(self, column: str, body: str, token: str) -> Answer:
        try:
            return self._connection.call(
                "POST",
                scores_address(column),
                headers={"Authorization": f"Bearer {token}", "Content-Type": SCORE_TYPE},
                body=body,
            )
        except AddressRefused:
            raise _no_address() from None


def scores_address(column: str) -> str:
    """Put `/scores` at the end of the path, before a query: Moodle's line items have one (AGS 2.0, 3.4.1)."""
    parts = urlsplit(column)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/scores"))


def score_body(delivery: Delivery, review_url: str | None = None) -> str:
    """Return the score as one line of JSON: over several lines Moodle answers 200 to what it refuses.

    FullyGraded, because anything else wipes the grade in Moodle and Canvas; the comment always, because Moodle drops
    the one it has when none comes; when the student wrote, because Canvas would else take the time of sending and call
    it late. `review_url` is where Canvas's SpeedGrader finds the work: one submission, at the first score. That first
    score also yields to a grade that a teacher typed before, which Canvas's results do not show.
    """
    score = delivery.score
    body: dict[str, Any] = {
        "userId": delivery.person_key,
        "scoreGiven": json_number(score.points),
        "scoreMaximum": json_number(score.maximum),
        "comment": score.comment,
        "timestamp": _instant(delivery.at),
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
    }
    if delivery.worked_at is not None:
        body["submission"] = {"submittedAt": _instant(delivery.worked_at)}
    if review_url is not None:
        body[CANVAS_SUBMISSION] = {
            "new_submission": delivery.is_first,
            "submission_type": "basic_lti_launch",
            "submission_data": review_url,
        }
        if delivery.may_meet_another:
            body[CANVAS_SUBMISSION]["prioritize_non_tool_grade"] = True
    return json.dumps(body)


def review_url(launch_url: str, delivery: Delivery) -> str:
    """Where one person's work is looked at: an address that names nobody, and opens by a launch alone."""
    return f"{launch_url}?review={delivery.review_key}"


def check_answer(answer: Answer, family: Family) -> None:
    """Return if the platform has stored the score. Raises LmsUnreachable (again later) or LmsRefused (never so)."""
    status, text = answer.status, answer.text.strip()
    if 200 <= status < 300 and not (family.refused_body is not None and text == family.refused_body):
        return
    if (status, text) in family.locked_answers or any(words in text for words in family.locked_texts):
        raise LmsRefused(
            "The grade or its column is locked in the LMS.", "Unlock it there, then try again.", Mender.TEACHER, status
        )
    if status == 409 or any(words in text for words in family.stale_texts):
        raise LmsUnreachable("The LMS holds a newer score; it is sent once more with the time of now.", None, status)
    if status in (408, 425, 429) or status >= 500 or any(words in text for words in family.throttle_texts):
        raise LmsUnreachable(f"The LMS was busy or had a fault ({status}).", answer.retry_after_seconds, status)
    if any(words in text for words in family.unknown_person_texts):
        raise _not_for_person(status)
    raise _refusal(status)


def _refusal(status: int) -> LmsRefused:
    if status in (401, 403, 412):
        return LmsRefused(
            f"The LMS does not let the blog write into this column ({status}).",
            "The LMS administrator can allow the grade service for this tool.",
            Mender.ADMINISTRATOR,
            status,
        )
    if status in (404, 410):
        return LmsRefused(
            f"The column is gone from the gradebook ({status}).",
            "Make the activity graded in the LMS and open the blog from it once, then try again.",
            Mender.TEACHER,
            status,
        )
    return _not_for_person(status)


def _not_for_person(status: int) -> LmsRefused:
    return LmsRefused(
        f"The LMS does not take a score for this person ({status}).",
        "See whether they are still an active student of the course and the activity is published, then try again.",
        Mender.TEACHER,
        status,
    )


def _check_host(platform: PlatformFacts, column: str) -> None:
    try:
        check_service_address(platform, column)
    except ValueError:  # no address at all
        raise _no_address() from None


def _no_address() -> LmsRefused:
    return LmsRefused(
        "The column's address is not one that the blog may call.",
        "Correct the LMS's address, or allow private addresses in the settings.",
        Mender.OPERATOR,
    )


def _column(delivery: Delivery) -> str:
    if not delivery.column:
        raise LmsRefused(
            "This link has no column in the gradebook.",
            "Make the activity graded in the LMS and open the blog from it once, then try again.",
            Mender.TEACHER,
        )
    if SCORE_SCOPE not in delivery.scopes:
        raise LmsRefused(
            "The LMS has not given the blog the right to send scores.",
            "The LMS administrator can allow the grade service for this tool.",
            Mender.ADMINISTRATOR,
        )
    return delivery.column


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def json_number(points: Decimal) -> int | float:
    """Points as JSON writes them: two decimals come back exactly from the shortest text of the nearest double."""
    return int(points) if points == points.to_integral_value() else float(points)
