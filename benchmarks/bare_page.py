"""The peer of the thread page: bare Flask, plain SQL through the same driver, and as small a template as will do."""

import os
import sqlite3
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
from flask import Flask, render_template

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

    return app


def bare_app_of_environment() -> Flask:
    """The same for gunicorn, which can only name an application."""
    return bare_app(os.environ["BENCHMARK_DATABASE_URL"])


def _connect(database_url: str) -> tuple[Any, str]:
    if database_url.startswith("sqlite"):
        return sqlite3.connect(database_url.removeprefix("sqlite:///"), check_same_thread=False), "?"
    place = urlsplit(database_url)
    host = parse_qs(place.query)["host"][0]
    return psycopg.connect(host=host, user=place.username, dbname=place.path[1:], autocommit=True), "%s"
