"""Group A: the login request that begins a launch (rows 1-18)."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import func, select, update

from lti_tool.errors import Reason
from lti_tool.models import Login, Platform
from lti_tool.practice_lms import CLIENT_ID
from tests.certification.evidence import watching
from tests.certification.launches import begun
from tests.stage import Stage, register

EXPECTED = {
    "scope", "response_type", "response_mode", "prompt", "client_id", "redirect_uri", "login_hint", "lti_message_hint",
    "state", "nonce",
}  # fmt: skip


def refuse_login(stage: Stage, reason: Reason, method: str = "POST", **changes: str | None) -> dict[str, object]:
    """Send a login request that must be refused: no way on, no cookie, no login row, and one line in the log."""
    browser = stage.browser()
    with watching(stage) as evidence:
        before = logins(stage)
        login = browser.begin_login(method, **changes)
    line = evidence.refused(login.response, browser, reason, {"hint": changes.get("login_hint") or "LH-1-hint"})
    assert logins(stage) == before
    assert not browser.cookies
    return dict(line)


def logins(stage: Stage) -> int:
    with stage.tool.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Login)) or 0


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_row_1_login_by_get_and_by_post(door: Stage, method: str) -> None:
    login = door.browser().begin_login(method)
    assert login.response.status_code == 302
    assert login.response.headers["Location"].startswith(f"{door.lms_url}/lti/authorize?")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "missing",
    ["iss", "login_hint", "target_link_uri"],
    ids=["row_2_no_iss", "row_3_no_login_hint", "row_4_no_target_link_uri"],
)
def test_rows_2_to_4_required_parameters(door: Stage, missing: str, method: str) -> None:
    line = refuse_login(door, Reason.MISSING_PARAMETER, method, **{missing: None})
    assert line["parameter"] == missing
    refuse_login(door, Reason.MISSING_PARAMETER, method, **{missing: ""})


def test_row_5_unknown_issuer_without_any_outbound_request(door: Stage) -> None:
    calls = len(door.school.calls)
    line = refuse_login(door, Reason.UNKNOWN_PLATFORM, iss="https://unknown.example.test")
    assert line["issuer"] == "https://unknown.example.test"
    assert len(door.school.calls) == calls


@pytest.mark.parametrize("other", ["HTTP", "slash", "path"])
def test_rows_5_and_36_an_issuer_is_compared_as_it_is(door: Stage, other: str) -> None:
    written = {"HTTP": door.lms_url.upper(), "slash": f"{door.lms_url}/", "path": f"{door.lms_url}/x"}
    refuse_login(door, Reason.UNKNOWN_PLATFORM, iss=written[other])


def test_row_6_the_client_id_selects_the_registration(stage_on_sqlite: Stage) -> None:
    register(stage_on_sqlite.tool, stage_on_sqlite.lms_url, "D2", client_id="second-client")
    assert stage_on_sqlite.browser().begin_login(client_id="second-client").query["client_id"] == "second-client"
    assert stage_on_sqlite.browser().begin_login().query["client_id"] == CLIENT_ID


def test_row_7_unknown_client_id_of_a_known_issuer(door: Stage) -> None:
    line = refuse_login(door, Reason.UNKNOWN_PLATFORM, client_id="zzz")
    assert (line["issuer"], line["client_id"]) == (door.lms_url, "zzz")


def test_row_8_a_missing_client_id_is_not_guessed(stage_on_sqlite: Stage) -> None:
    assert stage_on_sqlite.browser().begin_login(client_id=None).query["client_id"] == CLIENT_ID
    register(stage_on_sqlite.tool, stage_on_sqlite.lms_url, "D2", client_id="second-client")
    refuse_login(stage_on_sqlite, Reason.AMBIGUOUS_PLATFORM, client_id=None)


def test_row_9_the_authentication_request_carries_each_parameter_once(door: Stage) -> None:
    login = door.browser().begin_login()
    pairs = parse_qsl(urlsplit(login.response.headers["Location"]).query, strict_parsing=True)
    assert sorted(name for name, _ in pairs) == sorted(EXPECTED)
    assert login.query["scope"] == "openid"
    assert login.query["response_type"] == "id_token"
    assert login.query["response_mode"] == "form_post"
    assert login.query["prompt"] == "none"
    assert login.query["redirect_uri"] == f"{door.tool_url}/lti/launch"


@pytest.mark.parametrize("hint", ["a+b/c=&d é%25", '{"cmid":"3644"}', "<script>", "\u00a0x\u2028y"])
def test_rows_10_and_11_hints_come_back_unaltered(door: Stage, hint: str) -> None:
    query = door.browser().begin_login(login_hint=hint, lti_message_hint=hint).query
    assert (query["login_hint"], query["lti_message_hint"]) == (hint, hint)


def test_row_11_no_message_hint_stays_no_message_hint(door: Stage) -> None:
    assert "lti_message_hint" not in door.browser().begin_login(lti_message_hint=None).query


FOREIGN_TARGETS = {
    "another_host": "https://evil.example.test/x",
    "no_scheme": "//evil.example.test/lti/launch",
    "user_before_host": "{tool}@evil.example.test/lti/launch",
    "longer_host": "{tool}.evil.example.test/lti/launch",
    "backslash": "{tool}\\@evil.example.test/",
    "only_a_path": "/\\evil.example.test",
    "script": "javascript:alert(1)",
    "another_scheme": "ftp://{host}/lti/launch",
    "another_port": "http://localhost:1/lti/launch",
    "half_an_address": "http://[",
    "space": " {tool}/lti/launch",
    "tab_in_the_host": "http://local\thost:{port}/lti/launch",
}


@pytest.mark.parametrize("target", FOREIGN_TARGETS.values(), ids=FOREIGN_TARGETS)
def test_rows_12_and_270_a_foreign_target_is_refused(door: Stage, target: str) -> None:
    host = door.tool_url.removeprefix("http://")
    written = target.format(tool=door.tool_url, host=host, port=host.partition(":")[2])
    refuse_login(door, Reason.FOREIGN_TARGET, target_link_uri=written)


def test_row_12_the_redirect_is_always_our_own_address(door: Stage) -> None:
    login = door.browser().begin_login(
        target_link_uri=f"{door.tool_url}/somewhere/else", redirect_uri="https://evil.example.test/"
    )
    assert login.query["redirect_uri"] == f"{door.tool_url}/lti/launch"


def test_row_13_an_authorization_endpoint_keeps_its_own_query(stage_on_sqlite: Stage) -> None:
    address = f"{stage_on_sqlite.lms_url}/lti/authorize?tenant=1"
    with stage_on_sqlite.tool.database.writing() as session:
        session.execute(update(Platform).values(authorize_url=address))
    login = stage_on_sqlite.browser().begin_login()
    assert login.response.headers["Location"].startswith(f"{address}&scope=openid")
    assert login.response.headers["Location"].count("?") == 1
    assert login.query["tenant"] == "1"


@pytest.mark.parametrize("name", ["lti_deployment_id", "deployment_id"])
def test_row_14_the_deployment_of_the_login_must_be_the_signed_one(stage_on_sqlite: Stage, name: str) -> None:
    """Canvas has sent the hint under both names. The other deployment is registered too."""
    register(stage_on_sqlite.tool, "https://other.example.test", "D2")
    hint: dict[str, str | None] = {"lti_deployment_id": None, name: "D2"}
    attempt = begun(stage_on_sqlite, "isaiah", None, **hint)
    line = attempt.expect_refusal(Reason.DEPLOYMENT_MISMATCH)
    assert line["deployment_id"] == attempt.claims["https://purl.imsglobal.org/spec/lti/claim/deployment_id"]


def test_row_14_no_hint_leaves_the_signed_deployment_to_decide(door: Stage) -> None:
    assert begun(door, lti_deployment_id=None).post().status_code == 303


def test_row_15_state_and_nonce_are_fresh_and_unguessable(door: Stage) -> None:
    begun_logins = [door.browser().begin_login() for _ in range(60)]
    states, nonces = {login.state for login in begun_logins}, {login.nonce for login in begun_logins}
    assert len(states) == len(nonces) == 60
    for text in [state.removeprefix("state-") for state in states] + list(nonces):
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", text)  # 256 bits
    assert len({text[-8:] for text in nonces}) == 60  # the library's own nonces share their second half
    assert not states & nonces


def test_row_16_a_login_is_not_cached_and_leaks_no_referrer(door: Stage) -> None:
    headers = door.browser().begin_login().response.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_row_17_an_insecure_authorization_endpoint_is_not_used(stage_on_sqlite: Stage) -> None:
    with stage_on_sqlite.tool.database.writing() as session:
        session.execute(update(Platform).values(authorize_url="http://8.8.8.8/lti/authorize"))
    refuse_login(stage_on_sqlite, Reason.INSECURE_ADDRESS)


def test_row_18_a_disabled_registration_begins_and_ends_no_login(stage_on_sqlite: Stage) -> None:
    attempt = begun(stage_on_sqlite)
    with stage_on_sqlite.tool.database.writing() as session:
        session.execute(update(Platform).values(disabled_at=stage_on_sqlite.tool.clock()))
    refuse_login(stage_on_sqlite, Reason.PLATFORM_DISABLED)
    attempt.expect_refusal(Reason.PLATFORM_DISABLED)


def test_row_278_a_nul_character_is_a_malformed_request(stage: Stage) -> None:
    """PostgreSQL stores no NUL, so it has to end before the database."""
    for name in ("iss", "client_id", "login_hint", "lti_message_hint", "lti_deployment_id"):
        refuse_login(stage, Reason.MISSING_PARAMETER, **{name: "a\x00b"})


@pytest.mark.parametrize("name", ["iss", "client_id"])
def test_row_272_nothing_of_a_refused_login_is_reflected(door: Stage, name: str) -> None:
    browser, script = door.browser(), "</script><img src=x onerror=alert(1)>"
    with watching(door) as evidence:
        response = browser.begin_login(**{name: script}).response
    evidence.refused(response, browser, Reason.UNKNOWN_PLATFORM, {"sent": script, "part": "onerror"})


def test_row_272_the_page_before_the_login_escapes_what_it_carries(door: Stage) -> None:
    """In a frame not yet known to keep cookies the tool sends the parameters on through a page of its own."""
    script = "</script><img src=x onerror=alert(1)>\"'"
    form = {"iss": script, "login_hint": script, "target_link_uri": script, "lti_message_hint": script}
    page = door.browser().request("POST", "/lti/login", data=form, headers={"Sec-Fetch-Dest": "iframe"})
    assert page.status_code == 200
    assert "<img" not in page.text
    assert "&lt;img" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_row_308_a_long_parameter_does_not_fill_the_log(door: Stage) -> None:
    line = refuse_login(
        door, Reason.UNKNOWN_PLATFORM, iss="https://x.example.test/" + "x" * 50_000, client_id="\ud7ff\n" * 9
    )
    assert len(str(line["issuer"])) <= 255
    assert str(line["client_id"]).isascii()
    assert "\n" not in str(line["client_id"])


def test_row_310_a_login_reads_the_claims_of_nobody(door: Stage) -> None:
    """A token sent to the login address is not looked at: no endpoint takes one without a login (row 310)."""
    attempt = begun(door)
    response = attempt.browser.request(
        "POST", "/lti/login", data={"state": attempt.login.state, "id_token": attempt.token()}
    )
    assert response.status_code == 400
