"""Dynamic registration in both accents. The shapes are those of Moodle 4.5.6 (measured) and of Canvas (documented)."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt

from lti_tool.practice_lms import CLIENT_ID
from lti_tool.practice_lms.catalogue import NotHere
from lti_tool.practice_lms.scopes import LINEITEM, LINEITEM_READ, RESULT_READ, ROSTER_READ, SCORE
from lti_tool.practice_lms.tool_shelf import ToolNotActive
from tests.practice_lms.a_launch import AGS, CLAIM, answered, form_of, launched, started
from tests.practice_lms.a_tool import (
    CONFIGURATION,
    REGISTRATION,
    TOOL_CONFIGURATION,
    URL,
    body_of,
    post_registration,
    register,
    token_in,
    use_registered,
)

TOOL = "http://tool.example.test/register"
PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
COMMON_KEYS = {
    "issuer",
    "authorization_endpoint",
    "registration_endpoint",
    "jwks_uri",
    "token_endpoint",
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
    "scopes_supported",
    "response_types_supported",
    "id_token_signing_alg_values_supported",
    "claims_supported",
    "subject_types_supported",
    PLATFORM_CONFIGURATION,
}


def fresh_token(bench: Any, **more: Any) -> str:
    return token_in(bench.school.registration_link(TOOL, **more))


def tool_known_as(bench: Any, client_id: str) -> Any:
    return next(tool for tool in bench.school.tools() if tool.client_id == client_id)


def token_answer(bench: Any, client_id: str, scope: str) -> Any:
    assertion = bench.tool.assertion(iss=client_id, sub=client_id)
    return bench.ask_token(scope=scope, assertion=assertion)


def test_link_keeps_the_tools_own_query(either: Any) -> None:
    link = either.school.registration_link("http://tool.example.test/register?tenant=v%20t&flag")
    assert link.startswith("http://tool.example.test/register?tenant=v%20t&flag&openid_configuration=")
    query = parse_qs(urlsplit(link).query)
    assert query["openid_configuration"] == [URL + CONFIGURATION[either.accent]]


def test_moodle_token_names_the_future_client(moodle: Any) -> None:
    token = jwt.decode(fresh_token(moodle), moodle.school.platform_key, algorithms=["RS256"])
    assert token.header["kid"] == moodle.school.platform_key.kid
    assert set(token.claims) == {"sub", "scope", "iat", "exp"}
    assert token.claims["scope"] == "reg"
    assert token.claims["exp"] - token.claims["iat"] == 3600
    answer = post_registration(moodle, fresh_token(moodle), body_of(moodle))
    assert len(answer.json["client_id"]) == len(token.claims["sub"]) == 15


def test_openid_configuration(either: Any) -> None:
    headers = {"Authorization": f"Bearer {fresh_token(either)}"}
    found = either.client.get(CONFIGURATION[either.accent], headers=headers).json
    extra = {"authorization_server"} if either.accent == "canvas" else set()
    assert set(found) == COMMON_KEYS | extra
    assert found["issuer"] == URL
    assert found["registration_endpoint"] == URL + REGISTRATION[either.accent]
    assert either.client.get(found["jwks_uri"].removeprefix(URL)).status_code == 200
    platform = found[PLATFORM_CONFIGURATION]
    assert platform["product_family_code"] == either.accent
    types = [message["type"] for message in platform["messages_supported"]]
    assert types == ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]
    assert "Context.id.history" in platform["variables"]
    assert "ContentArea" in platform["messages_supported"][1]["placements"]


def test_who_may_read_the_configuration(canvas: Any, moodle: Any) -> None:
    path = CONFIGURATION["canvas"]
    assert canvas.client.get(path).status_code == 401
    assert canvas.client.get(path, headers={"Authorization": "Bearer x.y.z"}).status_code == 401
    signed = canvas.school.sign({"sub": "not a registration token", "exp": int(time.time()) + 60})
    assert canvas.client.get(path, headers={"Authorization": f"Bearer {signed}"}).status_code == 401
    assert moodle.client.get(CONFIGURATION["moodle"]).status_code == 200


def test_moodle_answers_with_client_and_deployment(moodle: Any) -> None:
    answer = post_registration(moodle, fresh_token(moodle), body_of(moodle))
    assert (answer.status_code, answer.content_type) == (200, "application/json; charset=utf-8")
    assert set(answer.json) == {
        "client_id",
        "response_types",
        "jwks_uri",
        "initiate_login_uri",
        "grant_types",
        "redirect_uris",
        "application_type",
        "token_endpoint_auth_method",
        "client_name",
        "logo_uri",
        "scope",
        TOOL_CONFIGURATION,
    }
    settings = answer.json[TOOL_CONFIGURATION]
    assert set(settings) == {
        "version",
        "deployment_id",
        "target_link_uri",
        "domain",
        "description",
        "messages",
        "custom_parameters",
        "claims",
    }
    assert settings["deployment_id"] == "2"
    assert [message["type"] for message in settings["messages"]] == ["LtiDeepLinkingRequest"]
    assert settings["claims"] == ["sub", "iss", "name", "family_name", "given_name", "email"]


def test_moodle_over_reports_the_scopes_of_a_tool_that_asked_little(moodle: Any) -> None:
    settings = {"claims": ["iss", "sub"], "messages": [{"type": "LtiResourceLinkRequest"}], "custom_parameters": None}
    body = {**body_of(moodle, **settings), "scope": SCORE}
    answer = post_registration(moodle, fresh_token(moodle), body).json
    assert answer["scope"].split() == [SCORE, RESULT_READ, LINEITEM_READ, LINEITEM]
    assert set(answer[TOOL_CONFIGURATION]) == {
        "version",
        "deployment_id",
        "target_link_uri",
        "domain",
        "description",
        "claims",
    }
    refused = token_answer(moodle, answer["client_id"], LINEITEM)
    assert (refused.status_code, "invalid_scope" in refused.text) == (400, True)
    granted = token_answer(moodle, answer["client_id"], f"{LINEITEM} {SCORE} {ROSTER_READ}")
    assert granted.status_code == 200
    assert SCORE in granted.text
    assert ROSTER_READ not in granted.text


def test_canvas_answers_with_the_client_and_no_deployment(canvas: Any) -> None:
    body = body_of(canvas)
    answer = post_registration(canvas, fresh_token(canvas), body)
    assert answer.status_code == 200
    assert set(answer.json) == {*body, "client_id"}
    assert "deployment_id" not in answer.text
    assert answer.json["client_id"].isdecimal()


@pytest.mark.parametrize(
    "field", ["response_types", "initiate_login_uri", "redirect_uris", "client_name", "jwks_uri", TOOL_CONFIGURATION]
)
def test_moodle_names_what_is_missing(moodle: Any, field: str) -> None:
    body = {name: value for name, value in body_of(moodle).items() if name != field}
    answer = post_registration(moodle, fresh_token(moodle), body)
    assert (answer.status_code, answer.text) == (400, f"missing required attribute {field}")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({TOOL_CONFIGURATION: {"domain": "other.test", "target_link_uri": "http://x.test/"}}, "domain_targetlinkuri_"),
        ({"response_types": ["code"]}, "invalid_response_types"),
        ({"token_endpoint_auth_method": "none"}, "invalid_token_endpoint_auth_method"),
    ],
)
def test_moodle_refuses_in_plain_text_and_the_token_lives_on(moodle: Any, change: Any, words: str) -> None:
    token = fresh_token(moodle)
    answer = post_registration(moodle, token, {**body_of(moodle), **change})
    assert answer.status_code == 400
    assert answer.text.startswith(words)
    assert answer.content_type.startswith("text/html")
    assert post_registration(moodle, token, body_of(moodle)).status_code == 200


def test_moodle_domain_includes_the_port(moodle: Any) -> None:
    body = body_of(moodle, domain="127.0.0.1")
    assert post_registration(moodle, fresh_token(moodle), body).text == "domain_targetlinkuri_mismatch"


def test_moodle_tokens(moodle: Any) -> None:
    missing = post_registration(moodle, "", body_of(moodle))
    assert (missing.status_code, missing.text) == (401, "missing_registration_token")
    garbage = post_registration(moodle, "x.y.z", body_of(moodle))
    assert (garbage.status_code, garbage.content_type) == (404, "text/html; charset=utf-8")
    token = fresh_token(moodle)
    assert post_registration(moodle, token, body_of(moodle)).status_code == 200
    for method in ("POST", "GET"):
        again = post_registration(moodle, token, body_of(moodle), method)
        assert (again.status_code, again.text) == (401, "token_already_used")
    put = post_registration(moodle, token, body_of(moodle), "PUT")
    assert (put.status_code, put.text) == (400, "Unsupported operation")
    assert len(moodle.school.tools()) == 2


def test_an_old_token_is_no_token(either: Any) -> None:
    token, now = fresh_token(either), either.school.clock()
    either.school.clock = lambda: now.replace(year=now.year + 1)
    assert (
        post_registration(either, token, body_of(either)).status_code == {"canvas": 401, "moodle": 404}[either.accent]
    )


def test_canvas_token_works_once(canvas: Any) -> None:
    token = fresh_token(canvas)
    assert post_registration(canvas, "", body_of(canvas)).status_code == 401
    assert post_registration(canvas, token, {**body_of(canvas), "scope": "strange"}).status_code == 422
    assert post_registration(canvas, token, body_of(canvas)).status_code == 200
    assert post_registration(canvas, token, body_of(canvas)).status_code == 401
    assert len(canvas.school.tools()) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("application_type", "native"),
        ("grant_types", ["implicit"]),
        ("response_types", ["id_token", "code"]),
        ("token_endpoint_auth_method", "none"),
        ("redirect_uris", None),
        ("initiate_login_uri", None),
        ("client_name", None),
        ("jwks_uri", None),
        ("scope", None),
    ],
)
def test_canvas_wants_every_field(canvas: Any, field: str, value: Any) -> None:
    answer = post_registration(canvas, fresh_token(canvas), {**body_of(canvas), field: value})
    assert answer.status_code == 422
    assert field in answer.json["errors"]


@pytest.mark.parametrize("field", ["domain", "target_link_uri", "claims", "messages"])
def test_canvas_wants_every_field_of_the_tool(canvas: Any, field: str) -> None:
    answer = post_registration(canvas, fresh_token(canvas), body_of(canvas, **{field: None}))
    assert field in answer.json["errors"]


def test_moodle_update_keeps_client_and_deployment(moodle: Any) -> None:
    client_id = register(moodle)
    token = fresh_token(moodle, update=client_id)
    claims = jwt.decode(token, moodle.school.platform_key, algorithms=["RS256"]).claims
    assert (claims["sub"], claims["scope"]) == ("2", "reg-update")
    assert post_registration(moodle, token, None, "GET").json["client_name"] == "Registered blog"
    for name in ("Renamed", "Renamed again"):
        changed = post_registration(moodle, token, {**body_of(moodle), "client_name": name}).json
        assert (changed["client_id"], changed[TOOL_CONFIGURATION]["deployment_id"]) == (client_id, "2")
    tool = tool_known_as(moodle, client_id)
    assert (tool.name, tool.active) == ("Renamed again", True)
    assert len(moodle.school.tools()) == 2


def test_what_the_school_knows_of_a_tool(either: Any) -> None:
    client_id = register(either, activate=False)
    tool = tool_known_as(either, client_id)
    assert not tool.active
    assert tool.configuration == body_of(either)
    assert tool.login_url.endswith("/login")
    assert tool.launch_urls == tuple(body_of(either)["redirect_uris"])
    assert tool.custom == {"history": "$Context.id.history", "strange": "$No.such.thing"}
    assert set(tool.scopes) == {LINEITEM, LINEITEM_READ, RESULT_READ, SCORE, ROSTER_READ}
    assert either.again().school.tools() == either.school.tools()
    default = either.school.tools()[0]
    assert (default.client_id, default.by_hand, default.active) == (CLIENT_ID, True, True)


def test_tokens_for_a_tool_not_yet_switched_on(canvas: Any, moodle: Any) -> None:
    pending, off = register(moodle, activate=False), register(canvas, activate=False)
    assert token_answer(moodle, pending, SCORE).status_code == 200
    assert "invalid_client" in token_answer(canvas, off, SCORE).text
    canvas.school.activate(off)
    assert token_answer(canvas, off, SCORE).status_code == 200
    with pytest.raises(ToolNotActive):
        moodle.school.use_tool(pending)
    with pytest.raises(NotHere):
        moodle.school.use_tool("nobody")


def test_canvas_refuses_the_whole_request_for_a_scope_not_granted(canvas: Any) -> None:
    client_id = register(canvas, body={**body_of(canvas), "scope": SCORE})
    assert token_answer(canvas, client_id, SCORE).status_code == 200
    assert token_answer(canvas, client_id, f"{SCORE} {ROSTER_READ}").status_code == 400


def test_launch_with_the_registered_tool(either: Any) -> None:
    client_id = use_registered(either)
    start = started(either)
    assert start["client_id"] == client_id
    claims = launched(either, start)
    tool = tool_known_as(either, client_id)
    assert (claims["aud"], claims[CLAIM + "deployment_id"]) == (client_id, tool.deployment_id)
    assert start["lti_deployment_id"] == tool.deployment_id
    custom = claims[CLAIM + "custom"]
    assert (custom["history"], custom["strange"]) == ("", "$No.such.thing")
    assert claims["email"] == "isaiah@example.test"
    if either.accent == "moodle":
        assert "type_id=2" in claims[AGS]["lineitem"]
        assert "/bindings/2/" in claims[NRPS]["context_memberships_url"]
        assert either.call("GET", claims[AGS]["lineitem"]).json["id"] == claims[AGS]["lineitem"]


def test_claims_follow_what_the_tool_asked_for(either: Any) -> None:
    body = {**body_of(either, claims=["sub", "iss", "email"]), "scope": SCORE}
    either.school.use_tool(register(either, body=body))
    claims = either.school.claims_for("isaiah", 1, "n")
    assert not {"name", "given_name", "family_name"} & set(claims)
    assert claims["email"] == "isaiah@example.test"
    assert NRPS not in claims
    assert LINEITEM not in claims[AGS]["scope"]


def test_a_launch_of_one_tool_is_no_launch_of_another(either: Any) -> None:
    start = started(either)
    other = register(either)
    answer = answered(either, start, client_id=other)
    assert "id_token" not in answer.text


def test_redirect_addresses_belong_to_their_tool(canvas: Any) -> None:
    start = started(canvas)
    chosen = canvas.tool.addresses.launch_url.replace("/launch", "/choose")
    assert answered(canvas, start, redirect_uri=chosen).status_code == 400
    canvas.school.use_tool(register(canvas))
    action, fields = form_of(answered(canvas, started(canvas), redirect_uri=chosen).text)
    assert (action, "id_token" in fields) == (chosen, True)


def test_another_deployment(canvas: Any) -> None:
    other = "77:" + "a" * 40
    claims = canvas.school.claims_for("isaiah", 1, "n", deployment_id=other)
    assert claims[CLAIM + "deployment_id"] == other
    start = started(canvas, deployment=other)
    assert start["lti_deployment_id"] == other
    assert launched(canvas, start)[CLAIM + "deployment_id"] == other


def test_admin_pages(either: Any) -> None:
    assert 'href="/admin/tools">For administrators' in either.client.get("/").text
    page = either.client.get("/admin/tools/register?url=http://tool.example.test/register?a=1").text
    assert 'src="http://tool.example.test/register?a=1&amp;openid_configuration=' in page
    assert "org.imsglobal.lti.close" in page
    assert either.client.get("/admin/tools/register?url=javascript:alert(1)").status_code == 422
    client_id = register(either, activate=False)
    listed = either.client.get("/admin/tools").text
    words = {"moodle": ("Pending", "Activate"), "canvas": ("Off", "Set to On and make available")}[either.accent]
    assert client_id in listed
    assert all(word in listed for word in words)
    for do in ("on", "use"):
        assert either.client.post(f"/admin/tools/{client_id}", data={"do": do}).status_code == 303
    assert either.school.tool_in_use.client_id == client_id
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert either.client.post(f"/admin/tools/{client_id}", data={"do": "off"}, headers=foreign).status_code == 403


def test_moodle_asks_whether_to_update(moodle: Any) -> None:
    client_id = register(moodle)
    url = f"http://{tool_known_as(moodle, client_id).domain}/register"
    asked = moodle.client.get("/admin/tools/register", query_string={"url": url}).text
    assert "existing tools attached to the registration" in asked
    assert "<iframe" not in asked
    updating = moodle.client.get("/admin/tools/register", query_string={"url": url, "update": client_id}).text
    assert "<iframe" in updating
    assert "<iframe" in moodle.client.get("/admin/tools/register", query_string={"url": url, "new": "1"}).text
