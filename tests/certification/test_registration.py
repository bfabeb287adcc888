"""Group J: a registration is asked for, agreed, launched with, refused where it is another's (also rows 76 and 309)."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from flask import Response
from structlog.testing import capture_logs

from lti_tool.errors import Reason
from lti_tool.lti.registration import approve_deployment
from lti_tool.practice_lms import CLIENT_ID, DEPLOYMENT_ID
from tests.certification.evidence import watching
from tests.certification.launches import begun, changed, let_in
from tests.certification.registrations import (
    AGS,
    CONFIGURATION,
    PLATFORM,
    REGISTRATION,
    ROSTER,
    TOOL,
    Frame,
    agreed,
    at_practice_lms,
    check_refusal,
    configuration_of,
    everything_stored,
    invited,
    lay_down,
    nothing_left,
    platforms,
    register_practice_lms,
    said,
    used_invitations,
    walk_in,
)
from tests.lti.scripted_lms import ScriptedLms, scripted_lms
from tests.stage import Stage, open_stage

NAMES = {"name", "given_name", "family_name"}
SCOPES = {f"{AGS}/score", f"{AGS}/result.readonly", f"{AGS}/lineitem", ROSTER}


@pytest.fixture(params=["canvas", "moodle"])
def school(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> Iterator[Stage]:
    """The tool and the practice LMS, which nobody has registered with each other but by hand."""
    with open_stage(tmp_path, sqlite_url, request.param) as opened:
        yield opened


@pytest.fixture(scope="module")
def running_lms() -> Iterator[ScriptedLms]:
    with scripted_lms() as lms:
        yield lms


@pytest.fixture
def lms(running_lms: ScriptedLms) -> ScriptedLms:
    """A platform that has nothing wrong with it, until the test lays down something else."""
    running_lms.reset()
    lay_down(running_lms)
    return running_lms


def test_row_205_the_address_takes_the_configuration_and_asks_first(school: Stage) -> None:
    """Nothing is registered, here or there, before the administrator has said so."""
    frame, tools = invited(school, "Humanities"), school.school.tools()
    with nothing_left(school):
        page = at_practice_lms(school, frame)
    assert page.status_code == 200
    shown = unescape(page.text)
    product = {"canvas": "Canvas", "moodle": "Moodle"}[school.accent]
    for words in (
        f"Register the class blog with {product}?",
        school.lms_url,
        "Humanities",
        "names",
        "send scores",
        "a teacher's grade",
    ):
        assert words in shown
    assert len(re.findall(r"<button", page.text)) == 1
    assert school.school.tools() == tools


def test_row_205_one_reading_and_nothing_else(stage_on_sqlite: Stage, lms: ScriptedLms) -> None:
    assert invited(stage_on_sqlite).open_for(lms).status_code == 200
    assert [(one.method, one.address) for one in lms.heard] == [("GET", CONFIGURATION)]


def test_row_205_the_address_alone_tells_what_it_is_for(stage_on_sqlite: Stage) -> None:
    """An operator or administrator who opens it in a browser is told to paste it, and it still works afterwards."""
    frame = invited(stage_on_sqlite)
    with nothing_left(stage_on_sqlite):
        page = requests.get(frame.address, timeout=5)
    assert frame.address in unescape(page.text)
    assert "/lti/setup" in page.text


def test_row_205_behind_a_proxy_the_address_is_the_public_one(stage_on_sqlite: Stage) -> None:
    """The proxy speaks plain http to the tool, and perhaps under another name."""
    frame = invited(stage_on_sqlite)
    page = requests.get(frame.address, headers={"Host": "inside.example.test:9"}, timeout=5)
    assert frame.address in unescape(page.text)
    assert "inside.example.test" not in page.text


def test_row_206_without_a_token(stage_on_sqlite: Stage, lms: ScriptedLms) -> None:
    frame = invited(stage_on_sqlite)
    frame.token = ""
    assert frame.register(lms).status_code == 200
    assert [one.method for one in lms.heard] == ["GET", "GET", "POST"]
    assert not [one for one in lms.heard if "Authorization" in one.headers]
    assert platforms(stage_on_sqlite)[-1][3] == "C9"


WRONG_CODES = {"none": "", "unknown": "x" * 32, "long": "y" * 30_000, "nul": "%00", "no_text": "%ff%fe"}


@pytest.mark.parametrize("code", WRONG_CODES.values(), ids=WRONG_CODES)
def test_row_207_without_an_invitation_nobody_is_asked(stage_on_sqlite: Stage, lms: ScriptedLms, code: str) -> None:
    at = f"openid_configuration={lms.url}{CONFIGURATION}&registration_token=t"
    with nothing_left(stage_on_sqlite):
        for address in (f"/lti/register?invitation={code}&{at}", f"/lti/register?{at}"):
            check_refusal(stage_on_sqlite.browser().get(address), "not valid", status=403)
        fields = {"openid_configuration": lms.url + CONFIGURATION, "invitation": code, "confirmed": "x"}
        check_refusal(stage_on_sqlite.browser().post("/lti/register", fields), "not valid", status=403)
    assert lms.heard == []


def test_row_207_a_form_of_another_site_registers_nothing(stage_on_sqlite: Stage, lms: ScriptedLms) -> None:
    frame = invited(stage_on_sqlite)
    fields = {"openid_configuration": lms.url + CONFIGURATION, "invitation": frame.code, "confirmed": ""}
    with nothing_left(stage_on_sqlite):
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": lms.url}, {}):
            posted = stage_on_sqlite.browser().request("POST", "/lti/register", data=fields, headers=headers)
            assert posted.status_code == 403
    assert lms.heard == []


def test_row_208_an_invitation_works_once(stage: Stage, lms: ScriptedLms) -> None:
    frame = invited(stage)
    page = frame.open_for(lms)
    assert frame.press(page).status_code == 200
    lms.heard.clear()
    with nothing_left(stage):
        check_refusal(frame.open_for(lms), "used already", status=403)
        check_refusal(frame.press(page), "used already", status=403)
    assert lms.heard == []


@pytest.mark.parametrize(
    ("hours", "ago", "good"),
    [(24, timedelta(hours=25), False), (24, timedelta(hours=24, seconds=1), False), (24, timedelta(hours=23), True),
     (1, timedelta(minutes=61), False), (720, timedelta(days=29), True)],
)  # fmt: skip
def test_row_208_an_invitation_ends(
    stage_on_sqlite: Stage, lms: ScriptedLms, hours: int, ago: timedelta, good: bool
) -> None:
    frame = invited(stage_on_sqlite, hours=hours, ago=ago)
    if good:
        assert frame.open_for(lms).status_code == 200
        return
    with nothing_left(stage_on_sqlite):
        check_refusal(frame.open_for(lms), "has expired", status=403)
    assert lms.heard == []


def test_row_208_one_that_ends_while_the_page_is_open(stage_on_sqlite: Stage, lms: ScriptedLms) -> None:
    frame = invited(stage_on_sqlite, ago=timedelta(hours=23))
    page = frame.open_for(lms)
    stage_on_sqlite.clock.ahead = timedelta(hours=2)
    lms.heard.clear()
    with nothing_left(stage_on_sqlite):
        check_refusal(frame.press(page), "has expired", status=403)
    assert lms.heard == []


def test_row_208_two_at_the_same_instant_one_registers(stage: Stage, lms: ScriptedLms) -> None:
    """The second does not even reach the platform's registration; on both databases."""
    both_in = threading.Barrier(2)

    def meet() -> Response:
        both_in.wait(10)
        return said(configuration_of(lms))

    frame = invited(stage)
    page = frame.open_for(lms)
    lms.heard.clear()
    lms.will_say(CONFIGURATION, meet)
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(frame.press(page).status_code)) for _ in range(2)]
    before = len(platforms(stage))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 403]
    assert len(lms.calls_to(REGISTRATION)) == 1
    assert len(platforms(stage)) == before + 1


def test_row_212_a_token_goes_with_both_calls_and_is_kept_nowhere(
    stage: Stage, lms: ScriptedLms, caplog: pytest.LogCaptureFixture
) -> None:
    with scripted_lms() as elsewhere:
        lay_down(
            lms,
            authorization_endpoint=f"{elsewhere.url}/auth",
            token_endpoint=f"{elsewhere.url}/token",
            jwks_uri=f"{elsewhere.url}/jwks",
        )
        frame = invited(stage)
        with capture_logs() as lines:
            page = frame.open_for(lms)
            done = frame.press(page)
        assert done.status_code == 200, done.text
        assert [one.headers.get("Authorization") for one in lms.heard] == [f"Bearer {frame.token}"] * 3
        assert elsewhere.heard == []
    for place in (repr(lines), caplog.text, everything_stored(stage), done.text, json.dumps(dict(done.headers))):
        assert frame.token not in place
        assert frame.code not in place
    assert "no-store" in page.headers["Cache-Control"]
    assert page.headers["Referrer-Policy"] == "same-origin"


def test_row_212_canvas_wants_it_for_the_configuration_too(stage_on_sqlite: Stage) -> None:
    frame = invited(stage_on_sqlite)
    frame.token = ""
    with nothing_left(stage_on_sqlite) as seen:
        check_refusal(frame.open(f"{stage_on_sqlite.lms_url}/.well-known/openid-configuration"), "401")
    assert seen.why() == "refused 401"
    register_practice_lms(stage_on_sqlite)


def body_posted(stage: Stage, lms: ScriptedLms, **offered: object) -> dict[str, object]:
    """What the tool posts to a platform that offers this."""
    lay_down(lms, **offered)
    assert invited(stage).register(lms).status_code == 200
    (posted,) = lms.calls_to(REGISTRATION)
    assert posted.method == "POST"
    assert posted.headers["Content-Type"] == "application/json"
    body: dict[str, object] = json.loads(posted.body)
    return body


def test_row_216_the_tool_describes_itself(stage_on_sqlite: Stage, lms: ScriptedLms) -> None:
    tool = stage_on_sqlite.tool_url
    body = body_posted(stage_on_sqlite, lms)
    settings = body.pop(TOOL)
    assert body == {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": f"{tool}/lti/login",
        "redirect_uris": [f"{tool}/lti/launch"],
        "client_name": "Class blog",
        "client_uri": tool,
        "jwks_uri": f"{tool}/.well-known/jwks.json",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": f"{AGS}/score {AGS}/result.readonly {AGS}/lineitem {ROSTER}",
    }
    assert isinstance(settings, dict)
    assert settings.pop("description")
    assert settings == {
        "domain": urlsplit(tool).netloc,
        "target_link_uri": f"{tool}/lti/launch",
        "claims": ["iss", "sub", "name", "given_name", "family_name"],
        "custom_parameters": {
            "context_id_history": "$Context.id.history",
            "resource_link_id_history": "$ResourceLink.id.history",
        },
        "messages": [
            {"type": name, "target_link_uri": f"{tool}/lti/launch", "label": "Class blog"}
            for name in ("LtiDeepLinkingRequest", "LtiResourceLinkRequest")
        ],
    }
    assert stage_on_sqlite.browser().get("/.well-known/jwks.json").json()["keys"]


def test_row_216_what_both_lmss_make_of_it(school: Stage) -> None:
    tool = school.school.tool_known_as(register_practice_lms(school))
    assert tool is not None
    unasked = {f"{AGS}/lineitem.readonly"}  # Moodle gives it to whoever may score
    assert set(tool.scopes) == SCOPES | (unasked if school.accent == "moodle" else set())
    assert set(tool.claims) >= NAMES
    assert not {"email", "picture", "locale"} & set(tool.claims)
    assert tool.privacy == "name_only"
    assert tool.launch_urls == (f"{school.tool_url}/lti/launch",)
    dialogue = tool.message("LtiDeepLinkingRequest")
    assert dialogue is not None
    assert dialogue["target_link_uri"] == f"{school.tool_url}/lti/launch"


def test_rows_216_and_217_canvas_opens_a_dialogue_wherever_teachers_choose(stage_on_sqlite: Stage) -> None:
    """Canvas keeps the first message of each placement, and one without placements goes to link_selection.

    canvas-lms, app/models/lti/ims/registration.rb: `flatten.uniq { |p| p[:placement] }`.
    """
    tool = stage_on_sqlite.school.tool_known_as(register_practice_lms(stage_on_sqlite))
    assert tool is not None
    kept: dict[str, str] = {}
    for message in tool.configuration[TOOL]["messages"]:
        for name in message.get("placements") or ["link_selection"]:
            kept.setdefault(name, message["type"])
    assert kept == dict.fromkeys(
        ("assignment_selection", "link_selection", "course_assignments_menu", "module_index_menu_modal",
         "module_menu_modal"),
        "LtiDeepLinkingRequest",
    )  # fmt: skip


MESSAGES = {
    "deep_linking_not_offered": ([{"type": "LtiResourceLinkRequest"}], ["LtiResourceLinkRequest"]),
    "as_plain_names": (
        ["LtiResourceLinkRequest", "LtiSubmissionReviewRequest"],
        ["LtiResourceLinkRequest", "LtiSubmissionReviewRequest"],
    ),
    "one_we_do_not_know": ([{"type": "LtiStartProctoring"}], ["LtiResourceLinkRequest"]),
    "nothing": ([], ["LtiResourceLinkRequest"]),
    "nonsense": ([{"type": ["x"]}, 7, None], ["LtiResourceLinkRequest"]),
    "no_list": ({"type": "LtiDeepLinkingRequest"}, ["LtiResourceLinkRequest"]),
}


@pytest.mark.parametrize(("offered", "wanted"), MESSAGES.values(), ids=MESSAGES)
def test_row_217_messages_that_the_platform_has(
    stage_on_sqlite: Stage, lms: ScriptedLms, offered: object, wanted: list[str]
) -> None:
    body = body_posted(stage_on_sqlite, lms, **{PLATFORM: {"messages_supported": offered}})
    settings = body[TOOL]
    assert isinstance(settings, dict)
    assert sorted(message["type"] for message in settings["messages"]) == wanted


@pytest.mark.parametrize(
    ("offered", "scopes"),
    [([f"{AGS}/score"], f"{AGS}/score"), (["openid", "x"], ""), ([], ""), ([7, None, {"a": 1}], "")],
    ids=["scores_only", "others", "none", "nonsense"],
)
def test_row_217_scopes_that_the_platform_has(
    stage_on_sqlite: Stage, lms: ScriptedLms, offered: list[object], scopes: str
) -> None:
    body = body_posted(stage_on_sqlite, lms, scopes_supported=offered, claims_supported=["sub", "email", "given_name"])
    settings = body[TOOL]
    assert isinstance(settings, dict)
    assert (body["scope"], settings["claims"]) == (scopes, ["sub", "given_name"])


def test_rows_217_and_218_moodle_knows_the_deployment_at_once(moodle_stage: Stage) -> None:
    client_id = register_practice_lms(moodle_stage)
    (*_, mine) = platforms(moodle_stage)
    assert (mine[2], mine[3], mine[-1]) == (moodle_stage.lms_url, client_id, (("2", True),))
    for person in ("irena", "tom"):
        arrived = walk_in(moodle_stage, person)
        assert (arrived.status_code, "/v/" in arrived.headers["Location"]) == (303, True)
    names = begun(moodle_stage, "tom", client_id=client_id, lti_deployment_id="2").claims
    assert set(names) & {*NAMES, "email"} == NAMES


@pytest.mark.parametrize("inside", [True, False], ids=["in_the_configuration", "beside_it"])
def test_row_218_what_the_platform_answers_is_stored(stage: Stage, lms: ScriptedLms, inside: bool) -> None:
    lay_down(lms, agreed() if inside else {"client_id": "C9", "deployment_id": "D9"})
    assert invited(stage, "School of scripts").register(lms).status_code == 200
    assert platforms(stage)[-1][1:] == (
        "School of scripts", lms.url, "C9", f"{lms.url}/auth", f"{lms.url}/token", f"{lms.url}/jwks", None, False,
        (("D9", True),),
    )  # fmt: skip
    login = stage.browser().begin_login(iss=lms.url, client_id="C9", lti_deployment_id="D9")
    assert login.response.headers["Location"].startswith(f"{lms.url}/auth?")


@pytest.mark.parametrize("deployment", [None, "", 7, ["D9"], "x" * 300, "\x00"])
def test_row_218_a_deployment_that_is_none_shows_at_the_first_launch(
    stage_on_sqlite: Stage, lms: ScriptedLms, deployment: object
) -> None:
    lay_down(lms, agreed(deployment_id=deployment))
    done = invited(stage_on_sqlite).register(lms)
    assert platforms(stage_on_sqlite)[-1][-1] == ()
    assert "ask its operator to approve" in done.text


def held(stage: Stage, **login: str) -> requests.Response:
    """Launch from a place that waits, and check what the refusal leaves and shows."""
    attempt = begun(stage, "tom", None, **login)
    deployment_id = attempt.claims["https://purl.imsglobal.org/spec/lti/claim/deployment_id"]
    browser, claims = attempt.browser, attempt.claims
    with watching(stage) as evidence:
        response = attempt.post()
    line = evidence.refused(response, browser, Reason.DEPLOYMENT_HELD, claims)
    page = unescape(response.text)
    for fact in (stage.lms_url, login.get("client_id") or CLIENT_ID, deployment_id):
        assert fact
        assert f"<code>{fact}</code>" in page
    assert line["deployment_id"] == deployment_id
    assert "Tom" not in page
    return response


def test_rows_76_and_218_and_223_canvas_waits_for_the_operator(stage: Stage) -> None:
    """Canvas tells the deployment no earlier than at the first launch, which is held until the operator approves."""
    client_id = register_practice_lms(stage)
    number = platforms(stage)[-1][0]
    place = stage.school.tool_in_use.deployment_id
    assert platforms(stage)[-1][-1] == ()
    for _ in range(2):
        held(stage, client_id=client_id, lti_deployment_id=place)
        assert walk_in(stage, "irena").status_code == 403
        assert platforms(stage)[-1][-1] == ((place, False),)
    with stage.tool.database.writing() as session:
        approve_deployment(session, number, place)
    assert walk_in(stage, "irena").status_code == 303
    let_in(begun(stage, "tom", client_id=client_id, lti_deployment_id=place))
    assert walk_in(stage, "tom").status_code == 303


def test_rows_218_and_223_let_in_by_rule(stage: Stage) -> None:
    """The operator said in the invitation that each place may come in."""
    register_practice_lms(stage, accepts=True)
    assert walk_in(stage, "tom").status_code == 303
    assert platforms(stage)[-1][-1] == ((stage.school.tool_in_use.deployment_id, True),)


def test_row_76_an_unknown_deployment_of_a_known_platform_waits(stage: Stage) -> None:
    attempt = begun(stage, "tom", lti_deployment_id=None)
    attempt.claims = changed(attempt.claims, {"deployment_id": "dX"})
    with watching(stage) as evidence:
        response = attempt.post()
    evidence.refused(response, attempt.browser, Reason.DEPLOYMENT_HELD, attempt.claims)
    assert "<code>dX</code>" in response.text
    known = DEPLOYMENT_ID(stage.accent)
    assert platforms(stage)[0][-1] == ((known, True), ("dX", False))
    let_in(begun(stage, "tom"))


def test_row_76_only_what_the_platform_signed_appears(stage_on_sqlite: Stage) -> None:
    attempt = begun(stage_on_sqlite, "tom", lti_deployment_id=None)
    attempt.claims = changed(attempt.claims, {"deployment_id": "dX"})
    head, body, _ = attempt.token().split(".")
    with watching(stage_on_sqlite) as evidence:
        response = attempt.post(f"{head}.{body}.{'A' * 342}")
    evidence.refused(response, attempt.browser, Reason.BAD_SIGNATURE, attempt.claims)
    assert len(platforms(stage_on_sqlite)[0][-1]) == 1


def with_the_ids_of_another(stage: Stage, lms: ScriptedLms) -> Frame:
    """A second LMS that calls itself as the practice LMS, with the client id that this one gave the tool."""
    lay_down(lms, agreed(CLIENT_ID, "D-new"), issuer=stage.lms_url)
    return invited(stage, "A stranger", stage.lms_url)


def test_row_219_a_registration_is_not_overwritten(stage: Stage, lms: ScriptedLms) -> None:
    frame = with_the_ids_of_another(stage, lms)
    with nothing_left(stage) as seen:
        page = check_refusal(frame.register(lms), "this issuer and client id")
    assert seen.why() == "another's"
    assert platforms(stage)[0][1] not in page, "nor is it told what the other one is called here"
    let_in(begun(stage, "tom"))


@pytest.mark.parametrize("member", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_row_219_not_even_one_address_of_it(stage_on_sqlite: Stage, lms: ScriptedLms, member: str) -> None:
    lay_down(lms)
    assert invited(stage_on_sqlite).register(lms).status_code == 200
    lay_down(lms, **{member: f"{lms.url}/other"})
    with nothing_left(stage_on_sqlite):
        check_refusal(invited(stage_on_sqlite).register(lms), "this issuer and client id")


def test_row_219_registering_again_with_the_same_addresses_changes_nothing(stage: Stage, lms: ScriptedLms) -> None:
    assert invited(stage, "First").register(lms).status_code == 200
    before = platforms(stage)
    done = invited(stage, "Second", accepts=True).register(lms)
    assert "up to date" in done.text
    assert platforms(stage) == before


def test_row_219_a_moodle_that_updates_the_tool_keeps_client_and_deployment(moodle_stage: Stage) -> None:
    client_id = register_practice_lms(moodle_stage)
    before = platforms(moodle_stage)
    assert walk_in(moodle_stage, "tom").status_code == 303
    assert register_practice_lms(moodle_stage, update=client_id) == client_id
    assert platforms(moodle_stage) == before
    assert walk_in(moodle_stage, "tom").status_code == 303


def test_row_220_a_second_canvas_with_the_ids_it_was_delivered_with(stage: Stage, lms: ScriptedLms) -> None:
    """Self-hosted Canvases call themselves canvas.instructure.com and count their client ids from the same number."""
    hosted, ids = "https://canvas.instructure.com", agreed("10000000000001", None)
    lay_down(lms, ids, issuer=hosted)
    assert invited(stage, "First school", hosted).register(lms).status_code == 200
    with scripted_lms() as second, nothing_left(stage) as seen:
        lay_down(second, ids, issuer=hosted)
        page = check_refusal(invited(stage, "Second school", hosted).register(second), "this issuer and client id")
        assert "First school" not in page, "one school is not told of another"
    assert seen.why() == "another's"
    login = stage.browser().begin_login(iss=hosted, client_id="10000000000001", lti_deployment_id=None)
    assert login.response.headers["Location"].startswith(f"{lms.url}/auth?")


SAID = '<b>no</b> "thanks" & <script>alert(1)</script>'
REFUSALS = {
    "plain_text": (Response(f"missing required attribute {SAID}", 400), "missing required attribute", "refused 400"),
    "json": (said({"errors": {"scope": SAID}}, 422), "errors", "refused 422"),
    "a_page": (Response("<!doctype html><h1>Exception - SECRET</h1>", 404), "404", "refused 404"),
    "a_fault": (Response("", 500), "500", "refused 500"),
    "elsewhere": (Response("", 302, {"Location": "http://localhost:1/x"}), "302", "refused 302"),
    "html_as_success": (Response("<h1>SECRET</h1>"), "cannot be read", "unreadable"),
    "a_list": (said([agreed()]), "cannot be read", "unreadable"),
    "cut_short": (Response('{"client_id": "C9"'), "cannot be read", "unreadable"),
    "nested": (Response("[" * 200_000), "cannot be read", "unreadable"),
    "too_large": (Response(" " * 1_100_000 + "{}"), "no sensible answer", "unreachable"),
    "no_client_id": (said(agreed(None)), "named no client id", "answer"),
    "client_id_of_nothing": (said(agreed("")), "named no client id", "answer"),
    "client_id_is_a_number": (said(agreed(7)), "named no client id", "answer"),
    "client_id_with_nul": (said(agreed("C\x00")), "named no client id", "answer"),
    "client_id_too_long": (said(agreed("C" * 300)), "named no client id", "answer"),
}


@pytest.mark.parametrize(("answer", "words", "why"), REFUSALS.values(), ids=REFUSALS)
def test_row_221_a_failure_leaves_nothing_behind(
    stage: Stage, lms: ScriptedLms, answer: Response, words: str, why: str
) -> None:
    """The administrator reads what the LMS said, as text; and the same invitation can be used again."""
    lay_down(lms, answer)
    frame = invited(stage)
    with nothing_left(stage) as seen:
        response = frame.register(lms)
        check_refusal(response, words)
    assert seen.why() == why
    for secret in (frame.token, frame.code):
        assert secret not in repr(seen.lines)
    assert not re.search(r"<(script|b|h1)>(?:alert|no<|Exception)", response.text)
    assert "SECRET" not in response.text
    lay_down(lms)
    assert frame.register(lms).status_code == 200


def test_row_221_what_the_lms_says_is_cut_and_stays_on_the_page(stage_on_sqlite: Stage, lms: ScriptedLms) -> None:
    lay_down(lms, Response(f"bad\x00{SAID}" + "x" * 5_000 + "far-behind", 400))
    with nothing_left(stage_on_sqlite) as seen:
        page = invited(stage_on_sqlite).register(lms)
    assert "&lt;script&gt;" in page.text
    assert "x" * 301 not in page.text
    assert "far-behind" not in page.text
    assert "thanks" not in repr(seen.lines)


def test_row_221_addresses_that_changed_meanwhile_are_asked_about_again(
    stage_on_sqlite: Stage, lms: ScriptedLms
) -> None:
    """What is registered is what the administrator saw, in each of its addresses."""
    for member in ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint"):
        lay_down(lms)
        frame = invited(stage_on_sqlite)
        page = frame.open_for(lms)
        lay_down(lms, **{member: f"{lms.url}/other"})
        with nothing_left(stage_on_sqlite) as seen:
            check_refusal(frame.press(page), "changed its addresses")
        assert seen.why() == "changed"
    assert not lms.calls_to(REGISTRATION)


def test_row_222_the_last_page_tells_the_lms_to_close(school: Stage) -> None:
    """What its script does in a browser: tests/journeys/test_registration.py."""
    frame = invited(school)
    link = school.school.registration_link(frame.address)
    done = frame.press(school.browser().request("GET", link))
    assert done.status_code == 200
    for secret in (frame.code, link.rpartition("=")[2]):
        assert secret not in done.text
    assert "frame-ancestors" not in done.headers["Content-Security-Policy"], "the LMS's page has it in a frame"
    assert "X-Frame-Options" not in done.headers
    (address,) = re.findall(r'src="(/static/close_frame\.js[^"]*)"', done.text)
    script = school.browser().get(unescape(address)).text
    assert '{ subject: "org.imsglobal.lti.close" }, "*"' in script
    assert "window.opener ?? window.parent" in script


def test_row_222_it_says_what_is_left_to_do(school: Stage) -> None:
    frame = invited(school)
    asked = at_practice_lms(school, frame)
    done = frame.press(asked)
    words = {"canvas": ("switch the tool on", "approve"), "moodle": ("Activate", "activity chooser")}[school.accent]
    for word in words:
        assert word in unescape(done.text)
    assert ("approve" in done.text) == (school.accent == "canvas")
    assert used_invitations(school) == 1


def test_row_309_one_page_lists_every_value(stage_on_sqlite: Stage) -> None:
    page = stage_on_sqlite.browser().get("/lti/setup")
    assert page.status_code == 200
    copied = re.findall(r'<code class="to-copy">([^<]+)</code>', page.text)
    tool = stage_on_sqlite.tool_url
    own = {f"{tool}{path}" for path in ("/lti/login", "/lti/launch", "/lti/config.json", "/.well-known/jwks.json")}
    custom = {
        "context_id_history=$Context.id.history",
        "resource_link_id_history=$ResourceLink.id.history",
        "section_ids=$Moodle.Person.userGroupIds",
    }
    assert set(map(unescape, copied)) == {*own, *SCOPES, *custom, "Class blog"}
    text = unescape(page.text)
    for message in ("LtiResourceLinkRequest", "LtiDeepLinkingRequest", "LtiSubmissionReviewRequest"):
        assert message in text
    for claim in ("iss", "sub", *NAMES):
        assert claim in text
    for words in ("lti-tool platforms invite", "lti-tool platforms add", "Moodle", "Canvas"):
        assert words in text
    assert stage_on_sqlite.tool.settings.secret() not in page.text


# Canvas documentation, "LTI Developer Key configuration"; canvas-lms, lib/schemas/lti/tool_configuration.rb.
KEY = {
    "title": str, "description": str, "oidc_initiation_url": str, "target_link_uri": str, "scopes": list,
    "public_jwk_url": str, "custom_fields": dict, "extensions": list,
}  # fmt: skip
EXTENSION = {"domain": str, "tool_id": str, "platform": str, "privacy_level": str, "settings": dict}
KEY_SETTINGS = {"text": str, "icon_url": str, "selection_width": int, "selection_height": int, "placements": list}
KEY_PLACEMENT = {
    "placement": str, "enabled": bool, "message_type": str, "target_link_uri": str, "text": str, "icon_url": str,
    "custom_fields": dict, "selection_width": int, "selection_height": int, "visibility": str, "default": str,
    "display_type": str, "windowTarget": str, "required_permissions": str,
}  # fmt: skip
CHOOSING = {
    "assignment_selection", "link_selection", "course_assignments_menu", "module_index_menu_modal", "module_menu_modal",
}  # fmt: skip


def check_object(value: dict[str, object], allowed: Mapping[str, type], required: set[str]) -> None:
    """No member that Canvas does not know, none of another type, and none missing."""
    assert set(value) <= set(allowed)
    assert set(value) >= required
    for name, member in value.items():
        assert isinstance(member, allowed[name]), name


def test_row_309_canvas_can_read_its_json(stage_on_sqlite: Stage) -> None:
    answer = stage_on_sqlite.browser().get("/lti/config.json")
    assert answer.headers["Content-Type"] == "application/json"
    key, tool = answer.json(), stage_on_sqlite.tool_url
    check_object(key, KEY, set(KEY))
    assert all(isinstance(value, str) for value in key["custom_fields"].values())
    (extension,) = key["extensions"]
    check_object(extension, EXTENSION, set(EXTENSION))
    assert (extension["platform"], extension["privacy_level"]) == ("canvas.instructure.com", "name_only")
    assert extension["domain"] == urlsplit(tool).netloc
    check_object(extension["settings"], KEY_SETTINGS, {"text", "placements"})
    places = extension["settings"]["placements"]
    assert {place["placement"] for place in places} == CHOOSING
    assert len(places) == len(CHOOSING)
    for place in places:
        check_object(place, KEY_PLACEMENT, {"placement", "message_type", "target_link_uri", "text"})
        assert place["message_type"] == "LtiDeepLinkingRequest"
        assert place["target_link_uri"] == f"{tool}/lti/launch"
    assert key["oidc_initiation_url"] == f"{tool}/lti/login"
    assert key["public_jwk_url"] == f"{tool}/.well-known/jwks.json"
    assert len(key["scopes"]) == len(SCOPES)
    assert set(key["scopes"]) == SCOPES
