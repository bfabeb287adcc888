"""A frame on another site, over https, in browsers that keep ever fewer cookies: how people get in and stay.

Each test fails if any of its pages had an error in the console, which is where a breach of our own policy shows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Frame, FrameLocator, Page, Playwright, Route, expect
from sqlalchemy import select

from lti_tool.models import Blog, Person, Placement, Visit
from tests.browser import People
from tests.https_stage import made_certificate, open_https_stage
from tests.journeys.cookie_settings import ALL_ALLOWED, open_profile, refusing
from tests.journeys.walking import framed_blog, open_framed, sign_in, wait_until
from tests.stage import Stage, free_port, served

ACTIVITY = "Class blog: The Thaw"
OTHER_ACTIVITY = "Class blog: After Stalin"
WINDOW_OFFERED = "Open the blog in a window of its own"
OPEN_WINDOW = "Open the blog in a new window"
NOT_YOU = "Your browser could not show that it was you who opened the blog"

OpenStage = Callable[[str], Stage]
OpenBrowser = Callable[..., Page]


@pytest.fixture
def stage_of(tmp_path: Path, sqlite_url: str) -> Iterator[OpenStage]:
    """A function that opens the stage in an accent, over https and on two sites."""
    opened = []

    def open_(accent: str) -> Stage:
        opened.append(open_https_stage(tmp_path, sqlite_url, accent))
        return opened[-1].__enter__()

    yield open_
    for one in opened:
        one.__exit__(None, None, None)


@pytest.fixture
def canvas(stage_of: OpenStage) -> Stage:
    return stage_of("canvas")


@pytest.fixture
def moodle(stage_of: OpenStage) -> Stage:
    return stage_of("moodle")


@pytest.fixture
def usual(new_page: People) -> OpenBrowser:
    """A function that opens a Chromium which blocks third-party cookies and keeps partitioned ones."""

    def open_(width: int = 885, height: int = 700, dark: bool = False, allow: Sequence[str] = ()) -> Page:
        return new_page(width, height, dark, allow=allow, ignore_https_errors=True)

    return open_


@pytest.fixture
def without_any(playwright: Playwright, new_page: People, tmp_path: Path) -> OpenBrowser:
    """A function that opens a Chromium which keeps nothing for the tool, anywhere or inside the LMS's pages alone."""

    def open_(
        stage: Stage, width: int = 885, height: int = 700, *, inside_the_lms: bool = False, allow: Sequence[str] = ()
    ) -> Page:
        preferences = refusing(stage.tool_url, stage.lms_url if inside_the_lms else "*")
        size = {"width": width, "height": height}
        return open_profile(playwright, new_page, tmp_path, preferences, allow=allow, viewport=size).new_page()

    return open_


@dataclass
class Witness:
    """What reaches the tool: path, cookies and destination of each request."""

    paths: list[str] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)

    @property
    def visits(self) -> set[str]:
        """The addresses of visits that a page was asked of."""
        return {path.split("/")[2] for path in self.paths if path.startswith("/v/")}

    @classmethod
    def of(cls, stage: Stage) -> "Witness":
        witness, inner = cls(), stage.app.wsgi_app

        def watch(environ: Any, start_response: Any) -> Any:
            witness.paths.append(environ["PATH_INFO"])
            witness.cookies += [environ["HTTP_COOKIE"]] if "HTTP_COOKIE" in environ else []
            return inner(environ, start_response)

        stage.app.wsgi_app = watch  # type: ignore[method-assign]  # Flask's documented place for middleware
        return witness


def tools_frame(page: Page, name: str = "tool") -> Frame:
    frame = page.frame(name=name)
    assert frame
    return frame


def launched(page: Page, stage: Stage, name: str = "Tom Okonkwo", activity: str = ACTIVITY) -> FrameLocator:
    sign_in(page, stage.lms_url, name)
    return open_framed(page, activity)


def start(page: Page, stage: Stage, name: str = "Tom Okonkwo") -> FrameLocator:
    """Open the activity without waiting for the blog: it may not come."""
    sign_in(page, stage.lms_url, name)
    page.get_by_role("main").get_by_role("link", name=ACTIVITY, exact=True).click()
    return page.frame_locator("iframe[name=tool]")


def opens_in_a_window(page: Page, name: str = "Tom Okonkwo") -> Page:
    frame = page.frame_locator("iframe[name=tool]")
    expect(frame.get_by_role("heading", name=WINDOW_OFFERED)).to_be_visible()
    with page.expect_popup() as opening:
        frame.get_by_role("button", name=OPEN_WINDOW).click()
    window = opening.value
    expect(window.get_by_role("navigation", name="Class blog")).to_contain_text(name)
    return window


def write_a_post(blog: FrameLocator | Page, title: str) -> None:
    blog.get_by_role("link", name="Write a post").click()
    blog.get_by_label("Title", exact=True).fill(title)
    blog.get_by_label("Text").fill("In 1956 the doors opened a little.")
    blog.get_by_role("button", name="Publish").click()
    expect(blog.get_by_role("heading", name=title)).to_be_visible()


def write_a_comment(blog: FrameLocator | Page, text: str) -> None:
    blog.get_by_role("textbox", name="comment").fill(text)
    blog.get_by_role("button", name="Post comment").click()
    expect(blog.get_by_text(text)).to_be_visible()


# --- what Chromium really does ---

KEPT = """async () => {
  for (const end of ["", "; Partitioned"]) {
    document.cookie = `by_script${end ? "_parted" : ""}=1; Path=/; Secure; SameSite=None${end}`;
  }
  let local = true;
  try { localStorage.setItem("x", "1"); } catch { local = false; }
  return { sent: (await (await fetch("/sent")).text()).split(" ").filter(Boolean).sort(), local };
}"""
PLAIN, PARTED = ["by_answer", "by_script"], ["by_answer_parted", "by_script_parted"]


def control_site() -> Flask:
    """Sets a plain and a partitioned cookie, says which it is sent, and frames an address."""
    app = Flask("control")

    @app.get("/set")
    def set_cookies() -> Response:
        response = Response("<!doctype html><link rel=icon href='data:,'><h1>Control</h1>")
        for name, partitioned in (("by_answer", False), ("by_answer_parted", True)):
            response.set_cookie(name, "1", secure=True, samesite="None", partitioned=partitioned)
        return response

    @app.get("/sent")
    def sent() -> str:
        return " ".join(request.cookies)

    @app.get("/frame")
    def frame() -> str:
        return f"<!doctype html><link rel=icon href='data:,'><iframe name=tool src='{request.args['of']}'></iframe>"

    return app


@dataclass
class Control:
    """A site in a frame of another one, with nothing of ours in it."""

    inner: str
    outer: str

    def kept_in_a_frame(self, page: Page) -> Any:
        page.goto(f"{self.outer}/frame?of={self.inner}/set")
        expect(page.frame_locator("iframe[name=tool]").get_by_role("heading", name="Control")).to_be_visible()
        return tools_frame(page).evaluate(KEPT)

    def kept_in_a_tab(self, page: Page) -> Any:
        page.goto(f"{self.inner}/set")
        return page.evaluate(KEPT)


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    certificate = made_certificate(tmp_path)
    inner, outer = free_port(), free_port()
    with served(control_site(), inner, certificate), served(control_site(), outer, certificate):
        yield Control(f"https://127.0.0.1:{inner}", f"https://localhost:{outer}")


def test_what_chromium_keeps_when_third_party_cookies_are_blocked(control: Control, usual: OpenBrowser) -> None:
    page = usual()
    assert control.kept_in_a_frame(page) == {"sent": PARTED, "local": False}
    assert control.kept_in_a_tab(page) == {"sent": sorted(PLAIN + PARTED), "local": True}


def test_what_chromium_keeps_for_a_site_refused_inside_another(
    control: Control, playwright: Playwright, new_page: People, tmp_path: Path
) -> None:
    page = open_profile(playwright, new_page, tmp_path, refusing(control.inner, control.outer)).new_page()
    assert control.kept_in_a_frame(page) == {"sent": [], "local": False}
    assert control.kept_in_a_tab(page) == {"sent": sorted(PLAIN + PARTED), "local": True}


def test_what_chromium_keeps_for_a_site_refused_everywhere(
    control: Control, playwright: Playwright, new_page: People, tmp_path: Path
) -> None:
    page = open_profile(playwright, new_page, tmp_path, refusing(control.inner)).new_page()
    assert control.kept_in_a_frame(page) == {"sent": [], "local": False}
    assert control.kept_in_a_tab(page) == {"sent": [], "local": False}


def test_what_chromium_keeps_when_nothing_is_blocked(
    control: Control, playwright: Playwright, new_page: People, tmp_path: Path
) -> None:
    page = open_profile(playwright, new_page, tmp_path, ALL_ALLOWED).new_page()
    assert control.kept_in_a_frame(page)["sent"] == sorted(PLAIN + PARTED)


# --- third-party cookies blocked ---


@pytest.mark.parametrize("accent", ["canvas", "moodle"])
def test_partitioned_cookies_lead_straight_in(stage_of: OpenStage, usual: OpenBrowser, accent: str) -> None:
    stage = stage_of(accent)
    witness = Witness.of(stage)
    page = usual()
    blog = launched(page, stage)
    assert "~" not in tools_frame(page).url
    assert "/lti/prove" not in witness.paths
    write_a_post(blog, "On the Thaw")
    write_a_comment(blog, "And then closed again.")
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies() if cookie["domain"] == "127.0.0.1"}
    assert set(cookies) == {"visit", "cookies-work"}
    assert {cookie["partitionKey"] for cookie in cookies.values()} == {"https://localhost"}
    # The second launch is not asked about cookies any more.
    before = witness.paths.count("/lti/login")
    page.reload()
    framed_blog(page)
    assert witness.paths.count("/lti/login") == before + 1


# --- no cookie at all ---


def test_rows_227_and_228_the_lmss_storage_carries_a_whole_lesson_without_a_cookie(
    canvas: Stage, without_any: OpenBrowser
) -> None:
    """A student writes, a teacher marks by key, and the student sees what came of it, in frames that keep nothing."""
    witness = Witness.of(canvas)
    page = without_any(canvas)
    blog = launched(page, canvas, "Hannah Feld")
    canvas.clockwork.read_rosters()
    write_a_post(blog, "On the Thaw")
    write_a_comment(blog, "And then closed again.")
    tools_frame(page).evaluate("location.reload()")
    expect(blog.get_by_text("And then closed again.")).to_be_visible()

    blog = launched(page, canvas, "Dr. Irena Novak")
    blog.get_by_role("link", name="Grading desk").click()
    # By key: Canvas lets the frame grow once the page stands, and what moves can be missed by a mouse.
    blog.get_by_role("link", name="Mark the next comment").press("Enter")
    expect(blog.locator("#item-title")).to_be_visible()  # the desk, too, says how many are to be marked
    tools_frame(page).wait_for_load_state()  # keys are heard once the page's script has run
    with page.expect_response(lambda answer: "/desk/queue/" in answer.url) as answered:
        blog.locator("#item-title").press("2")
    assert answered.value.request.headers["x-requested-with"] == "fetch"
    expect(blog.get_by_role("heading", name="All marked")).to_be_visible()
    canvas.send_scores()
    blog.get_by_role("link", name="Gradebook", exact=True).click()
    expect(blog.get_by_text("Up to date").first).to_be_visible()

    blog = launched(page, canvas, "Hannah Feld")
    blog.get_by_role("link", name="My participation").click()
    expect(blog.get_by_role("heading", name="Score 5.33 / 10")).to_be_visible()
    assert witness.paths.count("/lti/prove") == 3
    assert witness.cookies == []
    assert page.context.cookies(canvas.tool_url) == []


def test_row_228_an_lms_without_messages_is_not_waited_for(moodle: Stage, without_any: OpenBrowser) -> None:
    """Moodle names no storage, so nothing is asked: a window is offered, and the launch there is an ordinary one."""
    page = without_any(moodle, inside_the_lms=True)
    start(page, moodle)
    window = opens_in_a_window(page)
    write_a_post(window, "From a window")
    write_a_comment(window, "It works here.")
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies(f"{moodle.tool_url}/v/")}
    assert "visit" not in cookies  # it has the path of its own visit
    assert window.url.split("/v/")[1].count("~") == 0


def test_row_239_where_even_a_window_keeps_nothing_the_person_is_told(moodle: Stage, without_any: OpenBrowser) -> None:
    page = without_any(moodle, allow=["status of 401"])
    frame = start(page, moodle)
    with page.expect_popup() as opening:
        frame.get_by_role("button", name=OPEN_WINDOW).click()
    window = opening.value
    expect(window.get_by_role("heading", name="did not give back the cookie")).to_be_visible()
    expect(window.get_by_role("main")).to_contain_text("allow cookies for this page")
    expect(window.get_by_role("navigation", name="Class blog")).to_have_count(0)


# --- storage that fails ---

FAULTS = ["storage_silent", "storage_lies", "no_storage_frame", "no_storage_target"]


@pytest.mark.parametrize("fault", FAULTS)
def test_rows_228_and_232_and_237_and_239_storage_that_fails_leads_to_a_window(
    canvas: Stage, without_any: OpenBrowser, fault: str
) -> None:
    """It is found out before the LMS has let its launch be used, so the window is one press away."""
    canvas.school.faults.set(fault)
    witness = Witness.of(canvas)
    page = without_any(canvas, inside_the_lms=True)
    start(page, canvas)
    expect(page.frame_locator("iframe[name=tool]").get_by_role("button", name=OPEN_WINDOW)).to_be_visible()
    assert "/lti/launch" not in witness.paths
    opens_in_a_window(page)
    assert "/lti/prove" not in witness.paths


@pytest.mark.parametrize("fault", ["storage_in_parent", "storage_at_login_only"])
def test_rows_232_and_234_storage_in_the_page_itself_or_named_at_login_alone(
    canvas: Stage, without_any: OpenBrowser, fault: str
) -> None:
    canvas.school.faults.set(fault)
    witness = Witness.of(canvas)
    page = without_any(canvas)
    launched(page, canvas).get_by_role("link", name="Write a post").click()
    expect(framed_blog(page).get_by_role("heading", name="Write a post")).to_be_visible()
    assert witness.cookies == []


# An LMS of another make: what the script in its page and in its frame answers. `count` counts the messages heard.
OTHER_LMS = """(() => {
  const kept = new Map();
  let count = 0;
  addEventListener("message", (event) => {
    const heard = event.data, subject = heard.subject;
    const say = (more) => event.source.postMessage(
      { subject: `${subject}.response`, message_id: heard.message_id, ...more }, event.origin);
    const frame = "post_message_forwarding";
    count += 1;
    if (subject === "lti.put_data") kept.set(heard.key, heard.value);
    const value = kept.get(heard.key);
    const able = { supported_messages: [{ subject: "lti.put_data", frame }, { subject: "lti.get_data", frame }] };
    const gets = subject === "lti.get_data" ? (window.gets = (window.gets ?? 0) + 1) : 0;
    HOW
  });
})();"""
USUALLY = 'say(subject === "lti.capabilities" ? able : { key: heard.key, value });'


def other_lms(page: Page, how: str) -> None:
    """Let the LMS's page and frame answer messages so from now on."""

    def answer(route: Route) -> None:
        route.fulfill(content_type="text/javascript", body=OTHER_LMS.replace("HOW", how))

    page.route("**/static/post_messages.js", answer)


def answers_with(more: str) -> str:
    """Everything as usual, but for `lti.put_data`."""
    return f'if (subject === "lti.put_data") {more}; else {USUALLY}'


WRONG_ANSWERS = {
    "an_error": answers_with('say({ error: { code: "storage_exhaustion", message: "full" } })'),
    "another_id": answers_with('say({ key: heard.key, value, message_id: "another" })'),
    "another_subject": answers_with('say({ key: heard.key, value, subject: "lti.put_data" })'),
    "no_storage": 'say({ supported_messages: [{ subject: "lti.frameResize" }] });',
    "no_list": "say({});",
    "nonsense": 'event.source.postMessage("lti.capabilities.response", event.origin);',
    "nothing": "",
}


@pytest.mark.parametrize("how", WRONG_ANSWERS.values(), ids=WRONG_ANSWERS.keys())
def test_rows_228_and_231_an_answer_that_is_none_leads_to_a_window(
    canvas: Stage, without_any: OpenBrowser, how: str
) -> None:
    witness = Witness.of(canvas)
    page = without_any(canvas, inside_the_lms=True)
    other_lms(page, how)
    start(page, canvas)
    opens_in_a_window(page)
    assert "/lti/prove" not in witness.paths


GOOD_ANSWERS = {
    "as_usual": USUALLY,
    "without_message_id": USUALLY.replace("{ key:", "{ message_id: undefined, key:"),
    "while_it_still_loads": f"if (count > 3) {USUALLY}",
    "no_frame_named": USUALLY.replace("able", '{ supported_messages: [{ subject: "lti.put_data" }] }'),
}


@pytest.mark.parametrize("how", GOOD_ANSWERS.values(), ids=GOOD_ANSWERS.keys())
def test_row_228_an_lms_that_answers_late_or_sparely_is_heard(
    canvas: Stage, without_any: OpenBrowser, how: str
) -> None:
    page = without_any(canvas)
    other_lms(page, how)
    launched(page, canvas)
    assert "~" in tools_frame(page).url


FORGETFUL = {
    "nothing_there": (f"if (gets > 1) say({{ key: heard.key, value: null }}); else {USUALLY}", "come from your LMS"),
    "something_else": (f'if (gets > 1) say({{ key: heard.key, value: "x" }}); else {USUALLY}', "come from your LMS"),
    "an_error": (f'if (gets > 1) say({{ error: {{ code: "gone", message: "" }} }}); else {USUALLY}', NOT_YOU),
    "silence": (f"if (gets <= 1) {USUALLY}", NOT_YOU),
}


@pytest.mark.parametrize(("how", "words"), FORGETFUL.values(), ids=FORGETFUL.keys())
def test_rows_235_and_237_what_is_lost_on_the_way_ends_in_words_and_no_visit(
    canvas: Stage, without_any: OpenBrowser, how: str, words: str
) -> None:
    witness = Witness.of(canvas)
    page = without_any(canvas, allow=["status of 401"])
    other_lms(page, how)
    frame = start(page, canvas)
    expect(frame.get_by_role("heading", name=words)).to_be_visible()
    expect(frame.get_by_role("main")).to_contain_text("open the blog from there again")
    assert not [path for path in witness.paths if path.startswith("/v/")]


# --- forged messages ---

EVIL = """<!doctype html><link rel="icon" href="data:,"><h1>Evil</h1><script>
const heard = window.heard = [];
addEventListener("message", (event) => heard.push(event.data));
const frame = "evil";
const lies = [
  { subject: "lti.capabilities.response", supported_messages: [{ subject: "lti.put_data", frame }] },
  { subject: "lti.put_data.response", value: "evil" },
  { subject: "lti.get_data.response", value: "evil" },
  { subject: "lti.get_data.response", error: { code: "evil", message: "evil" } },
];
let rounds = 0;
setInterval(() => {
  rounds += 1;
  document.title = `${rounds} rounds`;
  for (const lie of lies) parent.frames["tool"].postMessage(lie, "*");
}, 5);
</script>"""


@pytest.fixture
def evil_url(canvas: Stage) -> Iterator[str]:
    """A page of another origin that tells every lie it can to the tool's frame, and writes down what it hears."""
    app, port = Flask("evil"), free_port()
    app.add_url_rule("/", view_func=lambda: EVIL)
    with served(app, port, canvas.certificate):
        yield f"https://127.0.0.1:{port}/"


ADD_FRAME = """([name, src]) => {
  const frame = Object.assign(document.createElement("iframe"), { name, src });
  document.body.append(frame);
}"""
LAUNCH_AGAIN = "() => { const frame = document.querySelector('iframe[name=tool]'); frame.src = frame.src; }"


def add_frame(page: Page, name: str, address: str, heading: str) -> Frame:
    page.evaluate(ADD_FRAME, [name, address])
    expect(page.frame_locator(f"iframe[name={name}]").get_by_role("heading", name=heading)).to_be_visible()
    return tools_frame(page, name)


def test_rows_231_and_242_forged_messages_change_nothing(
    canvas: Stage, without_any: OpenBrowser, evil_url: str
) -> None:
    page = without_any(canvas)
    launched(page, canvas)
    evil = add_frame(page, "evil", evil_url, "Evil")
    for _ in range(3):
        with page.expect_response(lambda answer: "/v/" in answer.url):
            page.evaluate(LAUNCH_AGAIN)
        expect(framed_blog(page).get_by_text("Tom Okonkwo")).to_be_visible()
    assert int(evil.title().split()[0]) > 10
    assert evil.evaluate("heard") == []


def test_rows_230_and_242_a_frame_that_takes_the_storages_name_hears_no_secret(
    canvas: Stage, without_any: OpenBrowser, evil_url: str
) -> None:
    """The LMS has no such frame; somebody else's page in it calls itself so. The browser delivers to the LMS alone."""
    canvas.school.faults.set("no_storage_frame")
    page = without_any(canvas, inside_the_lms=True, allow=["does not match the recipient window's origin"])
    frame = start(page, canvas)
    expect(frame.get_by_role("button", name=OPEN_WINDOW)).to_be_visible()
    evil = add_frame(page, "post_message_forwarding", evil_url, "Evil")
    with page.expect_response(lambda answer: answer.url.endswith("/lti/login")):
        page.evaluate(LAUNCH_AGAIN)
    with page.expect_event("console", lambda said: "recipient window's origin" in said.text):
        pass
    opens_in_a_window(page)
    assert evil.evaluate("heard") == []


# --- the address that holds its secret ---


def test_row_267_the_address_of_a_frame_opens_in_no_address_bar_and_in_no_other_page(
    canvas: Stage, without_any: OpenBrowser, usual: OpenBrowser
) -> None:
    page = without_any(canvas, allow=["status of 401"])
    launched(page, canvas, "Dr. Irena Novak")
    address = tools_frame(page).url
    assert "~" in address
    for elsewhere in (usual(allow=["status of 401"]), page.context.new_page()):
        for path in ("", "desk", "gradebook"):
            answer = elsewhere.goto(f"{address}{path}")
            assert answer
            assert answer.status == 401
            expect(elsewhere.get_by_role("heading", name="a visit that has ended")).to_be_visible()
    add_frame(page, "borrowed", address, "a visit that has ended")


def test_row_241_no_other_page_may_frame_a_visit(canvas: Stage, usual: OpenBrowser, control: Control) -> None:
    """Not even the browser that is in the visit shows it inside another site's page."""
    page = usual(allow=["frame-ancestors", "ERR_BLOCKED_BY_RESPONSE", "status of 401"])
    launched(page, canvas)
    address = tools_frame(page).url
    with page.expect_event("console", lambda said: "frame-ancestors" in said.text):
        page.goto(f"{control.outer}/frame?of={canvas.tool_url}/healthz")
    page.goto(f"{control.outer}/frame?of={address}")
    expect(page.frame_locator("iframe[name=tool]").get_by_role("navigation", name="Class blog")).to_have_count(0)


# --- from the frame to a window ---


def new_window(page: Page) -> tuple[Page, str]:
    """Press the button in the frame's navigation; the window, and the ticket that led there."""
    tickets: list[str] = []

    def keep(context_request: Any) -> None:
        if "/window/" in context_request.url:
            tickets.append(context_request.url)

    page.context.on("request", keep)
    with page.expect_popup() as opening:
        framed_blog(page).get_by_role("button", name="New window").click()
    window = opening.value
    expect(window.get_by_role("navigation", name="Class blog")).to_be_visible()
    assert len(tickets) == 1
    return window, tickets[0]


def works_on_its_own(window: Page, name: str) -> None:
    expect(window.get_by_role("navigation", name="Class blog")).to_contain_text(name)
    window.wait_for_load_state()
    assert window.get_by_role("button", name="New window").count() == 0  # it would lead nowhere
    assert "~" not in window.url
    write_a_post(window, "From a window")
    write_a_comment(window, "There is room here.")
    window.reload()
    expect(window.get_by_text("There is room here.")).to_be_visible()


def is_refused_when_followed(page: Page, address: str) -> None:
    """As a script of the page it is on would follow it."""
    page.evaluate("address => { location.href = address; }", address)
    expect(page.get_by_role("heading", name="a visit that has ended")).to_be_visible()


@pytest.mark.parametrize("accent", ["canvas", "moodle"])
def test_row_239_a_window_from_a_frame_with_partitioned_cookies(
    stage_of: OpenStage, usual: OpenBrowser, accent: str
) -> None:
    stage = stage_of(accent)
    page = usual(allow=["status of 401"])
    launched(page, stage)
    window, ticket = new_window(page)
    works_on_its_own(window, "Tom Okonkwo")
    is_refused_when_followed(window, ticket)
    write_a_comment_in_the_frame_still(page)


def write_a_comment_in_the_frame_still(page: Page) -> None:
    blog = framed_blog(page)
    blog.get_by_role("navigation", name="Class blog").get_by_role("link", name="Blog", exact=True).click()
    write_a_comment(blog, "The frame is still mine.")


def test_row_239_a_window_from_a_frame_without_cookies(canvas: Stage, without_any: OpenBrowser) -> None:
    """The browser refuses cookies inside the LMS's pages: the frame goes on by its address, the window by a cookie."""
    page = without_any(canvas, inside_the_lms=True, allow=["status of 401"])
    launched(page, canvas)
    assert "~" in tools_frame(page).url
    window, ticket = new_window(page)
    works_on_its_own(window, "Tom Okonkwo")
    is_refused_when_followed(window, ticket)
    write_a_comment_in_the_frame_still(page)


def test_row_239_a_ticket_leads_nobody_there_from_another_site_or_from_an_address_bar(
    canvas: Stage, usual: OpenBrowser
) -> None:
    page = usual(allow=["status of 401"])
    launched(page, canvas)
    ask = "async () => (await (await fetch(location.pathname + 'window', { method: 'POST' })).json()).address"
    ticket = canvas.tool_url + tools_frame(page).evaluate(ask)
    typed = page.context.new_page()
    typed.goto(ticket)
    expect(typed.get_by_role("heading", name="a visit that has ended")).to_be_visible()
    linked = page.context.new_page()
    linked.goto(canvas.lms_url)
    is_refused_when_followed(linked, ticket)
    ours = page.context.new_page()
    ours.goto(tools_frame(page).url)  # a page of ours that says that this browser is nobody here
    ours.evaluate("address => { location.href = address; }", ticket)  # nothing of it was used up
    expect(ours.get_by_role("navigation", name="Class blog")).to_contain_text("Tom Okonkwo")


# --- side by side ---


def test_row_229_frames_side_by_side_do_not_mix_up_what_they_left(canvas: Stage, without_any: OpenBrowser) -> None:
    """Begun at the same instant in one page of the LMS. Who got in where is read from the database.

    Playwright now and then loses a frame that changes its process while another does.
    """
    witness = Witness.of(canvas)
    page = without_any(canvas, 1280, 1600)
    launched(page, canvas)
    people = [("irena", 1), ("priya", 2), ("michael", 1)]
    for person, activity in people:
        page.evaluate(ADD_FRAME, [person, f"/courses/3644/activities/{activity}/launch?as={person}"])
    wait_until(lambda: len(witness.visits) == 4, "four pages of four visits")
    assert witness.paths.count("/lti/prove") == 4
    assert witness.cookies == []
    with canvas.tool.database.reading() as session:
        who = select(Person.lti_sub, Blog.title).join(Visit, Visit.person_id == Person.id)
        where = who.join(Placement, Placement.id == Visit.placement_id).join(Blog, Blog.id == Placement.blog_id)
        found = {tuple(row) for row in session.execute(where)}
    titles = {1: ACTIVITY, 2: OTHER_ACTIVITY}
    expected = {(canvas.school.sub_of(person), titles[activity]) for person, activity in [("tom", 1), *people]}
    assert found == expected


# --- room ---


def height_of_frame(page: Page) -> float:
    box = page.locator("iframe[name=tool]").bounding_box()
    assert box
    return box["height"]


def inside_the_frame(page: Page, button: str) -> bool:
    """Whether a person sees where to click: the middle of the button is within what the frame shows."""
    outer = page.locator("iframe[name=tool]").bounding_box()
    inner = page.frame_locator("iframe[name=tool]").get_by_role("button", name=button).bounding_box()
    assert outer
    assert inner
    middle = inner["y"] + inner["height"] / 2
    return outer["y"] <= middle <= outer["y"] + outer["height"]


def press_by_keyboard(page: Page, button: str) -> Page:
    """Go there with Tab from the frame's edge, and press Enter."""
    wanted = page.frame_locator("iframe[name=tool]").get_by_role("button", name=button)
    page.locator("iframe[name=tool]").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
        if wanted.evaluate("button => button === document.activeElement"):
            break
    expect(wanted).to_be_focused()
    with page.expect_popup() as opening:
        page.keyboard.press("Enter")
    window = opening.value
    expect(window.get_by_role("navigation", name="Class blog")).to_contain_text("Tom Okonkwo")
    return window


def test_moodles_lowest_frame_shows_the_way_to_a_window(moodle: Stage, usual: OpenBrowser) -> None:
    page = usual(1280, 500)
    sign_in(page, moodle.lms_url, "Tom Okonkwo")
    page.get_by_role("main").get_by_role("link", name=ACTIVITY, exact=True).click()
    expect(page.frame_locator("iframe[name=tool]").get_by_role("button", name="New window")).to_be_visible()
    assert height_of_frame(page) == 36
    wait_until(lambda: inside_the_frame(page, "New window"), "the button within the frame")
    press_by_keyboard(page, "New window")


def test_row_239_moodles_lowest_frame_without_cookies_shows_it_too(moodle: Stage, without_any: OpenBrowser) -> None:
    page = without_any(moodle, 1280, 500, inside_the_lms=True)
    start(page, moodle)
    expect(page.frame_locator("iframe[name=tool]").get_by_role("heading", name=WINDOW_OFFERED)).to_be_visible()
    assert height_of_frame(page) == 36
    wait_until(lambda: inside_the_frame(page, OPEN_WINDOW), "the button within the frame")
    press_by_keyboard(page, OPEN_WINDOW)


@pytest.mark.parametrize("blocked", [False, True], ids=["with_cookies", "without_cookies"])
def test_canvas_makes_the_frame_as_tall_as_the_page(
    canvas: Stage, usual: OpenBrowser, without_any: OpenBrowser, blocked: bool
) -> None:
    page = without_any(canvas) if blocked else usual()
    blog = launched(page, canvas)

    def fits() -> bool:
        inner: float = tools_frame(page).evaluate("document.body.offsetHeight")
        return abs(height_of_frame(page) - inner) <= 2  # the frame's border

    wait_until(fits, "a frame as tall as its page")
    low = height_of_frame(page)
    blog.get_by_role("link", name="Write a post").click()
    blog.get_by_label("Title", exact=True).fill("A long one")
    blog.get_by_label("Text").fill("\n\n".join(f"Paragraph {number}." for number in range(60)))
    blog.get_by_role("button", name="Publish").click()
    expect(blog.get_by_text("Paragraph 59.")).to_be_visible()
    wait_until(fits, "a frame as tall as the long page")
    assert height_of_frame(page) > low + 1000


# --- how the pages look where nothing is kept ---


@pytest.mark.parametrize("width", [374, 885, 1280])
def test_the_offer_of_a_window_fits(moodle: Stage, without_any: OpenBrowser, width: int) -> None:
    page = without_any(moodle, width, 844, inside_the_lms=True)
    frame = start(page, moodle)
    expect(frame.get_by_role("button", name=OPEN_WINDOW)).to_be_visible()
    sticks_out = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert tools_frame(page).evaluate(sticks_out) == 0
    assert inside_the_frame(page, OPEN_WINDOW)
