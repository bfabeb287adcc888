"""What a class owes, as a CSV file."""

import csv
from collections.abc import Iterable
from io import StringIO

from lti_tool.participation.duties import Duty, StudentDuties

_HEADINGS = (
    "name",
    "post",
    "comments",
    "comments owed",
    "waiting for an answer",
    "owes something",
    "late",
    "last wrote",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # OWASP, "CSV Injection"


def duties_csv(lines: Iterable[StudentDuties]) -> str:
    """Return the lines as CSV (RFC 4180), safe to open: what a spreadsheet would take for a formula is a text."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(_HEADINGS)
    for line in lines:
        name, duties = line.student.name, line.duties
        wrote = duties.last_wrote_at
        writer.writerow(
            [
                f"'{name}" if name.startswith(_FORMULA) else name,
                duties.post_number or "",
                duties.written,
                _owed(duties.comments),
                len(duties.waiting),
                _yes(not duties.is_done),
                _yes(duties.is_late),
                wrote.isoformat(timespec="seconds") if wrote else "",
            ]
        )
    return out.getvalue()


def _owed(duty: Duty | None) -> int:
    return duty.owed if duty else 0


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"
