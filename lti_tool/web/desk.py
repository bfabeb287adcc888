"""The teacher's desk: who did what, one comment after another to mark, corrections, and the rule."""

from dataclasses import asdict

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lti_tool.blog.posts import PostView, open_post, posts_by
from lti_tool.blog.reading import comment_view
from lti_tool.blog.views import CommentView
from lti_tool.errors import NotFound, Rejected
from lti_tool.gradebook.attempts import attempts_for
from lti_tool.gradebook.ledger import sync_progress_of
from lti_tool.models import Comment, Course
from lti_tool.participation.activity import Student, students_of
from lti_tool.participation.marking import (
    ToMark,
    comment_to_mark,
    comments_by,
    next_to_mark,
    progress,
    set_mark,
)
from lti_tool.participation.rules import RULES
from lti_tool.participation.rules.sheet import HIGHEST_MARK
from lti_tool.participation.scoring import change_rule, correct_score, excuse, rule_of, standing, standings
from lti_tool.web.access import blueprint_for_visits, require_teacher, sight, tool, visitor
from lti_tool.web.numbers import row_number
from lti_tool.wording import say

room = blueprint_for_visits("desk", staff_only=True)


@room.get("/desk")
def overview() -> str:
    """Every student with what they did and their score."""
    who = visitor()
    with tool().database.reading() as session:
        students = students_of(session, who.blog_id, who.course_id)
        where = standings(session, who.blog_id, who.course_id)
        return render_template(
            "desk/overview.html",
            rows=[(student, where[student.id]) for student in students],
            left=progress(session, who.blog_id, who.course_id),
            rule=rule_of(session, who.blog_id),
            sync=sync_progress_of(session, who.blog_id, who.course_id),
            roster_problem=session.get_one(Course, who.course_id).roster_problem,
        )


@room.get("/desk/queue")
def queue() -> str:
    """One comment with what it answers and the post at hand; `comment` names one, else the next without a mark."""
    who = visitor()
    asked = request.args.get("comment", type=row_number)
    with tool().database.reading() as session:
        if asked:
            item: ToMark | None = comment_to_mark(session, who.blog_id, asked, who.course_id)
        else:
            item = next_to_mark(session, who.blog_id, request.args.get("after", 0, type=row_number), who.course_id)
        return _queue_page(session, item)


@room.post("/desk/queue/<int:comment_id>")
def mark(comment_id: int) -> str | Response:
    """Store a mark and show the next comment: as a page, or only its part of the page for the page's script."""
    who = visitor()
    given = request.form.get("mark", "")
    if given not in {"", *map(str, range(HIGHEST_MARK + 1))}:
        raise Rejected(
            say("“%(given)s” is not a mark.", given=given[:20]), say("Choose 0 to %(most)s.", most=HIGHEST_MARK)
        )
    with tool().database.writing() as session:
        number = int(given) if given else None
        set_mark(session, who.blog_id, comment_id, who.person_id, number, request.form.get("feedback", ""),
                 tool().clock(), who.course_id)  # fmt: skip
    tool().ring()
    if request.headers.get("X-Requested-With") != "fetch":
        return redirect(url_for("desk.queue", after=comment_id), 303)
    with tool().database.reading() as session:
        return _queue_page(session, next_to_mark(session, who.blog_id, comment_id, who.course_id), part=True)


@room.get("/desk/people/<int:person_id>")
def person(person_id: int) -> str:
    """One student: the sum item by item, each comment, and the teacher's own score."""
    return _person_page(person_id)


@room.post("/desk/people/<int:person_id>/score")
def correct(person_id: int) -> Response | tuple[str, int]:
    """Set the teacher's own score, which wins over the rule, or excuse somebody; sent empty, it is taken back."""
    require_teacher()
    who, now = visitor(), tool().clock()
    points, reason = request.form.get("points", ""), request.form.get("reason", "")
    kept = "" if request.form.get("take_back") else points
    try:
        with tool().database.writing() as session:
            _student(session, person_id)
            if request.form.get("excuse"):
                excuse(session, who.blog_id, person_id, who.person_id, reason, now)
            else:
                correct_score(session, who.blog_id, person_id, who.person_id, kept, reason, now)
    except Rejected as problem:
        return _person_page(person_id, problem, points, reason), 422
    tool().ring()
    done = "excused" if request.form.get("excuse") else "saved" if kept.strip() else "back"
    return redirect(url_for("desk.person", person_id=person_id, done=done), 303)


@room.get("/desk/rule")
def rule() -> str:
    with tool().database.reading() as session:
        current = rule_of(session, visitor().blog_id)
    return render_template("desk/rule.html", rule=current, fields=asdict(current))


@room.post("/desk/rule")
def save_rule() -> Response | tuple[str, int]:
    """Change how participation is worked out; every score follows at once."""
    require_teacher()
    who = visitor()
    try:
        changed = RULES[0].from_fields(request.form)
    except ValueError as problem:
        with tool().database.reading() as session:
            current = rule_of(session, who.blog_id)
        return render_template("desk/rule.html", rule=current, fields=request.form, problem=problem.args[0]), 422
    with tool().database.writing() as session:
        change_rule(session, who.blog_id, changed, tool().clock())
    tool().ring()
    return redirect(url_for("desk.overview", done="rule"), 303)


def _queue_page(session: Session, item: ToMark | None, *, part: bool = False) -> str:
    who, sees = visitor(), sight(session)
    post: PostView | None = None
    parent: CommentView | None = None
    if item is not None:
        opened = open_post(session, sees, item.post_number)
        post = opened.view
        if item.answers_id is not None:
            answered = session.get_one(Comment, item.answers_id).number
            parent = comment_view(session, opened.row, sees, answered)
    return render_template(
        "desk/_queue.html" if part else "desk/queue.html",
        item=item,
        post=post,
        parent=parent,
        left=progress(session, who.blog_id, who.course_id),
        where=standing(session, who.blog_id, item.person_id) if item else None,
        marks=range(HIGHEST_MARK + 1),
    )


def _person_page(person_id: int, problem: Rejected | None = None, points: str | None = None, reason: str = "") -> str:
    who = visitor()
    with tool().database.reading() as session:
        return render_template(
            "desk/person.html",
            student=_student(session, person_id),
            where=standing(session, who.blog_id, person_id),
            comments=comments_by(session, who.blog_id, person_id),
            posts=posts_by(session, who.blog_id, person_id),
            rule=rule_of(session, who.blog_id),
            attempts=attempts_for(session, who.blog_id, person_id),
            problem=problem,
            points=points,
            reason=reason,
        )


def _student(session: Session, person_id: int) -> Student:
    for student in students_of(session, visitor().blog_id, visitor().course_id):
        if student.id == person_id:
            return student
    raise NotFound(say("There is no such student in this course."), say("Go back to the desk."))
