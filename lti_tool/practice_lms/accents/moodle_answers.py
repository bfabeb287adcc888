"""Moodle 4.5: how its services refuse a call, and how strictly they read media types."""

from flask import Response, request

from ..answers import json_answer
from ..refusals import ServiceRefusal


def error(status: int, reason: str) -> Response:
    """Moodle's JSON for a refused call."""
    asked = {
        "method": request.method,
        "url": request.full_path.rstrip("?"),
        "accept": request.headers.get("Accept", ""),
        "contentType": request.headers.get("Content-Type", ""),
    }
    return json_answer({"status": status, "reason": reason, "request": asked}, "application/json", status)


def refuse(status: int, reason: str) -> ServiceRefusal:
    return ServiceRefusal(error(status, reason))


def require_accept(*exact: str) -> None:
    """Accept is compared as a whole string: lists, parameters and application/json are refused."""
    given = request.headers.get("Accept", "")
    if given and given not in exact:
        if given == "*/*":
            raise refuse(400, "No context or unsupported content type")
        raise refuse(400, f"No handler found for {request.path} {given}")


def require_content_type(exact: str) -> None:
    """Content-Type is compared in exact lower case; only parameters after a semicolon are ignored."""
    given = request.headers.get("Content-Type", "").partition(";")[0].strip()
    if given != exact:
        raise refuse(400, f"No handler found for {request.path}  {given}")
