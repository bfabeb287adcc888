"""The main job on real input, as it is judged: import, launch, answer, mark, and the score seen in the gradebook.

Everything runs as a teacher would run it, with `lti-tool demo`: its server, its worker and the practice LMS are
processes of their own. Only what people see on pages is looked at.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser import People
from tests.journeys.walking import (
    Demo,
    comment,
    framed_blog,
    gradebook_cells,
    open_framed,
    running_demo,
    sign_in,
    wait_until,
)

ACTIVITY = "Class blog: After Stalin"  # the demo fills the other one
CLASS_BLOG = Path(__file__).parent / "class_blog.txt"
SAMPLE = Path(__file__).parents[2].parent / "shared" / "samples" / "class-blog-post.txt"

# What the teacher gives each comment of class_blog.txt, and of those written in the test (13 and 14), by its number.
# Not in it: comment 3, whose writer nobody knows, and 12 and 15, which their authors delete.
MARKS = {1: 3, 2: 2, 4: 3, 5: 2, 6: 0, 7: 1, 8: 3, 9: 0, 10: 1, 11: 2, 13: 1, 14: 3}

# By hand, from "4 points for a post, the best 3 comments 2 points times mark / 3 each, at most 10".
EXPECTED = {
    "Hannah Feld": "9.33 / 10",  # 4 for the post, and of 2 3 0 3 1 the best three: 2 + 2 + 1.333
    "Tom Okonkwo": "2.67 / 10",  # 3 and 1: 2 + 0.667
    "Michael Rossi": "3.33 / 10",  # 2 and 3: 1.333 + 2
    "Siobhán O'Connor": "0.67 / 10",  # 1
    "Chris Delacroix": "0 / 10",  # 0: a mark of 0 is a mark
    "Priya Raman": "6.5 / 10",  # 2 would be 1.33; the teacher sets 6.5
}


@pytest.fixture(scope="module", params=["canvas", "moodle"])
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("demo"), "--accent", request.param) as started:
        yield started


@pytest.fixture(scope="module")
def demo_for_the_sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("demo")) as started:
        yield started


def test_from_the_import_to_the_gradebook(demo: Demo, new_page: People) -> None:
    teacher, tom, michael = new_page(), new_page(885), new_page(374, 800, allow=["status of 403"])
    for page, name in ((teacher, "Dr. Irena Novak"), (tom, "Tom Okonkwo"), (michael, "Michael Rossi")):
        sign_in(page, demo.lms_url, name)
    _import(open_framed(teacher, ACTIVITY), CLASS_BLOG.read_text())
    _tom_writes(open_framed(tom, ACTIVITY))
    _michael_writes(open_framed(michael, ACTIVITY))
    _tom_deletes_what_was_answered(tom)
    _mark_all(framed_blog(teacher))
    _correct_priya(framed_blog(teacher))

    everyone = gradebook_cells(teacher, demo.lms_url, ACTIVITY)
    assert len(everyone) >= 12
    expected = {name: EXPECTED.get(name, "–") for name in everyone}
    wait_until(
        lambda: gradebook_cells(teacher, demo.lms_url, ACTIVITY) == expected,
        f"the LMS's gradebook as worked out by hand; it is {gradebook_cells(teacher, demo.lms_url, ACTIVITY)}",
    )
    _teacher_sees_that_all_has_gone(teacher, demo)
    _student_sees_the_sum(michael, demo)
    _student_is_kept_out(michael)


@pytest.mark.skipif(not SAMPLE.exists(), reason="the class's own text is not part of this repository")
def test_the_real_class_blog_page(demo_for_the_sample: Demo, new_page: People) -> None:
    demo = demo_for_the_sample
    teacher, tom = new_page(), new_page(374, 800)
    sign_in(teacher, demo.lms_url, "Dr. Irena Novak")
    frame = open_framed(teacher, ACTIVITY)
    _paste(frame, SAMPLE.read_text())
    expect(frame.get_by_label("Worth a look")).to_contain_text("12 comments, but 11 were found")
    assert _chosen_people(frame) == [
        "Isaiah Brooks", "Tom Okonkwo", "Isaiah Brooks", "not in this course", "Isaiah Brooks", "Michael Rossi",
        "Isaiah Brooks", "Matt Lindqvist", "Isaiah Brooks", "Chris Delacroix", "Isaiah Brooks", "not in this course",
    ]  # fmt: skip
    frame.get_by_role("group", name="Comment 3", exact=True).get_by_label("Written by").select_option("Dr. Irena Novak")
    frame.get_by_role("button", name="Store the post and its comments").click()
    expect(frame.get_by_role("heading", name="11 comments")).to_be_visible()
    expect(comment(frame, 3)).to_contain_text("instructor")

    sign_in(tom, demo.lms_url, "Tom Okonkwo")
    toms = open_framed(tom, ACTIVITY)
    _reply(toms, 3, "Freeze says little about that; the Digest is better.")
    _reply(toms, 4, "So the pivot was one of tone at first.")

    # Tom 1 12 13, Isaiah 2 4 6 8 10, Michael 5, Matt 7, Chris 9: in the order in which they were written
    _mark(frame, {1: 3, 2: 3, 4: 3, 5: 2, 6: 2, 7: 3, 8: 3, 9: 1, 10: 0, 12: 2, 13: 1})
    expected = {
        "Isaiah Brooks": "10 / 10",  # 4 + 2 + 2 + 2
        "Tom Okonkwo": "4 / 10",  # 3, 2 and 1: 2 + 1.333 + 0.667
        "Michael Rossi": "1.33 / 10",
        "Matt Lindqvist": "2 / 10",
        "Chris Delacroix": "0.67 / 10",
        "Priya Raman": "–",
    }
    wait_until(
        lambda: expected.items() <= gradebook_cells(teacher, demo.lms_url, ACTIVITY).items(),
        f"the LMS's gradebook as worked out by hand; it is {gradebook_cells(teacher, demo.lms_url, ACTIVITY)}",
    )


def _import(frame: FrameLocator, text: str) -> None:
    """Paste, look at every guess, correct one, store, and find that pasting it again stores nothing."""
    _paste(frame, text)
    expect(frame.get_by_label("Worth a look")).to_contain_text("12 comments, but 11 were found")
    assert _chosen_people(frame) == [
        "Hannah Feld", "Tom Okonkwo", "Hannah Feld", "not in this course", "Hannah Feld", "Michael Rossi",
        "Hannah Feld", "Siobhán O'Connor", "Hannah Feld", "Chris Delacroix", "Hannah Feld", "not in this course",
    ]  # fmt: skip
    second = frame.get_by_role("group", name="Comment 2", exact=True)
    expect(second).to_contain_text("Thanks for the comment Tom!")
    expect(second).to_contain_text("the first name of Hannah Feld")
    expect(second.get_by_label("Answers comment")).to_have_value("1")
    eleventh = frame.get_by_role("group", name="Comment 11", exact=True)
    expect(eleventh).to_contain_text("Nothing names its writer")
    eleventh.get_by_label("Written by").select_option("Priya Raman")
    frame.get_by_role("button", name="Store the post and its comments").click()

    expect(frame.get_by_role("heading", name="11 comments")).to_be_visible()
    expect(comment(frame, 11)).to_contain_text("Priya Raman")
    expect(comment(frame, 3)).to_contain_text("Name unknown")
    expect(comment(frame, 2)).to_contain_text("in reply to #1, Tom Okonkwo")

    _paste(frame, text.replace("’", "'").replace("“", '"').replace("”", '"'))
    expect(frame.get_by_role("alert")).to_contain_text("has been imported into this blog before")
    expect(frame.get_by_role("button", name="Store the post and its comments")).to_be_disabled()


def _paste(frame: FrameLocator, text: str) -> None:
    frame.get_by_role("link", name="Import", exact=True).click()
    frame.get_by_label("The page's text").fill(text)
    frame.get_by_role("button", name="See what is in it").click()
    expect(frame.get_by_role("heading", name="Check before storing")).to_be_visible()


def _chosen_people(frame: FrameLocator) -> list[str]:
    """Whom the preview takes for the author of the post and of each comment, in order."""
    chosen: list[str] = frame.locator("select").evaluate_all("all => all.map(one => one.selectedOptions[0].text)")
    return chosen


def _reply(frame: FrameLocator, number: int, text: str) -> None:
    comment(frame, number).get_by_role("link", name=f"Reply to #{number}").click()
    answer = comment(frame, number).get_by_label("Your answer")
    expect(answer).to_be_focused()
    answer.fill(text)
    comment(frame, number).get_by_role("button", name="Post answer").click()
    expect(frame.get_by_text(text)).to_be_visible()
    expect(frame.get_by_label("Your answer")).to_have_count(0)


def _edit(frame: FrameLocator, number: int, text: str) -> None:
    comment(frame, number).get_by_role("link", name="Edit").click()
    frame.get_by_label("Your comment").fill(text)
    frame.get_by_role("button", name="Save").click()
    expect(comment(frame, number)).to_contain_text(text)
    expect(comment(frame, number)).to_contain_text("edited")


def _delete(frame: FrameLocator, number: int) -> None:
    comment(frame, number).get_by_text("Delete", exact=True).click()
    comment(frame, number).get_by_role("button", name=f"Delete #{number}").click()
    expect(frame.get_by_role("status")).to_contain_text("Your comment is deleted.")


def _tom_writes(frame: FrameLocator) -> None:
    expect(frame.get_by_role("heading", name="Four Hundred Wires")).to_be_visible()
    _reply(frame, 2, "One point for four hundred people, that is a church bell.")
    _reply(frame, 3, "The photograph on the left has no wire in it.")
    expect(comment(frame, 12)).to_contain_text("in reply to #2, Hannah Feld")
    _edit(frame, 13, "The photograph on the left shows no wire at all.")


def _michael_writes(frame: FrameLocator) -> None:
    _reply(frame, 12, "A bell that nobody could ring back.")
    _reply(frame, 1, "I meant to post this elsewhere.")
    expect(comment(frame, 14)).to_contain_text("in reply to #12, Tom Okonkwo")
    _edit(frame, 14, "A bell, yes, but one that nobody could ring back.")
    _delete(frame, 15)
    expect(frame.locator("#c15")).to_have_count(0)


def _tom_deletes_what_was_answered(tom: Page) -> None:
    tom.reload()
    frame = framed_blog(tom)
    _delete(frame, 12)
    expect(comment(frame, 12)).to_contain_text("This comment was deleted by its author. Its replies are kept.")
    expect(comment(frame, 14)).to_contain_text("ring back")
    expect(frame.get_by_role("heading", name="13 comments")).to_be_visible()


def _mark_all(frame: FrameLocator) -> None:
    _mark(frame, MARKS)
    frame.get_by_role("link", name="Back to the desk").click()
    expect(frame.get_by_text("1 imported comment is not matched to anybody")).to_be_visible()


def _mark(frame: FrameLocator, marks: dict[int, int]) -> None:
    """Mark with the keys alone, each comment as the queue shows it, until nothing waits."""
    frame.get_by_role("link", name="Grading desk").click()
    frame.get_by_role("link", name="Mark the next comment").click()
    title = frame.locator("#item-title")
    _wait_for_scripts(title)
    for done, (number, mark) in enumerate(marks.items()):
        expect(title).to_contain_text(f"#{number} ")
        expect(frame.get_by_text(f"{len(marks) - done} to mark · {done} done")).to_be_visible()
        title.press(str(mark))
    expect(frame.get_by_role("heading", name="All marked")).to_be_visible()


def _wait_for_scripts(place: Locator) -> None:
    """Until the page of this place listens to keys: what is there to be seen comes before its script."""
    page = place.element_handle().owner_frame()
    assert page is not None
    page.wait_for_load_state()


def _correct_priya(frame: FrameLocator) -> None:
    frame.get_by_role("link", name="Priya Raman").click()
    frame.get_by_label("Points of 10").fill("6,5")
    frame.get_by_label("Reason").fill("Led the discussion in class.")
    frame.get_by_role("button", name="Save").click()
    expect(frame.get_by_role("status")).to_contain_text("The score is saved")
    expect(frame.get_by_role("heading", name="Score 6.5 / 10 set by the teacher")).to_be_visible()
    expect(frame.get_by_text("By the rule it would be 1.33.")).to_be_visible()


def _teacher_sees_that_all_has_gone(teacher: Page, demo: Demo) -> None:
    teacher.goto(f"{demo.lms_url}/courses/3644")
    frame = open_framed(teacher, ACTIVITY)
    frame.get_by_role("link", name="Gradebook", exact=True).click()
    expect(frame.get_by_role("status").first).to_contain_text(
        f"Up to date: the LMS has taken all {len(EXPECTED)} scores"
    )
    for name, score in EXPECTED.items():
        expect(frame.get_by_role("row", name=name).get_by_role("cell", name=score)).to_have_count(2)


def _student_sees_the_sum(michael: Page, demo: Demo) -> None:
    own = gradebook_cells(michael, demo.lms_url, ACTIVITY)
    assert own == {"Michael Rossi": "3.33 / 10"}
    michael.goto(f"{demo.lms_url}/courses/3644")
    frame = open_framed(michael, ACTIVITY)
    frame.get_by_role("link", name="My participation").click()
    expect(frame.get_by_role("heading", name="Score 3.33 / 10")).to_be_visible()
    lines = [row.inner_text().split("\t") for row in frame.locator("tbody tr").all()]
    assert [(line[0], line[2], line[3]) for line in lines] == [
        ("Your post", "", "0 / 4"),
        ("Comment #14", "3", "2 / 2"),
        ("Comment #5", "2", "1.33 / 2"),
    ]


def _student_is_kept_out(michael: Page) -> None:
    frame = michael.frame(name="tool")
    assert frame is not None
    visit = frame.url.removesuffix("/my-participation")
    expect(framed_blog(michael).get_by_role("link", name="Grading desk")).to_have_count(0)
    for page in ("desk", "desk/queue", "desk/people/1", "desk/rule", "gradebook", "import"):
        answer = frame.goto(f"{visit}/{page}")
        assert answer is not None
        assert answer.status == 403, page
        expect(framed_blog(michael).get_by_text("This page is for teachers and their assistants.")).to_be_visible()
