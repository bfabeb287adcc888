"""Every row of the checklist has a test or a reason, and docs/conformance.md says what the tests say."""

import subprocess
import sys
from functools import cache

import pytest

from tests.certification.conformance import PAGE, cases_of, problems, what_to_run
from tests.certification.conformance_page import page
from tests.certification.named_tests import (
    PROJECT_FOLDER,
    Case,
    NamedTest,
    NameProblem,
    named_tests,
    rows_and_words,
    rows_of_case,
)
from tests.certification.rows import GROUPS, NOT_APPLICABLE, PARTLY, ROWS, SOURCES, spans, without_test_or_reason


@cache
def cases() -> list[Case]:
    """All cases as pytest collects them, each taken for passed: whether they do is not for this test to find out."""
    tests = named_tests()
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *what_to_run(tests)]
    run = subprocess.run(command, cwd=PROJECT_FOLDER, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-2000:]
    return cases_of(tests, {line: True for line in run.stdout.splitlines() if "::" in line})


def rows_tested() -> set[int]:
    return {row for test in named_tests() for row in test.rows}


def test_the_checklist_is_whole() -> None:
    assert list(ROWS) == list(range(1, 313))
    assert {row.group for row in ROWS.values()} == set(GROUPS)
    short = {name for names in SOURCES for name in names.split(", ")}
    for row in ROWS.values():
        assert 0 < len(row.words) <= 90, row.number
        assert row.source, row.number
    assert {"CORE", "SEC", "CERT"} <= short


def test_every_test_names_rows_that_there_are() -> None:
    assert [f"{test.name}: row {row}" for test in named_tests() for row in test.rows if row not in ROWS] == []


def test_every_row_has_a_test_or_a_reason() -> None:
    assert set(without_test_or_reason(rows_tested())) == set()


def test_a_row_that_does_not_apply_has_no_test() -> None:
    """Unless only part of it does not apply, which then is said."""
    assert set(NOT_APPLICABLE) | set(PARTLY) <= set(ROWS)
    assert set(NOT_APPLICABLE) & (set(PARTLY) | rows_tested()) == set()
    assert set(PARTLY) - rows_tested() == set()


def test_every_row_a_test_names_has_a_case() -> None:
    found = problems(named_tests(), cases())
    assert [problem for problem in found if not problem.startswith("Neither test nor reason")] == []


def test_the_page_agrees_with_the_tests() -> None:
    """Row by row and case by case, with nothing failed. `make conformance` writes it."""
    assert PAGE.read_text().splitlines() == page(named_tests(), cases()).splitlines()


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("test_row_7_x", (7,)),
        ("test_rows_2_to_4_x", (2, 3, 4)),
        ("test_rows_2_and_7_x_and_y", (2, 7)),
        ("test_rows_2_to_4_and_6_and_8_to_9_x", (2, 3, 4, 6, 8, 9)),
    ],
)
def test_names_that_say_rows(name: str, rows: tuple[int, ...]) -> None:
    read = rows_and_words(name)
    assert read is not None
    assert read[0] == rows


@pytest.mark.parametrize("name", ["test_rows_stay", "test_a_row_of_seats", "test_arrows", "test_tomorrow_7_times"])
def test_names_that_say_none(name: str) -> None:
    assert rows_and_words(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "test_row_7", "test_row_7_", "test_row_7_and_8_x", "test_row_7_to_8_x", "test_row_7_8_x", "test_row_07_x",
        "test_row7_x", "test_x_row_7", "test_rows_7_x", "test_rows_7_8_x", "test_rows_8_and_7_x", "test_rows_7_and_7_x",
        "test_rows_4_to_2_x", "test_rows_4_to_2_and_7_to_8_x", "test_rows_2_and_3_4_x", "test_rows_2_to_4_to_6_x",
        "test_rows_2_to_4_and_3_x",
    ],
)  # fmt: skip
def test_names_that_nobody_could_read(name: str) -> None:
    with pytest.raises(NameProblem):
        rows_and_words(name)


def test_a_case_stands_for_the_rows_that_its_id_names() -> None:
    test = NamedTest("f.py", "test_rows_2_to_4_x", (2, 3, 4), "x")
    assert rows_of_case(test, "POST-row_2_no_iss") == (2,)
    assert rows_of_case(test, "POST") == (2, 3, 4)
    assert rows_of_case(test, "arrow_2") == (2, 3, 4)
    with pytest.raises(NameProblem):
        rows_of_case(test, "row_20_x")


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([5], "5"),
        ([5, 6], "5 and 6"),
        ([1, 2, 7], "1, 2 and 7"),
        ([3, 7, 8, 9], "3 and 7 to 9"),
        ([1, 3, 5], "1, 3 and 5"),
    ],
)
def test_row_numbers_as_people_write_them(numbers: list[int], words: str) -> None:
    assert spans(numbers) == words
