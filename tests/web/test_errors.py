"""Whatever goes wrong, a person reads two sentences, and never a trace of the program."""

from collections.abc import Iterator, MutableMapping
from dataclasses import replace
from typing import Any

import pytest
import structlog

from lti_tool.app import create_app
from lti_tool.database import Database
from tests.stage import ScriptBrowser, Stage

GOES_WRONG = "<h1>Something went wrong in the blog itself."


@pytest.fixture
def teacher(open_house: Stage) -> ScriptBrowser:
    return open_house.launched("irena")


@pytest.fixture
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    with structlog.testing.capture_logs() as entries:
        yield entries


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("nowhere", 404, "There is no such page."),
        ("/nowhere", 404, "There is no such page."),
        ("posts/99", 404, "There is no such post in this blog."),
        ("posts/0", 404, "There is no such post in this blog."),
        ("posts/99999999999999999999", 404, "There is no such page."),
        ("posts/x", 404, "There is no such page."),
        ("desk/people/99", 404, "There is no such student in this course."),
        ("desk/queue?comment=99", 404, "This comment cannot be marked"),
        ("/v/nobody/", 401, "This page belongs to a visit that has ended"),
        ("desk/queue/1", 405, "This address is not one to open that way."),
    ],
)
def test_what_is_not_there(teacher: ScriptBrowser, path: str, status: int, says: str) -> None:
    answer = teacher.get(path)
    assert answer.status_code == status
    assert says in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", ["desk", "gradebook", "import", "desk/rule", "desk/people/1"])
def test_students_are_told_that_the_desk_is_not_theirs(open_house: Stage, path: str) -> None:
    answer = open_house.launched("tom").get(path)
    assert answer.status_code == 403
    assert "This page is for teachers and their assistants." in answer.text


def test_an_assistant_marks_but_does_not_change_the_rule(open_house: Stage) -> None:
    assistant = open_house.launched("sam")
    assert assistant.get("desk").status_code == 200
    for path in ("desk/rule", "desk/people/1/score"):
        answer = assistant.post(path, {"points": "1"})
        assert answer.status_code == 403
        assert "Only a teacher of this course can do that." in answer.text


def test_a_fault_of_the_program(open_house: Stage, logged: list[MutableMapping[str, Any]]) -> None:
    """The database goes away in the middle of the day."""
    broken = replace(open_house.tool, database=Database("sqlite:////nowhere/at/all.sqlite3"))
    client = create_app(broken).test_client()
    answer = client.get("/v/key/posts/1?secret=word", headers={"Cookie": "visit=secret-cookie"})
    assert answer.status_code == 500
    assert GOES_WRONG in answer.text
    for hidden in ("Traceback", "sqlite", "OperationalError", "nowhere"):
        assert hidden not in answer.text
    (entry,) = [one for one in logged if one["event"] == "fault"]
    assert str(entry["reference"]) in answer.text
    assert entry["path"] == "/v/<visit_key>/posts/<int:number>"
    assert "secret" not in str({name: value for name, value in entry.items() if name != "exc_info"})


def test_scripts_are_answered_in_json(teacher: ScriptBrowser) -> None:
    answer = teacher.get("posts/99", headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 404
    assert answer.json() == {
        "what": "There is no such post in this blog.",
        "do": "Go back to the list of posts.",
    }


def test_what_was_written_is_given_back(teacher: ScriptBrowser) -> None:
    answer = teacher.post("posts/new", {"title": "", "body": "An hour's <work>"})
    assert answer.status_code == 422
    assert "An hour&#39;s &lt;work&gt;</textarea>" in answer.text


def test_too_much_is_said_to_be_too_much(teacher: ScriptBrowser) -> None:
    answer = teacher.post("posts/new", {"title": "x", "body": "x" * 1_100_000})
    assert answer.status_code == 413
    assert "That is more than can be taken at once." in answer.text


ODD_NUMBERS = ("99999999999999999999", "9" * 5000, "-1", "1.5", "x", "", "²", "\x00")
ODD_TEXTS = ("\x00", "a\x00b", "\ud7ff\ufffe", "\U0001f600", "x" * 70)


def test_odd_numbers_are_no_fault(stage: Stage) -> None:
    teacher = stage.launched("irena")
    teacher.post("posts/new", {"title": "A post", "body": "Words.", "once": "a"})
    for odd in ODD_NUMBERS:
        _send_wherever_a_number_is_read(teacher, odd)


def _send_wherever_a_number_is_read(teacher: ScriptBrowser, odd: str) -> None:
    for path in ("posts/1", "desk/queue"):
        query = dict.fromkeys(("at", "reply", "answers", "after", "comment"), odd)
        assert teacher.get(path, params=query).status_code in (200, 404)
    forms = {
        "posts/1/comments": {"body": "Words.", "answers": odd, "once": odd},
        "desk/queue/1": {"mark": odd},
        "gradebook/try-again": {"person": odd},
        "desk/rule": {"maximum": odd, "post_points": odd, "comments": odd, "comment_points": odd},
        "import/store": {"title": "x", "body": "x", "comments": "1", "text_1": "x", "parent_1": odd, "author_1": odd},
        "import/authors": {odd: odd, "author_1": odd, f"author_{odd}": "1", "comment_1": odd},
    }
    forms["import/store "] = {**forms["import/store"], "comments": odd, "fingerprint": odd}
    for path, form in forms.items():
        answer = teacher.post(path.strip(), form)
        assert answer.status_code in (303, 404, 422), (path, answer.status_code)
        assert GOES_WRONG not in answer.text


def test_odd_texts_are_no_fault(stage: Stage) -> None:
    teacher = stage.launched("irena")
    stage.clockwork.read_rosters()
    for odd in ODD_TEXTS:
        fields = {"title": odd, "subtitle": odd, "body": f"{odd} words", "sources": f"{odd}\n{odd}", "once": odd}
        assert teacher.post("posts/new", fields).status_code in (303, 422)
        teacher.post("posts/new", {**fields, "title": f"{odd}t"})
        assert teacher.post("posts/1/comments", {"body": f"{odd} words", "once": odd}).status_code == 303
        assert teacher.get("posts/1", params={"after": odd}).status_code == 200
        assert teacher.post("desk/people/5/score", {"points": "1", "reason": odd}).status_code in (303, 404)
        imported = {"title": f"{odd}t", "body": f"{odd}b", "author_name": odd, "fingerprint": f"{odd}f"}
        assert teacher.post("import/store", imported).status_code in (303, 422)
    assert teacher.get("").status_code == 200
