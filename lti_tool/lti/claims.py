"""What a verified id_token must hold to be a launch, checked claim by claim, and the arrival it makes. Pure.

Source: LTI Core 1.3, 5.3-5.4; the limits of identifiers 5.3.3, 5.3.5, 5.3.6.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, TypeGuard
from urllib.parse import parse_qs, unquote, urlsplit

from lti_tool.errors import LaunchRefused, Reason
from lti_tool.identity.arrival import Arrival, LinkQuestion, ReviewOf
from lti_tool.identity.groups import Section
from lti_tool.identity.placing import OpenedLink
from lti_tool.lti.platforms import PlatformFacts
from lti_tool.lti.roles import course_role, is_test_user

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
FOR_USER = f"{_CLAIM}for_user"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"

OPEN_LINK = "LtiResourceLinkRequest"
CHOOSE_LINKS = "LtiDeepLinkingRequest"
REVIEW = "LtiSubmissionReviewRequest"

# What a link of ours carries in `custom`; the LMS fills the histories in where it knows them.
CONTENT_KEY = "blog"
COURSE_HISTORY = "context_id_history"
LINK_HISTORY = "resource_link_id_history"
HISTORIES = {COURSE_HISTORY: "$Context.id.history", LINK_HISTORY: "$ResourceLink.id.history"}

# What says which sections or groups of the course somebody is in; only some LMSs have such variables
# (`Family.section_variables`). Both are lists: ids with commas between, names as JSON.
SECTION_IDS = "section_ids"
SECTION_NAMES = "section_names"

_LONGEST_ID = 255
_LONGEST_HISTORY = 1_000  # as many as Canvas gives
_LONGEST_TEXT = 500
_LONGEST_LOCALE = 35  # RFC 5646, 4.4.1
_LONGEST_NAMES = 10_000
_MOST_SECTIONS = 100
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?")

Claims = Mapping[str, Any]


def check_launch(claims: Claims, target_link_uri: str, *, review_without_column: bool = False) -> None:
    """Raise LaunchRefused unless the claims are a whole message that the tool does, for the address the login named.

    `review_without_column`: whether this LMS sends a review without saying of which gradebook column.
    """
    message_type = claims.get(MESSAGE_TYPE)
    if not message_type or not isinstance(message_type, str):
        raise LaunchRefused(Reason.BAD_CLAIM, claim="message_type")
    if message_type not in (OPEN_LINK, CHOOSE_LINKS, REVIEW):
        raise LaunchRefused(Reason.UNKNOWN_MESSAGE, claim="message_type")
    if claims.get(VERSION) != "1.3.0":
        raise LaunchRefused(Reason.BAD_CLAIM, claim="version")
    identifier(claims, "sub")
    for name in (RESOURCE_LINK, CUSTOM, AGS, NRPS, LAUNCH_PRESENTATION, TOOL_PLATFORM):
        _object(claims, name)
    _check_context(claims)
    if message_type == CHOOSE_LINKS:
        _check_link_question(claims)
    else:
        _check_roles(claims.get(ROLES))
    if message_type == OPEN_LINK:
        identifier(_object(claims, RESOURCE_LINK, required=True), "id", "resource_link")
    if message_type == REVIEW:
        _check_review(claims, needs_column=not review_without_column)
    if claims.get(TARGET_LINK_URI) != target_link_uri:
        raise LaunchRefused(Reason.TARGET_MISMATCH, claim="target_link_uri")


def arrival_from(claims: Claims, platform: PlatformFacts, deployment_id: int) -> Arrival:
    """Return what checked claims say, in our words; what the LMS withheld or could not fill in is None."""
    context, link = _object(claims, CONTEXT), _object(claims, RESOURCE_LINK)
    roster, shown = _object(claims, NRPS), _object(claims, LAUNCH_PRESENTATION)
    roles = claims.get(ROLES) or []
    return Arrival(
        deployment_id=deployment_id,
        platform_id=platform.id,
        person_key=claims["sub"],
        name=_text(claims, "name"),
        given_name=_text(claims, "given_name"),
        family_name=_text(claims, "family_name"),
        email=_text(claims, "email"),
        role=course_role(roles),
        is_test=is_test_user(roles),
        # A launch without a course stands by itself.
        course_key=context.get("id") or f"link:{link.get('id', deployment_id)}",
        course_title=_text(context, "title") or "",
        course_label=_text(context, "label") or "",
        roster_address=roster_address(roster),
        frame_origins=_frame_origins(platform, claims),
        return_url=_safe_address(platform, _text(shown, "return_url", longest=2000)),
        wants=_wanted(claims, platform),
        sections=_sections(_object(claims, CUSTOM)),
        locale=_text(shown, "locale", longest=_LONGEST_LOCALE)
        or _text(claims, "locale", longest=_LONGEST_LOCALE)
        or "",
    )


def roster_address(roster: Claims) -> str | None:
    """Where the course's people are listed; None too if the LMS speaks no version of that service that we do."""
    versions = roster.get("service_versions")
    if isinstance(versions, list) and "2.0" not in versions:
        return None
    return _text(roster, "context_memberships_url", longest=2000)


def _wanted(claims: Claims, platform: PlatformFacts) -> OpenedLink | LinkQuestion | ReviewOf:
    if claims[MESSAGE_TYPE] == CHOOSE_LINKS:
        return _link_question(claims, platform)
    link, grades = _object(claims, RESOURCE_LINK), _object(claims, AGS)
    column = _text(grades, "lineitem", longest=2000)
    if claims[MESSAGE_TYPE] == REVIEW:
        person_key = _object(claims, FOR_USER)["user_id"]
        return ReviewOf(person_key=person_key, link_key=link.get("id"), column=column)
    review_key = parse_qs(urlsplit(claims[TARGET_LINK_URI]).query).get("review", [""])[0]
    if review_key:
        return ReviewOf(review_key=review_key)
    custom = _object(claims, CUSTOM)
    return OpenedLink(
        key=link["id"],
        title=_text(link, "title") or _text(_object(claims, CONTEXT), "title") or "Class blog",
        column=column,
        columns=_text(grades, "lineitems", longest=2000),
        scopes=tuple(scope for scope in _list(grades, "scope") if isinstance(scope, str)),
        content_key=_text(custom, CONTENT_KEY, longest=_LONGEST_ID),
        course_history=_history(custom, COURSE_HISTORY),
        link_history=_history(custom, LINK_HISTORY),
    )


def _link_question(claims: Claims, platform: PlatformFacts) -> LinkQuestion:
    settings = _object(claims, DEEP_LINKING)
    return_url = _safe_address(platform, settings["deep_link_return_url"])
    if return_url is None:
        raise LaunchRefused(Reason.BAD_CLAIM, claim="deep_link_return_url")
    data = settings.get("data")
    return LinkQuestion(
        return_url=return_url,
        data=data if isinstance(data, str) else None,
        takes_links="ltiResourceLink" in settings["accept_types"],
        takes_several=settings.get("accept_multiple") in (True, "true"),
        takes_columns=settings.get("accept_lineitem") not in (False, "false"),
    )


def _check_link_question(claims: Claims) -> None:
    """Roles may be missing here; the settings may not. Source: LTI Deep Linking 2.0, 4.4.1 and 4.4.9."""
    if claims.get(ROLES) is not None:
        _check_roles(claims[ROLES])
    settings = _object(claims, DEEP_LINKING, required=True)
    for name in ("accept_types", "accept_presentation_document_targets"):
        if not isinstance(settings.get(name), list):
            raise LaunchRefused(Reason.BAD_CLAIM, claim=name)
    if not isinstance(settings.get("deep_link_return_url"), str):
        raise LaunchRefused(Reason.BAD_CLAIM, claim="deep_link_return_url")
    for name in ("deep_link_return_url", "data"):  # both go back exactly as they came, or not at all
        text = settings.get(name)
        if isinstance(text, str) and _without_what_no_database_takes(text) != text:
            raise LaunchRefused(Reason.BAD_CLAIM, claim=name)


def _check_review(claims: Claims, *, needs_column: bool) -> None:
    """Whose work, and of which column or link. Source: LTI Assignment and Grade Services 2.0, 4.6."""
    identifier(_object(claims, FOR_USER, required=True), "user_id", "for_user")
    grades, link = _object(claims, AGS), _object(claims, RESOURCE_LINK)
    if _text(grades, "lineitem", longest=2000) is None and (needs_column or not link):
        raise LaunchRefused(Reason.BAD_CLAIM, claim="lineitem")
    if link:
        identifier(link, "id", "resource_link")


def _history(custom: Claims, name: str) -> tuple[str, ...]:
    """Ids that a copied course or link had before, newest first: a list with commas, each percent-encoded."""
    value = custom.get(name)
    if not isinstance(value, str) or value.startswith("$"):
        return ()
    ids = (unquote(part).strip() for part in value.split(",")[:_LONGEST_HISTORY])
    return tuple(one for one in ids if is_identifier(one))


def _sections(custom: Claims) -> tuple[Section, ...] | None:
    """The sections that somebody is in; None if the LMS was not asked, or could not fill it in.

    Nothing says that Canvas lists ids and names in the same order, so a name counts where there is one of each.
    """
    value = custom.get(SECTION_IDS)
    if not isinstance(value, str) or value.startswith("$"):
        return None
    ids = dict.fromkeys(part.strip() for part in value.split(",")[:_MOST_SECTIONS])
    keys = [key for key in ids if is_identifier(key) and key.isprintable()]
    names = _section_names(custom)
    name = names[0] if len(keys) == len(names) == 1 else ""
    return tuple(Section(key, name) for key in keys)


def _section_names(custom: Claims) -> list[str]:
    text = _text(custom, SECTION_NAMES, longest=_LONGEST_NAMES)
    try:
        listed = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    names = listed if isinstance(listed, list) else []
    return [" ".join(storable(name).split()) for name in names if isinstance(name, str) and name.strip()]


def product_family(claims: Claims) -> object:
    return _object(claims, TOOL_PLATFORM).get("product_family_code")


def _frame_origins(platform: PlatformFacts, claims: Claims) -> str:
    """The origins that may frame the blog, as one text: those this registration and this signed launch name.

    Hosted Canvas signs people in at one host and frames the tool at the institution's own.
    """
    settings = _object(claims, DEEP_LINKING) if claims[MESSAGE_TYPE] == CHOOSE_LINKS else {}
    signed = (
        _text(_object(claims, LAUNCH_PRESENTATION), "return_url", longest=2000),
        _text(_object(claims, NRPS), "context_memberships_url", longest=2000),
        _text(_object(claims, AGS), "lineitems", longest=2000),
        _text(settings, "deep_link_return_url", longest=2000),
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


def _check_roles(roles: object) -> None:
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
    return _without_what_no_database_takes(text).strip()


def _without_what_no_database_takes(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


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


def _safe_address(platform: PlatformFacts, address: str | None) -> str | None:
    """A web address that a page may lead to: https, or plain http where the LMS itself is registered so."""
    address = _web_address(address)
    if address is None or address.startswith("https:") or platform.authorize_url.startswith("http:"):
        return address
    return None
