"""Who may open an activity. Who may not sees a page of the LMS; the tool, asked to log them in, never hears of it."""

from typing import TYPE_CHECKING

from .people import Person
from .refusals import ShownByLms

if TYPE_CHECKING:
    from .school import PracticeSchool

NOT_YOURSELF = "You cannot enrol yourself in this course."
NO_GUESTS = "Guests cannot access this course. Please log in."
HIDDEN = "Sorry, this activity is currently hidden"
UNAUTHORIZED = "Unauthorized: you are not in this course"


def admit(school: "PracticeSchool", person: Person, course_id: int = 1) -> None:
    """Let somebody pass at the authentication endpoint, or show why not.

    Moodle (measured): launch.php asks nobody, auth.php leads strangers to the enrolment page. A suspended student
    gets in where guests may look at the course; guests themselves never do.
    """
    gone = school.enrolment.is_gone(person) or school.is_left_out(course_id, person)
    if school.accent.name == "canvas":
        if gone:
            raise ShownByLms(401, UNAUTHORIZED)
        return
    if person.suspended and school.guests_allowed:
        return
    if person.role == "visitor" and school.guests_allowed:
        raise ShownByLms(200, HIDDEN)
    if person.key == "guest":
        raise ShownByLms(200, NO_GUESTS)
    if gone or person.suspended or person.role == "visitor":
        raise ShownByLms(200, NOT_YOURSELF)
