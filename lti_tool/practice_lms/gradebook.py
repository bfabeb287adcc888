"""Gradebook columns (line items) and grades, as values and as rows. What a score *means* is the accent's affair."""

import json
import sqlite3
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

BY_TOOL = "tool"


@dataclass(frozen=True)
class Column:
    """A gradebook column. `activity_id` is set when the LMS made it with an activity, None when the tool did."""

    id: int
    activity_id: int | None
    link_activity_id: int | None
    label: str
    maximum: float
    resource_id: str = ""
    tag: str = ""
    in_gradebook: bool = True
    course_id: int = 1

    @property
    def made_by_tool(self) -> bool:
        return self.activity_id is None


@dataclass(frozen=True)
class Grade:
    """What one cell of the gradebook holds. `posted_*` is what the tool's last accepted post said.

    `result_score`, which Canvas keeps beside the cell, is the score out of `posted_maximum`.
    """

    column_id: int
    person_key: str
    score: float | None
    comments: tuple[str, ...]
    changed_at: datetime
    changed_by: str
    posted_at: datetime | None = None
    posted_maximum: float | None = None
    result_score: float | None = None
    overridden: bool = False
    locked: bool = False
    attempts: int = 0
    submitted_at: datetime | None = None
    submission_url: str = ""
    submission_type: str = ""

    @property
    def comment(self) -> str:
        """The newest comment."""
        return self.comments[-1] if self.comments else ""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _column(row: sqlite3.Row) -> Column:
    return Column(**{**dict(row), "in_gradebook": bool(row["in_gradebook"])})


def _grade(row: sqlite3.Row) -> Grade:
    values = dict(row)
    for name in ("changed_at", "posted_at", "submitted_at"):
        values[name] = _moment(values[name])
    values["comments"] = tuple(json.loads(values["comments"]))
    for name in ("overridden", "locked"):
        values[name] = bool(values[name])
    return Grade(**values)


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return json.dumps(value, ensure_ascii=False)
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def insert_column(db: sqlite3.Connection, column: Column) -> Column:
    """Add a column; its number is never used again, even after deletion."""
    names = [name for name in asdict(column) if name != "id"]
    marks = ", ".join("?" * len(names))
    sql = f"INSERT INTO columns ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 (field names of our dataclass)
    values = asdict(column)
    done = db.execute(sql, [values[name] for name in names])
    return replace(column, id=int(done.lastrowid or 0))


def update_column(db: sqlite3.Connection, column: Column) -> None:
    db.execute(
        "UPDATE columns SET link_activity_id = ?, label = ?, maximum = ?, resource_id = ?, tag = ? WHERE id = ?",
        (column.link_activity_id, column.label, column.maximum, column.resource_id, column.tag, column.id),
    )


def all_columns(db: sqlite3.Connection) -> list[Column]:
    return [_column(row) for row in db.execute("SELECT * FROM columns ORDER BY id")]


def columns_in(db: sqlite3.Connection, course_id: int) -> list[Column]:
    return [column for column in all_columns(db) if column.course_id == course_id]


def column_numbered(db: sqlite3.Connection, column_id: int) -> Column | None:
    row = db.execute("SELECT * FROM columns WHERE id = ?", (column_id,)).fetchone()
    return _column(row) if row else None


def grades_in(db: sqlite3.Connection, column_id: int) -> dict[str, Grade]:
    """Every grade of a column, by person key."""
    rows = db.execute("SELECT * FROM grades WHERE column_id = ? ORDER BY rowid", (column_id,))
    return {row["person_key"]: _grade(row) for row in rows}


def grade_of(db: sqlite3.Connection, column_id: int, person_key: str) -> Grade | None:
    row = db.execute("SELECT * FROM grades WHERE column_id = ? AND person_key = ?", (column_id, person_key)).fetchone()
    return _grade(row) if row else None


def blank_grade(column_id: int, person_key: str, now: datetime) -> Grade:
    return Grade(column_id, person_key, None, (), now, BY_TOOL)


def keep_grade(db: sqlite3.Connection, grade: Grade) -> None:
    values = {name: _plain(value) for name, value in asdict(grade).items()}
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    changes = ", ".join(f"{name} = excluded.{name}" for name in values)
    sql = (
        f"INSERT INTO grades ({names}) VALUES ({marks}) "  # noqa: S608 (field names of our dataclass)
        f"ON CONFLICT (column_id, person_key) DO UPDATE SET {changes}"
    )
    db.execute(sql, values)
