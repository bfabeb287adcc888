"""What teachers do to a course: copy it, duplicate an activity, publish an assignment."""

from typing import TYPE_CHECKING

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from .pages import from_elsewhere, staff
from .places import PAGES, here

if TYPE_CHECKING:
    from .school import PracticeSchool


def teaching_room(school: "PracticeSchool") -> Blueprint:
    """The buttons as a blueprint: forms only, each goes back to a course page."""
    blueprint = Blueprint("teaching", __name__)

    @blueprint.before_request
    def only_own_teachers() -> None:
        if from_elsewhere():
            abort(403)
        staff(school)

    def activity_id(number: int) -> int:
        if number not in {activity.id for activity in school.activities(here().id)}:
            abort(404)
        return number

    @blueprint.post(PAGES + "/copy")
    def copy() -> AnyResponse:
        course = school.copy_course(here().id)
        return redirect(url_for("pages.course", course_number=course.number), 303)

    @blueprint.post(PAGES + "/activities/<int:number>/duplicate")
    def duplicate(number: int) -> AnyResponse:
        school.duplicate_activity(activity_id(number))
        return redirect(url_for("pages.course"), 303)

    @blueprint.post(PAGES + "/activities/<int:number>/publish")
    def publish(number: int) -> AnyResponse:
        """`published=1` or `published=0`."""
        school.publish(activity_id(number), request.form.get("published") == "1")
        return redirect(url_for("pages.course"), 303)

    return blueprint
