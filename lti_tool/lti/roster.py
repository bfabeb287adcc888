"""The people of a course as the platform lists them (NRPS). Source: LTI Names and Role Provisioning Services 2.0."""

import re
from collections.abc import Iterator
from functools import partial
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.identity.roster import RosterMember
from lti_tool.lti.claims import is_identifier, storable
from lti_tool.lti.connection import AddressRefused, Answer, Connection
from lti_tool.lti.platforms import PlatformFacts, check_service_address
from lti_tool.lti.roles import course_role, is_test_user
from lti_tool.lti.tokens import ServiceTokens
from lti_tool.wording import say

ROSTER_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
ROSTER_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
MOST_PAGES = 200
LONGEST_NAME = 500  # as in a launch, or each would write what the other wrote

_LINK = re.compile(r'<([^>]*)>((?:[^,"]|"[^"]*")*)')
_PARAMETER = re.compile(r';\s*([^\s=;,]+)\s*(?:=\s*(?:"([^"]*)"|([^\s;,"]*)))?')


class Roster:
    def __init__(self, connection: Connection, tokens: ServiceTokens) -> None:
        self._connection = connection
        self._tokens = tokens

    def members(
        self, platform: PlatformFacts, lti_deployment_id: str, address: str, course_key: str
    ) -> tuple[RosterMember, ...]:
        """Return all members of a course, every page read.

        Raises LmsUnreachable and LmsRefused, also when the list is another course's; never gives half a list.
        """
        try:
            check_service_address(platform, address)
        except ValueError:  # no address at all
            raise _broken() from None
        first = partial(self._ask, address)
        token, answer = self._tokens.answered(platform, lti_deployment_id, ROSTER_SCOPE, first)
        found: dict[str, RosterMember] = {}
        seen = {address}
        for _page in range(MOST_PAGES):
            page, next_address = _read(answer, address, course_key)
            found.update((member.person_key, member) for member in page)
            if next_address is None:
                return tuple(found.values())
            if urlsplit(next_address).netloc != urlsplit(address).netloc:
                raise _broken()  # a token goes to nobody but the platform it is from
            if next_address in seen:
                break
            seen.add(next_address)
            address = next_address
            answer = self._ask(address, token)
        raise LmsUnreachable(say("The LMS's list of people has no end."))

    def _ask(self, address: str, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Accept": ROSTER_TYPE}
        try:
            return self._connection.call("GET", address, headers=headers)
        except AddressRefused:
            raise _broken() from None


def _read(answer: Answer, address: str, course_key: str) -> tuple[list[RosterMember], str | None]:
    try:
        container = answer.json() if answer.status == 200 else None
        next_address = next_page(answer.headers.get("link", ""), address)
    except ValueError:
        raise _broken() from None
    if answer.status in (429, 401) or answer.status >= 500:
        raise LmsUnreachable(say("The LMS gave no list of people."), answer.retry_after_seconds, answer.status)
    if not isinstance(container, dict) or not isinstance(container.get("members"), list):
        raise _broken()
    context = container.get("context")
    if isinstance(context, dict) and str(context.get("id", course_key)) != course_key:
        raise _broken()
    return list(_members(container["members"])), next_address


def _members(entries: list[Any]) -> Iterator[RosterMember]:
    for entry in entries:
        if not isinstance(entry, dict) or not is_identifier(entry.get("user_id")):
            continue
        roles = _texts(entry.get("roles"))
        yield RosterMember(
            person_key=entry["user_id"],
            name=_name(entry, "name"),
            given_name=_name(entry, "given_name"),
            family_name=_name(entry, "family_name"),
            email=_name(entry, "email"),
            role=course_role(roles),
            is_active=(entry.get("status") or "Active") == "Active",
            is_test=is_test_user(roles),
        )


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _name(entry: dict[str, Any], field: str) -> str | None:
    """A name as people write it: Moodle sends `&amp;` for `&` here, though not at launch."""
    value = entry.get(field)
    if not isinstance(value, str) or value.startswith("$"):  # a variable that the LMS could not fill in
        return None
    return storable(unescape(value))[:LONGEST_NAME] or None


def next_page(link_header: str, address: str) -> str | None:
    """The page that follows, however the header is written (RFC 8288, 3): missed, half a list would pass for all.

    Moodle writes curly quotes, as bytes of UTF-8, and `&amp;` in the addresses between them.
    """
    header = link_header.encode("latin-1", "replace").decode("utf-8", "replace")
    if "\u201c" in header:
        header = unescape(header.replace("\u201c", '"').replace("\u201d", '"'))
    for link in _LINK.finditer(header):
        relations = [one[2] or one[3] or "" for one in _PARAMETER.finditer(link[2]) if one[1].lower() == "rel"]
        if relations and "next" in relations[0].strip("'").lower().split():
            target: str = urljoin(address, link[1])
            return target
    return None


def _broken() -> LmsRefused:
    return LmsRefused(say("The LMS's list of people could not be read."), "", Mender.ADMINISTRATOR)
