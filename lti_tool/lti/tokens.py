"""Access tokens for platform services: client credentials with `private_key_jwt`, kept until shortly before their end.

Source: 1EdTech Security Framework 1.0, 4.1; the deployment claim: LTI Core 1.3, 6.2.1.
"""

import threading
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

from authlib.oauth2.rfc7523 import private_key_jwt_sign

from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.lti.connection import AddressRefused, Answer, Connection
from lti_tool.lti.families import family_named
from lti_tool.lti.keys import Keyring
from lti_tool.lti.platforms import PlatformFacts
from lti_tool.lti.shared_tokens import SharedTokens, Token, TokenKey
from lti_tool.wording import say

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 150
_CLOCK_SLACK_SECONDS = 150  # Moodle refuses an assertion made a second in its future, Canvas one of half a minute
_RENEW_BEFORE_SECONDS = 60
_USUAL_SECONDS = 3600.0
_LONGEST_SECONDS = 86_400  # a platform that says more, or infinity, has made a mistake


class ServiceTokens:
    """One token per platform, deployment and scope, asked for once however many threads need it.

    With `shared` once by all processes together.
    """

    def __init__(self, connection: Connection, keyring: Keyring, shared: SharedTokens | None = None) -> None:
        self._connection = connection
        self._keyring = keyring
        self._shared = shared
        self._lock = threading.Lock()
        self._asking: dict[TokenKey, threading.Lock] = {}
        self._tokens: dict[TokenKey, Token] = {}

    def token(self, platform: PlatformFacts, lti_deployment_id: str, scope: str, refused: str = "") -> str:
        """Return a bearer token; `refused` is one that the platform has just turned down.

        Raises LmsUnreachable and LmsRefused.
        """
        key = (platform.id, lti_deployment_id, scope)
        with self._lock:
            asking = self._asking.setdefault(key, threading.Lock())
        with asking:
            kept = self._tokens.get(key)
            if kept is None or kept.value == refused or kept.ends_at <= time.monotonic():
                ask = partial(self._ask, platform, lti_deployment_id, scope)
                kept = self._shared.obtained(key, refused, ask) if self._shared else ask()
                self._tokens[key] = kept
            return kept.value

    def answered(
        self, platform: PlatformFacts, lti_deployment_id: str, scope: str, ask: Callable[[str], Answer]
    ) -> tuple[str, Answer]:
        """Call a service with a token, once again with a new one after a 401; return the token that was used last.

        A token can be revoked before its time. Raises LmsUnreachable and LmsRefused, as `ask` and `token` do.
        """
        token = self.token(platform, lti_deployment_id, scope)
        answer = ask(token)
        if answer.status == 401:
            token = self.token(platform, lti_deployment_id, scope, refused=token)
            answer = ask(token)
        return token, answer

    def _ask(self, platform: PlatformFacts, lti_deployment_id: str, scope: str) -> Token:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(platform, lti_deployment_id),
            "scope": scope,
        }
        try:
            answer = self._connection.call(
                "POST",
                platform.token_url,
                headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
                body=urlencode(form),
            )
        except AddressRefused:
            raise LmsRefused(
                say("The LMS's token address is not one that the blog may call."),
                say("Correct it, or allow private addresses in the settings."),
                Mender.OPERATOR,
            ) from None
        return _read_token(answer)

    def _assertion(self, platform: PlatformFacts, lti_deployment_id: str) -> str:
        key = self._keyring.signing_key()
        now = int(time.time()) - _CLOCK_SLACK_SECONDS
        # A fresh dict each time: Authlib writes the jti into it, and would send the same one again.
        claims = {"https://purl.imsglobal.org/spec/lti/claim/deployment_id": lti_deployment_id}
        signed: str = private_key_jwt_sign(
            key,
            client_id=platform.lti_client_id,
            token_endpoint=token_audience(platform),
            claims=claims,
            header={"kid": key.kid},
            issued_at=now,
            expires_at=now + _CLOCK_SLACK_SECONDS + _ASSERTION_SECONDS,
        )
        return signed


def token_audience(platform: PlatformFacts) -> str:
    """Whom an assertion is for: as registered, else as the LMS's family wants it, else the token address itself."""
    return platform.token_audience or family_named(platform.family).token_audience or platform.token_url


def _can_be_sent(token: object) -> bool:
    """Only such text fits into an Authorization header (RFC 6750, 2.1)."""
    return isinstance(token, str) and token.isascii() and token.isprintable() and token != ""


def _lifetime(expires_in: object) -> float:
    if isinstance(expires_in, int | float) and abs(expires_in) < _LONGEST_SECONDS:
        return float(expires_in)
    return _USUAL_SECONDS


def _read_token(answer: Answer) -> Token:
    try:
        facts = answer.json()
    except ValueError:
        facts = None
    if answer.status == 200 and isinstance(facts, dict) and _can_be_sent(facts.get("access_token")):
        seconds = _lifetime(facts.get("expires_in"))
        return Token(facts["access_token"], time.monotonic() + seconds - _RENEW_BEFORE_SECONDS)
    if isinstance(facts, dict) and facts.get("error") == "invalid_scope":
        raise LmsRefused(
            say("The LMS does not let the blog use its gradebook or roster."),
            say("The LMS administrator can allow the grade service for this tool."),
            Mender.ADMINISTRATOR,
            answer.status,
        )
    # Also a wrong key: an LMS that could not read our keys this minute says the same, so it is tried again.
    throttle = answer.status == 429
    problem = say("The LMS did not give the blog access.")
    raise LmsUnreachable(problem, answer.retry_after_seconds, answer.status, is_throttle=throttle)
