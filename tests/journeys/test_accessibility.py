"""axe-core finds nothing on any page of a visit: wide, narrow, light, dark, as teacher and student, in each language.

320 px is also what a 1,280 px window has left at 400 % zoom (WCAG 2.2, 1.4.10).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import People
from tests.certification.test_stored_text import pages_of
from tests.journeys.walking import open_in_window
from tests.stage import Stage

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => (await axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
})).violations.map(one => `${one.id}: ${one.nodes.map(node => node.target + " " + node.failureSummary).join("; ")}`)"""


@pytest.fixture
def stage(stage_on_sqlite: Stage) -> Stage:
    """A blog with something on most of its pages: a conversation, a mark, a report, a hidden comment, dates."""
    stage = stage_on_sqlite
    hannah, tom, irena = (stage.launched(person) for person in ("hannah", "tom", "irena"))
    text = "## A heading\n\nIt *ticked*.\n\n> So they said\n\n- one\n- two\n\nhttps://example.edu/radio"
    hannah.post(
        "posts/new", {"title": "The kitchen radio", "subtitle": "1956", "body": text, "sources": "A book\nA film"}
    )
    for number, answers in ((1, ""), (2, "1"), (3, "2"), (4, "3")):
        browser = tom if number % 2 else hannah
        browser.post("posts/1/comments", {"body": f"What {number} says", "once": f"c{number}", "answers": answers})
    tom.post("posts/new", {"title": "A second one", "body": "Short.", "once": "second"})
    irena.post("desk/queue/1", {"mark": "2", "feedback": "Say more"})
    irena.post("posts/1/comments/3/hide", {"why": "By accident"})
    irena.post("posts/1/comments/1/pin", {"on": "1"})
    hannah.post("posts/1/comments/1/report", {"why": "Loud"})
    irena.post(
        "class", {"shape": "class", "owed_comments": "2", "answers_owed": "on", "posts_due_at": "2030-01-01T09:00"}
    )
    return stage


@pytest.mark.parametrize(
    ("person", "width", "scheme", "locale"),
    [("irena", 1280, "light", "en"), ("irena", 320, "dark", "ar"), ("hannah", 1280, "dark", "es"),
     ("hannah", 320, "light", "en")],
)  # fmt: skip
def test_every_page(stage: Stage, new_page: People, person: str, width: int, scheme: str, locale: str) -> None:
    stage.school.locale = locale
    page = new_page(width)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # light or dark
    open_in_window(page, stage.lms_url, person)
    home = "/".join(page.url.split("/")[:5])
    looked_at, wrong = 0, []
    for path in _paths(stage, person):
        page.goto(home + path)
        looked_at += 1
        wrong += [f"{path or '/'} {violation}" for violation in _violations(page)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{path or '/'} is wider than the window")
    assert not wrong, "\n".join(wrong)
    assert looked_at > 8, "pages were left out"


def _paths(stage: Stage, person: str) -> Iterator[str]:
    browser = stage.launched(person)
    for path, _text in pages_of(stage, browser, 1):
        # One is a part of a page, put into it by its script; and errors have tests of their own.
        if path != "/gradebook/table" and browser.get(path.lstrip("/")).status_code == 200:
            yield path


def _violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(RUN)
    return found
