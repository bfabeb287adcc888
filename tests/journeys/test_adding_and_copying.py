"""A teacher adds a blog from the LMS's own dialogue, copies the course, and says once what the copy is to be."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser import People
from tests.journeys.test_pictures import wanted_folder
from tests.journeys.walking import framed_blog, open_framed, sign_in
from tests.stage import Stage, open_stage

TEACHER, STUDENT = "Dr. Irena Novak", "Tom Okonkwo"
TITLE, PROMPT = "Radio and the Thaw", "Which voices came through the wire, and who answered?"


@pytest.fixture
def school(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> Iterator[Stage]:
    with open_stage(tmp_path, sqlite_url, request.param) as opened:
        yield opened


@pytest.mark.parametrize("school", ["canvas", "moodle"], indirect=True)
@pytest.mark.parametrize(("width", "dark"), [(374, True), (1280, False)])
def test_a_blog_is_added_and_its_course_copied(school: Stage, new_page: People, width: int, dark: bool) -> None:
    page = new_page(width, 800, dark, allow=["status of 422"])
    sign_in(page, school.lms_url, TEACHER)
    _add(page)
    blog = open_framed(page, TITLE)
    expect(blog.get_by_text(PROMPT)).to_be_visible()
    _look(page, f"added-{school.accent}-{width}")
    _write(blog)

    sign_in(page, school.lms_url, TEACHER)
    page.get_by_role("button", name="Copy this course").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("HIST 3644: Soviet History")
    page.get_by_role("main").get_by_role("link", name=TITLE, exact=True).click()
    asked = page.frame_locator("iframe[name=tool]")
    expect(asked.get_by_role("heading", name="This link was copied. What is it to be?")).to_be_visible()
    _look(page, f"copied-{school.accent}-{width}")
    asked.get_by_role("button", name="New term").click()
    blog = framed_blog(page)
    expect(blog.get_by_text(PROMPT)).to_be_visible()
    expect(blog.get_by_role("link", name="What we heard")).to_have_count(0)
    _look(page, f"new-term-{school.accent}-{width}")


def _add(page: Page) -> None:
    page.get_by_role("link", name="Add an activity").click()
    dialogue = page.frame_locator("iframe[name=dialogue]")
    expect(dialogue.get_by_role("heading", name="Add a class blog to HIST 3644")).to_be_visible()
    dialogue.get_by_role("button", name="Add to the course").click()
    expect(dialogue.get_by_role("alert")).to_be_visible()  # a blog has a title
    dialogue.get_by_label("Title").fill(TITLE)
    dialogue.get_by_label("Prompt").fill(PROMPT)
    _look(page, f"dialogue-{page.viewport_size and page.viewport_size['width']}")
    dialogue.get_by_role("button", name="Add to the course").click()
    expect(page.get_by_role("heading", name="New activity")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main").get_by_role("link", name=TITLE, exact=True)).to_be_visible()


def _write(blog: FrameLocator) -> None:
    blog.get_by_role("link", name="Write").first.click()
    blog.get_by_label("Title", exact=True).fill("What we heard")
    blog.get_by_label("Text").fill("Only one voice, and it never stopped.")
    blog.get_by_role("button", name="Publish").click()
    expect(blog.get_by_role("heading", name="What we heard")).to_be_visible()


def _look(page: Page, name: str) -> None:
    folder = wanted_folder()
    if folder is not None:
        page.screenshot(path=folder / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{name} sticks out"
