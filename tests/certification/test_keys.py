"""Group L and rows 30-33: the tool's own keys, and what it makes of a platform's."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from joserfc.jwk import ECKey, RSAKey
from jwt.algorithms import RSAAlgorithm
from sqlalchemy import select

from lti_tool.errors import Reason
from lti_tool.lti.keys import key_files, new_key, retire_key
from lti_tool.models import Platform
from tests.certification.key_server import KeyServer, public_half
from tests.certification.launches import Attempt, begun, compact, let_in, signed_by
from tests.certification.served_keys import launch_with, let_a_day_pass
from tests.stage import Stage

PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


def private_half(key: RSAKey) -> RSAPrivateKey:
    private = key.private_key
    assert isinstance(private, RSAPrivateKey)
    return private


# --- our own keys (243-246) ---


def own_keys(stage: Stage) -> list[dict[str, str]]:
    response = requests.get(f"{stage.tool_url}/.well-known/jwks.json", timeout=10)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert "max-age=" in response.headers["Cache-Control"]
    keys: list[dict[str, str]] = response.json()["keys"]
    return keys


def test_rows_243_and_244_our_key_set_is_public_and_shows_public_halves(door: Stage) -> None:
    keys = own_keys(door)
    assert keys
    for key in keys:
        assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
        assert key["kid"]
        assert not PRIVATE_MEMBERS & set(key)
        assert RSAAlgorithm.from_jwk(json.dumps(key)).key_size >= 2048


def test_rows_245_and_246_keys_overlap_when_they_rotate(stage_on_sqlite: Stage) -> None:
    folder = stage_on_sqlite.tool.settings.keys_dir
    old = own_keys(stage_on_sqlite)[0]
    new = new_key(folder)
    both = {key["kid"]: key["n"] for key in own_keys(stage_on_sqlite)}
    assert set(both) == {old["kid"], new.kid}
    assert both[old["kid"]] == old["n"]
    assert stage_on_sqlite.tool.keyring.signing_key().kid == new.kid
    retire_key(folder, old["kid"])
    assert [key["kid"] for key in own_keys(stage_on_sqlite)] == [new.kid]


def test_row_247_private_keys_are_for_their_owner_alone(door: Stage) -> None:
    for file in key_files(door.tool.settings.keys_dir):
        assert file.path.stat().st_mode & 0o077 == 0


# --- a platform's keys: which of them verify (30-33, 256) ---


@pytest.mark.parametrize("left_out", ["alg", "use", "key_ops"])
def test_row_31_a_key_without_alg_or_use_serves_rs256(
    door: Stage, key_server: KeyServer, stranger_key: RSAKey, left_out: str
) -> None:
    key_server.show(stranger_key, **{left_out: None})
    attempt = launch_with(door, key_server, stranger_key)
    assert attempt.post(attempt.token(stranger_key)).status_code == 303


UNUSABLE: dict[str, dict[str, object]] = {
    "row_30_alg_rs512": {"alg": "RS512"},
    "row_30_alg_ps256": {"alg": "PS256"},
    "row_28_alg_none": {"alg": "none"},
    "row_29_alg_hs256": {"alg": "HS256"},
    "row_32_use_enc": {"use": "enc"},
    "row_32_kty_ec": {"kty": "EC"},
    "row_32_kty_oct": {"kty": "oct", "k": "c2VjcmV0"},
    "row_254_no_modulus": {"n": None},
    "row_254_modulus_of_nonsense": {"n": "§§§"},
    "row_254_modulus_empty": {"n": ""},
    "row_254_modulus_a_number": {"n": 5},
    "row_254_modulus_a_list": {"n": ["AQAB"]},
    "row_254_exponent_one": {"e": "AQ"},
    "row_254_exponent_zero": {"e": "AA"},
    "row_254_exponent_even": {"e": "Ag"},
    "row_254_exponent_empty": {"e": ""},
    "row_254_kid_a_number": {"kid": 5},
    "row_254_alg_a_list": {"alg": ["RS256"]},
}


@pytest.mark.parametrize("changes", UNUSABLE.values(), ids=UNUSABLE)
def test_rows_28_to_30_and_32_and_254_a_key_that_cannot_verify_rs256_verifies_nothing(
    door: Stage, key_server: KeyServer, stranger_key: RSAKey, changes: dict[str, object]
) -> None:
    key_server.show(stranger_key, **changes)
    attempt = launch_with(door, key_server, stranger_key)
    attempt.expect_refusal(Reason.KEYS_UNAVAILABLE, attempt.token(stranger_key))


@pytest.mark.parametrize(("alg", "digest"), [("RS512", SHA512()), ("RS256", SHA256())], ids=["RS512", "RS256"])
def test_row_30_a_key_set_that_says_rs512_changes_nothing(
    door: Stage, key_server: KeyServer, stranger_key: RSAKey, alg: str, digest: SHA256 | SHA512
) -> None:
    """Neither the algorithm that the set names nor the usual one."""
    key_server.show(stranger_key, alg="RS512")
    attempt = launch_with(door, key_server, stranger_key)
    header = {"alg": alg, "kid": stranger_key.kid}
    token = compact(header, json.dumps(attempt.claims), signed_by(private_half(stranger_key), digest))
    attempt.expect_refusal(Reason.KEYS_UNAVAILABLE, token)


def test_row_32_an_elliptic_key_labelled_rs256(door: Stage, key_server: KeyServer) -> None:
    key = ECKey.generate_key("P-256", auto_kid=True)
    private = key.private_key
    assert isinstance(private, EllipticCurvePrivateKey)
    key_server.show(key)
    key_server.stand_in(door)
    attempt = begun(door)
    token = compact(
        {"alg": "RS256", "kid": key.kid}, json.dumps(attempt.claims), lambda c: private.sign(c, ECDSA(SHA256()))
    )
    attempt.expect_refusal(Reason.KEYS_UNAVAILABLE, token)


def test_row_33_a_weak_key(door: Stage, key_server: KeyServer) -> None:
    weak = generate_private_key(65_537, 1024)
    entry = {**json.loads(RSAAlgorithm.to_jwk(weak.public_key())), "kid": "weak", "alg": "RS256", "use": "sig"}
    key_server.answer = {"keys": [{name: entry[name] for name in ("kty", "n", "e", "kid", "alg", "use")}]}
    key_server.stand_in(door)
    attempt = begun(door)
    token = compact({"alg": "RS256", "kid": "weak"}, json.dumps(attempt.claims), signed_by(weak))
    attempt.expect_refusal(Reason.KEYS_UNAVAILABLE, token)


@pytest.mark.parametrize("place", [0, 1, 2], ids=["first", "second", "third"])
def test_row_256_of_several_keys_with_one_kid_each_is_tried(
    door: Stage, key_server: KeyServer, stranger_key: RSAKey, place: int
) -> None:
    entries = [public_half(RSAKey.generate_key(2048), kid=stranger_key.kid) for _ in range(2)]
    key_server.answer = {"keys": [*entries[:place], public_half(stranger_key), *entries[place:]]}
    attempt = launch_with(door, key_server, stranger_key)
    assert attempt.post(attempt.token(stranger_key)).status_code == 303


def test_row_256_none_of_several_keys_with_one_kid_fits(
    door: Stage, key_server: KeyServer, stranger_key: RSAKey
) -> None:
    entries = [public_half(RSAKey.generate_key(2048), kid=stranger_key.kid) for _ in range(2)]
    key_server.answer = {"keys": [5, None, {}, *entries]}
    attempt = launch_with(door, key_server, stranger_key)
    attempt.expect_refusal(Reason.BAD_SIGNATURE, attempt.token(stranger_key))


# --- how often they are fetched (249-252) ---


def test_row_249_many_launches_cost_one_fetch(door: Stage, key_server: KeyServer, stranger_key: RSAKey) -> None:
    key_server.show(stranger_key)
    key_server.stand_in(door)
    for _ in range(12):
        attempt = begun(door)
        attempt.header = {"kid": stranger_key.kid}
        assert attempt.post(attempt.token(stranger_key)).status_code == 303
    assert key_server.asked == 1


def test_row_249_a_cold_start_with_many_launches_at_once_costs_one_fetch(
    stage: Stage, key_server: KeyServer, stranger_key: RSAKey
) -> None:
    key_server.show(stranger_key)
    key_server.stand_in(stage)
    attempts = [begun(stage) for _ in range(8)]
    statuses: list[int] = []

    def post(attempt: Attempt) -> None:
        attempt.header = {"kid": stranger_key.kid}
        statuses.append(attempt.post(attempt.token(stranger_key)).status_code)

    together([partial(post, attempt) for attempt in attempts])
    assert statuses == [303] * 8
    assert key_server.asked == 1


def together(jobs: list[Callable[[], None]]) -> None:
    """Run all jobs at the same instant."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], None]) -> None:
        gate.wait()
        job()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_row_250_keys_are_read_again_after_a_day(door: Stage, key_server: KeyServer, stranger_key: RSAKey) -> None:
    """So a key that its platform has withdrawn opens nothing for longer than that."""
    stage = door
    key_server.show(stranger_key)
    attempt = launch_with(stage, key_server, stranger_key)
    assert attempt.post(attempt.token(stranger_key)).status_code == 303
    key_server.show(RSAKey.generate_key(2048, auto_kid=True))
    let_a_day_pass(stage)
    late = begun(stage)
    late.header = {"kid": stranger_key.kid}
    late.expect_refusal(Reason.KEY_UNKNOWN, late.token(stranger_key))
    assert key_server.asked == 2


def test_row_251_a_rotated_key_is_picked_up_with_one_fetch(stage_on_sqlite: Stage) -> None:
    """By the practice LMS's own rotation, in the middle of the keys' day."""
    school = stage_on_sqlite.school
    let_in(begun(stage_on_sqlite))
    kept = begun(stage_on_sqlite)
    signed_before = kept.token()
    old_kid = school.platform_key.kid
    assert school.keys.rotate().kid != old_kid
    let_in(begun(stage_on_sqlite))
    assert kept.post(signed_before).status_code == 303
    with stage_on_sqlite.tool.database.reading() as session:
        document = session.scalar(select(Platform.key_set))
    assert {key["kid"] for key in (document or {})["keys"]} == {old_kid, school.platform_key.kid}


def test_row_252_a_flood_of_unknown_kids_costs_one_fetch_a_minute(
    stage_on_sqlite: Stage, key_server: KeyServer, stranger_key: RSAKey
) -> None:
    stage = stage_on_sqlite
    key_server.show(stranger_key)
    good = launch_with(stage, key_server, stranger_key)
    assert good.post(good.token(stranger_key)).status_code == 303

    def flood() -> None:
        for number in range(12):
            attempt = begun(stage)
            attempt.header = {"kid": f"unknown-{number}"}
            attempt.expect_refusal(Reason.KEY_UNKNOWN)

    flood()
    assert key_server.asked == 2
    good = begun(stage)
    good.header = {"kid": stranger_key.kid}
    assert good.post(good.token(stranger_key)).status_code == 303
    stage.clock.ahead = timedelta(seconds=61)
    flood()
    assert key_server.asked == 3
