"""Drafts over HTTP: saved, found again after another launch, and told apart by person and place."""

from lti_tool.models import WritingDraft
from tests.stage import ScriptBrowser, Stage

FETCH = {"X-Requested-With": "fetch"}


def save(browser: ScriptBrowser, place: str, body: str, version: int = 0) -> tuple[int, dict[str, object]]:
    sent = {"place": place, "fields": {"body": body}, "version": version}
    answer = browser.post("drafts", json=sent, headers=FETCH)
    return answer.status_code, answer.json()


def kept(browser: ScriptBrowser, place: str) -> dict[str, object]:
    answer = browser.get("drafts", params={"place": place})
    assert answer.headers["Content-Disposition"] == "attachment"
    found: dict[str, object] = answer.json()
    return found


def test_a_draft_is_found_again_after_the_next_launch(open_house: Stage) -> None:
    status, saved = save(open_house.launched("tom"), "post", "Half a thought")
    assert status == 200
    again = open_house.launched("tom")
    assert kept(again, "post") == {**saved, "fields": {"body": "Half a thought"}}
    assert kept(again, "post 1") == {"version": 0}
    assert kept(open_house.launched("hannah"), "post") == {"version": 0}


def test_the_older_of_two_windows_is_told(open_house: Stage) -> None:
    tom = open_house.launched("tom")
    _, first = save(tom, "comment 1 0", "One")
    _, second = save(tom, "comment 1 0", "One and more", int(str(first["version"])))
    status, told = save(tom, "comment 1 0", "Another", int(str(first["version"])))
    assert (status, told["fields"], told["version"]) == (409, {"body": "One and more"}, second["version"])
    assert tom.post("drafts/drop", json={"place": "comment 1 0", "version": second["version"]}).status_code == 204
    assert kept(tom, "comment 1 0") == {"version": 0}


def test_what_cannot_be_a_draft_is_refused(open_house: Stage) -> None:
    tom = open_house.launched("tom")
    for place in ("", "desk", "post x", "comment 1", "post 1\n", "post 9999999999"):
        assert save(tom, place, "x")[0] == 404, place
    assert tom.post("drafts", data="{", headers={**FETCH, "Content-Type": "application/json"}).status_code == 422
    assert tom.post("drafts", json=["post"]).status_code == 422
    assert save(tom, "post 8", "x" * 200_000)[0] == 422
    assert tom.post("drafts", json={"place": "post 8", "fields": {"body": 3}, "version": None}).json()["version"] == 0
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert tom.post("drafts", json={"place": "post 8", "fields": {"body": "x"}}, headers=foreign).status_code == 403
    assert open_house.browser().get(f"{tom.home}/drafts", params={"place": "post"}).status_code == 401


def test_only_what_writing_is_made_of_is_kept(open_house: Stage) -> None:
    tom = open_house.launched("tom")
    tom.post("drafts", json={"place": "post 5", "fields": {"body": "b\x00", "mark": "3"}, "version": 0})
    with open_house.tool.database.reading() as session:
        assert session.query(WritingDraft.fields).where(WritingDraft.place == "post 5").scalar() == {"body": "b"}


def test_a_form_that_a_script_sends_is_told_where_to_go_on(open_house: Stage) -> None:
    hannah = open_house.launched("hannah")
    form = {"title": "The radio", "body": "It ticked.", "once": "by-script"}
    answer = hannah.post("posts/new", form, headers={"X-Requested-With": "form"})
    assert answer.status_code == 200
    assert "/posts/" in answer.json()["address"]
    plain = hannah.post("posts/new", form)
    assert plain.status_code == 303
    assert plain.headers["Location"] == answer.json()["address"]  # the same post: it was not made twice


def test_an_ended_visit_gives_the_text_back(open_house: Stage) -> None:
    home = open_house.launched("tom").home
    sent = {"title": "My <title>", "body": "An hour's <work>", "sources": "A book"}
    answer = open_house.browser().post(f"{home}/posts/new", sent)
    assert answer.status_code == 401
    assert "My &lt;title&gt;\n\nAn hour&#39;s &lt;work&gt;\n\nA book</textarea>" in answer.text
    assert "Open the blog again from your course page." in answer.text
    large = open_house.browser().post(f"{home}/images/insert", sent, files={"image": b"x" * 2_000_000})
    assert large.status_code == 401
