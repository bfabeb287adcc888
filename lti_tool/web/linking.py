"""The LMS's dialogue for new links: a teacher lays out blogs or takes some, and the LMS makes the links."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request

from lti_tool.errors import NotAllowed, NotFound, Rejected, ToolError
from lti_tool.identity.link_requests import Chooser, answer_once, chooser_of
from lti_tool.lti.deep_linking import signed_answer
from lti_tool.participation.planning import (
    LinkPlan,
    NewBlog,
    blogs_of_course,
    plan_like,
    plan_new,
    plan_same,
)
from lti_tool.web.access import refuse_passed_on, secret_from_cookie, tool
from lti_tool.web.numbers import row_number

room = Blueprint("linking", __name__, url_prefix="/choose/<request_key>")
MOST_AT_ONCE = 20
_WAYS = {"same": plan_same, "like": plan_like}


@room.url_value_preprocessor
def take_key(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.request_key = (values or {}).pop("request_key", "")


@room.before_request
def let_in() -> None:
    refuse_passed_on(g.request_key)
    with tool().database.reading() as session:
        g.chooser = chooser_of(session, g.request_key, secret_from_cookie(), tool().clock())
    g.frame_origins = g.chooser.frame_origins


@room.get("/")
def start() -> tuple[str, int]:
    """What can be chosen; for who may not choose, or an LMS that takes no links, only the way back."""
    chooser: Chooser = g.chooser
    if not chooser.role.is_staff:
        return render_template("linking/refused.html", why="role"), 403
    if not chooser.question.takes_links:
        return render_template("linking/refused.html", why="type"), 200
    return _page([NewBlog("", "", "10")]), 200


@room.post("/")
def choose() -> Response | tuple[str, int]:
    """Lay out what was chosen and send it back to the LMS; `add` only gives room for one more blog."""
    chooser: Chooser = g.chooser
    if not chooser.role.is_staff:
        raise NotAllowed("Only teachers and their assistants choose what a link opens.", "Go back to your course page.")
    typed = [
        NewBlog(*fields) for fields in zip(*map(request.form.getlist, ("title", "prompt", "maximum")), strict=False)
    ]
    if "add" in request.form:
        return _page([*typed, NewBlog("", "", "10")]), 200
    try:
        return _answer(chooser, typed)
    except (Rejected, NotFound) as problem:
        return _page(typed, problem), 422


@room.post("/cancel")
def cancel() -> Response:
    """Send an answer without links back, so that the LMS closes its dialogue."""
    with tool().database.writing() as session:
        answer_once(session, g.chooser.request_key, tool().clock())
    return _back(g.chooser, [])


def _answer(chooser: Chooser, typed: list[NewBlog]) -> Response:
    now = tool().clock()
    with tool().database.writing() as session:
        plans = [
            plan_new(session, chooser.course_id, blog, now)
            for blog in typed
            if blog.title.strip() or blog.prompt.strip()
        ]
        for taken in request.form.getlist("take"):
            how, _, blog_id = taken.partition("-")
            if how not in _WAYS:
                raise Rejected("That is not a way to take a blog.", "Choose again.")
            plans.append(_WAYS[how](session, chooser.course_id, _number(blog_id), now))
        _check_number(plans, chooser)
        answer_once(session, chooser.request_key, now)
    return _back(chooser, plans)


def _check_number(plans: list[LinkPlan], chooser: Chooser) -> None:
    if not plans:
        raise Rejected("Nothing is chosen yet.", "Give a new blog a title, or choose one of the course.")
    if len(plans) > 1 and not chooser.question.takes_several:
        raise Rejected("Your LMS takes one link at a time here.", "Choose one, then open this dialogue again.")
    if len(plans) > MOST_AT_ONCE:
        raise Rejected(f"More than {MOST_AT_ONCE} links at once.", "Choose fewer, then open this dialogue again.")


def _number(text: str) -> int:
    try:
        return row_number(text)
    except ValueError:
        return 0  # which no blog has


def _back(chooser: Chooser, plans: list[LinkPlan]) -> Response:
    """A page that posts the signed answer to the LMS; its button does so where no script runs."""
    platform = tool().platforms.get(chooser.platform_id)
    said = "" if not plans else "1 blog added." if len(plans) == 1 else f"{len(plans)} blogs added."
    try:
        token = signed_answer(chooser, plans, platform, tool().keyring, tool().settings.launch_url, said=said)
    except ToolError:
        problem = "The class blog could not make the links. Please try again, or tell its operator."
        token = signed_answer(chooser, [], platform, tool().keyring, tool().settings.launch_url, problem=problem)
    page = render_template("linking/back.html", address=chooser.question.return_url, token=token, number=len(plans))
    g.form_leaves = True
    return make_response(page)


def _page(typed: list[NewBlog], problem: ToolError | None = None) -> str:
    chooser: Chooser = g.chooser
    with tool().database.reading() as session:
        blogs = blogs_of_course(session, chooser.course_id)
    return render_template(
        "linking/choose.html",
        course=chooser.course_title,
        typed=typed,
        blogs=blogs,
        taken=request.form.getlist("take"),
        several=chooser.question.takes_several,
        columns=chooser.question.takes_columns,
        problem=problem,
    )
