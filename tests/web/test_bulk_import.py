"""A whole blog by the import page: looked over, stored by the worker, and counted when approved; and out again."""

import io
import json
import re

import pytest
from sqlalchemy import select

from lti_tool.importing.formats import posts_in
from lti_tool.models import Comment, ImportRun, Post
from tests.importing.test_formats import SAMPLES
from tests.stage import ScriptBrowser, Stage
from tests.web.forms import fields_of

WORDPRESS = (SAMPLES / "wxr" / "conversation.xml").read_bytes()


@pytest.fixture
def teacher(stage: Stage) -> ScriptBrowser:
    browser = stage.launched("irena")
    stage.clockwork.read_rosters()
    return browser


def uploaded(teacher: ScriptBrowser, content: bytes = WORDPRESS, name: str = "blog.xml") -> str:
    """Upload a file and return the address of the page that shows what is in it."""
    answer = teacher.post("import", files={"file": (name, content)})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def stored(teacher: ScriptBrowser, page: str, **changes: str) -> None:
    answer = teacher.post(f"{page}/store", fields_of(teacher.get(page).text) | changes)
    assert answer.status_code == 303, answer.text
    teacher.stage.clockwork.carry_on_imports()


def test_what_is_in_the_file_is_shown_and_nothing_stored(teacher: ScriptBrowser) -> None:
    page = teacher.get(uploaded(teacher)).text
    for said in ("<b>2</b> posts with <b>5</b> comments", "1 post and 1 comment", "Waits", "1 of the kind “attachment”",
                 "nothing is fetched from elsewhere", "nobody in this course is called Waits",
                 "the whole name of Dr. Irena Novak"):  # fmt: skip
        assert said in page
    for unsaid in ("example.edu", "192.0.2"):
        assert unsaid not in page
    assert "There is no post here yet" in teacher.get("").text
    with teacher.stage.tool.database.reading() as session:
        run = session.scalars(select(ImportRun)).one()
        assert "example.edu" not in json.dumps(run.found)


def test_from_the_file_to_the_blog_and_counted_when_approved(teacher: ScriptBrowser) -> None:
    page = uploaded(teacher)
    writers = {key: value for key, value in fields_of(teacher.get(page).text).items() if key.startswith("writer_")}
    tom = next(value for value in re.findall(r'<option value="(\d+)"[^>]*>Tom Okonkwo<', teacher.get(page).text))
    anna = re.search(r'for="(writer_\d+)">Anna Berg<', teacher.get(page).text)
    assert anna is not None
    assert writers[anna[1]] == "", "she is not in this course"
    stored(teacher, page, **{anna[1]: tom})
    assert "Done: 2 posts gone through, 3 comments stored" in teacher.get(page).text
    read = teacher.get("posts/1").text
    assert "Who keeps it?" in read
    assert "Tom Okonkwo" in read
    assert "2019" in read
    assert "Held back" not in read
    waiting = teacher.get("import/approve").text
    assert "The bridge &amp; the river" in waiting
    assert "<b>1</b>" in teacher.get("import").text
    with teacher.stage.tool.database.reading() as session:
        assert [one.uncounted for one in session.scalars(select(Post))] == [True]
    assert teacher.post("import/approve", {"which": "chosen", "post": "1"}).status_code == 303
    with teacher.stage.tool.database.reading() as session:
        assert [one.uncounted for one in session.scalars(select(Post))] == [False]
    assert "Everything counts." in teacher.get("import/approve").text


def test_what_waited_or_was_thrown_away_comes_only_if_chosen(teacher: ScriptBrowser) -> None:
    stored(teacher, uploaded(teacher), pending="1", trash="1")
    with teacher.stage.tool.database.reading() as session:
        bodies = set(session.scalars(select(Comment.body)))
    assert {"Held back", "Away"} <= bodies


def test_how_far_it_is_can_be_followed_and_the_same_file_doubles_nothing(teacher: ScriptBrowser) -> None:
    page = uploaded(teacher)
    rings = len(teacher.stage.rings)
    assert teacher.post(f"{page}/store", fields_of(teacher.get(page).text)).status_code == 303
    assert len(teacher.stage.rings) > rings
    assert 'data-waiting="2"' in teacher.get(f"{page}/progress").text
    assert "0 of 2 posts stored" in teacher.get(page).text
    teacher.stage.clockwork.carry_on_imports()
    assert 'data-waiting="0"' in teacher.get(f"{page}/progress").text
    stored(teacher, again := uploaded(teacher))
    assert "was brought in before" in teacher.get(again).text
    with teacher.stage.tool.database.reading() as session:
        assert len(session.scalars(select(Post)).all()) == 1


def test_what_was_read_can_be_dropped(teacher: ScriptBrowser) -> None:
    page = uploaded(teacher)
    assert teacher.post(f"{page}/drop").status_code == 303
    assert teacher.get(page).status_code == 404


@pytest.mark.parametrize("name", ["saved_page/wordpress.html", "feed/blogger.atom", "class_blog_json/export.txt"])
def test_every_kind_of_archive_comes_in(teacher: ScriptBrowser, name: str) -> None:
    stored(teacher, uploaded(teacher, (SAMPLES / name).read_bytes(), name))
    assert teacher.get("posts/1").status_code == 200


def test_students_neither_import_nor_export(teacher: ScriptBrowser) -> None:
    page = uploaded(teacher).rpartition("/import")[2]
    student = teacher.stage.launched("tom")
    for path in (f"import{page}", "import/approve", "export", "export/file?kind=json"):
        assert student.get(path).status_code == 403


def test_a_broken_file_is_refused_where_it_was_chosen(teacher: ScriptBrowser) -> None:
    answer = teacher.post("import", files={"file": ("blog.xml", WORDPRESS[:-200])})
    assert answer.status_code == 422
    assert "cut off, damaged" in answer.text


def test_the_exports_are_files_that_can_be_read_again(teacher: ScriptBrowser) -> None:
    stored(teacher, uploaded(teacher))
    whole, wxr, page = (teacher.get(f"export/file?kind={kind}") for kind in ("json", "wxr", "html"))
    assert [answer.headers["Content-Disposition"].partition("filename=")[2] for answer in (whole, wxr, page)] == [
        '"class-blog.json"', '"class-blog.wordpress.xml"', '"class-blog.html"',
    ]  # fmt: skip
    for answer in (whole, wxr):
        (post,) = posts_in(io.BytesIO(answer.content), 1_000_000)
        assert (post.title, len(post.comments)) == ("The bridge & the river", 3)
    assert "<script" not in page.text
    assert page.text.index("Who keeps it?") < page.text.index("An answer before its question.")
    named = teacher.get("export/file?kind=html&pseudonyms=1").text
    assert "Ben Cole" in page.text
    assert "Ben Cole" not in named
    assert teacher.get("export/file?kind=pdf").status_code == 404
    assert "Everything (JSON)" in teacher.get("export").text
