"""Gradebook columns of a platform: looked up, made, changed, deleted (AGS).

Source: LTI Assignment and Grade Services 2.0, 3.2.
"""

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.gradebook.columns import TAG, Link, LmsColumn, WantedColumn
from lti_tool.gradebook.gone import ColumnGone
from lti_tool.lti.connection import AddressRefused, Answer, Connection
from lti_tool.lti.deep_linking import cut
from lti_tool.lti.families import family_named
from lti_tool.lti.grades import json_number
from lti_tool.lti.platforms import PlatformFacts, Platforms, check_service_address
from lti_tool.lti.service_answers import check_known, following_page
from lti_tool.lti.tokens import ServiceTokens
from lti_tool.wording import say

LINE_ITEM_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
LINE_ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"  # alone: Moodle compares the whole header
MOST_PAGES = 200
_LONGEST_ADDRESS = 2_000


class LineItems:
    """The calls, for one platform and deployment each. All raise LmsUnreachable and LmsRefused."""

    def __init__(self, connection: Connection, tokens: ServiceTokens) -> None:
        self._connection = connection
        self._tokens = tokens

    def listed(
        self, platform: PlatformFacts, lti_deployment_id: str, items_url: str, **filters: str
    ) -> tuple[LmsColumn, ...]:
        """Return the columns of a course that are the tool's to see, every page or none.

        `filters`: resource_link_id, resource_id, tag; an LMS may pay no heed to them. Never with a `limit`: Moodle's
        links to further pages are broken, and without one it gives all at once.
        """
        address = _with(items_url, filters)
        headers = {"Accept": LINE_ITEMS_TYPE}
        found: dict[str, LmsColumn] = {}
        seen: set[str] = set()
        while address not in seen and len(seen) < MOST_PAGES:
            seen.add(address)
            answer = self._answered(platform, lti_deployment_id, "GET", address, headers)
            _check_answer(answer, platform)
            for entry in _entries(answer):
                column = _column(entry, address)
                if column is not None:
                    found[column.address] = column
            following = _following(answer, address)
            if following is None:
                return tuple(found.values())
            address = following
        raise LmsUnreachable(say("The LMS's list of columns has no end."))

    def read(self, platform: PlatformFacts, lti_deployment_id: str, address: str) -> LmsColumn:
        """Return one column. Raises ColumnGone where there is none."""
        column = _column(self._whole(platform, lti_deployment_id, address), address)
        if column is None:
            raise _no_column()
        return column

    def make(
        self, platform: PlatformFacts, lti_deployment_id: str, items_url: str, item: Mapping[str, Any]
    ) -> LmsColumn:
        """Make a column. An answer that cannot be read is as good as none: it may have been made."""
        headers = {"Accept": LINE_ITEM_TYPE, "Content-Type": LINE_ITEM_TYPE}
        answer = self._answered(platform, lti_deployment_id, "POST", items_url, headers, json.dumps(item))
        _check_answer(answer, platform)
        column = _column(_json(answer), items_url)
        if column is None or len(column.address) > _LONGEST_ADDRESS:
            raise _no_column()
        _check_host(platform, column.address)
        return column

    def change(
        self, platform: PlatformFacts, lti_deployment_id: str, address: str, label: str | None, maximum: Decimal | None
    ) -> bool:
        """Give a column this label and this maximum, each if there is one; say whether it had others.

        The whole item goes back as it came: what is left out Moodle clears, the link to the activity too.
        """
        item = self._whole(platform, lti_deployment_id, address)
        wanted = item | ({"label": label} if label else {})
        if maximum is not None and _number(item.get("scoreMaximum")) != float(maximum):
            wanted["scoreMaximum"] = json_number(maximum)
        if wanted == item:
            return False
        headers = {"Accept": LINE_ITEM_TYPE, "Content-Type": LINE_ITEM_TYPE}
        answer = self._answered(platform, lti_deployment_id, "PUT", address, headers, json.dumps(wanted))
        _check_answer(answer, platform, of_column=True)
        return True

    def delete(self, platform: PlatformFacts, lti_deployment_id: str, address: str) -> None:
        """Delete a column with all that stands in it. Raises ColumnGone where there is none."""
        answer = self._answered(platform, lti_deployment_id, "DELETE", address, {})
        if answer.status in (401, 403, 405):  # Canvas, for a column that came with an assignment: 401, empty
            what = say("The LMS does not let the blog delete this column (%(status)s).", status=answer.status)
            raise LmsRefused(what, say("A teacher can delete it there."), Mender.TEACHER, answer.status)
        _check_answer(answer, platform, of_column=True)

    def _whole(self, platform: PlatformFacts, lti_deployment_id: str, address: str) -> dict[str, Any]:
        answer = self._answered(platform, lti_deployment_id, "GET", address, {"Accept": LINE_ITEM_TYPE})
        _check_answer(answer, platform, of_column=True)
        item = _json(answer)
        if not isinstance(item, dict):
            raise _no_column()
        return item

    def _answered(
        self,
        platform: PlatformFacts,
        lti_deployment_id: str,
        method: str,
        address: str,
        headers: dict[str, str],
        body: str | None = None,
    ) -> Answer:
        _check_host(platform, address)
        call = partial(self._call, method, address, headers, body)
        _, answer = self._tokens.answered(platform, lti_deployment_id, LINE_ITEM_SCOPE, call)
        return answer

    def _call(self, method: str, address: str, headers: dict[str, str], body: str | None, token: str) -> Answer:
        try:
            return self._connection.call(
                method, address, headers={"Authorization": f"Bearer {token}", **headers}, body=body
            )
        except AddressRefused:
            raise _no_address() from None


class AgsColumns:
    """The columns of whichever platform a link is of; a `ColumnService`."""

    def __init__(self, platforms: Platforms, line_items: LineItems) -> None:
        self._platforms = platforms
        self._items = line_items

    def may_manage(self, link: Link) -> bool:
        """Whether the launch named the right to manage columns, and where; asks nobody."""
        return LINE_ITEM_SCOPE in link.scopes and bool(link.columns_address)

    def listed(self, link: Link, *, of_link: bool = False, content_key: str = "") -> tuple[LmsColumn, ...]:
        platform, address = self._place(link)
        filters = {"resource_link_id": link.link_key} if of_link else {}
        if content_key:
            filters |= {"resource_id": content_key, "tag": TAG}
        return self._items.listed(platform, link.lti_deployment_id, address, **filters)

    def read(self, link: Link, address: str) -> LmsColumn:
        platform, _ = self._place(link)
        return self._items.read(platform, link.lti_deployment_id, address)

    def make(self, link: Link, wanted: WantedColumn) -> str:
        platform, address = self._place(link)
        family = family_named(platform.family)
        item: dict[str, Any] = {
            "scoreMaximum": json_number(wanted.maximum),
            "label": cut(wanted.label, family.longest_title) or "Class blog",
            "resourceId": wanted.content_key,
            "tag": TAG,
        }
        if family.columns_name_their_link:
            item["resourceLinkId"] = link.link_key
        return self._items.make(platform, link.lti_deployment_id, address, item).address

    def change(self, link: Link, address: str, label: str | None, maximum: Decimal) -> bool:
        platform, _ = self._place(link)
        family = family_named(platform.family)
        if label is None:
            return self._items.change(platform, link.lti_deployment_id, address, None, maximum)
        by_itself = None if family.new_maximum_marks_all else maximum
        return self._items.change(
            platform, link.lti_deployment_id, address, cut(label, family.longest_title), by_itself
        )

    def delete(self, link: Link, address: str) -> None:
        platform, _ = self._place(link)
        self._items.delete(platform, link.lti_deployment_id, address)

    def _place(self, link: Link) -> tuple[PlatformFacts, str]:
        platform = self._platforms.get(link.platform_id)
        if platform.is_disabled:
            what = say("This LMS is switched off in the blog.")
            raise LmsRefused(what, say("The operator can enable it."), Mender.OPERATOR)
        if LINE_ITEM_SCOPE not in link.scopes or not link.columns_address:
            raise _not_let(None)
        return platform, link.columns_address


def _with(items_url: str, filters: Mapping[str, str]) -> str:
    """The address with filters after the query that it may have (AGS 2.0, 3.2.4)."""
    try:
        parts = urlsplit(items_url)
    except ValueError:
        raise _no_address() from None
    query = "&".join(part for part in (parts.query, urlencode(filters)) if part)
    return urlunsplit(parts._replace(query=query))


def _following(answer: Answer, address: str) -> str | None:
    try:
        return following_page(answer, address)
    except ValueError:
        raise _no_address() from None


def _json(answer: Answer) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise _no_column() from None


def _entries(answer: Answer) -> list[Any]:
    """An empty list where there are none; anything else than a list is no answer."""
    entries = _json(answer)
    if not isinstance(entries, list):
        raise LmsUnreachable(say("The LMS answered something else than its columns."), None, answer.status)
    return entries


def _column(item: object, address: str) -> LmsColumn | None:
    """A column as the LMS writes it; None for what has no address of its own, which nothing can be done with."""
    if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not item["id"].startswith("http"):
        return None
    link_key = item.get("resourceLinkId")
    return LmsColumn(
        address=item["id"],
        label=str(item.get("label") or ""),
        maximum=_number(item.get("scoreMaximum")),
        link_key=str(link_key) if link_key not in (None, "") else None,
        content_key=str(item.get("resourceId") or ""),
        tag=str(item.get("tag") or ""),
    )


def _number(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    return number if math.isfinite(number) else None


def _check_answer(answer: Answer, platform: PlatformFacts, *, of_column: bool = False) -> None:
    """Return if the platform has done it. Raises LmsUnreachable (again later) or LmsRefused (never so)."""
    status = answer.status
    if 200 <= status < 300:
        return
    check_known(answer, family_named(platform.family))
    if status in (404, 410) and of_column:
        raise ColumnGone(status)
    raise _not_let(status)


def _check_host(platform: PlatformFacts, address: str) -> None:
    try:
        check_service_address(platform, address)
    except ValueError:  # no address at all
        raise _no_address() from None


def _not_let(status: int | None) -> LmsRefused:
    what = say("The LMS does not let the blog make or change columns.")
    if status:
        what = say("The LMS does not let the blog make or change columns (%(status)s).", status=status)
    return LmsRefused(
        what,
        say("The LMS administrator can allow that; or make the activity graded there, which gives it a column."),
        Mender.ADMINISTRATOR,
        status,
    )


def _no_column() -> LmsUnreachable:
    return LmsUnreachable(say("The LMS answered something else than a column."))


def _no_address() -> LmsRefused:
    return LmsRefused(
        say("The address of the LMS's columns is not one that the blog may call."),
        say("Correct the LMS's address, or allow private addresses in the settings."),
        Mender.OPERATOR,
    )
