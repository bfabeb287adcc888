"""Courses and their activities as rows: the first ones, copies and duplicates, and what deep linking adds."""

import json
import sqlite3
from dataclasses import asdict, replace

from . import gradebook
from .course import ACTIVITIES, FIRST_COURSE, Activity, Course
from .gradebook import Column
from .store import Store

JSON_FIELDS = ("custom", "submission_review")
FLAGS = ("graded", "published")


def seed_courses(store: Store) -> None:
    """Make the first course with its activities and their columns once; a deleted column is not made again."""
    with store.writing() as db:
        if db.execute("INSERT OR IGNORE INTO courses VALUES (?, ?, ?, ?, ?)", _course_row(FIRST_COURSE)).rowcount:
            for activity in ACTIVITIES:
                _insert_activity(db, activity)
        if db.execute("INSERT OR IGNORE INTO facts VALUES ('columns', 'seeded')").rowcount:
            for activity in ACTIVITIES:
                gradebook.insert_column(db, _own_column(activity))


def _course_row(course: Course) -> tuple[int | None, str, str, str, int | None]:
    return (course.id or None, course.code, course.title, course.sis_id, course.copied_from)


def _activity(row: sqlite3.Row) -> Activity:
    values = dict(row)
    values |= {name: json.loads(values[name]) for name in JSON_FIELDS}
    values |= {name: bool(values[name]) for name in FLAGS}
    return Activity(**values)


def _insert_activity(db: sqlite3.Connection, activity: Activity) -> Activity:
    values = asdict(activity)
    values |= {name: json.dumps(values[name], ensure_ascii=False) for name in JSON_FIELDS}
    values["id"] = activity.id or None
    marks = ", ".join(f":{name}" for name in values)
    sql = f"INSERT INTO activities ({', '.join(values)}) VALUES ({marks})"  # noqa: S608 (field names of our dataclass)
    done = db.execute(sql, values)
    return replace(activity, id=int(done.lastrowid or 0))


def _own_column(activity: Activity) -> Column:
    """The column that an LMS makes with a graded activity."""
    column = Column(0, activity.id, activity.id, activity.title, activity.maximum, activity.resource_id, activity.tag)
    return replace(column, course_id=activity.course_id)


def add_activity(db: sqlite3.Connection, activity: Activity) -> Activity:
    """Keep a new activity, with a column if it is graded; its number is never used again."""
    kept = _insert_activity(db, replace(activity, id=0))
    if kept.graded:
        gradebook.insert_column(db, _own_column(kept))
    return kept


def set_published(db: sqlite3.Connection, activity_id: int, published: bool) -> None:
    db.execute("UPDATE activities SET published = ? WHERE id = ?", (published, activity_id))


def all_courses(db: sqlite3.Connection) -> list[Course]:
    return [Course(**dict(row)) for row in db.execute("SELECT * FROM courses ORDER BY id")]


def course_with_id(db: sqlite3.Connection, course_id: int) -> Course | None:
    row = db.execute("SELECT * FROM courses WHERE id = ?", (course_id,)).fetchone()
    return Course(**dict(row)) if row else None


def activities_in(db: sqlite3.Connection, course_id: int | None = None) -> list[Activity]:
    """The activities of a course, or of all courses, in the order they were made."""
    where = "" if course_id is None else " WHERE course_id = :course_id"
    rows = db.execute(f"SELECT * FROM activities{where} ORDER BY id", {"course_id": course_id})  # noqa: S608 (fixed)
    return [_activity(row) for row in rows]


def activity_with_id(db: sqlite3.Connection, activity_id: int) -> Activity | None:
    row = db.execute("SELECT * FROM activities WHERE id = ?", (activity_id,)).fetchone()
    return _activity(row) if row else None


def sources(db: sqlite3.Connection, course: Course) -> list[Course]:
    """What a course was copied from, newest first: the chain behind `$Context.id.history`."""
    chain: list[Course] = []
    while course.copied_from is not None:
        source = course_with_id(db, course.copied_from)
        if source is None:
            break
        chain.append(source)
        course = source
    return chain


def copy_course(db: sqlite3.Connection, source: Course) -> Course:
    """All ids are new, columns without grades too; what the tool gave its links and columns is kept (measured)."""
    copies = db.execute("SELECT COUNT(*) FROM courses WHERE copied_from = ?", (source.id,)).fetchone()[0] + 1
    draft = Course(0, f"{source.code}_{copies}", f"{source.title} copy {copies}", "", source.id)
    done = db.execute("INSERT INTO courses VALUES (?, ?, ?, ?, ?)", _course_row(draft))
    course = replace(draft, id=int(done.lastrowid or 0))
    new_ids = {}
    for activity in activities_in(db, source.id):
        new_ids[activity.id] = _insert_activity(db, replace(activity, id=0, course_id=course.id)).id
    for column in gradebook.columns_in(db, source.id):
        _copy_column(db, column, new_ids, course.id)
    return course


def _copy_column(db: sqlite3.Connection, column: Column, new_ids: dict[int, int], course_id: int) -> None:
    """A column deleted in the source stays deleted in the copy; one that the tool made is copied and stays its own."""
    own, linked = new_ids.get(column.activity_id or 0), new_ids.get(column.link_activity_id or 0)
    gradebook.insert_column(db, replace(column, activity_id=own, link_activity_id=linked, course_id=course_id))


def duplicate_activity(db: sqlite3.Connection, activity: Activity) -> Activity:
    """The same again in its course: new id and column, same custom, tag and resourceId (measured in Moodle)."""
    return add_activity(db, replace(activity, title=f"{activity.title} (copy)"))
