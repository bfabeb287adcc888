"""Pages on which somebody's work is looked at: Moodle's grade analysis, Canvas's SpeedGrader and submission details."""

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, abort, render_template, request, url_for

from .catalogue import NotHere
from .course import Activity
from .gradebook import Grade
from .launches import opening
from .pages import FRAME_ALLOWS
from .pending_launches import Launch
from .people import Person
from .places import PAGES, here
from .reviews import submission_url
from .visitors import signed_in

if TYPE_CHECKING:
    from .school import PracticeSchool


def _visitor(school: "PracticeSchool", named: str | None = None) -> Person:
    return signed_in(school, named) or abort(403)


def _activity(school: "PracticeSchool", activity_id: int) -> Activity:
    activity = school.activity(activity_id)
    return activity if activity.course_id == here().id else abort(404)


def _page(activity: Activity, person: Person, source: str, words: str, grade: Grade | None = None) -> str:
    shown = {"item": activity, "person": person, "source": source, "words": words, "grade": grade}
    return render_template("review.html", allow=FRAME_ALLOWS, **shown)


def _submission_page(school: "PracticeSchool", activity_id: int, person: Person, visitor: Person, words: str) -> str:
    """The frame with the stored address, or “No preview available”."""
    activity = _activity(school, activity_id)
    url, source = submission_url(school, activity.id, person.key), ""
    if url:
        asked = {"display": "borderless", "assignment_id": activity.id, "url": url, "as": visitor.key}
        source = f"{url_for('reviews.retrieve')}?{urlencode(asked)}"
    grade = school.grade(school.column_of(activity.id).id, person.key)
    return _page(activity, person, source, words, grade)


def review_room(school: "PracticeSchool") -> Blueprint:
    """The pages as a blueprint; each LMS has its own."""
    blueprint = Blueprint("reviews", __name__)
    add = _add_canvas_pages if school.accent.name == "canvas" else _add_moodle_pages
    add(blueprint, school)

    @blueprint.errorhandler(NotHere)
    def not_here(_problem: NotHere) -> Response:
        return Response(render_template("not_available.html", status=404), 404)

    return blueprint


def _gradable(school: "PracticeSchool", key: str) -> Person:
    people = (*school.people, *school.others)
    return next((person for person in people if person.key == key and person.is_gradable), None) or abort(404)


def _add_canvas_pages(blueprint: Blueprint, school: "PracticeSchool") -> None:
    @blueprint.get(PAGES + "/gradebook/speed_grader")
    def speed_grader() -> str:
        """For staff: `assignment_id` is the activity's number, `student` somebody's key."""
        visitor = _visitor(school)
        if not visitor.is_staff:
            abort(403)
        person = _gradable(school, request.args.get("student", ""))
        return _submission_page(school, request.args.get("assignment_id", 0, int), person, visitor, "SpeedGrader")

    @blueprint.get(PAGES + "/assignments/<int:activity_id>/submissions/<key>")
    def submission(activity_id: int, key: str) -> str:
        """Students look at what they handed in themselves by the very address that SpeedGrader opens."""
        visitor = _visitor(school)
        if visitor.key != key and not visitor.is_staff:
            abort(403)
        return _submission_page(school, activity_id, _gradable(school, key), visitor, "Submission details")

    @blueprint.get(PAGES + "/external_tools/retrieve")
    def retrieve() -> Response:
        """A launch to the address given, for any tool that has an address on that host."""
        visitor = _visitor(school, request.args.get("as"))
        url, activity_id = request.args.get("url", ""), request.args.get("assignment_id", 0, int)
        hosts = {urlsplit(tool.launch_url).netloc for tool in school.tools()}
        if urlsplit(url).netloc not in hosts or school.activity_numbered(activity_id) is None:
            words = "Couldn't find valid settings for this link"
            return Response(render_template("refused.html", words=words), 404)
        return opening(school, Launch(visitor.key, activity_id, "iframe", target_link_uri=url))


def _add_moodle_pages(blueprint: Blueprint, school: "PracticeSchool") -> None:
    def asked_for() -> Person:
        return school.person_with_sub(request.args.get("user", "")) or abort(404)

    @blueprint.get(PAGES + "/activities/<int:activity_id>/review")
    def review(activity_id: int) -> str:
        """Moodle's `view.php?action=gradeReport&user=7`."""
        visitor, person = _visitor(school), asked_for()
        asked = {"as": visitor.key, "user": school.sub_of(person.key)}
        source = f"{url_for('reviews.grade_report', activity_id=activity_id)}?{urlencode(asked)}"
        return _page(_activity(school, activity_id), person, source, "Grade analysis")

    @blueprint.get(PAGES + "/activities/<int:activity_id>/grade-report")
    def grade_report(activity_id: int) -> Response:
        """Moodle's `launch.php?action=gradeReport&user=7`, which asks nobody who they are to look at user 7."""
        visitor = _visitor(school, request.args.get("as"))
        activity = _activity(school, activity_id)
        return opening(school, Launch(visitor.key, activity.id, "iframe", review_of=asked_for().key))
