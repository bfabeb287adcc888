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
from lti_tool.gradebook.gone import HAVE_ONE, NO_COLUMN, ColumnGone
from lti_tool.gradebook.shown import ShownScore
from lti_tool.lti.connection import AddressRefused, Answer, Connection
from lti_tool.lti.families import Family, family_named
from lti_tool.lti.platforms import PlatformFacts, Platforms, check_service_address
from lti_tool.lti.results import RESULT_SCOPE, Results
from lti_tool.lti.service_answers import check_known
from lti_tool.lti.tokens import ServiceTokens
from lti_tool.wording import say

SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
CANVAS_SUBMISSION = "https://canvas.instructure.com/lti/submission"  # Canvas documentation, "Score API"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
_WEB_PAGE = ("<!doctype html", "<html")


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

    def show_score(self, delivery: Delivery) -> float | None:
        """Post one score, final and complete; return how many calls the LMS would still take, if it says so.

        Raises LmsUnreachable and LmsRefused.
        """
        column, platform = _column(delivery), self._platform(delivery.platform_id)
        _check_host(platform, column)
        family = family_named(platform.family)
        body = score_body(delivery, family)
        if family.reviews_by_address:
            work = review_url(self._launch_url, delivery)
            body[CANVAS_SUBMISSION] = submission(delivery, work, self._ours_stands(platform, column, delivery))
        post = partial(self._post, column, body)
        token, answer = self._tokens.answered(platform, delivery.lti_deployment_id, SCORE_SCOPE, post)
        if answer.status >= 400 and any(words in answer.text for words in family.submission_texts):
            body[CANVAS_SUBMISSION]["new_submission"] = False
            answer = self._post(column, body, token)
        check_answer(answer, family)
        return answer.rate_limit_remaining

    def _ours_stands(self, platform: PlatformFacts, column: str, delivery: Delivery) -> bool | None:
        """Whether the LMS has a score of ours already; after attempts without an answer the cell says it.

        None if it may not be read.
        """
        if not delivery.sent_before or any(one.is_certain for one in delivery.sent_before):
            return bool(delivery.sent_before)
        if RESULT_SCOPE not in delivery.scopes:
            return None
        return bool(self._results.shown(platform, delivery.lti_deployment_id, column, delivery.person_key))

    def _platform(self, platform_id: int) -> PlatformFacts:
        platform = self._platforms.lately(platform_id)
        if platform.is_disabled:
            what = say("This LMS is switched off in the blog.")
            raise LmsRefused(what, say("The operator can enable it."), Mender.OPERATOR)
        return platform

    def _post(self, column: str, body: dict[str, Any], token: str) -> Answer:
        """In one line: over several Moodle answers 200 to what it refuses."""
        try:
            return self._connection.call(
                "POST",
                scores_address(column),
                headers={"Authorization": f"Bearer {token}", "Content-Type": SCORE_TYPE},
                body=json.dumps(body),
            )
        except AddressRefused:
            raise _no_address() from None


def scores_address(column: str) -> str:
    """Put `/scores` at the end of the path, before a query: Moodle's line items have one (AGS 2.0, 3.4.1)."""
    parts = urlsplit(column)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/scores"))


def score_body(delivery: Delivery, family: Family) -> dict[str, Any]:
    """Return the score as AGS has it.

    FullyGraded, because anything else wipes the grade in Moodle and Canvas; the comment always, because Moodle drops
    the one it has when none comes, but for an LMS that keeps each: there only one that differs from the last; when the
    student wrote, because Canvas would else take the time of sending and call it late.
    """
    score = delivery.score
    body: dict[str, Any] = {
        "userId": delivery.person_key,
        "scoreGiven": json_number(score.points),
        "scoreMaximum": json_number(score.maximum),
        "timestamp": _instant(delivery.at),
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
    }
    if not (family.keeps_every_comment and score.comment == delivery.accepted_comment):
        body["comment"] = score.comment
    if delivery.worked_at is not None:
        body["submission"] = {"submittedAt": _instant(delivery.worked_at)}
    return body


def submission(delivery: Delivery, work: str, ours_stands: bool | None) -> dict[str, Any]:
    """Return what Canvas's SpeedGrader finds the work by: one submission, at the first score, for each is an attempt.

    The first score also yields to a grade that a teacher typed before it, which Canvas's results do not show; no other,
    for it would yield to our own.
    """
    found = {
        "new_submission": delivery.is_first and not ours_stands,
        "submission_type": "basic_lti_launch",
        "submission_data": work,
    }
    yields = ours_stands is False and delivery.agreed is None
    return found | ({"prioritize_non_tool_grade": True} if yields else {})


def review_url(launch_url: str, delivery: Delivery) -> str:
    """Where one person's work is looked at: an address that names nobody, and opens by a launch alone."""
    return f"{launch_url}?review={delivery.review_key}"


def check_answer(answer: Answer, family: Family) -> None:
    """Return if the platform has stored the score. Raises LmsUnreachable (again later) or LmsRefused (never so)."""
    status, text = answer.status, answer.text.strip()
    if 200 <= status < 300 and text != family.refused_body:
        if text.lower().startswith(_WEB_PAGE):  # of a sign-in or a maintenance: nothing was stored
            raise LmsUnreachable(say("The LMS answered with a web page and took no score."), None, status)
        return
    if (status, text) in family.locked_answers:
        raise LmsRefused(
            say("The grade or its column is locked in the LMS."),
            say("Unlock it there, then try again."),
            Mender.TEACHER,
            status,
        )
    if status == 409 or any(words in text for words in family.stale_texts):
        what = say("The LMS holds a newer score; it is sent once more with the time of now.")
        raise LmsUnreachable(what, None, status)
    check_known(answer, family)
    raise _refusal(status)


def _refusal(status: int) -> LmsRefused:
    if status in (401, 403, 412):
        return LmsRefused(
            say("The LMS does not let the blog write into this column (%(status)s).", status=status),
            say("The LMS administrator can allow the grade service for this tool."),
            Mender.ADMINISTRATOR,
            status,
        )
    if status in (404, 410):
        return ColumnGone(status)
    return LmsRefused(
        say("The LMS does not take a score for this person (%(status)s).", status=status),
        say(
            "See whether they are still an active student of the course and the activity is published, then try again."
        ),
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
        say("The column's address is not one that the blog may call."),
        say("Correct the LMS's address, or allow private addresses in the settings."),
        Mender.OPERATOR,
    )


def _column(delivery: Delivery) -> str:
    if not delivery.column:
        raise LmsRefused(NO_COLUMN, HAVE_ONE, Mender.TEACHER)
    if SCORE_SCOPE not in delivery.scopes:
        raise LmsRefused(
            say("The LMS has not given the blog the right to send scores."),
            say("The LMS administrator can allow the grade service for this tool."),
            Mender.ADMINISTRATOR,
        )
    return delivery.column


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def json_number(points: Decimal) -> int | float:
    """Points as JSON writes them: two decimals come back exactly from the shortest text of the nearest double."""
    return int(points) if points == points.to_integral_value() else float(points)
