"""The pages people see: signing in, the course, an activity in its frame, and the gradebook."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from .course import FIRST_COURSE, Activity
from .deep_linking import draft_named
from .gradebook import BY_TOOL, Column, Grade
from .options import LOCALES
from .people import Person
from .places import PAGES, here
from .visitors import sign_in, signed_in

if TYPE_CHECKING:
    from .school import PracticeSchool

FRAME_ALLOWS = "microphone; camera; geolocation; midi; encrypted-media; autoplay"
BLOCKED_STORAGE = "allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox"


@dataclass(frozen=True)
class Cell:
    """One cell of the gradebook as it is shown."""

    column: Column
    person: Person
    grade: Grade | None
    changed_by: str

    @property
    def is_empty(self) -> bool:
        return self.grade is None or (self.grade.score is None and not self.grade.comments)


def from_elsewhere() -> bool:
    """Whether a browser says that another site's page sent this form."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


def _local(path: str) -> str:
    """A path of this site to go back to; anything else becomes the course page."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if safe else url_for("pages.course")


def _changed_by(school: "PracticeSchool", grade: Grade | None) -> str:
    if grade is None or grade.changed_by == BY_TOOL:
        return "Class blog (tool)"
    return school.person(grade.changed_by).name


def _rows(school: "PracticeSchool", columns: list[Column], people: list[Person]) -> list[tuple[Person, list[Cell]]]:
    grades = {column.id: school.grades(column.id) for column in columns}
    rows = []
    for person in people:
        mine = [(column, grades[column.id].get(person.key)) for column in columns]
        rows.append((person, [Cell(column, person, grade, _changed_by(school, grade)) for column, grade in mine]))
    return rows


def _visitor(school: "PracticeSchool") -> Person:
    person = signed_in(school)
    if person is None:
        abort(redirect(url_for("pages.front", next=request.full_path.rstrip("?"))))
    return person


def staff(school: "PracticeSchool") -> Person:
    """The teacher who looks at this page; others are shown out."""
    person = _visitor(school)
    if not person.is_staff:
        abort(403)
    return person


def _activity(school: "PracticeSchool", activity_id: int, visitor: Person) -> Activity:
    return next((item for item in _shown(school, visitor) if item.id == activity_id), None) or abort(404)


def _shown(school: "PracticeSchool", visitor: Person | None) -> list[Activity]:
    """The activities of the course that this visitor sees: unpublished ones are for staff."""
    course = g.get("course") or FIRST_COURSE
    staff = visitor is not None and visitor.is_staff
    return [activity for activity in school.activities(course.id) if activity.published or staff]


def _typed_score(text: str) -> tuple[float | None, str]:
    """The number a teacher typed, or the sentence that says what is wrong with it."""
    try:
        score = float(text.replace(",", "."))
    except ValueError:
        return None, "Please type a number, for example 7.5."
    if not 0 <= score <= 1000:
        return None, "Please type a number between 0 and 1000."
    return score, ""


def page_room(school: "PracticeSchool") -> Blueprint:
    """The pages as a blueprint."""
    blueprint = Blueprint("pages", __name__)

    @blueprint.app_context_processor
    def surroundings() -> dict[str, Any]:
        return {
            "visitor": signed_in(school),
            "courses": school.courses(),
            "people": school.people,
            "others": school.others,
            "product": school.accent.product,
            "activities": _shown(school, signed_in(school)),
            "course_title": (g.get("course") or FIRST_COURSE).title,
            "course_code": (g.get("course") or FIRST_COURSE).code,
        }

    @blueprint.before_app_request
    def only_own_forms() -> None:
        if request.blueprint in ("pages", "practice") and request.method == "POST" and from_elsewhere():
            abort(403)

    @blueprint.app_errorhandler(403)
    @blueprint.app_errorhandler(404)
    def not_available(problem: Any) -> tuple[str, int]:
        return render_template("not_available.html", status=problem.code), problem.code

    _add_course_pages(blueprint, school)
    _add_gradebook_pages(blueprint, school)
    return blueprint


def _add_course_pages(blueprint: Blueprint, school: "PracticeSchool") -> None:
    @blueprint.get("/")
    def front() -> str:
        back = _local(request.args.get("next", ""))
        return render_template("front.html", back=back, locales=LOCALES, locale=school.locale)

    @blueprint.post("/language")
    def language() -> AnyResponse:
        if request.form.get("locale") not in LOCALES:
            abort(400)
        school.locale = request.form["locale"]
        return redirect(url_for("pages.front"), 303)

    @blueprint.post("/view-as")
    def view_as() -> AnyResponse:
        person = signed_in(school, request.form.get("person")) or abort(400)
        return sign_in(redirect(_local(request.form.get("next", "")), 303), person)

    @blueprint.get(PAGES)
    def course() -> str:
        _visitor(school)
        said = draft_named(school, request.args.get("said", ""))
        return render_template("course.html", said=said)

    @blueprint.get(PAGES + "/assignments")
    def assignments() -> AnyResponse:
        """Where Canvas's return_url points."""
        return redirect(url_for("pages.course"))

    @blueprint.get(PAGES + "/activities/<int:activity_id>")
    def activity(activity_id: int) -> str:
        visitor = _visitor(school)
        activity = _activity(school, activity_id, visitor)
        sandbox = BLOCKED_STORAGE if request.args.get("sandbox") == "1" else None
        source = f"{url_for('launches.start', activity_id=activity_id)}?as={visitor.key}"
        as_student = request.args.get("as_student") == "1"
        source += "&as_student=1" if as_student else ""
        page = {"activity": activity, "source": source, "allow": FRAME_ALLOWS, "sandbox": sandbox}
        return render_template("activity.html", **page, as_student=as_student)


def _add_gradebook_pages(blueprint: Blueprint, school: "PracticeSchool") -> None:
    @blueprint.get(PAGES + "/grades")
    def grades() -> str:
        visitor = _visitor(school)
        columns = [column for column in school.columns(here().id) if column.in_gradebook]
        shown = list(school.students_in(here().id)) if visitor.is_staff else [visitor]
        return render_template("grades.html", columns=columns, rows=_rows(school, columns, shown))

    def cell(column_id: int, key: str) -> Cell:
        column = next((column for column in school.columns(here().id) if column.id == column_id), None) or abort(404)
        person = next((person for person in school.students_in(here().id) if person.key == key), None) or abort(404)
        grade = school.grade(column_id, key)
        return Cell(column, person, grade, _changed_by(school, grade))

    @blueprint.get(PAGES + "/grades/<int:column_id>/<key>")
    def grade(column_id: int, key: str) -> str:
        staff(school)
        return render_template("grade.html", cell=cell(column_id, key), typed=None, problem="")

    @blueprint.post(PAGES + "/grades/<int:column_id>/<key>")
    def change_grade(column_id: int, key: str) -> AnyResponse:
        teacher, shown, typed = staff(school), cell(column_id, key), request.form.get("score", "").strip()
        done = redirect(f"{url_for('pages.grades')}#{key}", 303)
        if request.form.get("do") == "clear" or not typed:
            school.set_grade_by_hand(column_id, key, None, by=teacher.key)
            return done
        score, problem = _typed_score(typed)
        if problem:
            return Response(render_template("grade.html", cell=shown, typed=typed, problem=problem), 422)
        school.set_grade_by_hand(column_id, key, score, request.form.get("comment", "").strip(), teacher.key)
        school.lock_grade(column_id, key, "locked" in request.form)
        return done
