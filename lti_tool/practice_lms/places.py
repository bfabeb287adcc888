"""Which course an address is about: the course number goes in and out of every address by itself."""

from typing import TYPE_CHECKING, Any

from flask import Flask, abort, g, request

from .course import FIRST_COURSE, Course

if TYPE_CHECKING:
    from .school import PracticeSchool

PAGES = "/courses/<int:course_number>"


def here() -> Course:
    """The course that the address of this request names, else the first one; a page that is not there if unknown."""
    course: Course | None = g.get("course", FIRST_COURSE)
    return course if course is not None else abort(404)


def keep_courses_in_addresses(app: Flask, school: "PracticeSchool") -> None:
    """`course_number` and `moodle_course` are read before any view, and filled in by `url_for`."""

    @app.url_value_preprocessor
    def read(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        number, moodle_id = (values or {}).pop("course_number", None), (values or {}).pop("moodle_course", None)
        if number is not None or moodle_id is not None:
            places = (course for course in school.courses() if number == course.number or moodle_id == course.moodle_id)
            g.course = next(places, None)

    @app.before_request
    def pages_need_their_course() -> None:
        """Services say in their own way that a course is not there."""
        if request.path.startswith("/courses/"):
            here()

    @app.url_defaults
    def fill_in(endpoint: str, values: dict[str, Any]) -> None:
        if "course_number" not in values and app.url_map.is_endpoint_expecting(endpoint, "course_number"):
            values["course_number"] = (g.get("course") or FIRST_COURSE).number
