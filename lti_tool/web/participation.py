"""A student's own page: the score, item by item, in the rule's own words."""

from flask import render_template

from lti_tool.errors import NotAllowed
from lti_tool.models import Role
from lti_tool.participation.marking import comments_by
from lti_tool.participation.scoring import rule_of, standing
from lti_tool.web.access import blueprint_for_visits, tool, visitor

room = blueprint_for_visits("participation")


@room.get("/my-participation")
def mine() -> str:
    who = visitor()
    if who.role is not Role.STUDENT:
        raise NotAllowed("Only students of this course have a participation score.", "Go back to the blog.")
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
        )
