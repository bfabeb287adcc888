"""What all services share: the record of calls, faults, and the check of the access token."""

import socket
import time
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, g, request

from .answers import html_page
from .calls import Call
from .issued_tokens import scopes_of_token
from .refusals import ServiceRefusal
from .throttle import measure

if TYPE_CHECKING:
    from .school import PracticeSchool

RECORDED = ("/lti/token", "/lti/jwks", "/mod/lti/", "/api/lti/")


def record_calls(app: Flask, school: "PracticeSchool") -> None:
    """Keep every service call with the status it got."""

    @app.before_request
    def keep_body() -> None:
        if request.path.startswith(RECORDED):
            g.body = request.get_data(cache=True)

    @app.after_request
    def record(response: Response) -> Response:
        if "body" in g:
            status = 0 if g.get("hung_up") else response.status_code
            body = g.body.decode("utf-8", "replace")
            at = school.clock().isoformat()
            school.calls.add(Call(request.method, request.url, dict(request.headers), body, status, at))
        return response


def too_many_requests(retry_after: Any) -> Response:
    headers = {"Retry-After": str(retry_after), "X-Rate-Limit-Remaining": "0.0"}
    return Response("429 Too Many Requests (Rate Limit Exceeded)\n", 429, headers, content_type="text/plain")


def guard(blueprint: Blueprint, school: "PracticeSchool") -> Blueprint:
    """Let the switched-on faults strike before the services of a blueprint are reached; in Canvas measure each call."""
    if school.accent.name == "canvas":
        measure(blueprint, school)

    @blueprint.before_request
    def misbehave() -> Response | None:
        return misbehaviour(school, request.path)

    @blueprint.errorhandler(ServiceRefusal)
    def refuse(refusal: ServiceRefusal) -> Response:
        return refusal.response

    return blueprint


def be_slow(school: "PracticeSchool", path: str) -> None:
    if slow := school.faults.take("slow", path):
        time.sleep(float(slow.args["seconds"]))


def misbehaviour(school: "PracticeSchool", path: str) -> Response | None:
    be_slow(school, path)
    if limited := school.faults.take("rate_limited", path):
        return too_many_requests(limited.args["retry_after"])
    if school.faults.take("server_error", path):
        return html_page(500)
    if school.faults.take("html_200", path):
        return html_page(200)
    if school.faults.take("unauthorized_once", path):
        return school.accent.unauthorized("Invalid access token")
    return None


def require_scope(school: "PracticeSchool", *any_of: str) -> None:
    """Refuse the call unless its bearer token is alive and carries one of the scopes (RFC 6750)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ServiceRefusal(school.accent.unauthorized("Missing access token"))
    granted = scopes_of_token(school, token)
    if granted is None:
        raise ServiceRefusal(school.accent.unauthorized("Invalid access token"))
    if not granted & set(any_of):
        raise ServiceRefusal(school.accent.unauthorized("Insufficient permissions"))


def lose_the_reply(school: "PracticeSchool", answer: Response) -> Response:
    """After a score was stored or a column made: answer as told, or lose the answer on its way."""
    lost = school.faults.take("reply_lost", request.path)
    if lost is None:
        return answer
    connection = request.environ.get("werkzeug.socket")
    if lost.args["close"] and connection is not None:
        g.hung_up = True
        connection.shutdown(socket.SHUT_RDWR)
    return html_page(500)


def whole_number(name: str) -> int | None:
    """A positive whole number from the query, else None."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None
