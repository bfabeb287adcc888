"""The practice school's memory: one SQLite file, a connection for each piece of work."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS columns (
    id INTEGER PRIMARY KEY AUTOINCREMENT, activity_id INTEGER, link_activity_id INTEGER, label TEXT NOT NULL,
    maximum REAL NOT NULL, resource_id TEXT NOT NULL DEFAULT '', tag TEXT NOT NULL DEFAULT '',
    in_gradebook INTEGER NOT NULL DEFAULT 1, course_id INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS grades (
    column_id INTEGER NOT NULL REFERENCES columns (id) ON DELETE CASCADE, person_key TEXT NOT NULL,
    score REAL, comments TEXT NOT NULL DEFAULT '[]', changed_at TEXT NOT NULL, changed_by TEXT NOT NULL,
    posted_at TEXT, posted_maximum REAL, overridden INTEGER NOT NULL DEFAULT 0, locked INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, submitted_at TEXT, submission_url TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (column_id, person_key));
CREATE TABLE IF NOT EXISTS launches (
    id TEXT PRIMARY KEY, launch TEXT NOT NULL, expires_at REAL NOT NULL, used INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, scope TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS seen_jtis (jti TEXT PRIMARY KEY, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS courses (
    id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL, title TEXT NOT NULL, sis_id TEXT NOT NULL,
    copied_from INTEGER);
CREATE TABLE IF NOT EXISTS activities (
    id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, week TEXT NOT NULL, description TEXT NOT NULL,
    maximum REAL NOT NULL, course_id INTEGER NOT NULL, url TEXT NOT NULL, custom TEXT NOT NULL,
    graded INTEGER NOT NULL, resource_id TEXT NOT NULL, tag TEXT NOT NULL, submission_review TEXT NOT NULL,
    published INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS enrolments (
    course_id INTEGER NOT NULL, person_key TEXT NOT NULL, PRIMARY KEY (course_id, person_key));
CREATE TABLE IF NOT EXISTS tools (number INTEGER PRIMARY KEY, client_id TEXT NOT NULL UNIQUE, tool TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS drafts (id TEXT PRIMARY KEY, draft TEXT NOT NULL);
"""
ADDED = (
    ("columns", "course_id", "INTEGER NOT NULL DEFAULT 1"),
    ("grades", "submission_type", "TEXT NOT NULL DEFAULT ''"),
    ("grades", "result_score", "REAL"),
)


class Store:
    """Opens the file for reading or for writing. Writers take the lock at once, so no update is ever lost."""

    def __init__(self, file: Path) -> None:
        self.file = file
        with closing(self._connect()) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(SCHEMA)
            for table, column, kind in ADDED:
                if column not in {row["name"] for row in db.execute(f"PRAGMA table_info({table})")}:
                    db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.file, timeout=20, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
        return db

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def fact(self, name: str, when_new: str) -> str:
        """A value kept under a name; `when_new` is stored if there is none yet."""
        with self.writing() as db:
            db.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", (name, when_new))
            row = db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
            return str(row["value"])

    def set_fact(self, name: str, value: str) -> None:
        with self.writing() as db:
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))
