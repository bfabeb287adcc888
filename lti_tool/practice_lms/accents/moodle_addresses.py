"""Moodle 4.5: the addresses of its services. `type_id` and `bindings` name the tool.

Without a course or a tool they speak of those in the address of the service call being answered.
"""

from typing import TYPE_CHECKING

from flask import request

from ..course import Course
from ..places import here

if TYPE_CHECKING:
    from ..school import PracticeSchool

SERVICES = "/mod/lti/services.php"
ITEMS = SERVICES + "/<moodle_course>/lineitems"
ROSTER = SERVICES + "/CourseSection/<moodle_course>/bindings/<int:tool_number>/memberships"


def asking_tool() -> int:
    """The number of the tool in this call's address; it may be left out."""
    number = (request.view_args or {}).get("tool_number") or request.args.get("type_id", "1").partition("/")[0]
    return int(number) if str(number).isdecimal() else 0


def _items(school: "PracticeSchool", course: Course | None) -> str:
    return f"{school.public_url}{SERVICES}/{(course or here()).moodle_id}/lineitems"


def lineitems_url(school: "PracticeSchool", course: Course | None = None, tool_number: int | None = None) -> str:
    return f"{_items(school, course)}?type_id={tool_number or asking_tool()}"


def lineitem_url(
    school: "PracticeSchool",
    column_id: int,
    below: str = "",
    course: Course | None = None,
    tool_number: int | None = None,
) -> str:
    """A line item's address; `/scores` and `/results` go before the question mark."""
    return f"{_items(school, course)}/{column_id}/lineitem{below}?type_id={tool_number or asking_tool()}"


def roster_url(school: "PracticeSchool", course: Course | None = None, tool_number: int | None = None) -> str:
    binding = f"/CourseSection/{(course or here()).moodle_id}/bindings/{tool_number or asking_tool()}/memberships"
    return school.public_url + SERVICES + binding
