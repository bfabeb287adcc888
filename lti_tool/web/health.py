"""Whether the tool lives, and whether it can work, for whatever watches over it."""

from flask import Blueprint, Response, jsonify, make_response, request
from sqlalchemy import text

from lti_tool.errors import SetUpProblem
from lti_tool.gradebook.gauges import gauges
from lti_tool.web.access import tool
from lti_tool.web.metrics import may_read_metrics, metrics_text

room = Blueprint("health", __name__)


@room.get("/healthz")
def alive() -> Response:
    return jsonify(status="ok")


@room.get("/readyz")
def ready() -> Response:
    """Ready means: the database answers and there is a key to sign with."""
    problems = []
    try:
        with tool().database.reading() as session:
            session.execute(text("SELECT count(*) FROM platform"))
    except Exception as problem:  # whatever it is, the answer is: not ready
        problems.append(f"database: {type(problem).__name__}")
    try:
        tool().keyring.signing_key()
    except SetUpProblem:
        problems.append("keys: none")
    return make_response(jsonify(status="not ready" if problems else "ok", problems=problems), 503 if problems else 200)


@room.get("/metrics")
def metrics() -> Response:
    """How the scores fare, for a monitor: counts only, so anybody may read them unless the operator set a token."""
    if not may_read_metrics(tool().settings.metrics_token, request.headers.get("Authorization", "")):
        return make_response("Send the token of LTI_TOOL_METRICS_TOKEN.\n", 401, {"WWW-Authenticate": "Bearer"})
    with tool().database.reading() as session:
        now = gauges(session, tool().clock())
    content, content_type = metrics_text(now, request.headers.get("Accept", ""))
    return make_response(content, {"Content-Type": content_type})
