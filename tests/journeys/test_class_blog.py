"""A class reads and discusses in a browser: what is new, quoting, layouts, moderation, and a blog's settings."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import People
from tests.journeys.walking import comment, open_in_window
from tests.stage import ScriptBrowser, Stage


@pytest.fixture
def stage(stage_on_sqlite: Stage) -> Stage:
    """A post by Hannah with two comments by Tom."""
    hannah, tom = stage_on_sqlite.launched("hannah"), stage_on_sqlite.launched("tom")
    text = "It ticked in the dark. Nobody dared to turn it off."
    hannah.post("posts/new", {"title": "The kitchen radio", "body": text, "once": "a"})
    say(tom, "I heard it too.")
    say(tom, "And I turned it off.")
    return stage_on_sqlite


def say(browser: ScriptBrowser, body: str, answers: str = "") -> None:
    answer = browser.post("posts/1/comments", {"body": body, "once": body, "answers": answers})
    assert answer.status_code == 303, answer.text


def test_new_comments_are_announced_and_n_goes_from_one_to_the_next(stage: Stage, new_page: People) -> None:
    page = new_page(885)
    open_in_window(page, stage.lms_url, "hannah")
    expect(comment(page, 2)).to_be_visible()
    tom = stage.launched("tom")
    say(tom, "Later, in the thread", "1")
    say(tom, "Later, at the end")
    look_again(page)
    page.get_by_role("link", name="2 new comments. Show them").click()
    expect(page.locator("#c3 h3")).to_be_focused()
    expect(page.locator("#c3 h3")).to_contain_text("new")
    page.keyboard.press("n")
    expect(page.locator("#c4 h3")).to_be_focused()


def test_keys_are_listed_and_can_be_switched_off(stage: Stage, new_page: People) -> None:
    page = new_page(885)
    open_in_window(page, stage.lms_url, "hannah")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("next new comment")
    keys.get_by_label("Single keys work in this browser").uncheck()
    keys.get_by_role("button", name="Close").click()
    page.reload()
    expect(page.get_by_role("button", name="Keys")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("?")
    expect(keys).to_be_visible()
    expect(page.locator(".comment.current")).to_have_count(0)
    keys.get_by_label("Single keys work in this browser").check()
    keys.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    expect(page.locator("#c1 h3")).to_be_focused()


def test_a_passage_is_quoted_where_one_answers(stage: Stage, new_page: People) -> None:
    page = new_page(885)
    open_in_window(page, stage.lms_url, "michael")
    select_text(page, ".essay .body p")
    page.get_by_role("button", name="Quote this").click()
    field = page.get_by_label("Write a comment")
    expect(field).to_have_value("> It ticked in the dark. Nobody dared to turn it off.\n\n")
    expect(field).to_be_focused()
    select_text(page, "#c2 .text p")
    page.get_by_role("button", name="Quote this").click()
    answer = comment(page, 2).get_by_label("Your answer")
    expect(answer).to_have_value("> And I turned it off.\n\n")
    answer.press_sequentially("Bravely.")
    page.get_by_role("button", name="Post answer").click()
    expect(comment(page, 3).locator("blockquote")).to_have_text("And I turned it off.")


def test_layouts(stage: Stage, new_page: People) -> None:
    say(stage.launched("michael"), "An answer to the first", "1")
    page = new_page(374)
    open_in_window(page, stage.lms_url, "hannah")
    for name, order in (
        ("Newest thread first", ["#2", "#1", "#3"]),
        ("In time", ["#1", "#2", "#3"]),
        ("Latest first", ["#3", "#2", "#1"]),
        ("Thread", ["#1", "#3", "#2"]),
    ):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator(".comment .number")).to_have_text(order)
        expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "page")
        assert page.evaluate("document.documentElement.scrollWidth") <= 374


def test_a_report_is_settled_by_hiding(stage: Stage, new_page: People) -> None:
    reader, teacher = new_page(374), new_page(885)
    open_in_window(reader, stage.lms_url, "michael")
    comment(reader, 2).get_by_role("link", name="More about #2").click()
    reader.get_by_label("What is wrong with it").fill("That was my radio")
    reader.get_by_role("button", name="Report it to your teacher").click()
    expect(reader.get_by_text("Your teacher will look at it.")).to_be_visible()
    open_in_window(teacher, stage.lms_url, "irena")
    teacher.get_by_role("link", name="1 report").click()
    expect(teacher.get_by_text("That was my radio")).to_be_visible()
    teacher.get_by_role("link", name="Look at it, hide it or answer").click()
    teacher.get_by_label("Why").fill("It was not yours to turn off")
    teacher.get_by_role("button", name="Hide it").click()
    expect(comment(teacher, 2)).to_contain_text("It was not yours to turn off")
    reader.reload()
    expect(comment(reader, 2)).to_contain_text("Staff have hidden this comment.")
    expect(comment(reader, 2)).not_to_contain_text("turned")


def test_a_teacher_says_how_the_class_uses_the_blog(stage: Stage, new_page: People) -> None:
    teacher = new_page(885)
    open_in_window(teacher, stage.lms_url, "irena")
    teacher.get_by_role("link", name="The blog's own page").click()
    teacher.get_by_role("link", name="How the class uses this blog").click()
    teacher.get_by_label("Posts are due").fill("2030-05-01T09:00")
    teacher.get_by_label("Students write before they read the others").check()
    teacher.get_by_role("button", name="Save").click()
    expect(teacher.get_by_text("Saved: how the class uses this blog.")).to_be_visible()
    expect(teacher.get_by_text("Posts due")).to_contain_text("9:00")
    student = new_page(374)
    open_in_window(student, stage.lms_url, "michael")
    expect(student.get_by_text("Here you write before you read")).to_be_visible()
    expect(student.get_by_text("The kitchen radio")).to_have_count(0)


def look_again(page: Page) -> None:
    """Do what the browser does when a reader comes back to the tab."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def select_text(page: Page, selector: str) -> None:
    page.evaluate("selector => document.getSelection().selectAllChildren(document.querySelector(selector))", selector)
