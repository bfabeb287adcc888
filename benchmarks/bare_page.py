"""The peers of the thread page: bare Flask, plain SQL, and as small a template as will do.

Three of them, from the barest up: the driver alone; the same SQL through a session of the tool's own database; and the
tool's models, as a Flask page is commonly written.
"""

import os
import sqlite3
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
from flask import Flask, render_template
from sqlalchemy import select, text
from sqlalchemy.orm import aliased

from lti_tool.database import Database
from lti_tool.models import Comment, Person

TEMPLATE = """<!doctype html><title>Thread</title><ol>
{% for number, name, html, written_at, replies, answers in comments %}
<li id="c{{ number }}">#{{ number }} {{ name }} {{ written_at }}{% if answers %} in reply to #{{ answers }}{% endif %}
{{ html|safe }} {{ replies }} replies</li>
{% endfor %}</ol>
"""
ROWS = """
SELECT comment.number, person.name, comment.body_html, comment.written_at, comment.live_replies, answered.number
FROM comment
LEFT JOIN person ON person.id = comment.author_id
LEFT JOIN comment AS answered ON answered.id = comment.answers_id
WHERE comment.post_id = {mark} AND comment.path > '' AND comment.deleted_at IS NULL
ORDER BY comment.path LIMIT 50
"""


def bare_app(database_url: str) -> Flask:
    """One connection is opened and kept, as a pool would; nobody is asked who they are."""
    connection, mark = _connect(database_url)
    sql = ROWS.format(mark=mark)
    app = Flask("bare")
    template = app.jinja_env.from_string(TEMPLATE)

    @app.get("/posts/<int:post_id>")
    def post(post_id: int) -> str:
        rows: Sequence[Any] = connection.execute(sql, (post_id,)).fetchall()
        return render_template(template, comments=rows)

    add_session_pages(app, database_url)
    return app


def add_session_pages(app: Flask, database_url: str) -> None:
    """The same rows and template, read in one transaction of the tool's database: as SQL, and as models."""
    database = Database(database_url)
    template = app.jinja_env.from_string(TEMPLATE)
    statement = text(ROWS.format(mark=":post_id"))

    @app.get("/through-a-session/<int:post_id>")
    def post_through_a_session(post_id: int) -> str:
        with database.reading() as session:
            rows = session.execute(statement, {"post_id": post_id}).all()
        return render_template(template, comments=rows)

    author, answered = aliased(Person), aliased(Comment)
    models = (
        select(Comment, author, answered)
        .outerjoin(author, author.id == Comment.author_id)
        .outerjoin(answered, answered.id == Comment.answers_id)
        .where(Comment.path > "", Comment.deleted_at.is_(None))
        .order_by(Comment.path)
        .limit(50)
    )

    @app.get("/through-models/<int:post_id>")
    def post_through_models(post_id: int) -> str:
        with database.reading() as session:
            found = session.execute(models.where(Comment.post_id == post_id)).all()
        rows = [
            (
                one.number,
                writer.name,
                one.body_html,
                one.written_at,
                one.live_replies,
                above.number if above else None,
            )
            for one, writer, above in found
        ]
        return render_template(template, comments=rows)


def bare_app_of_environment() -> Flask:
    """The same for gunicorn, which can only name an application."""
    return bare_app(os.environ["BENCHMARK_DATABASE_URL"])


def _connect(database_url: str) -> tuple[Any, str]:
    if database_url.startswith("sqlite"):
        return sqlite3.connect(database_url.removeprefix("sqlite:///"), check_same_thread=False), "?"
    place = urlsplit(database_url)
    host = parse_qs(place.query)["host"][0]
    return psycopg.connect(host=host, user=place.username, dbname=place.path[1:], autocommit=True), "%s"
