"""Scores from elsewhere: a teacher's file, what it would do, and setting just that."""

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.errors import Rejected
from lti_tool.participation.score_file import file_to_fill_in, read_scores, score_text
from lti_tool.participation.score_import import ScorePlan, apply_as_shown, people_to_score, plan_scores
from lti_tool.web.access import blueprint_for_visits, require_teacher, tool, visitor
from lti_tool.wording import say

room = blueprint_for_visits("score_file", staff_only=True)
_LARGEST_UPLOAD = 5_000_000  # what is shown comes back as UTF-8, which takes more bytes than the file may


@room.before_request
def let_teachers_in() -> None:
    require_teacher()
    request.max_content_length = request.max_form_memory_size = _LARGEST_UPLOAD


@room.get("/desk/scores")
def start() -> str:
    return _page("")


@room.post("/desk/scores")
def preview() -> str | tuple[str, int]:
    """Show what the file would do, problems first; nothing is stored."""
    upload, text = request.files.get("file"), request.form.get("text", "")
    try:
        if upload and upload.filename:
            text = score_text(upload.stream.read())
        file = read_scores(text)
    except Rejected as problem:
        return _page(text, problem), 422
    with tool().database.reading() as session:
        return _page(text, plan=plan_scores(session, visitor().blog_id, file, visitor().course_id))


@room.post("/desk/scores/set")
def set_them() -> Response | tuple[str, int]:
    """Set the scores as they were shown; if they would be others now, show those instead."""
    who, text, shown = visitor(), request.form.get("text", ""), request.form.get("shown", "")
    try:
        file = read_scores(text)
        with tool().database.writing() as session:
            changed = apply_as_shown(session, who.blog_id, who.course_id, file, shown, who.person_id, tool().clock())
    except Rejected as problem:
        return _page(text, problem), 422
    if changed is not None:
        since = Rejected(
            say("Nothing is set yet: the lines or the scores have changed since they were shown to you."),
            say("This is how it is now. Look it over, and set them then."),
        )
        return _page(text, since, changed), 409
    tool().ring()
    return redirect(url_for("desk.overview", done="scores"), 303)


@room.get("/desk/scores/fill-in.csv")
def fill_in() -> Response:
    """A file with the class's names, for points to be filled in."""
    with tool().database.reading() as session:
        people = people_to_score(session, visitor().blog_id, visitor().course_id)
    response = make_response(file_to_fill_in(people))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = "attachment; filename=points-to-fill-in.csv"
    return response


def _page(text: str, problem: Rejected | None = None, plan: ScorePlan | None = None) -> str:
    return render_template("desk/scores_file.html", text=text, problem=problem, plan=plan)
