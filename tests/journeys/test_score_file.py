"""A teacher brings scores from a spreadsheet, looks them over, and sets them; and excuses somebody. With a browser."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import People
from tests.journeys.walking import open_in_window
from tests.stage import Stage
from tests.web.forms import fields_of

PASTED = (
    "Name\tPoints\tComment\n"
    "Okonkwo, Tom\t7,5\tSpoke in class, and led the discussion of the memoirs for most of an hour.\n"
    "Zoë Hartmann\tEX\tIll in March\n"
    "Siobhán O’Connor\t6\t\n"
    "Hannah Feld\t\t\n"
    "Somebody Else\t3\t\n"
    "Priya Raman\t12\t\n"
)


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (374, False)])
def test_from_a_spreadsheet(
    stage_on_sqlite: Stage, new_page: People, tmp_path: Path, width: int, scripts: bool
) -> None:
    stage = stage_on_sqlite
    stage.launched("irena").post("posts/new", {"title": "The Thaw", "body": "Some words.", "once": "a"})
    stage.launched("zoe")
    stage.clockwork.read_rosters()
    page = new_page(width, 900, java_script_enabled=scripts, allow=["status of 422"])
    pictures = tmp_path / "pictures"

    def look(name: str) -> None:
        """Nothing sticks out of the page. The picture is kept with the test's own files."""
        page.screenshot(path=pictures / f"{name}-{width}.png", full_page=True)
        for box in (place.bounding_box() for place in page.locator("main > *, form > *, table td").all()):
            assert box is None or box["x"] + box["width"] <= width, f"{name} sticks out"

    open_in_window(page, stage.lms_url, "irena")
    page.get_by_role("link", name="Grading desk").click()
    page.get_by_role("link", name="Set scores from a file").click()
    look("start")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="A file to fill in").click()
    assert "Zoë Hartmann" in Path(downloading.value.path()).read_text(encoding="utf-8-sig")

    page.get_by_label("The lines").fill("Okonkwo, Tom\t7,5")
    page.get_by_role("button", name="See what it would do").click()
    expect(page.get_by_role("alert")).to_contain_text("The first line does not say what the columns hold.")
    expect(page.get_by_label("The lines")).to_have_value("Okonkwo, Tom\t7,5")
    look("refused")

    page.get_by_label("The lines").fill(PASTED)
    page.get_by_role("button", name="See what it would do").click()
    first, second, tom = (page.locator("tbody tr").nth(place) for place in range(3))
    expect(first).to_contain_text("No student here is called “Somebody Else”.")
    expect(second).to_contain_text("Give a number from 0 to 10")
    expect(tom).to_contain_text("becomes your own score")
    look("shown")
    assert fields_of(page.content())["text"].strip() == PASTED.strip()
    page.get_by_role("button", name="Set these 3 scores").click()
    expect(page.get_by_role("status")).to_contain_text("The scores from your file are set")
    expect(page.get_by_role("row", name="Zoë Hartmann")).to_contain_text("Excused")
    look("desk")

    _excuse_and_take_back(page, look)
    stage.send_scores()
    grades = stage.school.grades(stage.school.column_of(1).id)
    assert (grades["tom"].score, grades["siobhan"].score, "zoe" in grades) == (7.5, 6, False)
    student = new_page(width, 700, java_script_enabled=scripts)
    open_in_window(student, stage.lms_url, "zoe")
    expect(student.get_by_role("navigation", name="Class blog")).to_contain_text("My participation Excused")
    student.get_by_role("link", name="My participation").click()
    expect(student.get_by_role("heading", name="Score")).to_contain_text("Excused")
    expect(student.get_by_text("You are excused by the teacher")).to_be_visible()
    student.screenshot(path=pictures / f"student-{width}.png", full_page=True)


def _excuse_and_take_back(page: Page, look: Callable[[str], None]) -> None:
    page.get_by_role("link", name="Hannah Feld").click()
    page.get_by_label("Reason").fill("Moved here in May")
    page.get_by_role("button", name="Excuse Hannah Feld").click()
    expect(page.get_by_role("status")).to_contain_text("Excused: no score is sent.")
    expect(page.get_by_role("heading", name="Score").first).to_contain_text("Excused")
    look("person")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Points of 10")).to_be_focused()  # the browser asks for the points
    page.get_by_role("button", name="Excused no more").click()
    expect(page.get_by_text("There is nothing to score yet.")).to_be_visible()
