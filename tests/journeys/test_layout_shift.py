"""Nothing moves while a page loads, by Chromium's own measure (web.dev, Cumulative Layout Shift; 0.1 counts good)."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import People
from tests.journeys.walking import open_in_window
from tests.stage import Stage

HARDLY_SEEN = 0.01
# Summed from the first byte on; `settled` waits for the last script and two frames drawn after it.
WATCH = """
window.shifts = [];
new PerformanceObserver(list => list.getEntries().forEach(one => {
  const moved = one.sources.map(source => source.node?.outerHTML?.slice(0, 80) ?? "text");
  if (!one.hadRecentInput) window.shifts.push([one.value, ...moved]);
})).observe({ type: "layout-shift", buffered: true });
"""
SETTLED = """async () => {
  await document.fonts.ready;
  await Promise.all([...document.images].map(image => image.decode().catch(() => null)));
  for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
  return window.shifts;
}"""


@pytest.fixture
def stage(stage_on_sqlite: Stage) -> Stage:
    """A conversation of two pages, with a date to come, something new and something to mark."""
    stage = stage_on_sqlite
    hannah, tom, irena = (stage.launched(person) for person in ("hannah", "tom", "irena"))
    hannah.post("posts/new", {"title": "The kitchen radio", "body": "It ticked.\n\n" * 30, "sources": "A book"})
    for number in range(1, 60):
        browser = tom if number % 2 else hannah
        browser.post(
            "posts/1/comments", {"body": f"What {number} says", "once": f"c{number}", "answers": str(number // 3 or "")}
        )
    irena.post(
        "class", {"shape": "class", "owed_comments": "2", "answers_owed": "on", "posts_due_at": "2040-01-01T09:00"}
    )
    return stage


@pytest.mark.parametrize("width", [374, 1280])
@pytest.mark.parametrize(
    ("person", "paths"),
    [
        ("hannah", ("/posts/1", "/posts/1?at=40#c40", "/posts/new", "/my-participation", "/?all=1", "/new")),
        ("irena", ("/posts/1", "/desk", "/desk/queue", "/gradebook", "/desk/duties", "/class")),
    ],
)
def test_nothing_moves(stage: Stage, new_page: People, person: str, paths: tuple[str, ...], width: int) -> None:
    page = new_page(width)
    page.add_init_script(WATCH)
    open_in_window(page, stage.lms_url, person)
    home = "/".join(page.url.split("/")[:5])
    shifts = {path: _shifts(page, home + path) for path in paths}
    moved = {path: found for path, found in shifts.items() if sum(one[0] for one in found) > HARDLY_SEEN}
    assert not moved, "\n".join(f"{path}: {found}" for path, found in moved.items())


def _shifts(page: Page, address: str) -> list[list[Any]]:
    page.goto(address, wait_until="networkidle")
    if address.endswith("/posts/new"):
        expect(page.locator(".editor")).to_be_visible()
    found: list[list[Any]] = page.evaluate(SETTLED)
    return found
