"""Rows 253-255 and 277: keys that cannot be had, come late, or belong to another platform."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Response, redirect
from joserfc.jwk import RSAKey
from sqlalchemy import update

from lti_tool.errors import Reason
from lti_tool.models import Platform
from tests.certification.key_server import KeyServer, public_half
from tests.certification.launches import begun, changed, let_in
from tests.certification.served_keys import launch_with, let_a_day_pass
from tests.stage import Stage, register

Answer = Callable[[], Response]


def _nested() -> Response:
    return Response("[" * 200_000, content_type="application/json")


BAD_ANSWERS: dict[str, Answer] = {
    "a_fault_in_json": lambda: Response('{"errors": "SECRET"}', 503, content_type="application/json"),
    "keys_with_a_fault": lambda: Response('{"keys": []}', 500, content_type="application/json"),
    "a_web_page": lambda: Response("<h1>SECRET</h1>"),
    "nothing": lambda: Response(""),
    "no_object": lambda: Response("[]", content_type="application/json"),
    "no_list": lambda: Response('{"keys": {}}', content_type="application/json"),
    "null": lambda: Response("null", content_type="application/json"),
    "no_keys": lambda: Response('{"keys": []}', content_type="application/json"),
    "only_nonsense": lambda: Response('{"keys": [1, null, "x", [], {}]}', content_type="application/json"),
    "a_redirect": lambda: _redirect(),
    "two_megabytes": lambda: Response('{"keys": [], "x": "' + "x" * 2_000_000 + '"}', content_type="application/json"),
    "nested_without_end": _nested,
    "not_utf8": lambda: Response(b'{"keys": "\xff\xfe"}', content_type="application/json"),
    "broken_compression": lambda: Response("no gzip", headers={"Content-Encoding": "gzip"}),
}


def _redirect() -> Response:
    found = redirect("http://localhost:1/keys")
    return Response(found.get_data(), found.status_code, headers=dict(found.headers))


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_rows_253_and_254_a_bad_answer_never_replaces_good_keys(
    door: Stage, key_server: KeyServer, stranger_key: RSAKey, answer: Answer
) -> None:
    stage = door
    key_server.show(stranger_key)
    first = launch_with(stage, key_server, stranger_key)
    assert first.post(first.token(stranger_key)).status_code == 303
    key_server.answer = answer
    let_a_day_pass(stage)
    again = begun(stage)
    again.header = {"kid": stranger_key.kid}
    assert again.post(again.token(stranger_key)).status_code == 303
    assert key_server.asked == 2


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_rows_254_and_277_a_bad_answer_is_a_refusal_that_repeats_none_of_it(
    door: Stage, key_server: KeyServer, stranger_key: RSAKey, answer: Answer
) -> None:
    key_server.answer = answer
    attempt = launch_with(door, key_server, stranger_key)
    line = attempt.expect_refusal(Reason.KEYS_UNAVAILABLE, attempt.token(stranger_key))
    assert "SECRET" not in repr(line)


@pytest.mark.parametrize("fault", ["jwks_down", "jwks_html"])
def test_row_253_the_practice_lms_hides_its_keys_for_a_while(stage_on_sqlite: Stage, fault: str) -> None:
    stage = stage_on_sqlite
    stage.school.faults.set(fault)
    begun(stage).expect_refusal(Reason.KEYS_UNAVAILABLE)
    stage.school.faults.clear()
    stage.clock.ahead = timedelta(seconds=61)
    let_in(begun(stage))
    stage.school.faults.set(fault)
    let_a_day_pass(stage)
    let_in(begun(stage))


def test_row_253_slow_keys_hold_up_only_their_own_platform(
    stage_on_sqlite: Stage, key_server: KeyServer, stranger_key: RSAKey
) -> None:
    """While one platform keeps the tool waiting for its keys, another's people come in."""
    stage = stage_on_sqlite
    let_in(begun(stage))
    asked, go_on = threading.Event(), threading.Event()

    def slow() -> Response:
        asked.set()
        go_on.wait(20)
        return Response('{"keys": []}', content_type="application/json")

    key_server.answer = slow
    register(stage.tool, key_server.url, "D2", client_id="slow-client")
    with stage.tool.database.writing() as session:
        session.execute(update(Platform).where(Platform.lti_issuer == key_server.url).values(jwks_url=key_server.url))
    waiting = begun(stage, iss=key_server.url, client_id="slow-client", lti_deployment_id="D2")
    waiting.claims = changed(waiting.claims, {"iss": key_server.url})
    waiting.header = {"kid": stranger_key.kid}
    statuses: list[int] = []
    thread = threading.Thread(target=lambda: statuses.append(waiting.post().status_code))
    thread.start()
    assert asked.wait(10)
    stage.school.keys.rotate()  # a key that makes the tool ask again, too
    let_in(begun(stage))
    assert not statuses
    go_on.set()
    thread.join()
    assert statuses == [401]


def test_row_255_two_platforms_with_the_same_kid(
    stage_on_sqlite: Stage, key_server: KeyServer, stranger_key: RSAKey
) -> None:
    """Keys of one platform never verify what another says, whatever they are called."""
    stage = stage_on_sqlite
    kid = stage.school.platform_key.kid
    key_server.answer = {"keys": [public_half(stranger_key, kid=kid)]}
    register(stage.tool, key_server.url, "D2", client_id="other-client")
    with stage.tool.database.writing() as session:
        session.execute(update(Platform).where(Platform.lti_issuer == key_server.url).values(jwks_url=key_server.url))
    theirs = begun(stage, iss=key_server.url, client_id="other-client", lti_deployment_id="D2")
    their_claims = {"iss": key_server.url, "aud": "other-client", "azp": "other-client", "deployment_id": "D2"}
    theirs.claims = changed(theirs.claims, their_claims)
    theirs.header = {"kid": kid}
    assert theirs.post(theirs.token(stranger_key)).status_code == 303
    ours = begun(stage)
    assert ours.post().status_code == 303
    forged = begun(stage)
    forged.expect_refusal(Reason.BAD_SIGNATURE, forged.token(stranger_key))
    forged = begun(stage, iss=key_server.url, client_id="other-client", lti_deployment_id="D2")
    forged.claims = changed(forged.claims, their_claims)
    forged.expect_refusal(Reason.BAD_SIGNATURE)
