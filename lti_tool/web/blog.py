"""The blog: its posts, one post with its thread, and writing."""

import secrets

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.blog.comments import Draft, add_comment, delete_comment, edit_comment, own_comment, require_writer
from lti_tool.blog.posts import PostDraft, PostView, add_post, edit_post, find_post, post_view, posts_of
from lti_tool.blog.reading import CommentView, ThreadPage, comment_view, page_holding, thread_page
from lti_tool.errors import NotFound, Rejected
from lti_tool.gradebook.ledger import ledger, sync_progress
from lti_tool.models import Blog, Role
from lti_tool.participation.marking import progress
from lti_tool.participation.scoring import rescore, rule_of, standing
from lti_tool.web.access import blueprint_for_visits, tool, visitor

room = blueprint_for_visits("blog")


@room.get("/")
def home() -> str | Response:
    """The one post of a blog, or the list of its posts."""
    who = visitor()
    with tool().database.reading() as session:
        posts = posts_of(session, who.blog_id, who.course_id)
        title = session.get_one(Blog, who.blog_id).title
    if len(posts) == 1:
        return redirect(url_for("blog.post", number=posts[0].number), 303)
    return render_template("blog/home.html", title=title, posts=posts, **_summary())


@room.get("/posts/<int:number>")
def post(number: int) -> str:
    """One post and a page of its thread; `at` names a comment to show, `reply` one to answer."""
    return _post_page(number)


@room.post("/posts/<int:number>/comments")
def comment(number: int) -> Response | tuple[str, int]:
    who = visitor()
    require_writer(who.role)
    answers = request.form.get("answers", type=int)
    once = request.form.get("once") or secrets.token_urlsafe(16)
    try:
        with tool().database.writing() as session:
            post_id = find_post(session, who.blog_id, number).id
            draft = Draft(request.form.get("body", ""), once[:64], who.person_id, answers)
            added = add_comment(session, post_id, draft, tool().clock())
    except (Rejected, NotFound) as problem:
        return _post_page(number, problem=problem, body=request.form.get("body", "")), 422
    return redirect(_address_of(number, added.number), 303)


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
        view = post_view(session, find_post(session, who.blog_id, number), who.course_id)
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
    view, page, cursor, posts = _read_post(number)
    return render_template(
        "blog/post.html",
        post=view,
        page=page,
        is_first=not cursor,
        several=posts,
        reply=_comment_asked_for(view, "reply") or _comment_asked_for(view, "answers"),
        problem=problem,
        body=body,
        once=secrets.token_urlsafe(16),
        **_summary(),
    )


def _read_post(number: int) -> tuple[PostView, ThreadPage, str, bool]:
    who = visitor()
    shown = request.args.get("at", type=int) or request.args.get("reply", type=int)
    with tool().database.reading() as session:
        row = find_post(session, who.blog_id, number)
        cursor = request.args.get("after", "")
        if shown:
            cursor = page_holding(session, row.id, shown)
        page = thread_page(session, row, who.course_id, cursor)
        several = session.get_one(Blog, who.blog_id).last_post_number > 1
        return post_view(session, row, who.course_id), page, cursor, several


def _comment_asked_for(view: PostView, name: str) -> CommentView | None:
    asked = request.values.get(name, type=int)
    if not asked:
        return None
    who = visitor()
    with tool().database.reading() as session:
        return comment_view(session, find_post(session, who.blog_id, view.number), who.course_id, asked)


def _summary() -> dict[str, object]:
    """What stands above the thread: a student's own score, a teacher's work left."""
    who = visitor()
    with tool().database.reading() as session:
        if who.role.is_staff:
            return {"left": progress(session, who.blog_id), "sync": sync_progress(ledger(session, who.blog_id))}
        if who.role is Role.STUDENT:
            return {"mine": standing(session, who.blog_id, who.person_id), "rule": rule_of(session, who.blog_id)}
    return {}


def _address_of(post_number: int, comment_number: int) -> str:
    return url_for("blog.post", number=post_number, at=comment_number) + f"#c{comment_number}"
