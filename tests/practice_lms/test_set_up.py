"""What an administrator chooses: privacy, the kind of Canvas, and the throttle that a kind of Canvas has."""

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest

from lti_tool.practice_lms import CLIENT_ID, DEPLOYMENT_ID
from tests.practice_lms.a_launch import AGS, CLAIM, answered, form_of, launched, roster, started

LINEITEMS = "/api/lti/courses/3644/line_items"
NAMES = {"name", "given_name", "family_name"}
LEVELS = ["public", "name_only", "email_only", "anonymous"]


def told(level: str) -> tuple[bool, bool]:
    return level in ("public", "name_only"), level in ("public", "email_only")


@pytest.mark.parametrize("level", LEVELS)
def test_privacy_in_canvas(canvas: Any, level: str) -> None:
    canvas.school.privacy = level
    named, mailed = told(level)
    claims = launched(canvas, started(canvas, "siobhan"))
    assert claims["sub"] == canvas.school.sub_of("siobhan")
    assert (set(claims) >= NAMES, "email" in claims, CLAIM + "lis" in claims) == (named, mailed, named)
    assert bool(NAMES & set(claims)) == named
    assert ("picture" in claims) == (level == "public")
    member = roster(canvas)[2]
    assert {"status", "user_id", "lti11_legacy_user_id", "roles"} <= set(member)
    assert (bool(NAMES & set(member)), "email" in member, "picture" in member) == (named, mailed, level == "public")
    assert ("lis_person_sourcedid" in member) == named


@pytest.mark.parametrize("level", LEVELS)
def test_privacy_in_moodle(moodle: Any, level: str) -> None:
    moodle.school.privacy = level
    named, mailed = told(level)
    claims = launched(moodle, started(moodle, "siobhan"))
    assert (bool(NAMES & set(claims)), "email" in claims) == (named, mailed)
    assert ("user_username" in claims[CLAIM + "ext"]) == named
    assert claims[CLAIM + "lis"]["person_sourcedid"] == "SID-900012"
    custom = claims[CLAIM + "custom"]
    assert custom["person_name"] == ("Siobhán O'Connor" if named else None)
    assert custom["user_username"] == "siobhan"
    member = next(member for member in roster(moodle) if member["user_id"] == "12")
    assert (bool(NAMES & set(member)), "email" in member, "ext_user_username" in member) == (named, mailed, named)
    assert member["lis_person_sourcedid"] == "SID-900012"


def test_nonsense_is_refused(canvas: Any) -> None:
    for name in ("privacy", "profile"):
        with pytest.raises(ValueError, match="one of"):
            setattr(canvas.school, name, "whatever")
    assert (canvas.school.privacy, canvas.school.profile) == ("public", "self-hosted")


def test_two_schools_are_set_up_apart(canvas: Any, moodle: Any) -> None:
    canvas.school.privacy = "anonymous"
    assert moodle.school.privacy == "public"


def test_set_up_on_the_page(either: Any) -> None:
    page = either.client.get("/practice/faults").text
    assert all(f'<option value="{level}"' in page for level in LEVELS)
    form = {"do": "set-up", "privacy": "email_only", "guests_allowed": "on"}
    if either.accent == "canvas":
        form |= {"profile": "old"}
    assert either.client.post("/practice/faults", data=form).status_code == 303
    school = either.school
    assert (school.privacy, school.guests_allowed) == ("email_only", True)
    assert school.profile == ("old" if either.accent == "canvas" else "self-hosted")
    either.client.post("/practice/faults", data={"do": "unenrol", "person": "tom"})
    assert "tom" not in {person.key for person in school.enrolled}
    either.client.post("/practice/faults", data={"do": "reenrol", "person": "tom"})
    assert "tom" in {person.key for person in school.enrolled}
    assert either.client.post("/practice/faults", data={"do": "unenrol", "person": "nobody"}).status_code == 400
    assert either.client.post("/practice/faults", data={"do": "set-up", "privacy": "x"}).status_code == 400


@pytest.mark.parametrize(
    ("profile", "field", "digits", "region"),
    [
        ("self-hosted", "lti_deployment_id", 14, "not_configured"),
        ("hosted", "deployment_id", 18, "us-east-1"),
        ("old", "deployment_id", 14, "not_configured"),
    ],
)
def test_kinds_of_canvas(canvas: Any, profile: str, field: str, digits: int, region: str) -> None:
    canvas.school.profile = profile
    start = started(canvas)
    assert start[field] == DEPLOYMENT_ID("canvas")
    assert len({"lti_deployment_id", "deployment_id"} & set(start)) == 1
    assert (len(start["client_id"]), start["canvas_region"]) == (digits, region)
    claims = launched(canvas, start)
    assert claims["aud"] == claims["azp"] == start["client_id"] == canvas.school.client_id


def test_a_hosted_canvas_gives_tokens_to_the_long_client_id_only(canvas: Any) -> None:
    canvas.school.profile = "hosted"
    long = canvas.school.client_id
    assertion = canvas.tool.assertion(iss=long, sub=long)
    assert canvas.ask_token(assertion=assertion).status_code == 200
    assert canvas.ask_token().status_code in (400, 401)
    assert canvas.again().school.client_id == CLIENT_ID


def test_leftovers_in_the_claims_of_an_old_canvas(canvas: Any) -> None:
    canvas.school.profile = "old"
    claims = launched(canvas, started(canvas))
    for name in (CLAIM + "context", CLAIM + "resource_link", AGS, CLAIM + "lis", CLAIM + "tool_platform"):
        assert claims[name]["validation_context"] is None
        assert claims[name]["errors"] == {"errors": {}}
    assert "errors" not in claims[CLAIM + "custom"]


def test_a_reload_and_a_slow_person(canvas: Any) -> None:
    start = started(canvas)
    assert "id_token" in form_of(answered(canvas, start).text)[1]
    assert form_of(answered(canvas, start).text)[1]["error"] == "launch_no_longer_valid"
    start, now = started(canvas), canvas.school.clock()
    canvas.school.clock = lambda: now + timedelta(minutes=5, seconds=1)
    assert form_of(answered(canvas, start).text)[1]["error"] == "launch_no_longer_valid"


def test_variables_that_are_not_expanded(canvas: Any) -> None:
    custom = canvas.school.claims_for("tom", 1, "n")[CLAIM + "custom"]
    assert custom["link_history"] == "$ResourceLink.id.history"


def test_canvas_says_what_each_call_costs(canvas: Any, moodle: Any) -> None:
    answer = canvas.call("GET", LINEITEMS)
    assert float(answer.headers["X-Request-Cost"]) >= 0
    assert 0 < float(answer.headers["X-Rate-Limit-Remaining"]) <= 600
    assert canvas.client.get(LINEITEMS).headers["X-Request-Cost"]
    assert "X-Request-Cost" not in moodle.call("GET", "/mod/lti/services.php/2/lineitems?type_id=1").headers


@pytest.mark.parametrize(
    ("profile", "asked", "status"), [("hosted", 429, 429), ("hosted", 403, 403), ("old", 429, 403)]
)
def test_the_bucket_fills_and_leaks(canvas: Any, profile: str, asked: int, status: int) -> None:
    canvas.token()
    canvas.school.profile = profile
    now = canvas.school.clock()
    canvas.school.clock = lambda: now
    canvas.school.faults.set("throttled", status=asked, cost=200.0)
    assert [canvas.call("GET", LINEITEMS).status_code for _ in range(4)] == [200, 200, 200, status]
    refused = canvas.call("GET", LINEITEMS)
    assert "Rate Limit Exceeded" in refused.text
    assert refused.mimetype == "text/plain"
    assert float(refused.headers["X-Rate-Limit-Remaining"]) == 0
    assert "Retry-After" not in refused.headers
    canvas.school.clock = lambda: now + timedelta(seconds=1)
    assert canvas.call("GET", LINEITEMS).status_code == 200
    assert canvas.call("GET", LINEITEMS).status_code == status
    canvas.school.faults.clear()
    assert canvas.call("GET", LINEITEMS).status_code == 200


def test_many_calls_at_once_hit_the_wall(canvas: Any) -> None:
    """Each call reserves 50 of 600 while it runs: twelve fit."""
    canvas.token()
    now = canvas.school.clock()
    canvas.school.clock = lambda: now
    canvas.school.faults.set("throttled", cost=0.0)
    canvas.school.faults.set("slow", seconds=0.5)
    statuses: list[int] = []

    def ask() -> None:
        headers = {"Authorization": f"Bearer {canvas.token()}"}
        statuses.append(canvas.app.test_client().get(LINEITEMS, headers=headers).status_code)

    threads = [Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 12 + [429] * 4
