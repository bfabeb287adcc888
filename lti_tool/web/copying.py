"""A copied link: the teacher chooses once what it is to be."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.errors import Rejected
from lti_tool.identity.copies import CopyUse, copy_question, settle_copy
from lti_tool.web.access import blueprint_for_visits, require_teacher, tool, visitor
from lti_tool.wording import say

room = blueprint_for_visits("copying")


@room.get("/copy")
def question() -> str | Response:
    require_teacher()
    with tool().database.reading() as session:
        asked = copy_question(session, visitor())
    if asked is None:
        return redirect(url_for("blog.home"), 303)
    return render_template("copying/question.html", asked=asked)


@room.post("/copy")
def settle() -> Response:
    use = next((use for use in CopyUse if use.value == request.form.get("use")), None)
    if use is None:
        raise Rejected(say("Nothing was chosen."), say("Go back and choose one."))
    with tool().database.writing() as session:
        settle_copy(session, visitor(), use, tool().clock())
    return redirect(url_for("blog.home", done=f"copy-{use.value}"), 303)
