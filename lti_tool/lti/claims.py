"""What a verified id_token must hold to be a launch, checked claim by claim, and the arrival it makes. Pure.

Source: LTI Core 1.3, 5.3-5.4; the limits of identifiers 5.3.3, 5.3.5, 5.3.6.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from lti_tool.errors import LaunchRefused, Reason
from lti_tool.identity import Arrival
from lti_tool.lti.platforms import PlatformFacts
from lti_tool.lti.roles import course_role

_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
MESSAGE_TYPE = f"{_CLAIM}message_type"
VERSION = f"{_CLAIM}version"
DEPLOYMENT_ID = f"{_CLAIM}deployment_id"
TARGET_LINK_URI = f"{_CLAIM}target_link_uri"
RESOURCE_LINK = f"{_CLAIM}resource_link"
ROLES = f"{_CLAIM}roles"
CONTEXT = f"{_CLAIM}context"
CUSTOM = f"{_CLAIM}custom"
TOOL_PLATFORM = f"{_CLAIM}tool_platform"
LAUNCH_PRESENTATION = f"{_CLAIM}launch_presentation"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"

_LONGEST_ID = 255
_LONGEST_TEXT = 500
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?")

Claims = Mapping[str, Any]


def check_resource_link_launch(claims: Claims, target_link_uri: str) -> None:
    """Raise LaunchRefused unless the claims are a whole LtiResourceLinkRequest for the address the login named."""
    message_type = claims.get(MESSAGE_TYPE)
    if not message_type or not isinstance(message_type, str):
        raise LaunchRefused(Reason.BAD_CLAIM, claim="message_type")
    if message_type != "LtiResourceLinkRequest":
        raise LaunchRefused(Reason.UNKNOWN_MESSAGE, claim="message_type")
    if claims.get(VERSION) != "1.3.0":
        raise LaunchRefused(Reason.BAD_CLAIM, claim="version")
    identifier(claims, "sub")
    identifier(_object(claims, RESOURCE_LINK, required=True), "id", "resource_link")
    _check_context(claims)
    _check_roles(claims)
    for name in (CUSTOM, AGS, NRPS, LAUNCH_PRESENTATION, TOOL_PLATFORM):
        _object(claims, name)
    if claims.get(TARGET_LINK_URI) != target_link_uri:
        raise LaunchRefused(Reason.TARGET_MISMATCH, claim="target_link_uri")


def arrival_from(claims: Claims, platform: PlatformFacts, deployment_id: int) -> Arrival:
    """Return what checked claims say, in our words; what the LMS withheld or could not fill in is None."""
    context, link = _object(claims, CONTEXT), _object(claims, RESOURCE_LINK)
    grades, roster = _object(claims, AGS), _object(claims, NRPS)
    presentation = _object(claims, LAUNCH_PRESENTATION)
    return Arrival(
        deployment_id=deployment_id,
        platform_id=platform.id,
        person_key=claims["sub"],
        name=_text(claims, "name"),
        given_name=_text(claims, "given_name"),
        family_name=_text(claims, "family_name"),
        email=_text(claims, "email"),
        role=course_role(claims[ROLES]),
        course_key=context.get("id") or f"link:{link['id']}",  # a launch without a course stands by itself
        course_title=_text(context, "title") or "",
        course_label=_text(context, "label") or "",
        blog_key=link["id"],
        blog_title=_text(link, "title") or _text(context, "title") or "Class blog",
        column=_text(grades, "lineitem", longest=2000),
        scopes=tuple(scope for scope in _list(grades, "scope") if isinstance(scope, str)),
        roster_address=_text(roster, "context_memberships_url", longest=2000),
        frame_origins=_frame_origins(platform, presentation, roster, grades),
        return_url=_web_address(_text(presentation, "return_url", longest=2000)),
    )


def product_family(claims: Claims) -> object:
    return _object(claims, TOOL_PLATFORM).get("product_family_code")


def _frame_origins(platform: PlatformFacts, presentation: Claims, roster: Claims, grades: Claims) -> str:
    """The origins that may frame the blog, as one text: those this registration and this signed launch name.

    Hosted Canvas signs people in at one host and frames the tool at the institution's own.
    """
    signed = (
        _text(presentation, "return_url", longest=2000),
        _text(roster, "context_memberships_url", longest=2000),
        _text(grades, "lineitems", longest=2000),
    )
    addresses = [platform.authorize_url, *(address for address in signed if _web_address(address))]
    return " ".join(dict.fromkeys(origin_of(address) for address in addresses if address))


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address, as browsers compare them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _check_context(claims: Claims) -> None:
    if context := _object(claims, CONTEXT):
        identifier(context, "id", "context")


def _check_roles(claims: Claims) -> None:
    roles = claims.get(ROLES)
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise LaunchRefused(Reason.BAD_CLAIM, claim="roles")


def identifier(claims: Claims, name: str, inside: str = "") -> str:
    """Return an id, unchanged: 1 to 255 ASCII characters. Raises LaunchRefused."""
    value = claims.get(name)
    if not is_identifier(value):
        raise LaunchRefused(Reason.BAD_CLAIM, claim=inside or name.rsplit("/", 1)[-1])
    return value


def is_identifier(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isascii() and "\x00" not in value


def _object(claims: Claims, name: str, *, required: bool = False) -> Claims:
    value = claims.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise LaunchRefused(Reason.BAD_CLAIM, claim=name.rsplit("/", 1)[-1])
    return value


def _text(claims: Claims, name: str, longest: int = _LONGEST_TEXT) -> str | None:
    """A text, or None: absent, null, empty, not a text, or a `$Variable` that the LMS could not fill in."""
    value = claims.get(name)
    if not isinstance(value, str) or value.startswith("$"):
        return None
    return storable(value)[:longest] or None


def storable(text: str) -> str:
    """A text as a database takes it: JSON can carry NUL characters and halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "").strip()


def _list(claims: Claims, name: str) -> list[Any]:
    value = claims.get(name)
    return value if isinstance(value, list) else []


def _web_address(address: str | None) -> str | None:
    """A web address with a plain host, or None: its origin stands in a header, where `;` would begin a new rule."""
    try:
        parts = urlsplit(address or "")
    except ValueError:  # half of an IPv6 address
        return None
    return address if parts.scheme in ("https", "http") and _HOST.fullmatch(parts.netloc) else None
