"""Canvas: the addresses of its services."""

from typing import TYPE_CHECKING

from ..course import COURSE_ID
from ..people import Person

if TYPE_CHECKING:
    from ..school import PracticeSchool

BASE = f"/api/lti/courses/{COURSE_ID}/line_items"
ROSTER = f"/api/lti/courses/{COURSE_ID}/names_and_roles"


def lineitems_url(school: "PracticeSchool") -> str:
    return school.public_url + BASE


def lineitem_url(school: "PracticeSchool", column_id: int) -> str:
    return f"{school.public_url}{BASE}/{column_id}"


def roster_url(school: "PracticeSchool") -> str:
    return school.public_url + ROSTER


def result_url(school: "PracticeSchool", column_id: int, person: Person) -> str:
    return f"{lineitem_url(school, column_id)}/results/{9000 + person.number}"
