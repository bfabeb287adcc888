"""Misbehaviour on request, and the record of calls."""

import threading
import time
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server

from lti_tool.practice_lms.faults import FAULT_KINDS, UnknownFault

T = "2026-11-20T10:00:{:02d}Z"


def test_rate_limited_so_many_times(either: Any) -> None:
    either.school.faults.set("rate_limited", count=2, retry_after=7)
    answers = [either.push("tom", 5, T.format(second)) for second in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"


def test_server_error_until_cleared(either: Any) -> None:
    either.school.faults.set("server_error")
    assert [either.push("tom", 5, T.format(second)).status_code for second in range(3)] == [500] * 3
    either.school.faults.clear("server_error")
    assert either.push("tom", 5, T.format(5)).status_code == 200


def test_a_fault_can_be_aimed(canvas: Any) -> None:
    canvas.school.faults.set("server_error", path="/scores")
    assert canvas.push("tom", 5, T.format(0)).status_code == 500
    assert canvas.results() == []


def test_unauthorized_once(either: Any) -> None:
    either.school.faults.set("unauthorized_once")
    assert [either.push("tom", 5, T.format(second)).status_code for second in range(2)] == [401, 200]


def test_lost_reply_keeps_the_score(either: Any) -> None:
    either.school.faults.set("reply_lost", count=1)
    assert either.push("tom", 5, T.format(0)).status_code == 500
    assert either.grade("tom").score == 5


def test_lost_reply_keeps_the_column(either: Any) -> None:
    either.school.faults.set("reply_lost", count=1)
    endpoint: Any = either.school.claims_for("isaiah", 1, "n")["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]
    kind = "application/vnd.ims.lis.v2.lineitem+json"
    body = {"label": "Extra", "scoreMaximum": 5}
    assert either.call("POST", endpoint["lineitems"], body, Content_Type=kind).status_code == 500
    assert either.school.columns()[-1].label == "Extra"


def test_lost_connection_keeps_the_score(canvas: Any) -> None:
    canvas.school.faults.set("reply_lost", count=1, close=True)
    body = {"userId": canvas.school.sub_of("tom"), "timestamp": T.format(0), "scoreGiven": 5, "scoreMaximum": 10}
    body |= {"activityProgress": "Completed", "gradingProgress": "FullyGraded"}
    headers = {"Authorization": f"Bearer {canvas.token()}", "Content-Type": "application/vnd.ims.lis.v1.score+json"}
    server = make_server("127.0.0.1", 0, canvas.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = canvas.below("scores").replace("http://lms.example.test", f"http://127.0.0.1:{server.port}")
    with pytest.raises(requests.ConnectionError):
        requests.post(url, json=body, headers=headers, timeout=5)
    server.shutdown()
    thread.join()
    server.server_close()
    assert canvas.grade("tom").score == 5
    assert canvas.school.calls[-1].status == 0


def test_web_page_with_status_200(either: Any) -> None:
    either.school.faults.set("html_200", count=1)
    answer = either.push("tom", 5, T.format(0))
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert either.grade("tom") is None


def test_token_and_keys_down(either: Any) -> None:
    for name in ("token_down", "jwks_down"):
        either.school.faults.set(name, count=1)
    assert either.ask_token().status_code == 503
    assert either.client.get("/lti/jwks").status_code == 503
    either.school.faults.set("jwks_html", count=1)
    assert either.client.get("/lti/jwks").mimetype == "text/html"
    assert either.ask_token().status_code == 200


@pytest.mark.parametrize(("accent", "status"), [("canvas", 403), ("moodle", 500)])
def test_locked_for_one_person(bench: Any, accent: str, status: int) -> None:
    lms = bench(accent)
    lms.school.faults.set("locked", person="tom")
    assert lms.push("tom", 5, T.format(0)).status_code == status
    assert lms.push("matt", 5, T.format(0)).status_code == 200


@pytest.mark.parametrize(("accent", "status"), [("canvas", 422), ("moodle", 400)])
def test_one_person_refused(bench: Any, accent: str, status: int) -> None:
    lms = bench(accent)
    lms.school.faults.set("refuse_person", person="tom")
    assert lms.push("tom", 5, T.format(0)).status_code == status
    assert lms.push("matt", 5, T.format(0)).status_code == 200


@pytest.mark.parametrize(
    ("accent", "roster"),
    [
        ("canvas", "/api/lti/courses/3644/names_and_roles"),
        ("moodle", "/mod/lti/services.php/CourseSection/2/bindings/1/memberships"),
    ],
)
def test_roster_by_case_sensitive_addresses(bench: Any, accent: str, roster: str) -> None:
    lms = bench(accent)
    lms.school.faults.set("roster_mixed_case")
    url, seen = roster, []
    while url:
        answer = lms.call("GET", url)
        seen += answer.json["members"]
        following = answer.headers.get("Link", "").partition("<")[2].partition(">")[0]
        if following:
            lowered = following.replace("Token=AbC", "token=abc")
            assert lms.call("GET", lowered).status_code == 400
        url = following
    assert len(seen) == len(lms.school.people)


def test_slow(canvas: Any) -> None:
    canvas.token()
    canvas.school.faults.set("slow", count=1, seconds=0.2)
    before = time.monotonic()
    assert canvas.push("tom", 5, T.format(0)).status_code == 200
    assert time.monotonic() - before >= 0.2
    assert canvas.school.faults.active() == []


def test_unknown_faults_and_settings(canvas: Any) -> None:
    with pytest.raises(UnknownFault):
        canvas.school.faults.set("gremlins")
    with pytest.raises(UnknownFault):
        canvas.school.faults.set("slow", minutes=3)
    with pytest.raises(UnknownFault):
        canvas.school.faults.set("roster_mixed_case", count=2)


def test_switching_on_the_page(canvas: Any) -> None:
    page = canvas.client.get("/practice/faults").text
    assert all(f'value="{kind.name}"' in page for kind in FAULT_KINDS)
    form = {"do": "on", "fault": "rate_limited", "count": "3", "retry_after": "9"}
    assert canvas.client.post("/practice/faults", data=form).status_code == 303
    (fault,) = canvas.school.faults.active()
    assert (fault.kind.name, fault.left, fault.args) == ("rate_limited", 3, {"retry_after": 9})
    assert "3 more times" in canvas.client.get("/practice/faults").text
    canvas.client.post("/practice/faults", data={"do": "off"})
    assert canvas.school.faults.active() == []
    assert canvas.client.post("/practice/faults", data={"do": "on", "fault": "x"}).status_code == 400


def test_other_sites_cannot_switch(canvas: Any) -> None:
    form = {"do": "on", "fault": "server_error"}
    answer = canvas.client.post("/practice/faults", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert canvas.school.faults.active() == []


def test_calls_are_recorded(either: Any) -> None:
    either.push("tom", 5, T.format(0))
    either.school.faults.set("server_error", count=1)
    either.push("tom", 6, T.format(1))
    assert [call.status for call in either.school.calls] == [200, 200, 500]
    last = either.school.calls[-1]
    assert (last.method, last.url) == ("POST", either.below("scores"))
    assert '"scoreGiven": 6' in last.body
    assert last.headers["Content-Type"] == "application/vnd.ims.lis.v1.score+json"
    assert len(either.school.calls.to("/scores")) == 2
    assert [call["status"] for call in either.client.get("/practice/calls").json] == [200, 200, 500]
