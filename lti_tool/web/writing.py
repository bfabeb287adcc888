"""Writing: comments and posts sent, changed and taken back."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lti_tool.blog.class_settings import require_open, require_post_writer
from lti_tool.blog.comments import (
    Draft,
    add_comment,
    delete_comment,
    edit_comment,
    lock_thread,
    own_comment,
    require_writer,
)
from lti_tool.blog.drafts import drop_draft, place_of_comment, place_of_edit, place_of_post
from lti_tool.blog.editing import edition, require_unchanged
from lti_tool.blog.mentions import note_mentions
from lti_tool.blog.posts import (
    PostDraft,
    add_post,
    edit_post,
    find_post,
    open_post,
    publish_again,
    require_author,
    require_unlocked,
    withdraw_post,
)
from lti_tool.errors import NotFound, Rejected
from lti_tool.models import Blog, Post
from lti_tool.participation.scoring import rescore
from lti_tool.web.access import blueprint_for_visits, sight, tool, visitor
from lti_tool.web.blog import address_of, post_page
from lti_tool.web.numbers import row_number

room = blueprint_for_visits("writing")
SAME_WORDS_WITHIN = timedelta(minutes=10)


@room.post("/posts/<int:number>/comments")
def comment(number: int) -> Response | tuple[str, int]:
    who, now = visitor(), tool().clock()
    require_writer(who.role)
    answers = request.form.get("answers", type=row_number)
    once = request.form.get("once") or secrets.token_urlsafe(16)
    try:
        with tool().database.writing() as session:
            sees = sight(session)
            post_row = find_post(session, sees, number)
            require_unlocked(post_row, sees)
            require_open(session.get_one(Blog, who.blog_id), who.role, now)
            draft = Draft(
                request.form.get("body", ""),
                once[:64],
                who.person_id,
                answers,
                private=who.role.is_staff and "private" in request.form,
                unless_said_since=now - SAME_WORDS_WITHIN,
            )
            added = add_comment(session, post_row.id, draft, now, sees)
            note_mentions(session, sees, added.id)
            _drop_draft(session, place_of_comment(number, answers))
    except (Rejected, NotFound) as problem:
        return post_page(number, problem=problem, body=request.form.get("body", "")), 422
    return redirect(address_of(number, added.number, done="posted"), 303)


@room.get("/posts/<int:number>/comments/<int:comment_number>/edit")
def edit(number: int, comment_number: int) -> str:
    who = visitor()
    with tool().database.reading() as session:
        post_row = find_post(session, sight(session), number)
        row = own_comment(session, post_row.id, comment_number, who.person_id)
        return _edit_page(number, comment_number, row.body, edition(row.edited_at))


@room.post("/posts/<int:number>/comments/<int:comment_number>/edit")
def save_edit(number: int, comment_number: int) -> Response | tuple[str, int]:
    who, body = visitor(), request.form.get("body", "")
    try:
        with tool().database.writing() as session:
            sees = sight(session)
            post_row = find_post(session, sees, number)
            require_unlocked(post_row, sees)
            post_id = post_row.id
            lock_thread(session, post_id)
            row = own_comment(session, post_id, comment_number, who.person_id)
            require_unchanged(row.edited_at, request.form.get("edited_at"), row.body, body)
            edit_comment(session, post_id, comment_number, who.person_id, body, tool().clock())
            note_mentions(session, sees, row.id)
            _drop_draft(session, place_of_edit(number, comment_number))
    except Rejected as problem:
        return _edit_page(number, comment_number, body, request.form.get("edited_at"), problem), 422
    return redirect(address_of(number, comment_number), 303)


@room.post("/posts/<int:number>/comments/<int:comment_number>/delete")
def delete(number: int, comment_number: int) -> Response:
    who, now = visitor(), tool().clock()
    with tool().database.writing() as session:
        post_id = find_post(session, sight(session), number).id
        delete_comment(session, post_id, comment_number, who.person_id, now)
        session.flush()
        rescore(session, who.blog_id, who.person_id, now)
    tool().ring()
    return redirect(url_for("blog.post", number=number, done="deleted") + "#comments", 303)


@room.get("/posts/new")
def write() -> str:
    who = visitor()
    with tool().database.reading() as session:
        require_post_writer(session.get_one(Blog, who.blog_id), who.role)
    return render_template("blog/write.html", once=secrets.token_urlsafe(16), fields={}, number=None)


@room.post("/posts/new")
def publish() -> Response | tuple[str, int]:
    who, now = visitor(), tool().clock()
    try:
        with tool().database.writing() as session:
            blog = session.get_one(Blog, who.blog_id)
            require_post_writer(blog, who.role)
            require_open(blog, who.role, now)
            row = add_post(session, who.blog_id, _draft_from_form(), now)
            number = row.number
            rescore(session, who.blog_id, who.person_id, now)
            _drop_draft(session, place_of_post(None))
    except Rejected as problem:
        page = render_template(
            "blog/write.html", once=request.form.get("once"), fields=request.form, number=None, problem=problem
        )
        return page, 422
    tool().ring()
    return redirect(url_for("blog.post", number=number), 303)


@room.get("/posts/<int:number>/edit")
def edit_own_post(number: int) -> str:
    who = visitor()
    with tool().database.reading() as session:
        view = open_post(session, sight(session), number).view
    require_author(view.author.id, who.person_id)
    fields = {
        "title": view.title, "subtitle": view.subtitle, "body": view.body, "sources": "\n".join(view.source_lines),
    }  # fmt: skip
    edited_at = edition(view.edited_at)
    return render_template("blog/write.html", once="", fields=fields, number=number, edited_at=edited_at)


@room.post("/posts/<int:number>/edit")
def save_own_post(number: int) -> Response | tuple[str, int]:
    try:
        with tool().database.writing() as session:
            row, draft = find_post(session, sight(session), number), _draft_from_form()
            require_unchanged(row.edited_at, request.form.get("edited_at"), _whole(row), _whole(draft))
            edit_post(session, row, draft, tool().clock())
            _drop_draft(session, place_of_post(number))
    except Rejected as problem:
        page = render_template(
            "blog/write.html",
            once="",
            fields=request.form,
            number=number,
            edited_at=request.form.get("edited_at"),
            problem=problem,
        )
        return page, 422
    return redirect(url_for("blog.post", number=number), 303)


@room.post("/posts/<int:number>/withdraw")
def withdraw(number: int) -> Response:
    """Take one's own post back."""
    return _change_own_post(number, lambda post, now: withdraw_post(post, visitor().person_id, now), "withdrawn")


@room.post("/posts/<int:number>/publish-again")
def republish(number: int) -> Response:
    return _change_own_post(number, lambda post, now: publish_again(post, visitor().person_id), "published")


def _draft_from_form() -> PostDraft:
    form = request.form
    return PostDraft(
        title=form.get("title", ""),
        subtitle=form.get("subtitle", ""),
        body=form.get("body", ""),
        sources=tuple(form.get("sources", "").splitlines()),
        once=(form.get("once") or secrets.token_urlsafe(16))[:64],
        author_id=visitor().person_id,
    )


def _change_own_post(number: int, change: Callable[[Post, datetime], None], word: str) -> Response:
    who, now = visitor(), tool().clock()
    with tool().database.writing() as session:
        change(find_post(session, sight(session), number), now)
        session.flush()
        rescore(session, who.blog_id, who.person_id, now)
    tool().ring()
    return redirect(url_for("blog.post", number=number, done=word), 303)


def _edit_page(
    number: int, comment_number: int, body: str, edited_at: str | None, problem: Rejected | None = None
) -> str:
    return render_template(
        "blog/edit_comment.html",
        number=number,
        comment_number=comment_number,
        body=body,
        edited_at=edited_at,
        problem=problem,
    )


def _whole(post: Post | PostDraft) -> str:
    """All that a post says, as text to compare and to show."""
    parts = (post.title, post.subtitle, post.body, "\n".join(post.sources))
    return "\n\n".join(part for part in parts if part.strip())


def _drop_draft(session: Session, place: str) -> None:
    """What is sent is no draft any more; one saved later, on another machine say, holds more and stays."""
    version = request.form.get("draft_version", type=row_number)
    drop_draft(session, visitor().person_id, visitor().blog_id, place, version)
