"""Headers that every answer carries; which sites may frame a page depends on the platform that launched it."""

from flask import Response, g, request

from lti_tool.web.access import tool

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'"
)


def add_security_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _POLICY + _who_may(response))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    # A page in a sandboxed frame has no origin, and needs our styles and scripts all the same; they are public.
    headers.setdefault(
        "Cross-Origin-Resource-Policy", "cross-origin" if request.endpoint == "static" else "same-origin"
    )
    if tool().settings.public_url.startswith("https:"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
    return response


def _who_may(response: Response) -> str:
    """The LMS may frame the pages of its visits, nobody else, and forms go to ourselves.

    What answers a login or launch holds nothing to click on but the way on, and that leads over the LMS's own hosts.
    What is said of an ended visit holds nothing to click on at all, and must be read in the frame where it happened.
    The answer to an LMS's dialogue leaves for the LMS, wherever that leads on to.
    """
    if request.path.startswith("/lti/"):
        return ""
    forms = "" if "form_leaves" in g else "; form-action 'self'"  # browsers hold it against redirects as well
    if request.path.startswith(("/v/", "/choose/")) and response.status_code >= 400 and "frame_origins" not in g:
        return forms
    framed_by = f"'self' {g.frame_origins}" if "frame_origins" in g else "'none'"
    return f"{forms}; frame-ancestors {framed_by}"
