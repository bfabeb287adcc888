"""The import page: what was found can be corrected, an error loses nothing, an odd file is refused in plain words."""

import pytest

from tests.importing.pages import page
from tests.stage import ScriptBrowser, Stage
from tests.web.forms import fields_of

TEXT = page(
    "Tom Okonkwo on April 4, 2019 at 10:12 am said:\nI don't agree with this reading of the speech, and here is why.",
    "Somebody on April 4, 2019 at 1:30 pm said:\nI do, for the reasons that the memoirs give us in such detail.",
    "Zoe on April 5, 2019 at 8:47 am said:\nBoth of you are right about it in your own way, as far as I can see.",
)


@pytest.fixture
def teacher(stage_on_sqlite: Stage) -> ScriptBrowser:
    browser = stage_on_sqlite.launched("irena")
    stage_on_sqlite.clockwork.read_rosters()
    return browser


@pytest.fixture(scope="module")
def reader(open_house: Stage) -> ScriptBrowser:
    """A teacher for the tests that store nothing."""
    browser = open_house.launched("irena")
    open_house.clockwork.read_rosters()
    return browser


def previewed(teacher: ScriptBrowser, text: str = TEXT) -> dict[str, str]:
    answer = teacher.post("import", {"text": text})
    assert answer.status_code == 200, answer.text
    return fields_of(answer.text)


def uploaded(teacher: ScriptBrowser, content: bytes, name: str = "page.txt") -> tuple[int, str]:
    answer = teacher.post("import", files={"file": (name, content)})
    assert "Traceback" not in answer.text
    return answer.status_code, answer.text


def test_what_was_found_is_shown_and_nothing_stored(reader: ScriptBrowser) -> None:
    fields = previewed(reader)
    assert (fields["title"], fields["comments"]) == ("On the Thaw", "3")
    people = {name: value for name, value in fields.items() if name.startswith("author_") and name[7:].isdigit()}
    assert people["author_1"] != "", "Tom Okonkwo is in the course"
    assert people["author_2"] == "", "Somebody is not"
    assert fields["author_2_name"] == "Somebody"
    assert "nobody in this course is called Somebody" in fields["author_2_match"]
    assert people["author_3"] not in ("", people["author_1"]), "Zoë, by the first name without its dots"
    assert all(fields[f"author_{number}_reason"] for number in (1, 2, 3))
    assert "There is no post here yet" in reader.get("").text


def test_stored_as_corrected(teacher: ScriptBrowser) -> None:
    fields = previewed(teacher)
    fields |= {"title": "A better title", "parent_2": "1", "parent_3": "", "author_2": fields["author_3"],
               "text_3": "Shortened.", "leave_out_1": "", "sources": "One\nTwo"}  # fmt: skip
    answer = teacher.post("import/store", fields)
    assert answer.status_code == 303
    html = teacher.get(answer.headers["Location"]).text
    assert "The post and its comments are stored." in html
    for said in ("A better title", ">One</li>", "in reply to #1, Tom Okonkwo", "Shortened.", "Tom Okonkwo"):
        assert said in html
    assert html.count("Zoë Hartmann") >= 2
    assert len(teacher.stage.rings) >= 1


def test_left_out_comments_are_left_out(teacher: ScriptBrowser) -> None:
    fields = previewed(teacher) | {"leave_out_2": "1", "parent_3": "1"}
    html = teacher.get(teacher.post("import/store", fields).headers["Location"]).text
    assert "2 comments" in html
    assert "Somebody" not in html


def test_an_error_keeps_every_correction(teacher: ScriptBrowser) -> None:
    fields = previewed(teacher)
    changed = fields | {
        "title": "A <better> title",
        "subtitle": "With a subtitle",
        "sources": "One\nTwo",
        "author_2": fields["author_1"],
        "author_3_name": "Zoë of the page",
        "text_2": "Another text.",
        "leave_out_3": "1",
        "parent_1": "2",
    }
    answer = teacher.post("import/store", changed)
    assert answer.status_code == 422
    assert "Comment 1 is said to answer 2, which does not come before it." in answer.text
    assert fields_of(answer.text) == changed
    assert "There is no post here yet" in teacher.get("").text
    assert teacher.post("import/store", changed | {"parent_1": ""}).status_code == 303


def test_a_second_import_is_recognised(teacher: ScriptBrowser) -> None:
    fields = previewed(teacher)
    assert teacher.post("import/store", fields).status_code == 303
    again = teacher.post("import", {"text": TEXT.replace("\n", "\r\n")}).text
    assert "This text has been imported into this blog before." in again
    assert "disabled" in again
    answer = teacher.post("import/store", fields_of(again))
    assert answer.status_code == 422
    assert "Nothing was stored a second time." in answer.text


def test_a_person_of_another_course_cannot_be_chosen(teacher: ScriptBrowser) -> None:
    fields = previewed(teacher) | {"author_2": "99999", "author": "99999"}
    html = teacher.get(teacher.post("import/store", fields).headers["Location"]).text
    assert "Somebody" in html


def test_a_file_in_latin_1(reader: ScriptBrowser) -> None:
    text = page("Zoë on April 4, 2019 at 10:12 am said:\nÇa m’étonne, à vrai dire, tout à fait.")
    status, html = uploaded(reader, text.encode("cp1252"))
    assert status == 200
    fields = fields_of(html)
    assert "à vrai dire" in fields["text_1"]
    assert fields["author_1"] != ""
    assert "it was read as Windows-1252" in html


def test_a_file_with_a_mark_at_its_beginning(reader: ScriptBrowser) -> None:
    status, html = uploaded(reader, TEXT.encode("utf-8-sig"))
    assert status == 200
    assert fields_of(html)["title"] == "On the Thaw"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "There is nothing to import yet."),
        (b"  \n\n ", "There is nothing to import yet."),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "a PNG picture"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"PK\x03\x04" + b"\x00" * 40, "a Word document"),
        (b"<!doctype html><p>x", "a saved web page"),
        (bytes(range(256)) * 10, "not plain text"),
    ],
)
def test_files_that_are_no_text(reader: ScriptBrowser, content: bytes, says: str) -> None:
    status, html = uploaded(reader, content)
    assert status == 422
    assert says in html
    assert 'type="file"' in html, "the page to try again from"


def test_nothing_pasted(reader: ScriptBrowser) -> None:
    answer = reader.post("import", {"text": ""})
    assert answer.status_code == 422
    assert "There is nothing to import yet." in answer.text


@pytest.mark.parametrize("megabytes", [5.5, 20, 52])
def test_too_large_a_file(reader: ScriptBrowser, megabytes: float) -> None:
    """Up to 51 MB, as whole blogs may have, the tool says what a page may have; beyond that it takes no more of it."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="page.txt"\r\n\r\n'
    answer = reader.stage.app.test_client(use_cookies=False).post(
        f"{reader.home}/import",
        data=head + b"x" * int(megabytes * 1_000_000) + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
        headers={"Sec-Fetch-Site": "same-origin", "Cookie": "; ".join(f"{k}={v}" for k, v in reader.cookies.items())},
    )
    assert answer.status_code == (422 if megabytes < 51 else 413)
    said = "The file is larger than 5 MB." if megabytes < 51 else "That is more than can be taken at once."
    assert said in answer.text
    assert "Traceback" not in answer.text


def test_a_long_page_pasted(teacher: ScriptBrowser) -> None:
    """More than other forms may send, for pages with hundreds of comments."""
    said = "What I think about point {}: " + "it is so. " * 120
    comments = [f"Person {one} on April 4, 2019 at 10:12 am said:\n{said.format(one)}" for one in range(400)]
    fields = previewed(teacher, page(*comments))
    assert int(fields["comments"]) == 400
    assert teacher.post("import/store", fields).status_code == 303


def test_students_import_nothing(open_house: Stage) -> None:
    student = open_house.launched("tom")
    for path in ("import", "import/store"):
        assert student.post(path, {"text": TEXT, "title": "x", "body": "x"}).status_code == 403
