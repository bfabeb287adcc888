"""Every page at three widths, light and dark: nothing sticks out, everything can be read.

With LTI_TOOL_PICTURES=1 in the environment the pages are also kept as pictures: a few for the README in docs/pictures/,
all of them in var/pictures/.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from lti_tool.blog.comments import Draft, add_comment
from lti_tool.importing.formats import read_posts
from lti_tool.importing.importer import approved_as_found, store_import
from lti_tool.models import Blog, Comment, Person
from lti_tool.participation.marking import set_mark
from lti_tool.participation.scoring import correct_score, rescore_all
from tests.browser import People
from tests.journeys.walking import comment, open_framed, open_in_window, sign_in, wait_until
from tests.stage import Stage
from tests.system_parts import PROJECT_FOLDER

# What sticks out depends on the width, what cannot be read on the colours: a test needs each once, pictures need all.
SIGHTS: tuple[tuple[int, bool], ...] = (
    (374, False),
    (885, True),
    (1280, False),
    (374, True),
    (885, False),
    (1280, True),
)
if not os.environ.get("LTI_TOOL_PICTURES"):
    SIGHTS = SIGHTS[:3]
CLASS_BLOG = Path(__file__).parent / "class_blog.txt"
REPLIES = (
    ("tom", 2, "One point for four hundred people, that is a church bell."),
    ("michael", 12, "A bell, yes, but one that nobody could ring back. In the diaries people answer it *anyway*."),
    ("xiuying", 13, "My great-grandmother had the same wire in Harbin; it played the factory's news."),
    ("irena", 14, "What a find! Is there a date on it?\n\nIf so, bring it to class on Thursday."),
    ("olena", None, "In our flat it hung until 2004. Nobody dared to cut the wire, because nobody knew whose it was."),
)
MARKS = {1: 3, 2: 2, 4: 3, 5: 2, 6: 0, 7: 1, 8: 3, 9: 0, 12: 3}

# The worst contrast of any text on the page, as WCAG 2.2 measures it, and the text that has it.
WORST_CONTRAST = """() => {
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
    .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, place) => sum + one * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const opacity = (element) => element ? getComputedStyle(element).opacity * opacity(element.parentElement) : 1;
  let worst = [21, ""];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim(), element = walk.currentNode.parentElement;
    if (!text || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest("noscript, [disabled]")) continue;
    const back = behind(element), seen = opacity(element), colour = numbers(getComputedStyle(element).color);
    const ink = colour.slice(0, 3).map((one, at) => one * seen + back[at] * (1 - seen));
    const [high, low] = [light(ink), light(back)].sort((one, other) => other - one);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < worst[0]) worst = [ratio, text.slice(0, 60)];
  }
  return worst;
}"""


@pytest.fixture
def stage(stage_on_sqlite: Stage) -> Stage:
    """The imported class blog with a few new answers, most of it marked, one score corrected and one refused."""
    stage = stage_on_sqlite
    for person in ("irena", *(name for name, _answers, _text in REPLIES)):
        stage.launched(person)
    stage.clockwork.read_rosters()
    now = stage.clock() - timedelta(hours=26)
    with stage.tool.database.writing() as session:
        blog = session.scalars(select(Blog)).one()
        ids = {person.lti_sub: person.id for person in session.scalars(select(Person))}
        found = read_posts(BytesIO(CLASS_BLOG.read_bytes()))[0]
        post = store_import(session, blog.id, approved_as_found(session, blog.course_id, found), now)
        for minutes, (person, answers, text) in enumerate(REPLIES):
            author = ids[stage.school.sub_of(person)]
            add_comment(session, post.id, Draft(text, f"once-{minutes}", author, answers), now + timedelta(minutes=1))
        comments = {row.number: row.id for row in session.scalars(select(Comment))}
        irena = ids[stage.school.sub_of("irena")]
        for number, mark in MARKS.items():
            set_mark(session, blog.id, comments[number], irena, mark, "Well seen." if mark == 3 else "", now)
        rescore_all(session, blog.id, now)
        correct_score(session, blog.id, ids[stage.school.sub_of("priya")], irena, "6.5", "Led the discussion.", now)
    stage.school.faults.set("refuse_person", person="chris")
    stage.school.faults.set("server_error", 1, path="/scores")
    wait_until(lambda: _all_tried(stage), "each score tried once")
    return stage


def _all_tried(stage: Stage) -> bool:
    report = stage.clockwork.send_all()
    return not report.sent


@pytest.mark.parametrize(("width", "dark"), SIGHTS)
def test_every_page_fits_and_can_be_read(stage: Stage, new_page: People, width: int, dark: bool) -> None:
    def look(page: Page, name: str) -> None:
        _look(page, f"{name}-{width}-{'dark' if dark else 'light'}", width)

    def person() -> Page:
        return new_page(width, 900, dark, allow=["status of 401", "status of 403", "status of 422"])

    _look_as_student(stage, person(), look)
    _look_as_teacher(stage, person(), look)
    _look_at_the_lms(stage, person())
    _look_at_the_ways_in(stage, person(), look)


def _look_as_student(stage: Stage, page: Page, look: Callable[[Page, str], None]) -> None:
    open_in_window(page, stage.lms_url, "tom")
    visit = page.url.split("/posts")[0]
    look(page, "post")
    comment(page, 13).get_by_role("link", name="Reply to #13").click()
    expect(comment(page, 13).get_by_role("textbox")).to_be_visible()
    look(page, "reply")
    comment(page, 12).get_by_text("Delete", exact=True).click()
    look(page, "delete")
    for path, name in (("posts/1/comments/12/edit", "edit"), ("my-participation", "my-participation"),
                       ("posts/new", "write"), ("desk", "refused")):  # fmt: skip
        page.goto(f"{visit}/{path}")
        look(page, name)
    open_in_window(page, stage.lms_url, "tom", activity=2)
    look(page, "empty-blog")
    page.get_by_role("link", name="My participation").click()
    expect(page.get_by_role("heading", name="My participation")).to_be_visible()
    look(page, "nothing-to-score")


def _look_as_teacher(stage: Stage, page: Page, look: Callable[[Page, str], None]) -> None:
    open_in_window(page, stage.lms_url, "irena")
    visit = page.url.split("/posts")[0]
    look(page, "post-teacher")
    for path, name in (("desk", "desk"), ("desk/queue", "queue"), ("desk/rule", "rule"), ("gradebook", "gradebook"),
                       ("import", "import")):  # fmt: skip
        page.goto(f"{visit}/{path}")
        look(page, name)
    page.get_by_label("The page's text").fill(CLASS_BLOG.read_text())
    page.get_by_role("button", name="See what is in it").click()
    expect(page.get_by_role("heading", name="Check before storing")).to_be_visible()
    look(page, "preview")
    page.goto(f"{visit}/desk")
    page.get_by_role("link", name="Priya Raman").click()
    expect(page.get_by_role("heading", name="Priya Raman")).to_be_visible()
    look(page, "person")
    page.get_by_label("Points of 10").fill("eleven")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look(page, "person-problem")
    open_in_window(page, stage.lms_url, "irena", activity=2)
    look(page, "empty-blog-teacher")
    for path in ("desk", "desk/queue", "gradebook"):
        page.goto(f"{page.url.split('/v/')[0]}/v/{page.url.split('/v/')[1].split('/')[0]}/{path}")
        look(page, f"empty-{path.replace('/', '-')}")


def _look_at_the_lms(stage: Stage, page: Page) -> None:
    """The practice LMS has a look of its own, and none for the dark; it only must not stick out."""
    sign_in(page, stage.lms_url, "Tom Okonkwo")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    open_framed(page, "Class blog: The Thaw")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def _look_at_the_ways_in(stage: Stage, page: Page, look: Callable[[Page, str], None]) -> None:
    sign_in(page, stage.lms_url, "Tom Okonkwo")
    page.get_by_role("link", name="Open as a browser that blocks cookies (Class blog: The Thaw)").click()
    expect(page.frame_locator("iframe[name=tool]").get_by_role("button", name="in a new window")).to_be_visible()
    folder = wanted_folder()
    if folder is not None:
        page.screenshot(path=folder / f"blocked-{page.evaluate('innerWidth')}.png")
    page.goto(f"{stage.tool_url}/v/gone/")
    look(page, "visit-ended")


def _look(page: Page, name: str, width: int) -> None:
    page.wait_for_load_state()
    folder = wanted_folder()
    if folder is not None:
        page.screenshot(path=folder / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} sticks out"
    ratio, text = page.evaluate(WORST_CONTRAST)
    assert ratio >= 4.5, f"{name}: “{text}” has a contrast of {ratio:.2f} only"


def wanted_folder() -> Path | None:
    """Where all pictures go, if any are wanted."""
    if not os.environ.get("LTI_TOOL_PICTURES"):
        return None
    folder = PROJECT_FOLDER / "var" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_pictures_for_the_readme(stage: Stage, new_page: People, tmp_path: Path) -> None:
    folder = PROJECT_FOLDER / "docs" / "pictures" if wanted_folder() else tmp_path / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    teacher, student = new_page(1180, 760), new_page(374, 760)
    sign_in(student, stage.lms_url, "Tom Okonkwo")
    open_in_window(student, stage.lms_url, "tom")
    comment(student, 12).scroll_into_view_if_needed()
    student.evaluate("document.getElementById('c1').scrollIntoView()")
    student.screenshot(path=folder / "thread-on-a-phone.png")

    sign_in(teacher, stage.lms_url, "Dr. Irena Novak")
    frame = open_framed(teacher, "Class blog: The Thaw")
    expect(frame.get_by_role("heading", name="Four Hundred Wires")).to_be_visible()
    teacher.screenshot(path=folder / "post-in-the-lms.png")
    open_in_window(teacher, stage.lms_url, "irena")
    visit = teacher.url.split("/posts")[0]
    for path, name in (("desk/queue", "desk-queue"), ("gradebook", "gradebook")):
        teacher.goto(f"{visit}/{path}")
        teacher.screenshot(path=folder / f"{name}.png")
    teacher.goto(f"{visit}/import")
    teacher.get_by_label("The page's text").fill(CLASS_BLOG.read_text().replace("Wires", "Cables"))
    teacher.get_by_role("button", name="See what is in it").click()
    teacher.get_by_role("group", name="Comment 1", exact=True).scroll_into_view_if_needed()
    teacher.screenshot(path=folder / "import-preview.png")
    for picture in folder.glob("*.png"):
        assert picture.stat().st_size < 150_000, f"{picture.name} is too large for a README"
