"""The people of a course as the platform lists them (NRPS). Source: LTI Names and Role Provisioning Services 2.0."""

from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from requests.utils import parse_header_links

from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.identity import RosterMember
from lti_tool.lti.connection import AddressRefused, Connection
from lti_tool.lti.platforms import PlatformFacts
from lti_tool.lti.roles import course_role
from lti_tool.lti.tokens import ServiceTokens

ROSTER_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
ROSTER_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
MOST_PAGES = 200


class Roster:
    def __init__(self, connection: Connection, tokens: ServiceTokens) -> None:
        self._connection = connection
        self._tokens = tokens

    def members(self, platform: PlatformFacts, lti_deployment_id: str, address: str) -> tuple[RosterMember, ...]:
        """Return all members of a course, every page read. Raises LmsUnreachable and LmsRefused; never half a list."""
        token = self._tokens.token(platform, lti_deployment_id, ROSTER_SCOPE)
        found: dict[str, RosterMember] = {}
        next_address: str | None = address
        for _page in range(MOST_PAGES):
            if next_address is None:
                return tuple(found.values())
            page, next_address = self._page(next_address, token, address)
            found.update((member.person_key, member) for member in page)
        raise LmsUnreachable("The LMS's list of people has no end.")

    def _page(self, address: str, token: str, first: str) -> tuple[list[RosterMember], str | None]:
        if urlsplit(address).netloc != urlsplit(first).netloc:
            raise _broken()  # a token goes to nobody but the platform it is from
        headers = {"Authorization": f"Bearer {token}", "Accept": ROSTER_TYPE}
        try:
            answer = self._connection.call("GET", address, headers=headers)
            container = answer.json() if answer.status == 200 else None
        except (AddressRefused, ValueError):
            raise _broken() from None
        if answer.status in (429, 401) or answer.status >= 500:
            raise LmsUnreachable("The LMS gave no list of people.", answer.retry_after_seconds, answer.status)
        if not isinstance(container, dict) or not isinstance(container.get("members"), list):
            raise _broken()
        return list(_members(container["members"])), _next_page(answer.headers.get("link", ""), address)


def _members(entries: list[Any]) -> Iterator[RosterMember]:
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("user_id"), str) or not entry["user_id"]:
            continue
        roles = [role for role in entry.get("roles") or [] if isinstance(role, str)]
        yield RosterMember(
            person_key=entry["user_id"],
            name=_name(entry, "name"),
            given_name=_name(entry, "given_name"),
            family_name=_name(entry, "family_name"),
            email=_name(entry, "email"),
            role=course_role(roles),
        )


def _name(entry: dict[str, Any], field: str) -> str | None:
    """A name as people write it: Moodle sends `&amp;` for `&` here, though not at launch."""
    value = entry.get(field)
    return unescape(value).replace("\x00", "").strip() or None if isinstance(value, str) else None


def _next_page(link_header: str, address: str) -> str | None:
    for link in parse_header_links(link_header) if link_header else []:
        if link.get("rel", "").lower() == "next":
            return urljoin(address, link["url"])
    return None


def _broken() -> LmsRefused:
    return LmsRefused("The LMS's list of people could not be read.", "", Mender.ADMINISTRATOR)
