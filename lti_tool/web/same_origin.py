"""Requests that change something must come from our own pages.

Browsers say where a request comes from (`Sec-Fetch-Site`, `Origin`), so no token is needed in each form: such tokens
live in cookies, which a frame may lose (docs/decisions/0006-same-origin.md).
"""

from flask import request

from lti_tool.errors import NotAllowed
from lti_tool.web.access import tool
from lti_tool.wording import say

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# The LMS posts here from its own origin; each is bound to a login by signature, state and cookie.
_OPEN_TO_OTHERS = frozenset({"/lti/login", "/lti/launch"})
# A mail's own program posts to this signed address (RFC 8058); it carries no cookie, and needs none.
_OPEN_TO_MAIL = "/digest/stop/"


def refuse_foreign_posts() -> None:
    """Raise NotAllowed for a changing request that does not show it comes from this tool's own pages."""
    if request.method in _SAFE_METHODS or request.path in _OPEN_TO_OTHERS or request.path.startswith(_OPEN_TO_MAIL):
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    # Origin is for browsers too old to say Sec-Fetch-Site; one that sends neither cannot be told from a forger.
    is_ours = site == "same-origin" if site is not None else origin == tool().settings.public_url
    if not is_ours:
        raise NotAllowed(
            say("This request did not come from one of the blog's own pages, so nothing was changed."),
            say("Go back to the page and send it from there."),
        )
