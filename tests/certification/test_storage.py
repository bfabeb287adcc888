"""Group K, the platform's storage, as HTTP: what the tool hands to the page, and what it takes back from it.

What real browsers do with those pages is in `tests/journeys/test_cookies_over_https.py`.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from lti_tool.errors import Reason
from lti_tool.models import Platform
from lti_tool.practice_lms import CLIENT_ID, DEPLOYMENT_ID
from tests.certification.evidence import Claims, rows_of, watching
from tests.certification.launches import Attempt, begun, changed, who
from tests.https_stage import open_https_stage
from tests.stage import Login, ScriptBrowser, Stage

TARGET = "post_message_forwarding"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"


def attribute(page: requests.Response, element: str, name: str) -> str:
    """One attribute of the element of that id; the browser, too, sees it without its escapes."""
    tag = re.search(rf'<\w+ id="{element}"[^>]*>', page.text)
    assert tag, page.text
    found = re.search(rf' {name}="([^"]*)"', tag[0])
    assert found, tag[0]
    return unescape(found[1])


class Storing:
    """A login by storage: the page that leaves the secret, and the launch that has yet to show it."""

    def __init__(self, stage: Stage, person: str = "isaiah", target: str = TARGET, **login: str) -> None:
        self.stage, self.browser = stage, stage.browser()
        form = {
            "iss": stage.lms_url,
            "login_hint": "LH-1",
            "target_link_uri": f"{stage.tool_url}/lti/launch",
            "client_id": CLIENT_ID,
            "lti_deployment_id": DEPLOYMENT_ID(stage.accent),
            "lti_storage_target": target,
            **login,
        }
        framed = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "same-origin"}
        self.page = self.browser.request("POST", "/lti/login", data=form | {"storage": "yes"}, headers=framed)
        assert self.page.status_code == 200, self.page.text
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.at_page("href")).query).items()}
        self.state, self.nonce, self.secret = query["state"], query["nonce"], self.at_page("data-value")
        self.claims: Claims = stage.school.claims_for(person, 1, self.nonce)
        self.login = Login(self.state, self.nonce, query, self.page)

    def at_page(self, name: str) -> str:
        return attribute(self.page, "put", name)

    def token(self) -> str:
        return self.stage.school.sign(self.claims)

    def as_attempt(self, browser: ScriptBrowser | None = None) -> Attempt:
        return Attempt(self.stage, browser or self.browser, self.login, self.claims)

    def asked(self, browser: ScriptBrowser | None = None, **more: str) -> requests.Response:
        """Post the launch as the LMS does."""
        return (browser or self.browser).post_launch(self.state, self.token(), **more)

    def proved(self, proof: str | None, browser: ScriptBrowser | None = None, **headers: str) -> requests.Response:
        """Post the launch as our own page does, with what it found."""
        browser = browser or self.browser
        form = {"state": self.state, "id_token": self.token()} | ({} if proof is None else {"proof": proof})
        answer = browser.post("/lti/prove", form, headers=headers)
        if answer.status_code == 303:
            browser.home = answer.headers["Location"].rstrip("/")
        return answer


def is_question(answer: requests.Response) -> bool:
    """Whether the tool asks the page for the secret, and opens nothing yet."""
    asks = answer.status_code == 200 and 'action="/lti/prove"' in answer.text
    return asks and "Location" not in answer.headers and "Set-Cookie" not in answer.headers


def refused(storing: Storing, reason: Reason, proof: str | None, browser: ScriptBrowser | None = None) -> None:
    """Prove with this, and check all that a refusal must leave behind."""
    with watching(storing.stage) as evidence:
        answer = storing.proved(proof, browser)
    evidence.refused(answer, browser or storing.browser, reason, storing.claims)


# --- where proxies and plain http come in ---


@pytest.mark.parametrize("said", ["https", "http", "https, http", "<script>"])
def test_row_226_cookies_and_addresses_do_not_depend_on_what_a_proxy_says(door: Stage, said: str) -> None:
    """The tool knows its address from its settings: a forged header changes nothing, a true one is not needed."""
    headers = {"X-Forwarded-Proto": said, "X-Forwarded-Host": "evil.example", "Forwarded": "proto=http;host=evil"}
    form = {"iss": door.lms_url, "login_hint": "x", "target_link_uri": f"{door.tool_url}/lti/launch"}
    answer = door.browser().request("POST", "/lti/login", data=form, headers=headers)
    assert answer.status_code == 302
    cookie = answer.headers["Set-Cookie"].lower()
    assert {"secure", "samesite=none", "partitioned"} <= {part.strip() for part in cookie.split(";")}
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert asked["redirect_uri"] == [f"{door.tool_url}/lti/launch"]


@pytest.fixture
def https_stage(tmp_path: Path, sqlite_url: str) -> Iterator[Stage]:
    with open_https_stage(tmp_path, sqlite_url, "canvas") as opened:
        yield opened


def test_rows_226_and_260_a_login_by_storage_that_is_reached_over_plain_http(https_stage: Stage) -> None:
    """It goes on over https; and a proof over http, where a browser says nothing but its origin, is refused."""
    stage = https_stage
    storing = Storing(stage)
    assert storing.login.query["redirect_uri"] == f"{stage.tool_url}/lti/launch"
    form = {"state": storing.state, "id_token": storing.token(), "proof": storing.secret}
    before = rows_of(stage)
    assert is_question(storing.browser.request("POST", f"{stage.plain_url}/lti/launch", data=form))
    for headers in ({"Origin": stage.plain_url}, {}):
        answer = storing.browser.request("POST", f"{stage.plain_url}/lti/prove", data=form, headers=headers)
        assert answer.status_code == 403
    assert rows_of(stage) == before
    assert storing.proved(storing.secret).status_code == 303


# --- what the page is told ---


def test_row_227_without_a_cookie_the_stored_secret_opens_the_visit(door: Stage) -> None:
    storing = Storing(door)
    assert "Set-Cookie" not in storing.page.headers
    assert is_question(storing.asked())
    answer = storing.proved(storing.secret)
    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers
    assert storing.browser.cookies == {}
    assert storing.browser.get("posts/new").status_code == 200
    assert who(storing.as_attempt()).sub == door.school.sub_of("isaiah")


def test_row_229_each_launch_has_a_key_and_a_secret_of_its_own(door: Stage) -> None:
    one, other = Storing(door, "tom"), Storing(door, "isaiah")
    assert one.at_page("data-key") == f"lti_tool_{one.state}"
    assert len({one.at_page("data-key"), other.at_page("data-key"), one.secret, other.secret}) == 4
    keys = [attribute(storing.asked(), "get", "data-key") for storing in (other, one)]
    assert keys == [other.at_page("data-key"), one.at_page("data-key")]
    for storing, person in ((one, "tom"), (other, "isaiah")):
        assert storing.proved(storing.secret).status_code == 303
        assert who(storing.as_attempt()).sub == door.school.sub_of(person)


def test_row_230_the_secret_is_meant_for_the_origin_of_the_authorize_url(stage_on_sqlite: Stage) -> None:
    """Canvas: the issuer is canvas.instructure.com, what signs people in is sso.canvaslms.com."""
    stage = stage_on_sqlite
    with stage.tool.database.writing() as session:
        platform = session.get_one(Platform, 1)
        platform.authorize_url = "https://sso.example.test:8443/api/lti/authorize?tenant=7"
    storing = Storing(stage)
    assert storing.at_page("data-origin") == "https://sso.example.test:8443"
    assert storing.at_page("href").startswith("https://sso.example.test:8443/api/lti/authorize?tenant=7&")
    assert attribute(storing.asked(), "get", "data-origin") == "https://sso.example.test:8443"


@pytest.mark.parametrize("target", [TARGET, "_parent"])
def test_row_232_the_page_is_told_the_frame_that_the_platform_names(door: Stage, target: str) -> None:
    storing = Storing(door, target=target)
    assert storing.at_page("data-target") == target
    assert attribute(storing.asked(), "get", "data-target") == target


HOSTILE = ('"><script>alert(1)</script>', "https://evil.example/", "javascript:alert(1)", "a' onload='x", "{{ 7*7 }}")


@pytest.mark.parametrize("target", HOSTILE)
def test_row_233_the_name_of_the_frame_is_only_ever_text(door: Stage, target: str) -> None:
    """On the page that asks about cookies, on the one that stores and on the one that reads."""
    form = {"iss": door.lms_url, "login_hint": target, "target_link_uri": f"{door.tool_url}/lti/launch"}
    form |= {"lti_storage_target": target}
    asking = door.browser().request("POST", "/lti/login", data=form, headers={"Sec-Fetch-Dest": "iframe"})
    storing = Storing(door, target=target)
    reading = storing.asked()
    assert storing.at_page("data-target") == attribute(reading, "get", "data-target") == target
    for page in (asking, storing.page, reading):
        assert page.status_code == 200
        assert target not in page.text or '"' not in target
        assert page.text.count("<script") == 1
        assert all(place.startswith("/") for place in re.findall(r'(?:action|src)="([^"]*)"', page.text))
        assert "script-src 'self';" in page.headers["Content-Security-Policy"]


def test_row_234_the_target_of_the_login_is_remembered_until_the_launch(door: Stage) -> None:
    """Blackboard names it at login only; and what a launch says instead counts for nothing."""
    storing = Storing(door)
    assert attribute(storing.asked(), "get", "data-target") == TARGET
    assert attribute(storing.asked(lti_storage_target="evil"), "get", "data-target") == TARGET


# --- what the page gives back ---


def test_row_235_there_is_no_visit_before_the_proof(door: Stage) -> None:
    storing = Storing(door)
    with watching(door) as evidence:
        assert is_question(storing.asked())
    assert rows_of(door) == evidence.rows_before
    assert evidence.lines == []
    assert storing.browser.get("/v/any-visit/").status_code == 401
    assert storing.proved(storing.secret).status_code == 303


def test_row_235_the_question_leaves_the_login_free(door: Stage) -> None:
    """A page that is reloaded asks again; nothing is used up before the proof."""
    storing = Storing(door)
    assert is_question(storing.asked())
    assert is_question(storing.asked())
    assert storing.proved(storing.secret).status_code == 303


@pytest.mark.parametrize(("seconds", "status"), [(55, 303), (61, 401)])
def test_row_235_the_answer_must_come_within_a_minute(stage_on_sqlite: Stage, seconds: int, status: int) -> None:
    stage = stage_on_sqlite
    storing = Storing(stage)
    storing.asked()
    stage.clock.ahead = timedelta(seconds=seconds)
    assert storing.proved(storing.secret).status_code == status


def test_row_235_asking_again_does_not_give_more_time(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    storing = Storing(stage)
    for seconds in (0, 30, 55):
        stage.clock.ahead = timedelta(seconds=seconds)
        assert is_question(storing.asked())
    stage.clock.ahead = timedelta(seconds=61)
    refused(storing, Reason.STATE_EXPIRED, storing.secret)
    assert storing.asked().status_code == 401


def test_row_235_a_launch_is_checked_whole_before_it_is_asked_about(door: Stage) -> None:
    """A page that cannot lead anywhere is not shown: the refusal comes at once."""
    storing = Storing(door)
    storing.claims = changed(storing.claims, {"nonce": "another"})
    with watching(door) as evidence:
        answer = storing.asked()
    evidence.refused(answer, storing.browser, Reason.NONCE_MISMATCH, storing.claims)


def test_row_236_the_state_is_not_the_secret(door: Stage) -> None:
    storing = Storing(door)
    known = (storing.state, storing.nonce, storing.state.removeprefix("state-"), storing.at_page("data-key"))
    assert storing.secret not in storing.at_page("href")
    assert not any(storing.secret in text or text in storing.secret for text in known)
    storing.asked()
    for text in known:
        refused(storing, Reason.STORAGE_MISMATCH, text)


def test_rows_236_and_258_an_attackers_launch_in_the_victims_browser_asks_the_victims_storage(door: Stage) -> None:
    """The attacker knows everything of their own login; what their page sends is not heard as our page's answer."""
    attacker, victim = Storing(door, "isaiah"), door.launched("tom")
    home = victim.home
    for headers in ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        form = {"state": attacker.state, "id_token": attacker.token(), "proof": attacker.secret}
        assert is_question(victim.request("POST", "/lti/launch", data=form, headers=headers))
        assert victim.request("POST", "/lti/prove", data=form, headers=headers).status_code == 403
    assert victim.get(f"{home}/posts/new").status_code == 200
    assert attacker.proved(attacker.secret).status_code == 303  # nothing was used up on the way


@pytest.mark.parametrize("proof", ["", "null", "undefined", "x" * 43, "é", "\x00"])
def test_row_237_a_wrong_value_is_refused_and_the_right_one_still_counts(door: Stage, proof: str) -> None:
    storing = Storing(door)
    storing.asked()
    refused(storing, Reason.STORAGE_MISMATCH, proof)
    assert storing.proved(storing.secret).status_code == 303


def test_row_237_the_value_of_another_login_is_refused(door: Stage) -> None:
    storing, other = Storing(door), Storing(door)
    storing.asked()
    refused(storing, Reason.STORAGE_MISMATCH, other.secret)


def test_row_237_no_value_at_all_only_asks_again(door: Stage) -> None:
    storing = Storing(door)
    assert is_question(storing.proved(None))


def test_row_237_a_login_by_cookie_takes_no_proof_instead(door: Stage) -> None:
    """What was begun with a cookie ends with it, or not at all."""
    attempt = begun(door)
    attempt.browser.cookies.clear()
    form = {"state": attempt.login.state, "id_token": attempt.token(), "proof": attempt.login.state}
    with watching(door) as evidence:
        answer = attempt.browser.post("/lti/prove", form)
    evidence.refused(answer, attempt.browser, Reason.COOKIE_MISSING, attempt.claims)


def test_row_238_a_proved_launch_cannot_be_played_again(door: Stage) -> None:
    storing = Storing(door)
    storing.asked()
    assert storing.proved(storing.secret).status_code == 303
    refused(storing, Reason.STATE_USED, storing.secret)
    with watching(door) as evidence:
        answer = storing.asked()
    evidence.refused(answer, storing.browser, Reason.STATE_USED, storing.claims)


def test_row_238_a_nonce_of_another_login_is_refused_with_the_right_proof(door: Stage) -> None:
    storing, other = Storing(door), Storing(door)
    storing.claims = other.claims
    refused(storing, Reason.NONCE_MISMATCH, storing.secret)


# --- the address that holds its secret ---

FROM_ELSEWHERE = [("none", "document"), ("cross-site", "document"), ("same-site", "document"),
                  ("same-origin", "document"), ("cross-site", "iframe"), ("none", "iframe")]  # fmt: skip


@pytest.mark.parametrize(("site", "destination"), FROM_ELSEWHERE)
@pytest.mark.parametrize("path", ["", "desk", "posts/new"])
def test_row_267_an_address_with_its_secret_opens_in_its_own_frame_alone(
    door: Stage, path: str, site: str, destination: str
) -> None:
    """Not typed in, clicked on in a mail or a post, nor put into a page of the LMS for others to see."""
    storing = Storing(door, "irena")
    storing.proved(storing.secret)
    said = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": destination}
    assert storing.browser.get(path, headers=said).status_code == 401
    for ours in ("iframe", "empty"):
        said = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": ours}
        assert storing.browser.get(path, headers=said).status_code == 200


def test_row_267_the_secret_in_an_address_is_the_only_one_that_counts(door: Stage) -> None:
    storing = Storing(door)
    storing.proved(storing.secret)
    key, _, secret = storing.browser.home.removeprefix("/v/").partition("~")
    assert len(secret) == 43
    stranger = door.browser()
    stranger.cookies["visit"] = secret
    for wrong in (key, f"{key}~", f"{key}~x", f"{key}~{secret}x", f"{key}~{secret}~", f"~{secret}"):
        assert stranger.get(f"/v/{wrong}/").status_code == 401, wrong


# --- from the frame to a window ---


def ticket_of(browser: ScriptBrowser) -> str:
    answer = browser.post("window")
    assert answer.status_code == 200
    address: str = answer.json()["address"]
    assert address.startswith("/window/")
    return address


ALONE = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}


def test_row_239_a_ticket_opens_the_same_persons_visit_once(door: Stage) -> None:
    storing = Storing(door)
    storing.proved(storing.secret)
    ticket, window = ticket_of(storing.browser), door.browser()
    opened = window.get(ticket, headers=ALONE)
    assert opened.status_code == 303
    home = opened.headers["Location"].rstrip("/")
    assert "~" not in home
    assert home != storing.browser.home
    assert window.get(f"{home}/posts/new").status_code == 200
    assert window.get(ticket, headers=ALONE).status_code == 401
    assert door.browser().get(ticket, headers=ALONE).status_code == 401
    assert storing.browser.get("posts/new").status_code == 200


def test_row_239_a_ticket_lasts_a_minute(stage_on_sqlite: Stage) -> None:
    browser = stage_on_sqlite.launched("tom")
    ticket = ticket_of(browser)
    stage_on_sqlite.clock.ahead = timedelta(seconds=61)
    assert stage_on_sqlite.browser().get(ticket, headers=ALONE).status_code == 401


@pytest.mark.parametrize("site", ["none", "cross-site", "same-site"])
def test_rows_239_and_258_a_ticket_is_no_link_to_send_around(door: Stage, site: str) -> None:
    """It would make whoever opens it the person whose ticket it is."""
    ticket = ticket_of(door.launched("isaiah"))
    victim = door.browser()
    assert victim.get(ticket, headers=ALONE | {"Sec-Fetch-Site": site}).status_code == 401
    assert victim.cookies == {}
    assert victim.get(ticket, headers=ALONE).status_code == 303  # it was not used up either


def test_row_239_a_visit_in_an_address_is_no_ticket(door: Stage) -> None:
    storing = Storing(door)
    storing.proved(storing.secret)
    key = storing.browser.home.removeprefix("/v/")
    assert door.browser().get(f"/window/{key}", headers=ALONE).status_code == 401


# --- who may frame what ---


def framers(answer: requests.Response) -> str:
    directives = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))
    return directives.get("frame-ancestors", "anybody")


def test_row_241_every_page_of_a_visit_by_storage_names_the_platform(door: Stage) -> None:
    storing = Storing(door, "irena")
    storing.proved(storing.secret)
    for path in ("", "desk", "gradebook", "import", "posts/new", "posts/99"):
        assert framers(storing.browser.get(path)) == f"'self' {door.lms_url}", path


@pytest.mark.parametrize("by_storage", [False, True], ids=["by_cookie", "by_storage"])
def test_row_241_only_the_platform_may_frame_the_choice_of_links(door: Stage, by_storage: bool) -> None:
    settings = {"deep_link_return_url": f"{door.lms_url}/deep_links", "accept_types": ["ltiResourceLink"]}
    settings["accept_presentation_document_targets"] = ["iframe", "window"]
    change = {"message_type": "LtiDeepLinkingRequest", "resource_link": None}
    if by_storage:
        storing = Storing(door, "irena")
        storing.claims = changed(storing.claims, change) | {DEEP_LINKING: settings}
        answer, browser = storing.proved(storing.secret), storing.browser
    else:
        attempt = begun(door, "irena")
        attempt.claims = changed(attempt.claims, change) | {DEEP_LINKING: settings}
        answer, browser = attempt.post(), attempt.browser
    assert answer.status_code == 303, answer.text
    address = answer.headers["Location"]
    assert address.startswith("/choose/")
    assert ("~" in address) == by_storage
    assert browser.get(address).status_code == 200
    assert framers(browser.get(address)) == f"'self' {door.lms_url}"
    assert browser.get(address, headers={"Sec-Fetch-Site": "cross-site"}).status_code == (401 if by_storage else 200)


def test_row_241_what_stands_outside_a_visit_is_framed_by_nobody(door: Stage) -> None:
    for path in ("/healthz", "/nowhere", "/lti", "/window/x"):
        assert framers(door.browser().get(path)) == "'none'", path


# --- messages ---


def test_row_242_the_page_that_reads_holds_no_secret(door: Stage) -> None:
    """Anybody may make a browser post a launch and frame the answer."""
    storing = Storing(door)
    reading = storing.asked()
    assert storing.secret not in reading.text
    assert reading.headers["Cache-Control"] == storing.page.headers["Cache-Control"] == "no-store"
