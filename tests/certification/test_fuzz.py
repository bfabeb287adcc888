"""Row 278: whatever is sent to the login and the launch, the answer is never a fault of our own."""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.certification.evidence import PURL, Claims, rows_of, watching
from tests.certification.launches import begun, compact, signed_by
from tests.stage import Stage

CASES = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
LOGIN_PARAMETERS = ("iss", "login_hint", "target_link_uri", "lti_message_hint", "client_id", "lti_deployment_id", "x")
LAUNCH_PARAMETERS = ("state", "id_token", "error", "error_description", "lti_storage_target", "utf8")
CLAIMS = (
    "iss", "aud", "azp", "sub", "exp", "iat", "nbf", "jti", "nonce", "name", "given_name", "family_name", "email",
    "locale", *(PURL + name for name in (
        "message_type", "version", "deployment_id", "target_link_uri", "resource_link", "roles", "context", "custom",
        "launch_presentation", "tool_platform", "lis", "lti1p1",
    )),
    "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint",
    "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice",
)  # fmt: skip
INNER = (
    "id", "title", "label", "type", "return_url", "scope", "lineitem", "lineitems", "context_memberships_url",
    "product_family_code",
)  # fmt: skip

CONTENT_TYPES = (
    "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", "text/plain", "/",
)  # fmt: skip

texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", "\x00", "\ud800", "http://[", "https://a..b/", "https://x;y", "//x", "$Var", "1e999", "{}", "a" * 300]
    ),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(INNER) | texts, inner, max_size=3),
    max_leaves=6,
)
sent_texts = texts.map(lambda text: text.encode("utf-8", "replace"))


@CASES
@given(form=st.dictionaries(st.sampled_from(LOGIN_PARAMETERS), sent_texts, max_size=7), by_post=st.booleans())
def test_row_278_any_login_parameters(door: Stage, form: dict[str, bytes], by_post: bool) -> None:
    """Half of the parameters are right, so that the request comes past the first check."""
    right: dict[str, bytes] = {
        "iss": door.lms_url.encode(), "login_hint": b"x", "target_link_uri": f"{door.tool_url}/lti/launch".encode()
    }  # fmt: skip
    sent: dict[str, Any] = {"data": {**right, **form}} if by_post else {"params": {**right, **form}}
    with watching(door) as evidence:
        response = door.browser().request("POST" if by_post else "GET", "/lti/login", **sent)
    assert response.status_code in (302, 400), response.status_code
    assert rows_of(door) == evidence.rows_before
    assert len(evidence.lines) == (response.status_code == 400)


@CASES
@given(form=st.dictionaries(st.sampled_from(LAUNCH_PARAMETERS), sent_texts, max_size=5), cookie=sent_texts)
def test_row_278_any_launch_parameters(door: Stage, form: dict[str, bytes], cookie: bytes) -> None:
    browser = door.browser()
    headers = {"Cookie": b"__Host-state=" + bytes(byte for byte in cookie if byte not in b"\r\n\x00")}
    response = browser.request("POST", "/lti/launch", data=form, headers=headers)
    assert response.status_code in (400, 401), response.status_code


@CASES
@given(body=st.binary(max_size=200), kind=st.sampled_from(CONTENT_TYPES))
def test_row_278_any_body(door: Stage, body: bytes, kind: str) -> None:
    response = door.browser().request("POST", "/lti/launch", data=body, headers={"Content-Type": kind})
    assert response.status_code in (400, 401, 413), response.status_code


@settings(CASES, max_examples=160)
@given(changes=st.dictionaries(st.sampled_from(CLAIMS), values, min_size=1, max_size=4))
def test_row_278_any_claims_rightly_signed(door: Stage, changes: Claims) -> None:
    """And whoever is let in with them can open the blog."""
    attempt = begun(door, lti_deployment_id=None)
    attempt.claims = {**attempt.claims, **changes}
    key = door.school.platform_key.private_key
    assert isinstance(key, RSAPrivateKey)
    header = {"alg": "RS256", "kid": door.school.platform_key.kid}
    token = compact(header, json.dumps(attempt.claims), signed_by(key))
    with watching(door) as evidence:
        response = attempt.post(token)
    events = [line["event"] for line in evidence.lines]
    if response.status_code == 303:
        assert events == ["launched"]
        assert attempt.browser.get().status_code in (200, 303)
    else:
        assert response.status_code in (401, 403)
        assert events == ["launch_refused"]


headers_of_tokens = st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "jku", "b64", "zip", "cty"]), values)


@CASES
@given(changes=headers_of_tokens, segment=st.integers(0, 2), junk=st.text(max_size=20))
def test_row_278_any_header_and_any_damage(door: Stage, changes: dict[str, object], segment: int, junk: str) -> None:
    attempt = begun(door)
    key = door.school.platform_key.private_key
    assert isinstance(key, RSAPrivateKey)
    header = {"alg": "RS256", "kid": door.school.platform_key.kid, **changes}
    parts = compact(header, json.dumps(attempt.claims), signed_by(key)).split(".")
    parts[segment] += junk
    response = attempt.post(".".join(parts).encode("utf-8", "replace").decode())
    assert response.status_code in (303, 401), response.status_code
