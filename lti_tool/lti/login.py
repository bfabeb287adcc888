"""The beginning of a launch: an LMS's login request to the address at the LMS where the browser goes next.

On pylti1p3's OIDCLogin, with each of its gaps closed (facts and reasons: docs/decisions/0003-launch.md).
Source: 1EdTech Security Framework 1.0, 5.1.1.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from pylti1p3.cookie import CookieService
from pylti1p3.deployment import Deployment
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect
from pylti1p3.registration import Registration
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config.abstract import ToolConfAbstract

from lti_tool.database import Database
from lti_tool.errors import LaunchRefused, Reason
from lti_tool.identity.visits import hashed
from lti_tool.lti.connection import AddressRefused, Connection
from lti_tool.lti.platforms import PlatformFacts, Platforms
from lti_tool.models import Login

LOGIN_LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class BegunLogin:
    """Where the browser goes next, and the state that its cookie must carry back."""

    address: str
    state: str
    platform: PlatformFacts
    storage_secret: str = ""


class FormRequest(Request):
    """pylti1p3's view of a request: one form, and nothing of the server around it."""

    def __init__(self, form: Mapping[str, str]) -> None:
        self._form = form

    def is_secure(self) -> bool:
        return True

    def get_param(self, key: str) -> str:
        return self._form.get(key, "")


class BrowserCookies(CookieService):
    """The cookies a browser sent; the one that a login sets is left for the web room to send."""

    def __init__(self, cookies: Mapping[str, str]) -> None:
        self._cookies = cookies

    def get_cookie(self, name: str) -> str | None:
        return self._cookies.get(name)

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        pass


class ToolConf(ToolConfAbstract[Request]):
    """Registrations from our own table; an issuer may always have many."""

    def __init__(self, platforms: Platforms) -> None:
        self._platforms = platforms

    def check_iss_has_one_client(self, iss: str) -> bool:
        return False

    def check_iss_has_many_clients(self, iss: str) -> bool:
        return True

    def find_registration_by_params(self, iss: str, client_id: str, *args: Any, **kwargs: Any) -> Registration:
        return KnownRegistration(self._platforms.find(iss, client_id))

    def find_registration_by_issuer(self, iss: str, *args: Any, **kwargs: Any) -> Registration:
        return KnownRegistration(self._platforms.find(iss, None))

    def find_deployment(self, iss: str, deployment_id: str) -> Deployment | None:
        raise NotImplementedError("a deployment belongs to an issuer and a client id")

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *args: Any, **kwargs: Any
    ) -> Deployment | None:
        raise NotImplementedError("a launch asks for its deployment by the platform it already knows")


class KnownRegistration(Registration):
    """A registration that carries our own facts of it."""

    def __init__(self, platform: PlatformFacts) -> None:
        self.platform = platform
        self.set_issuer(platform.lti_issuer).set_client_id(platform.lti_client_id)
        self.set_auth_login_url(platform.authorize_url)


class _LoginRow(SessionService):
    """Keeps state and nonce together in one row, which one launch can use once."""

    def __init__(self, database: Database, now: datetime, storage: dict[str, str]) -> None:
        self._database = database
        self._now = now
        self._storage = storage
        self._nonce = ""

    def save_nonce(self, nonce: str) -> None:
        self._nonce = nonce

    def save_state_params(self, state: str, params: dict[str, Any]) -> None:
        with self._database.writing() as session:
            times = {"expires_at": self._now + LOGIN_LASTS}
            session.add(Login(state=state, nonce=self._nonce, **times, **self._storage, **params))


class _Address(Redirect[str]):
    def __init__(self, url: str) -> None:
        self._url = url

    def do_redirect(self) -> str:
        return self._url

    def do_js_redirect(self) -> str:
        raise NotImplementedError("the library's page writes the address into a script unescaped")

    def set_redirect_url(self, location: str) -> None:
        self._url = location

    def get_redirect_url(self) -> str:
        return self._url


class _Login(OIDCLogin[FormRequest, ToolConf, _LoginRow, BrowserCookies, str]):
    """pylti1p3's login with the request checked, a state and nonce nobody can guess, and the address joined rightly."""

    _registration: KnownRegistration
    state: str

    def __init__(
        self, form: Mapping[str, str], conf: ToolConf, rows: _LoginRow, public_url: str, connection: Connection
    ) -> None:
        super().__init__(FormRequest(form), conf, rows, BrowserCookies({}))
        self._public_url = public_url
        self._connection = connection

    @property
    def platform(self) -> PlatformFacts:
        return self._registration.platform

    def validate_oidc_login(self) -> Registration:
        issuer = self._get_request_param("iss")
        for name in ("iss", "login_hint", "target_link_uri"):
            if not self._get_request_param(name):
                raise LaunchRefused(Reason.MISSING_PARAMETER, parameter=name, issuer=issuer)
        registration = super().validate_oidc_login()
        target = self._get_request_param("target_link_uri")
        if not is_below(target, self._public_url):
            raise LaunchRefused(Reason.FOREIGN_TARGET, issuer=issuer)
        assert isinstance(registration, KnownRegistration)  # noqa: S101  # our ToolConf makes no other
        try:
            self._connection.check(registration.platform.authorize_url)
        except AddressRefused:
            raise LaunchRefused(Reason.INSECURE_ADDRESS, platform=registration.platform.id) from None
        self._remember(registration, target)
        return registration

    def _remember(self, registration: KnownRegistration, target: str) -> None:
        # Canvas has called the hint both names.
        hint = self._get_request_param("lti_deployment_id") or self._get_request_param("deployment_id")
        self.pass_params_to_launch(
            {
                "platform_id": registration.platform.id,
                "target_link_uri": target,
                "lti_deployment_id": hint or None,
            }
        )

    def _get_uuid(self) -> str:
        self.state = "state-" + (token := secrets.token_urlsafe(32))
        return token

    def _generate_nonce(self) -> str:
        return secrets.token_urlsafe(32)

    def _prepare_redirect_url(self, launch_url: str) -> str:
        url = super()._prepare_redirect_url(launch_url)
        endpoint = self.platform.authorize_url
        if "?" not in endpoint:
            return url
        return endpoint + "&" + url[len(endpoint) + 1 :]

    def get_redirect(self, url: str) -> Redirect[str]:
        return _Address(url)


def begin_login(
    form: Mapping[str, str],
    database: Database,
    platforms: Platforms,
    connection: Connection,
    public_url: str,
    launch_url: str,
    now: datetime,
    *,
    by_storage: bool = False,
) -> BegunLogin:
    """Check an LMS's login request, write down what the launch must match, and say where the browser goes.

    With `by_storage` the browser, which keeps no cookie, is to leave a secret in the LMS's own frame.
    Raises LaunchRefused. The redirect address is always our own, never one from the request.
    """
    if any("\x00" in value for value in form.values()):
        raise LaunchRefused(Reason.MISSING_PARAMETER, parameter="with a NUL character")
    secret = secrets.token_urlsafe(32) if by_storage else ""
    storage = {"storage_hash": hashed(secret), "storage_target": form.get("lti_storage_target", "")} if secret else {}
    login = _Login(form, ToolConf(platforms), _LoginRow(database, now, storage), public_url, connection)
    address = login.redirect(launch_url)
    return BegunLogin(address, login.state, login.platform, secret)


def storage_key(state: str) -> str:
    """What the LMS's frame keeps the secret of one login under, so that launches side by side do not mix."""
    return f"lti_tool_{state}"


def is_below(address: str, public_url: str) -> bool:
    """Say whether an address is one of ours: same scheme, host and port, and nothing that browsers read otherwise."""
    if "\\" in address or any(ord(character) <= 32 for character in address):
        return False
    try:
        ours, theirs = urlsplit(public_url), urlsplit(address)
        return (theirs.scheme, theirs.netloc.lower()) == (ours.scheme, ours.netloc.lower())
    except ValueError:
        return False
