"""The only place where an error becomes a status code and a page."""

import secrets

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from lti_tool.errors import (
    ImportProblem,
    Kind,
    LaunchRefused,
    NotAllowed,
    NotFound,
    Reason,
    Rejected,
    SetUpProblem,
    ToolError,
    VisitEnded,
)
from lti_tool.web.languages import language
from lti_tool.wording import say

log = structlog.get_logger()

_STATUS_OF_KIND = {Kind.MALFORMED: 400, Kind.UNTRUSTED: 401, Kind.FORBIDDEN: 403}
_STATUSES: tuple[tuple[type[ToolError], int], ...] = (
    (VisitEnded, 401),
    (NotAllowed, 403),
    (NotFound, 404),
    (Rejected, 422),
    (ImportProblem, 422),
)
_WORTH_A_LINE = frozenset({401, 403, 404})
_LONGEST_FACT = 255
# What an administrator has to tell the operator; none of it is about a person.
_PLACE: dict[str, str] = {"issuer": say("issuer"), "client_id": say("client id"), "deployment_id": say("deployment id")}
_SHOWN_PLACES = frozenset({Reason.DEPLOYMENT_HELD})
_HTTP_WORDS = {
    404: (say("There is no such page."), say("Go back, or open the blog again from your course page.")),
    405: (say("This address is not one to open that way."), say("Open the blog from your course page.")),
    413: (
        say("That is more than can be taken at once."),
        say("Shorten it, or send a smaller file, then try again."),
    ),
}


def add_error_pages(app: Flask) -> None:
    app.register_error_handler(LaunchRefused, _launch_refused)
    app.register_error_handler(ToolError, _tool_error)
    app.register_error_handler(SetUpProblem, _fault)  # its words are for the operator
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)


def error_page(
    what: str, do: str, status: int, *, reference: str = "", kept: str = "", place: dict[str, str] | None = None
) -> Response:
    """An error in two sentences, on a page or, for the page's own scripts, as JSON."""
    if request.headers.get("X-Requested-With") == "fetch":
        return make_response(jsonify(what=language().translated(what), do=language().translated(do)), status)
    page = render_template("errors/error.html", what=what, do=do, reference=reference, kept=kept, place=place)
    return make_response(page, status)


def _launch_refused(problem: LaunchRefused) -> Response:
    reference = secrets.token_hex(4)
    status = _STATUS_OF_KIND[problem.reason.value.kind]
    is_shown = problem.reason in _SHOWN_PLACES
    place = {words: str(problem.facts.get(name, "")) for name, words in _PLACE.items()} if is_shown else None
    log.warning(
        "launch_refused", reason=problem.reason.name, status=status, reference=reference, **_for_log(problem.facts)
    )
    return error_page(problem.what, problem.do, status, reference=reference, place=place)


def _for_log(facts: dict[str, object]) -> dict[str, object]:
    """Facts that a stranger may have written: short, on one line, and in letters that every log can hold."""
    return {name: ascii(fact)[1:-1][:_LONGEST_FACT] if isinstance(fact, str) else fact for name, fact in facts.items()}


def _tool_error(problem: ToolError) -> Response:
    status = next((status for kind, status in _STATUSES if isinstance(problem, kind)), 400)
    if status in _WORTH_A_LINE:
        page = request.url_rule.rule if request.url_rule else ""
        log.warning("refused", why=type(problem).__name__, status=status, page=page, method=request.method)
    # Whatever went wrong, what somebody has just written is given back.
    kept = problem.kept if isinstance(problem, Rejected) else _just_written()
    return error_page(problem.what, problem.do, status, kept=kept)


def _just_written() -> str:
    """All that a form for writing brought along, as one text to copy."""
    try:
        sent = [request.form.get(name, "").strip() for name in ("title", "subtitle", "body", "sources")]
    except HTTPException:  # it was too much to be read
        return ""
    return "\n\n".join(text for text in sent if text)


def _http_error(problem: HTTPException) -> Response:
    status = problem.code or 500
    what, do = _HTTP_WORDS.get(status, (say("The request could not be read."), say("Go back and try again.")))
    return error_page(what, do, status)


def log_fault(problem: Exception) -> str:
    """Write a fault of our own to the log, and return the reference that finds it there."""
    reference = secrets.token_hex(4)
    log.error("fault", reference=reference, path=request.url_rule.rule if request.url_rule else "", exc_info=problem)
    return reference


def _fault(problem: Exception) -> Response:
    reference = log_fault(problem)
    g.pop("visitor", None)
    return error_page(
        say("Something went wrong in the blog itself. Nothing you wrote before is lost."),
        say("Go back and try again; if it stays, tell the operator the reference below."),
        500,
        reference=reference,
    )
