"""Platform Storage and the other messages between the page and the tool in its frame, in a real Chromium."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Frame, Page, expect

from lti_tool.practice_lms import PracticeSchool, ToolAddresses, create_practice_lms
from lti_tool.practice_lms.scopes import ALL_SCOPES
from lti_tool.practice_lms.tools import RegisteredTool
from tests.browser import People
from tests.practice_lms.a_launch import answered, form_of, started, visit
from tests.stage import free_port, served

STORAGE = "post_message_forwarding"
# Sends messages to a window one after the other; the last must be one that is answered. Gives all answers that came.
ASK = """async ([target, messages]) => {
  let window_ = parent;
  try {
    if (target !== "_parent") window_ = parent.frames[target];
  } catch {
    return "no such window";  // what Chromium says of a name that a page of another origin does not have
  }
  const heard = [];
  await new Promise((done, fail) => {
    setTimeout(() => fail(new Error(`unanswered; heard: ${JSON.stringify(heard)}`)), 10_000);
    addEventListener("message", (event) => {
      heard.push({ ...event.data, origin: event.origin });
      if (event.data.message_id === messages.at(-1).message_id) done();
    });
    for (const message of messages) window_.postMessage(message, "*");
  });
  return heard;
}"""
BELL = {"subject": "lti.capabilities", "message_id": "the-last"}


def empty_tool() -> Flask:
    """A tool that shows a page and lets the test speak for it."""
    app = Flask("empty_tool")
    app.add_url_rule("/login", view_func=lambda: "<!doctype html><h1>Tool</h1>", methods=["GET", "POST"])
    return app


class Place:
    """A practice LMS on localhost and two tools on 127.0.0.1, a different site."""

    def __init__(self, school: PracticeSchool, tool_url: str, other_url: str) -> None:
        self.school, self.tool_url, self.other_url = school, tool_url, other_url

    def framed(self, page: Page) -> Frame:
        """The tool's frame on an activity's page."""
        page.goto(f"{self.school.public_url}/courses/3644/activities/1")
        expect(page.frame_locator("iframe[name=tool]").get_by_role("heading", name="Tool")).to_be_visible()
        frame = page.frame(name="tool")
        assert frame
        return frame

    def another(self, page: Page) -> Frame:
        """The other tool, in the same frame of the same page."""
        frame = page.frame(name="tool")
        assert frame
        frame.goto(f"{self.other_url}/login")
        return frame


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Callable[[str], Place]]:
    with ExitStack() as stack:

        def make(accent: str) -> Place:
            lms_port, tool_port, other_port = free_port(), free_port(), free_port()
            tool_url, other_url = f"http://127.0.0.1:{tool_port}", f"http://127.0.0.1:{other_port}"
            addresses = ToolAddresses(f"{tool_url}/login", f"{tool_url}/launch", f"{tool_url}/jwks")
            app = create_practice_lms(tmp_path / accent, f"http://localhost:{lms_port}", addresses, accent)
            for served_app, port in ((app, lms_port), (empty_tool(), tool_port), (empty_tool(), other_port)):
                stack.enter_context(served(served_app, port))
            return Place(app.extensions["practice_lms"], tool_url, other_url)

        yield make


@pytest.fixture
def visitor(new_page: People) -> Callable[[Place], Page]:
    def enter(place: Place, who: str = "Tom Okonkwo", height: int = 800) -> Page:
        page = new_page(1280, height)
        page.goto(place.school.public_url)
        page.get_by_role("button", name=who, exact=True).click()
        return page

    return enter


def ask(frame: Frame, target: str, *messages: dict[str, Any]) -> Any:
    return frame.evaluate(ASK, [target, list(messages)])


def put(key: Any = "state-1", value: Any = "abc", message_id: str = "m-put") -> dict[str, Any]:
    return {"subject": "lti.put_data", "key": key, "value": value, "message_id": message_id}


def get(key: Any = "state-1", message_id: str = "m-get") -> dict[str, Any]:
    return {"subject": "lti.get_data", "key": key, "message_id": message_id}


def test_page_and_frame_say_what_they_can(place: Any, visitor: Any) -> None:
    lms = place("canvas")
    tool = lms.framed(visitor(lms))
    for target in ("_parent", STORAGE):
        (answer,) = ask(tool, target, BELL)
        assert (answer["subject"], answer["message_id"]) == ("lti.capabilities.response", "the-last")
        supported = {each["subject"]: each.get("frame") for each in answer["supported_messages"]}
        assert supported["lti.put_data"] == supported["lti.get_data"] == STORAGE
        assert ("lti.frameResize" in supported) == (target == "_parent")
        assert answer["origin"] == lms.school.public_url


def test_what_was_put_comes_back(place: Any, visitor: Any) -> None:
    lms = place("canvas")
    tool = lms.framed(visitor(lms))
    stored, nothing, read = ask(tool, STORAGE, put(), get("unknown", "m-1"), get())
    assert {name: stored[name] for name in ("subject", "message_id", "key", "value")} == {
        "subject": "lti.put_data.response",
        "message_id": "m-put",
        "key": "state-1",
        "value": "abc",
    }
    assert (nothing["value"], read["value"], read["subject"]) == (None, "abc", "lti.get_data.response")
    removed = ask(tool, STORAGE, put(value=None), get(message_id="m-2"))
    assert removed[-1]["value"] is None


def test_what_was_put_outlives_the_tools_page(place: Any, visitor: Any) -> None:
    """The frame goes from the tool's login to the LMS and back, as a launch does."""
    lms = place("canvas")
    page = visitor(lms)
    tool = lms.framed(page)
    ask(tool, STORAGE, put())
    tool.goto(f"{lms.tool_url}/login?again")
    assert ask(tool, STORAGE, get())[0]["value"] == "abc"


def test_a_stranger_may_not_use_the_storage(place: Any, visitor: Any) -> None:
    lms = place("canvas")
    page = visitor(lms)
    ask(lms.framed(page), STORAGE, put())
    (answer,) = ask(lms.another(page), STORAGE, get())
    assert answer["error"]["code"] == "wrong_origin"
    assert answer["error"]["message"]
    assert "value" not in answer


def test_each_tool_has_keys_of_its_own(place: Any, visitor: Any) -> None:
    lms = place("canvas")
    url = lms.other_url
    lms.school.register_tool(
        RegisteredTool(2, "2", "d", "Other", f"{url}/login", f"{url}/launch", f"{url}/jwks", (url,), ALL_SCOPES)
    )
    page = visitor(lms)
    ask(lms.framed(page), STORAGE, put())
    assert ask(lms.another(page), STORAGE, get())[0]["value"] is None


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (put(key=None), "bad_request"),
        (put(key=""), "bad_request"),
        (put(value=7), "bad_request"),
        (get(key=7), "bad_request"),
        (put(value="x" * 5000), "storage_exhaustion"),
    ],
)
def test_bad_requests(place: Any, visitor: Any, message: dict[str, Any], code: str) -> None:
    lms = place("canvas")
    (answer,) = ask(lms.framed(visitor(lms)), STORAGE, message)
    assert answer["error"]["code"] == code
    assert (answer["subject"], answer["message_id"]) == (f"{message['subject']}.response", message["message_id"])


def test_a_request_without_message_id(place: Any, visitor: Any) -> None:
    lms = place("canvas")
    message = {"subject": "lti.put_data", "key": "state-1", "value": "abc"}
    refused, _bell = ask(lms.framed(visitor(lms)), STORAGE, message, BELL)
    assert refused["error"]["code"] == "bad_request"


def test_silent_storage(place: Any, visitor: Any) -> None:
    """It answers what it can do, and nothing else: the message after the unanswered ones was heard."""
    lms = place("canvas")
    lms.school.faults.set("storage_silent")
    tool = lms.framed(visitor(lms))
    assert [answer["message_id"] for answer in ask(tool, STORAGE, put(), get(), BELL)] == ["the-last"]


def test_lying_storage(place: Any, visitor: Any) -> None:
    lms = place("canvas")
    lms.school.faults.set("storage_lies")
    answers = ask(lms.framed(visitor(lms)), STORAGE, put(), get())
    assert answers[-1]["value"] not in (None, "abc")


def test_missing_frame_leaves_the_page_itself(place: Any, visitor: Any) -> None:
    lms = place("canvas")
    lms.school.faults.set("no_storage_frame")
    tool = lms.framed(visitor(lms))
    assert ask(tool, STORAGE, BELL) == "no such window"
    assert ask(tool, "_parent", put(), get())[-1]["value"] == "abc"


def test_storage_in_the_parent(place: Any, visitor: Any) -> None:
    lms = place("canvas")
    lms.school.faults.set("storage_in_parent")
    tool = lms.framed(visitor(lms))
    assert ask(tool, STORAGE, BELL) == "no such window"
    stored, read, can = ask(tool, "_parent", put(), get(), BELL)
    assert (stored["value"], read["value"]) == ("abc", "abc")
    assert all("frame" not in each for each in can["supported_messages"])


def height_of(page: Page) -> float:
    box = page.locator("iframe[name=tool]").bounding_box()
    assert box
    return box["height"]


def test_canvas_makes_its_frame_as_tall_as_it_is_told(place: Any, visitor: Any) -> None:
    lms = place("canvas")
    page = visitor(lms)
    tool = lms.framed(page)
    for height in (1234, 300):
        ask(tool, "_parent", {"subject": "lti.frameResize", "height": height}, BELL)
        assert height_of(page) == pytest.approx(height, abs=2)
    ask(tool, "_parent", {"subject": "lti.frameResize", "height": "tall"}, BELL)
    assert height_of(page) == pytest.approx(300, abs=2)


@pytest.mark.parametrize(("window", "frame"), [(757, 436), (500, 36)])
def test_moodle_keeps_its_height_and_hears_nothing(place: Any, visitor: Any, window: int, frame: int) -> None:
    lms = place("moodle")
    page = visitor(lms, height=window)
    tool = lms.framed(page)
    assert height_of(page) == frame
    tool.evaluate("""() => new Promise((done) => {
        parent.postMessage({ subject: "lti.frameResize", height: 1234 }, "*");
        parent.postMessage({ subject: "lti.capabilities", message_id: "m" }, "*");
        requestAnimationFrame(() => requestAnimationFrame(done));
    })""")
    assert height_of(page) == frame
    assert page.locator("script").count() == 0
    assert page.frame(name=STORAGE) is None


@pytest.mark.parametrize(
    ("fault", "target"),
    [
        (None, STORAGE),
        ("storage_in_parent", "_parent"),
        ("no_storage_target", None),
        ("no_storage_frame", STORAGE),
        ("storage_at_login_only", STORAGE),
    ],
)
def test_the_login_names_the_window(canvas: Any, fault: str | None, target: str | None) -> None:
    if fault:
        canvas.school.faults.set(fault)
    start = started(canvas)
    assert start.get("lti_storage_target") == target
    if target:
        fields = form_of(answered(canvas, start, lti_storage_target=target).text)[1]
        assert fields.get("lti_storage_target") == (None if fault == "storage_at_login_only" else target)


def test_moodle_has_no_storage(moodle: Any) -> None:
    assert "lti_storage_target" not in started(moodle)
    assert moodle.client.get("/post_message_forwarding").status_code == 404


@pytest.mark.parametrize("accent", ["canvas", "moodle"])
def test_each_page_around_a_tool_has_the_frame(bench: Any, accent: str) -> None:
    lms = bench(accent)
    visit(lms, "irena")
    extension = {"submission_type": "basic_lti_launch", "submission_data": lms.tool.addresses.launch_url}
    lms.push("tom", 7, "2026-11-20T10:00:00Z", **{"https://canvas.instructure.com/lti/submission": extension})
    look = {"canvas": "gradebook/speed_grader?assignment_id=1&student=tom", "moodle": "activities/1/review?user=6"}
    for page in ("activities/1", "activities/new", look[accent]):
        text = lms.client.get(f"/courses/3644/{page}").text
        assert "<iframe" in text
        assert (f'<iframe name="{STORAGE}"' in text) == (accent == "canvas")
        assert text.count("<script") == (1 if accent == "canvas" else 0)
