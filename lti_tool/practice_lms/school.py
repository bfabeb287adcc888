"""The practice school: people, gradebook, keys and memory behind the pages and services, and what tests ask of it."""

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from joserfc.jwk import RSAKey

from . import gradebook
from .accents import ACCENTS, Accent
from .calls import CallRecord
from .course import ToolAddresses, activity_numbered
from .faults import Faults
from .gradebook import Column, Grade
from .keys import Claims, PlatformKeys, sign
from .people import PEOPLE, Person, added_student
from .store import Store

HINT_SECONDS = 300


class NotHere(LookupError):
    """The school has no such person, activity or gradebook column."""


@dataclass(frozen=True)
class Launch:
    """Who opens which activity, and where it will show: remembered under the message hint."""

    person_key: str
    activity_id: int
    document_target: str


class PracticeSchool:
    """Everything the practice LMS knows. `clock` may be replaced by tests that need another time."""

    def __init__(self, folder: Path, public_url: str, tool: ToolAddresses, accent: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.public_url = public_url.rstrip("/")
        self.tool = tool
        self.accent: Accent = ACCENTS[accent]
        self.store = Store(folder / "practice_lms.sqlite3")
        self.keys = PlatformKeys(folder)
        self.faults = Faults()
        self.calls = CallRecord()
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.secret = self.store.fact("secret", secrets.token_hex(32))
        self._people_lock = threading.Lock()
        self._people: dict[str, Person] = {}
        self._seat(int(self.store.fact("added_students", "0")))
        gradebook.seed_columns(self.store)

    # People

    def _seat(self, added: int) -> None:
        everyone = [*PEOPLE, *(added_student(count) for count in range(1, added + 1))]
        self._people = {person.key: person for person in everyone}
        self._by_sub = {self.accent.sub(person): person for person in everyone}

    @property
    def people(self) -> tuple[Person, ...]:
        return tuple(self._people.values())

    @property
    def students(self) -> tuple[Person, ...]:
        return tuple(person for person in self.people if not person.is_staff)

    def person(self, key: str) -> Person:
        if key not in self._people:
            raise NotHere(f"nobody here has the key {key!r}")
        return self._people[key]

    def person_with_sub(self, sub: str) -> Person | None:
        """Who has this LMS id, as launches and services say it in this accent."""
        return self._by_sub.get(sub)

    def sub_of(self, person_key: str) -> str:
        return self.accent.sub(self.person(person_key))

    def add_students(self, number: int) -> tuple[Person, ...]:
        """Enrol that many more invented students (for load tests); they stay after a restart."""
        with self._people_lock:
            before = int(self.store.fact("added_students", "0"))
            self.store.set_fact("added_students", str(before + number))
            self._seat(before + number)
        return tuple(added_student(count) for count in range(before + 1, before + number + 1))

    # Gradebook

    def columns(self) -> list[Column]:
        with self.store.reading() as db:
            return gradebook.all_columns(db)

    def column_of(self, activity_id: int) -> Column:
        """The column the LMS made with the activity."""
        for column in self.columns():
            if column.activity_id == activity_id:
                return column
        raise NotHere(f"activity {activity_id} has no column")

    def grades(self, column_id: int) -> dict[str, Grade]:
        """The grades of a column, by person key."""
        with self.store.reading() as db:
            return gradebook.grades_in(db, column_id)

    def grade(self, column_id: int, person_key: str) -> Grade | None:
        with self.store.reading() as db:
            return gradebook.grade_of(db, column_id, person_key)

    def set_grade_by_hand(
        self, column_id: int, person_key: str, score: float | None, comment: str = "", by: str = "irena"
    ) -> Grade:
        """A teacher types a grade into the gradebook; None clears the cell and lets the tool write there again."""
        self.person(person_key)
        now = self.clock()
        with self.store.writing() as db:
            column = gradebook.column_numbered(db, column_id)
            if column is None:
                raise NotHere(f"there is no column {column_id}")
            old = gradebook.grade_of(db, column_id, person_key) or gradebook.blank_grade(column_id, person_key, now)
            typed = replace(old, score=score, changed_at=now, changed_by=by)
            grade = self.accent.edited_by_hand(column, typed, comment)
            gradebook.keep_grade(db, grade)
        return grade

    def lock_grade(self, column_id: int, person_key: str, locked: bool = True) -> None:
        """Lock one cell: the LMS then refuses what the tool sends for it."""
        now = self.clock()
        with self.store.writing() as db:
            old = gradebook.grade_of(db, column_id, person_key) or gradebook.blank_grade(column_id, person_key, now)
            gradebook.keep_grade(db, replace(old, locked=locked))

    # Launches

    def remember_launch(self, launch: Launch) -> str:
        """Keep who opens what for five minutes; the answer is the secret part of the message hint."""
        hint_id = str(secrets.randbelow(9 * 10**14) + 10**14)
        now = self.clock().timestamp()
        with self.store.writing() as db:
            db.execute("DELETE FROM hints WHERE expires_at < ?", (now,))
            db.execute(
                "INSERT INTO hints (id, person_key, activity_id, document_target, expires_at) VALUES (?, ?, ?, ?, ?)",
                (hint_id, launch.person_key, launch.activity_id, launch.document_target, now + HINT_SECONDS),
            )
        return hint_id

    def pending_launch(self, hint_id: str) -> Launch | None:
        """The launch behind a hint that is neither used nor too old."""
        with self.store.reading() as db:
            row = db.execute(
                "SELECT person_key, activity_id, document_target FROM hints"
                " WHERE id = ? AND used = 0 AND expires_at > ?",
                (hint_id, self.clock().timestamp()),
            ).fetchone()
        return Launch(**dict(row)) if row else None

    def use_up(self, hint_id: str) -> bool:
        """Spend a hint; only one caller ever hears True."""
        with self.store.writing() as db:
            return db.execute("UPDATE hints SET used = 1 WHERE id = ? AND used = 0", (hint_id,)).rowcount == 1

    # Signing

    @property
    def platform_key(self) -> RSAKey:
        """The private key that signs launches now."""
        return self.keys.current

    def claims_for(self, person_key: str, activity_id: int, nonce: str, document_target: str = "iframe") -> Claims:
        """The exact claims a launch by this person carries in this accent."""
        activity = activity_numbered(activity_id)
        if activity is None:
            raise NotHere(f"there is no activity {activity_id}")
        return self.accent.claims(self, self.person(person_key), activity, nonce, document_target)

    def sign(self, claims: Claims, header: dict[str, object] | None = None, key: RSAKey | None = None) -> str:
        """Sign claims as the platform does; `header` entries replace the usual ones and `key` the platform's key."""
        signer = key or self.platform_key
        usual: dict[str, object] = {"typ": "JWT", "alg": "RS256", "kid": self.platform_key.kid}
        merged = {**usual, **(header or {})}
        return sign(claims, {name: value for name, value in merged.items() if value is not None}, signer)

    def digest(self, text: str) -> str:
        """40 hex digits that stay the same for the same text in this folder."""
        return hashlib.sha256(f"{self.secret}:{text}".encode()).hexdigest()[:40]
