"""Canvas: the addresses of its services. Without a course they speak of the one in the address being answered."""

from typing import TYPE_CHECKING

from ..course import Course
from ..people import Person
from ..places import here

if TYPE_CHECKING:
    from ..school import PracticeSchool

COURSES = "/api/lti/courses"
BASE = COURSES + "/<int:course_number>/line_items"
ROSTER = COURSES + "/<int:course_number>/names_and_roles"


def _course(school: "PracticeSchool", course: Course | None) -> str:
    return f"{school.public_url}{COURSES}/{(course or here()).number}"


def lineitems_url(school: "PracticeSchool", course: Course | None = None) -> str:
    return f"{_course(school, course)}/line_items"


def lineitem_url(school: "PracticeSchool", column_id: int, course: Course | None = None) -> str:
    return f"{_course(school, course)}/line_items/{column_id}"


def roster_url(school: "PracticeSchool", course: Course | None = None) -> str:
    return f"{_course(school, course)}/names_and_roles"


def result_url(school: "PracticeSchool", column_id: int, person: Person) -> str:
    return f"{lineitem_url(school, column_id)}/results/{9000 + person.number}"
