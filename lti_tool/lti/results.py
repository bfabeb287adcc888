"""What a gradebook column shows (AGS). Source: LTI Assignment and Grade Services 2.0, 3.3."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.gradebook.gone import ColumnGone
from lti_tool.gradebook.shown import ShownScore
from lti_tool.lti.claims import is_identifier
from lti_tool.lti.connection import AddressRefused, Answer, Connection
from lti_tool.lti.families import family_named
from lti_tool.lti.platforms import PlatformFacts, check_service_address
from lti_tool.lti.service_answers import check_known, following_page
from lti_tool.lti.tokens import ServiceTokens
from lti_tool.wording import say

RESULT_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"  # alone: Moodle compares the whole header
MOST_PAGES = 200
USUAL_MAXIMUM = 1.0  # AGS 2.0, 3.3.4: what a missing resultMaximum means


class Results:
    def __init__(self, connection: Connection, tokens: ServiceTokens) -> None:
        self._connection = connection
        self._tokens = tokens

    def shown(
        self, platform: PlatformFacts, lti_deployment_id: str, column: str, person_key: str | None = None
    ) -> dict[str, ShownScore]:
        """Return what the column shows, by the LMS's id of each person; of one person alone if `person_key` is given.

        Every page or none: half a list would pass for cleared grades. Raises LmsUnreachable and LmsRefused.
        """
        try:
            check_service_address(platform, column)
            address = results_address(column, person_key)
        except ValueError:  # no address at all
            raise _no_address() from None
        first = partial(self._ask, address)
        token, answer = self._tokens.answered(platform, lti_deployment_id, RESULT_SCOPE, first)
        found: dict[str, ShownScore | None] = {}
        seen = {address}
        for _page in range(MOST_PAGES):
            found.update(_cells(_entries(answer, platform)))
            following = _following(answer, address)
            if following is None:
                wanted = found if person_key is None else {person_key: found.get(person_key)}
                return {key: score for key, score in wanted.items() if score is not None}
            if following in seen:
                break
            seen.add(following)
            address = following
            answer = self._ask(address, token)
        raise LmsUnreachable(say("The LMS's list of results has no end."))

    def _ask(self, address: str, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Accept": RESULTS_TYPE}
        try:
            return self._connection.call("GET", address, headers=headers)
        except AddressRefused:
            raise _no_address() from None


def results_address(column: str, person_key: str | None = None) -> str:
    """Put `/results` at the end of the path, before a query, and ask for one person in it (AGS 2.0, 3.3.1 and 3.3.6).

    Never with a `limit`: Moodle answers 404 to it, which would look like a deleted column.
    """
    parts = urlsplit(column)
    person = urlencode({"user_id": person_key}) if person_key is not None else ""
    query = "&".join(part for part in (parts.query, person) if part)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/results", query=query))


def _following(answer: Answer, address: str) -> str | None:
    try:
        return following_page(answer, address)
    except ValueError:
        raise _no_address() from None


def _entries(answer: Answer, platform: PlatformFacts) -> list[Any]:
    _check_answer(answer, platform)
    try:
        entries = answer.json()
    except ValueError:
        entries = None
    if not isinstance(entries, list):
        raise LmsUnreachable(say("The LMS answered something else than its results."), None, answer.status)
    return entries


def _cells(entries: list[Any]) -> Iterator[tuple[str, ShownScore | None]]:
    """Each person's cell, None if it shows nothing; what cannot be read is left out."""
    for entry in entries:
        person_key = _person_key(entry.get("userId")) if isinstance(entry, dict) else None
        if person_key is None:
            continue
        if entry.get("resultScore") is None:  # cleared: in a column that a tool made, Moodle lists it with ids alone
            yield person_key, None
            continue
        sent = entry.get("resultMaximum")
        points, maximum = _number(entry["resultScore"]), USUAL_MAXIMUM if sent is None else _number(sent)
        if math.isfinite(points) and 0 <= maximum < math.inf:
            yield person_key, ShownScore(points, maximum, _moment(entry.get("timestamp")), _words(entry.get("comment")))


def _person_key(value: object) -> str | None:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if is_identifier(text) else None


def _number(value: object) -> float:
    """A number, or a text that is one (`1_0` is one to Python alone); NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or "_" in str(value):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def _words(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: object) -> datetime | None:
    """When the cell changed, which Moodle says and Canvas does not; without a zone it could be any of a day's hours."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _check_answer(answer: Answer, platform: PlatformFacts) -> None:
    """Return if the platform has answered. Raises LmsUnreachable (again later) or LmsRefused (never so)."""
    status = answer.status
    if 200 <= status < 300:
        return
    check_known(answer, family_named(platform.family))
    if status in (404, 410):
        raise ColumnGone(status)
    what = say("The LMS does not let the blog read this column (%(status)s).", status=status)
    do = say("The LMS administrator can allow the grade service for this tool.")
    raise LmsRefused(what, do, Mender.ADMINISTRATOR, status)


def _no_address() -> LmsRefused:
    do = say("Correct the LMS's address, or allow private addresses in the settings.")
    return LmsRefused(say("The column's address is not one that the blog may call."), do, Mender.OPERATOR)
