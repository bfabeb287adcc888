"""Setting scores from a file at the desk: shown before it counts, done as shown; and excusing somebody."""

import re

import pytest
from sqlalchemy import select

from lti_tool.models import Blog, Person
from lti_tool.participation.score_file import LARGEST_FILE_BYTES, read_scores
from lti_tool.participation.score_import import apply_plan, plan_scores
from tests.stage import ScriptBrowser, Stage
from tests.web.forms import fields_of

TEXT = "name;points;comment\nTom Okonkwo;7,5;Spoke <well>\nHartmann, Zoë;EX;\nNobody Known;3;\nHannah Feld;;\n"


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture
def teacher(stage: Stage) -> ScriptBrowser:
    browser = stage.launched("irena")
    stage.clockwork.read_rosters()
    return browser


@pytest.fixture(scope="module")
def reader(open_house: Stage) -> ScriptBrowser:
    """A teacher for the tests that store nothing."""
    browser = open_house.launched("irena")
    open_house.clockwork.read_rosters()
    return browser


def person_id(stage: Stage, key: str) -> int:
    with stage.tool.database.reading() as session:
        return session.scalars(select(Person.id).where(Person.lti_sub == stage.school.sub_of(key))).one()


def desk_line(teacher: ScriptBrowser, name: str) -> str:
    """What the desk says of a student."""
    (row,) = [row for row in re.findall(r"<tr>.*?</tr>", teacher.get("desk").text, re.DOTALL) if name in row]
    return words(row)


def test_from_the_desk_and_back(stage: Stage, teacher: ScriptBrowser) -> None:
    assert "Set scores from a file" in teacher.get("desk").text
    assert teacher.get("desk/scores").status_code == 200
    shown = teacher.post("desk/scores", {"text": TEXT})
    assert shown.status_code == 200
    said = words(shown.text)
    assert "2 lines would set a score or excuse somebody. 1 line cannot be taken" in said
    assert "1 line without points leaves its person alone" in said
    assert said.index("Nobody Known") < said.index("Tom Okonkwo")
    assert "No student here is called “Nobody Known”." in said
    assert "Spoke &lt;well&gt;" in shown.text
    assert "Tom Okonkwo 2 – 7.5 becomes your own score Spoke &lt;well&gt;" in said
    assert "Zoë Hartmann 3 – Excused is excused, nothing is sent" in said
    assert "Set these 2 scores" in said
    assert "7.5" not in desk_line(teacher, "Tom Okonkwo"), "nothing is set yet"

    answer = teacher.post("desk/scores/set", fields_of(shown.text))
    assert answer.status_code == 303
    assert "The scores from your file are set" in teacher.get(answer.headers["Location"]).text
    assert desk_line(teacher, "Tom Okonkwo").endswith("7.5 / 10 yours")
    assert desk_line(teacher, "Zoë Hartmann").endswith("Excused yours")
    assert desk_line(teacher, "Hannah Feld").endswith("–")
    assert len(stage.rings) >= 1
    stage.send_scores()
    grades = stage.school.grades(stage.school.column_of(1).id)
    assert (grades["tom"].score, "zoe" in grades) == (7.5, False)

    again = teacher.post("desk/scores", {"text": TEXT}).text
    assert "No line would change a score." in again
    assert "scores/set" not in again


def test_a_score_changed_meanwhile_is_not_overwritten_unseen(stage: Stage, teacher: ScriptBrowser) -> None:
    fields = fields_of(teacher.post("desk/scores", {"text": TEXT}).text)
    teacher.post(f"desk/people/{person_id(stage, 'tom')}/score", {"points": "9"})
    answer = teacher.post("desk/scores/set", fields)
    assert answer.status_code == 409
    assert "Nothing is set yet: the lines or the scores have changed" in words(answer.text)
    assert "9 7.5 replaces the score set before" in words(answer.text)
    assert desk_line(teacher, "Tom Okonkwo").endswith("9 / 10 yours")
    assert teacher.post("desk/scores/set", fields_of(answer.text)).status_code == 303
    assert desk_line(teacher, "Tom Okonkwo").endswith("7.5 / 10 yours")


def test_lines_changed_meanwhile_are_shown_first(reader: ScriptBrowser) -> None:
    fields = fields_of(reader.post("desk/scores", {"text": TEXT}).text)
    answer = reader.post("desk/scores/set", fields | {"text": TEXT.replace("7,5", "8")})
    assert answer.status_code == 409
    assert "Tom Okonkwo 2 – 8 becomes your own score" in words(answer.text)
    assert reader.post("desk/scores/set", {"text": TEXT}).status_code == 409


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_file_in_any_writing(reader: ScriptBrowser, encoding: str) -> None:
    """What was read is in the page, so that setting needs no second upload."""
    answer = reader.post("desk/scores", files={"file": ("scores.csv", TEXT.replace("\n", "\r\n").encode(encoding))})
    assert "Zoë Hartmann 3 – Excused" in words(answer.text)
    assert "Hartmann, Zoë;EX" in fields_of(answer.text)["text"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "There is nothing to read yet."),
        ("Tom Okonkwo;7", "The first line does not say what the columns hold."),
        ("name;mark\nTom;7", "No column holds the points."),
        ('name;points\n"Tom;7', "The quotation marks from line 2 on do not fit together."),
    ],
)
def test_what_cannot_be_read_is_kept(reader: ScriptBrowser, text: str, says: str) -> None:
    for path in ("desk/scores", "desk/scores/set"):
        answer = reader.post(path, {"text": text})
        assert answer.status_code == 422
        assert says in words(answer.text)
        assert fields_of(answer.text)["text"].strip() == text


def test_all_problems(reader: ScriptBrowser) -> None:
    answer = reader.post("desk/scores", {"text": "name,points\nNobody,7\nTom Okonkwo,99"})
    said = words(answer.text)
    assert "No line would change a score. 2 lines cannot be taken and are left out" in said
    assert "Give a number from 0 to 10" in said
    assert "scores/set" not in answer.text


@pytest.mark.parametrize(("size", "status"), [(LARGEST_FILE_BYTES + 1, 422), (5_100_000, 413)])
def test_too_large_a_file(reader: ScriptBrowser, size: int, status: int) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="scores.csv"\r\n\r\n'
    answer = reader.stage.app.test_client(use_cookies=False).post(
        f"{reader.home}/desk/scores",
        data=head + b"x" * size + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
        headers={"Sec-Fetch-Site": "same-origin", "Cookie": "; ".join(f"{k}={v}" for k, v in reader.cookies.items())},
    )
    assert answer.status_code == status


def test_as_large_a_file_as_may_be_is_set(stage_on_sqlite: Stage) -> None:
    """A file of Windows-1252 is larger as UTF-8, and comes back with the form."""
    teacher = stage_on_sqlite.launched("irena")
    stage_on_sqlite.clockwork.read_rosters()
    head = "name;points;comment\nTom Okonkwo;7;\n"
    filling = "Zoë Hartmann;;" + "é" * 900 + "\n"
    content = (head + filling * ((LARGEST_FILE_BYTES - len(head)) // len(filling))).encode("cp1252")
    shown = teacher.post("desk/scores", files={"file": ("scores.csv", content)})
    fields = fields_of(shown.text)
    answer = teacher.post(
        "desk/scores/set", files={name: (None, value) for name, value in fields.items() if name != "file"}
    )
    assert answer.status_code == 303, answer.text[:2000]


def test_a_file_to_fill_in(reader: ScriptBrowser) -> None:
    answer = reader.get("desk/scores/fill-in.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    text = answer.content.decode("utf-8-sig")
    assert text.splitlines()[0] == "Student,LMS id,E-mail,Points,Comment"
    assert f"Tom Okonkwo,{reader.stage.school.sub_of('tom')},tom@example.test,," in text
    assert "Novak" not in text
    shown = words(reader.post("desk/scores", {"text": text.replace("tom@example.test,,", "tom@example.test,8,")}).text)
    assert "1 line would set a score or excuse somebody." in shown
    assert "Set this score" in shown


@pytest.mark.parametrize("person", ["sam", "tom"])
def test_only_teachers_set_scores(open_house: Stage, person: str) -> None:
    browser = open_house.launched(person)
    for path in ("desk/scores", "desk/scores/fill-in.csv"):
        assert browser.get(path).status_code == 403
    for path in ("desk/scores", "desk/scores/set"):
        assert browser.post(path, {"text": TEXT}).status_code == 403
    if person == "sam":
        assert "Set scores from a file" not in browser.get("desk").text


def test_somebody_is_excused_and_no_more(stage: Stage, teacher: ScriptBrowser) -> None:
    student = stage.launched("zoe")
    student.post("posts/new", {"title": "Mine", "body": "My own.", "once": "a"})
    at = f"desk/people/{person_id(stage, 'zoe')}"
    answer = teacher.post(f"{at}/score", {"points": "", "reason": "Ill in March", "excuse": "1"})
    page = words(teacher.get(answer.headers["Location"]).text)
    assert "Excused: no score is sent." in page
    assert "Score Excused set by the teacher" in page
    assert "Zoë Hartmann is excused by the teacher" in page
    assert "Reason: Ill in March" in page
    assert desk_line(teacher, "Zoë Hartmann").endswith("Excused yours")
    mine = words(student.get("my-participation").text)
    assert "Score Excused set by the teacher You are excused by the teacher" in mine
    assert "That is not a zero." in mine
    assert "My participation Excused" in words(student.get("posts/1").text)
    stage.send_scores()
    assert "zoe" not in stage.school.grades(stage.school.column_of(1).id)

    answer = teacher.post(f"{at}/score", {"points": "", "reason": "Ill in March", "take_back": "1"})
    assert "Taken back: the score is the rule" in teacher.get(answer.headers["Location"]).text
    assert desk_line(teacher, "Zoë Hartmann").endswith("4 / 10")
    assert "My participation 4 / 10" in words(student.get("posts/1").text)


def test_an_assistant_excuses_nobody(open_house: Stage) -> None:
    open_house.launched("tom")
    answer = open_house.launched("sam").post(f"desk/people/{person_id(open_house, 'tom')}/score", {"excuse": "1"})
    assert answer.status_code == 403


def test_what_the_operator_set_is_shown_as_such(stage: Stage, teacher: ScriptBrowser) -> None:
    with stage.tool.database.writing() as session:
        blog = session.scalars(select(Blog.id)).one()
        plan = plan_scores(session, blog, read_scores("name,points\nTom Okonkwo,7\nZoë Hartmann,EX"))
        apply_plan(session, blog, plan, None, stage.clock())
    assert desk_line(teacher, "Tom Okonkwo").endswith("7 / 10 set by the operator")
    page = words(stage.launched("tom").get("my-participation").text)
    assert "Score 7 / 10 set by the operator The operator of the blog has set this score." in page
    page = words(teacher.get(f"desk/people/{person_id(stage, 'zoe')}").text)
    assert "Score Excused set by the operator Zoë Hartmann is excused by the operator of the blog" in page
