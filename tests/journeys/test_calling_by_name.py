"""Names offered in a real browser while somebody types one: in the plain field and in the editor, by keys and mouse."""

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import select

from lti_tool.models import Mention, Person, WritingDraft
from tests.browser import People
from tests.journeys.test_accessibility import AXE, RUN
from tests.journeys.walking import comment, open_in_window, wait_until
from tests.stage import Stage

BOTH = pytest.mark.parametrize("kind", ["plain field", "editor"])
PLACE = """box => { const it = box.getBoundingClientRect();
  return [it.left, it.right, it.top, it.bottom, document.documentElement.scrollWidth]; }"""


@pytest.fixture
def stage(stage_on_sqlite: Stage) -> Stage:
    """A post by Hannah; Michael, Siobhán and Tom have been here too."""
    stage_on_sqlite.launched("hannah").post(
        "posts/new", {"title": "The kitchen radio", "body": "It ticked.", "once": "a"}
    )
    for person in ("michael", "siobhan", "tom"):
        stage_on_sqlite.launched(person)
    return stage_on_sqlite


def field_of(page: Page, kind: str) -> Locator:
    """Where Tom writes his comment, with the focus in it."""
    if kind == "editor":
        page.get_by_role("button", name="Formatting").click()
        field = page.locator(".words")
        expect(field).to_be_focused()
        return field
    field = page.get_by_label("Write a comment")
    field.focus()
    return field


def options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Names").get_by_role("option")


def text_of(page: Page) -> str:
    return page.locator("textarea[name=body]").input_value()


@BOTH
def test_a_name_is_taken_with_the_keys(stage: Stage, new_page: People, kind: str) -> None:
    page = new_page()
    open_in_window(page, stage.lms_url, "tom")
    field = field_of(page, kind)
    page.keyboard.type("I agree with @si")
    expect(options(page)).to_have_text(["Siobhán O'Connor"])
    expect(options(page)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("status").filter(has_text="1 name")).to_be_attached()
    expect(field).to_have_attribute("aria-controls", page.get_by_role("listbox").get_attribute("id") or "none")
    expect(field).to_have_attribute("aria-activedescendant", options(page).get_attribute("id") or "none")
    page.evaluate(AXE.read_text())
    assert page.evaluate(RUN) == []
    page.keyboard.press("Enter")
    expect(options(page)).to_have_count(0)
    expect(field).not_to_have_attribute("aria-activedescendant", "")
    assert field.get_attribute("aria-activedescendant") is None
    page.keyboard.type("here.")
    assert text_of(page) == "I agree with @Siobhán O'Connor here."
    wait_until(lambda: _drafts(stage) == ["I agree with @Siobhán O'Connor here."], "the draft on the server")
    page.get_by_role("button", name="Post comment").click()
    expect(comment(page, 1)).to_contain_text("I agree with @Siobhán O'Connor here.")
    with stage.tool.database.reading() as session:
        called = select(Person.given_name).join(Mention, Mention.person_id == Person.id)
        assert session.scalars(called).all() == ["Siobhán"]


@BOTH
def test_arrows_tab_escape_and_the_mouse(stage: Stage, new_page: People, kind: str) -> None:
    page = new_page()
    open_in_window(page, stage.lms_url, "tom")
    with stage.tool.database.writing() as session:
        for given_name in ("Hannah", "Michael"):
            session.scalars(select(Person).filter_by(given_name=given_name)).one().name = f"{given_name} Quill"
    field = field_of(page, kind)
    page.keyboard.type("@qui")
    expect(options(page)).to_have_text(["Hannah Quill", "Michael Quill"])
    for key, chosen in (("ArrowDown", 1), ("ArrowDown", 0), ("ArrowUp", 1)):
        page.keyboard.press(key)
        expect(options(page).nth(chosen)).to_have_attribute("aria-selected", "true")
        expect(options(page).nth(1 - chosen)).to_have_attribute("aria-selected", "false")
    page.keyboard.press("Tab")
    expect(field).to_be_focused()
    assert text_of(page).rstrip() == "@Michael Quill"
    page.keyboard.type("and @qui")
    expect(options(page)).to_have_count(2)
    options(page).first.click()
    expect(field).to_be_focused()
    assert text_of(page).rstrip() == "@Michael Quill and @Hannah Quill"
    page.keyboard.type("and @qui")
    expect(options(page)).to_have_count(2)
    page.keyboard.press("Escape")
    expect(options(page)).to_have_count(0)
    page.keyboard.type("l")
    page.keyboard.press("Enter")  # a new line, as ever
    page.keyboard.type("@han")
    expect(options(page)).to_have_count(1)
    assert text_of(page).startswith("@Michael Quill and @Hannah Quill and @quil\n")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(field).not_to_be_focused()
    field.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(" x@qui @hann")
    expect(options(page)).to_have_text(["Hannah Quill"])
    page.get_by_label("How the comments").or_(page.locator("h1")).first.click()
    expect(options(page)).to_have_count(0)


@BOTH
@pytest.mark.parametrize("locale", ["en", "ar"])
def test_the_list_stays_in_a_narrow_window(stage: Stage, new_page: People, kind: str, locale: str) -> None:
    stage.school.locale = locale
    page = new_page(320, 560)
    open_in_window(page, stage.lms_url, "tom")
    if kind == "editor":
        page.locator("form.write button.link").first.click()
        expect(page.locator(".words")).to_be_focused()
    else:
        page.locator("textarea[name=body]").focus()
    direction = page.locator("html").get_attribute("dir")
    assert direction == ("rtl" if locale == "ar" else "ltr")
    page.keyboard.type("كلمات قليلة قبل الاسم ثم أخرى @hann" if locale == "ar" else "Some words before the name @hann")
    box = page.get_by_role("listbox")
    expect(box.get_by_role("option")).to_have_text(["Hannah Feld"])
    left, right, top, bottom, wide = box.evaluate(PLACE)
    assert 0 <= left < right <= 320
    assert 0 <= top < bottom <= 560
    assert wide <= 320
    page.keyboard.press("Enter")
    assert text_of(page).endswith("@Hannah Feld ") or text_of(page).endswith("@Hannah Feld")


@BOTH
def test_where_no_names_come_nothing_is_disturbed(stage: Stage, new_page: People, kind: str) -> None:
    page = new_page(allow=["ERR_FAILED", "status of 500"])
    open_in_window(page, stage.lms_url, "tom")
    asked: list[str] = []

    def fail(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) % 2:
            route.abort()
        else:
            route.fulfill(status=500, body="no")

    page.route("**/names?*", fail)
    field_of(page, kind)
    for _failure in range(2):
        with page.expect_request(lambda request: request.url.endswith("typed=hann")):
            page.keyboard.type(" @hann")
    page.keyboard.press("Enter")
    page.keyboard.type("on")
    expect(options(page)).to_have_count(0)
    assert text_of(page).replace("\n\n", "\n").strip() == "@hann @hann\non"


def _drafts(stage: Stage) -> list[str]:
    with stage.tool.database.reading() as session:
        return [fields["body"] for fields in session.scalars(select(WritingDraft.fields))]
