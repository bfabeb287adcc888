"""Group B: the posted launch, its state, signature, audience, times and nonce (rows 19-57)."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from joserfc.jwk import RSAKey

from lti_tool.errors import Reason
from lti_tool.practice_lms import CLIENT_ID
from tests.certification.evidence import watching
from tests.certification.launches import Attempt, begun, changed, compact, signed_by, who
from tests.stage import Stage


def platform_private_key(stage: Stage) -> RSAPrivateKey:
    key = stage.school.platform_key.private_key
    assert isinstance(key, RSAPrivateKey)
    return key


def header(stage: Stage, **changes: object) -> dict[str, object]:
    usual: dict[str, object] = {"typ": "JWT", "alg": "RS256", "kid": stage.school.platform_key.kid}
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


# --- the form and its state (19-25) ---


def test_row_19_a_launch_by_get_is_not_taken_and_uses_nothing_up(door: Stage) -> None:
    attempt = begun(door)
    form = {"state": attempt.login.state, "id_token": attempt.token()}
    response = attempt.browser.request("GET", "/lti/launch", params=form)
    assert response.status_code == 405
    assert "Open the blog from your course page." in response.text
    assert attempt.post().status_code == 303


@pytest.mark.parametrize("form", [{}, {"state": ""}, {"id_token": "x"}], ids=["empty", "empty_state", "only_a_token"])
def test_row_20_no_state(door: Stage, form: dict[str, str]) -> None:
    browser = door.browser()
    with watching(door) as evidence:
        response = browser.request("POST", "/lti/launch", data=form)
    evidence.refused(response, browser, Reason.STATE_MISSING)


STRANGE_STATES = {
    "well_formed": "state-" + "x" * 43,
    "not_ascii": "state-é",
    "nul": "state-\x00",
    "long": "x" * 20_000,
    "replaced_surrogate": "state-\ufffd",
}


@pytest.mark.parametrize("planted", [False, True], ids=["no_cookie", "planted_cookie"])
@pytest.mark.parametrize("state", STRANGE_STATES.values(), ids=STRANGE_STATES)
def test_row_21_a_state_never_issued_even_with_a_planted_cookie(door: Stage, state: str, planted: bool) -> None:
    attempt = begun(door)
    if planted and state.isascii() and len(state) < 100 and "\x00" not in state:
        attempt.browser.cookies |= {f"__Host-{state}": state, state: state}
    attempt.login.state = state
    attempt.expect_refusal(Reason.STATE_UNKNOWN)


def test_row_21_a_state_with_a_character_that_no_database_stores(stage: Stage) -> None:
    attempt = begun(stage)
    attempt.login.state += "\x00"
    attempt.expect_refusal(Reason.STATE_UNKNOWN)


def test_row_22_a_state_belongs_to_the_browser_that_began(door: Stage) -> None:
    attempt = begun(door)
    attempt.browser = begun(door).browser  # it has cookies, but for a login of its own
    line = attempt.expect_refusal(Reason.COOKIE_MISSING)
    assert (line["issuer"], line["client_id"]) == (door.lms_url, CLIENT_ID)


@pytest.mark.parametrize("cookie", ["", "other", "é", '"state"'], ids=["empty", "another", "not_ascii", "quoted"])
def test_row_22_a_wrong_cookie(door: Stage, cookie: str) -> None:
    attempt = begun(door)
    attempt.browser.cookies = {f"__Host-{attempt.login.state}": cookie}
    attempt.expect_refusal(Reason.COOKIE_MISSING)


def test_row_22_a_cookie_that_a_neighbour_could_plant_is_no_proof(door: Stage) -> None:
    """Without the `__Host-` prefix another site of the same domain could have set it, for a login of its own."""
    attempt = begun(door)
    attempt.browser.cookies = {attempt.login.state: attempt.login.state}
    attempt.expect_refusal(Reason.COOKIE_MISSING)


def test_row_23_a_state_is_used_once(door: Stage) -> None:
    attempt = begun(door)
    cookies = dict(attempt.browser.cookies)
    token = attempt.token()
    assert attempt.post(token).status_code == 303
    attempt.browser.cookies |= cookies
    attempt.expect_refusal(Reason.STATE_USED, token)


def test_row_23_a_refused_launch_uses_the_state_up_too(door: Stage) -> None:
    attempt = begun(door)
    attempt.expect_refusal(Reason.BAD_SIGNATURE, attempt.token()[:-8] + "AAAAAAAA")
    attempt.expect_refusal(Reason.STATE_USED)


def test_row_24_a_state_expires_on_the_server(door: Stage) -> None:
    attempt = begun(door)
    door.clock.ahead = timedelta(minutes=11)
    try:
        line = attempt.expect_refusal(Reason.STATE_EXPIRED)
    finally:
        door.clock.ahead = timedelta()
    assert line["issuer"] == door.lms_url


# --- the signature (26-35) ---


def test_row_26_signed_by_another_key_under_the_same_kid(door: Stage, stranger_key: RSAKey) -> None:
    attempt = begun(door)
    line = attempt.expect_refusal(Reason.BAD_SIGNATURE, attempt.token(stranger_key))
    assert (line["kid"], line["issuer"]) == (door.school.platform_key.kid, door.lms_url)
    assert "deployment_id" not in line  # an unproved claim is not worth a place in the log


def test_row_27_a_payload_changed_after_signing(door: Stage) -> None:
    attempt = begun(door)
    signature = attempt.token().split(".")[2]
    attempt.claims["sub"] = door.school.sub_of("irena")
    tampered = attempt.token().rsplit(".", 1)[0] + "." + signature
    attempt.expect_refusal(Reason.BAD_SIGNATURE, tampered)


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", ""])
def test_row_28_an_unsigned_token(door: Stage, alg: str) -> None:
    attempt = begun(door)
    token = compact(header(door, alg=alg), json.dumps(attempt.claims), lambda _: b"")
    attempt.expect_refusal(Reason.BAD_SIGNATURE, token)


@pytest.mark.parametrize("alg", ["HS256", "HS512"])
def test_row_29_the_public_key_as_a_shared_secret(door: Stage, alg: str) -> None:
    secret = door.school.platform_key.as_pem(private=False)
    digest = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}[alg]
    attempt = begun(door)
    token = compact(header(door, alg=alg), json.dumps(attempt.claims), lambda c: hmac.new(secret, c, digest).digest())
    attempt.expect_refusal(Reason.BAD_SIGNATURE, token)


def _pss(key: RSAPrivateKey) -> Callable[[bytes], bytes]:
    return lambda content: key.sign(content, PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH), SHA256())


def _rs512(key: RSAPrivateKey) -> Callable[[bytes], bytes]:
    return signed_by(key, SHA512())


@pytest.mark.parametrize(("alg", "signer"), [("RS512", _rs512), ("PS256", _pss)], ids=["RS512", "PS256"])
def test_row_30_the_algorithm_is_not_for_the_token_to_choose(
    door: Stage, alg: str, signer: Callable[[RSAPrivateKey], Callable[[bytes], bytes]]
) -> None:
    attempt = begun(door)
    token = compact(header(door, alg=alg), json.dumps(attempt.claims), signer(platform_private_key(door)))
    attempt.expect_refusal(Reason.BAD_SIGNATURE, token)


def test_row_34_an_unknown_critical_extension(door: Stage) -> None:
    attempt = begun(door)
    token = compact(
        header(door, crit=["foo"], foo=1), json.dumps(attempt.claims), signed_by(platform_private_key(door))
    )
    attempt.expect_refusal(Reason.BAD_SIGNATURE, token)


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c"])
def test_row_35_a_key_that_comes_with_the_token_is_not_looked_at(
    door: Stage, stranger_key: RSAKey, member: str
) -> None:
    brought = {
        "jwk": stranger_key.as_dict(private=False), "jku": f"{door.lms_url}/evil", "x5u": f"{door.lms_url}/evil",
        "x5c": ["MIIB"],
    }  # fmt: skip
    attempt, calls = begun(door), len(door.school.calls)
    private = stranger_key.private_key
    assert isinstance(private, RSAPrivateKey)
    token = compact(header(door, **{member: brought[member]}), json.dumps(attempt.claims), signed_by(private))
    attempt.expect_refusal(Reason.BAD_SIGNATURE, token)
    assert len(door.school.calls) == calls


# --- issuer and audience (36-43) ---


@pytest.mark.parametrize("issuer", ["{lms}/", "HTTP", "https://localhost", None, 5, ["{lms}"], {}, ""])
def test_row_36_the_issuer_must_be_exactly_the_registered_one(door: Stage, issuer: object) -> None:
    written = json.loads(json.dumps(issuer).replace("{lms}", door.lms_url))
    attempt = begun(door)
    attempt.claims = changed(attempt.claims, {"iss": door.lms_url.upper() if issuer == "HTTP" else written})
    attempt.expect_refusal(Reason.PLATFORM_MISMATCH)


@pytest.mark.parametrize("audience", [CLIENT_ID, [CLIENT_ID]], ids=["row_37_text", "row_38_list_of_one"])
def test_rows_37_and_38_our_client_id_as_text_or_list(door: Stage, audience: object) -> None:
    attempt = begun(door)
    attempt.claims["aud"] = audience
    assert attempt.post().status_code == 303


@pytest.mark.parametrize("audience", ["zzz", [], {}, ["zzz"], 5, "", [[CLIENT_ID]], {CLIENT_ID: 1}, True, [None]])
def test_row_39_audience_without_our_client_id(door: Stage, audience: object) -> None:
    attempt = begun(door)
    attempt.claims["aud"] = audience
    attempt.expect_refusal(Reason.BAD_AUDIENCE)


def test_row_39_no_audience_at_all(door: Stage) -> None:
    attempt = begun(door)
    attempt.claims = changed(attempt.claims, {"aud": None})
    attempt.expect_refusal(Reason.BAD_AUDIENCE)


@pytest.mark.parametrize("audience", [[CLIENT_ID, "evil"], ["evil", CLIENT_ID], [CLIENT_ID, 5]])
@pytest.mark.parametrize("azp", [None, CLIENT_ID], ids=["without_azp", "with_azp"])
def test_rows_40_and_42_an_audience_that_we_do_not_know_beside_us(
    door: Stage, audience: list[object], azp: str | None
) -> None:
    attempt = begun(door)
    attempt.claims = changed(attempt.claims, {"aud": audience, "azp": azp})
    attempt.expect_refusal(Reason.BAD_AUDIENCE)


@pytest.mark.parametrize("azp", ["evil", "", 5, [CLIENT_ID]])
def test_row_43_an_authorized_party_that_is_not_us(door: Stage, azp: object) -> None:
    attempt = begun(door)
    attempt.claims["azp"] = azp
    attempt.expect_refusal(Reason.BAD_AUDIENCE)


# --- times (44-50) ---


@pytest.mark.parametrize("name", ["exp", "iat"], ids=["row_44_no_exp", "row_46_no_iat"])
def test_rows_44_and_46_times_are_required(door: Stage, name: str) -> None:
    attempt = begun(door)
    attempt.claims = changed(attempt.claims, {name: None})
    attempt.expect_refusal(Reason.BAD_SIGNATURE)


TOLERATED = {"row_45_just_expired": {"exp": -1}, "row_47_just_ahead": {"iat": 5}, "row_48_nine_minutes": {"iat": -540}}
STALE = {
    "row_45_expired": {"exp": -120},
    "row_47_far_ahead": {"iat": 300},
    "row_48_an_hour_old": {"iat": -3600},
    "row_48_a_year_old": {"iat": -31_536_000},
}


@pytest.mark.parametrize("seconds", TOLERATED.values(), ids=TOLERATED)
def test_rows_45_and_47_and_48_a_small_difference_of_clocks(door: Stage, seconds: dict[str, int]) -> None:
    attempt, now = begun(door), int(time.time())
    attempt.claims |= {name: now + away for name, away in seconds.items()}
    assert attempt.post().status_code == 303


@pytest.mark.parametrize("seconds", STALE.values(), ids=STALE)
def test_rows_45_and_47_and_48_too_old_or_from_the_future(door: Stage, seconds: dict[str, int]) -> None:
    attempt, now = begun(door), int(time.time())
    attempt.claims |= {name: now + away for name, away in seconds.items()}
    attempt.expect_refusal(Reason.STALE_TOKEN)


def test_row_49_a_long_life_does_not_make_a_launch_repeatable(stage_on_sqlite: Stage) -> None:
    """Also after the login's row is tidied away: a state that nobody knows opens nothing."""
    attempt = begun(stage_on_sqlite)
    attempt.claims["exp"] = int(time.time()) + 10 * 365 * 86_400
    cookies, token = dict(attempt.browser.cookies), attempt.token()
    assert attempt.post(token).status_code == 303
    attempt.browser.cookies |= cookies
    stage_on_sqlite.clock.ahead = timedelta(days=2)
    stage_on_sqlite.clockwork.tidy()
    attempt.expect_refusal(Reason.STATE_UNKNOWN, token)


@pytest.mark.parametrize("value", ["soon", "{later}", True, None, [], {}, [1]], ids=repr)
@pytest.mark.parametrize("name", ["exp", "iat"])
def test_row_50_times_are_numbers(door: Stage, name: str, value: object) -> None:
    attempt = begun(door)
    attempt.claims[name] = str(attempt.claims[name]) if value == "{later}" else value
    with watching(door) as evidence:
        response = attempt.post()
    reason = Reason[evidence.line()["reason"]]
    assert reason in (Reason.STALE_TOKEN, Reason.BAD_SIGNATURE)
    evidence.refused(response, attempt.browser, reason, attempt.claims)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "1e300", "9" * 5000, "-1", "0"])
@pytest.mark.parametrize("name", ["exp", "iat"])
def test_row_50_numbers_that_are_no_times(door: Stage, name: str, number: str) -> None:
    """One such time, an `exp` far ahead, is a valid number: a launch may live long, but is used once (row 49)."""
    attempt = begun(door)
    attempt.claims[name] = "PLACE"
    body = json.dumps(attempt.claims).replace('"PLACE"', number)
    token = compact(header(door), body, signed_by(platform_private_key(door)))
    with watching(door) as evidence:
        response = attempt.post(token)
    if name == "exp" and number == "1e300":
        assert response.status_code == 303
    else:
        reason = Reason[evidence.line()["reason"]]
        evidence.refused(response, attempt.browser, reason, attempt.claims)
        assert response.status_code == 401


# --- the nonce (51-54) ---


@pytest.mark.parametrize("nonce", [None, "", 5, [], {}, True, "é", "x" * 43], ids=repr)
def test_rows_51_and_54_a_missing_or_strange_nonce(door: Stage, nonce: object) -> None:
    attempt = begun(door)
    attempt.claims = changed(attempt.claims, {"nonce": nonce})
    attempt.expect_refusal(Reason.NONCE_MISMATCH)


def test_row_54_a_nonce_that_is_half_a_character(door: Stage) -> None:
    attempt = begun(door)
    attempt.claims["nonce"] = "\ud800"
    token = compact(header(door), json.dumps(attempt.claims), signed_by(platform_private_key(door)))
    attempt.expect_refusal(Reason.NONCE_MISMATCH, token)


def test_row_52_the_nonce_of_another_login_of_the_same_browser(door: Stage) -> None:
    first = begun(door)
    second = begun(door, browser=first.browser)
    second.claims["nonce"] = first.login.nonce
    second.expect_refusal(Reason.NONCE_MISMATCH)
    assert first.post().status_code == 303


def test_row_53_a_second_token_with_a_nonce_already_used(door: Stage) -> None:
    attempt = begun(door)
    cookies = dict(attempt.browser.cookies)
    assert attempt.post().status_code == 303
    attempt.browser.cookies |= cookies
    attempt.claims["sub"] = door.school.sub_of("irena")
    attempt.expect_refusal(Reason.STATE_USED)


# --- what the token is (55-57) ---


def test_row_55_what_counts_is_what_was_verified(door: Stage) -> None:
    """Of a claim given twice every reader of ours takes the same one, the last."""
    attempt = begun(door)
    twice = json.dumps(attempt.claims)[:-1] + f', "sub": "{door.school.sub_of("tom")}"}}'
    token = compact(header(door), twice, signed_by(platform_private_key(door)))
    assert attempt.post(token).status_code == 303
    assert who(attempt).sub == door.school.sub_of("tom")


@pytest.mark.parametrize("error", ["login_required", "launch_no_longer_valid", "<script>alert(1)</script>"])
def test_row_56_an_error_from_the_platform(door: Stage, error: str) -> None:
    attempt = begun(door)
    form = {"state": attempt.login.state, "error": error, "error_description": "<script>alert('why')</script>"}
    with watching(door) as evidence:
        response = attempt.browser.request("POST", "/lti/launch", data=form)
    evidence.refused(response, attempt.browser, Reason.PLATFORM_ERROR, form)


def test_row_56_an_error_for_a_state_that_nobody_issued(door: Stage) -> None:
    browser = door.browser()
    with watching(door) as evidence:
        response = browser.request("POST", "/lti/launch", data={"state": "state-unknown", "error": "login_required"})
    evidence.refused(response, browser, Reason.STATE_UNKNOWN)


def test_row_57_a_signed_notice_is_not_a_launch(door: Stage) -> None:
    attempt: Attempt = begun(door)
    kept = ("iss", "aud", "iat", "exp")
    attempt.claims = {name: attempt.claims[name] for name in kept} | {
        "nonce": "one-of-the-platform",
        "https://purl.imsglobal.org/spec/lti/claim/notice": {"id": "n1", "type": "LtiContextCopyNotice"},
    }
    attempt.expect_refusal(Reason.NONCE_MISMATCH)


def test_row_77_no_token_at_all(door: Stage) -> None:
    begun(door).expect_refusal(Reason.TOKEN_MISSING, "")
