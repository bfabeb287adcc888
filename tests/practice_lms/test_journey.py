"""The whole way in a real Chromium over real HTTP: register, switch on, choose content, save, open, copy."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from flask import Flask, jsonify, redirect, request
from joserfc import jws, jwt
from joserfc.jwk import KeySet, RSAKey
from playwright.sync_api import Page, expect
from werkzeug.wrappers import Response

from lti_tool.practice_lms import PracticeSchool, ToolAddresses, create_practice_lms
from lti_tool.practice_lms.scopes import ALL_SCOPES
from tests.browser import People
from tests.practice_lms.a_launch import CLAIM
from tests.practice_lms.a_tool import DL, SETTINGS, TOOL_CONFIGURATION
from tests.stage import free_port, served

CLOSE = "<!doctype html><script>parent.postMessage({subject: 'org.imsglobal.lti.close'}, '*')</script>"


class ScriptedTool:
    """A tool of a hundred lines: it registers itself, answers every dialogue with one link, and shows its custom."""

    def __init__(self, url: str) -> None:
        self.url, self.client_id, self.authorize_url = url, "", ""
        self.key = RSAKey.generate_key(2048, {"alg": "RS256", "use": "sig"})
        self.key.ensure_kid()
        self.app = Flask("scripted_tool")
        self.app.add_url_rule("/register", view_func=self.register)
        self.app.add_url_rule("/login", view_func=self.login, methods=["POST"])
        self.app.add_url_rule("/launch", view_func=self.launch, methods=["POST"])
        self.app.add_url_rule("/jwks", view_func=lambda: jsonify(KeySet([self.key]).as_dict(private=False)))

    def register(self) -> str:
        bearer = {"Authorization": f"Bearer {request.args['registration_token']}"}
        platform = requests.get(request.args["openid_configuration"], headers=bearer, timeout=10).json()
        self.authorize_url = platform["authorization_endpoint"]
        answer = requests.post(platform["registration_endpoint"], json=self.body(), headers=bearer, timeout=10)
        assert answer.status_code == 200, answer.text
        self.client_id = answer.json()["client_id"]
        return CLOSE

    def body(self) -> dict[str, Any]:
        return {
            "application_type": "web",
            "response_types": ["id_token"],
            "grant_types": ["implicit", "client_credentials"],
            "initiate_login_uri": f"{self.url}/login",
            "redirect_uris": [f"{self.url}/launch"],
            "client_name": "Scripted blog",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_method": "private_key_jwt",
            "scope": " ".join(ALL_SCOPES),
            TOOL_CONFIGURATION: {
                "domain": urlsplit(self.url).netloc,
                "target_link_uri": f"{self.url}/launch",
                "claims": ["iss", "sub"],
                "custom_parameters": {"history": "$Context.id.history"},
                "messages": [{"type": "LtiDeepLinkingRequest", "placements": ["assignment_selection"]}],
            },
        }

    def login(self) -> Response:
        kept = {name: request.form[name] for name in ("client_id", "login_hint", "lti_message_hint")}
        fixed = {"scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none"}
        own = {"redirect_uri": f"{self.url}/launch", "nonce": secrets.token_hex(8), "state": "s"}
        return redirect(f"{self.authorize_url}?{urlencode({**kept, **fixed, **own})}")

    def launch(self) -> str:
        claims = json.loads(jws.extract_compact(request.form["id_token"].encode()).payload)
        if settings := claims.get(SETTINGS):
            address, token = settings["deep_link_return_url"], self.chosen(claims["iss"])
            form = f'<form method="post" action="{address}"><input type="hidden" name="JWT" value="{token}">'
            return f"<!doctype html>{form}<button>Choose On the Thaw</button></form>"
        custom = claims[CLAIM + "custom"]
        return f"<!doctype html><h1>Blog {custom['blog']}</h1><p>history: {custom['history']}.</p>"

    def chosen(self, audience: str) -> str:
        now = int(time.time())
        line = {"scoreMaximum": 12, "label": "On the Thaw"}
        item = {"type": "ltiResourceLink", "title": "On the Thaw", "custom": {"blog": "7"}, "lineItem": line}
        claims = {"iss": self.client_id, "aud": audience, "iat": now, "exp": now + 60, "nonce": secrets.token_hex(8)}
        claims |= {DL + "content_items": [item]}
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)


@pytest.fixture(params=["canvas", "moodle"])
def school_and_tool(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[PracticeSchool, ScriptedTool]]:
    lms_port, tool_port = free_port(), free_port()
    tool = ScriptedTool(f"http://127.0.0.1:{tool_port}")
    nowhere = ToolAddresses(*(f"http://127.0.0.1:9/{name}" for name in ("login", "launch", "jwks")))
    lms = create_practice_lms(tmp_path, f"http://localhost:{lms_port}", nowhere, request.param)
    with ExitStack() as servers:
        servers.enter_context(served(lms, lms_port))
        servers.enter_context(served(tool.app, tool_port))
        yield lms.extensions["practice_lms"], tool


def registered(page: Page, school: PracticeSchool, tool: ScriptedTool) -> None:
    page.goto(school.public_url)
    page.get_by_role("link", name="For administrators").click()
    page.get_by_label("Tool URL").fill(f"{tool.url}/register")
    page.get_by_role(
        "button", name={"canvas": "Register by URL", "moodle": "Add LTI Advantage"}[school.accent.name]
    ).click()
    expect(page).to_have_url(f"{school.public_url}/admin/tools")
    expect(page.get_by_text({"canvas": "Off", "moodle": "Pending"}[school.accent.name], exact=True)).to_be_visible()
    page.get_by_role("button", name={"canvas": "Set to On", "moodle": "Activate"}[school.accent.name]).click()
    page.get_by_role("button", name="Use this tool in activities (Scripted blog)").click()
    expect(page.get_by_role("heading", name="Scripted blog in use")).to_be_visible()


def test_from_registration_to_a_copied_course(
    school_and_tool: tuple[PracticeSchool, ScriptedTool], new_page: People
) -> None:
    school, tool = school_and_tool
    page = new_page()
    registered(page, school, tool)
    page.goto(f"{school.public_url}/?next=/courses/3644")
    page.get_by_role("button", name="Dr. Irena Novak").click()
    page.get_by_role("link", name="Add an activity").click()
    page.frame_locator("iframe[name=dialogue]").get_by_role("button", name="Choose On the Thaw").click()
    expect(page.get_by_label("Name")).to_have_value("On the Thaw")
    expect(page.get_by_label("Points")).to_have_value("12")
    assert len(school.activities()) == 2
    page.get_by_role("button", name="Save", exact=True).click()
    if school.accent.name == "canvas":
        page.get_by_role("button", name="Publish On the Thaw").click()
    page.get_by_role("button", name="Copy this course").click()
    expect(page).to_have_url(f"{school.public_url}/courses/3645")
    page.get_by_role("main").get_by_role("link", name="On the Thaw", exact=True).click()
    frame = page.frame_locator("iframe[name=tool]")
    expect(frame.get_by_role("heading", name="Blog 7")).to_be_visible()
    source: Any = school.claims_for("irena", 1, "n")[CLAIM + "context"]
    expect(frame.get_by_text(f"history: {source['id']}.")).to_be_visible()
