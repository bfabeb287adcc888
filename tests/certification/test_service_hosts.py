"""Rows 274 to 277: services that a signed launch names, at hosts and with answers that are not to be trusted."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from flask import Response
from sqlalchemy import select, update
from structlog.testing import capture_logs

from lti_tool.app import build_tool
from lti_tool.errors import LmsRefused, LmsUnreachable
from lti_tool.gradebook.claiming import Delivery
from lti_tool.gradebook.outbox import Score
from lti_tool.lti.connection import Connection
from lti_tool.lti.families import FAMILIES, STANDARD, Family
from lti_tool.lti.grades import AgsGradebook
from lti_tool.lti.platforms import PlatformFacts, check_service_address
from lti_tool.lti.registration import allow_host
from lti_tool.lti.roster import Roster
from lti_tool.lti.tokens import ServiceTokens
from lti_tool.models import Course, Deployment, Platform
from lti_tool.worker import Clockwork
from tests.certification.course_lists import NOTICE, NRPS, asked_for, read_again
from tests.certification.launches import Attempt, begun, changed, let_in
from tests.certification.network import watched_network
from tests.lti.scripted_lms import ScriptedLms, scripted_lms
from tests.stage import ScriptBrowser, Stage

AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
MAY_BE_ELSEWHERE = {"canvas", "blackboard"}


@pytest.fixture(scope="module")
def running_elsewhere() -> Iterator[ScriptedLms]:
    with scripted_lms() as elsewhere:
        yield elsewhere


@pytest.fixture
def elsewhere(running_elsewhere: ScriptedLms) -> ScriptedLms:
    """Another host than the LMS's, which would take anything."""
    running_elsewhere.reset()
    running_elsewhere.will_say("/people", Response(json.dumps({"members": [{"user_id": "u", "roles": ["Learner"]}]})))
    running_elsewhere.will_say("/column/scores", Response("{}"))
    return running_elsewhere


def with_services_at(stage: Stage, host: str, product: str | None = None) -> ScriptBrowser:
    """A teacher whose signed launch names services at another host, and a score that waits to be sent there."""
    tom = let_in(begun(stage, "tom"))
    attempt = with_claims_of_services(begun(stage, "irena"), f"{host}/people", f"{host}/column")
    if product:
        attempt.claims = changed(attempt.claims, {"tool_platform": {"guid": "g", "product_family_code": product}})
    let_in(attempt)
    score = {"points": "7", "reason": "Spoke well."}
    assert attempt.browser.post(f"desk/people/{tom.person_id}/score", score).status_code == 303
    stage.school.calls.clear()
    return attempt.browser


def with_claims_of_services(attempt: Attempt, roster: str, column: str) -> Attempt:
    grades = {"scope": [SCORE], "lineitem": column, "lineitems": column}
    people = {"context_memberships_url": roster, "service_versions": ["2.0"]}
    attempt.claims = changed(attempt.claims, {NRPS: people, AGS: grades})
    return attempt


# --- another host (275) ---


def test_row_275_services_at_another_host_are_not_called_and_no_token_is_asked_for(
    moodle_stage: Stage, elsewhere: ScriptedLms
) -> None:
    stage = moodle_stage
    teacher = with_services_at(stage, elsewhere.url)
    read_again(stage)
    stage.send_scores()
    assert elsewhere.heard == []
    assert list(stage.school.calls) == []
    host = urlsplit(elsewhere.url).netloc
    for page in ("desk", "gradebook"):
        assert f"a service at {host}, which is not its own" in teacher.get(page).text
    assert f"lti-tool platforms allow-host 1 {host}" in teacher.get("gradebook").text


def test_row_275_a_host_that_the_operator_allowed_is_called(moodle_stage: Stage, elsewhere: ScriptedLms) -> None:
    stage = moodle_stage
    teacher = with_services_at(stage, elsewhere.url)
    with stage.tool.database.writing() as session:
        allow_host(session, 1, urlsplit(elsewhere.url).netloc.upper())
    read_again(stage)
    stage.send_scores()
    assert [heard.address for heard in elsewhere.heard] == ["/people", "/column/scores"]
    assert all(heard.headers["Authorization"].startswith("Bearer ") for heard in elsewhere.heard)
    assert NOTICE not in teacher.get("desk").text


def test_row_275_an_allowed_host_is_allowed_for_one_platform(moodle_stage: Stage, elsewhere: ScriptedLms) -> None:
    with moodle_stage.tool.database.writing() as session:
        allow_host(session, 1, urlsplit(elsewhere.url).netloc)
    own = moodle_stage.tool.platforms.get(1)
    check_service_address(own, f"{elsewhere.url}/people")
    with pytest.raises(LmsRefused):
        check_service_address(replace(own, id=2, service_hosts=[]), f"{elsewhere.url}/people")


@pytest.mark.parametrize("family", [*FAMILIES, STANDARD], ids=lambda family: family.name)
def test_row_275_which_lmss_may_have_services_elsewhere(
    moodle_stage: Stage, elsewhere: ScriptedLms, family: Family
) -> None:
    """Those whose services are at each school's own host by nature, and the launch that names it is signed."""
    stage = moodle_stage
    with_services_at(stage, elsewhere.url, product=next(iter(family.product_codes), "another"))
    assert stage.tool.platforms.get(1).family == family.name
    read_again(stage)
    stage.send_scores()
    assert bool(elsewhere.heard) is family.services_elsewhere is (family.name in MAY_BE_ELSEWHERE)


def test_row_275_the_next_page_is_at_the_same_host_in_every_family(
    stage_on_sqlite: Stage, elsewhere: ScriptedLms
) -> None:
    """Canvas may name its services elsewhere in a signed launch; in a header, which nobody signs, it may not."""
    stage_on_sqlite.launched("irena")
    stage_on_sqlite.school.add_students(60)
    stage_on_sqlite.school.faults.set("roster_next_elsewhere")
    lines = read_again(stage_on_sqlite)
    assert [line["event"] for line in lines] == ["roster_not_read"]
    assert len(asked_for(stage_on_sqlite)) == 1


NOT_THE_LMS = {
    "another_port": "http://localhost:1/people",
    "a_name_before": "http://localhost:{port}@127.0.0.1:1/people",
    "a_name_behind": "http://localhost.example.test:{port}/people",
    "no_port": "http://localhost/people",
    "a_script": "javascript:alert(1)",
    "no_scheme": "//127.0.0.1:1/people",
    "a_path": "/people",
}


@pytest.mark.parametrize("address", NOT_THE_LMS.values(), ids=NOT_THE_LMS)
def test_row_275_addresses_that_look_like_the_lmss(
    moodle_stage: Stage, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    stage = moodle_stage
    written = address.replace("{port}", str(urlsplit(stage.lms_url).port))
    attempt = with_claims_of_services(begun(stage, "irena"), written, written)
    let_in(attempt)
    stage.school.calls.clear()
    network = watched_network(monkeypatch)
    assert [line["event"] for line in read_again(stage)] == ["roster_not_read"]
    assert network.dialled == []


# --- private addresses (274) ---

PRIVATE = ["https://127.0.0.1/people", "https://localhost/people", "https://10.0.0.1/people", "http://10.0.0.1/people",
           "https://169.254.169.254/latest/meta-data", "https://[::1]/people", "https://[::ffff:10.0.0.1]/people",
           "https://2130706433/people", "https://inside.example.test/people"]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.parametrize("service", ["roster", "grades"])
def test_row_274_a_private_address_is_never_connected_to(
    stage_on_sqlite: Stage, monkeypatch: pytest.MonkeyPatch, address: str, service: str
) -> None:
    """Even of a Canvas, whose services may be anywhere, and with a token in hand."""
    tokens = ServiceTokens(Connection(allow_private=True), stage_on_sqlite.tool.keyring)
    guarded = Connection(allow_private=False)
    stage_on_sqlite.launched("irena")
    facts = stage_on_sqlite.tool.platforms.get(1)
    assert facts.family == "canvas"
    deployment = deployment_of(stage_on_sqlite)
    network = watched_network(monkeypatch)
    network.names["inside.example.test"] = ["10.0.0.1"]
    lms_port = urlsplit(stage_on_sqlite.lms_url).port or 0
    tool_port = urlsplit(stage_on_sqlite.tool_url).port or 0
    ags = AgsGradebook(guarded, stage_on_sqlite.tool.platforms, tokens, "")
    calls: dict[str, Callable[[], object]] = {
        "roster": lambda: Roster(guarded, tokens).members(facts, deployment, address, "c1"),
        "grades": lambda: ags.show_score(a_delivery(deployment, address)),
    }
    with pytest.raises((LmsRefused, LmsUnreachable)):
        calls[service]()
    assert network.tries_beside(lms_port, tool_port) == []


def deployment_of(stage: Stage) -> str:
    with stage.tool.database.reading() as session:
        return session.scalars(select(Deployment.lti_deployment_id)).first() or ""


def a_delivery(lti_deployment_id: str, column: str) -> Delivery:
    return Delivery(
        id=1, revision=1, platform_id=1, lti_deployment_id=lti_deployment_id, column=column, scopes=(SCORE,),
        person_key="u1", score=Score(Decimal(7), Decimal(10), ""), at=datetime.now(UTC), worked_at=None,
        review_key="r", is_first=True,
    )  # fmt: skip


@pytest.mark.parametrize("part", ["people", "column"])
def test_row_274_a_tool_that_allows_no_private_addresses_calls_none(
    stage_on_sqlite: Stage, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """The whole tool as it runs in earnest, beside an LMS that has moved to a private address: logged, not called."""
    stage = stage_on_sqlite
    teacher = with_services_at(stage, "https://10.0.0.1")
    with stage.tool.database.writing() as session:
        session.execute(update(Platform).values(token_url="https://10.0.0.1/token"))
    careful, clockwork = build_tool(stage.tool.settings.model_copy(update={"allow_private_addresses": False}))
    network = watched_network(monkeypatch)
    with capture_logs() as lines:
        if part == "people":
            read_with(clockwork, stage)
        else:
            clockwork.send_all()
    assert network.dialled == []
    assert {line["event"] for line in lines} == {"roster_not_read" if part == "people" else "score_not_taken"}
    monkeypatch.undo()
    assert teacher.get("desk").status_code == 200
    careful.database.close()


def read_with(clockwork: Clockwork, stage: Stage) -> None:
    with stage.tool.database.writing() as session:
        session.execute(update(Course).values(roster_tried_at=None))
    clockwork.read_rosters()


# --- redirects (276) and what answers say (277) ---


def at_an_lms_of_its_own(stage: Stage, lms: ScriptedLms) -> PlatformFacts:
    """Let the practice LMS's tokens come from the scripted one, too."""
    with stage.tool.database.writing() as session:
        session.execute(update(Platform).values(token_url=f"{lms.url}/token"))
        allow_host(session, 1, urlsplit(lms.url).netloc)
    return stage.tool.platforms.get(1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", ["/token", "/people", "/column/scores"])
def test_row_276_a_service_that_leads_on_is_not_followed(
    moodle_stage: Stage, elsewhere: ScriptedLms, status: int, path: str
) -> None:
    """Neither to another host nor on the same: no token is seen anywhere else."""
    stage = moodle_stage
    with_services_at(stage, elsewhere.url)
    at_an_lms_of_its_own(stage, elsewhere)
    with scripted_lms() as evil:
        evil.will_say("/taken", Response("{}"))
        elsewhere.will_say(path, Response("", status, headers={"Location": f"{evil.url}/taken"}))
        read_again(stage)
        stage.send_scores()
        assert evil.heard == []
    assert len(elsewhere.calls_to(path)) >= 1
    assert elsewhere.calls_to("/taken") == []


SECRETIVE = {
    "json": Response('{"error": "SECRET", "error_description": "SECRET", "members": "SECRET"}', 400),
    "page": Response("<h1>SECRET</h1>", 500),
    "fine_but_a_page": Response("<h1>SECRET</h1>", 200),
    "headers": Response("SECRET", 429, headers={"Retry-After": "60", "X-Reason": "SECRET"}),
    "forbidden": Response('{"errors": {"message": "SECRET"}}', 403),
}


@pytest.mark.parametrize("answer", SECRETIVE.values(), ids=SECRETIVE)
@pytest.mark.parametrize("path", ["/token", "/people", "/column/scores"])
def test_row_277_what_a_service_answers_is_shown_to_nobody(
    moodle_stage: Stage, elsewhere: ScriptedLms, answer: Response, path: str
) -> None:
    stage = moodle_stage
    teacher = with_services_at(stage, elsewhere.url)
    at_an_lms_of_its_own(stage, elsewhere)
    elsewhere.will_say(path, answer)
    with capture_logs() as lines:
        read_again(stage)
        stage.send_scores()
    assert len(elsewhere.calls_to(path)) >= 1
    assert "SECRET" not in repr(lines)
    for page in ("", "desk", "gradebook", "gradebook/table", "desk/rule", "my-participation"):
        assert "SECRET" not in teacher.get(page).text, page
