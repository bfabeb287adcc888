"""A student's own page: what is owed, and the score, item by item, in the rule's own words."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.errors import NotAllowed
from lti_tool.mailing.wishes import digest_wish, want_digest
from lti_tool.models import Role
from lti_tool.participation.duties import duties_of
from lti_tool.participation.marking import comments_by
from lti_tool.participation.scoring import rule_of, standing
from lti_tool.web.access import blueprint_for_visits, sight, tool, visitor
from lti_tool.wording import say

room = blueprint_for_visits("participation")


@room.before_request
def let_students_in() -> None:
    if visitor().role is not Role.STUDENT:
        raise NotAllowed(say("Only students of this course have a participation score."), say("Go back to the blog."))


@room.get("/my-participation")
def mine() -> str:
    who = visitor()
    with tool().database.reading() as session:
        feedback = {
            (comment.post_number, comment.number): comment.feedback
            for comment in comments_by(session, who.blog_id, who.person_id)
        }
        return render_template(
            "participation/mine.html",
            where=standing(session, who.blog_id, who.person_id),
            rule=rule_of(session, who.blog_id),
            feedback=feedback,
            duties=duties_of(session, who.blog_id, who.person_id, tool().clock(), sight(session)),
            digest=digest_wish(session, who.course_id, who.person_id, is_sent=tool().settings.sends_mail),
        )


@room.post("/my-participation/digest")
def choose_digest() -> Response:
    """Get the digest of this course by e-mail, or none."""
    who = visitor()
    with tool().database.writing() as session:
        want_digest(session, who.person_id, bool(request.form.get("wants")), who.course_id)
    return redirect(url_for("participation.mine", done="digest"), 303)
