"""Pictures over HTTP: from the editor, from a form without scripts, and to those who may read the blog."""

import io

import pytest
from PIL import Image as Picture

from lti_tool.blog.images import MOST_IN_AN_HOUR
from tests.certification.launches import begun, changed, let_in
from tests.stage import ScriptBrowser, Stage
from tests.web.forms import fields_of

FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture(scope="module")
def photograph() -> bytes:
    made = io.BytesIO()
    Picture.effect_noise((1800, 1400), 90).save(made, "JPEG", quality=95)
    assert made.tell() > 1_000_000  # more than any other form may bring
    return made.getvalue()


def sent(browser: ScriptBrowser, content: bytes) -> str:
    answer = browser.post("images", files={"image": ("a.jpg", content)}, headers=FETCH)
    assert answer.status_code == 200, answer.text
    key: str = answer.json()["key"]
    return key


def test_from_the_editor_to_the_reader(open_house: Stage, photograph: bytes) -> None:
    tom = open_house.launched("tom")
    key = sent(tom, photograph)
    shown = open_house.launched("hannah").get("images", params={"key": key})
    assert shown.status_code == 200
    assert shown.headers["Content-Type"] == "image/webp"
    assert shown.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert max(Picture.open(io.BytesIO(shown.content)).size) == 1600
    assert open_house.browser().get(f"{tom.home}/images", params={"key": key}).status_code == 401
    assert tom.get("images", params={"key": key + "x"}).status_code == 404


def test_another_blog_does_not_show_it(open_house: Stage, photograph: bytes) -> None:
    key = sent(open_house.launched("tom"), photograph)
    other = begun(open_house, "tom")
    other.claims = changed(other.claims, {"resource_link": {"id": "another"}})
    let_in(other)
    assert other.browser.get("images", params={"key": key}).status_code == 404


def test_what_is_refused_is_said_in_words(open_house: Stage) -> None:
    answer = open_house.launched("tom").post("images", files={"image": b"<svg/>"}, headers=FETCH)
    assert answer.status_code == 422
    assert "no picture" in answer.json()["what"]
    onlooker = begun(open_house, "isaiah")
    onlooker.claims = changed(onlooker.claims, {"roles": [], "sub": "onlooker"})
    let_in(onlooker)
    assert onlooker.browser.post("images", files={"image": b"x"}).status_code == 403


def test_without_scripts_the_page_comes_back_with_all_that_was_written(open_house: Stage, photograph: bytes) -> None:
    tom = open_house.launched("tom")
    form = {"title": "A <title>", "subtitle": "S", "body": "My text.", "sources": "A book", "once": "t1", "alt": ""}
    refused = tom.post("images/insert", form, files={"image": ("a.jpg", photograph)})
    assert refused.status_code == 422
    assert "cannot see it" in refused.text
    assert fields_of(refused.text)["body"] == "My text."
    taken = tom.post("images/insert", {**form, "alt": "A radio on a wall"}, files={"image": ("a.jpg", photograph)})
    assert taken.status_code == 200
    fields = fields_of(taken.text)
    assert {name: fields[name] for name in ("title", "subtitle", "sources", "once")} == {
        name: form[name] for name in ("title", "subtitle", "sources", "once")
    }
    text, _, line = fields["body"].partition("\n\n")
    assert text == "My text."
    key = line.strip().removeprefix("![A radio on a wall](image:").removesuffix(")")
    assert tom.get("images", params={"key": key}).status_code == 200


def test_too_many_in_an_hour(stage_on_sqlite: Stage) -> None:
    michael, small = stage_on_sqlite.launched("michael"), io.BytesIO()
    Picture.new("RGB", (4, 4)).save(small, "PNG")
    for _picture in range(MOST_IN_AN_HOUR):
        sent(michael, small.getvalue())
    answer = michael.post("images", files={"image": small.getvalue()}, headers=FETCH)
    assert answer.status_code == 422
    assert "within the last hour" in answer.json()["what"]
