"""The operator sets scores from a file: each line is accounted for, and at a problem nothing is stored unasked."""

import json
from decimal import Decimal

import pytest
from sqlalchemy import select

from lti_tool.models import Correction, GradebookScore
from tests.a_school import a_blog, a_student, course_of
from tests.cli.conftest import CommandLine

GOOD = "name;points;comment\nAnna Berg;7,5;Spoke in class\nBen Cole;EX;\nCleo Dunn;;\n"
BAD = f"{GOOD}Nobody;3;\nAnna Berg;8;\n"


@pytest.fixture
def line(line: CommandLine) -> CommandLine:
    """The command line beside a blog with three students."""
    with line.database().writing() as session:
        blog = a_blog(session)
        for name in ("Anna Berg", "Ben Cole", "Cleo Dunn"):
            a_student(session, course_of(session, blog), name)
    return line


def put(line: CommandLine, text: str) -> None:
    (line.folder / "scores.csv").write_text(text)


def stored(line: CommandLine) -> list[tuple[int | None, Decimal | None, str]]:
    with line.database().reading() as session:
        found = session.scalars(select(Correction).order_by(Correction.person_id))
        return [(one.grader_id, one.points, one.reason) for one in found]


def test_scores_are_set(line: CommandLine) -> None:
    put(line, GOOD)
    assert line.ok("scores", "import", "scores.csv").splitlines() == [
        "line 2  Anna Berg  – -> 7.5  new  Spoke in class",
        "line 3  Ben Cole  – -> excused  excused",
        "2 set, 0 as they stand already. 1 without points left alone.",
    ]
    assert stored(line) == [(None, Decimal("7.5"), "Spoke in class"), (None, None, "")]
    with line.database().reading() as session:
        row = session.scalars(select(GradebookScore)).one()
        assert (row.points, row.comment) == (Decimal("7.5"), "Set by the operator of the blog: Spoke in class")
    said = line.ok("scores", "import", "scores.csv")
    assert "0 set, 2 as they stand already." in said
    put(line, "name,points\nBen Cole,3")
    assert "line 2  Ben Cole  excused -> 3  changed" in line.ok("scores", "import", "scores.csv", "--blog", "1")


def test_a_dry_run_stores_nothing(line: CommandLine) -> None:
    put(line, GOOD)
    assert "2 would be set, 0 as they stand already." in line.ok("scores", "import", "scores.csv", "--dry-run")
    assert stored(line) == []
    put(line, BAD)
    assert line.run("scores", "import", "scores.csv", "--dry-run").exit_code == 1
    assert line.run("scores", "import", "scores.csv", "--dry-run", "--skip-problems").exit_code == 0
    assert stored(line) == []


def test_at_a_problem_nothing_is_stored(line: CommandLine) -> None:
    put(line, BAD)
    result = line.run("scores", "import", "scores.csv")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "line 5  Nobody  problem: No student here is called “Nobody”.",
        "line 6  Anna Berg  problem: Anna Berg stands on line 2 already. Take one of the two out.",
        "Nothing is stored: 2 lines cannot be taken. 1 without points left alone.",
    ]
    assert "Nobody" not in result.stdout
    assert "line 2  Anna Berg" in result.stdout
    assert stored(line) == []


def test_problems_are_skipped_when_asked(line: CommandLine) -> None:
    put(line, BAD)
    result = line.run("scores", "import", "scores.csv", "--skip-problems")
    assert (result.exit_code, len(result.stderr.splitlines())) == (0, 2)
    assert "2 set, 0 as they stand already, 2 left out." in result.stdout
    assert len(stored(line)) == 2


def test_as_json(line: CommandLine) -> None:
    put(line, BAD)
    result = line.run("scores", "import", "scores.csv", "--json", "--skip-problems")
    assert "2 set" in result.stderr
    unknown, again, anna, ben = json.loads(result.stdout)
    assert anna | {"person": ""} == {
        "line": 2, "person": "", "name": "Anna Berg", "old": None, "was_excused": False, "new": 7.5,
        "comment": "Spoke in class", "change": "new", "reason": "",
    }  # fmt: skip
    assert anna["person"].startswith("sub-")
    assert (ben["new"], ben["change"]) == (None, "excused")
    assert (unknown["person"], unknown["change"], again["change"]) == ("", "problem", "problem")
    assert unknown["reason"] == "No student here is called “Nobody”."


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "There is nothing to read yet."), ("Anna;7", "The first line does not say what the columns hold.")],
)
def test_a_file_that_cannot_be_read_is_one_line(line: CommandLine, text: str, says: str) -> None:
    put(line, text)
    assert line.problem("scores", "import", "scores.csv").startswith(says)


def test_which_blog_is_meant(line: CommandLine) -> None:
    put(line, GOOD)
    with line.database().writing() as session:
        a_blog(session)
    assert "--blog with one of: 1 Class blog" in line.problem("scores", "import", "scores.csv")
    assert line.problem("scores", "import", "scores.csv", "--blog", "7").startswith("There is no blog 7.")
    assert line.run("scores", "import", "scores.csv", "--blog", "2").exit_code == 1, "nobody of the file is there"
    line.ok("scores", "import", "scores.csv", "--blog", "1")
