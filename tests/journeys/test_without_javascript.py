"""Everything that matters works without scripts: reading, writing, marking, sending again, and getting in at all."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import People
from tests.journeys.walking import comment, framed_blog, open_in_window, wait_until
from tests.stage import Stage


@pytest.fixture
def stage(stage_on_sqlite: Stage) -> Stage:
    """A blog with a post by Hannah and a comment by Tom."""
    hannah, tom = stage_on_sqlite.launched("hannah"), stage_on_sqlite.launched("tom")
    hannah.post("posts/new", {"title": "The kitchen radio", "body": "It hung on the wall.\n\nIt ticked.", "once": "a"})
    tom.post("posts/1/comments", {"body": "Who paid for the wire?", "once": "b"})
    return stage_on_sqlite


def test_reading_answering_changing_and_taking_back(stage: Stage, new_page: People) -> None:
    page = new_page(374, 700, java_script_enabled=False)
    open_in_window(page, stage.lms_url, "hannah")
    expect(page.get_by_role("heading", name="The kitchen radio")).to_be_visible()
    expect(page.locator(".essay .body p")).to_have_text(["It hung on the wall.", "It ticked."])

    comment(page, 1).get_by_role("link", name="Reply").click()
    comment(page, 1).get_by_label("Your answer").fill("The city did.")
    page.get_by_role("button", name="Post answer").click()
    expect(comment(page, 2)).to_contain_text("The city did.")
    expect(comment(page, 2)).to_contain_text("in reply to #1, Tom Okonkwo")

    comment(page, 2).get_by_role("link", name="Edit").click()
    page.get_by_label("Your comment").fill("The city did, from the rent.")
    page.get_by_role("button", name="Save").click()
    expect(comment(page, 2)).to_contain_text("from the rent")

    page.get_by_label("Write a comment").fill("A second thought.")
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_role("heading", name="3 comments")).to_be_visible()

    comment(page, 3).get_by_text("Delete", exact=True).click()  # <details> opens by itself
    page.get_by_role("button", name="Delete #3").click()
    expect(page.get_by_role("heading", name="2 comments")).to_be_visible()
    expect(page.get_by_text("A second thought.")).to_have_count(0)


def test_an_empty_answer_is_stopped_and_a_lost_place_is_said(stage: Stage, new_page: People) -> None:
    page = new_page(java_script_enabled=False, allow=["status of 422"])
    open_in_window(page, stage.lms_url, "hannah")
    comment(page, 1).get_by_role("link", name="Reply").click()
    page.get_by_role("button", name="Post answer").click()
    expect(comment(page, 1).get_by_label("Your answer")).to_be_focused()  # the browser points at the empty field
    comment(page, 1).get_by_label("Your answer").fill("The city did.")
    stage.launched("tom").post("posts/1/comments/1/delete")
    page.get_by_role("button", name="Post answer").click()
    expect(page.get_by_role("alert")).to_contain_text("has been deleted meanwhile")
    expect(page.get_by_label("Write a comment")).to_have_value("The city did.")
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_text("The city did.")).to_be_visible()


def test_marking_and_sending_again(stage: Stage, new_page: People) -> None:
    page = new_page(885, 700, java_script_enabled=False)
    open_in_window(page, stage.lms_url, "irena")
    page.get_by_role("link", name="Grading desk").click()
    page.get_by_role("link", name="Mark the next comment").click()
    page.get_by_label("Feedback").fill("A good question.")
    page.get_by_role("button", name="2", exact=True).click()
    expect(page.get_by_role("heading", name="All marked")).to_be_visible()

    stage.school.faults.set("refuse_person", person="tom")
    stage.send_scores()
    page.get_by_role("link", name="See the gradebook").click()
    expect(page.get_by_role("row", name="Tom Okonkwo")).to_contain_text("needs the teacher")
    stage.school.faults.clear()
    rings = len(stage.rings)
    page.get_by_role("button", name="Try again for Tom Okonkwo").click()
    expect(page.get_by_role("status")).to_contain_text("1 of 2 sent, 1 on the way")
    assert len(stage.rings) == rings + 1
    # A second attempt within the second of the first waits for the next one, as the LMS compares whole seconds.
    wait_until(lambda: stage.clockwork.send_all().sent, "the score sent again")
    expect(page.get_by_role("status")).to_contain_text("Up to date")  # the page looks again by itself
    grade = stage.school.grade(stage.school.column_of(1).id, "tom")
    assert grade is not None
    assert grade.score == 1.33


def test_getting_in_from_the_frame(stage: Stage, new_page: People) -> None:
    page = new_page(java_script_enabled=False)
    _open_activity(page, stage, "Tom Okonkwo")
    frame = page.frame_locator("iframe[name=tool]")
    frame.get_by_role("button", name="Continue").click()
    frame.get_by_role("button", name="Try it here").click()
    frame.get_by_role("button", name="Continue").click()
    expect(framed_blog(page).get_by_text("Tom Okonkwo").first).to_be_visible()


def _open_activity(page: Page, stage: Stage, name: str) -> None:
    page.goto(stage.lms_url)
    page.get_by_role("button", name=name, exact=True).click()
    page.get_by_role("main").get_by_role("link", name="Class blog: The Thaw", exact=True).click()
