"""Canvas: choosing content, after lib/lti/deep_linking_data.rb, deep_linking_services.rb and the documentation."""

import uuid
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from ..content import SETTINGS, ContentItem, DeepLinkingOutcome, ItemRefused, outcome_of
from ..course import Activity, Course
from ..keys import Claims
from ..people import Person
from ..refusals import ShownByLms
from ..response_tokens import NotAToken, NotSigned, check_signature, unverified
from ..scopes import AGS_CLAIM, CLAIM
from ..tool_keys import NoToolKeys
from ..tools import DEEP_LINKING, RegisteredTool
from .canvas_placements import MAKES_ASSIGNMENTS, Placement, placement_named

if TYPE_CHECKING:
    from ..school import PracticeSchool

DATA_SECONDS = 3600
OLDEST_SECONDS, AHEAD_SECONDS = 300, 30
NEW_MODULE = "New Content From App"
NEEDS_MAXIMUM = "lineItem.scoreMaximum is a required field"
USED = "Do not attempt to submit content items multiple times."
MODIFIED = "Do not modify the deep_link_return_url in any way."


class Refused(Exception):
    """400 with JSON, which Canvas shows to the teacher as it is."""

    def __init__(self, field: str, kind: str, message: str = "", attribute: str = "") -> None:
        super().__init__(kind)
        entry = {"attribute": attribute or field, "type": kind, "message": message or kind}
        self.body = {"errors": {field: [entry]}}


def may_choose(person: Person, placement: str) -> None:
    """A submission is chosen by students, everything else by those who may add content."""
    if placement != "homework_submission" and not person.is_staff and person.role != "designer":
        raise ShownByLms(401, "Unauthorized")


def placement_or_refuse(name: str) -> Placement:
    placement = placement_named(name)
    if placement is None:
        raise ShownByLms(400, "Invalid placement")
    return placement


def _data(school: "PracticeSchool", person: Person, course: Course, placement: str) -> str:
    """The state of the dialogue, in the return address and not in a claim."""
    until = int(school.clock().timestamp()) + DATA_SECONDS
    claims = {"nonce": str(uuid.uuid4()), "person": person.key, "course": course.id, "placement": placement}
    return jwt.encode({"alg": "HS256"}, {**claims, "exp": until}, OctKey.import_key(school.secret))


def claims(
    school: "PracticeSchool",
    tool: RegisteredTool,
    person: Person,
    course: Course,
    placement: Placement,
    launched: dict[str, Any],
) -> Claims:
    """A launch without a link or an assignment; no `data`, no `accept_lineitem`."""
    kept = {name: value for name, value in launched.items() if name != CLAIM + "resource_link"}
    if AGS_CLAIM in kept:
        kept[AGS_CLAIM] = {name: value for name, value in kept[AGS_CLAIM].items() if name != "lineitem"}
    base = f"{school.public_url}/courses/{course.number}"
    back = f"{base}/deep_linking_response?data={_data(school, person, course, placement.name)}"
    presentation = {"document_target": "iframe", "locale": school.locale, "height": 800, "width": 1000}
    presentation["return_url"] = f"{base}/external_content/success/external_tool_dialog"
    return {
        **kept,
        CLAIM + "message_type": DEEP_LINKING,
        CLAIM + "target_link_uri": tool.deep_linking_url(placement.name),
        CLAIM + "launch_presentation": presentation,
        "https://www.instructure.com/placement": placement.name,
        SETTINGS: {
            "deep_link_return_url": back,
            "accept_types": list(placement.accept_types),
            "accept_presentation_document_targets": list(placement.targets),
            "accept_media_types": placement.media_types,
            "accept_multiple": placement.accept_multiple,
            "auto_create": placement.auto_create,
        },
    }


def state_in(school: "PracticeSchool", data: str | None) -> dict[str, Any]:
    """Who chose, where and for what: read out of the return address."""
    try:
        state = jwt.decode(data or "", OctKey.import_key(school.secret), algorithms=["HS256"]).claims
    except (JoseError, ValueError):
        raise Refused("data_jwt", "presence_required", MODIFIED, "?data=JWT") from None
    if "placement" not in state or float(state["exp"]) <= school.clock().timestamp():
        raise Refused("data_jwt", "presence_required", MODIFIED, "?data=JWT")
    return dict(state)


def _spent(school: "PracticeSchool", name: str) -> bool:
    """Whether this was used before; the first caller hears False. Remembered for an hour."""
    now = school.clock().timestamp()
    with school.store.writing() as db:
        db.execute("DELETE FROM seen_jtis WHERE expires_at < ?", (now,))
        return db.execute("INSERT OR IGNORE INTO seen_jtis VALUES (?, ?)", (name, now + DATA_SECONDS)).rowcount == 0


def _signed(school: "PracticeSchool", token: str) -> dict[str, Any]:
    try:
        read = unverified(token)
    except NotAToken:
        raise Refused("jwt", "JWT format is invalid") from None
    if read.header.get("alg") != "RS256":
        raise Refused("jwt", "JWT has unexpected alg")
    tool = school.tool_known_as(str(read.claims.get("iss", "")))
    if tool is None:
        raise Refused("jwt", "Client not found")
    if not tool.active:
        raise Refused("developer_key", "Developer key inactive in context")
    try:
        check_signature(school, tool, token, read.header)
    except (NotSigned, NoToolKeys):
        raise Refused("jwt", "JWT verification failure") from None
    return read.claims


def _check_claims(school: "PracticeSchool", sent: dict[str, Any]) -> None:
    """aud, iat, exp and nonce; deployment_id, data and message_type are not looked at."""
    now = school.clock().timestamp()
    if missing := [name for name in ("aud", "iat", "exp", "nonce") if not sent.get(name)]:
        raise Refused("base", f"the following assertions are missing: {','.join(missing)}")
    audience = sent["aud"] if isinstance(sent["aud"], list) else [sent["aud"]]
    if school.public_url not in audience:
        raise Refused("base", "the 'aud' is invalid")
    if not isinstance(sent["iat"], int | float) or not isinstance(sent["exp"], int | float):
        raise Refused("base", "the 'iat' and 'exp' must be numbers")
    if sent["exp"] <= now:
        raise Refused("base", "the JWT has expired")
    if sent["iat"] < now - OLDEST_SECONDS:
        raise Refused("base", "the 'iat' must be less than 5 minutes old")
    if sent["iat"] > now + AHEAD_SECONDS:
        raise Refused("base", "the 'iat' must not be in the future")


def outcome(school: "PracticeSchool", token: str, data: str | None) -> DeepLinkingOutcome:
    """The items, or the refusal as Canvas words it."""
    try:
        state = state_in(school, data)
        sent = _signed(school, token)
        _check_claims(school, sent)
        if _spent(school, f"deep-linking-data:{state['nonce']}"):
            raise Refused("data_jwt", "already_used", USED, "?data=JWT")
        if _spent(school, f"deep-linking-nonce:{sent['nonce']}"):
            raise Refused("base", "the 'nonce' has already been used")
    except Refused as refusal:
        return DeepLinkingOutcome(refusal=str(refusal), status=400, body=refusal.body)
    return outcome_of(sent, int(state["course"]), str(state["placement"]))


def problems_of(item: ContentItem) -> tuple[str, ...]:
    """What keeps an item from being made; the others are made all the same."""
    if item.type != "ltiResourceLink":
        return (f"{item.type or 'nothing'} makes no resource here",)
    return (NEEDS_MAXIMUM,) if item.line_item and item.line_item.maximum is None else ()


def activity_from(item: ContentItem, tool: RegisteredTool) -> Activity:
    """With lineItem an assignment, whose label overrides the title; all of it unpublished."""
    if problems := problems_of(item):
        raise ItemRefused("; ".join(problems))
    line = item.line_item
    return Activity(
        id=0,
        title=(line.label if line else "") or item.title or tool.name,
        week=item.module_name or NEW_MODULE,
        description=item.text,
        maximum=line.maximum if line and line.maximum is not None else 10.0,
        course_id=item.course_id,
        url=item.url,
        custom=dict(item.custom),
        graded=line is not None or item.placement in MAKES_ASSIGNMENTS,
        resource_id=line.resource_id if line else "",
        tag=line.tag if line else "",
        published=False,
    )
