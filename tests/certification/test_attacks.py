"""Group M and the gaps of the library below us: replay, mix-up, other people's browsers and addresses."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from lti_tool.errors import Reason
from lti_tool.models import Course, Deployment, Person, Platform, Visit
from lti_tool.practice_lms import DEPLOYMENT_ID, PracticeSchool, ToolAddresses, create_practice_lms
from tests.certification.evidence import PURL, check_no_visit, watching
from tests.certification.launches import Attempt, begun, changed, let_in
from tests.stage import Stage, free_port, register, served

AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"


@contextmanager
def second_lms(stage: Stage, folder: Path) -> Iterator[PracticeSchool]:
    """Another practice LMS on a port of its own, registered with the same tool, with the same client id."""
    port = free_port()
    url = f"http://localhost:{port}"
    addresses = ToolAddresses(
        f"{stage.tool_url}/lti/login", f"{stage.tool_url}/lti/launch", f"{stage.tool_url}/.well-known/jwks.json"
    )
    lms = create_practice_lms(folder / "second_lms", url, addresses, stage.accent)
    register(stage.tool, url, DEPLOYMENT_ID(stage.accent))
    with served(lms, port):
        yield lms.extensions["practice_lms"]


# --- replay ---


def replayed(attempt: Attempt, token: str, cookies: dict[str, str]) -> None:
    attempt.browser.cookies |= cookies
    attempt.expect_refusal(Reason.STATE_USED, token)


def test_rows_23_and_259_a_launch_played_again_at_once_and_later(stage: Stage) -> None:
    attempt = begun(stage)
    cookies, token = dict(attempt.browser.cookies), attempt.token()
    assert attempt.post(token).status_code == 303
    replayed(attempt, token, cookies)
    stage.clock.ahead = timedelta(minutes=9)
    replayed(attempt, token, cookies)
    stage.clock.ahead = timedelta(hours=1)
    attempt.browser.cookies |= cookies
    attempt.expect_refusal(Reason.STATE_EXPIRED, token)
    stage.clock.ahead = timedelta(days=3)
    stage.clockwork.tidy()
    attempt.browser.cookies |= cookies
    attempt.expect_refusal(Reason.STATE_UNKNOWN, token)


def test_row_259_a_captured_launch_in_another_browser(door: Stage) -> None:
    attempt = begun(door)
    token = attempt.token()
    assert attempt.post(token).status_code == 303
    attempt.browser = door.browser()
    attempt.expect_refusal(Reason.COOKIE_MISSING, token)


def test_row_25_of_twenty_identical_posts_at_one_instant_one_succeeds(stage: Stage) -> None:
    attempt = begun(stage)
    form = {"state": attempt.login.state, "id_token": attempt.token()}
    cookies = dict(attempt.browser.cookies)
    gate, answers = threading.Barrier(20), []

    def post() -> None:
        browser = stage.browser()
        browser.cookies = dict(cookies)
        gate.wait()
        answers.append((browser.request("POST", "/lti/launch", data=form), browser))

    with capture_logs() as lines:
        threads = [threading.Thread(target=post) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answer.status_code for answer, _ in answers) == [303] + [401] * 19
    for answer, browser in answers:
        if answer.status_code == 401:
            check_no_visit(answer, browser)
    refusals = [line["reason"] for line in lines if line["event"] == "launch_refused"]
    assert refusals == [Reason.STATE_USED.name] * 19
    with stage.tool.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 1
        assert session.scalar(select(func.count()).select_from(Person)) == 1


# --- mix-up ---


def test_row_261_a_login_at_one_platform_and_a_token_of_another(stage: Stage, tmp_path: Path) -> None:
    with second_lms(stage, tmp_path) as other:
        attempt = begun(stage)
        theirs = other.claims_for("isaiah", 1, attempt.login.nonce)
        attempt.claims = theirs
        line = attempt.expect_refusal(Reason.PLATFORM_MISMATCH, other.sign(theirs))
        assert line["issuer"] == stage.lms_url


def test_row_261_a_token_of_another_platform_that_calls_itself_ours(stage_on_sqlite: Stage, tmp_path: Path) -> None:
    """Signed by the other platform's key, under its own kid and under ours."""
    with second_lms(stage_on_sqlite, tmp_path) as other:
        attempt = begun(stage_on_sqlite)
        attempt.expect_refusal(Reason.KEY_UNKNOWN, other.sign(attempt.claims))
        attempt = begun(stage_on_sqlite)
        kid: dict[str, object] = {"kid": stage_on_sqlite.school.platform_key.kid}
        attempt.expect_refusal(Reason.BAD_SIGNATURE, other.sign(attempt.claims, kid))


def test_row_262_a_login_for_one_client_id_and_a_token_for_another(stage: Stage) -> None:
    """Both are registered with the same issuer, and its key signs for both."""
    register(stage.tool, stage.lms_url, "D2", client_id="second-client")
    as_second = {"aud": "second-client", "azp": "second-client", "deployment_id": "D2"}
    attempt = begun(stage, lti_deployment_id=None)
    attempt.claims = changed(attempt.claims, as_second)
    attempt.expect_refusal(Reason.BAD_AUDIENCE)
    attempt = begun(stage, client_id="second-client", lti_deployment_id=None)
    attempt.expect_refusal(Reason.BAD_AUDIENCE)
    attempt = begun(stage, client_id="second-client", lti_deployment_id="D2")
    attempt.claims = changed(attempt.claims, as_second)
    let_in(attempt)


def test_row_263_a_deployment_of_another_client(stage_on_sqlite: Stage) -> None:
    register(stage_on_sqlite.tool, stage_on_sqlite.lms_url, "D2", client_id="second-client")
    attempt = begun(stage_on_sqlite, lti_deployment_id=None)
    attempt.claims = changed(attempt.claims, {"deployment_id": "D2"})
    attempt.expect_refusal(Reason.DEPLOYMENT_HELD)


def test_row_264_two_platforms_with_one_deployment_id_are_apart(stage_on_sqlite: Stage, tmp_path: Path) -> None:
    """And with the same client id, course, link and person ids: nothing of the one is seen in the other."""
    stage = stage_on_sqlite
    with second_lms(stage, tmp_path) as other:
        ours = let_in(begun(stage))
        theirs = begun(stage, iss=other.public_url)
        theirs.claims = other.claims_for("isaiah", 1, theirs.login.nonce)
        assert theirs.post(other.sign(theirs.claims)).status_code == 303
    with stage.tool.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person).where(Person.lti_sub == ours.sub)) == 2
        assert session.scalar(select(func.count()).select_from(Deployment)) == 2


# --- browsers ---


def test_row_258_a_launch_prepared_in_the_attackers_browser(door: Stage) -> None:
    """The victim's browser, in a visit of its own, is made to post the attacker's launch: nothing changes for it."""
    victim = door.launched("tom")
    home, before = victim.home, victim.get("posts/new").status_code
    attempt = begun(door, "isaiah")
    attempt.browser = victim
    attempt.expect_refusal(Reason.COOKIE_MISSING)
    assert (victim.home, victim.get("posts/new").status_code) == (home, before)


def test_row_268_a_visit_cookie_planted_before_the_launch_is_worth_nothing(door: Stage) -> None:
    browser = door.browser()
    browser.cookies["visit"] = "planted"
    attempt = begun(door, browser=browser)
    let_in(attempt)
    assert browser.cookies["visit"] != "planted"
    attacker = door.browser()
    attacker.cookies["visit"] = "planted"
    assert attacker.get(f"{browser.home}/").status_code == 401


@pytest.mark.parametrize(
    "secret", [None, "", "x", "é", "x" * 4000], ids=["none", "empty", "short", "not_ascii", "long"]
)
def test_row_267_the_address_of_a_visit_opens_nothing_by_itself(door: Stage, secret: str | None) -> None:
    home = door.launched("tom").home
    stranger = door.browser()
    if secret is not None:
        stranger.cookies["visit"] = secret
    answer = stranger.get(f"{home}/")
    assert answer.status_code == 401
    assert "Open the blog again from your course page." in answer.text


def test_row_269_visits_of_a_disabled_registration_end(stage_on_sqlite: Stage) -> None:
    browser = stage_on_sqlite.launched("irena")
    assert browser.get("desk").status_code == 200
    with stage_on_sqlite.tool.database.writing() as session:
        session.execute(update(Platform).values(disabled_at=stage_on_sqlite.tool.clock()))
    assert browser.get("desk").status_code == 403


def test_row_269_a_visit_ends_by_itself(stage_on_sqlite: Stage) -> None:
    browser = stage_on_sqlite.launched("irena")
    stage_on_sqlite.clock.ahead = timedelta(hours=11, minutes=59)
    assert browser.get("desk").status_code == 200
    stage_on_sqlite.clock.ahead = timedelta(hours=12, minutes=1)
    assert browser.get("desk").status_code == 401


def test_row_280_no_cookie_holds_a_claim_or_grows(door: Stage) -> None:
    browser = door.browser()
    for _ in range(5):
        attempt = begun(door, browser=browser)
        let_in(attempt)
    assert len(browser.cookies) == 1
    for name, value in browser.cookies.items():
        assert len(name) + len(value) < 200
        assert door.school.sub_of("isaiah") not in value


FOREIGN = {
    "another_site": {"Origin": "https://evil.example.test", "Sec-Fetch-Site": "cross-site"},
    "the_lms_itself": {"Origin": "{lms}", "Sec-Fetch-Site": "same-site"},
    "only_an_origin": {"Origin": "https://evil.example.test"},
    "no_origin": {},
    "hidden_origin": {"Origin": "null"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_row_283_a_form_from_elsewhere_changes_nothing(door: Stage, headers: dict[str, str]) -> None:
    """On every route that changes something, with the victim's own cookies."""
    teacher = door.launched("irena")
    written = {name: value.replace("{lms}", door.lms_url) for name, value in headers.items()}
    changing = [rule for rule in door.app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    # A mail program's own request carries no cookie, and its address is signed (tests/mailing).
    by_mail = "/digest/stop/<token>"
    addresses = [rule.rule for rule in changing if not rule.rule.startswith("/lti/") and rule.rule != by_mail]
    assert len(addresses) > 5
    for address in addresses:
        path = address.replace("/v/<visit_key>", teacher.home)
        for argument in ("number", "comment_number", "comment_id", "person_id"):
            path = path.replace(f"<int:{argument}>", "1")
        assert teacher.request("POST", path, headers=written, data={"body": "x"}).status_code == 403, address


# --- services named by a claim ---


def test_rows_274_and_275_service_addresses_that_are_none(stage_on_sqlite: Stage) -> None:
    """A signed launch may name any address; what cannot be called is not called, and people still come in."""
    stage = stage_on_sqlite
    for address in ("http://[", "https://a..b/x", "https://" + "a" * 70 + ".example.test/", "file:///etc/passwd"):
        attempt = begun(stage, "irena")
        roster = {"context_memberships_url": address, "service_versions": ["2.0"]}
        attempt.claims |= {"https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": roster}
        attempt.claims |= {AGS: {"scope": ["x"], "lineitem": address, "lineitems": address}}
        let_in(attempt)
        with stage.tool.database.writing() as session:
            session.execute(update(Course).values(roster_tried_at=None))
        with capture_logs() as lines:
            stage.clockwork.read_rosters()
        assert [line["event"] for line in lines] == ["roster_not_read"]


def test_row_282_two_tools_in_one_process_do_not_know_each_other(door: Stage, moodle_stage: Stage) -> None:
    """The library keeps how an issuer is looked up in one place for the whole process; ours does not."""
    let_in(begun(door))
    let_in(begun(moodle_stage))
    browser = door.browser()
    with watching(door) as evidence:
        response = browser.begin_login(iss=moodle_stage.lms_url).response
    evidence.refused(response, browser, Reason.UNKNOWN_PLATFORM)


def test_row_310_a_token_without_a_login_opens_nothing(door: Stage) -> None:
    claims = door.school.claims_for("isaiah", 1, "nonce-of-nobody")
    browser = door.browser()
    with watching(door) as evidence:
        response = browser.request("POST", "/lti/launch", data={"id_token": door.school.sign(claims)})
    evidence.refused(response, browser, Reason.STATE_MISSING, claims)
    assert str(claims[PURL + "deployment_id"]) not in response.text
