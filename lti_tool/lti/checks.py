"""Every check of a posted launch, each before what it guards.

On pylti1p3's MessageLaunch, with each of its gaps closed: state and nonce bound to one login, issuer and client bound
to it too, RS256 alone, audience exact, times required (docs/decisions/0003-launch.md).
Source: 1EdTech Security Framework 1.0, 5.1.3; LTI Core 1.3, 5.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

import requests
from pylti1p3.exception import LtiException
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.session import SessionService
from sqlalchemy import bindparam, select

from lti_tool.database import Database, run
from lti_tool.errors import LaunchRefused, Reason
from lti_tool.identity.visits import hashed
from lti_tool.lti.claims import DEPLOYMENT_ID, check_launch, identifier
from lti_tool.lti.families import family_named
from lti_tool.lti.id_tokens import LONGEST_TOKEN, verified_claims
from lti_tool.lti.login import BrowserCookies, FormRequest, KnownRegistration, ToolConf
from lti_tool.lti.platforms import PLATFORM_COLUMNS, PlatformFacts, PlatformKeys, Platforms
from lti_tool.models import Deployment, Login, Platform

OLDEST_TOKEN = timedelta(minutes=10)
STORAGE_ANSWERS_WITHIN = timedelta(seconds=60)

_NO_REQUESTS = requests.Session()  # unused: keys come from `PlatformKeys`; without it the library makes one each time
_LOGIN_COLUMNS = (
    Login.platform_id, Login.nonce, Login.target_link_uri, Login.lti_deployment_id, Login.storage_hash,
    Login.storage_asked_at, Login.expires_at, Deployment.id, Deployment.held_since,
)  # fmt: skip
_LOGIN = (
    select(*_LOGIN_COLUMNS, *PLATFORM_COLUMNS)
    .join(Platform, Platform.id == Login.platform_id)
    .outerjoin(
        Deployment,
        (Deployment.platform_id == Platform.id) & (Deployment.lti_deployment_id == Login.lti_deployment_id),
    )
    .where(Login.state == bindparam("state"))
)


@dataclass(frozen=True)
class LoginFacts:
    """What the login wrote down for the launch that ends it."""

    platform_id: int
    nonce: str
    target_link_uri: str
    lti_deployment_id: str | None
    storage_hash: str | None
    storage_asked_at: datetime | None
    expires_at: datetime
    deployment_id: int | None
    deployment_held_since: datetime | None


@dataclass(frozen=True)
class Gate:
    """What a launch is checked against."""

    database: Database
    platforms: Platforms
    keys: PlatformKeys


class _NothingStored(SessionService):
    """A launch is stored nowhere: what it says becomes rows of ours, and the token is forgotten."""

    def __init__(self) -> None:
        pass

    def save_launch_data(self, key: str, jwt_body: Mapping[str, Any]) -> None:
        pass

    def set_state_valid(self, state: str, id_token_hash: str) -> None:
        pass


class _KnownConf(ToolConf):
    """The one registration that the login of this launch was for: there is none to look up."""

    known: PlatformFacts

    def find_registration_by_params(self, iss: str, client_id: str, *args: Any, **kwargs: Any) -> KnownRegistration:
        return KnownRegistration(self.known)


class PostedLaunch(MessageLaunch[FormRequest, _KnownConf, _NothingStored, BrowserCookies]):
    """One posted launch. The order of checks is the library's; what each of them checks is ours.

    After `validate`, `by_storage` says that the browser was proved without a cookie, `lacks_proof` that it is yet to.
    """

    def __init__(self, form: Mapping[str, str], cookies: Mapping[str, str], gate: Gate, now: datetime) -> None:
        conf, browser = _KnownConf(gate.platforms), BrowserCookies(cookies)
        super().__init__(FormRequest(form), conf, _NothingStored(), browser, requests_session=_NO_REQUESTS)
        self._form = form
        self._gate = gate
        self._now = now
        self._login: LoginFacts | None = None
        self._is_signed = False
        self.platform: PlatformFacts | None = None
        self.deployment_id: int | None = None
        self.by_storage = False
        self.lacks_proof = False

    def _get_request_param(self, key: str) -> str:
        return self._form.get(key, "")

    def get_client_id(self) -> str:
        return self._known_platform().lti_client_id

    def validate(self) -> "PostedLaunch":
        """Check everything; after any refusal no claim of the token can be read."""
        try:
            super().validate()
        except (LaunchRefused, LtiException) as problem:
            facts = self.facts()
            self._jwt = {}
            if not isinstance(problem, LaunchRefused):
                raise LaunchRefused(Reason.TOKEN_MALFORMED, **facts) from None
            problem.facts = facts | problem.facts
            raise
        return self

    def facts(self) -> dict[str, object]:
        """Which registration and key a refusal is about, for the log; a claim only once its signature is verified."""
        facts: dict[str, object] = {}
        if self.platform is not None:
            facts |= {"platform": self.platform.id, "issuer": self.platform.lti_issuer}
            facts |= {"client_id": self.platform.lti_client_id}
        header: Any = self._jwt.get("header")
        if isinstance(header, dict) and isinstance(header.get("kid"), str):
            facts["kid"] = header["kid"]
        deployment: Any = self._jwt.get("body", {}).get(DEPLOYMENT_ID) if self._is_signed else None
        if isinstance(deployment, str):
            facts["deployment_id"] = deployment
        return facts

    def validate_state(self) -> "PostedLaunch":
        state = self._get_request_param("state")
        if not state:
            raise LaunchRefused(Reason.STATE_MISSING)
        if not state.isascii() or "\x00" in state:
            raise LaunchRefused(Reason.STATE_UNKNOWN)
        self._login, self.platform = self._begun_login(state)
        self._check_browser(state, self._login)
        if self.platform.is_disabled:
            raise LaunchRefused(Reason.PLATFORM_DISABLED)
        if self._get_request_param("error"):
            raise LaunchRefused(Reason.PLATFORM_ERROR)
        if not self._get_request_param("id_token"):
            raise LaunchRefused(Reason.TOKEN_MISSING)
        return self

    def validate_jwt_format(self) -> "PostedLaunch":
        if len(self._get_id_token()) > LONGEST_TOKEN:
            raise LaunchRefused(Reason.TOKEN_MALFORMED, why="too long")
        super().validate_jwt_format()
        if not isinstance(self._jwt.get("header"), dict) or not isinstance(self._jwt.get("body"), dict):
            raise LaunchRefused(Reason.TOKEN_MALFORMED)
        return self

    def validate_nonce(self) -> "PostedLaunch":
        nonce = self._get_jwt_body().get("nonce")
        if not isinstance(nonce, str) or not nonce.isascii():
            raise LaunchRefused(Reason.NONCE_MISMATCH)
        if not compare_digest(nonce.encode(), self._known_login().nonce.encode()):
            raise LaunchRefused(Reason.NONCE_MISMATCH)
        return self

    def validate_registration(self) -> "PostedLaunch":
        if self._get_jwt_body().get("iss") != self._known_platform().lti_issuer:
            raise LaunchRefused(Reason.PLATFORM_MISMATCH)
        self._tool_config.known = self._known_platform()
        super().validate_registration()
        return self

    def validate_jwt_signature(self) -> "PostedLaunch":
        header: Mapping[str, Any] = self._jwt.get("header", {})
        kid = header.get("kid")
        if not isinstance(kid, str) or not kid:
            raise LaunchRefused(Reason.KEY_ID_MISSING)
        platform = self._known_platform()
        claims = verified_claims(self._get_id_token(), self._gate.keys.candidates(platform, kid), platform.lti_issuer)
        self._jwt["body"] = claims  # type: ignore[typeddict-item]  # from here on only what was verified
        self._is_signed = True
        self._check_audience(claims)
        self._check_times(claims)
        return self

    def validate_deployment(self) -> "PostedLaunch":
        claimed = identifier(self._get_jwt_body(), DEPLOYMENT_ID)
        login = self._known_login()
        if login.lti_deployment_id not in (None, claimed):
            raise LaunchRefused(Reason.DEPLOYMENT_MISMATCH)
        if login.deployment_id is not None:
            self.deployment_id = login.deployment_id if login.deployment_held_since is None else None
        else:
            self.deployment_id = self._gate.platforms.deployment_id(self._known_platform(), claimed, self._now)
        if self.deployment_id is None:
            raise LaunchRefused(Reason.DEPLOYMENT_HELD)
        return self

    def validate_message(self) -> "PostedLaunch":
        family = family_named(self._known_platform().family)
        check_launch(
            self._get_jwt_body(),
            self._known_login().target_link_uri,
            review_without_column=family.reviews_without_column,
        )
        return self

    def _begun_login(self, state: str) -> tuple[LoginFacts, PlatformFacts]:
        with self._gate.database.reading_rows() as rows:
            row = run(rows, _LOGIN, {"state": state}).one_or_none()
        if row is None:
            raise LaunchRefused(Reason.STATE_UNKNOWN)
        count = len(_LOGIN_COLUMNS)
        return LoginFacts(*row[:count]), PlatformFacts(*row[count:])

    def _check_browser(self, state: str, login: LoginFacts) -> None:
        """The browser that ends a login must be the one that began it: its cookie says so, or the LMS's own frame."""
        if login.expires_at <= self._now:
            raise LaunchRefused(Reason.STATE_EXPIRED)
        if compare_digest((self._cookie_service.get_cookie(state) or "").encode(), state.encode()):
            return
        if login.storage_hash is None:
            raise LaunchRefused(Reason.COOKIE_MISSING)
        if login.storage_asked_at is not None and self._now - login.storage_asked_at > STORAGE_ANSWERS_WITHIN:
            raise LaunchRefused(Reason.STATE_EXPIRED)
        proof = self._form.get("proof")
        if proof is None:
            self.lacks_proof = True
        elif compare_digest(hashed(proof), login.storage_hash):
            self.by_storage = True
        else:
            raise LaunchRefused(Reason.STORAGE_MISMATCH)

    def _check_audience(self, claims: Mapping[str, Any]) -> None:
        client_id = self.get_client_id()
        claimed = claims.get("aud")
        audience = claimed if isinstance(claimed, list) else [claimed]
        if audience != [client_id] or claims.get("azp", client_id) != client_id:
            raise LaunchRefused(Reason.BAD_AUDIENCE)

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        for name in ("exp", "iat"):
            if isinstance(claims[name], bool) or not isinstance(claims[name], int | float):
                raise LaunchRefused(Reason.STALE_TOKEN, claim=name)
        if claims["iat"] < (self._now - OLDEST_TOKEN).timestamp():
            raise LaunchRefused(Reason.STALE_TOKEN, claim="iat")

    def _known_login(self) -> LoginFacts:
        if self._login is None:
            raise LaunchRefused(Reason.STATE_UNKNOWN)
        return self._login

    def _known_platform(self) -> PlatformFacts:
        if self.platform is None:
            raise LaunchRefused(Reason.STATE_UNKNOWN)
        return self.platform
