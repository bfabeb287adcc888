"""The token endpoint: client credentials with a signed assertion (Security Framework 1.0 section 4, RFC 7523).

Stricter than Moodle 4.5 (which checks neither audience nor jti) and than Canvas (which accepts a repeated jti),
so that a tool that passes here passes there.
"""

import secrets
from typing import TYPE_CHECKING, Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload, FlaskOAuth2Request
from authlib.oauth2.rfc6749 import ClientCredentialsGrant, ClientMixin, InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from flask import Blueprint, Flask, Request, Response, request
from joserfc.jwk import KeySet

from .answers import html_page
from .issued_tokens import TOKEN_SECONDS, keep_token
from .scopes import ALL_SCOPES
from .services import be_slow
from .tool_keys import NoToolKeys
from .tools import RegisteredTool

if TYPE_CHECKING:
    from .school import PracticeSchool

METHOD = "private_key_jwt"


class ToolClient(ClientMixin):  # type: ignore[misc]
    """A registered tool, as Authlib wants to see it."""

    def __init__(self, tool: RegisteredTool, refuses_unknown_scopes: bool) -> None:
        self.tool = tool
        self.client_id = tool.client_id
        self.refuses_unknown_scopes = refuses_unknown_scopes

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == METHOD and endpoint == "token"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials"

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Canvas refuses the whole request for one scope not granted; Moodle drops those."""
        asked = (scope or "").split()
        granted = [name for name in asked if name in self.tool.scopes]
        if not granted or (self.refuses_unknown_scopes and len(granted) < len(asked)):
            return None
        return " ".join(granted)


class ToolAssertion(JWTBearerClientAssertion):  # type: ignore[misc]
    """The tool's signed assertion in one token request."""

    CLIENT_AUTH_METHOD = METHOD

    def __init__(self, school: "PracticeSchool") -> None:
        super().__init__()
        self.school = school
        self.kid = ""

    def extract_assertion(self, assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
        headers, claims = super().extract_assertion(assertion)
        if headers.get("alg") != "RS256" or not isinstance(headers.get("kid"), str):
            raise InvalidClientError(description="The assertion must be signed with RS256 and name its key (kid).")
        self.kid = headers["kid"]
        return headers, claims

    def get_audiences(self) -> list[str]:
        return [f"{self.school.public_url}/lti/token"]

    def resolve_client_public_key(self, client: ToolClient) -> KeySet:
        try:
            return self.school.tool_keys.at(client.tool.jwks_url).having(self.kid)
        except NoToolKeys as problem:
            raise InvalidClientError(description=str(problem)) from problem

    def validate_jti(self, claims: dict[str, Any], jti: str) -> bool:
        """True the first time only; remembered until the assertion has expired, leeway included."""
        now = self.school.clock().timestamp()
        until = max(float(claims["exp"]), now) + self.leeway
        with self.school.store.writing() as db:
            db.execute("DELETE FROM seen_jtis WHERE expires_at < ?", (now,))
            return db.execute("INSERT OR IGNORE INTO seen_jtis VALUES (?, ?)", (str(jti), until)).rowcount == 1


class LtiCredentialsGrant(ClientCredentialsGrant):  # type: ignore[misc]
    """Client credentials as LTI uses them: a scope must be named."""

    TOKEN_ENDPOINT_AUTH_METHODS: tuple[str, ...] = (METHOD,)

    def validate_token_request(self) -> None:
        super().validate_token_request()
        if not self.request.payload.scope:
            raise InvalidRequestError("Missing 'scope' in request.")


class LocalRequest(FlaskOAuth2Request):  # type: ignore[misc]
    """A token request over plain HTTP: the practice LMS stays on one machine, where Authlib would ask for TLS."""

    def __init__(self, asked: Request) -> None:
        OAuth2Request.__init__(self, asked.method, f"https://{asked.host}{asked.path}", headers=asked.headers)
        self._request = asked
        self.payload = FlaskOAuth2Payload(asked)


class LocalServer(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server for Flask, taking plain HTTP."""

    def create_oauth2_request(self, _request: object) -> LocalRequest:
        return LocalRequest(request)


def _client(school: "PracticeSchool", client_id: str) -> ToolClient | None:
    """Moodle serves a tool while it is Pending (measured); Canvas knows no key that is off."""
    tool = school.tool_known_as(client_id)
    if tool is None or not (tool.active or school.accent.serves_pending_tools):
        return None
    return ToolClient(tool, school.accent.refuses_unknown_scopes)


def _authorization_server(app: Flask, school: "PracticeSchool") -> LocalServer:
    app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"client_credentials": TOKEN_SECONDS}
    app.config["OAUTH2_ACCESS_TOKEN_GENERATOR"] = lambda *_, **__: secrets.token_hex(16)
    if school.accent.refuses_unknown_scopes:
        app.config["OAUTH2_SCOPES_SUPPORTED"] = list(ALL_SCOPES)
    server = LocalServer(
        app,
        query_client=lambda client_id: _client(school, client_id),
        save_token=lambda token, _request: keep_token(school, token),
    )
    server.register_client_auth_method(METHOD, lambda query, req: ToolAssertion(school)(query, req))
    server.register_grant(LtiCredentialsGrant)
    return server


def token_room(app: Flask, school: "PracticeSchool") -> Blueprint:
    """The token endpoint as a blueprint."""
    blueprint = Blueprint("tokens", __name__)
    server = _authorization_server(app, school)

    @blueprint.post("/lti/token")
    def token() -> Response:
        be_slow(school, request.path)
        if school.faults.take("token_down"):
            return html_page(503)
        answer: Response = server.create_token_response()
        answer.headers["Content-Type"] = school.accent.token_content_type
        return answer

    return blueprint
