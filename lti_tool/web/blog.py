"""The blog: its posts, one post with its thread, and writing."""

import secrets
from datetime import timedelta

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lti_tool.blog.comments import Draft, add_comment, delete_comment, edit_comment, own_comment, require_writer
from lti_tool.blog.posts import PostDraft, add_post, edit_post, find_post, open_post, posts_of, require_author
from lti_tool.blog.reading import CommentView, comment_view, page_holding, thread_page
from lti_tool.errors import NotFound, Rejected
from lti_tool.gradebook.ledger import sync_progress_of
from lti_tool.models import Blog, Post, Role
from lti_tool.participation.marking import waiting_for_mark
from lti_tool.participation.planning import set_prompt
from lti_tool.participation.scoring import glance, rescore
from lti_tool.web.access import blueprint_for_visits, done, require_teacher, tool, visitor
from lti_tool.web.numbers import row_number

room = blueprint_for_visits("blog")
SAME_WORDS_WITHIN = timedelta(minutes=10)


@room.get("/")
def home() -> str | Response:
    """The one post of a blog, or the list of its posts."""
    who = visitor()
    with tool().database.reading() as session:
        posts = posts_of(session, who.blog_id, who.course_id)
        blog = session.get_one(Blog, who.blog_id)
        title, prompt = blog.title, blog.prompt_html
        summary = _summary(session) if len(posts) != 1 else {}
    if len(posts) == 1:
        return redirect(url_for("blog.post", number=posts[0].number, done=done() or None), 303)
    return render_template("blog/home.html", title=title, prompt=prompt, posts=posts, **summary)


@room.get("/posts/<int:number>")
def post(number: int) -> str:
    """One post and a page of its thread; `at` names a comment to show, `reply` one to answer."""
    return _post_page(number)


@room.post("/posts/<int:number>/comments")
def comment(number: int) -> Response | tuple[str, int]:
    who, now = visitor(), tool().clock()
    require_writer(who.role)
    answers = request.form.get("answers", type=row_number)
    once = request.form.get("once") or secrets.token_urlsafe(16)
    try:
        with tool().database.writing() as session:
            post_id = find_post(session, who.blog_id, number).id
            draft = Draft(
                request.form.get("body", ""),
                once[:64],
                who.person_id,
                answers,
                unless_said_since=now - SAME_WORDS_WITHIN,
            )
            added = add_comment(session, post_id, draft, now)
    except (Rejected, NotFound) as problem:
        return _post_page(number, problem=problem, body=request.form.get("body", "")), 422
    return redirect(_address_of(number, added.number, done="posted"), 303)


@room.get("/posts/<int:number>/comments/<int:comment_number>/edit")
def edit(number: int, comment_number: int) -> str:
    who = visitor()
    with tool().database.reading() as session:
        post_row = find_post(session, who.blog_id, number)
        body = own_comment(session, post_row.id, comment_number, who.person_id).body
    return render_template("blog/edit_comment.html", number=number, comment_number=comment_number, body=body)


@room.post("/posts/<int:number>/comments/<int:comment_number>/edit")
def save_edit(number: int, comment_number: int) -> Response | tuple[str, int]:
    who, body = visitor(), request.form.get("body", "")
    try:
        with tool().database.writing() as session:
            post_id = find_post(session, who.blog_id, number).id
            edit_comment(session, post_id, comment_number, who.person_id, body, tool().clock())
    except Rejected as problem:
        page = render_template(
            "blog/edit_comment.html", number=number, comment_number=comment_number, body=body, problem=problem
        )
        return page, 422
    return redirect(_address_of(number, comment_number), 303)


@room.post("/posts/<int:number>/comments/<int:comment_number>/delete")
def delete(number: int, comment_number: int) -> Response:
    who, now = visitor(), tool().clock()
    with tool().database.writing() as session:
        post_id = find_post(session, who.blog_id, number).id
        delete_comment(session, post_id, comment_number, who.person_id, now)
        session.flush()
        rescore(session, who.blog_id, who.person_id, now)
    tool().ring()
    return redirect(url_for("blog.post", number=number, done="deleted") + "#comments", 303)


@room.get("/posts/new")
def write() -> str:
    require_writer(visitor().role)
    return render_template("blog/write.html", once=secrets.token_urlsafe(16), fields={}, number=None)


@room.post("/posts/new")
def publish() -> Response | tuple[str, int]:
    who, now = visitor(), tool().clock()
    require_writer(who.role)
    try:
        with tool().database.writing() as session:
            row = add_post(session, who.blog_id, _draft_from_form(), now)
            number = row.number
            rescore(session, who.blog_id, who.person_id, now)
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
        view = open_post(session, who.blog_id, number).view
    require_author(view.author.id, who.person_id)
    fields = {
        "title": view.title, "subtitle": view.subtitle, "body": view.body, "sources": "\n".join(view.source_lines),
    }  # fmt: skip
    return render_template("blog/write.html", once="", fields=fields, number=number)


@room.post("/posts/<int:number>/edit")
def save_own_post(number: int) -> Response | tuple[str, int]:
    who = visitor()
    try:
        with tool().database.writing() as session:
            edit_post(session, find_post(session, who.blog_id, number), _draft_from_form(), tool().clock())
    except Rejected as problem:
        return render_template("blog/write.html", once="", fields=request.form, number=number, problem=problem), 422
    return redirect(url_for("blog.post", number=number), 303)


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


def _post_page(number: int, problem: Rejected | NotFound | None = None, body: str = "") -> str:
    with tool().database.reading() as session:  # one transaction: the page shows one moment, and is read in one go
        facts = _read_post(session, number) | _summary(session)
    return render_template("blog/post.html", problem=problem, body=body, once=secrets.token_urlsafe(16), **facts)


def _read_post(session: Session, number: int) -> dict[str, object]:
    who = visitor()
    post = open_post(session, who.blog_id, number)
    shown = request.args.get("at", type=row_number) or request.args.get("reply", type=row_number)
    cursor = page_holding(session, post.row.id, shown) if shown else request.args.get("after", "")
    return {
        "post": post.view,
        "page": thread_page(session, post.row, who.course_id, cursor),
        "is_first": not cursor,
        "posted": shown if done() == "posted" else None,
        "several": post.has_siblings,
        "prompt": post.prompt_html,
        "reply": _comment_asked_for(session, post.row, "reply") or _comment_asked_for(session, post.row, "answers"),
    }


def _comment_asked_for(session: Session, post: Post, name: str) -> CommentView | None:
    asked = request.values.get(name, type=row_number)
    return comment_view(session, post, visitor().course_id, asked) if asked else None


def _summary(session: Session) -> dict[str, object]:
    """What stands above the thread: a student's own score, a teacher's work left."""
    who = visitor()
    if who.role.is_staff:
        return {
            "waiting": waiting_for_mark(session, who.blog_id, who.course_id),
            "sync": sync_progress_of(session, who.blog_id, who.course_id),
        }
    if who.role is Role.STUDENT:
        return {"mine": glance(session, who.blog_id, who.person_id)}
    return {}


def _address_of(post_number: int, comment_number: int, done: str | None = None) -> str:
    return url_for("blog.post", number=post_number, at=comment_number, done=done) + f"#c{comment_number}"
