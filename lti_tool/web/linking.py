"""The LMS's dialogue for new links: a teacher lays out blogs or takes some, and the LMS makes the links."""

from datetime import datetime
from typing import Any

import structlog
from flask import Blueprint, Response, g, make_response, render_template, request
from sqlalchemy.orm import Session

from lti_tool.errors import NotAllowed, NotFound, Rejected, SetUpProblem, ToolError
from lti_tool.identity.link_requests import Chooser, answer_once, chooser_of
from lti_tool.lti.deep_linking import signed_answer
from lti_tool.lti.platforms import PlatformFacts
from lti_tool.participation.planning import (
    LinkPlan,
    NewBlog,
    blogs_of_course,
    plan_like,
    plan_new,
    plan_same,
)
from lti_tool.web.access import refuse_passed_on, secret_from_cookie, tool
from lti_tool.web.errors import log_fault
from lti_tool.web.languages import language
from lti_tool.web.numbers import row_number
from lti_tool.wording import say, say_count

log = structlog.get_logger()
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
        log.warning("refused", why="NotAllowed", status=403, page="/choose/", method="GET")
        return render_template("linking/refused.html", why="role"), 403
    if not chooser.question.takes_links:
        return render_template("linking/refused.html", why="type"), 200
    return _page([NewBlog("", "", "10")]), 200


@room.post("/")
def choose() -> Response | tuple[str, int]:
    """Lay out what was chosen and send it back to the LMS; `add` only gives room for one more blog."""
    chooser: Chooser = g.chooser
    if not chooser.role.is_staff:
        raise NotAllowed(
            say("Only teachers and their assistants choose what a link opens."), say("Go back to your course page.")
        )
    if not chooser.question.takes_links:
        raise Rejected(
            say("Your LMS does not take a blog in this place."), say("Go back, and add it as an activity instead.")
        )
    typed = [
        NewBlog(*fields) for fields in zip(*map(request.form.getlist, ("title", "prompt", "maximum")), strict=False)
    ]
    if "add" in request.form:
        return _page([*typed, NewBlog("", "", "10")]), 200
    try:
        return _answer(chooser, typed)
    except (Rejected, NotFound) as problem:
        return _page(typed, problem), 422
    except SetUpProblem:
        raise  # without a key nothing can be told to the LMS either
    except Exception as fault:
        return _apology(chooser, log_fault(fault))


@room.post("/cancel")
def cancel() -> Response:
    """Send an answer without links back, so that the LMS closes its dialogue."""
    chooser: Chooser = g.chooser
    platform = tool().platforms.get(chooser.platform_id)
    with tool().database.writing() as session:
        answer_once(session, chooser.request_key, tool().clock())
        token = _signed(chooser, platform, [])
    return _back(chooser, token)


def _answer(chooser: Chooser, typed: list[NewBlog]) -> Response:
    now, platform = tool().clock(), tool().platforms.get(chooser.platform_id)
    with tool().database.writing() as session:
        plans = _laid_out(session, chooser, typed, now)
        answer_once(session, chooser.request_key, now)
        said = language().translated(say_count("%(count)s blog added.", "%(count)s blogs added.", len(plans)))
        token = _signed(chooser, platform, plans, said=said)  # in here: what cannot be signed leaves nothing behind
    return _back(chooser, token, len(plans))


def _apology(chooser: Chooser, reference: str) -> Response:
    """Tell the LMS that a fault of ours kept the links from being made, so that its dialogue closes and says so."""
    problem = language().translated(
        say(
            "The class blog could not make the links. Try again, or tell its operator the reference %(reference)s.",
            reference=reference,
        )
    )
    platform = tool().platforms.get(chooser.platform_id)
    with tool().database.writing() as session:
        answer_once(session, chooser.request_key, tool().clock())
        token = _signed(chooser, platform, [], problem=problem)
    return _back(chooser, token)


def _laid_out(session: Session, chooser: Chooser, typed: list[NewBlog], now: datetime) -> list[LinkPlan]:
    plans = [
        plan_new(session, chooser.course_id, blog, now) for blog in typed if blog.title.strip() or blog.prompt.strip()
    ]
    for taken in request.form.getlist("take"):
        how, _, blog_id = taken.partition("-")
        if how not in _WAYS:
            raise Rejected(say("That is not a way to take a blog."), say("Choose again."))
        plans.append(_WAYS[how](session, chooser.course_id, _number(blog_id), now))
    _check_number(plans, chooser)
    return plans


def _check_number(plans: list[LinkPlan], chooser: Chooser) -> None:
    if not plans:
        raise Rejected(say("Nothing is chosen yet."), say("Give a new blog a title, or choose one of the course."))
    if len(plans) > 1 and not chooser.question.takes_several:
        raise Rejected(
            say("Your LMS takes one link at a time here."), say("Choose one, then open this dialogue again.")
        )
    if len(plans) > MOST_AT_ONCE:
        raise Rejected(
            say("More than %(most)s links at once.", most=MOST_AT_ONCE),
            say("Choose fewer, then open this dialogue again."),
        )


def _number(text: str) -> int:
    try:
        return row_number(text)
    except ValueError:
        return 0  # which no blog has


def _signed(chooser: Chooser, platform: PlatformFacts, plans: list[LinkPlan], said: str = "", problem: str = "") -> str:
    launch_url = tool().settings.launch_url
    return signed_answer(chooser, plans, platform, tool().keyring, launch_url, said=said, problem=problem)


def _back(chooser: Chooser, token: str, number: int = 0) -> Response:
    """A page that posts the signed answer to the LMS; its button does so where no script runs."""
    page = render_template("linking/back.html", address=chooser.question.return_url, token=token, number=number)
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
