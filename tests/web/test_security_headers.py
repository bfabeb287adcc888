"""Each answer says what a browser may do with it, and only the LMS of a visit may frame its pages."""

import pytest
import requests

from lti_tool.models import Visit
from tests.stage import ScriptBrowser, Stage


def policy(response: requests.Response) -> dict[str, list[str]]:
    parts = [part.split() for part in response.headers["Content-Security-Policy"].split(";")]
    return {part[0]: part[1:] for part in parts}


@pytest.fixture(scope="module")
def teacher(open_house: Stage) -> ScriptBrowser:
    return open_house.launched("irena")


PAGES = ("", "desk", "desk/queue", "desk/rule", "gradebook", "import", "posts/new", "no/such/page",
         "/healthz", "/nowhere", "/.well-known/jwks.json", "/static/blog.css")  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_every_answer(teacher: ScriptBrowser, path: str) -> None:
    response = teacher.get(path)
    said = policy(response)
    assert said["default-src"] == ["'none'"]
    assert said["script-src"] == said["style-src"] == ["'self'"]
    assert said["base-uri"] == ["'none'"]
    assert said["form-action"] == ["'self'"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "X-Frame-Options" not in response.headers
    assert "Cross-Origin-Resource-Policy" in response.headers


@pytest.mark.parametrize("path", ["", "desk", "import", "posts/99"])
def test_the_lms_of_a_visit_may_frame_its_pages(teacher: ScriptBrowser, path: str) -> None:
    assert policy(teacher.get(path))["frame-ancestors"] == ["'self'", teacher.stage.lms_url]


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/.well-known/jwks.json", "/static/blog.css"])
def test_nobody_may_frame_what_belongs_to_no_visit(teacher: ScriptBrowser, path: str) -> None:
    assert policy(teacher.get(path))["frame-ancestors"] == ["'none'"]


def test_the_end_of_a_visit_is_said_in_the_frame_where_it_happens(teacher: ScriptBrowser) -> None:
    """It holds nothing to click on; refused to the frame, the person would see the browser's own grey error."""
    stranger = teacher.stage.browser()
    answer = stranger.get(f"{teacher.home}/desk")
    assert answer.status_code == 401
    assert "frame-ancestors" not in policy(answer)
    assert "<a " not in answer.text.split("<main")[1]


def test_what_was_written_into_an_ended_visit_is_given_back(teacher: ScriptBrowser) -> None:
    stranger = teacher.stage.browser()
    answer = stranger.post(f"{teacher.home}/posts/1/comments", {"body": "An hour of <work>."})
    assert answer.status_code == 401
    assert "An hour of &lt;work&gt;." in answer.text


def test_each_visit_names_its_own_lms(open_house: Stage) -> None:
    """Two LMSs launch the tool; neither may frame a visit of the other."""
    browser = open_house.launched("tom")
    key = browser.home.removeprefix("/v/")
    with open_house.tool.database.writing() as session:
        session.get_one(Visit, key).frame_origins = "https://other.example.edu"
    assert policy(browser.get(""))["frame-ancestors"] == ["'self'", "https://other.example.edu"]


def test_pages_are_not_kept_by_caches(teacher: ScriptBrowser) -> None:
    assert teacher.get("desk").headers["Cache-Control"] == "no-store"
    assert teacher.get("/static/blog.css").headers["Cache-Control"] != "no-store"
    assert "max-age=600" in teacher.get("/.well-known/jwks.json").headers["Cache-Control"]


def test_https_is_asked_for_only_where_it_is_served(teacher: ScriptBrowser) -> None:
    assert "Strict-Transport-Security" not in teacher.get("desk").headers


def test_pages_hold_no_script_or_style_of_their_own(teacher: ScriptBrowser) -> None:
    """The policy would bar them, silently for whoever writes the template."""
    for path in PAGES[:7]:
        html = teacher.get(path).text
        assert "<style" not in html
        assert " style=" not in html
        assert " onclick=" not in html
        assert all("src=" in tag.split(">")[0] for tag in html.split("<script")[1:])
