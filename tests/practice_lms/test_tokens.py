"""The token endpoint: who gets one, for what, and what is refused."""

import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from lti_tool.practice_lms.scopes import ALL_SCOPES, SCORE


def refused(answer: Any, error: str) -> bool:
    return answer.status_code in (400, 401) and json.loads(answer.text)["error"] == error


def test_good_request(either: Any) -> None:
    answer = either.ask_token()
    token = json.loads(answer.text)
    assert answer.status_code == 200
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3600)
    assert set(token["scope"].split()) == set(ALL_SCOPES)


def test_moodle_calls_its_json_html(moodle: Any) -> None:
    assert moodle.ask_token().mimetype == "text/html"


def test_repeated_jti_is_refused(either: Any) -> None:
    assertion = either.tool.assertion()
    assert either.ask_token(assertion=assertion).status_code == 200
    assert refused(either.ask_token(assertion=assertion), "invalid_client")


def test_repeated_jti_is_refused_after_a_restart(canvas: Any) -> None:
    assertion = canvas.tool.assertion()
    canvas.ask_token(assertion=assertion)
    assert refused(canvas.again().ask_token(assertion=assertion), "invalid_client")


@pytest.mark.parametrize(
    "changes",
    [{"aud": "http://lms.example.test"}, {"iss": "x"}, {"sub": "x"}, {"exp": 1}, {"jti": None}, {"aud": None}],
)
def test_bad_assertions(either: Any, changes: dict[str, Any]) -> None:
    claims = {name: value for name, value in changes.items() if value is not None}
    assertion = either.tool.assertion(**claims) if claims else without(either.tool, next(iter(changes)))
    assert refused(either.ask_token(assertion=assertion), "invalid_client")


def without(tool: Any, name: str) -> str:
    from joserfc import jwt

    claims = jwt.decode(tool.assertion(), tool.key).claims
    return jwt.encode({"alg": "RS256", "kid": tool.key.kid}, {k: v for k, v in claims.items() if k != name}, tool.key)


def test_key_not_shown_by_the_tool(either: Any) -> None:
    stranger = RSAKey.generate_key(2048)
    stranger.ensure_kid()
    assert refused(either.ask_token(assertion=either.tool.assertion(key=stranger)), "invalid_client")


def test_new_key_of_the_tool_is_fetched(canvas: Any) -> None:
    canvas.token()
    new = RSAKey.generate_key(2048)
    new.ensure_kid()
    canvas.tool.public.append(new)
    assert canvas.ask_token(assertion=canvas.tool.assertion(key=new)).status_code == 200


def test_tool_key_page_is_no_json(canvas: Any) -> None:
    canvas.tool.answers_html = True
    answer = canvas.ask_token()
    assert refused(answer, "invalid_client")
    assert "JWK Error" in answer.text


def test_unknown_scope_fails_the_whole_request_in_canvas(canvas: Any) -> None:
    assert refused(canvas.ask_token(scope=f"{SCORE} https://example.test/other"), "invalid_scope")


def test_unknown_scope_is_dropped_in_moodle(moodle: Any) -> None:
    answer = moodle.ask_token(scope=f"{SCORE} https://example.test/other")
    assert json.loads(answer.text)["scope"] == SCORE
    assert refused(moodle.ask_token(scope="https://example.test/other"), "invalid_scope")


def test_no_scope_at_all(either: Any) -> None:
    assert either.ask_token(scope="").status_code == 400


def test_client_secret_is_no_way_in(either: Any) -> None:
    form = {"grant_type": "client_credentials", "client_id": "10000000000042", "client_secret": "x", "scope": SCORE}
    assert refused(either.client.post("/lti/token", data=form), "invalid_client")


def test_token_ends_after_an_hour(either: Any) -> None:
    token, now = either.token(), either.school.clock()
    assert token
    assert either.push("tom", 1, "2026-11-01T10:00:00Z").status_code == 200
    either.school.clock = lambda: now + timedelta(seconds=3601)
    assert either.push("tom", 2, "2026-11-01T10:00:01Z").status_code == 401


def test_scope_is_needed(either: Any) -> None:
    either._token = json.loads(either.ask_token(scope=ALL_SCOPES[1]).text)["access_token"]
    assert either.push("tom", 1, "2026-11-01T10:00:00Z").status_code == 401
    assert either.grade("tom") is None
