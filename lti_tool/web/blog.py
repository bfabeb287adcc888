"""The blog: its posts, one post with its thread, and writing."""

import secrets
from typing import Any

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lti_tool.blog.class_settings import may_post, settings_of
from lti_tool.blog.drafts import load_draft, place_of_post
from lti_tool.blog.moderation import count_reports
from lti_tool.blog.post_index import Which, only_post, post_list
from lti_tool.blog.posts import (
    find_post,
    open_post,
)
from lti_tool.blog.read_ranges import holds
from lti_tool.blog.reading import (
    Order,
    comment_view,
    comments_shown,
    keep_order,
    page_holding,
    path_of,
    pinned_comments,
    thread_page,
)
from lti_tool.blog.sight import Sight, has_commented
from lti_tool.blog.unread import mark_all_read, mark_read, ranges_read, unread, written_since
from lti_tool.blog.views import CommentView
from lti_tool.errors import NotFound, Rejected
from lti_tool.gradebook.ledger import sync_progress_of
from lti_tool.models import Blog, Post, Role
from lti_tool.participation.duties import duties_of, waiting_answers
from lti_tool.participation.marking import waiting_for_mark
from lti_tool.participation.planning import set_prompt
from lti_tool.participation.scoring import glance
from lti_tool.web.access import blueprint_for_visits, done, require_teacher, sight, tool, visitor
from lti_tool.web.numbers import row_number

room = blueprint_for_visits("blog")


@room.get("/")
def home() -> str | Response:
    """The one post of a blog, or the list of its posts; `all` asks for the list in any case."""
    who, which = visitor(), _which()
    with tool().database.reading() as session:
        sees = sight(session)
        number = only_post(session, sees)
        if number is not None and not sees.owes_post and "all" not in request.args:
            return redirect(url_for("blog.post", number=number, done=done() or None), 303)
        blog = session.get_one(Blog, who.blog_id)
        facts = {
            "title": blog.title,
            "prompt": blog.prompt_html,
            "settings": settings_of(blog),
            "owes_post": sees.owes_post,
            "which": which,
            "listed": post_list(session, sees, which, request.args.get("before", type=row_number)),
            "draft": load_draft(session, who.person_id, who.blog_id, place_of_post(None)),
            "waiting_for_author": waiting_answers(session, who.blog_id, sees),
            "may_post": may_post(blog, who.role),
        } | _summary(session, sees)
    return render_template("blog/home.html", **facts)


@room.get("/posts/<int:number>")
def post(number: int) -> str | Response:
    """One post and a page of its thread; `at` names a comment to show, `reply` one to answer.

    `next` leads to the first comment behind that one which is new to this person.
    """
    if "next" in request.args:
        return _next_unread(number)
    return post_page(number)


@room.get("/posts/<int:number>/news")
def news(number: int) -> dict[str, int]:
    """How many comments others have added since the page was read, as JSON for its script."""
    with tool().database.reading() as session:
        sees = sight(session)
        row = find_post(session, sees, number)
        return {"count": written_since(session, row, sees, request.args.get("since", 0, type=row_number))}


@room.post("/read")
def read_all() -> Response:
    """Note that this person wants nothing that stands in the blog now told as new."""
    with tool().database.writing() as session:
        mark_all_read(session, sight(session), tool().clock())
    return redirect(url_for("blog.home", all=1, done="read"), 303)


@room.get("/prompt")
def prompt() -> str:
    require_teacher()
    with tool().database.reading() as session:
        return render_template("blog/prompt.html", prompt=session.get_one(Blog, visitor().blog_id).prompt)


@room.post("/prompt")
def save_prompt() -> Response | tuple[str, int]:
    """Change what the blog asks of its writers."""
    require_teacher()
    text = request.form.get("prompt", "")
    try:
        with tool().database.writing() as session:
            set_prompt(session, visitor().blog_id, text)
    except Rejected as problem:
        return render_template("blog/prompt.html", prompt=text, problem=problem), 422
    return redirect(url_for("blog.home", done="prompt"), 303)


def post_page(number: int, problem: Rejected | NotFound | None = None, body: str = "") -> str:
    with tool().database.reading() as session:  # one transaction: the page shows one moment, and is read in one go
        sees = sight(session)
        facts = _read_post(session, sees, number) | _summary(session, sees)
    _note_reading(number, facts.pop("just_read"), _order_chosen())
    return render_template("blog/post.html", problem=problem, body=body, once=secrets.token_urlsafe(16), **facts)


def _note_reading(number: int, just_read: list[int] | None, chosen: Order | None) -> None:
    if just_read is None and chosen is None:
        return
    with tool().database.writing() as session:
        sees = sight(session)
        if just_read is not None:
            mark_read(session, sees.person_id, find_post(session, sees, number), just_read, tool().clock())
        if chosen is not None:
            keep_order(session, sees, chosen)


def _next_unread(number: int) -> Response:
    """Go to the first new comment behind the one named by `next`, or to the post if there is none."""
    with tool().database.reading() as session:
        sees = sight(session)
        row = find_post(session, sees, number)
        last = request.args.get("next", type=row_number)
        ranges = ranges_read(session, sees.person_id, row.id)
        found = unread(session, row, sees, ranges, path_of(session, row.id, last) if last else "").first
    return redirect(address_of(number, found) if found else url_for("blog.post", number=number, done="no-news"), 303)


def _read_post(session: Session, sees: Sight, number: int) -> dict[str, Any]:
    post = open_post(session, sees, number)
    shown = request.args.get("at", type=row_number) or request.args.get("reply", type=row_number)
    order = _order()
    cursor = request.args.get("after", "")
    if shown and comment_view(session, post.row, sees, shown):  # one they may not see moves no page
        order, cursor = Order.THREAD, page_holding(session, post.row.id, shown)
    page = thread_page(session, post.row, sees, cursor, order=order, read=post.read)
    just_read = page.numbers()
    return {
        "post": post.view,
        "page": page,
        "order": order,
        "is_first": not cursor,
        "posted": shown if done() == "posted" else None,
        "several": post.has_siblings,
        "prompt": post.prompt_html,
        "comments_shown": comments_shown(session, post.row, sees),
        "comment_first": sees.write_first and not has_commented(session, post.row.id, sees.person_id),
        "pinned": pinned_comments(session, post.row, sees) if post.has_pinned else (),
        "unread": unread(session, post.row, sees, post.read),
        "just_read": just_read if post.read is None or not all(holds(post.read, one) for one in just_read) else None,
        "reply": _comment_asked_for(session, post.row, sees, "reply")
        or _comment_asked_for(session, post.row, sees, "answers"),
    }


_PLACES = {"after", "at", "reply", "next"}  # an address that leads to a place in a thread says its order, or has none


def _order() -> Order:
    """How the address lays the thread out, else how this person chose to have it."""
    remembered = "" if _PLACES & request.args.keys() else visitor().thread_order
    return _order_called(request.args.get("view", remembered)) or Order.THREAD


def _order_chosen() -> Order | None:
    """The order that this person asks for and had not chosen before; going on in a thread chooses none."""
    asked = None if _PLACES & request.args.keys() else _order_called(request.args.get("view", ""))
    return None if asked is (_order_called(visitor().thread_order) or Order.THREAD) else asked


def _order_called(word: str) -> Order | None:
    try:
        return Order(word)
    except ValueError:
        return None


def _which() -> Which:
    try:
        return Which(request.args.get("which", ""))
    except ValueError:
        return Which.ALL


def _comment_asked_for(session: Session, post: Post, sees: Sight, name: str) -> CommentView | None:
    asked = request.values.get(name, type=row_number)
    return comment_view(session, post, sees, asked) if asked else None


def _summary(session: Session, sees: Sight) -> dict[str, Any]:
    """What stands above the thread: a student's own score, a teacher's work left."""
    who = visitor()
    if who.role.is_staff:
        return {
            "waiting": waiting_for_mark(session, who.blog_id, who.course_id),
            "sync": sync_progress_of(session, who.blog_id, who.course_id),
            "reports": count_reports(session, who.blog_id),
        }
    if who.role is Role.STUDENT:
        duties = duties_of(session, who.blog_id, who.person_id, tool().clock(), sees)
        return {"mine": glance(session, who.blog_id, who.person_id), "duties": duties}
    return {}


def address_of(post_number: int, comment_number: int, done: str | None = None) -> str:
    return url_for("blog.post", number=post_number, at=comment_number, done=done) + f"#c{comment_number}"
