"""Run the certification tests and write docs/conformance.md from what they proved: `make conformance`."""

import sys
from collections.abc import Mapping

import pytest

from tests.certification.conformance_page import page
from tests.certification.named_tests import PROJECT_FOLDER, Case, NamedTest, named_tests, rows_of_case
from tests.certification.rows import ROWS, spans, without_test_or_reason

PAGE = PROJECT_FOLDER / "docs" / "conformance.md"
CERTIFICATION = "tests/certification"


def cases_of(tests: list[NamedTest], ran: Mapping[str, bool]) -> list[Case]:
    """Find the test of each of pytest's ids and the rows it stands for; tests that name no row are left out."""
    by_id = {f"{test.file}::{test.name}": test for test in tests}
    cases = []
    for node_id, passed in ran.items():
        function, _, case_id = node_id.partition("[")
        if test := by_id.get(function):
            cases.append(Case(test, rows_of_case(test, case_id.removesuffix("]")), passed))
    return cases


def problems(tests: list[NamedTest], cases: list[Case]) -> list[str]:
    """What keeps the checklist from being fulfilled, one sentence each."""
    named = [(test, row) for test in tests for row in test.rows]
    stood_for = {(case.test, row) for case in cases for row in case.rows}
    failed = {row for case in cases if not case.passed for row in case.rows}
    missing = without_test_or_reason({row for _, row in stood_for})
    return [
        *(f"{test.name} names row {row}: there is none" for test, row in named if row not in ROWS),
        *(f"{test.name} has no case for row {row}" for test, row in named if (test, row) not in stood_for),
        *([f"Failed: {spans(failed)}"] if failed else []),
        *([f"Neither test nor reason: {spans(missing)}"] if missing else []),
    ]


def what_to_run(tests: list[NamedTest]) -> list[str]:
    """The certification tests, and of all others those that name a row."""
    others = [f"{test.file}::{test.name}" for test in tests if not test.file.startswith(f"{CERTIFICATION}/")]
    return [f"{PROJECT_FOLDER}/{each}" for each in (CERTIFICATION, *others)]


class Witness:
    """A pytest plugin that remembers of each case whether all of it passed; a skipped case has proved nothing."""

    def __init__(self) -> None:
        self.ran: dict[str, bool] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ran[report.nodeid] = self.ran.get(report.nodeid, True) and report.passed


def main() -> int:
    """Run, write the page, and name on standard error each row that is not proved."""
    tests, witness = named_tests(), Witness()
    ended = pytest.main(["-q", *what_to_run(tests)], plugins=[witness])
    if ended not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return int(ended)
    cases = cases_of(tests, witness.ran)
    PAGE.write_text(page(tests, cases))
    found = problems(tests, cases)
    print(f"{PAGE.relative_to(PROJECT_FOLDER)} is written.")
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else int(ended)


if __name__ == "__main__":
    sys.exit(main())
