"""The signature and the times of an id_token. Source: RFC 7515, RFC 7519; OpenID Connect Core 1.0, 3.1.3.7."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import BadSignatureError, ClaimError, DecodeError, JoseError, MissingClaimError
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from lti_tool.errors import LaunchRefused, Reason

LEEWAY = timedelta(seconds=60)
LONGEST_TOKEN = 100_000

_TIMES = ("exp", "iat", "nbf")
_CHECKED_HERE = (*_TIMES, "iss", "nonce")  # audience and message have checks of their own

# Whatever algorithm a token or a key claims, ours is RS256 (RFC 8725, 3.1); members of a header that it need not know
# may be there, a chain of certificates say (RFC 7515, 4).
_RS256 = JWSRegistry(algorithms=["RS256"], strict_check_header=False)
_RS256.max_header_length = LONGEST_TOKEN


def verified_claims(token: str, keys: Iterable[RSAKey], issuer: str) -> dict[str, Any]:
    """Return the claims of a token that one of the keys has signed, with its issuer, nonce and times in order.

    Raises LaunchRefused. Whom it is for and what it says is for the caller to check.
    """
    problem: JoseError = BadSignatureError()
    for key in keys:  # a key set may hold two keys of one kid
        try:
            return _decoded(token, key, issuer)
        except BadSignatureError as wrong_key:
            problem = wrong_key
        except JoseError as refused:
            problem = refused
            break
        except (ValueError, TypeError, ArithmeticError, RecursionError):  # a time of 1e999, say
            problem = DecodeError()
            break
    is_time = isinstance(problem, ClaimError) and problem.claim in _TIMES
    stale = is_time and not isinstance(problem, MissingClaimError)
    reason = Reason.STALE_TOKEN if stale else Reason.BAD_SIGNATURE
    raise LaunchRefused(reason, why=type(problem).__name__)


def _decoded(token: str, key: RSAKey, issuer: str) -> dict[str, Any]:
    claims = jwt.decode(token, key, registry=_RS256).claims
    required = jwt.JWTClaimsRegistry(
        leeway=int(LEEWAY.total_seconds()),
        iss={"essential": True, "value": issuer},
        exp={"essential": True, "allow_blank": True},
        iat={"essential": True, "allow_blank": True},
        nonce={"essential": True, "allow_blank": True},
    )
    required.validate({name: claims[name] for name in claims if name in _CHECKED_HERE})
    return claims
