"""The steps people take, in a real browser, through the practice LMS's own pages; and waiting for what must come."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Frame, FrameLocator, Locator, Page, expect

from tests.stage import free_port

# A machine with two busy cores is slow, and a condition that comes soon costs nothing however long it may take.
PATIENCE_SECONDS = 20
expect.set_options(timeout=PATIENCE_SECONDS * 1000)

Place = Page | Frame | FrameLocator | Locator


def wait_until(condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Look again and again until the condition holds; fail with `what` when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds:g} s: {what}")
        time.sleep(0.05)


def sign_in(page: Page, lms_url: str, name: str) -> None:
    """Choose a person on the practice LMS's first page, and arrive at the course page."""
    page.goto(f"{lms_url}/")
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_role("heading", name="HIST 3644: Soviet History")).to_be_visible()


def open_framed(page: Page, activity: str) -> FrameLocator:
    """Go on from the course page into an activity and return the frame in which the blog stands."""
    page.get_by_role("main").get_by_role("link", name=activity, exact=True).click()
    return framed_blog(page)


def framed_blog(page: Page) -> FrameLocator:
    """The frame of the activity page, once the launch has gone through."""
    frame = page.frame_locator("iframe[name=tool]")
    expect(frame.get_by_role("navigation", name="Class blog")).to_be_visible()
    return frame


def open_in_window(page: Page, lms_url: str, person: str, activity: int = 1) -> None:
    """Launch into the page itself, as the LMS's "Open in a new window" does, without any cookie of the LMS's.

    Without scripts the LMS's two pages in between do not go on by themselves but show a button.
    """
    page.goto(f"{lms_url}/courses/3644/activities/{activity}/launch?as={person}&target=window")
    blog, button = page.locator("nav.places"), page.get_by_role("button", name="Continue")
    for _page_between in range(2):
        expect(blog.or_(button)).to_be_visible()
        if button.is_visible():
            button.click()
    expect(blog).to_be_visible()


def comment(place: Place, number: int) -> Locator:
    """The article of one comment, without the replies under it."""
    return place.locator(f"#c{number} > article")


def gradebook_cells(page: Page, lms_url: str, activity: str) -> dict[str, str]:
    """The practice LMS's gradebook page as shown: for each name what stands in that activity's column, "–" for none."""
    page.goto(f"{lms_url}/courses/3644/grades")
    cells = {}
    for row in page.locator("table.gradebook tbody tr").all():
        cell = row.locator(f'td[data-label="{activity}"]')
        cells[row.locator("th").inner_text()] = cell.locator(".score").inner_text()
    return cells


def bare_environment(**settings: str) -> dict[str, str]:
    """This process's environment with these settings of the tool and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LTI_TOOL_")}
    return kept | {"PYTHONUNBUFFERED": "1"} | {f"LTI_TOOL_{name.upper()}": value for name, value in settings.items()}


@contextmanager
def running(arguments: list[str], folder: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run `lti-tool …` while the block runs, its words going to `<first word>.log` in the folder."""
    with (folder / f"{arguments[0]}.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "lti_tool", *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    except BaseException:
        print((folder / f"{arguments[0]}.log").read_text())  # pytest shows it with the failure
        raise
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass
class Demo:
    """A running `lti-tool demo`."""

    process: subprocess.Popen[bytes]
    folder: Path
    tool_url: str
    lms_url: str

    @property
    def words(self) -> str:
        """Everything the demo has printed so far."""
        return (self.folder / "demo.log").read_text()


@contextmanager
def running_demo(folder: Path, *options: str, ports: tuple[int, int] | None = None) -> Iterator[Demo]:
    """Run `lti-tool demo` in a folder and on ports of its own; the block begins when it says what to open."""
    port, lms_port = ports or (free_port(), free_port())
    (folder / "demo.log").write_text("")
    arguments = ["demo", "--port", str(port), "--lms-port", str(lms_port), *options]
    with running(arguments, folder, bare_environment()) as process:
        demo = Demo(process, folder, f"http://localhost:{port}", f"http://localhost:{lms_port}")
        said = f"Open {demo.lms_url}"
        wait_until(lambda: said in demo.words or process.poll() is not None, f"“{said}” from the demo", 60)
        assert process.poll() is None, demo.words
        yield demo
