"""Canvas: dynamic registration, after its documentation and app/models/lti/ims/registration.rb.

The bodies of refusals (401, 422) are not documented; the rest is.
"""

import uuid
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response

from ..answers import json_answer
from ..registration import (
    PLATFORM_CONFIGURATION,
    BadToken,
    bearer,
    posted,
    sign_token,
    token_claims,
    tool_configuration,
)
from ..scopes import AGS_SCOPES, ROSTER_READ
from ..sharing import level_asked_for
from ..tools import DEEP_LINKING, RegisteredTool
from . import canvas_placements
from .canvas_services import error

if TYPE_CHECKING:
    from ..school import PracticeSchool

CONFIGURATION_PATH = "/.well-known/openid-configuration"
REGISTRATION_PATH = "/api/lti/registrations"
CANVAS = "https://canvas.instructure.com/lti"
SCOPES = (
    *AGS_SCOPES,
    "https://canvas.instructure.com/lti-ags/progress/scope/show",
    ROSTER_READ,
    f"{CANVAS}/public_jwk/scope/update",
    f"{CANVAS}/account_lookup/scope/show",
)
REQUIRED = ("redirect_uris", "initiate_login_uri", "client_name", "jwks_uri", "scope")
REQUIRED_OF_TOOL = ("domain", "target_link_uri", "claims", "messages")
LEVELS = ("public", "name_only", "email_only", "anonymous")


def openid_configuration(school: "PracticeSchool") -> dict[str, Any]:
    """The documented shape, with every address on this server."""
    url = school.public_url
    launches, dialogues = canvas_placements.offered()
    return {
        "issuer": url,
        "authorization_endpoint": f"{url}/lti/authorize",
        "registration_endpoint": url + REGISTRATION_PATH,
        "jwks_uri": f"{url}/lti/jwks",
        "token_endpoint": f"{url}/lti/token",
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "picture", "email", "name", "given_name", "family_name", "locale"],
        "subject_types_supported": ["public"],
        "authorization_server": url.partition("://")[2],
        PLATFORM_CONFIGURATION: {
            "product_family_code": "canvas",
            "version": "OpenSource",
            "messages_supported": [
                {"type": "LtiResourceLinkRequest", "placements": launches},
                {"type": DEEP_LINKING, "placements": dialogues},
            ],
            "notice_types_supported": ["LtiHelloWorldNotice", "LtiContextCopyNotice"],
            "variables": ["ResourceLink.id", "Context.id.history", "Canvas.user.id"],
            f"{CANVAS}/account_name": "Practice school",
            f"{CANVAS}/account_lti_guid": "PrAcTiCe1LmS2GuId3OfForty4CharactersLong:canvas-lms",
        },
    }


def registration_token(school: "PracticeSchool", update: RegisteredTool | None) -> str:
    """Opaque to the tool. There is no update by token: the tool registers anew."""
    return sign_token(school, {"uuid": str(uuid.uuid4()), "registration_url": school.public_url + REGISTRATION_PATH})


def _problems(body: dict[str, Any]) -> dict[str, str]:
    """What is wrong with the configuration, by field."""
    settings = tool_configuration(body)
    found = {name: "is required" for name in REQUIRED if not body.get(name)}
    found |= {name: "is required" for name in REQUIRED_OF_TOOL if settings.get(name) in (None, "", [])}
    if not {"client_credentials", "implicit"} <= set(body.get("grant_types") or ()):
        found["grant_types"] = "must include client_credentials, implicit"
    if body.get("response_types") != ["id_token"]:
        found["response_types"] = "must be id_token"
    for name, value in (("application_type", "web"), ("token_endpoint_auth_method", "private_key_jwt")):
        if body.get(name) != value:
            found[name] = f"must be '{value}'"
    if strange := [scope for scope in str(body.get("scope", "")).split() if scope not in SCOPES]:
        found["scopes"] = f"Invalid scopes: {strange}"
    return found


def _draft(school: "PracticeSchool", body: dict[str, Any]) -> RegisteredTool:
    """The key is off until an administrator sets it to On and makes the app available."""
    settings = tool_configuration(body)
    named = settings.get(f"{CANVAS}/privacy_level")
    return RegisteredTool(
        number=0,
        client_id="1000000" + school.fresh_client_id("0123456789", 7),
        deployment_id="",
        name=str(body["client_name"]),
        login_url=str(body["initiate_login_uri"]),
        launch_url=str(settings["target_link_uri"]),
        jwks_url=str(body["jwks_uri"]),
        redirect_urls=tuple(str(url) for url in body["redirect_uris"]),
        scopes=tuple(str(body["scope"]).split()),
        custom={name: str(value) for name, value in (settings.get("custom_parameters") or {}).items()},
        claims=tuple(settings["claims"]),
        messages=tuple(canvas_placements.with_own_names(settings["messages"])),
        active=False,
        description=str(settings.get("description") or ""),
        icon_url=str(body.get("logo_uri") or ""),
        domain=str(settings["domain"]),
        privacy=named if named in LEVELS else _inferred(settings["claims"]),
        configuration=body,
    )


def _inferred(claims: list[str]) -> str:
    """Without a level: a picture means public."""
    return "public" if "picture" in claims else level_asked_for(claims)


def _spend(school: "PracticeSchool", claims: dict[str, Any]) -> bool:
    """True the first time a token registers a tool."""
    with school.store.writing() as db:
        row = (f"registration:{claims['uuid']}", float(claims["exp"]))
        return db.execute("INSERT OR IGNORE INTO seen_jtis VALUES (?, ?)", row).rowcount == 1


def _register(school: "PracticeSchool", claims: dict[str, Any]) -> Response:
    body = posted()
    if problems := _problems(body):
        return json_answer({"errors": problems}, "application/json", 422)
    if not _spend(school, claims):
        return error(401, "unauthorized", "Registration token already used")
    tool = school.register_tool(_draft(school, body))
    if tool is None:
        return error(409, "conflict", "Client id taken, try again")
    return json_answer({**body, "client_id": tool.client_id}, "application/json")


def registration(school: "PracticeSchool") -> Blueprint:
    """The two addresses a registering tool uses; both want the registration token."""
    blueprint = Blueprint("canvas_registration", __name__)

    def claims() -> dict[str, Any]:
        token = token_claims(school, bearer())
        if "uuid" not in token:
            raise BadToken("not a registration token")
        return token

    @blueprint.errorhandler(BadToken)
    def refuse(_problem: BadToken) -> Response:
        return error(401, "unauthorized", "Invalid registration token")

    @blueprint.get(CONFIGURATION_PATH)
    def configuration() -> Response:
        claims()
        return json_answer(openid_configuration(school), "application/json")

    @blueprint.post(REGISTRATION_PATH)
    def register() -> Response:
        return _register(school, claims())

    return blueprint
