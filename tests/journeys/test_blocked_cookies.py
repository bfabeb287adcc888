"""Where a frame keeps no cookies the blog says so and opens in a window; where it does, nothing stands in the way."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Cookie, Page, expect

from tests.browser import LaunchChromium, People
from tests.journeys.walking import framed_blog, sign_in
from tests.stage import Stage, open_stage

ACTIVITY = "Class blog: The Thaw"


@pytest.fixture
def stage(tmp_path: Path, sqlite_url: str) -> Iterator[Stage]:
    """The tool and the practice LMS on two sites, so that the tool's cookies in the frame are a third party's."""
    with open_stage(tmp_path, sqlite_url, "canvas", tool_host="127.0.0.1") as opened:
        yield opened


def test_row_239_a_frame_without_storage_offers_a_window(stage: Stage, new_page: People) -> None:
    page = new_page(885, 700)
    sign_in(page, stage.lms_url, "Siobhán O'Connor")
    page.get_by_role("link", name=f"Open as a browser that blocks cookies ({ACTIVITY})").click()
    _opens_in_a_window(page, "Siobhán O'Connor")
    assert _tool_cookies(page)["visit"]["httpOnly"]


def test_a_browser_that_blocks_third_party_cookies_goes_straight_in(
    stage: Stage, launch_chromium: LaunchChromium
) -> None:
    """Chromium then still keeps cookies that are partitioned by the site around the frame, and ours are."""
    browser = launch_chromium("--test-third-party-cookie-phaseout")
    page = browser.new_page()
    sign_in(page, stage.lms_url, "王秀英")
    page.get_by_role("main").get_by_role("link", name=ACTIVITY, exact=True).click()
    expect(framed_blog(page).get_by_text("王秀英")).to_be_visible()
    browser.close()


def test_a_frame_that_keeps_cookies_goes_straight_in(stage: Stage, new_page: People) -> None:
    page = new_page()
    sign_in(page, stage.lms_url, "Tom Okonkwo")
    page.get_by_role("main").get_by_role("link", name=ACTIVITY, exact=True).click()
    expect(framed_blog(page).get_by_text("Tom Okonkwo")).to_be_visible()

    cookies = _tool_cookies(page)
    assert set(cookies) == {"visit", "cookies-work"}  # the login's own cookie is gone again
    visit = cookies["visit"]
    assert (visit["secure"], visit["httpOnly"], visit["sameSite"]) == (True, True, "None")
    assert visit["path"].startswith("/v/")
    assert visit["partitionKey"] == "http://localhost"
    assert (cookies["cookies-work"]["path"], cookies["cookies-work"]["secure"]) == ("/lti", True)


def test_row_240_two_people_in_two_tabs_of_one_browser_stay_apart(stage: Stage, new_page: People) -> None:
    """Each launch has a cookie of its own path, so a second sign-in does not take the first tab over."""
    toms = new_page()
    sign_in(toms, stage.lms_url, "Tom Okonkwo")
    toms.get_by_role("main").get_by_role("link", name=ACTIVITY, exact=True).click()
    toms_blog = framed_blog(toms)
    irenas = toms.context.new_page()
    sign_in(irenas, stage.lms_url, "Dr. Irena Novak")
    irenas.get_by_role("main").get_by_role("link", name=ACTIVITY, exact=True).click()
    expect(framed_blog(irenas).get_by_role("link", name="Grading desk")).to_be_visible()

    toms_blog.get_by_role("link", name="Write a post").click()
    expect(toms_blog.get_by_role("heading", name="Write a post")).to_be_visible()
    expect(toms_blog.get_by_text("Tom Okonkwo")).to_be_visible()
    expect(toms_blog.get_by_role("link", name="Grading desk")).to_have_count(0)


def _opens_in_a_window(page: Page, name: str) -> None:
    frame = page.frame_locator("iframe[name=tool]")
    expect(frame.get_by_role("heading", name="Open the blog in a window of its own")).to_be_visible()
    with page.expect_popup() as opening:
        frame.get_by_role("button", name="Open the blog in a new window").click()
    window = opening.value
    expect(window.get_by_role("navigation", name="Class blog")).to_contain_text(name)


def _tool_cookies(page: Page) -> Mapping[str, Cookie]:
    """The cookies that Chromium stored for the tool, those of the practice LMS on the same host left out."""
    everything = page.context.cookies()
    return {cookie["name"]: cookie for cookie in everything if cookie["name"] != "practice_lms_person"}
