"""Canvas: custom parameters and the variables in them. What it cannot expand arrives as the literal `$Name`."""

import json
from typing import TYPE_CHECKING

from ..course import Activity
from ..people import SECTIONS, Person
from ..tools import RegisteredTool

if TYPE_CHECKING:
    from ..school import PracticeSchool

USUAL_CUSTOM = {
    "canvas_user_id": "$Canvas.user.id",
    "canvas_course_id": "$Canvas.course.id",
    "canvas_assignment_id": "$Canvas.assignment.id",
    "context_id_history": "$Context.id.history",
    "link_history": "$ResourceLink.id.history",
    "section_ids": "$Canvas.course.sectionIds",
    "section_names": "$com.instructure.User.sectionNames",
    "assignment_points": "$Canvas.assignment.pointsPossible",
    "assignment_published": "$Canvas.assignment.published",
}


def assignment_id(activity: Activity) -> str:
    return str(8800 + activity.id)


def _of_assignment(activity: Activity) -> dict[str, str]:
    """Only an assignment has these: with a plain link, or while content is chosen, the literals arrive."""
    if not activity.graded:
        return {}
    return {
        "$Canvas.assignment.id": assignment_id(activity),
        "$Canvas.assignment.title": activity.title,
        "$Canvas.assignment.pointsPossible": f"{activity.maximum:g}",
        "$Canvas.assignment.published": "true" if activity.published else "false",
        "$com.instructure.Assignment.lti.id": activity.canvas_resource_link_id,
        "$com.instructure.Assignment.anonymous_grading": "false",
    }


def _known(school: "PracticeSchool", person: Person, activity: Activity) -> dict[str, str]:
    course = school.course(activity.course_id)
    history = ",".join(source.canvas_context_id for source in school.sources_of(course))
    link = activity.canvas_resource_link_id if activity.id else course.canvas_context_id
    sections = person.sections
    return {
        "$Canvas.user.id": str(5000 + person.number),
        "$User.id": person.canvas_id,
        "$User.username": person.email,
        "$Canvas.user.loginId": person.email,
        "$Person.name.full": person.name,
        "$Person.name.given": person.given_name,
        "$Person.name.family": person.family_name,
        "$Person.email.primary": person.email,
        "$Person.address.timezone": "America/New_York",
        "$Canvas.course.id": str(course.number),
        "$Canvas.course.sectionIds": ",".join(str(3000 + 300 * number + course.id) for number in sections),
        "$com.instructure.User.sectionNames": json.dumps([SECTIONS[number] for number in sections]),
        "$Canvas.api.domain": school.public_url.partition("://")[2],
        "$Canvas.user.prefersHighContrast": "false",
        "$Context.id": course.canvas_context_id,
        "$Context.title": course.title,
        "$CourseSection.title": course.title,
        "$Context.id.history": history,
        "$Canvas.course.previousContextIds": history.partition(",")[0],
        "$Canvas.course.previousContextIds.recursive": history,
        "$ResourceLink.id": link,
        "$ResourceLink.title": activity.title or course.title,
        "$Message.locale": "en",
        **_of_assignment(activity),
    }


def custom(school: "PracticeSchool", tool: RegisteredTool, person: Person, activity: Activity) -> dict[str, str]:
    """Tool-level, then link-level: the link wins. All values are strings."""
    known = _known(school, person, activity)
    merged = {name: str(value) for name, value in {**tool.custom, **activity.custom}.items()}
    return {name: known.get(value, value) for name, value in merged.items()}
