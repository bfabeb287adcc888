"""Dynamic registration as far as both LMSs do it alike: the link, the token, the tool's configuration.

1EdTech LTI Dynamic Registration 1.0, and OpenID Connect Dynamic Client Registration on which it rests.
"""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import request
from joserfc import jwt
from joserfc.errors import JoseError

from .keys import Claims
from .tools import RegisteredTool

if TYPE_CHECKING:
    from .school import PracticeSchool

TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOKEN_SECONDS = 3600


class BadToken(ValueError):
    """The registration token is no token of ours, or too old."""


def registration_link(school: "PracticeSchool", tool_url: str, update: RegisteredTool | None = None) -> str:
    """What the administrator's frame opens: the tool's address, its own query kept, and our two parameters."""
    token = school.accent.registration_token(school, update)
    address = school.public_url + school.accent.openid_configuration_path
    ours = urlencode({"openid_configuration": address, "registration_token": token})
    parts = urlsplit(tool_url)
    return urlunsplit(parts._replace(query=f"{parts.query}&{ours}" if parts.query else ours))


def same_domain(school: "PracticeSchool", tool_url: str) -> list[RegisteredTool]:
    """The tools that registered themselves from this address's host and port."""
    return [tool for tool in school.tools() if not tool.by_hand and tool.domain == urlsplit(tool_url).netloc]


def sign_token(school: "PracticeSchool", claims: Claims) -> str:
    """A token for an hour, signed with the platform's key."""
    now = int(school.clock().timestamp())
    return school.sign({**claims, "iat": now, "exp": now + TOKEN_SECONDS})


def bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def token_claims(school: "PracticeSchool", token: str) -> dict[str, Any]:
    """The claims of a token we signed."""
    try:
        claims = jwt.decode(token, school.keys.all(), algorithms=["RS256"]).claims
    except (JoseError, ValueError) as problem:
        raise BadToken(str(problem) or type(problem).__name__) from problem
    if float(claims.get("exp", 0)) <= school.clock().timestamp():
        raise BadToken("Expired token")
    return dict(claims)


def posted() -> dict[str, Any]:
    """The configuration a tool posted; nothing if it is no JSON object."""
    body = request.get_json(force=True, silent=True)
    return body if isinstance(body, dict) else {}


def tool_configuration(body: dict[str, Any]) -> dict[str, Any]:
    value = body.get(TOOL_CONFIGURATION)
    return value if isinstance(value, dict) else {}
