"""Whether the tool lives, and whether it can work, for whatever watches over it."""

from flask import Blueprint, Response, jsonify, make_response
from sqlalchemy import text

from lti_tool.errors import SetUpProblem
from lti_tool.web.access import tool

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
