"""Login initiation, the authentication request, and the claims of a launch in both accents."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from lti_tool.practice_lms import CLIENT_ID, DEPLOYMENT_ID
from lti_tool.practice_lms.school import Launch

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
Form = Callable[[str], tuple[str, dict[str, str]]]


def initiation(bench: Any, form: Form, who: str = "isaiah", activity: int = 1) -> dict[str, str]:
    page = bench.client.get(f"/courses/3644/activities/{activity}/launch?as={who}")
    action, fields = form(page.text)
    assert action == bench.tool.addresses.login_url
    return fields


def authorize(bench: Any, start: dict[str, str], **changes: str | None) -> TestResponse:
    params = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": CLIENT_ID,
        "redirect_uri": bench.tool.addresses.launch_url,
        "login_hint": start["login_hint"],
        "lti_message_hint": start["lti_message_hint"],
        "nonce": "nonce-1",
        "state": "state-1",
        **changes,
    }
    kept = {name: value for name, value in params.items() if value is not None}
    answer: TestResponse = bench.client.get("/lti/authorize", query_string=kept)
    return answer


def claims_of(bench: Any, form: Form, who: str, activity: int = 1) -> dict[str, Any]:
    _, fields = form(authorize(bench, initiation(bench, form, who, activity)).text)
    keys = KeySet.import_key_set(bench.client.get("/lti/jwks").json)
    return jwt.decode(fields["id_token"], keys, algorithms=["RS256"]).claims


def test_moodle_initiation_has_exactly_its_six_fields(moodle: Any, form: Form) -> None:
    fields = initiation(moodle, form)
    assert set(fields) == {
        "iss",
        "target_link_uri",
        "login_hint",
        "lti_message_hint",
        "client_id",
        "lti_deployment_id",
    }
    assert fields["login_hint"] == moodle.school.sub_of("isaiah") == "5"
    assert fields["lti_message_hint"].startswith('{"cmid":')


def test_canvas_initiation_offers_platform_storage(canvas: Any, form: Form) -> None:
    fields = initiation(canvas, form)
    assert fields["lti_storage_target"] == "post_message_forwarding"
    assert len(fields["login_hint"]) == 40
    assert fields["lti_message_hint"].count(".") == 2
    assert fields["lti_deployment_id"] == DEPLOYMENT_ID("canvas")


def test_moodle_claims(moodle: Any, form: Form) -> None:
    claims = claims_of(moodle, form, "siobhan", 2)
    assert claims["exp"] == claims["iat"] + 60
    assert claims["aud"] == CLIENT_ID
    assert "azp" not in claims
    assert (claims["sub"], claims["nonce"]) == ("12", "nonce-1")
    assert claims["name"] == "Siobhán O'Connor"
    assert claims[CLAIM + "context"]["type"] == ["CourseSection"]
    assert claims[CLAIM + "resource_link"]["id"] == "2"
    assert claims[CLAIM + "deployment_id"] == "1"
    assert claims[CLAIM + "custom"]["person_middle_name"] is None
    assert claims[CLAIM + "custom"]["due_at"].startswith("$")
    assert claims[CLAIM + "launch_presentation"]["return_url"]
    assert claims[CLAIM + "roles"] == ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]


def test_moodle_assistant_is_a_plain_instructor(moodle: Any, form: Form) -> None:
    roles = claims_of(moodle, form, "sam")[CLAIM + "roles"]
    assert roles == ["http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"]


def test_canvas_claims(canvas: Any, form: Form) -> None:
    claims = claims_of(canvas, form, "xiuying")
    assert claims["exp"] == claims["iat"] + 3600
    assert claims["azp"] == claims["aud"] == CLIENT_ID
    assert claims["name"] == "王秀英"
    assert claims[CLAIM + "lis"]["person_sourcedid"] == "$Person.sourcedId"
    assert claims[CLAIM + "launch_presentation"]["document_target"] == "iframe"
    assert claims["https://www.instructure.com/placement"] is None
    assert claims[CLAIM + "lti1p1"]["user_id"] == claims[CLAIM + "lti11_legacy_user_id"]
    endpoint = claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]
    assert endpoint["lineitem"].startswith(endpoint["lineitems"] + "/")


def test_canvas_roles_of_an_assistant(canvas: Any, form: Form) -> None:
    roles = claims_of(canvas, form, "sam")[CLAIM + "roles"]
    assert {role.removeprefix("http://purl.imsglobal.org/vocab/lis/v2/") for role in roles} == {
        "institution/person#Instructor",
        "membership#Instructor",
        "membership/Instructor#TeachingAssistant",
        "system/person#User",
    }
    assert roles == sorted(roles)


def test_a_launch_in_a_window_says_so_in_moodle(moodle: Any, form: Form) -> None:
    page = moodle.client.get("/courses/3644/activities/1/launch?as=tom&target=window")
    _, fields = form(authorize(moodle, form(page.text)[1]).text)
    payload = jwt.decode(fields["id_token"], moodle.school.platform_key, algorithms=["RS256"]).claims
    assert payload[CLAIM + "launch_presentation"]["document_target"] == "window"


def test_canvas_hint_works_once(canvas: Any, form: Form) -> None:
    start = initiation(canvas, form)
    assert "id_token" in form(authorize(canvas, start, lti_storage_target="x").text)[1]
    action, fields = form(authorize(canvas, start).text)
    assert action == canvas.tool.addresses.launch_url
    assert fields["error"] == "launch_no_longer_valid"
    assert fields["state"] == "state-1"


def test_moodle_hint_works_once(moodle: Any, form: Form) -> None:
    start = initiation(moodle, form)
    assert authorize(moodle, start).status_code == 200
    assert authorize(moodle, start).status_code == 404


def test_only_one_of_two_racing_answers_spends_the_hint(canvas: Any) -> None:
    hint = canvas.school.remember_launch(Launch("tom", 1, "iframe"))
    assert canvas.school.pending_launch(hint) == Launch("tom", 1, "iframe")
    assert [canvas.school.use_up(hint), canvas.school.use_up(hint)] == [True, False]
    assert canvas.school.pending_launch(hint) is None


def test_hint_expires_after_five_minutes(canvas: Any, form: Form) -> None:
    start = initiation(canvas, form)
    now = canvas.school.clock()
    canvas.school.clock = lambda: now + timedelta(seconds=301)
    assert form(authorize(canvas, start).text)[1]["error"] == "launch_no_longer_valid"


def test_canvas_gives_the_storage_target_back(canvas: Any, form: Form) -> None:
    answer = authorize(canvas, initiation(canvas, form), lti_storage_target="post_message_forwarding")
    assert form(answer.text)[1]["lti_storage_target"] == "post_message_forwarding"


def test_authorize_takes_posts_too(either: Any, form: Form) -> None:
    start = initiation(either, form)
    params = {"scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none"}
    params |= {"client_id": CLIENT_ID, "redirect_uri": either.tool.addresses.launch_url, "nonce": "n", "state": "s"}
    params |= {"login_hint": start["login_hint"], "lti_message_hint": start["lti_message_hint"]}
    assert "id_token" in form(either.client.post("/lti/authorize", data=params).text)[1]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "openid profile"}, "invalid_request_object"),
        ({"nonce": None}, "invalid_request_object"),
        ({"prompt": "login"}, "invalid_request_object"),
        ({"client_id": "other"}, "unauthorized_client"),
        ({"login_hint": "0" * 40}, "login_required"),
    ],
)
def test_canvas_posts_its_errors(canvas: Any, form: Form, changes: dict[str, str | None], error: str) -> None:
    fields = form(authorize(canvas, initiation(canvas, form), **changes).text)[1]
    assert fields["error"] == error
    assert "id_token" not in fields


@pytest.mark.parametrize(
    "changes", [{"redirect_uri": "http://evil.example.test/launch"}, {"lti_message_hint": "a.b.c"}]
)
def test_canvas_shows_these_itself(canvas: Any, form: Form, changes: dict[str, str]) -> None:
    assert authorize(canvas, initiation(canvas, form), **changes).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"login_hint": "6"}, "access_denied"),
        ({"client_id": "other"}, "unauthorized_client"),
        ({"response_mode": None}, "invalid_request"),
    ],
)
def test_moodle_posts_few_errors(moodle: Any, form: Form, changes: dict[str, str | None], error: str) -> None:
    assert form(authorize(moodle, initiation(moodle, form), **changes).text)[1]["error"] == error


@pytest.mark.parametrize("name", ["nonce", "login_hint", "lti_message_hint", "scope", "response_type"])
def test_moodle_shows_the_rest_itself(moodle: Any, form: Form, name: str) -> None:
    assert authorize(moodle, initiation(moodle, form), **{name: None}).status_code == 404


def test_a_lost_session(canvas: Any, form: Form) -> None:
    canvas.school.faults.set("session_lost", count=1)
    assert form(authorize(canvas, initiation(canvas, form)).text)[1]["error"] == "login_required"


def test_jwks_is_public_and_complete(either: Any) -> None:
    answer = either.client.get("/lti/jwks")
    assert "max-age=" in answer.headers["Cache-Control"]
    (key,) = answer.json["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}


def test_rotated_key_signs_and_the_old_one_stays(canvas: Any) -> None:
    old = canvas.school.platform_key.kid
    new = canvas.school.keys.rotate()
    assert [key["kid"] for key in canvas.client.get("/lti/jwks").json["keys"]] == [old, new.kid]
    assert canvas.school.platform_key.kid == new.kid


def test_signing_for_attack_tests(either: Any) -> None:
    claims = either.school.claims_for("tom", 1, "n") | {"aud": "somebody else"}
    token = either.school.sign(claims, header={"kid": "unknown"})
    assert jwt.decode(token, either.school.platform_key).header["kid"] == "unknown"
    unnamed = jwt.decode(either.school.sign(claims, header={"kid": None}), either.school.platform_key)
    assert "kid" not in unnamed.header
