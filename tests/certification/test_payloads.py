"""Group C: payloads that are signed rightly and yet are no launch (rows 58-79), the certification suite's first."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import select

from lti_tool.errors import Reason
from lti_tool.models import Course, Deployment, Person, Placement
from lti_tool.practice_lms import DEPLOYMENT_ID
from tests.certification.evidence import PURL, watching
from tests.certification.launches import Attempt, base64url, begun, changed, compact, let_in, signed_by
from tests.stage import Stage

AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"


def private_key(stage: Stage) -> RSAPrivateKey:
    key = stage.school.platform_key.private_key
    assert isinstance(key, RSAPrivateKey)
    return key


def by_hand(attempt: Attempt, body: str | None = None) -> str:
    """Sign what the practice LMS's own library would not write: half characters, any body."""
    kid = attempt.stage.school.platform_key.kid
    header = {"typ": "JWT", "alg": "RS256", "kid": kid, **attempt.header}
    return compact(header, body or json.dumps(attempt.claims), signed_by(private_key(attempt.stage)))


# --- the certification suite's twelve (58-69) ---


def test_row_58_no_kid_in_the_header(door: Stage) -> None:
    attempt = begun(door)
    attempt.header = {"kid": None}
    attempt.expect_refusal(Reason.KEY_ID_MISSING)


@pytest.mark.parametrize("kid", ["", 5, [], {}, True], ids=repr)
def test_row_58_a_kid_that_is_no_text(door: Stage, kid: object) -> None:
    attempt = begun(door)
    attempt.header = {"kid": kid}
    attempt.expect_refusal(Reason.KEY_ID_MISSING, by_hand(attempt))


def test_row_59_incorrect_kid_in_the_header(door: Stage) -> None:
    attempt = begun(door)
    attempt.header = {"kid": "imstester_66067"}
    line = attempt.expect_refusal(Reason.KEY_UNKNOWN)
    assert (line["kid"], line["issuer"]) == ("imstester_66067", door.lms_url)


@pytest.mark.parametrize("version", ["11.3", "1.3.1", "1.3", 1.3, "", ["1.3.0"], {}, True, "1.3.0 "])
def test_row_60_wrong_lti_version(door: Stage, version: object) -> None:
    refuse(door, Reason.BAD_CLAIM, "version", version=version)


def test_row_61_no_lti_version(door: Stage) -> None:
    refuse(door, Reason.BAD_CLAIM, "version", version=None)


def test_row_62_invalid_lti_message(door: Stage) -> None:
    attempt = begun(door)
    attempt.claims = {"name": "badltilaunch"}
    attempt.expect_refusal(Reason.NONCE_MISMATCH)


def test_row_63_missing_lti_claims(door: Stage) -> None:
    attempt = begun(door)
    missing = {"aud": None, "iss": None, "sub": None, "deployment_id": None, "roles": None}
    attempt.claims = changed(attempt.claims, missing)
    attempt.expect_refusal(Reason.PLATFORM_MISMATCH)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("aud", Reason.BAD_AUDIENCE), ("iss", Reason.PLATFORM_MISMATCH), ("sub", Reason.BAD_CLAIM),
        ("deployment_id", Reason.BAD_CLAIM), ("roles", Reason.BAD_CLAIM),
    ],
)  # fmt: skip
def test_row_63_each_of_them_missing_alone(door: Stage, name: str, reason: Reason) -> None:
    attempt = begun(door)
    attempt.claims = changed(attempt.claims, {name: None})
    attempt.expect_refusal(reason)


def test_row_64_timestamps_incorrect(door: Stage) -> None:
    attempt = begun(door)
    attempt.claims |= {"iat": 11111, "exp": 22222}
    attempt.expect_refusal(Reason.STALE_TOKEN)


def refuse(stage: Stage, reason: Reason, claim: str, **changes: object) -> None:
    """Post a launch with changed claims: refused, and the log names the claim and the registration it came by."""
    attempt = begun(stage)
    attempt.claims = changed(attempt.claims, changes)
    line = attempt.expect_refusal(reason, by_hand(attempt))
    assert line.get("claim") == claim
    assert (line["issuer"], line["kid"]) == (stage.lms_url, stage.school.platform_key.kid)
    if claim != "deployment_id":
        assert line["deployment_id"] == DEPLOYMENT_ID(stage.accent)


ONE_CLAIM_MISSING = {
    "row_65_message_type": "message_type",
    "row_66_roles": "roles",
    "row_67_deployment_id": "deployment_id",
    "row_68_resource_link": "resource_link",
    "row_69_user": "sub",
}


@pytest.mark.parametrize("name", ONE_CLAIM_MISSING.values(), ids=ONE_CLAIM_MISSING)
def test_rows_65_to_69_a_claim_is_missing(door: Stage, name: str) -> None:
    refuse(door, Reason.BAD_CLAIM, name, **{name: None})


def test_row_68_a_resource_link_without_an_id(door: Stage) -> None:
    refuse(door, Reason.BAD_CLAIM, "resource_link", resource_link={"title": "x"})


# --- empty, of the wrong type, too long (70-72) ---


@pytest.mark.parametrize("name", ["sub", "deployment_id", "message_type"])
def test_row_70_an_empty_text_counts_as_missing(door: Stage, name: str) -> None:
    refuse(door, Reason.BAD_CLAIM, name, **{name: ""})


def test_row_70_an_empty_resource_link_id(door: Stage) -> None:
    refuse(door, Reason.BAD_CLAIM, "resource_link", resource_link={"id": ""})


NO_TEXT: list[Any] = [5, 1.5, True, [], {}, ["u1"], {"id": "u1"}]
NO_OBJECT: list[Any] = ["rl1", 5, True, [], [{"id": "rl1"}]]


@pytest.mark.parametrize("value", NO_TEXT, ids=repr)
@pytest.mark.parametrize("name", ["sub", "deployment_id", "message_type"])
def test_row_71_a_text_of_the_wrong_type(door: Stage, name: str, value: object) -> None:
    refuse(door, Reason.BAD_CLAIM, name, **{name: value})


@pytest.mark.parametrize("value", NO_OBJECT, ids=repr)
@pytest.mark.parametrize(
    "name", ["resource_link", "context", "custom", "launch_presentation", "tool_platform", AGS, NRPS]
)
def test_row_71_an_object_of_the_wrong_type(door: Stage, name: str, value: object) -> None:
    refuse(door, Reason.BAD_CLAIM, name.rsplit("/", 1)[-1], **{name: value})


@pytest.mark.parametrize("value", ["Instructor", {}, [1, None], [["x"]], 5, True, [None]], ids=repr)
def test_row_71_roles_of_the_wrong_type(door: Stage, value: object) -> None:
    refuse(door, Reason.BAD_CLAIM, "roles", roles=value)


@pytest.mark.parametrize("value", [None, 5, [], {}, True, ""], ids=repr)
@pytest.mark.parametrize("name", ["resource_link", "context"])
def test_row_71_an_id_of_the_wrong_type(door: Stage, name: str, value: object) -> None:
    refuse(door, Reason.BAD_CLAIM, name, **{name: {"id": value, "title": "T"}})


TOLERANT: dict[str, dict[str, object]] = {
    "names": {"name": 5, "given_name": [], "family_name": {}, "email": True},
    "titles": {
        "context": {"id": "c-titles", "title": 5, "label": []},
        "resource_link": {"id": "r-titles", "title": {}},
    },
    "presentation": {"launch_presentation": {"return_url": 5}},
    "services": {AGS: {"scope": "all", "lineitem": 5, "lineitems": []}, NRPS: {"context_memberships_url": {}}},
    "null_objects": {"custom": {}, "lis": 5, "locale": 5, "locale2": None},
    "null_for_absent": {PURL + "context": None},
}


@pytest.mark.parametrize("changes", TOLERANT.values(), ids=TOLERANT)
def test_row_71_what_is_only_for_show_may_be_of_any_type(door: Stage, changes: dict[str, object]) -> None:
    attempt = begun(door)
    attempt.claims = changed(attempt.claims, changes)
    assert "None" not in let_in(attempt).shown_name


def with_long_id(name: str, length: int) -> dict[str, object]:
    text = ("Ab" * length)[:length]
    return {name: {"id": text, "title": "T"}} if name in ("resource_link", "context") else {name: text}


@pytest.mark.parametrize("name", ["sub", "deployment_id", "resource_link", "context"])
def test_row_72_an_id_of_256_characters(door: Stage, name: str) -> None:
    attempt = begun(door, lti_deployment_id=None)
    attempt.claims = changed(attempt.claims, with_long_id(name, 256))
    attempt.expect_refusal(Reason.BAD_CLAIM)


def test_row_72_ids_of_255_characters_are_stored_as_they_are(stage: Stage) -> None:
    long = ("Ab" * 255)[:255]
    with stage.tool.database.writing() as session:
        session.add(Deployment(platform_id=1, lti_deployment_id=long))
    attempt = begun(stage, lti_deployment_id=long)
    for name in ("sub", "deployment_id", "resource_link", "context"):
        attempt.claims = changed(attempt.claims, with_long_id(name, 255))
    assert let_in(attempt).sub == long
    with stage.tool.database.reading() as session:
        assert session.scalars(select(Person.lti_sub)).all() == [long]
        assert session.scalars(select(Course.lti_context_id)).all() == [long]
        assert session.scalars(select(Placement.lti_resource_link_id)).all() == [long]


@pytest.mark.parametrize(
    "text", ["é", "a\x00b", "\ud800", "１"], ids=["accent", "nul", "half_a_character", "wide_digit"]
)
@pytest.mark.parametrize("name", ["sub", "deployment_id", "resource_link", "context"])
def test_row_72_an_id_is_ascii(door: Stage, name: str, text: str) -> None:
    value: object = {"id": text} if name in ("resource_link", "context") else text
    refuse(door, Reason.BAD_CLAIM, name, **{name: value})


# --- what is asked for (73-76) ---


@pytest.mark.parametrize("kind", ["LtiFoo", "LtiEulaRequest", "ltiresourcelinkrequest", "LtiDeepLinkingResponse"])
def test_row_73_an_unknown_message_type(door: Stage, kind: str) -> None:
    refuse(door, Reason.UNKNOWN_MESSAGE, "message_type", message_type=kind)


@pytest.mark.parametrize("value", [None, "", 5, [], {}, "{tool}/lti/launch?other=1", "https://evil.example.test/"])
def test_rows_74_and_75_the_signed_target_must_be_the_one_of_the_login(door: Stage, value: object) -> None:
    written = json.loads(json.dumps(value).replace("{tool}", door.tool_url))
    refuse(door, Reason.TARGET_MISMATCH, "target_link_uri", target_link_uri=written)


def test_row_75_a_target_of_its_own_is_fine_if_both_name_it(door: Stage) -> None:
    target = f"{door.tool_url}/lti/launch?activity=7"
    attempt = begun(door, target_link_uri=target)
    attempt.claims = changed(attempt.claims, {"target_link_uri": target})
    let_in(attempt)


def test_row_76_an_unknown_deployment(door: Stage) -> None:
    """403: the launch is proved, only not expected here; page and log name what the operator is to approve."""
    attempt = begun(door, lti_deployment_id=None)
    attempt.claims = changed(attempt.claims, {"deployment_id": "deployment-x"})
    line = attempt.expect_refusal(Reason.DEPLOYMENT_HELD)
    assert line["deployment_id"] == "deployment-x"


# --- malformed and oversized (77-78) ---

GARBAGE = {
    "a_word": "abc",
    "five_parts": "a.b.c.d.e",
    "two_parts": "a.b",
    "empty_parts": "..",
    "no_base64": "%%%.§§§.???",
    "spaces": " . . ",
    "not_utf8": f"{base64url(b'{}')}.{base64url(bytes([255, 254]))}.x",
}


@pytest.mark.parametrize("token", GARBAGE.values(), ids=GARBAGE)
def test_row_77_what_is_no_token(door: Stage, token: str) -> None:
    begun(door).expect_refusal(Reason.TOKEN_MALFORMED, token)


@pytest.mark.parametrize("body", ["[]", "null", "5", '"text"', "true", "{", "", "{} {}", "NaN"])
def test_row_77_a_payload_that_is_no_object(door: Stage, body: str) -> None:
    attempt = begun(door)
    attempt.expect_refusal(Reason.TOKEN_MALFORMED, by_hand(attempt, body or " "))


@pytest.mark.parametrize("header", [[], None, 5, "text", True], ids=repr)
def test_row_77_a_header_that_is_no_object(door: Stage, header: object) -> None:
    attempt = begun(door)
    token = compact(header, json.dumps(attempt.claims), signed_by(private_key(door)))
    attempt.expect_refusal(Reason.TOKEN_MALFORMED, token)


@pytest.mark.parametrize("depth", [2_000, 30_000])
def test_row_77_nested_without_end(door: Stage, depth: int) -> None:
    attempt = begun(door)
    body = json.dumps(attempt.claims)[:-1] + ', "deep": ' + "[" * depth + "]" * depth + "}"
    attempt.expect_refusal(Reason.TOKEN_MALFORMED, by_hand(attempt, body))


def test_row_78_a_token_longer_than_any_real_one(door: Stage) -> None:
    attempt = begun(door)
    attempt.claims["padding"] = "x" * 90_000
    attempt.expect_refusal(Reason.TOKEN_MALFORMED)


@pytest.mark.parametrize("size", [300_000, 5_000_000])
@pytest.mark.parametrize("place", ["/lti/launch", "/lti/login"])
def test_row_78_an_oversized_body(door: Stage, place: str, size: int) -> None:
    attempt = begun(door)
    with watching(door) as evidence:
        response = attempt.browser.request("POST", place, data={"state": attempt.login.state, "id_token": "x" * size})
    assert response.status_code == 413
    assert "more than can be taken at once" in response.text
    assert not [line for line in evidence.lines if line["event"] == "fault"]
    assert attempt.post().status_code == 303  # nothing was used up


def test_row_78_a_form_of_very_many_fields(door: Stage) -> None:
    attempt = begun(door)
    many = [(f"f{number}", "x") for number in range(20_000)]
    response = attempt.browser.request("POST", "/lti/launch", data=[*many, ("state", attempt.login.state)])
    assert response.status_code < 500
    parts = [(f"f{number}", (None, "x")) for number in range(1_500)]
    assert attempt.browser.request("POST", "/lti/launch", files=parts).status_code == 413


def test_row_79_unknown_claims_are_passed_over(door: Stage) -> None:
    attempt = begun(door)
    link = {**attempt.claims[PURL + "resource_link"], "foo": {"bar": [1]}}
    attempt.claims |= {
        "https://x.example.test/ext": {"a": 1}, PURL + "resource_link": link, PURL + "a_new_one": [{}], "": "empty",
    }  # fmt: skip
    let_in(attempt)


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\udfff\ud800"], ids=["nul", "half", "wrong_way_round"])
def test_row_278_texts_that_no_database_stores(stage: Stage, text: str) -> None:
    """JSON can carry them; names and titles with them are cleaned, not refused, and PostgreSQL takes the rest."""
    attempt = begun(stage)
    attempt.claims = changed(attempt.claims, {
        "name": f"Ann {text}", "given_name": text, "family_name": text, "email": text,
        "context": {"id": "c1", "title": text, "label": text}, "resource_link": {"id": "r1", "title": f"{text} blog"},
        "launch_presentation": {"return_url": f"https://lms.example.test/{text}"}, "custom": {text: text},
        AGS: {"scope": [text, "x"], "lineitem": f"https://lms.example.test/{text}", "lineitems": text},
        NRPS: {"context_memberships_url": f"https://lms.example.test/{text}"},
    })  # fmt: skip
    assert attempt.post(by_hand(attempt)).status_code == 303
    assert attempt.browser.get().status_code == 200
