"""Who owes what in a blog, for its staff: as a page and as a file."""

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from lti_tool.participation.duties import StudentDuties, class_duties
from lti_tool.participation.duty_file import duties_csv
from lti_tool.web.access import blueprint_for_visits, tool, visitor

room = blueprint_for_visits("duties", staff_only=True)


@room.get("/desk/duties")
def page() -> str:
    """Every student with what they have done and owe; `owing` leaves out who owes nothing."""
    lines = _lines()
    owing = [line for line in lines if not line.duties.is_done]
    only_owing = bool(request.args.get("owing"))
    return render_template(
        "desk/duties.html",
        lines=owing if only_owing else lines,
        only_owing=only_owing,
        owing=len(owing),
        all=len(lines),
    )


@room.get("/desk/duties.csv")
def as_csv() -> Response:
    """The same table for a spreadsheet, everybody in it."""
    response = make_response(duties_csv(_lines()))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = "attachment; filename=who-owes-what.csv"
    return response


def _lines() -> list[StudentDuties]:
    """Students whom the LMS lists no more owe nothing."""
    who = visitor()
    with tool().database.reading() as session:
        lines = class_duties(session, who.blog_id, tool().clock(), who.course_id)
    return [line for line in lines if not line.student.has_left]
