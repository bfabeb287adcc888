"""Reading scores from elsewhere: every way of writing a CSV, every name for a column, and nothing lost in silence."""

import csv
from io import StringIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lti_tool.errors import Rejected
from lti_tool.participation.score_file import (
    LARGEST_FILE_BYTES,
    MOST_LINES,
    ScoreRow,
    file_to_fill_in,
    read_scores,
    score_text,
)


def rows(text: str) -> list[ScoreRow]:
    return list(read_scores(text).rows)


def refusal(content: bytes) -> Rejected:
    with pytest.raises(Rejected) as rejected:
        read_scores(score_text(content))
    assert rejected.value.do.endswith("."), "and says what to do next"
    return rejected.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_however_it_is_written(encoding: str, delimiter: str, line_end: str) -> None:
    lines = [("Name", "E-mail", "Points", "Comment"), ("Zoë Hartmann", "zoe@example.test", '"7,5"', "Très bien")]
    text = line_end.join(delimiter.join(cells) for cells in lines) + line_end
    (row,) = rows(score_text(text.encode(encoding)))
    assert row == ScoreRow(2, "", "", "zoe@example.test", "Zoë Hartmann", "7,5", comment="Très bien")


def test_a_line_of_many_lines_keeps_them_and_its_number() -> None:
    first, second = rows('\n\nname,points,comment\n\nAnna,5,"One\r\ntwo, ""three"""\n,,\nBen,6,\n')
    assert (first.line, first.comment) == (5, 'One\ntwo, "three"')
    assert (second.line, second.who) == (8, "Ben")


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Score\n"
    "    Points Possible,,,,,10\n"
    '"Hartmann, Zoë",4711,SID-7,zoe@example.test,HIST 3644,8\n'
    '"Okonkwo, Tom",4712,SID-8,tokonkwo,HIST 3644,EX\n'
    '"Student, Test",4713,,,HIST 3644,\n'
)
MOODLE = (
    "First name,Last name,ID number,Institution,Email address,Grade\n"
    "Zoë,Hartmann,SID-7,Whitby,zoe@example.test,8.00\n"
    "Tom,Okonkwo,SID-8,Whitby,,-\n"
)
OURS = "Student,LMS id,Should show,Maximum,LMS shows,State,Why\n'=Zoë,'-17,8,10,7,sent,\nTom,18,,10,,not due,Excused.\n"


def test_as_canvas_names_its_columns() -> None:
    file = read_scores(CANVAS)
    zoe, tom = file.rows
    assert (zoe.name, zoe.other_id, zoe.email, zoe.points) == ("Hartmann, Zoë", "4711", "zoe@example.test", "8")
    assert (tom.email, tom.is_excused) == ("", True)
    assert file.left_alone == 1


def test_as_moodle_names_its_columns() -> None:
    file = read_scores(MOODLE)
    (zoe,) = file.rows
    assert (zoe.name, zoe.lms_id, zoe.other_id, zoe.email) == ("Zoë Hartmann", "", "", "zoe@example.test")
    assert (zoe.points, file.left_alone) == ("8.00", 1)


def test_as_our_own_file_names_its_columns() -> None:
    """Its cells that a spreadsheet would take for a formula have an apostrophe before them."""
    file = read_scores(OURS)
    (zoe,) = file.rows
    assert (zoe.name, zoe.lms_id, zoe.points, zoe.maximum) == ("=Zoë", "-17", "8", "10")
    assert file.left_alone == 1


@pytest.mark.parametrize(
    "heading", ["NAME,POINTS", "full_name;SCORE", "Student name\tGrade", "person,score", "E-Mail,Points"]
)
def test_headings_are_known_in_any_case(heading: str) -> None:
    delimiter = next(sign for sign in ",;\t" if sign in heading)
    (row,) = rows(f"{heading}\nanna@example.test{delimiter}5\n")
    assert (row.email, row.points) == ("anna@example.test", "5")


def test_a_file_with_one_column_for_people_takes_it_as_anything() -> None:
    (row,) = rows("Person,Points\nsub-17,5")
    assert (row.other_id, row.name, row.email) == ("sub-17", "sub-17", "")


@pytest.mark.parametrize("points", ["excused", "EX", "Excused", " ex "])
def test_excused_in_any_case(points: str) -> None:
    (row,) = rows(f"name,points\nAnna,{points}")
    assert row.is_excused


@pytest.mark.parametrize("points", ["", "  ", "-", "–"])
def test_no_points_leave_a_person_alone(points: str) -> None:
    file = read_scores(f"name,points,comment\nAnna,{points},Nice\nBen,0,\nCleo")
    assert ([row.name for row in file.rows], file.left_alone) == (["Ben"], 2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,points\nAnna,7,5", "more cells than the first line"),
        ("name,points,comment\nAnna,7,5", "“7,5” may be one number"),
        ("name,points,comment\nAnna,7,Good, very good", "more cells than the first line"),
        ("name,points,comment\n,7,", "does not say who it is about"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(text: str, says: str) -> None:
    bad, good = rows(f"{text}\nBen,6")
    assert (bad.line, says in bad.problem) == (2, True), bad.problem
    assert (good.points, good.problem) == ("6", "")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "There is nothing to read yet."),
        (b" \n\n", "There is nothing to read yet."),
        (b",,\n,,\n", "does not say what the columns hold"),
        (b"Anna,7\nBen,8\n", "does not say what the columns hold"),
        (b"points,comment\n7,x\n", "No column says who"),
        (b"name,The Thaw (4711)\nAnna,7\n", "No column holds the points."),
        (b"ID number,points\n17,7\n", "No column says who"),
        (b"name,score,grade\nAnna,7,8\n", "“score” and “grade”"),
        (b'name,points\nAnna,7\nBen,"8\nCleo,9\n', "The quotation marks from line 3 on"),
        (b"PK\x03\x04" + b"\x00" * 40, "The file is a spreadsheet"),
        (b"name,points\nAnna\x00,7\n", "not a text file"),
        (b"name,points\n\x81\xff,7\n", "not a text file"),
        (b"x" * (LARGEST_FILE_BYTES + 1), "larger than 1 MB"),
        (b"name,points\n" + b"Anna,1\n" * (MOST_LINES + 1), "more than 5,000 lines"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, says: str) -> None:
    assert says in refusal(content).what


def test_what_the_columns_are_is_said() -> None:
    assert "name, The Thaw (4711)" in refusal(b"name,The Thaw (4711)\nAnna,7\n").do


def test_as_many_lines_as_there_may_be() -> None:
    assert len(rows("name,points\n" + "Anna,1\n" * MOST_LINES)) == MOST_LINES


def test_the_file_to_fill_in_comes_back() -> None:
    text = file_to_fill_in([("=Zoë, 1", "-17", "zoe@example.test"), ("Tom", "18", "")])
    assert text.startswith("\ufeff")
    assert read_scores(text).left_alone == 2
    lines = list(csv.reader(StringIO(text.removeprefix("\ufeff"))))
    assert lines[1][:2] == ["'=Zoë, 1", "'-17"]
    for line in lines[1:]:
        line[3] = "5"
    filled = StringIO()
    csv.writer(filled, delimiter=";").writerows(lines)
    assert [(row.name, row.lms_id, row.points) for row in rows(filled.getvalue())] == [
        ("=Zoë, 1", "-17", "5"),
        ("Tom", "18", "5"),
    ]


anything = st.one_of(
    st.binary(max_size=400),
    st.text(st.sampled_from("name,points;\t\"\n\r\x00é7=' –EX@"), max_size=200).map(lambda text: text.encode()),
    st.text(max_size=100).map(lambda text: f"name,points,comment\n{text}".encode("utf-8", "replace")),
)


@settings(max_examples=600, deadline=None)
@given(anything)
@example(b'name,points\n"' + b"x" * 200_000)
@example(b"\xff\xfe\x00")
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    try:
        file = read_scores(score_text(content))
    except Rejected:
        return
    assert all(row.problem or (row.who and row.points) for row in file.rows)
