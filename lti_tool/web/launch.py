"""The launch as HTTP: login, launch, and the tool's public keys."""

from datetime import datetime

import structlog
from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.database import objects_on
from lti_tool.identity.arrival import LinkQuestion, ReviewOf, welcome
from lti_tool.identity.link_requests import open_link_request
from lti_tool.identity.reviews import welcome_reviewer
from lti_tool.identity.visits import OpenedVisit, open_visit
from lti_tool.lti.claims import origin_of
from lti_tool.lti.launch import AskStorage, LetIn, use_up, verify_launch
from lti_tool.lti.login import LOGIN_LASTS, BegunLogin, begin_login, storage_key
from lti_tool.models import Role
from lti_tool.participation.activity import students_of
from lti_tool.web.access import keep_secret, tool

room = Blueprint("launch", __name__)
log = structlog.get_logger()
LARGEST_LAUNCH = 256_000
_COOKIES_WORK = "cookies-work"
_OWN = "__Host-"
_OURS = ("here", "storage")


@room.route("/lti/login", methods=["GET", "POST"])
def login() -> AnyResponse:
    """Answer the LMS's login request: on to the LMS, or, in a frame that may keep no cookies, the way to find out."""
    request.max_content_length = LARGEST_LAUNCH
    parameters = (request.form if request.method == "POST" else request.args).to_dict()
    here, by_storage = (parameters.pop(name, "") for name in _OURS)
    if _frame_not_known_to_keep_cookies() and not here and not by_storage:
        return _asking_page(parameters)
    settings, now = tool().settings, tool().clock()
    begun = begin_login(
        parameters, tool().database, tool().platforms, tool().connection, settings.public_url, settings.launch_url, now,
        by_storage=bool(by_storage),
    )  # fmt: skip
    if by_storage:
        return _storing_page(begun, parameters)
    return _with_state_cookie(redirect(begun.address, 302), begun)


@room.post("/lti/launch")
def launch() -> AnyResponse:
    """Let a verified launch in and go on to what it is for; the token itself is kept nowhere."""
    # Whoever began a login could send its proof along from elsewhere and so make somebody else's browser their own.
    return _checked({name: value for name, value in _form().items() if name != "proof"})


@room.post("/lti/prove")
def prove() -> AnyResponse:
    """The same launch with what the LMS's frame has kept, from our own page: `same_origin` lets no other send it."""
    return _checked(_form())


@room.get("/.well-known/jwks.json")
def public_keys() -> Response:
    response = jsonify(tool().keyring.public_set())
    response.headers["Cache-Control"] = "public, max-age=600"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _form() -> dict[str, str]:
    request.max_content_length = LARGEST_LAUNCH
    request.max_form_memory_size = LARGEST_LAUNCH
    return request.form.to_dict()


def _checked(form: dict[str, str]) -> AnyResponse:
    # Only this server can set a cookie of this prefix, so no neighbour on the same domain can plant one.
    cookies = {name.removeprefix(_OWN): value for name, value in request.cookies.items() if name.startswith(_OWN)}
    now = tool().clock()
    checked = verify_launch(form, cookies, tool().gate, now)
    if isinstance(checked, AskStorage):
        return _reading_page(checked, form)
    address, opened = _enter(checked, now)
    log.info("launched", platform=checked.arrival.platform_id, deployment=checked.arrival.deployment_id)
    # 303: reloading the page that follows does not post the token again
    response = make_response(redirect(address, 303))
    if not checked.by_storage:
        response.delete_cookie(_state_cookie(checked.state), secure=True, samesite="None", partitioned=True)
    return keep_secret(response, opened, address)


def _enter(let_in: LetIn, now: datetime) -> tuple[str, OpenedVisit]:
    """Open what the launch came for, in the transaction that uses it up, and return its address."""
    arrival, wants = let_in.arrival, let_in.arrival.wants
    if isinstance(wants, ReviewOf):
        return _enter_review(let_in, wants, now)
    with tool().database.writing_rows() as rows:
        use_up(rows, let_in, now)
        if isinstance(wants, LinkQuestion):
            with objects_on(rows) as session:
                opened = open_link_request(session, arrival, wants, now, in_address=let_in.by_storage)
            return url_for("linking.start", request_key=opened.address_key), opened
        welcomed = welcome(rows, arrival, wants, now)
        opened = open_visit(rows, welcomed.visitor, now, in_address=let_in.by_storage)
    if welcomed.wakes_worker:
        tool().ring()
    decides = welcomed.copy_to_settle and welcomed.visitor.role is Role.TEACHER
    page = "copying.question" if decides else "blog.home"
    return url_for(page, visit_key=opened.address_key), opened


def _enter_review(let_in: LetIn, wants: ReviewOf, now: datetime) -> tuple[str, OpenedVisit]:
    with tool().database.writing() as session:  # apart: a review that is refused is used up all the same
        use_up(session, let_in, now)
    with tool().database.writing() as session:
        review = welcome_reviewer(session, let_in.arrival, wants, now)
        opened = open_visit(session, review.visitor, now, in_address=let_in.by_storage)
        students = {student.id for student in students_of(session, review.visitor.blog_id, review.visitor.course_id)}
    if not review.visitor.role.is_staff:
        return url_for("participation.mine", visit_key=opened.address_key), opened
    if review.person_id not in students:
        return url_for("desk.overview", visit_key=opened.address_key, done="unknown"), opened
    return url_for("desk.person", visit_key=opened.address_key, person_id=review.person_id), opened


def _frame_not_known_to_keep_cookies() -> bool:
    """Only a browser says `Sec-Fetch-Dest: iframe`, and one whose cookies were seen to work is not asked again."""
    in_frame = request.headers.get("Sec-Fetch-Dest") in ("iframe", "frame")
    return in_frame and _COOKIES_WORK not in request.cookies


def _asking_page(parameters: dict[str, str]) -> Response:
    """A page that sends itself on if the frame keeps cookies, else by the LMS's storage, else to a window of its own.

    It comes before the LMS is asked, because an LMS lets each launch be used once.
    """
    page = render_template("launch/cookies.html", parameters=parameters, cookie=_COOKIES_WORK)
    response = make_response(page)
    response.headers["Referrer-Policy"] = "origin"
    return response


def _storing_page(begun: BegunLogin, parameters: dict[str, str]) -> Response:
    """A page that leaves a secret with the LMS's own frame, then goes on to the LMS; else it offers a window."""
    page = render_template(
        "launch/storing.html",
        parameters=parameters,
        key=storage_key(begun.state),
        value=begun.storage_secret,
        target=parameters.get("lti_storage_target", ""),
        origin=origin_of(begun.platform.authorize_url),
        address=begun.address,
    )
    response = make_response(page)
    response.headers["Referrer-Policy"] = "origin"
    return response


def _reading_page(asked: AskStorage, form: dict[str, str]) -> Response:
    """A page that fetches the secret from the LMS's frame and posts the launch once more, with it."""
    return make_response(render_template("launch/reading.html", asked=asked, form=form))


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
