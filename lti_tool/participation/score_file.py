"""Scores in a file from elsewhere: from bytes to one row for each person named. Pure; nobody is looked up here."""

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from lti_tool.errors import Rejected
from lti_tool.wording import say

LARGEST_FILE_BYTES = 1_000_000
MOST_LINES = 5_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # OWASP, "CSV Injection": our own files put an apostrophe before these
_EXCUSED = ("excused", "ex")
_NOTHING = ("", "-", "–")  # Moodle and our own pages write a dash where there is no score
_COLUMNS = {  # headings bare of case and signs: those of Canvas, Moodle and our own files are among them
    "lms_id": ("lms id", "lti id", "lms user id", "lti user id", "sub"),
    "other_id": ("id", "user id", "userid"),
    "email": ("e mail", "email", "email address", "e mail address", "mail"),
    "login": ("sis login id", "login id", "login", "username"),
    "name": ("student", "name", "full name", "student name", "person", "participant"),
    "given": ("first name", "firstname", "given name", "forename"),
    "family": ("last name", "lastname", "family name", "surname"),
    "points": ("points", "score", "grade", "should show"),
    "maximum": ("maximum", "max", "out of", "maximum points", "maximum grade"),
    "comment": ("comment", "comments", "reason", "feedback", "feedback comments"),
}
_COLUMN_OF = {heading: column for column, headings in _COLUMNS.items() for heading in headings}
_PERSON = ("lms_id", "other_id", "email", "login", "name", "given", "family")
_FILL_IN = ("Student", "LMS id", "E-mail", "Points", "Comment")
# NOTE: name, points and comment are what the file itself has to say, in English.
_HEADING_ADVICE = say("Begin with a line that names the columns, such as: name, points, comment.")


@dataclass(frozen=True)
class ScoreRow:
    """What one line says: who (by any of the four), and the points as they are written there.

    `other_id` may be another number than the LMS's own id. A `problem` says why the line cannot be read.
    """

    line: int
    lms_id: str = ""
    other_id: str = ""
    email: str = ""
    name: str = ""
    points: str = ""
    is_excused: bool = False
    maximum: str = ""
    comment: str = ""
    problem: str = ""

    @property
    def who(self) -> str:
        """The person as the file names them."""
        return self.name or self.email or self.lms_id or self.other_id


@dataclass(frozen=True)
class ScoreFile:
    """The rows of a file in its order. `left_alone` counts the people who have no points there."""

    rows: tuple[ScoreRow, ...]
    left_alone: int


def score_text(content: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 with its mark, or else Windows-1252. Raises Rejected."""
    if len(content) > LARGEST_FILE_BYTES:
        raise _too_large()
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Rejected(
            say("The file is a spreadsheet, not a CSV file."), say("Save it as CSV there, then choose that file.")
        )
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Rejected(say("The file is not a text file."), say("Save it as CSV (UTF-8), then choose that file."))


def read_scores(text: str) -> ScoreFile:
    """Return the rows of a CSV text (RFC 4180) with commas, semicolons or tabs.

    Raises Rejected where the whole text cannot be read; a line that cannot be is among the rows with its problem.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise Rejected(say("There is nothing to read yet."), say("Paste the lines, or choose a file with them."))
    if len(text) > LARGEST_FILE_BYTES:
        raise _too_large()
    if "\x00" in text:
        raise Rejected(say("The text holds a character that no text has."), say("Copy it from your spreadsheet again."))
    delimiter = _delimiter(text)
    lines = _lines(text, delimiter)
    _, headings = next(lines, (0, []))
    columns = _columns(headings)
    rows, left_alone = [], 0
    for count, (number, cells) in enumerate(lines, 1):
        if count > MOST_LINES:
            raise _too_long()
        row = _row(number, cells, columns, len(headings), delimiter)
        if row is None:
            left_alone += 1
        elif row.name.casefold() != "points possible":  # Canvas's second line
            rows.append(row)
    return ScoreFile(tuple(rows), left_alone)


def file_to_fill_in(people: Iterable[tuple[str, str, str]]) -> str:
    """Return a CSV text with each person's name, LMS id and e-mail, and no points yet.

    It begins with the mark by which spreadsheets know UTF-8; what they would take for a formula is a text.
    """
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(_FILL_IN)
    for person in people:
        writer.writerow([*(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in person), "", ""])
    return f"\ufeff{out.getvalue()}"


def _too_large() -> Rejected:
    return Rejected(say("The file is larger than 1 MB."), say("Take the columns for person, points and comment only."))


def _too_long() -> Rejected:
    what = say("The file has more than %(most)s lines.", most=f"{MOST_LINES:,}")
    return Rejected(what, say("Split it, and take one part at a time."))


def _encodings(content: bytes) -> tuple[str, ...]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    return ("utf-8-sig", "cp1252")


def _delimiter(text: str) -> str:
    """The sign that cuts the heading line into most columns that we know, or else into most."""

    def known(delimiter: str) -> tuple[int, int]:
        try:
            _, cells = next(_lines(text, delimiter), (0, []))
        except Rejected:
            return 0, 0
        return sum(_plain(cell) in _COLUMN_OF for cell in cells), len(cells)

    return max((",", ";", "\t"), key=known)


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that holds anything, with the number at which it begins. Raises Rejected at a quote left open."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = [_cell(cell) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            raise Rejected(
                say("The quotation marks from line %(line)s on do not fit together.", line=number),
                say("Each one that opens must close, and one inside a text is written twice. Mend that line."),
            ) from None
        if any(cells):
            yield number, cells


def _cell(cell: str) -> str:
    if cell.startswith("'") and cell[1:].startswith(_FORMULA):
        cell = cell[1:]
    return cell.strip()


def _plain(heading: str) -> str:
    return " ".join("".join(sign if sign.isalnum() else " " for sign in heading.casefold()).split())


def _columns(headings: Sequence[str]) -> dict[str, int]:
    """Where each column stands, by what it says. Raises Rejected without a person or the points."""
    columns: dict[str, int] = {}
    for place, heading in enumerate(headings):
        column = _COLUMN_OF.get(_plain(heading), "")
        if column == "points" and column in columns:
            raise Rejected(
                say("Two columns could hold the points: “%(first)s” and “%(second)s”.",
                    first=headings[columns[column]][:60], second=heading[:60]),
                say("Take one out, or give it another name."),
            )  # fmt: skip
        if column:
            columns.setdefault(column, place)
    if not columns:
        raise Rejected(say("The first line does not say what the columns hold."), _HEADING_ADVICE)
    there = ", ".join(heading[:60] for heading in headings if heading)[:400]
    if not any(column in columns for column in _PERSON):
        # NOTE: LMS id, e-mail and name are what the file itself has to say, in English.
        advice = say("Call one “LMS id”, “e-mail” or “name”. The columns of the file are: %(columns)s.", columns=there)
        raise Rejected(say("No column says who each line is about."), advice)
    if "points" not in columns:
        # NOTE: “points” is what the file itself has to say, in English.
        advice = say("Call the one with the points “points”. The columns of the file are: %(columns)s.", columns=there)
        raise Rejected(say("No column holds the points."), advice)
    return columns


def _row(number: int, cells: list[str], columns: dict[str, int], width: int, delimiter: str) -> ScoreRow | None:
    """One line; None where it gives no points, which leaves the person alone."""

    def cell(column: str) -> str:
        place = columns.get(column)
        return cells[place] if place is not None and place < len(cells) else ""

    name = cell("name") or f"{cell('given')} {cell('family')}".strip()
    lms_id, other_id, email, points = cell("lms_id"), cell("other_id"), cell("email"), cell("points")
    if not email and "@" in cell("login"):
        email = cell("login")
    if not (lms_id or other_id or email):
        other_id, email = name, name if "@" in name else ""
    problem = _misfit(cells, width, points, cell("comment"), delimiter)
    if points in _NOTHING and not problem:
        return None
    if not (name or other_id or lms_id or email):
        problem = problem or say("The line does not say who it is about.")
    return ScoreRow(
        number, lms_id, other_id, email, name, points, points.casefold() in _EXCUSED, cell("maximum"), cell("comment"),
        problem,
    )  # fmt: skip


def _misfit(cells: list[str], width: int, points: str, comment: str, delimiter: str) -> str:
    """Why the cells of a line are not where the heading line says; nothing if they are."""
    if any(cells[width:]):
        return say("The line has more cells than the first line. Put a text with commas, or 7,5, in quotation marks.")
    if delimiter == "," and points.isdecimal() and comment.isdecimal() and len(comment) < 3:
        return say(
            "“%(with_comma)s” may be one number. Write %(with_point)s, or put it in quotation marks.",
            with_comma=f"{points},{comment}", with_point=f"{points}.{comment}",
        )  # fmt: skip
    return ""
