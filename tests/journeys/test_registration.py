"""An administrator registers the blog from the LMS's own page: invited by the operator, asked, registered, closed."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Frame, FrameLocator, Page, expect

from tests.browser import People
from tests.journeys.walking import bare_environment, open_framed, sign_in
from tests.stage import Stage, open_stage

ACTIVITY, TEACHER = "Class blog: The Thaw", "Dr. Irena Novak"
SIZES = {
    "phone": (374, 700, False),
    "phone_dark": (374, 700, True),
    "desk": (1280, 800, False),
    "dark": (1280, 800, True),
}
ADD = {"canvas": "Register by URL", "moodle": "Add LTI Advantage"}
SWITCH_ON = {"canvas": "Set to On and make available", "moodle": "Activate"}
CLOSES_AFTER_SECONDS = 20


@pytest.fixture
def school(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> Iterator[Stage]:
    """The tool and the practice LMS on two sites; the accent is the test's, Moodle's where it names none."""
    with open_stage(tmp_path, sqlite_url, getattr(request, "param", "moodle"), tool_host="127.0.0.1") as opened:
        yield opened


def as_operator(stage: Stage, *arguments: str) -> str:
    """Run `lti-tool platforms …` as the operator does, beside the running tool."""
    settings = stage.tool.settings
    own = {"database_url": settings.database_url, "public_url": settings.public_url, "keys_dir": str(settings.keys_dir)}
    command = [sys.executable, "-m", "lti_tool", "platforms", *arguments]
    environment = bare_environment(**own, secret_key=settings.secret(), allow_private_addresses="true")
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def paste(page: Page, stage: Stage, address: str) -> FrameLocator:
    """Paste the address where the LMS asks for it, and return the frame in which the tool then stands."""
    page.goto(f"{stage.lms_url}/admin/tools")
    page.get_by_label("Tool URL").fill(address)
    page.get_by_role("button", name=ADD[stage.accent]).click()
    frame = page.frame_locator("iframe[name=registration]")
    product = {"canvas": "Canvas", "moodle": "Moodle"}[stage.accent]
    expect(frame.get_by_role("heading", name=f"Register the class blog with {product}?")).to_be_visible()
    return frame


def register(page: Page, stage: Stage, *options: str) -> FrameLocator:
    frame = paste(page, stage, as_operator(stage, "invite", "--name", "Practice school", *options))
    frame.get_by_role("button", name="Register").click()
    expect(frame.get_by_role("heading", name="The class blog is registered")).to_be_visible()
    expect(frame.get_by_role("button", name="Close")).to_be_visible()  # its script runs
    return frame


def switch_on(page: Page, stage: Stage) -> None:
    page.get_by_role("button", name=f"{SWITCH_ON[stage.accent]} (Class blog)").click()
    page.get_by_role("button", name="Use this tool in activities (Class blog)").click()
    expect(page.get_by_role("region").filter(has_text="in use")).to_have_count(1)


def fits(page: Page) -> bool:
    """Nothing in the tool's frame goes beyond its width, so that there is no scrolling sideways."""
    frame: Frame | None = page.frame("registration")
    assert frame is not None
    fitting: bool = frame.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    return fitting


@pytest.mark.parametrize(("width", "height", "dark"), SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("school", ["canvas", "moodle"], indirect=True)
def test_what_the_administrator_reads(school: Stage, new_page: People, width: int, height: int, dark: bool) -> None:
    """First who asks for what, and what is left to do afterwards; then that it is done, and the same list again."""
    page = new_page(width, height, dark)
    frame = paste(page, school, as_operator(school, "invite", "--name", "Practice school"))
    for words in (school.lms_url, "Practice school", "send scores", "a teacher's grade", "No e-mail addresses"):
        expect(frame.get_by_role("main")).to_contain_text(words)
    left_to_do = frame.get_by_role("listitem").filter(
        has_text=SWITCH_ON["moodle"] if school.accent == "moodle" else "Apps"
    )
    expect(left_to_do).to_have_count(1)
    assert fits(page)
    frame.get_by_role("button", name="Register").click()
    expect(frame.get_by_role("heading", name="The class blog is registered")).to_be_visible()
    expect(left_to_do).to_have_count(1)
    expect(frame.get_by_role("listitem").filter(has_text="approve")).to_have_count(int(school.accent == "canvas"))
    page.locator("iframe[name=registration]").scroll_into_view_if_needed()  # the LMS's page may stand anywhere
    for name in ("Close", "Keep this open"):
        expect(frame.get_by_role("button", name=name)).to_be_in_viewport()
    assert fits(page)


def test_close_closes_the_frame_and_the_list_shows_the_tool(school: Stage, new_page: People) -> None:
    """In Moodle, where the deployment is known at once: activated, the blog opens for a teacher."""
    page = new_page()
    frame = register(page, school)
    frame.get_by_role("button", name="Close").click()
    expect(page.get_by_role("heading", name="External tools")).to_be_visible()
    expect(page.locator("iframe")).to_have_count(0)
    card = page.get_by_role("region").filter(has_text="Pending")
    expect(card).to_contain_text("A class blog with threaded comments")
    expect(card).to_contain_text(f"{school.tool_url}/lti/launch")
    switch_on(page, school)
    sign_in(page, school.lms_url, TEACHER)
    blog = open_framed(page, ACTIVITY)
    expect(blog.get_by_role("link", name="Grading desk")).to_be_visible()
    expect(blog.get_by_text(TEACHER)).to_be_visible()


@pytest.mark.parametrize("school", ["canvas"], indirect=True)
def test_in_canvas_the_first_launch_waits_and_says_what_to_name(school: Stage, new_page: People) -> None:
    """The administrator reads three values to the operator, who approves; then the same link opens."""
    page = new_page(allow=["status of 403"])
    register(page, school).get_by_role("button", name="Close").click()
    switch_on(page, school)
    tool = school.school.tool_in_use
    sign_in(page, school.lms_url, TEACHER)
    page.get_by_role("main").get_by_role("link", name=ACTIVITY, exact=True).click()
    frame = page.frame_locator("iframe[name=tool]")
    expect(frame.get_by_role("heading", name="yet to be approved")).to_be_visible()
    for value in (school.lms_url, tool.client_id, tool.deployment_id):
        expect(frame.get_by_text(value, exact=True)).to_be_visible()
    waiting = as_operator(school, "list").splitlines()[-1]
    assert waiting.endswith(f"WAITING FOR APPROVAL {tool.deployment_id}")
    as_operator(school, "approve", waiting.split()[0], tool.deployment_id)
    page.reload()
    expect(page.frame_locator("iframe[name=tool]").get_by_role("navigation", name="Class blog")).to_be_visible()


def test_it_closes_by_itself_unless_it_is_to_stay(school: Stage, new_page: People) -> None:
    page = new_page()
    page.clock.install()
    frame = register(page, school)
    expect(frame.get_by_role("status")).to_have_text(f"This closes by itself in {CLOSES_AFTER_SECONDS} seconds.")
    page.clock.run_for((CLOSES_AFTER_SECONDS - 2) * 1_000)
    expect(frame.get_by_role("button", name="Close")).to_be_visible()
    frame.get_by_role("button", name="Keep this open").click()
    expect(frame.get_by_role("status")).to_have_text("")
    expect(frame.get_by_role("button", name="Keep this open")).to_be_hidden()
    page.clock.run_for(5 * 60_000)
    expect(frame.get_by_role("heading", name="The class blog is registered")).to_be_visible()
    frame.get_by_role("button", name="Close").click()
    expect(page.get_by_role("heading", name="External tools")).to_be_visible()


def test_left_alone_it_closes(school: Stage, new_page: People) -> None:
    page = new_page()
    page.clock.install()
    register(page, school)
    page.clock.run_for((CLOSES_AFTER_SECONDS + 1) * 1_000)
    expect(page.get_by_role("heading", name="External tools")).to_be_visible()


def test_what_went_wrong_is_read_in_the_frame(school: Stage, new_page: People) -> None:
    """An invitation that was used, opened once more; and the LMS is still where it was."""
    page = new_page(allow=["status of 403"])
    address = as_operator(school, "invite", "--name", "Practice school")
    frame = paste(page, school, address)
    frame.get_by_role("button", name="Register").click()
    expect(frame.get_by_role("heading", name="The class blog is registered")).to_be_visible()
    page.goto(f"{school.lms_url}/admin/tools/register?new=1&url={address}")
    expect(frame.get_by_role("heading", name="not valid, was used already, or has expired")).to_be_visible()
    expect(frame.get_by_text("Ask the operator of the class blog for a new one.")).to_be_visible()


def test_opened_outside_a_frame_the_last_page_offers_no_button_that_does_nothing(
    school: Stage, new_page: People
) -> None:
    """Some LMSs open a tab of its own: with nobody to tell, the page says what is left to do and stays."""
    page = new_page()
    address = as_operator(school, "invite", "--name", "Practice school")
    page.goto(school.school.registration_link(address))
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="The class blog is registered")).to_be_visible()
    for name in ("Close", "Keep this open"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()


def test_the_address_in_a_browser_and_the_values_to_enter_by_hand(school: Stage, new_page: People) -> None:
    page = new_page(374, 700, allow=["status of 400"])
    address = as_operator(school, "invite", "--name", "Practice school")
    page.goto(address)
    expect(page.get_by_text(address)).to_be_visible()
    page.get_by_role("link", name="the values to enter by hand").click()
    expect(page.get_by_role("heading", name="Set up the class blog by hand")).to_be_visible()
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0
