"""The launch as HTTP: login, launch, and the tool's public keys."""

import structlog
from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.identity import open_visit, welcome
from lti_tool.lti.launch import verify_launch
from lti_tool.lti.login import LOGIN_LASTS, BegunLogin, begin_login
from lti_tool.web.access import keep_visit, tool

room = Blueprint("launch", __name__)
LARGEST_LAUNCH = 256_000
_COOKIES_WORK = "cookies-work"
_OWN = "__Host-"

log = structlog.get_logger()


@room.route("/lti/login", methods=["GET", "POST"])
def login() -> AnyResponse:
    """Answer the LMS's login request: on to the LMS, or, in a frame that keeps no cookies, the way to a new window."""
    request.max_content_length = LARGEST_LAUNCH
    form = request.form if request.method == "POST" else request.args
    parameters = form.to_dict()
    if _frame_not_known_to_keep_cookies() and not parameters.pop("here", ""):
        return _asking_page(parameters)
    settings, now = tool().settings, tool().clock()
    begun = begin_login(
        parameters, tool().database, tool().platforms, tool().connection, settings.public_url, settings.launch_url, now
    )
    return _with_state_cookie(redirect(begun.address, 302), begun)


@room.post("/lti/launch")
def launch() -> AnyResponse:
    """Let a verified launch in and go on to its blog; the token itself is kept nowhere."""
    request.max_content_length = LARGEST_LAUNCH
    request.max_form_memory_size = LARGEST_LAUNCH
    # Only this server can set a cookie of this prefix, so no neighbour on the same domain can plant one.
    cookies = {name.removeprefix(_OWN): value for name, value in request.cookies.items() if name.startswith(_OWN)}
    now = tool().clock()
    arrival = verify_launch(request.form.to_dict(), cookies, tool().gate, now)
    with tool().database.writing() as session:
        visitor = welcome(session, arrival, now)
        opened = open_visit(session, visitor, now)
    tool().ring()
    # 303: reloading the page that follows does not post the token again
    response = make_response(redirect(url_for("blog.home", visit_key=opened.key), 303))
    response.delete_cookie(_state_cookie(request.form["state"]), secure=True, samesite="None", partitioned=True)
    return keep_visit(response, opened)


@room.get("/.well-known/jwks.json")
def public_keys() -> Response:
    response = jsonify(tool().keyring.public_set())
    response.headers["Cache-Control"] = "public, max-age=600"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _frame_not_known_to_keep_cookies() -> bool:
    """Only a browser says `Sec-Fetch-Dest: iframe`, and one whose cookies were seen to work is not asked again."""
    in_frame = request.headers.get("Sec-Fetch-Dest") in ("iframe", "frame")
    return in_frame and _COOKIES_WORK not in request.cookies


def _asking_page(parameters: dict[str, str]) -> Response:
    """A page that sends itself on if the frame keeps cookies, and else offers the blog in a window of its own.

    It comes before the LMS is asked, because an LMS lets each launch be used once.
    """
    page = render_template("launch/cookies.html", parameters=parameters, cookie=_COOKIES_WORK)
    response = make_response(page)
    response.headers["Referrer-Policy"] = "origin"
    return response


def _with_state_cookie(response: AnyResponse, begun: BegunLogin) -> AnyResponse:
    response.set_cookie(
        _state_cookie(begun.state),
        begun.state,
        max_age=int(LOGIN_LASTS.total_seconds()),
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _state_cookie(state: str) -> str:
    return _OWN + state
