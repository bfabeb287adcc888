"""The JWT a tool posts when content has been chosen: read without trust, then checked against the tool's own keys."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from .tools import RegisteredTool

if TYPE_CHECKING:
    from .school import PracticeSchool


class NotAToken(ValueError):
    """It cannot even be read."""


class NotSigned(ValueError):
    """The signature is not by a key that the tool shows."""


@dataclass(frozen=True)
class Unverified:
    """What a token claims of itself."""

    header: dict[str, Any]
    claims: dict[str, Any]


def unverified(token: str) -> Unverified:
    try:
        found = jws.extract_compact(token.encode())
        claims = json.loads(found.payload)
    except (JoseError, ValueError) as problem:
        raise NotAToken(str(problem) or type(problem).__name__) from problem
    if not isinstance(claims, dict):
        raise NotAToken("the payload is no object")
    return Unverified(dict(found.headers()), claims)


def check_signature(school: "PracticeSchool", tool: RegisteredTool, token: str, header: dict[str, Any]) -> None:
    """RS256 by the key that the header names; NoToolKeys when the tool's keys cannot be fetched."""
    keys = school.tool_keys.at(tool.jwks_url).having(str(header.get("kid", "")))
    try:
        jwt.decode(token, keys, algorithms=["RS256"])
    except (JoseError, ValueError) as problem:
        raise NotSigned(str(problem) or type(problem).__name__) from problem
