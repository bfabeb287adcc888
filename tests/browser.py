"""A real Chromium for the tests, through Playwright.

    def test_a_student_reads_the_post(new_page):
        page = new_page(390, 844, dark=True)             # each page is a person of its own: own cookies
        page.goto(address)

A test fails at its end when one of its pages had an error in the console or in a script. What is expected is named:
`new_page(allow=["status of 403"])`. When a test fails, a picture and the HTML of each page still open are kept in
var/test-failures/.

Playwright's plain (synchronous) interface keeps an asyncio loop in the main thread from the first browser test to the
end of the run: a test that wants `asyncio.run` needs a thread of its own.
"""

import os
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    WebError,
    sync_playwright,
)

from tests.system_parts import NO_CHROMIUM, NO_DRIVER, PROJECT_FOLDER, find_chromium, playwright_starts, unavailable

FAILURES_FOLDER = PROJECT_FOLDER / "var" / "test-failures"

# Quiet: no calls home, no first-run pages, and nothing of a graphics card that a server does not have. One process for
# all frames of a page: where another site's frame moves to a process of its own, Playwright's driver may end with an
# assertion (frameAttached, a frame it knows), and with it every later test. Cookies and origins stay what they are.
CHROMIUM_OPTIONS = (
    "--disable-site-isolation-trials",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

_LAUNCHER = PROJECT_FOLDER / "tests" / "chromium_without_popups.sh"

LaunchChromium = Callable[..., Browser]
Started = TypeVar("Started")


@dataclass
class People:
    """The fixture `new_page`: called, it gives a page in a browser of its own; it remembers what went wrong in each."""

    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __call__(
        self,
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
        *,
        allow: Sequence[str] = (),
        **context_options: Any,
    ) -> Page:
        """Open a page of that size. Errors that hold one of the `allow` texts are let pass.

        Other options go to Playwright's `new_context`: `java_script_enabled=False`, `locale="fr"`, `has_touch=True` …
        """
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            **context_options,
        )
        self.adopt(context, allow)
        return context.new_page()

    def adopt(self, context: BrowserContext, allow: Sequence[str] = ()) -> None:
        """Take in a person who was started otherwise: watched and closed like the others."""
        self.contexts.append(context)
        self._watch(context, allow)

    def _watch(self, context: BrowserContext, allow: Sequence[str]) -> None:
        """Collect the errors of all pages of this person, windows that the pages open included."""

        def remember(text: str) -> None:
            if not any(allowed in text for allowed in allow):
                self.errors.append(text)

        def on_console(message: ConsoleMessage) -> None:
            if message.type == "error":
                remember(f"console: {message.text} ({message.location.get('url', '')})")

        def on_script_error(error: WebError) -> None:
            remember(f"script: {error.error}")

        context.on("console", on_console)
        context.on("weberror", on_script_error)

    def open_pages(self) -> list[Page]:
        """All pages that are open, whoever's they are."""
        return [page for context in self.contexts for page in context.pages if not page.is_closed()]

    def all_errors(self) -> list[str]:
        """The errors so far, those included that the browser has reported and Playwright not yet handed over."""
        for page in self.open_pages():
            try:
                page.wait_for_timeout(0)
            except Error as gone:
                self.errors.append(f"page lost: {gone.message}")
        return self.errors

    def close(self) -> None:
        """Close all pages."""
        for context in self.contexts:
            context.close()


PEOPLE = pytest.StashKey[People]()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright itself; stopping it ends every browser that it started."""
    if not playwright_starts():
        unavailable(NO_DRIVER)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def launch_chromium(playwright: Playwright) -> LaunchChromium:
    """A function that starts a headless Chromium with further options: `launch_chromium("--lang=fr")`."""
    program = find_chromium()
    if program is None:
        unavailable(NO_CHROMIUM)

    def launch(*options: str) -> Browser:
        arguments = [*CHROMIUM_OPTIONS, *options]
        return sandboxed_if_possible(
            lambda sandbox: playwright.chromium.launch(
                **program_and_environment(program), args=arguments, chromium_sandbox=sandbox
            )
        )  # fmt: skip

    return launch


def program_and_environment(program: Path) -> dict[str, Any]:
    """What Playwright is to start and with what around it, so that this Chromium runs as the tests want it."""
    return {"executable_path": _LAUNCHER, "env": {**os.environ, "TESTED_CHROMIUM": str(program)}}


def sandboxed_if_possible(start: Callable[[bool], Started]) -> Started:
    """Some systems and containers let nobody make a sandbox. The pages under test are our own."""
    as_root = os.geteuid() == 0
    try:
        return start(not as_root)
    except Error as refused:
        if as_root or "sandbox" not in refused.message:
            raise
        return start(False)


@pytest.fixture(scope="session")
def chromium(launch_chromium: LaunchChromium) -> Iterator[Browser]:
    """The test run's Chromium."""
    browser = launch_chromium()
    yield browser
    browser.close()


@pytest.fixture
def new_page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[People]:
    """A function that opens a page for one more person: `new_page(width, height, dark=False, allow=())`."""
    people = People(chromium)
    request.node.stash[PEOPLE] = people
    yield people
    people.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that uses Chromium, so that `-m "not browser"` leaves out exactly those."""
    for item in items:
        if "launch_chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test whose pages had errors, as part of the test itself."""
    result = yield
    people = item.stash.get(PEOPLE, None)
    if people is not None and (errors := people.all_errors()):
        pytest.fail("errors in the browser:\n" + "\n".join(errors), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what the pages of a failed test showed, and say in its report where that is."""
    report = yield
    people = item.stash.get(PEOPLE, None)
    if people is not None and report.when == "call" and report.failed:
        report.sections.append(("Browser", "\n".join([*people.errors, *_kept_pages(item.nodeid, people.open_pages())])))
    return report


def _kept_pages(test: str, pages: list[Page]) -> list[str]:
    """Save picture and HTML of each page; returns a line for each."""
    FAILURES_FOLDER.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]+", "-", test.removeprefix("tests/"))[:150]
    lines = []
    for number, page in enumerate(pages, start=1):
        place = FAILURES_FOLDER / f"{name}-{number}"
        lines += [f"a frame of it at {frame.url}" for frame in page.frames[1:]]
        try:
            page.screenshot(path=f"{place}.png", timeout=5000)
            place.with_name(place.name + ".html").write_text(page.content(), encoding="utf-8")
        except Error as refused:
            lines.append(f"{page.url}: could not be kept: {refused.message}")
        else:
            lines.append(f"{page.url}: kept as {place.relative_to(PROJECT_FOLDER)}.png and .html")
    return lines
