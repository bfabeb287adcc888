"""More about one post or comment: report it; staff pin, close, hide, answer in private, and see what it said before."""

import secrets

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lti_tool.blog.comments import standing_comment
from lti_tool.blog.moderation import (
    deleted_texts,
    hide,
    lock,
    open_reports,
    pin,
    report,
    settle_report,
    show_again,
    versions,
)
from lti_tool.blog.posts import find_post, open_post
from lti_tool.blog.reading import comment_view
from lti_tool.errors import NotFound, Rejected
from lti_tool.models import Comment, Post
from lti_tool.participation.scoring import rescore
from lti_tool.web.access import blueprint_for_visits, done, require_staff, sight, tool, visitor
from lti_tool.wording import say

room = blueprint_for_visits("moderation")


@room.get("/posts/<int:number>/more")
def about_post(number: int) -> str:
    return _page(number, None)


@room.get("/posts/<int:number>/comments/<int:comment_number>/more")
def about_comment(number: int, comment_number: int) -> str:
    return _page(number, comment_number)


@room.post("/posts/<int:number>/report")
@room.post("/posts/<int:number>/comments/<int:comment_number>/report")
def report_it(number: int, comment_number: int | None = None) -> Response | tuple[str, int]:
    """Tell staff that something should not stand as it is."""
    try:
        with tool().database.writing() as session:
            post, comment = _rows(session, number, comment_number)
            report(session, post, comment, visitor().person_id, request.form.get("why", ""), tool().clock())
    except Rejected as problem:
        return _page(number, comment_number, problem), 422
    return _back(number, comment_number, "reported")


@room.post("/posts/<int:number>/hide")
@room.post("/posts/<int:number>/comments/<int:comment_number>/hide")
def hide_it(number: int, comment_number: int | None = None) -> Response | tuple[str, int]:
    """Hide something from all but its writer and staff; it counts for no score while it is hidden."""
    require_staff()
    who, now = visitor(), tool().clock()
    try:
        with tool().database.writing() as session:
            row = _row(session, number, comment_number)
            hide(session, row, who.person_id, request.form.get("why", ""), now)
            _rescore_writer(session, row)
    except Rejected as problem:
        return _page(number, comment_number, problem), 422
    tool().ring()
    return _back(number, comment_number, "hidden")


@room.post("/posts/<int:number>/show")
@room.post("/posts/<int:number>/comments/<int:comment_number>/show")
def show_it(number: int, comment_number: int | None = None) -> Response:
    require_staff()
    with tool().database.writing() as session:
        row = _row(session, number, comment_number)
        show_again(session, row)
        _rescore_writer(session, row)
    tool().ring()
    return _back(number, comment_number, "shown")


@room.post("/posts/<int:number>/pin")
@room.post("/posts/<int:number>/comments/<int:comment_number>/pin")
def pin_it(number: int, comment_number: int | None = None) -> Response:
    """Pin or unpin: `on` says which."""
    require_staff()
    with tool().database.writing() as session:
        pin(_row(session, number, comment_number), tool().clock(), on="on" in request.form)
    return _back(number, comment_number, "pinned" if "on" in request.form else "unpinned")


@room.post("/posts/<int:number>/lock")
def lock_it(number: int) -> Response:
    """Close or open the conversation under a post: `on` says which."""
    require_staff()
    with tool().database.writing() as session:
        lock(find_post(session, sight(session), number), tool().clock(), on="on" in request.form)
    return _back(number, None, "locked" if "on" in request.form else "unlocked")


@room.get("/reports")
def reports() -> str:
    require_staff()
    with tool().database.reading() as session:
        return render_template("moderation/reports.html", reports=open_reports(session, visitor().blog_id), done=done())


@room.post("/reports/<int:report_id>/settle")
def settle(report_id: int) -> Response:
    require_staff()
    who = visitor()
    with tool().database.writing() as session:
        settle_report(session, who.blog_id, report_id, who.person_id, tool().clock())
    return redirect(url_for("moderation.reports", done="settled"), 303)


def _page(number: int, comment_number: int | None, problem: Rejected | None = None) -> str:
    with tool().database.reading() as session:
        sees = sight(session)
        opened = open_post(session, sees, number)
        comment = None
        if comment_number is not None:
            comment = comment_view(session, opened.row, sees, comment_number)
            if comment is None or comment.is_deleted:
                raise NotFound(say("There is no such comment any more."), say("Go back to the post."))
        before = versions(session, _row(session, number, comment_number)) if sees.is_staff else ()
        deleted = deleted_texts(session, opened.row.id) if sees.is_staff and comment is None else ()
    return render_template(
        "moderation/more.html",
        post=opened.view,
        comment=comment,
        versions=before,
        deleted=deleted,
        problem=problem,
        why=request.form.get("why", ""),
        once=secrets.token_urlsafe(16),
    )


def _rows(session: Session, number: int, comment_number: int | None) -> tuple[Post, Comment | None]:
    sees = sight(session)
    post = find_post(session, sees, number)
    if comment_number is None:
        return post, None
    if comment_view(session, post, sees, comment_number) is None:
        raise NotFound(say("There is no such comment any more."), say("Go back to the post."))
    return post, standing_comment(session, post.id, comment_number)


def _row(session: Session, number: int, comment_number: int | None) -> Post | Comment:
    post, comment = _rows(session, number, comment_number)
    return comment or post


def _rescore_writer(session: Session, row: Post | Comment) -> None:
    session.flush()
    if row.author_id is not None:
        rescore(session, visitor().blog_id, row.author_id, tool().clock())


def _back(number: int, comment_number: int | None, word: str) -> Response:
    anchor = f"#c{comment_number}" if comment_number else ""
    return redirect(url_for("blog.post", number=number, at=comment_number, done=word) + anchor, 303)
