"""Row 273: whatever an LMS says of people, courses and links stands on pages as text, and nowhere as markup."""

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Response

from lti_tool.lti.registration import allow_host
from tests.certification.course_lists import NRPS, read_again
from tests.certification.dialogue import asked
from tests.certification.launches import Attempt, begun, changed, let_in
from tests.lti.scripted_lms import scripted_lms
from tests.stage import ScriptBrowser, Stage

TAG = "planted"
PLANTED = {
    "an_element": f"<{TAG}>",
    "a_script": f"</script><script>{TAG}</script>",
    "out_of_an_attribute": f"\"'><{TAG} on{TAG}=1>",
    "an_attribute": f"x\" on{TAG}=1 '",
    "entities": f"&lt;{TAG}&gt;&#60;{TAG}&#62;",
    "a_template": "{{ 7*7 }}{% raw %}" + f"<{TAG}>",
}


class Planted(HTMLParser):
    """Finds elements and attributes that nobody but an attacker writes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.words = ""
        self.in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_script = tag in ("script", "style")
        names = [name for name, _ in attrs]
        if tag == TAG or any(name.startswith("on") for name in names):
            self.found.append(f"{tag} {names}")

    def handle_endtag(self, tag: str) -> None:
        self.in_script = False

    def handle_data(self, data: str) -> None:
        self.words += data
        if self.in_script and data.strip():
            self.found.append(f"script: {data[:60]}")


def read(page: str) -> Planted:
    parser = Planted()
    parser.feed(page)
    parser.close()
    return parser


def markup_in(page: str) -> list[str]:
    return read(page).found


def words_of(page: str) -> str:
    """What a reader sees."""
    return read(page).words


def dressed(attempt: Attempt, text: str, **more: Any) -> Attempt:
    """The same launch with this text in every claim that is shown to anybody, now or later."""
    names = {name: f"{name} {text}" for name in ("name", "given_name", "family_name", "email")}
    context = {"id": "c1", "title": f"course {text}", "label": f"label {text}"}
    link = {"id": "r1", "title": f"blog {text}", "description": text}
    custom = {"x": text, "prompt": text, text: text}
    platform = {"guid": text, "name": text, "product_family_code": text, "url": text}
    said = {"context": context, "resource_link": link, "custom": custom, "tool_platform": platform, **names, **more}
    attempt.claims = changed(attempt.claims, said)
    return attempt


def pages_of(stage: Stage, browser: ScriptBrowser, number: int) -> Iterator[tuple[str, str]]:
    """Every page of a visit that this browser may open, with its address.

    A file to save is no page, and says so; nor is an answer to a script, or a picture.
    """
    for rule in stage.app.url_map.iter_rules():
        if not rule.rule.startswith("/v/<visit_key>") or "GET" not in (rule.methods or ()):
            continue
        path = rule.rule.replace("/v/<visit_key>", browser.home)
        for name in rule.arguments - {"visit_key"}:
            path = path.replace(f"<int:{name}>", str(number if name == "person_id" else 1))
        answer = browser.get(path)
        assert answer.status_code < 500, path
        if not answer.headers.get("Content-Type", "text/html").startswith("text/html"):
            kind = answer.headers["Content-Type"]
            saved = answer.headers.get("Content-Disposition", "").startswith("attachment")
            assert saved or kind == "application/json" or kind.startswith("image/"), path
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            continue
        yield path.removeprefix(browser.home), answer.text


@pytest.mark.parametrize("text", PLANTED.values(), ids=PLANTED)
def test_row_273_what_a_launch_says_is_text_on_every_page(stage_on_sqlite: Stage, text: str) -> None:
    stage = stage_on_sqlite
    student = dressed(begun(stage, "tom"), text)
    tom = let_in(student)
    assert student.browser.post("posts/new", {"title": text, "subtitle": text, "body": text, "sources": text,
                                              "once": "1"}).status_code == 303  # fmt: skip
    assert student.browser.post("posts/1/comments", {"body": text, "once": "2"}).status_code == 303
    teacher = dressed(begun(stage, "irena"), text)
    let_in(teacher)
    score = {"points": "7", "reason": text}
    assert teacher.browser.post(f"desk/people/{tom.person_id}/score", score).status_code == 303
    assert teacher.browser.post("posts/new", {"title": text, "body": text, "once": "3"}).status_code == 303
    for browser in (teacher.browser, student.browser):
        for path, page in pages_of(stage, browser, tom.person_id):
            assert markup_in(page) == [], path
    assert f"name {text}" in words_of(teacher.browser.get("desk").text)
    assert f"blog {text}" in words_of(student.browser.get("").text)


@pytest.mark.parametrize("text", PLANTED.values(), ids=PLANTED)
def test_row_273_what_the_list_of_people_says_is_text_on_every_page(moodle_stage: Stage, text: str) -> None:
    """Escaped by the LMS, as Moodle does, or not: it is undone once, and escaped again where it is shown."""
    stage = moodle_stage
    written = (f"first {text}", f"second {text}".replace("&", "&amp;").replace("<", "&lt;"))
    members = [
        {"user_id": f"u{number}", "roles": ["Learner"], "name": name, "email": name}
        for number, name in enumerate(written)
    ]
    attempt = begun(stage, "irena")
    with scripted_lms() as lms:
        lms.will_say("/people", Response(json.dumps({"members": members})))
        with stage.tool.database.writing() as session:
            allow_host(session, 1, urlsplit(lms.url).netloc)
        attempt.claims = changed(attempt.claims, {NRPS: {"context_memberships_url": f"{lms.url}/people"}})
        arrived = let_in(attempt)
        assert [line["event"] for line in read_again(stage)] == ["roster_read"]
    assert f"second {text}" in words_of(attempt.browser.get("desk").text)
    for number in (arrived.person_id + 1, arrived.person_id + 2):
        for path, page in pages_of(stage, attempt.browser, number):
            assert markup_in(page) == [], path


@pytest.mark.parametrize("text", PLANTED.values(), ids=PLANTED)
def test_row_273_in_the_dialogue_for_new_links_too(stage_on_sqlite: Stage, text: str) -> None:
    stage = stage_on_sqlite
    let_in(dressed(begun(stage, "irena"), text))
    attempt = dressed(asked(stage, data=text), text)
    response = attempt.post()
    assert response.status_code == 303, response.text
    pages = [attempt.browser.get("")]
    typed = {"title": [text, ""], "prompt": [text, ""], "maximum": [text, text]}
    pages.append(attempt.browser.post("", {**typed, "add": "yes"}))
    pages.append(attempt.browser.post("", {**typed, "take": [text]}))
    pages.append(attempt.browser.post("", {"title": text, "prompt": text, "maximum": "10"}))
    assert [page.status_code for page in pages] == [200, 200, 422, 200]
    for page in pages:
        assert markup_in(page.text) == []
    assert "course " in pages[0].text
    assert 'name="JWT"' in pages[-1].text


@pytest.mark.parametrize("text", PLANTED.values(), ids=PLANTED)
def test_row_273_in_the_question_about_a_copy_too(stage_on_sqlite: Stage, text: str) -> None:
    stage = stage_on_sqlite
    let_in(dressed(begun(stage, "irena"), text))
    history = {"resource_link_id_history": "r1", "context_id_history": "c1"}
    link, context = {"id": "r2", "title": f"copy {text}"}, {"id": "c2", "title": f"new {text}"}
    copy = dressed(begun(stage, "irena"), text, custom=history, resource_link=link, context=context)
    answer = copy.post()
    assert answer.headers["Location"].endswith("/copy")
    page = copy.browser.get(answer.headers["Location"])
    assert page.status_code == 200
    assert "course " in page.text
    assert "blog " in page.text
    assert markup_in(page.text) == []


@pytest.mark.parametrize("kind", sorted(set(PLANTED) - {"entities"}))
def test_what_is_planted_would_be_found(kind: str) -> None:
    """On a page that forgets to escape; entities do harm only where they are undone twice."""
    text = PLANTED[kind]
    assert markup_in(f'<p>{text}</p><input value="{text}">')
