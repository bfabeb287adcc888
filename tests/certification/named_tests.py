"""Which test stands for which rows of the checklist, read from the names of the test functions.

    test_row_39_audience_without_our_client_id
    test_rows_23_and_259_a_launch_played_again_at_once_and_later
    test_rows_28_to_30_and_32_and_254_a_key_that_cannot_verify

Rows are in ascending order. A case of a parametrised test whose id names rows (`row_44_no_exp`) stands for those alone,
any other case for all rows of its test.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT_FOLDER = Path(__file__).resolve().parents[2]
NUMBER = "[1-9][0-9]*"
SPAN = f"{NUMBER}(?:_to_{NUMBER})?"
NAME = re.compile(
    rf"test_(?:row_(?P<one>{NUMBER})|rows_(?P<several>{SPAN}(?:_and_{SPAN})*))_(?!(?:and|to)_[0-9])(?P<words>[a-z]\w*)"
)
MEANT_FOR_A_ROW = re.compile(r"(?<![a-z])rows?_?[0-9]")
ROW_OF_A_CASE = re.compile(rf"(?<![a-z0-9])row_({NUMBER})(?![0-9])")


@dataclass(frozen=True)
class NamedTest:
    """A test function that names rows."""

    file: str
    name: str
    rows: tuple[int, ...]
    words: str


@dataclass(frozen=True)
class Case:
    """One run of such a test, the rows it stands for, and whether it passed."""

    test: NamedTest
    rows: tuple[int, ...]
    passed: bool


class NameProblem(ValueError):
    """A name that means rows and cannot be read, or a case that stands for a row which its test does not name."""


def rows_and_words(name: str) -> tuple[tuple[int, ...], str] | None:
    """Read the name of a test function: its rows and the rest of it, or None if it names no row."""
    read = NAME.fullmatch(name)
    if read is None:
        if MEANT_FOR_A_ROW.search(name):
            raise NameProblem(f"{name}: write test_row_7_…, test_rows_2_to_4_… or test_rows_2_and_7_to_9_…")
        return None
    said = read["one"] or read["several"]
    numbers = [int(number) for number in re.findall(NUMBER, said)]
    if numbers != sorted(set(numbers)):
        raise NameProblem(f"{name}: rows stand in ascending order, each once")
    if read["several"] and len(numbers) == 1:
        raise NameProblem(f"{name}: one row is a `row`")
    rows = tuple(row for span in said.split("_and_") for row in _rows_of_span(span))
    return rows, read["words"].replace("_", " ")


def _rows_of_span(span: str) -> range:
    first, _, last = span.partition("_to_")
    return range(int(first), int(last or first) + 1)


def named_tests(folder: Path = PROJECT_FOLDER / "tests") -> list[NamedTest]:
    """All tests that name rows, by file and line. Nothing is imported."""
    return [test for path in sorted(folder.rglob("test_*.py")) for test in _named_tests_of(path)]


def _named_tests_of(path: Path) -> Iterator[NamedTest]:
    file = path.relative_to(PROJECT_FOLDER).as_posix() if path.is_relative_to(PROJECT_FOLDER) else path.name
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            read = rows_and_words(node.name)
            if read is not None:
                yield NamedTest(file, node.name, *read)


def rows_of_case(test: NamedTest, case: str) -> tuple[int, ...]:
    """The rows that one case of a test stands for."""
    named = tuple(int(number) for number in ROW_OF_A_CASE.findall(case))
    if not set(named) <= set(test.rows):
        raise NameProblem(f"{test.name}[{case}] names a row which its test does not name")
    return named or test.rows
