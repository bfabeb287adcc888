"""Rows 248, 250 and 253: how old a platform's keys may get, who reads them anew, and one key of ours for all."""

import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
import requests
from flask import Response
from joserfc.jwk import RSAKey
from sqlalchemy import select, update

from lti_tool.errors import Reason
from lti_tool.lti.key_sets import fresh_for
from lti_tool.models import Platform
from tests.certification.key_server import KeyServer, public_half
from tests.certification.launches import begun
from tests.certification.named_tests import PROJECT_FOLDER
from tests.certification.served_keys import launch_with
from tests.stage import Stage, register

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)

AGES = {
    "": DAY,
    "max-age=60": MINUTE,
    "max-age=3600": timedelta(hours=1),
    "public, max-age=86400, must-revalidate": DAY,
    "MAX-AGE = 3600": timedelta(hours=1),
    'max-age="3600"': timedelta(hours=1),
    "s-maxage=9, max-age=3600": timedelta(hours=1),
    "s-maxage=9": DAY,
    "max-age=0": MINUTE,
    "max-age=1": MINUTE,
    "max-age=31536000": DAY,
    "max-age=99999999999999999999": DAY,
    "max-age=soon": DAY,
    "max-age=-1": DAY,
    "no-store": MINUTE,
    "no-cache": MINUTE,
    "no-store, max-age=3600": MINUTE,
}


@pytest.mark.parametrize(("said", "expected"), AGES.items(), ids=[said or "nothing" for said in AGES])
def test_row_250_a_platform_says_how_old_its_keys_get_from_a_minute_to_a_day(said: str, expected: timedelta) -> None:
    assert fresh_for(said) == expected


def shown(key: RSAKey, cache_control: str) -> Response:
    return Response(json.dumps({"keys": [public_half(key)]}), headers={"Cache-Control": cache_control})


def launched_with(stage: Stage, server: KeyServer, key: RSAKey, cache_control: str) -> None:
    """A first launch, whose key set says how long it may be kept."""
    server.answer = lambda: shown(key, cache_control)
    attempt = launch_with(stage, server, key)
    assert attempt.post(attempt.token(key)).status_code == 303
    assert server.asked == 1


@pytest.mark.parametrize("cache_control", ["max-age=60", "no-store", "max-age=5"])
def test_row_250_the_worker_reads_short_lived_keys_every_minute_and_no_launch_does(
    stage_on_sqlite: Stage, key_server: KeyServer, stranger_key: RSAKey, cache_control: str
) -> None:
    stage = stage_on_sqlite
    launched_with(stage, key_server, stranger_key, cache_control)
    for seconds, asked in ((1, 1), (59, 1), (61, 2), (61, 2), (119, 2), (122, 3)):
        stage.clock.ahead = timedelta(seconds=seconds)
        stage.tool.gate.keys.refresh_stale()
        assert key_server.asked == asked, seconds
    stage.clock.ahead = timedelta(minutes=9)
    attempt = begun(stage)
    attempt.header = {"kid": stranger_key.kid}
    assert attempt.post(attempt.token(stranger_key)).status_code == 303
    assert key_server.asked == 3, "a launch with a known key fetches nothing"


def test_row_250_what_the_worker_has_read_counts_at_once(
    stage_on_sqlite: Stage, key_server: KeyServer, stranger_key: RSAKey
) -> None:
    """A key that its platform has withdrawn is good for a minute or two, where the platform asks for that."""
    stage = stage_on_sqlite
    launched_with(stage, key_server, stranger_key, "max-age=60")
    other = RSAKey.generate_key(2048, auto_kid=True)
    key_server.answer = lambda: shown(other, "max-age=60")
    stage.clock.ahead = timedelta(seconds=61)
    stage.tool.gate.keys.refresh_stale()
    late = begun(stage)
    late.header = {"kid": stranger_key.kid}
    late.expect_refusal(Reason.KEY_UNKNOWN, late.token(stranger_key))
    new = begun(stage)
    new.header = {"kid": other.kid}
    assert new.post(new.token(other)).status_code == 303


def test_row_250_keys_that_may_get_old_are_left_alone(
    stage_on_sqlite: Stage, key_server: KeyServer, stranger_key: RSAKey
) -> None:
    stage = stage_on_sqlite
    launched_with(stage, key_server, stranger_key, "max-age=31536000")
    for hours, asked in ((1, 1), (23, 1), (25, 2)):
        stage.clock.ahead = timedelta(hours=hours)
        stage.tool.gate.keys.refresh_stale()
        assert key_server.asked == asked


def test_row_250_the_workers_clock_is_what_reads_them(stage_on_sqlite: Stage) -> None:
    names = {task.name for task in stage_on_sqlite.clockwork._queue.read_periodic(stage_on_sqlite.clock())}
    assert "refresh_platform_keys" in names


def test_row_253_a_refresh_that_fails_keeps_the_keys_and_is_tried_again(
    stage_on_sqlite: Stage, key_server: KeyServer, stranger_key: RSAKey
) -> None:
    stage = stage_on_sqlite
    launched_with(stage, key_server, stranger_key, "max-age=60")
    key_server.answer = lambda: Response("<h1>Sorry</h1>", 503)
    for seconds, asked in ((61, 2), (90, 2), (125, 3)):
        stage.clock.ahead = timedelta(seconds=seconds)
        stage.tool.gate.keys.refresh_stale()
        assert key_server.asked == asked
    attempt = begun(stage)
    attempt.header = {"kid": stranger_key.kid}
    assert attempt.post(attempt.token(stranger_key)).status_code == 303


@pytest.mark.parametrize(("days", "serve"), [(2, True), (6.9, True), (7.1, False), (30, False)])
def test_row_253_keys_that_cannot_be_read_anew_serve_for_a_week_and_no_longer(
    stage_on_sqlite: Stage, key_server: KeyServer, stranger_key: RSAKey, days: float, serve: bool
) -> None:
    stage = stage_on_sqlite
    launched_with(stage, key_server, stranger_key, "")
    key_server.answer = lambda: Response("", 503)
    read_at = stage.clock() - timedelta(days=days)
    with stage.tool.database.writing() as session:
        session.execute(update(Platform).values(key_set_read_at=read_at, key_set_tried_at=read_at))
    attempt = begun(stage)
    attempt.header = {"kid": stranger_key.kid}
    if serve:
        assert attempt.post(attempt.token(stranger_key)).status_code == 303
    else:
        attempt.expect_refusal(Reason.KEYS_UNAVAILABLE, attempt.token(stranger_key))
    assert key_server.asked == 2


ODD = {"nan": '"x": NaN', "infinity": '"x": -Infinity', "too_large": '"x": 1e999', "half_a_character": '"x": "\\ud800"',
       "nul": '"x": "\\u0000"'}  # fmt: skip


@pytest.mark.parametrize("member", ODD.values(), ids=ODD)
@pytest.mark.parametrize("inside", [True, False], ids=["in_the_key", "beside_the_keys"])
def test_row_254_a_key_set_with_values_that_no_database_holds(
    stage: Stage, key_server: KeyServer, stranger_key: RSAKey, member: str, inside: bool
) -> None:
    """Its good keys verify, and only what matters of them is kept."""
    key = json.dumps(public_half(stranger_key))
    text = f'{{"keys": [{key[:-1]}, {member}}}]}}' if inside else f'{{"keys": [{key}], {member}}}'
    key_server.answer = lambda: Response(text)
    attempt = launch_with(stage, key_server, stranger_key)
    assert attempt.post(attempt.token(stranger_key)).status_code == 303
    with stage.tool.database.reading() as session:
        document: Any = session.scalar(select(Platform.key_set))
    assert document == {"keys": [public_half(stranger_key)]}


# --- our own ---


def test_row_248_one_key_serves_all_platforms_and_the_decision_says_why(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    register(stage.tool, stage.lms_url, "D2", client_id="second-client")
    stage.launched("irena")
    stage.clockwork.read_rosters()
    form = stage.school.calls.to("/lti/token")[0].body
    assertion = dict(part.split("=", 1) for part in form.split("&"))["client_assertion"]
    published = requests.get(f"{stage.tool_url}/.well-known/jwks.json", timeout=5).json()["keys"]
    assert jwt.get_unverified_header(assertion)["kid"] in {key["kid"] for key in published}
    assert [key["kid"] for key in published] == [stage.tool.keyring.signing_key().kid]
    decision = (PROJECT_FOLDER / "docs" / "decisions" / "0004-keys.md").read_text()
    for words in ("All platforms share the tool's keys", "SHOULD NOT (7.2)", "protects nothing more"):
        assert words in decision
