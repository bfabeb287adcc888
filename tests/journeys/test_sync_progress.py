"""The teacher watches a sync: the bar moves, the keyboard stays where it is, and it is told without chatter."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Request, Route, expect
from sqlalchemy import select

from lti_tool.models import Blog, Membership, Role
from lti_tool.participation.scoring import correct_score
from tests.browser import People
from tests.journeys.walking import open_in_window, wait_until
from tests.stage import Stage

STUDENTS = 16
WATCH = """() => {
  const ledger = document.getElementById("ledger"), said = ledger.nextElementSibling;
  window.bars = []; window.announced = [];
  const look = () => {
    const bar = ledger.querySelector("progress");
    if (bar && window.bars.at(-1) !== bar.value) window.bars.push(bar.value);
  };
  look();
  new MutationObserver(look).observe(ledger, { subtree: true, childList: true, attributes: true });
  new MutationObserver(() => window.announced.push(said.textContent)).observe(said, { childList: true });
}"""


@pytest.fixture
def stage_with_scores(stage_on_sqlite: Stage) -> Stage:
    """Sixteen students have a score that is due, and the LMS takes its time over each."""
    stage = stage_on_sqlite
    stage.school.add_students(STUDENTS)
    stage.launched("irena")
    stage.clockwork.read_rosters()
    with stage.tool.database.writing() as session:
        blog_id = session.scalars(select(Blog.id)).one()
        teacher = session.scalars(select(Membership.person_id).where(Membership.launched_role == Role.TEACHER)).one()
        students = select(Membership.person_id).where(Membership.roster_role == Role.STUDENT)
        for person_id in session.scalars(students.order_by(Membership.id.desc()).limit(STUDENTS)).all():
            correct_score(session, blog_id, person_id, teacher, "7", "", stage.clock())
    stage.school.faults.set("slow", seconds=0.7, path="/scores")
    return stage


@contextmanager
def sending(stage: Stage) -> Iterator[None]:
    """The worker sends while the block runs, and has sent all when it ends."""
    worker = threading.Thread(target=stage.send_scores)
    worker.start()
    try:
        yield
    finally:
        worker.join()


def gradebook_page(page: Page, stage: Stage) -> list[Request]:
    """Open the gradebook page before anything is sent; returns its readings of the table, as they come."""
    page.clock.install()
    readings: list[Request] = []
    page.on("request", lambda request: readings.append(request) if request.url.endswith("/table") else None)
    open_in_window(page, stage.lms_url, "irena")
    page.get_by_role("link", name="Gradebook").first.click()
    expect(page.get_by_role("progressbar", name="Scores sent")).to_be_visible()
    expect(page.locator("#ledger + [role=status]")).to_be_attached()
    page.evaluate(WATCH)
    return readings


def done(page: Page) -> None:
    expect(page.locator(".sync")).to_contain_text(f"Up to date: the LMS has taken all {STUDENTS} scores")


def stays_still(page: Page, readings: list[Request]) -> None:
    """No reading of the table comes any more, however long one waits."""
    before = len(readings)
    page.clock.run_for(120_000)
    page.evaluate("fetch('/healthz')")
    assert len(readings) == before


def test_the_bar_moves_and_the_end_is_announced_once(stage_with_scores: Stage, new_page: People) -> None:
    page = new_page()
    readings = gradebook_page(page, stage_with_scores)
    with sending(stage_with_scores):
        done(page)
    bars = page.evaluate("bars")
    assert bars[0] == 0
    assert len(bars) >= 3
    assert bars == sorted(bars)
    assert page.evaluate("announced") == [f"Up to date: the LMS has taken all {STUDENTS} scores"]
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    expect(page.locator("[role=status]")).to_have_count(1)
    stays_still(page, readings)


@pytest.mark.parametrize("button", ["Send now", "Try again"])
def test_the_keyboard_stays_where_it_is(stage_with_scores: Stage, new_page: People, button: str) -> None:
    """At a button of the bar or of the table; what it could do is gone once one leaves it."""
    page = new_page()
    readings = gradebook_page(page, stage_with_scores)
    here = page.get_by_role("button", name=button).first
    here.focus()
    held = here.element_handle()
    with sending(stage_with_scores):
        done(page)
    assert held.evaluate("one => one === document.activeElement")
    assert len(page.evaluate("bars")) >= 3
    stays_still(page, readings)
    page.get_by_role("heading", name="Gradebook").evaluate("one => { one.tabIndex = -1; one.focus(); }")
    expect(page.get_by_role("button", name=button)).to_have_count(0)
    expect(page.locator("tbody tr").first).to_contain_text("sent")


def test_a_reading_that_fails_stops_nothing(stage_with_scores: Stage, new_page: People) -> None:
    page = new_page(allow=["Failed to load resource"])
    readings = gradebook_page(page, stage_with_scores)
    page.route("**/gradebook/table", lambda route: route.abort(), times=1)
    page.route("**/gradebook/table", _fails_once(), times=2)
    with sending(stage_with_scores):
        done(page)
    assert len(readings) >= 3


def _fails_once() -> Callable[[Route], None]:
    """A server that restarts: first an error, then the page."""
    answers = iter(["error"])

    def answer(route: Route) -> None:
        if next(answers, ""):
            route.fulfill(status=503)
        else:
            route.fallback()

    return answer


def test_an_ended_visit_is_told(stage_with_scores: Stage, new_page: People) -> None:
    page = new_page(allow=["status of 401"])
    readings = gradebook_page(page, stage_with_scores)
    page.route("**/gradebook/table", lambda route: route.fulfill(status=401))
    expect(page.get_by_role("status").last).to_have_text(
        "This page is no longer brought up to date. Open the blog from your course page again."
    )
    wait_until(lambda: len(readings) == 1, "one reading")
    stays_still(page, readings)
