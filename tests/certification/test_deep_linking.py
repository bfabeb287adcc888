"""Group F: choosing what a new link opens, in the LMS's own dialogue (rows 113-138)."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from lti_tool.errors import Reason
from lti_tool.lti.keys import new_key
from lti_tool.models import Blog, Course, LinkRequest, Membership, PlannedBlog, Platform, Role
from tests.certification.dialogue import ANOTHER_BLOG, DL, ITEMS, SETTINGS, asked, chosen, link_made, opened, sent
from tests.certification.dialogue import taken_by_lms as taken
from tests.certification.evidence import PURL
from tests.certification.launches import LEARNER, begun, changed, compact, let_in, signed_by
from tests.stage import ScriptBrowser, Stage, open_stage

MODULE = "link_selection"  # where Canvas takes several links at once


@pytest.fixture(scope="module", params=["canvas", "moodle"])
def school(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: bytes
) -> Iterator[Stage]:
    """The tool and the practice LMS in either accent, shared by cases that do not mind each other's links."""
    folder = tmp_path_factory.mktemp(request.param)
    path = folder / "school.sqlite3"
    path.write_bytes(migrated_sqlite)
    with open_stage(folder, f"sqlite:///{path}", request.param) as opened_stage:
        yield opened_stage


def planned(stage: Stage) -> list[str]:
    """The titles of all that is laid out."""
    with stage.tool.database.reading() as session:
        return list(session.scalars(select(PlannedBlog.title).order_by(PlannedBlog.created_at)))


def a_blog(title: str, maximum: str = "10", prompt: str = "") -> dict[str, str]:
    return {"title": title, "prompt": prompt, "maximum": maximum}


def cancelled(stage: Stage, browser: ScriptBrowser) -> Any:
    return sent(stage, browser.post("cancel"))


# --- the request ---


def test_row_113_a_teacher_gets_a_page_to_choose_on(school: Stage) -> None:
    attempt = asked(school)
    assert PURL + "resource_link" not in attempt.claims
    browser = attempt.browser
    response = attempt.post()
    assert (response.status_code, response.headers["Location"].split("/")[1]) == (303, "choose")
    page = browser.get()
    assert page.status_code == 200
    assert "Add a class blog" in page.text
    assert "HIST 3644: Soviet History" in page.text
    assert f"frame-ancestors 'self' {school.lms_url}" in page.headers["Content-Security-Policy"]


def test_row_113_a_request_opens_no_blog_and_makes_none(stage: Stage) -> None:
    browser = opened(stage)
    key = browser.home.rpartition("/")[2]
    assert browser.get(f"/v/{key}/").status_code == 401
    with stage.tool.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Blog)) == 0
        assert session.scalar(select(func.count()).select_from(LinkRequest)) == 1


def test_row_113_a_request_outside_any_course(stage_on_sqlite: Stage) -> None:
    """`context` is optional in every message."""
    attempt = asked(stage_on_sqlite)
    attempt.claims = changed(attempt.claims, {"context": None})
    assert attempt.post().status_code == 303
    (item,) = chosen(stage_on_sqlite, attempt.browser, ANOTHER_BLOG).items
    assert item["title"] == ANOTHER_BLOG["title"]


def test_row_114_no_roles_is_no_right_to_choose_but_a_way_back(school: Stage) -> None:
    attempt = asked(school)
    attempt.claims = changed(attempt.claims, {"roles": None})
    assert attempt.post().status_code == 303
    page = attempt.browser.get()
    assert page.status_code == 403
    assert "Only teachers and their assistants add blogs" in page.text
    assert attempt.browser.post("", ANOTHER_BLOG).status_code == 403
    assert cancelled(school, attempt.browser).items == []


def test_row_114_no_roles_takes_nobody_the_role_they_have(stage_on_sqlite: Stage) -> None:
    """The request says nothing of roles, so the teacher's open blog stays a teacher's."""
    stage = stage_on_sqlite
    teacher = stage.launched("irena")
    attempt = asked(stage)
    attempt.claims = changed(attempt.claims, {"roles": None})
    assert attempt.post().status_code == 303
    assert teacher.get("desk").status_code == 200


@pytest.mark.parametrize("roles", ["Instructor", [5], {"a": 1}])
def test_row_114_roles_of_the_wrong_type_are_refused(door: Stage, roles: object) -> None:
    attempt = asked(door)
    attempt.claims = changed(attempt.claims, {"roles": roles})
    attempt.expect_refusal(Reason.BAD_CLAIM)


@pytest.mark.parametrize("value", [None, "text", []])
def test_row_115_without_settings_it_is_refused(door: Stage, value: object) -> None:
    attempt = asked(door)
    attempt.claims = changed(attempt.claims, {SETTINGS: value})
    attempt.expect_refusal(Reason.BAD_CLAIM)


@pytest.mark.parametrize("address", [None, "", 5, ["https://P/r"]])
def test_row_116_without_an_address_to_answer_to_it_is_refused(door: Stage, address: object) -> None:
    attempt = asked(door)
    attempt.claims[SETTINGS] = {**attempt.claims[SETTINGS], "deep_link_return_url": address}
    line = attempt.expect_refusal(Reason.BAD_CLAIM)
    assert line["claim"] == "deep_link_return_url"


INSECURE = {
    "script": "javascript:alert(1)",
    "plain_http": "http://P/x",
    "no_scheme": "//evil.example.test",
    "data": "data:text/html,x",
    "no_host": "https:///x",
    "rule_in_the_host": "https://P; script-src *",
    "half_an_address": "https://[",
    "user": "https://P@evil.example.test/",
}


@pytest.mark.parametrize("address", INSECURE.values(), ids=INSECURE)
def test_row_117_the_answer_goes_to_https_alone(stage_on_sqlite: Stage, address: str) -> None:
    """An LMS that is itself registered with plain http (the practice LMS of the demo) may have it so."""
    with stage_on_sqlite.tool.database.writing() as session:
        session.execute(update(Platform).values(authorize_url="https://lms.example.test/authorize"))
    attempt = asked(stage_on_sqlite, deep_link_return_url=address)
    line = attempt.expect_refusal(Reason.BAD_CLAIM)
    assert line["claim"] == "deep_link_return_url"


def test_row_117_https_is_taken_and_used(stage_on_sqlite: Stage) -> None:
    with stage_on_sqlite.tool.database.writing() as session:
        session.execute(update(Platform).values(authorize_url="https://lms.example.test/authorize"))
    browser = opened(stage_on_sqlite, deep_link_return_url="https://lms.example.test/back?x=1")
    assert cancelled(stage_on_sqlite, browser).address == "https://lms.example.test/back?x=1"


def test_row_118_an_lms_that_takes_no_links_is_told_so(school: Stage) -> None:
    browser = opened(school, accept_types=["link"])
    page = browser.get()
    assert (page.status_code, "does not take a blog in this place" in page.text) == (200, True)
    assert cancelled(school, browser).items == []


@pytest.mark.parametrize("types", [["ltiResourceLink"], ["link", "file", "html", "ltiResourceLink", "image"]])
def test_row_118_any_list_with_links_in_it_will_do(school: Stage, types: list[str]) -> None:
    (item,) = chosen(school, opened(school, accept_types=types), ANOTHER_BLOG).items
    assert item["type"] == "ltiResourceLink"


@pytest.mark.parametrize("value", [None, "ltiResourceLink", {}])
def test_row_118_a_list_of_types_is_required(door: Stage, value: object) -> None:
    attempt = asked(door, accept_types=value)
    assert attempt.expect_refusal(Reason.BAD_CLAIM)["claim"] == "accept_types"


def test_row_119_the_list_of_targets_may_be_empty_but_not_missing(door: Stage) -> None:
    assert opened(door, accept_presentation_document_targets=[]).get().status_code == 200
    for value in (None, "iframe"):
        attempt = asked(door, accept_presentation_document_targets=value)
        assert attempt.expect_refusal(Reason.BAD_CLAIM)["claim"] == "accept_presentation_document_targets"


def test_row_120_a_student_chooses_nothing_and_has_a_way_back(stage: Stage) -> None:
    """Moodle and Canvas stop a student before; a forged address must not get further."""
    browser = opened(stage, "isaiah")
    page = browser.get()
    assert page.status_code == 403
    assert "<form" in page.text
    assert "cancel" in page.text
    assert browser.post("", ANOTHER_BLOG).status_code == 403
    assert planned(stage) == []
    answer = cancelled(stage, browser)
    assert (answer.items, DL + "msg" in answer.claims) == ([], False)
    assert browser.post("cancel").status_code == 422


def test_row_120_an_assistant_may_choose(door: Stage) -> None:
    assert len(chosen(door, opened(door, "sam"), ANOTHER_BLOG).items) == 1


# --- the answer ---


def test_row_121_the_answer_is_one_field_posted_to_exactly_that_address(school: Stage) -> None:
    attempt = asked(school)
    wanted = attempt.claims[SETTINGS]["deep_link_return_url"]
    attempt.post()
    answer = chosen(school, attempt.browser, ANOTHER_BLOG)
    assert answer.address == wanted
    assert list(answer.fields) == ["JWT"]
    assert len(re.findall(r"<form ", answer.page.text)) == 1
    assert 'method="post"' in answer.page.text
    assert "send_on.js" in answer.page.text
    assert "form-action" not in answer.page.headers["Content-Security-Policy"]
    posted = requests.post(answer.address, data=answer.fields, headers={"Sec-Fetch-Site": "cross-site"}, timeout=10)
    assert posted.status_code == 200, posted.text


def test_row_122_the_header_names_a_published_key_and_no_other(school: Stage) -> None:
    answer = cancelled(school, opened(school))
    assert answer.header["alg"] == "RS256"
    published = requests.get(f"{school.tool_url}/.well-known/jwks.json", timeout=5).json()["keys"]
    assert answer.header["kid"] in {key["kid"] for key in published}
    assert set(answer.header) == {"alg", "typ", "kid"}


def test_row_123_the_answer_is_from_us_to_them_for_minutes_and_never_the_same(school: Stage) -> None:
    nonces = set()
    for _ in range(3):
        attempt = asked(school)
        attempt.post()
        claims = cancelled(school, attempt.browser).claims
        assert claims["iss"] == attempt.claims["aud"]
        assert claims["aud"] == attempt.claims["iss"]
        assert claims.get("azp", claims["aud"]) == claims["aud"]
        now = school.clock().timestamp()
        assert now - 30 <= claims["iat"] <= now
        assert claims["iat"] < claims["exp"] <= now + 600
        nonces.add(claims["nonce"])
    assert len(nonces) == 3
    assert min(map(len, nonces)) >= 20


def test_row_124_the_answer_says_what_it_is(school: Stage) -> None:
    attempt = asked(school)
    attempt.post()
    claims = cancelled(school, attempt.browser).claims
    assert claims[PURL + "message_type"] == "LtiDeepLinkingResponse"
    assert claims[PURL + "version"] == "1.3.0"
    assert claims[PURL + "deployment_id"] == attempt.claims[PURL + "deployment_id"]


ODD_DATA = {
    "a_token": "csrf:1",
    "empty": "",
    "markup": '"><script>&amp;',
    "spaces": "  a\tb\r\n",
    "letters": "Žluťoučký 🧵",
}


@pytest.mark.parametrize("data", ODD_DATA.values(), ids=ODD_DATA)
def test_row_125_data_goes_back_as_it_came(stage: Stage, data: str) -> None:
    assert cancelled(stage, opened(stage, data=data)).claims[DL + "data"] == data


def test_row_125_no_data_goes_back_as_none(school: Stage) -> None:
    assert "data" not in asked(school).claims[SETTINGS]
    answer = chosen(school, opened(school), ANOTHER_BLOG)
    assert DL + "data" not in answer.claims
    assert None not in answer.claims.values()


@pytest.mark.parametrize("data", ["a\x00b", "\ud800"])
def test_row_125_data_that_could_not_go_back_as_it_came_is_refused(stage: Stage, data: str) -> None:
    for changes in ({"data": data}, {"deep_link_return_url": f"{stage.lms_url}/back?{data}"}):
        attempt = asked(stage, **changes)
        # By hand: the practice LMS's own library writes no half characters.
        header = {"alg": "RS256", "kid": stage.school.platform_key.kid}
        token = compact(header, json.dumps(attempt.claims), signed_by(private_key(stage)))
        attempt.expect_refusal(Reason.BAD_CLAIM, token)


def test_row_126_cancelling_sends_no_content_and_no_complaint(school: Stage) -> None:
    before = planned(school)
    answer = cancelled(school, opened(school))
    assert answer.claims[ITEMS] == []
    assert not {DL + "msg", DL + "errormsg", DL + "errorlog"} & set(answer.claims)
    assert taken(school, answer).items == ()
    assert planned(school) == before


@pytest.mark.parametrize("flag", [False, "false", None])
def test_row_127_one_link_where_one_is_wanted(stage_on_sqlite: Stage, flag: object) -> None:
    stage = stage_on_sqlite
    browser = opened(stage, accept_multiple=flag)
    assert "One more new blog" not in browser.get().text
    two = {"title": ["One", "Two"], "prompt": ["", ""], "maximum": ["", ""]}
    refused = browser.post("", two)
    assert refused.status_code == 422
    assert "takes one link at a time" in refused.text
    assert 'value="Two"' in refused.text
    assert planned(stage) == []
    assert len(chosen(stage, browser, a_blog("One")).items) == 1


@pytest.mark.parametrize("flag", [True, "true"])
def test_row_127_several_where_several_are_wanted(school: Stage, flag: object) -> None:
    browser = opened(school, placement=MODULE, accept_multiple=flag)
    assert "One more new blog" in browser.get().text
    answer = chosen(school, browser, a_blog("One"), a_blog("Two", ""), a_blog("Three"))
    assert [item["title"] for item in answer.items] == ["One", "Two", "Three"]
    assert answer.claims[DL + "msg"] == "3 blogs added."
    assert [item.title for item in taken(school, answer).items] == ["One", "Two", "Three"]


def test_row_127_never_more_than_a_teacher_can_have_meant(stage_on_sqlite: Stage) -> None:
    many = {name: [f"{name} {number}" for number in range(21)] for name in ("title", "prompt")} | {"maximum": [""] * 21}
    browser = opened(stage_on_sqlite, accept_multiple=True)
    assert browser.post("", many).status_code == 422
    assert planned(stage_on_sqlite) == []


@pytest.mark.parametrize("flag", [False, "false"])
def test_row_128_no_column_where_none_is_taken(school: Stage, flag: object) -> None:
    browser = opened(school, accept_lineitem=flag)
    assert "Points in the gradebook" not in browser.get().text
    (item,) = chosen(school, browser, a_blog("Without", "10")).items
    assert "lineItem" not in item


@pytest.mark.parametrize("flag", [True, "true", None])
def test_row_128_a_column_where_one_is_taken_or_nothing_is_said(school: Stage, flag: object) -> None:
    browser = opened(school, accept_lineitem=flag)
    assert "Points in the gradebook" in browser.get().text
    (item,) = chosen(school, browser, a_blog("With", "10")).items
    assert item["lineItem"]["scoreMaximum"] == 10
    (item,) = chosen(school, opened(school, accept_lineitem=flag), a_blog("No points", "")).items
    assert "lineItem" not in item


def nulls_in(value: object) -> bool:
    if isinstance(value, dict):
        return any(nulls_in(inner) for inner in value.values())
    return any(nulls_in(inner) for inner in value) if isinstance(value, list) else value is None


def test_row_129_a_link_holds_exactly_what_the_standard_asks_for(school: Stage) -> None:
    (item,) = chosen(school, opened(school), ANOTHER_BLOG).items
    assert set(item) == {"type", "title", "text", "url", "custom", "lineItem"}
    assert (item["type"], item["title"], item["text"]) == (
        "ltiResourceLink", ANOTHER_BLOG["title"], ANOTHER_BLOG["prompt"],
    )  # fmt: skip
    assert item["url"] == f"{school.tool_url}/lti/launch"
    assert all(isinstance(text, str) and text for pair in item["custom"].items() for text in pair)
    assert not nulls_in(item)
    (bare,) = chosen(school, opened(school), a_blog("Bare", "")).items
    assert set(bare) == {"type", "title", "url", "custom"}


def test_row_129_each_link_has_a_key_of_its_own_that_nobody_guesses(school: Stage) -> None:
    answer = chosen(school, opened(school, accept_multiple=True), a_blog("One"), a_blog("One"))
    keys = [item["custom"]["blog"] for item in answer.items]
    assert len(set(keys)) == 2
    assert min(map(len, keys)) >= 20


@pytest.mark.parametrize("length", [255, 256])
def test_row_129_a_typed_title_is_as_long_as_every_lms_takes(school: Stage, length: int) -> None:
    browser = opened(school)
    before = planned(school)
    if length > 255:
        refused = browser.post("", a_blog("t" * length))
        assert (refused.status_code, planned(school)) == (422, before)
        assert "t" * length in refused.text
    else:
        (item,) = taken(school, chosen(school, browser, a_blog("t" * length))).items
        assert school.school.save_item(item).title == "t" * length


def test_row_129_a_long_title_of_a_blog_is_cut_for_moodle_alone(school: Stage) -> None:
    """Moodle refuses a longer one, and in one of its dialogues without a word."""
    attempt = begun(school, "irena")
    link = {"id": "a-long-title", "title": "A title that goes on " + "and on " * 50}
    attempt.claims = changed(attempt.claims, {"resource_link": link})
    blog_id = let_in(attempt).blog_id
    (sent_item,) = (answer := chosen(school, opened(school), take=(f"like-{blog_id}",))).items
    (item,) = taken(school, answer).items
    title = school.school.save_item(item).title
    assert title == sent_item["title"]
    if school.accent == "moodle":
        assert (len(title) <= 255, title[-1]) == (True, "…")
        assert sent_item["lineItem"]["label"] == title
    else:
        assert title == link["title"].strip()


def test_row_129_a_long_prompt_is_cut_in_the_link_and_whole_in_the_blog(school: Stage) -> None:
    prompt = "Read all of it. " * 200 + "The end."
    answer = chosen(school, opened(school), a_blog("Long prompt", prompt=prompt))
    (item,) = answer.items
    assert (len(item["text"]) <= 1_000, item["text"][-1]) == (True, "…")
    (saved,) = taken(school, answer).items
    page = school.launched("irena", school.school.save_item(saved).id).get()
    assert "The end." in page.text


def test_row_130_a_column_has_a_maximum_a_label_and_ids_of_ours(school: Stage) -> None:
    (item,) = (answer := chosen(school, opened(school), {**ANOTHER_BLOG, "maximum": "12,5"})).items
    line = item["lineItem"]
    assert line["scoreMaximum"] == 12.5
    assert line["label"] == ANOTHER_BLOG["title"]
    assert line["resourceId"] == item["custom"]["blog"]
    assert line["tag"] == "participation"
    (saved,) = taken(school, answer).items
    column = school.school.column_of(school.school.save_item(saved).id)
    assert (column.maximum, column.tag, column.resource_id) == (12.5, "participation", item["custom"]["blog"])


@pytest.mark.parametrize("maximum", ["0", "-3", "ten", "NaN", "1e9", "0.001"])
def test_row_130_a_maximum_that_is_none_is_refused(school: Stage, maximum: str) -> None:
    browser = opened(school)
    before = planned(school)
    refused = browser.post("", a_blog("Kept title", maximum))
    assert refused.status_code == 422
    assert 'value="Kept title"' in refused.text
    assert planned(school) == before


def test_row_130_the_score_is_out_of_the_maximum_that_was_declared(school: Stage) -> None:
    activity = link_made(school, ANOTHER_BLOG)
    student = school.launched("tom", activity.id)
    student.post("posts/new", {"title": "T", "body": "Khrushchev, in the end.", "once": "1"})
    school.send_scores()
    grade = school.school.grade(school.school.column_of(activity.id).id, "tom")
    assert grade is not None
    assert (grade.score, grade.posted_maximum) == (10, 25)


EVERY_TYPE = ["link", "file", "html", "ltiResourceLink", "image", "ltiAssetProcessor"]


def test_rows_131_to_133_only_links_to_blogs_are_given_whatever_else_is_taken(school: Stage) -> None:
    """Row 131: and how a link is shown is left to the LMS; a blog offers a window of its own by itself."""
    blog_id = let_in(begun(school, "irena")).blog_id
    browser = opened(school, placement=MODULE, accept_types=EVERY_TYPE, accept_multiple=True)
    take = (f"like-{blog_id}", f"same-{blog_id}")
    answer = chosen(school, browser, ANOTHER_BLOG, a_blog("No points", ""), take=take)
    assert [item["type"] for item in answer.items] == ["ltiResourceLink"] * 4
    hints = {"window", "iframe", "icon", "thumbnail", "available", "submission", "html", "presentation"}
    assert not [item for item in answer.items if hints & set(item)]
    assert len(taken(school, answer).items) == 4


@pytest.mark.parametrize("types", [["link", "html", "file", "image"], ["ltiAssetProcessor"], []])
def test_rows_132_and_133_nothing_is_given_where_no_link_is_taken(school: Stage, types: list[str]) -> None:
    """Not even to a form sent by hand."""
    browser = opened(school, accept_types=types)
    before = planned(school)
    assert 400 <= browser.post("", ANOTHER_BLOG).status_code < 500
    assert planned(school) == before
    assert cancelled(school, browser).items == []


def test_row_134_the_link_opens_what_was_chosen(school: Stage) -> None:
    first = link_made(school, a_blog("First", "20", "The first prompt."))
    second = link_made(school, a_blog("Second", "30", "The second prompt."))
    for activity, prompt, maximum in ((second, "The second prompt.", "30"), (first, "The first prompt.", "20")):
        browser = school.launched("irena", activity.id)
        page = browser.get().text
        assert activity.title in page
        assert prompt in page
        assert f"at most {maximum}" in browser.get("desk").text
        student = school.launched("zoe", activity.id).get()
        assert prompt in student.text


def test_row_134_same_conversation_opens_the_blog_of_the_other_link(stage: Stage) -> None:
    """And has no column of its own: the score goes to the one that the blog has."""
    tom = stage.launched("tom", 1)
    tom.post("posts/new", {"title": "Here already", "body": "A text that both links show.", "once": "1"})
    blog_id = let_in(begun(stage, "irena")).blog_id
    (item,) = (answer := chosen(stage, opened(stage), take=(f"same-{blog_id}",))).items
    assert "lineItem" not in item
    (saved,) = taken(stage, answer).items
    second = stage.school.save_item(replace(saved, placement=MODULE))
    zoe = stage.launched("zoe", second.id)
    assert "A text that both links show." in zoe.get("posts/1").text
    zoe.post("posts/new", {"title": "Zoe's", "body": "Written through the second link.", "once": "2"})
    assert "Written through the second link." in tom.get("posts/2").text
    stage.send_scores()
    column = stage.school.column_of(1)
    assert set(stage.school.grades(column.id)) == {"tom", "zoe"}


def test_row_134_a_second_link_does_not_rename_the_blog(stage_on_sqlite: Stage) -> None:
    """The link that the blog was made for names it, whichever was opened last."""
    stage = stage_on_sqlite
    blog_id = let_in(begun(stage, "irena")).blog_id
    (saved,) = taken(stage, chosen(stage, opened(stage), take=(f"same-{blog_id}",))).items
    second = stage.school.save_item(replace(saved, title="Go on here", placement=MODULE))
    assert stage.school.activity(second.id).title == "Go on here"
    for activity in (second.id, 1, second.id, second.id):
        assert ">Class blog: The Thaw</h1>" in stage.launched("irena", activity).get().text


def test_row_134_started_afresh_takes_prompt_and_rule_and_nothing_written(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    first = link_made(stage, a_blog("Model", "40", "The model's prompt."))
    tom = stage.launched("tom", first.id)
    tom.post("posts/new", {"title": "Mine", "body": "Of the first blog alone.", "once": "1"})
    blog_id = let_in(begun_at(stage, first.id)).blog_id
    (item,) = (answer := chosen(stage, opened(stage), take=(f"like-{blog_id}",))).items
    assert item["lineItem"]["scoreMaximum"] == 40
    (saved,) = taken(stage, answer).items
    teacher = stage.launched("irena", stage.school.save_item(saved).id)
    page = teacher.get().text
    assert "The model's prompt." in page
    assert "There is no post here yet" in page
    assert "at most 40" in teacher.get("desk").text


def begun_at(stage: Stage, activity_id: int, person: str = "irena") -> Any:
    attempt = begun(stage, person)
    attempt.claims = stage.school.claims_for(person, activity_id, attempt.login.nonce)
    return attempt


@pytest.mark.parametrize(
    "taken_so", ["same-{}", "like-{}", "same-0", "like-99999999999999999999", "own-{}", "same-", ""]
)
def test_row_134_a_blog_of_another_course_cannot_be_taken(stage_on_sqlite: Stage, taken_so: str) -> None:
    stage = stage_on_sqlite
    other = begun(stage, "irena")
    other.claims = changed(other.claims, {"context": {"id": "another-course", "title": "Another course"}})
    theirs = let_in(other).blog_id
    browser = opened(stage)
    assert f"same-{theirs}" not in browser.get().text
    refused = browser.post("", {"take": taken_so.format(theirs)})
    assert refused.status_code == 422, refused.text
    assert planned(stage) == []


def test_row_135_what_was_laid_out_and_never_placed_shows_up_nowhere(stage: Stage) -> None:
    stage.launched("irena")
    answer = chosen(stage, opened(stage), a_blog("Never placed", "10", "A prompt that nobody sees."))
    assert len(answer.items) == 1
    for person in ("irena", "sam", "isaiah"):
        browser = stage.launched(person)
        pages = [browser.get(path).text for path in ("", "desk", "gradebook", "my-participation", "import")]
        assert "Never placed" not in "".join(pages)
        assert "A prompt that nobody sees." not in "".join(pages)
    assert "Never placed" not in opened(stage).get().text


def test_row_135_it_is_removed_after_half_a_year_and_what_was_placed_stays(stage: Stage) -> None:
    used = link_made(stage, a_blog("Placed", "10", "The prompt of the placed one."))
    stage.launched("irena", used.id)
    blog_id = let_in(begun_at(stage, used.id)).blog_id
    chosen(stage, opened(stage, accept_multiple=True), a_blog("Never placed"), take=(f"same-{blog_id}",))
    stage.clockwork.tidy()
    assert len(planned(stage)) == 3
    stage.clock.ahead = timedelta(days=179)
    stage.clockwork.tidy()
    assert len(planned(stage)) == 3
    stage.clock.ahead = timedelta(days=181)
    stage.clockwork.tidy()
    assert "Never placed" not in planned(stage)
    assert "Placed" in planned(stage)


def test_row_135_questions_that_nobody_answered_go_too(stage_on_sqlite: Stage) -> None:
    opened(stage_on_sqlite)
    stage_on_sqlite.clock.ahead = timedelta(days=40)
    stage_on_sqlite.clockwork.tidy()
    with stage_on_sqlite.tool.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LinkRequest)) == 0


def test_row_136_addresses_and_titles_are_text_on_the_page(school: Stage) -> None:
    address = f'{school.lms_url}/r?a=1&b="><script>alert(1)</script>'
    browser = opened(school, deep_link_return_url=address, data='"><script>alert(2)</script>')
    typed = browser.post("", {**a_blog('"><script>alert(3)</script>'), "prompt": "</textarea><script>x", "add": "yes"})
    assert "<script>alert" not in typed.text
    assert "</textarea><script>" not in typed.text
    answer = chosen(school, browser, a_blog('"><script>alert(3)</script>'))
    assert answer.address == address
    assert "<script>alert" not in answer.page.text
    assert "&#34;&gt;&lt;script&gt;" in answer.page.text
    policy = answer.page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy


def test_row_136_a_course_with_a_strange_name(door: Stage) -> None:
    attempt = asked(door)
    context = {**attempt.claims[PURL + "context"], "id": "strange", "title": "<img src=x onerror=alert(1)>"}
    attempt.claims = changed(attempt.claims, {"context": context})
    attempt.post()
    assert "<img" not in attempt.browser.get().text


def test_row_137_a_question_is_answered_once(stage: Stage) -> None:
    browser = opened(stage)
    chosen(stage, browser, a_blog("The one answer"))
    for path, form in (("", a_blog("A second")), ("cancel", {})):
        again = browser.post(path, form)
        assert (again.status_code, "JWT" in again.text) == (422, False)
        assert "sent to your LMS already" in again.text
    assert planned(stage) == ["The one answer"]


def test_row_137_after_cancelling_nothing_is_given_any_more(stage: Stage) -> None:
    browser = opened(stage)
    cancelled(stage, browser)
    again = browser.post("", ANOTHER_BLOG)
    assert (again.status_code, "JWT" in again.text) == (422, False)
    assert planned(stage) == []


def test_row_137_another_browser_cannot_answer(stage: Stage) -> None:
    """Nor one that has a question of its own open."""
    browser = opened(stage)
    other_question = opened(stage, "sam")
    for stranger in (stage.browser(), other_question):
        for method, path in (("GET", ""), ("POST", ""), ("POST", "cancel")):
            address = f"{browser.home}/{path}"
            answer = stranger.get(address) if method == "GET" else stranger.post(address, ANOTHER_BLOG)
            assert (answer.status_code, "JWT" in answer.text) == (401, False)
    assert planned(stage) == []
    assert len(chosen(stage, browser, ANOTHER_BLOG).items) == 1


def test_row_137_a_page_of_another_site_cannot_answer_in_the_teachers_browser(door: Stage) -> None:
    browser = opened(door)
    for headers in ({"Origin": door.lms_url, "Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        answer = browser.post("", ANOTHER_BLOG, headers=headers)
        assert (answer.status_code, "JWT" in answer.text) == (403, False)
        assert browser.post("cancel", headers=headers).status_code == 403


def test_row_137_a_question_ends_after_hours(stage_on_sqlite: Stage) -> None:
    browser = opened(stage_on_sqlite)
    stage_on_sqlite.clock.ahead = timedelta(hours=3, minutes=59)
    assert browser.get().status_code == 200
    stage_on_sqlite.clock.ahead = timedelta(hours=4, minutes=1)
    assert browser.get().status_code == 401
    assert browser.post("", ANOTHER_BLOG).status_code == 401


def private_key(stage: Stage) -> RSAPrivateKey:
    key = stage.school.platform_key.private_key
    assert isinstance(key, RSAPrivateKey)
    return key


def broken(stage: Stage, blog_id: int) -> None:
    """A rule that no version of the tool knows: laying out a blog like it cannot work."""
    with stage.tool.database.writing() as session:
        session.execute(update(Blog).where(Blog.id == blog_id).values(rule={"rule": "from-another-version"}))


def test_row_138_a_failure_of_ours_is_told_to_the_lms(stage: Stage) -> None:
    """Nothing of it is left behind, the log has the trace, and neither LMS nor teacher is told more than a sentence."""
    blog_id = let_in(begun(stage, "irena")).blog_id
    browser = opened(stage, accept_multiple=True, data="csrf:1")
    broken(stage, blog_id)
    with capture_logs() as lines:
        answer = chosen(stage, browser, a_blog("Rolled back"), take=(f"like-{blog_id}",))
    assert answer.items == []
    for name in ("errormsg", "errorlog"):
        assert answer.claims[DL + name]
        assert "from-another-version" not in answer.claims[DL + name]
        assert "<" not in answer.claims[DL + name]
    assert answer.claims[DL + "data"] == "csrf:1"
    assert DL + "msg" not in answer.claims
    (fault,) = [line for line in lines if line["event"] == "fault"]
    assert fault["reference"] in answer.claims[DL + "errorlog"]
    assert planned(stage) == []
    assert taken(stage, answer).error_message == answer.claims[DL + "errormsg"]
    assert browser.post("cancel").status_code == 422


def test_row_138_without_a_key_nothing_is_signed_used_up_or_kept(stage_on_sqlite: Stage) -> None:
    """What cannot be signed cannot be told to the LMS either; once the operator has made a key, the form works."""
    stage = stage_on_sqlite
    folder = stage.tool.settings.keys_dir
    browser = opened(stage)
    for path in folder.glob("*.pem"):
        path.unlink()
    for path, form in (("", ANOTHER_BLOG), ("cancel", {})):
        with capture_logs() as lines:
            refused = browser.post(path, form)
        assert refused.status_code == 500
        (fault,) = [line for line in lines if line["event"] == "fault"]
        assert fault["reference"] in refused.text
        assert str(folder) not in refused.text
    assert planned(stage) == []
    new_key(folder)
    assert len(chosen(stage, browser, ANOTHER_BLOG).items) == 1


def test_rows_117_and_138_an_lms_shut_out_meanwhile_gets_no_answer(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    browser = opened(stage)
    with stage.tool.database.writing() as session:
        session.execute(update(Platform).values(disabled_at=stage.clock()))
    for answer in (browser.get(), browser.post("", ANOTHER_BLOG), browser.post("cancel")):
        assert (answer.status_code, "JWT" in answer.text) == (403, False)


def test_row_120_the_role_of_the_dialogue_is_that_of_its_own_launch(stage_on_sqlite: Stage) -> None:
    """Who teaches in one course chooses nothing for another in which they learn."""
    stage = stage_on_sqlite
    opened(stage)
    attempt = asked(stage)
    attempt.claims = changed(attempt.claims, {"roles": [LEARNER], "context": {"id": "another-course"}})
    attempt.post()
    assert attempt.browser.post("", ANOTHER_BLOG).status_code == 403
    with stage.tool.database.reading() as session:
        roles = session.execute(select(Course.lti_context_id, Membership.launched_role).join(Membership)).all()
    assert {role for context, role in roles if context == "another-course"} <= {Role.STUDENT}
