"""Access tokens: what the assertion says, and how often one is asked for (rows 139-149)."""

import threading
import time
from dataclasses import replace
from typing import Any

import jwt
import pytest
from flask import Response

from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.lti.connection import Connection
from lti_tool.lti.keys import Keyring
from lti_tool.lti.tokens import ServiceTokens
from tests.lti.scripted_lms import ScriptedLms, token_answer

DEPLOYMENT = "https://purl.imsglobal.org/spec/lti/claim/deployment_id"
SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"


def assertion_of(form: dict[str, str], keyring: Keyring) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, verified with the key that the tool publishes under the header's kid."""
    token = form["client_assertion"]
    header = jwt.get_unverified_header(token)
    published = {key["kid"]: key for key in keyring.public_set()["keys"]}
    key = jwt.PyJWK(published[header["kid"]], "RS256")
    return header, jwt.decode(token, key, algorithms=["RS256"], options={"verify_aud": False})


def test_rows_139_to_143_the_token_request(lms: ScriptedLms, tokens: ServiceTokens, keyring: Keyring) -> None:
    assert tokens.token(lms.facts(), "D1", SCOPE) == "token-1"
    call = lms.calls_to("/token")[0]
    assert call.method == "POST"
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert set(call.form) == {"grant_type", "client_assertion_type", "client_assertion", "scope"}
    assert call.form["grant_type"] == "client_credentials"
    assert call.form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert call.form["scope"] == SCOPE
    header, claims = assertion_of(call.form, keyring)
    assert header["alg"] == "RS256"
    assert claims["iss"] == claims["sub"] == "client-1"
    assert claims["aud"] == f"{lms.url}/token"
    assert claims[DEPLOYMENT] == "D1"
    assert 0 < claims["exp"] - claims["iat"] <= 300
    assert claims["iat"] <= time.time() < claims["exp"]


def test_row_141_whom_an_assertion_is_for(lms: ScriptedLms, tokens: ServiceTokens, keyring: Keyring) -> None:
    """As registered; else as the LMS's family wants it; else the token address itself."""
    own = "https://lms.example.test/audience"
    cases = [
        (replace(lms.facts(), id=1), f"{lms.url}/token"),
        (replace(lms.facts("brightspace"), id=2), "https://api.brightspace.com/auth/token"),
        (replace(lms.facts("brightspace"), id=3, token_audience=own), own),
        (replace(lms.facts(), id=4, token_audience=own), own),
    ]
    for platform, _ in cases:
        tokens.token(platform, "D1", SCOPE)
    said = [assertion_of(call.form, keyring)[1]["aud"] for call in lms.calls_to("/token")]
    assert said == [audience for _, audience in cases]


@pytest.mark.parametrize("seconds", [-120, -50, 50, 120])
def test_row_257_an_assertion_is_good_where_the_clock_is_two_minutes_off(
    lms: ScriptedLms, tokens: ServiceTokens, keyring: Keyring, seconds: int
) -> None:
    """Moodle allows nothing: neither an assertion of its future, nor one whose time is up. Canvas wants 5 minutes."""
    tokens.token(lms.facts(), "D1", SCOPE)
    _, claims = assertion_of(lms.calls_to("/token")[0].form, keyring)
    theirs = time.time() + seconds
    assert theirs - 300 < claims["iat"] <= theirs < claims["exp"] <= theirs + 300
    assert claims["exp"] - claims["iat"] <= 300


def test_row_144_every_assertion_has_an_id_of_its_own(
    lms: ScriptedLms, tokens: ServiceTokens, keyring: Keyring
) -> None:
    for number in range(10):
        tokens.token(lms.facts(), f"D{number}", SCOPE)
    ids = [assertion_of(call.form, keyring)[1]["jti"] for call in lms.calls_to("/token")]
    assert len(set(ids)) == 10


def test_row_145_a_token_is_asked_for_once_however_many_threads_need_it(
    lms: ScriptedLms, tokens: ServiceTokens
) -> None:
    gate, got = threading.Barrier(8), []

    def need() -> None:
        gate.wait()
        got.append(tokens.token(lms.facts(), "D1", SCOPE))

    threads = [threading.Thread(target=need) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["token-1"] * 8
    assert len(lms.calls_to("/token")) == 1


@pytest.mark.parametrize("seconds", [0, 1, 60, -5, 30.5])
def test_row_146_a_token_about_to_end_is_replaced(lms: ScriptedLms, tokens: ServiceTokens, seconds: float) -> None:
    lms.will_say("/token", token_answer("short", expires_in=seconds), token_answer("next"))
    assert tokens.token(lms.facts(), "D1", SCOPE) == "short"
    assert tokens.token(lms.facts(), "D1", SCOPE) == "next"
    assert tokens.token(lms.facts(), "D1", SCOPE) == "next"
    assert len(lms.calls_to("/token")) == 2


@pytest.mark.parametrize("seconds", [None, "3600", [], True, 1e400, -1e400, 10**400, float("nan")],
                         ids=lambda value: repr(value)[:10])  # fmt: skip
def test_a_strange_life_of_a_token_is_no_fault(lms: ScriptedLms, tokens: ServiceTokens, seconds: object) -> None:
    lms.will_say("/token", token_answer("t", expires_in=seconds))
    assert tokens.token(lms.facts(), "D1", SCOPE) == "t"


def test_row_147_a_refused_token_leads_to_one_new_one(lms: ScriptedLms, tokens: ServiceTokens) -> None:
    """Also when several threads were refused the same token."""
    lms.will_say("/token", token_answer("old"), token_answer("new"))
    assert tokens.token(lms.facts(), "D1", SCOPE) == "old"
    assert tokens.token(lms.facts(), "D1", SCOPE, refused="old") == "new"
    assert tokens.token(lms.facts(), "D1", SCOPE, refused="old") == "new"
    assert len(lms.calls_to("/token")) == 2


def test_row_149_a_token_serves_one_platform_one_deployment_and_one_scope(
    lms: ScriptedLms, tokens: ServiceTokens
) -> None:
    lms.will_say("/token", *(token_answer(f"t{number}") for number in range(4)))
    other = lms.facts()
    other = type(other)(**{**vars(other), "id": 2})
    asked = [(lms.facts(), "D1", SCOPE), (lms.facts(), "D2", SCOPE), (lms.facts(), "D1", "other"), (other, "D1", SCOPE)]
    got = [tokens.token(*one) for one in asked]
    assert got == ["t0", "t1", "t2", "t3"]
    assert [tokens.token(*one) for one in asked] == got


UNREACHABLE: dict[str, Response] = {
    "fault": Response("oops", 503, headers={"Retry-After": "30"}),
    "page": Response("<h1>Sorry</h1>"),
    "nested": Response("[" * 200_000),
    "list": Response("[]"),
    "no_token": Response("{}"),
    "wrong_client": Response('{"error": "invalid_client"}', 400),
    "token_a_number": Response('{"access_token": 5}'),
    "token_empty": Response('{"access_token": ""}'),
    "token_not_ascii": Response('{"access_token": "é€"}'),
    "token_of_two_lines": Response('{"access_token": "a\\r\\nX-Injected: 1"}'),
    "half_a_character": Response('{"access_token": "\\ud800"}'),
    "redirect": Response("", 302, headers={"Location": "/elsewhere"}),
}


@pytest.mark.parametrize("answer", UNREACHABLE.values(), ids=UNREACHABLE)
def test_a_bad_answer_is_tried_again_later(lms: ScriptedLms, tokens: ServiceTokens, answer: Response) -> None:
    lms.will_say("/token", answer)
    with pytest.raises(LmsUnreachable) as caught:
        tokens.token(lms.facts(), "D1", SCOPE)
    assert caught.value.retry_after_seconds == (30.0 if answer.status_code == 503 else None)
    lms.will_say("/token", token_answer("good"))
    assert tokens.token(lms.facts(), "D1", SCOPE) == "good"


def test_a_scope_not_allowed_is_for_the_administrator(lms: ScriptedLms, tokens: ServiceTokens) -> None:
    lms.will_say("/token", Response('{"error": "invalid_scope"}', 400))
    with pytest.raises(LmsRefused) as caught:
        tokens.token(lms.facts(), "D1", SCOPE)
    assert caught.value.mender is Mender.ADMINISTRATOR


def test_a_token_address_that_may_not_be_called_is_for_the_operator(lms: ScriptedLms, keyring: Keyring) -> None:
    with pytest.raises(LmsRefused) as caught:
        ServiceTokens(Connection(allow_private=False), keyring).token(lms.facts(), "D1", SCOPE)
    assert caught.value.mender is Mender.OPERATOR
    assert not lms.heard


def test_moodles_token_comes_as_text_html(lms: ScriptedLms, tokens: ServiceTokens) -> None:
    lms.will_say("/token", Response('{"access_token": "m", "expires_in": 3600}', content_type="text/html"))
    assert tokens.token(lms.facts(), "D1", SCOPE) == "m"
