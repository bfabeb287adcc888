"""What a tool does beside launching: it registers itself, and answers a dialogue with chosen content."""

import secrets
import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from lti_tool.practice_lms import CLIENT_ID
from lti_tool.practice_lms.scopes import ALL_SCOPES
from tests.practice_lms.a_launch import CLAIM

URL = "http://lms.example.test"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
SETTINGS = DL + "deep_linking_settings"
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
CONFIGURATION = {"canvas": "/.well-known/openid-configuration", "moodle": "/mod/lti/openid-configuration.php"}
REGISTRATION = {"canvas": "/api/lti/registrations", "moodle": "/mod/lti/openid-registration.php"}


def body_of(bench: Any, **settings: Any) -> dict[str, Any]:
    """The configuration the tool posts; `settings` change its LTI part (None leaves a field out)."""
    base = bench.tool.addresses.launch_url.removesuffix("/launch")
    own = {
        "domain": urlsplit(base).netloc,
        "description": "Essays with threads",
        "target_link_uri": f"{base}/launch",
        "custom_parameters": {"history": "$Context.id.history", "strange": "$No.such.thing"},
        "claims": ["iss", "sub", "name", "given_name", "family_name", "email"],
        "messages": [
            {"type": "LtiResourceLinkRequest"},
            {
                "type": "LtiDeepLinkingRequest",
                "target_link_uri": f"{base}/choose",
                "placements": ["ContentArea", "https://canvas.instructure.com/lti/assignment_selection"],
            },
        ],
        **settings,
    }
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": f"{base}/login",
        "redirect_uris": [f"{base}/launch", f"{base}/choose"],
        "client_name": "Registered blog",
        "client_name#fr": "Carnet",
        "jwks_uri": bench.tool.addresses.jwks_url,
        "logo_uri": f"{base}/icon.png",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(ALL_SCOPES),
        TOOL_CONFIGURATION: {name: value for name, value in own.items() if value is not None},
    }


def token_in(link: str) -> str:
    return parse_qs(urlsplit(link).query)["registration_token"][0]


def post_registration(bench: Any, token: str, body: Any, method: str = "POST") -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer: TestResponse = bench.client.open(REGISTRATION[bench.accent], method=method, json=body, headers=headers)
    return answer


def register(bench: Any, activate: bool = True, body: Any = None, **settings: Any) -> str:
    """Register the tool, switch it on, and return its client id."""
    token = token_in(bench.school.registration_link("http://tool.example.test/register"))
    answer = post_registration(bench, token, body or body_of(bench, **settings))
    assert answer.status_code == 200, answer.text
    client_id: str = answer.json["client_id"]
    if activate:
        bench.school.activate(client_id)
    return client_id


def use_registered(bench: Any, **settings: Any) -> str:
    client_id = register(bench, **settings)
    bench.school.use_tool(client_id)
    return client_id


def link_item(title: str = "On the Thaw", **more: Any) -> dict[str, Any]:
    return {"type": "ltiResourceLink", "title": title, "custom": {"blog": "7"}, **more}


def response_jwt(bench: Any, *items: dict[str, Any], key: RSAKey | None = None, **changes: Any) -> str:
    """The signed deep linking response; changes go by claim name, None leaves one out, a duration is from now."""
    now = int(time.time())
    times = {name: now + int(value.total_seconds()) for name, value in changes.items() if isinstance(value, timedelta)}
    claims = {
        "iss": CLIENT_ID,
        "aud": URL,
        "iat": now,
        "exp": now + 300,
        "nonce": secrets.token_hex(8),
        CLAIM + "message_type": "LtiDeepLinkingResponse",
        CLAIM + "version": "1.3.0",
        CLAIM + "deployment_id": "anything",
        DL + "content_items": list(items),
        **changes,
        **times,
    }
    signer = key or bench.tool.key
    sent = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": bench.tool.key.kid}, sent, signer)


def return_url(bench: Any, placement: str = "assignment_selection", who: str = "irena", course_id: int = 1) -> str:
    """Where the dialogue wants its answer, without the host."""
    settings: Any = bench.school.deep_linking_claims(who, "n", placement, course_id)[SETTINGS]
    return str(settings["deep_link_return_url"]).removeprefix(URL)


def data_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["data"][0]


def come_back(bench: Any, url: str, token: str) -> TestResponse:
    """The tool's page posts from the dialogue: a form of another site, without the LMS's cookie."""
    other = bench.app.test_client()
    answer: TestResponse = other.post(url, data={"JWT": token}, headers={"Sec-Fetch-Site": "cross-site"})
    return answer


def saved(bench: Any, *items: dict[str, Any], placement: str = "assignment_selection", **changes: Any) -> Any:
    """Choose, come back and save, all in Python: the activities."""
    data = data_of(return_url(bench, placement)) if bench.accent == "canvas" else None
    outcome = bench.school.deep_linking_return(response_jwt(bench, *items, **changes), data)
    assert not outcome.refused, outcome
    return [bench.school.save_item(item) for item in outcome.items]
