"""docs/conformance.md as text: no date, no duration, no path of a machine, so the same proof gives the same page."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from itertools import groupby

from tests.certification.named_tests import Case, NamedTest
from tests.certification.rows import ELSEWHERE, GROUPS, NOT_APPLICABLE, PARTLY, ROWS, SOURCES, Row, spans

INTRODUCTION = """# Conformance

How this tool keeps to LTI 1.3 and the services around it, row by row of the checklist of 312 cases that this tool is
tested by. The checklist was put together from the specifications of 1EdTech, the guide to its certification suite,
the standards below them, and attacks that other tools have suffered. It is our own test, not a certificate.

The tests stand where a platform or an attacker stands, outside the tool: it and a practice platform run as two web
servers, and every launch goes between them over real HTTP, with real signatures and a browser's cookies. No part of
the tool is replaced for a test. Encryption is left out: in use it is the proxy's, in front of the tool.

A launch that must be refused has to leave all of this behind, or its row has failed: the right HTTP status; a page that
says in plain words what happened and what to do; no visit, and nothing new in the database; and exactly one line in the
log, which says why and names nobody.

| outcome | what it means |
|---|---|
| passed | Every case tried for this row passed. |
| passed in part | So did these, but a part of the row does not concern this tool; the reason is given. |
| not applicable | The row asks about something that this tool does not have or do; the reason is given. |
| **failed** | A case did not pass, or could not run. |
| **no test yet** | The row concerns this tool, and nothing proves it. |
| not counted | The row is tested, or left aside, where the group says. |

`make conformance` runs the tests and writes this page. The tests of the project fail where it does not agree with them.
"""


class Outcome(Enum):
    PASSED = "passed"
    IN_PART = "passed in part"
    NOT_APPLICABLE = "not applicable"
    FAILED = "**failed**"
    MISSING = "**no test yet**"


ByRow = Mapping[int, list[bool]]


def outcome_of(number: int, cases: list[bool]) -> Outcome:
    if not all(cases):
        return Outcome.FAILED
    if cases:
        return Outcome.IN_PART if number in PARTLY else Outcome.PASSED
    return Outcome.NOT_APPLICABLE if number in NOT_APPLICABLE else Outcome.MISSING


def page(tests: list[NamedTest], cases: list[Case]) -> str:
    """The whole page, from the tests that name rows and the cases of them that ran."""
    by_row: defaultdict[int, list[bool]] = defaultdict(list)
    for case in cases:
        for row in case.rows:
            by_row[row].append(case.passed)
    shown = {group: _shown_rows(group, by_row) for group in GROUPS}
    lines = [INTRODUCTION, "## All groups", "", *_summary(shown, by_row)]
    for group, name in GROUPS.items():
        lines += ["", f"## {group}. {name}", "", *_group(group, shown[group], by_row)]
    lines += ["", "## Sources", "", *_table(("short", "what it is"), SOURCES.items())]
    lines += ["", "## The tests", "", "Which test stands for which rows, by file.", *_tests(tests, cases)]
    return "\n".join([*lines, ""])


def _shown_rows(group: str, by_row: ByRow) -> list[Row]:
    """All rows of a group, or of one that is tested elsewhere those that a test or a reason names."""
    rows = [row for row in ROWS.values() if row.group == group]
    return [row for row in rows if group not in ELSEWHERE or row.number in by_row or row.number in NOT_APPLICABLE]


def _summary(shown: Mapping[str, list[Row]], by_row: ByRow) -> Iterator[str]:
    cells = []
    for group, name in GROUPS.items():
        found = [outcome_of(row.number, by_row.get(row.number, [])) for row in shown[group]]
        size = sum(row.group == group for row in ROWS.values())
        cells.append((f"{group}. {name}", size, *map(found.count, Outcome), size - len(found)))
    totals = [sum(column) for column in zip(*(numbers for _, *numbers in cells), strict=True)]
    heads = ("group", "rows", *(outcome.value for outcome in Outcome), "not counted")
    return _table(heads, [*cells, ("**all**", *totals)])


def _group(group: str, rows: list[Row], by_row: ByRow) -> Iterator[str]:
    cells = []
    for row in rows:
        cases = by_row.get(row.number, [])
        outcome = outcome_of(row.number, cases)
        reason = {Outcome.IN_PART: PARTLY, Outcome.NOT_APPLICABLE: NOT_APPLICABLE}.get(outcome, {}).get(row.number)
        said = f"{outcome.value}: {reason}" if reason else outcome.value
        cells.append((row.number, row.words, row.source, said, len(cases) or ""))
    yield from _table(("row", "what it asks", "source", "outcome", "cases"), cells)
    left_out = {row.number for row in ROWS.values() if row.group == group} - {row.number for row in rows}
    if left_out:
        yield from ("", f"Rows {spans(left_out)} {ELSEWHERE[group]}")


def _tests(tests: list[NamedTest], cases: list[Case]) -> Iterator[str]:
    numbers = Counter(case.test for case in cases)
    for file, of_file in groupby(tests, lambda test: test.file):
        yield from ("", f"[{file}](../{file})", "")
        cells = [(spans(test.rows), test.words, numbers[test]) for test in of_file]
        yield from _table(("rows", "test", "cases"), cells)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    yield _line(heads)
    yield "|---" * len(heads) + "|"
    for row in rows:
        yield _line(row)


def _line(cells: tuple[object, ...]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
