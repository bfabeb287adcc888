"""How the class uses the blog: a teacher's page."""

from datetime import datetime

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.blog.class_settings import ClassSettings, change_settings, settings_of
from lti_tool.errors import Rejected
from lti_tool.identity.groups import groups_of
from lti_tool.models import Blog, BlogShape
from lti_tool.web.access import blueprint_for_visits, require_teacher, tool, visitor
from lti_tool.web.times import moment_from
from lti_tool.wording import say

room = blueprint_for_visits("class_settings", staff_only=True)
DATES = ("opens_at", "posts_due_at", "comments_due_at", "answers_due_at")


@room.get("/class")
def page() -> str:
    require_teacher()
    with tool().database.reading() as session:
        return _page(settings_of(session.get_one(Blog, visitor().blog_id)))


@room.post("/class")
def save() -> Response | tuple[str, int]:
    require_teacher()
    try:
        wanted = _from_form()
        with tool().database.writing() as session:
            change_settings(session, visitor().blog_id, wanted)
    except Rejected as problem:
        return _page(None, problem), 422
    return redirect(url_for("blog.home", all=1, done="class"), 303)


def _page(settings: ClassSettings | None, problem: Rejected | None = None) -> str:
    with tool().database.reading() as session:
        groups = len(groups_of(session, visitor().course_id))
    return render_template("blog/class.html", settings=settings, form=request.form, groups=groups, problem=problem)


def _from_form() -> ClassSettings:
    form = request.form
    owed = form.get("owed_comments", "").strip()
    if not owed.isdecimal() or len(owed) > 3:
        raise Rejected(
            say("How many comments each student owes is not a number."), say("Type a whole number, 0 for none.")
        )
    dates: dict[str, datetime | None] = {name: moment_from(form, name) for name in DATES}
    return ClassSettings(
        shape=BlogShape.STAFF if form.get("shape") == BlogShape.STAFF.value else BlogShape.CLASS,
        write_first="write_first" in form,
        names_hidden="names_hidden" in form,
        groups_apart="groups_apart" in form,
        owed_comments=int(owed),
        answers_owed="answers_owed" in form,
        **dates,
    )
