"""Who is asking: the visit in the address, its secret in the cookie, and what their role lets them do."""

from typing import Any, cast

from flask import Blueprint, Response, current_app, g, request
from sqlalchemy.orm import Session

from lti_tool.blog.sight import Sight, sight_of
from lti_tool.errors import NotAllowed
from lti_tool.identity.arrival import Visitor
from lti_tool.identity.visits import ADDRESS_MARK, VISIT_HOURS, OpenedVisit, visit_ended, visitor_of
from lti_tool.tool import Tool
from lti_tool.web.languages import choose_language
from lti_tool.wording import say

_VISIT_COOKIE = "visit"


def tool() -> Tool:
    return cast(Tool, current_app.extensions["lti_tool"])


def visitor() -> Visitor:
    """The person whose visit the address names, as `let_in` found them."""
    return cast(Visitor, g.visitor)


def sight(session: Session) -> Sight:
    """What the person whose visit this is may see in the blog."""
    who = visitor()
    return sight_of(session, who.blog_id, who.course_id, who.person_id, who.role)


def blueprint_for_visits(name: str, *, staff_only: bool = False) -> Blueprint:
    """Return a blueprint whose pages stand under a visit's address; `url_for` fills the visit in by itself."""
    room = Blueprint(name, name, url_prefix="/v/<visit_key>")

    @room.url_value_preprocessor
    def take_key(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.visit_key = (values or {}).pop("visit_key", "")

    @room.before_request
    def let_in() -> None:
        refuse_passed_on(g.visit_key)
        with tool().database.reading() as session:
            g.visitor = visitor_of(session, g.visit_key, secret_from_cookie(), tool().clock())
        g.frame_origins = g.visitor.frame_origins
        choose_language(g.visitor.locale)
        if staff_only:
            require_staff()

    return room


def fill_in_visit(endpoint: str, values: dict[str, Any]) -> None:
    """Give `url_for` the visit of this request for every page that stands under one."""
    if "visit_key" in g and current_app.url_map.is_endpoint_expecting(endpoint, "visit_key"):
        values.setdefault("visit_key", g.visit_key)


def require_staff() -> None:
    if not visitor().role.is_staff:
        raise NotAllowed(say("This page is for teachers and their assistants."), say("Go back to the blog."))


def require_teacher() -> None:
    if visitor().role.value != "teacher":
        raise NotAllowed(say("Only a teacher of this course can do that."), say("Ask the teacher."))


def secret_from_cookie() -> str:
    return request.cookies.get(_VISIT_COOKIE, "")


def refuse_passed_on(address_key: str) -> None:
    """Raise VisitEnded when an address that holds its own secret is opened outside the frame it was made for.

    Somebody was given the link, and typed it in or pressed it: a browser says so. What is written loses such secrets.
    """
    ours = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    in_window = request.headers.get("Sec-Fetch-Dest") == "document"
    if ADDRESS_MARK in address_key and (in_window or not ours):
        raise visit_ended()


def keep_secret(response: Response, opened: OpenedVisit, address: str) -> Response:
    """Put a visit's secret into a cookie that goes to this visit's pages alone, unless its address holds it already.

    Each launch has a cookie of its own path, so two tabs can be two people, and no cookie set before is ever trusted.
    """
    if not opened.in_address:
        response.set_cookie(
            _VISIT_COOKIE,
            opened.secret,
            path="/".join(address.split("/")[:3]),
            max_age=VISIT_HOURS * 3600,
            secure=True,
            httponly=True,
            samesite="None",
            partitioned=True,
        )
    return response


def done() -> str:
    """What the request before this one did, as a word in the address that a page turns into a sentence."""
    return request.args.get("done", "")
