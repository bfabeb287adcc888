"""Moodle 4.5: choosing content, as contentitem.php and contentitem_return.php of 4.5.6 were measured to do it."""

from typing import TYPE_CHECKING, Any

from ..content import SETTINGS, ContentItem, DeepLinkingOutcome, ItemRefused, outcome_of
from ..course import Activity, Course
from ..keys import Claims
from ..people import Person
from ..refusals import ShownByLms
from ..response_tokens import NotAToken, NotSigned, check_signature, unverified
from ..scopes import AGS_CLAIM, CLAIM
from ..tool_keys import NoToolKeys
from ..tools import DEEP_LINKING, RegisteredTool

if TYPE_CHECKING:
    from ..school import PracticeSchool

RETURN_PATH = "/mod/lti/contentitem_return.php"
LONGEST_TITLE = 255
DEFAULT_MAXIMUM = 100.0
LEFT_OUT = (CLAIM + "resource_link", "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome")
NOT_ALLOWED = "Sorry, but you do not currently have permissions to do that (Manage activities)."


def session_key(school: "PracticeSchool", person: Person) -> str:
    return school.digest(f"sesskey:{person.key}")[:10]


def person_with(school: "PracticeSchool", given: str) -> Person:
    """Whose session key came back."""
    for person in (*school.people, *school.others):
        if session_key(school, person) == given:
            return person
    raise ShownByLms(404, "Incorrect sesskey submitted, form not accepted!")


def may_choose(person: Person) -> None:
    """The login starts for anybody; only the answer says no to a student (measured)."""
    if not person.is_staff:
        raise ShownByLms(404, NOT_ALLOWED)


def claims(
    school: "PracticeSchool", tool: RegisteredTool, person: Person, course: Course, launched: dict[str, Any]
) -> Claims:
    """A launch without a link: no resource_link, no line item, and nothing of how it is shown but the language."""
    kept = {name: value for name, value in launched.items() if name not in LEFT_OUT}
    if AGS_CLAIM in kept:
        kept[AGS_CLAIM] = {name: value for name, value in kept[AGS_CLAIM].items() if name != "lineitem"}
    back = f"{school.public_url}{RETURN_PATH}?course={course.moodle_id}&id={tool.number}"
    return {
        **kept,
        CLAIM + "message_type": DEEP_LINKING,
        CLAIM + "target_link_uri": tool.deep_linking_url(),
        CLAIM + "launch_presentation": {"locale": school.locale},
        SETTINGS: {
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["frame", "iframe", "window"],
            "accept_copy_advice": False,
            "accept_multiple": True,
            "accept_unsigned": False,
            "auto_create": False,
            "can_confirm": False,
            "deep_link_return_url": f"{back}&sesskey={session_key(school, person)}",
            "title": tool.name,
            "text": "",
        },
    }


def _refused(words: str) -> DeepLinkingOutcome:
    return DeepLinkingOutcome(refusal=words, status=404)


def outcome(school: "PracticeSchool", token: str, course: Course) -> DeepLinkingOutcome:
    """Checked are iss, signature, and exp if there is one: not aud, nonce, deployment_id or message_type."""
    try:
        read = unverified(token)
        tool = school.tool_known_as(str(read.claims.get("iss", "")))
        if tool is None:
            return _refused("Consumer key is incorrect.")
        check_signature(school, tool, token, read.header)
    except (NotAToken, NotSigned, NoToolKeys) as problem:
        return _refused(f"Exception - {problem}")
    expires = read.claims.get("exp")
    if expires is not None and float(expires) <= school.clock().timestamp():
        return _refused("Exception - Expired token")
    return outcome_of(read.claims, course.id)


def activity_from(item: ContentItem, tool: RegisteredTool) -> Activity:
    """Every type becomes an activity. `lineItem.label` is ignored; without lineItem there is no column."""
    title = item.title or tool.name
    if len(title) > LONGEST_TITLE:
        raise ItemRefused(f"Maximum of {LONGEST_TITLE} characters")
    line = item.line_item
    return Activity(
        id=0,
        title=title,
        week="New activities",
        description=item.text,
        maximum=DEFAULT_MAXIMUM if line is None or line.maximum is None else line.maximum,
        course_id=item.course_id,
        url=item.url,
        custom=dict(item.custom),
        graded=line is not None,
        resource_id=line.resource_id if line else "",
        tag=line.tag if line else "",
        submission_review=line.submission_review if line else {},
    )
