"""A long thread read in a browser: paging, permalinks, folding, keys, drafts, and posting once."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import func, select

from lti_tool.blog.comments import Draft, add_comment, delete_comment
from lti_tool.models import Comment, Person, Post
from tests.browser import People
from tests.journeys.walking import comment, open_in_window, wait_until
from tests.stage import Stage

CHAIN = 13  # comments 2 to 13 each answer the one before; after that every odd one answers the even one before it
COMMENTS = 120


@pytest.fixture
def stage(stage_on_sqlite: Stage) -> Stage:
    """A blog with one post by Hannah and a thread of 120 comments by Tom and Michael in turn."""
    stage = stage_on_sqlite
    stage.launched("hannah").post("posts/new", {"title": "The kitchen radio", "body": "It ticked.", "once": "a"})
    for person in ("tom", "michael"):
        stage.launched(person)
    now = datetime.now(UTC)
    with stage.tool.database.writing() as session:
        post_id = session.scalars(select(Post.id)).one()
        given_names = ("Michael", "Tom")
        authors = [session.scalars(select(Person.id).filter_by(given_name=name)).one() for name in given_names]
        for number in range(1, COMMENTS + 1):
            answers = number - 1 if 1 < number <= CHAIN or (number > CHAIN and number % 2) else None
            draft = Draft(f"This is what comment {number} says.", f"once-{number}", authors[number % 2], answers)
            assert add_comment(session, post_id, draft, now).number == number
    return stage


def test_paging_forward_and_back(stage: Stage, new_page: People) -> None:
    page = new_page(885)
    open_in_window(page, stage.lms_url, "hannah")
    expect(page.get_by_role("heading", name="120 comments")).to_be_visible()
    assert _numbers(page) == list(range(1, 51))
    page.get_by_role("link", name="Next comments").click()
    expect(comment(page, 51)).to_be_visible()
    assert _numbers(page) == list(range(51, 101))
    expect(comment(page, 51)).to_contain_text("in reply to #50, Michael Rossi")  # though that stands a page before
    expect(page.get_by_role("heading", name="The kitchen radio")).to_be_visible()
    page.get_by_role("link", name="Next comments").click()
    expect(comment(page, 101)).to_be_visible()
    assert _numbers(page) == list(range(101, 121))
    expect(page.get_by_role("link", name="Next comments")).to_have_count(0)
    for first, last in ((51, 100), (1, 50)):
        page.get_by_role("link", name="Earlier comments").click()
        expect(comment(page, first)).to_be_visible()
        assert _numbers(page) == list(range(first, last + 1))
    expect(page.get_by_role("link", name="Earlier comments")).to_have_count(0)


def test_a_permalink_shows_and_focuses_its_comment(stage: Stage, new_page: People) -> None:
    page = new_page(374, 700)
    open_in_window(page, stage.lms_url, "hannah")
    page.goto(f"{page.url.split('?')[0]}?at=77#c77")
    expect(_heading(page, 77)).to_be_focused()
    expect(_heading(page, 77)).to_be_in_viewport()
    page.get_by_role("link", name="in reply to #76, Michael Rossi").click()
    expect(_heading(page, 76)).to_be_focused()
    comment(page, 80).get_by_role("link", name="Link to #80").click()
    expect(_heading(page, 80)).to_be_focused()
    assert page.url.endswith("?at=80#c80")


def test_a_folded_branch_says_how_many_it_holds(stage: Stage, new_page: People) -> None:
    page = new_page(885)
    open_in_window(page, stage.lms_url, "hannah")
    fold = page.locator("#c1 > details > summary")
    expect(fold).to_have_text("12 replies")
    fold.click()
    expect(comment(page, 2)).to_be_hidden()
    expect(fold).to_have_text("12 replies")
    expect(comment(page, 14)).to_be_visible()
    expect(page.locator("#c14 > details > summary")).to_have_text("1 reply")
    # the keys pass a folded branch by, and a link into it opens it
    _heading(page, 1).click()
    for number in (1, 14):
        page.keyboard.press("j")
        expect(_heading(page, number)).to_be_focused()
    page.goto(f"{page.url.split('?')[0]}?at=5#c5")
    expect(comment(page, 5)).to_be_visible()


def test_deep_answers_keep_the_line_and_say_whom_they_answer(stage: Stage, new_page: People) -> None:
    for width, room in ((374, 280), (885, 420)):
        page = new_page(width)
        open_in_window(page, stage.lms_url, "hannah")
        expect(comment(page, 13)).to_contain_text("in reply to #12, Michael Rossi")
        box = comment(page, 13).bounding_box()
        assert box is not None
        assert box["width"] > room
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keys(stage: Stage, new_page: People) -> None:
    page = new_page(885)
    open_in_window(page, stage.lms_url, "hannah")
    for key, number in (("j", 1), ("j", 2), ("j", 3), ("k", 2), ("j", 3), ("p", 2), ("p", 1), ("p", 1), ("k", 1)):
        page.keyboard.press(key)
        expect(_heading(page, number)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("r")
    answer = comment(page, 2).get_by_label("Your answer")
    expect(answer).to_be_focused()
    expect(answer).to_have_value("")
    page.keyboard.type("jkrp are letters here")
    expect(answer).to_have_value("jkrp are letters here")


def test_a_deleted_comment_keeps_its_place_while_it_has_replies(stage: Stage, new_page: People) -> None:
    with stage.tool.database.writing() as session:
        post_id = session.scalars(select(Post.id)).one()
        tom = session.scalars(select(Person.id).filter_by(given_name="Tom")).one()
        for number in (3, 15):
            delete_comment(session, post_id, number, tom, datetime.now(UTC))
    page = new_page(885)
    open_in_window(page, stage.lms_url, "hannah")
    expect(page.get_by_role("heading", name="118 comments")).to_be_visible()
    expect(comment(page, 3)).to_contain_text("This comment was deleted by its author. Its replies are kept.")
    expect(page.get_by_text("This is what comment 3 says.")).to_have_count(0)
    expect(_reply_link(page, 3)).to_have_count(0)
    expect(page.locator("#c3").locator("#c4")).to_be_visible()
    expect(page.locator("#c15")).to_have_count(0)
    for _step in range(3):
        page.keyboard.press("j")
    page.keyboard.press("r")  # there is nothing to answer, and the reply below is not answered instead
    expect(_heading(page, 3)).to_be_focused()
    expect(page.get_by_label("Your answer")).to_have_count(0)


def test_a_draft_outlives_the_page_and_the_visit(stage: Stage, new_page: People) -> None:
    page = new_page(885)
    open_in_window(page, stage.lms_url, "hannah")
    page.get_by_label("Write a comment").fill("Half a thought")
    expect(page.get_by_text("Draft kept in this browser.")).to_be_visible()
    _reply_link(page, 4).click()
    comment(page, 4).get_by_label("Your answer").fill("Another half")
    expect(comment(page, 4).get_by_text("Draft kept in this browser.")).to_be_visible()

    page.reload()
    expect(page.get_by_label("Write a comment")).to_have_value("Half a thought")
    expect(page.get_by_text("Your draft is back.")).to_be_visible()
    open_in_window(page, stage.lms_url, "tom")  # somebody else in the same browser does not see it
    expect(page.get_by_label("Write a comment")).to_have_value("")
    open_in_window(page, stage.lms_url, "hannah")
    _reply_link(page, 4).click()
    expect(comment(page, 4).get_by_label("Your answer")).to_have_value("Another half")
    comment(page, 4).get_by_role("button", name="Post answer").click()
    expect(comment(page, 121)).to_contain_text("Another half")

    _reply_link(page, 4).click()
    expect(comment(page, 4).get_by_label("Your answer")).to_have_value("")  # posted, so no draft any more
    expect(page.get_by_label("Write a comment")).to_have_value("Half a thought")


def test_posting_puts_the_focus_on_the_new_comment(stage: Stage, new_page: People) -> None:
    page = new_page(374, 700)
    open_in_window(page, stage.lms_url, "hannah")
    page.get_by_label("Write a comment").fill("The last word, from the first page.")
    page.get_by_role("button", name="Post comment").click()
    expect(_heading(page, 121)).to_be_focused()
    expect(_heading(page, 121)).to_be_in_viewport()
    expect(comment(page, 121)).to_contain_text("The last word")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_double_click_posts_once(stage: Stage, new_page: People, scripts: bool) -> None:
    page = new_page(885, java_script_enabled=scripts)
    open_in_window(page, stage.lms_url, "hannah")
    page.get_by_label("Write a comment").fill("Once is enough.")
    page.get_by_role("button", name="Post comment").dblclick()
    expect(page.get_by_text("Once is enough.")).to_have_count(1)

    def stored() -> int:
        with stage.tool.database.reading() as session:
            return session.scalar(select(func.count()).where(Comment.body == "Once is enough.")) or 0

    wait_until(lambda: stored() >= 1, "the comment stored")
    page.reload()
    expect(page.get_by_role("heading", name="121 comments")).to_be_visible()
    assert stored() == 1


def _numbers(page: Page) -> list[int]:
    """The numbers of the comments on the page, from top to bottom."""
    found: list[int] = page.locator("li.comment").evaluate_all("all => all.map(one => Number(one.id.slice(1)))")
    return found


def _reply_link(page: Page, number: int) -> Locator:
    return comment(page, number).get_by_role("link", name=re.compile("^Reply to"))


def _heading(page: Page, number: int) -> Locator:
    return page.locator(f"#h{number}")
