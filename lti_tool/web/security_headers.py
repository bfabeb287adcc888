"""Headers that every answer carries; which sites may frame a page depends on the platform that launched it."""

from flask import Response, g, request

from lti_tool.web.access import tool

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'"
)


def add_security_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _POLICY + _frame_ancestors())
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if tool().settings.public_url.startswith("https:"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
    return response


def _frame_ancestors() -> str:
    """The LMS may frame the pages of its visits, nobody else; what answers a launch has nothing to click on."""
    if "visitor" in g:
        return f"; frame-ancestors 'self' {g.visitor.frame_origins}"
    return "" if request.path.startswith("/lti/") else "; frame-ancestors 'none'"
