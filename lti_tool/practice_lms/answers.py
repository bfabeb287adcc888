"""Answers of services, as values of the web framework."""

import json
from typing import Any

from flask import Response

WEB_PAGE = "<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"


def json_answer(value: Any, content_type: str, status: int = 200, link: str = "") -> Response:
    """JSON with the media type the LMS gives it."""
    response = Response(json.dumps(value), status, content_type=f"{content_type}; charset=utf-8")
    if link:
        response.headers["Link"] = link
    return response


def html_page(status: int, words: str = "") -> Response:
    return Response(WEB_PAGE + words, status, content_type="text/html; charset=utf-8")


def tidy_number(value: float) -> int | float:
    """10 rather than 10.0, and five decimals at most."""
    rounded = round(value, 5)
    return int(rounded) if rounded == int(rounded) else rounded
