"""Who is looking at the practice LMS: a plain cookie says so, and anyone may be anyone."""

from typing import TYPE_CHECKING

from flask import request
from werkzeug.wrappers import Response

from .people import Person

if TYPE_CHECKING:
    from .school import PracticeSchool

COOKIE = "practice_lms_person"


def signed_in(school: "PracticeSchool", named: str | None = None) -> Person | None:
    """The person named, else the one in the cookie."""
    key = named or request.cookies.get(COOKIE, "")
    return next((person for person in (*school.people, *school.others) if person.key == key), None)


def sign_in(response: Response, person: Person) -> Response:
    response.set_cookie(COOKIE, person.key, httponly=True, samesite="Lax", max_age=30 * 24 * 3600)
    return response
