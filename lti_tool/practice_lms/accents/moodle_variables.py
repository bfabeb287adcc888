"""Moodle 4.5: custom parameters and the variables in them, as measured: strings, null, or the literal `$Name`."""

import re
from typing import TYPE_CHECKING

from ..course import Activity
from ..people import Person
from ..tools import RegisteredTool
from .moodle_addresses import lineitem_url, lineitems_url, roster_url
from .moodle_people import MAILED, NAMED

if TYPE_CHECKING:
    from ..school import PracticeSchool

USUAL_CUSTOM = {
    "context_history": "$Context.id.history",
    "person_name": "$Person.name.full",
    "person_email": "$Person.email.primary",
    "person_middle_name": "$Person.name.middle",
    "due_at": "$ResourceLink.submission.endDateTime",
    "link_history": "$ResourceLink.id.history",
    "user_username": "$User.username",
    "section_ids": "$Moodle.Person.userGroupIds",
}


def _of_person(school: "PracticeSchool", person: Person) -> dict[str, str | None]:
    """Names and address only as far as the tool is given them; username and school number leak (measured)."""
    privacy = school.privacy
    named, mailed = privacy in NAMED, privacy in MAILED
    return {
        "$User.id": person.moodle_id,
        "$User.username": person.key,
        "$Person.sourcedId": person.sourced_id,
        "$Person.name.full": person.name if named else None,
        "$Person.name.given": person.given_name if named else None,
        "$Person.name.family": person.family_name if named else None,
        "$Person.name.middle": None,
        "$Person.email.primary": person.email if mailed else None,
        "$Person.address.timezone": "99",
        "$Membership.role": "Instructor" if person.is_staff else "Learner",
        "$Moodle.Person.userGroupIds": "",
    }


def _lineitem(school: "PracticeSchool", activity: Activity, tool: RegisteredTool) -> str:
    own = [column.id for column in school.columns(activity.course_id) if column.activity_id == activity.id]
    course = school.course(activity.course_id)
    return lineitem_url(school, own[0], course=course, tool_number=tool.number) if activity.id and own else ""


def _of_link(school: "PracticeSchool", activity: Activity, tool: RegisteredTool) -> dict[str, str | None]:
    """While content is chosen there is no link yet: null."""
    return {
        "$ResourceLink.id": str(activity.id) if activity.id else None,
        "$ResourceLink.title": activity.title if activity.id else None,
        "$ResourceLink.description": activity.description if activity.id else None,
        "$LineItem.url": _lineitem(school, activity, tool),
    }


def _of_course(school: "PracticeSchool", activity: Activity, tool: RegisteredTool) -> dict[str, str | None]:
    course = school.course(activity.course_id)
    return {
        "$Context.id": course.moodle_id,
        "$Context.label": course.code,
        "$Context.title": course.title,
        "$Context.sourcedId": course.sis_id,
        "$Context.id.history": ",".join(source.moodle_id for source in school.sources_of(course)),
        "$CourseSection.sourcedId": course.sis_id,
        "$CourseSection.label": course.code,
        "$CourseSection.title": course.title,
        "$LineItems.url": lineitems_url(school, course, tool.number),
        "$ToolProxyBinding.memberships.url": roster_url(school, course, tool.number),
        "$Results.url": "",
        "$Scores.url": "",
        "$LtiLink.custom.url": "{link_id}",
    }


def custom(school: "PracticeSchool", tool: RegisteredTool, person: Person, activity: Activity) -> dict[str, str | None]:
    """Link-level, then tool-level: the tool wins. A name with capitals or signs is sent a second time without them."""
    known = _of_person(school, person) | _of_link(school, activity, tool) | _of_course(school, activity, tool)
    merged: dict[str, str | None] = {}
    for name, value in {**activity.custom, **tool.custom}.items():
        text = str(value)
        merged[name] = merged[re.sub(r"[^a-z0-9]", "_", name.lower())] = known.get(text, text)
    return merged | {"context_memberships_url": known["$ToolProxyBinding.memberships.url"]}
