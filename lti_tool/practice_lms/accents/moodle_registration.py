"""Moodle 4.5: dynamic registration, as mod/lti/openid-registration.php of 4.5.6 was measured to do it."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from ..answers import html_page, json_answer
from ..registration import (
    PLATFORM_CONFIGURATION,
    TOOL_CONFIGURATION,
    BadToken,
    bearer,
    posted,
    sign_token,
    token_claims,
    tool_configuration,
)
from ..scopes import AGS_SCOPES, LINEITEM, LINEITEM_READ, RESULT_READ, ROSTER_READ, SCORE
from ..sharing import level_asked_for
from ..tools import DEEP_LINKING, RegisteredTool
from .moodle_variable_names import VARIABLES

if TYPE_CHECKING:
    from ..school import PracticeSchool

CONFIGURATION_PATH = "/mod/lti/openid-configuration.php"
REGISTRATION_PATH = "/mod/lti/openid-registration.php"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
SIGNED = "private_key_jwt"
NEW, UPDATE = "reg", "reg-update"
REQUIRED = (
    "response_types",
    "initiate_login_uri",
    "redirect_uris",
    "client_name",
    "jwks_uri",
    "token_endpoint_auth_method",
    TOOL_CONFIGURATION,
)


class Refused(Exception):
    """A registration_exception: plain text with a status."""

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.words, self.status = words, status


def openid_configuration(school: "PracticeSchool") -> dict[str, Any]:
    """Submission review is not in the list, though it is sent."""
    url = school.public_url
    basic, settings = "https://purl.imsglobal.org/spec/lti-bo/scope/basicoutcome", "lti-ts/scope/toolsetting"
    scopes = [basic, LINEITEM_READ, RESULT_READ, SCORE, LINEITEM, ROSTER_READ]
    return {
        "issuer": url,
        "token_endpoint": f"{url}/lti/token",
        "token_endpoint_auth_methods_supported": [SIGNED],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "jwks_uri": f"{url}/lti/jwks",
        "authorization_endpoint": f"{url}/lti/authorize",
        "registration_endpoint": url + REGISTRATION_PATH,
        "scopes_supported": [*scopes, f"https://purl.imsglobal.org/spec/{settings}", "openid"],
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email"],
        PLATFORM_CONFIGURATION: {
            "product_family_code": "moodle",
            "version": "4.5.6 (Build: 20250811)",
            "messages_supported": [
                {"type": "LtiResourceLinkRequest"},
                {"type": DEEP_LINKING, "placements": ["ContentArea"]},
            ],
            "variables": list(VARIABLES),
        },
    }


def registration_token(school: "PracticeSchool", update: RegisteredTool | None) -> str:
    """For a new tool `sub` is already its client id; for an update it is the tool's number."""
    if update is not None:
        return sign_token(school, {"sub": str(update.number), "scope": UPDATE})
    return sign_token(school, {"sub": school.fresh_client_id(LETTERS, 15), "scope": NEW})


def _granted(asked: str) -> tuple[str, ...]:
    """Grade service: with columns if `lineitem` was asked for, else sync only."""
    names = asked.split()
    ags = AGS_SCOPES if LINEITEM in names else (LINEITEM_READ, RESULT_READ, SCORE)
    granted = ags if set(names) & set(AGS_SCOPES) else ()
    return (*granted, ROSTER_READ) if ROSTER_READ in names else granted


def _check(body: dict[str, Any]) -> None:
    for name in REQUIRED:
        if not body.get(name):
            raise Refused(f"missing required attribute {name}")
    if not isinstance(body["redirect_uris"], list):
        raise Refused("missing required attribute redirect_uris")
    settings = tool_configuration(body)
    if not settings.get("domain"):
        raise Refused("missing_domain")
    if settings["domain"] != urlsplit(_target(settings)).netloc:
        raise Refused("domain_targetlinkuri_mismatch")
    if "id_token" not in body["response_types"]:
        raise Refused("invalid_response_types")
    if body["token_endpoint_auth_method"] != SIGNED:
        raise Refused("invalid_token_endpoint_auth_method")


def _target(settings: dict[str, Any]) -> str:
    return str(settings.get("target_link_uri") or f"https://{settings['domain']}")


def _draft(body: dict[str, Any], client_id: str) -> RegisteredTool:
    """Pending until an administrator presses Activate."""
    settings = tool_configuration(body)
    messages = [message for message in settings.get("messages") or [] if isinstance(message, dict)]
    kept = [{name: value for name, value in message.items() if name != "placements"} for message in messages]
    return RegisteredTool(
        number=0,
        client_id=client_id,
        deployment_id="",
        name=str(body["client_name"]),
        login_url=str(body["initiate_login_uri"]),
        launch_url=_target(settings),
        jwks_url=str(body["jwks_uri"]),
        redirect_urls=tuple(str(url) for url in body["redirect_uris"]),
        scopes=_granted(str(body.get("scope", ""))),
        custom={name: str(value) for name, value in (settings.get("custom_parameters") or {}).items()},
        claims=tuple(settings.get("claims") or ()),
        messages=tuple(kept),
        active=False,
        description=str(settings.get("description") or ""),
        icon_url=str(body.get("logo_uri") or ""),
        domain=str(settings["domain"]),
        privacy=level_asked_for(settings.get("claims") or ()),
        configuration=body,
    )


def _over_reported(tool: RegisteredTool) -> str:
    """Any grade scope is answered with all four, whatever a token will get (a precedence bug, measured)."""
    ags = (SCORE, RESULT_READ, LINEITEM_READ, LINEITEM) if set(tool.scopes) & set(AGS_SCOPES) else ()
    return " ".join([*ags, *(scope for scope in tool.scopes if scope == ROSTER_READ)])


def as_registered(tool: RegisteredTool) -> dict[str, Any]:
    """The answer: deep linking is the only message echoed; localised names and many fields are gone."""
    named = ["name", "family_name", "given_name"] if tool.privacy in ("public", "name_only") else []
    mailed = ["email"] if tool.privacy in ("public", "email_only") else []
    settings: dict[str, Any] = {
        "version": "1.3.0",
        "deployment_id": tool.deployment_id,
        "target_link_uri": tool.launch_url,
        "domain": tool.domain,
        "description": tool.description,
    }
    if tool.message(DEEP_LINKING):
        settings["messages"] = [{"type": DEEP_LINKING, "target_link_uri": tool.deep_linking_url()}]
    if tool.custom:
        settings["custom_parameters"] = tool.custom
    return {
        "client_id": tool.client_id,
        "response_types": ["id_token"],
        "jwks_uri": tool.jwks_url,
        "initiate_login_uri": tool.login_url,
        "grant_types": ["client_credentials", "implicit"],
        "redirect_uris": list(tool.redirect_urls),
        "application_type": "web",
        "token_endpoint_auth_method": SIGNED,
        "client_name": tool.name,
        "logo_uri": tool.icon_url,
        "scope": _over_reported(tool),
        TOOL_CONFIGURATION: {**settings, "claims": ["sub", "iss", *named, *mailed]},
    }


def _asking(school: "PracticeSchool") -> tuple[str, RegisteredTool | None]:
    """The future client id, or the tool to update, that the token stands for."""
    token = bearer()
    if not token:
        raise Refused("missing_registration_token", 401)
    claims = token_claims(school, token)
    subject, scope = str(claims.get("sub", "")), claims.get("scope")
    if scope == UPDATE:
        tool = school.tool_numbered(int(subject)) if subject.isdecimal() else None
        if tool is None:
            raise Refused("invalid_token", 401)
        return tool.client_id, tool
    if scope != NEW:
        raise Refused("invalid_token", 401)
    if school.tool_known_as(subject) is not None:
        raise Refused("token_already_used", 401)
    return subject, None


def _register(school: "PracticeSchool") -> RegisteredTool:
    client_id, known = _asking(school)
    body = posted()
    _check(body)
    draft = _draft(body, client_id)
    if known is not None:
        changed = replace(draft, number=known.number, deployment_id=known.deployment_id, active=known.active)
        school.change_tool(changed)
        return changed
    tool = school.register_tool(draft)
    if tool is None:
        raise Refused("token_already_used", 401)
    return tool


def _answer(school: "PracticeSchool") -> RegisteredTool:
    if request.method == "POST":
        return _register(school)
    known = _asking(school)[1] if request.method == "GET" else None
    if known is None:
        raise Refused("Unsupported operation")
    return known


def registration(school: "PracticeSchool") -> Blueprint:
    """The two addresses a registering tool uses."""
    blueprint = Blueprint("moodle_registration", __name__)

    @blueprint.get(CONFIGURATION_PATH)
    def configuration() -> Response:
        return json_answer(openid_configuration(school), "application/json")

    @blueprint.route(REGISTRATION_PATH, methods=["GET", "POST", "PUT"])
    def register() -> Response:
        try:
            return json_answer(as_registered(_answer(school)), "application/json")
        except Refused as refusal:
            return Response(refusal.words, refusal.status, content_type="text/html; charset=utf-8")
        except BadToken as problem:
            return html_page(404, f"Exception - {problem}")

    return blueprint
