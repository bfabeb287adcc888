"""The people of the practice school. All of them are invented."""

import hashlib
import uuid
from dataclasses import dataclass
from typing import Literal

from .course import NAMESPACE

Role = Literal["teacher", "assistant", "student"]


@dataclass(frozen=True)
class Person:
    """Somebody enrolled in the course."""

    key: str
    number: int
    given_name: str
    family_name: str
    name: str
    role: Role

    @property
    def email(self) -> str:
        return f"{self.key}@example.test"

    @property
    def sourced_id(self) -> str:
        """The school's own number for the person (`lis_person_sourcedid`)."""
        return f"{'SID' if self.role == 'student' else 'EMP'}-{900000 + self.number}"

    @property
    def moodle_id(self) -> str:
        """Moodle's user id: a small number, and both `sub` and `login_hint`."""
        return str(self.number)

    @property
    def canvas_id(self) -> str:
        """Canvas's `sub`: a UUID."""
        return str(uuid.uuid5(NAMESPACE, f"person-{self.key}"))

    @property
    def canvas_login_hint(self) -> str:
        """Canvas's opaque 40 hex digits, also the LTI 1.1 user id."""
        return hashlib.sha256(f"practice-login-hint:{self.key}".encode()).hexdigest()[:40]

    @property
    def is_staff(self) -> bool:
        return self.role != "student"

    @property
    def initials(self) -> str:
        return (self.given_name[:1] + self.family_name[:1]).upper()


def _person(number: int, key: str, given: str, family: str, role: Role = "student", name: str = "") -> Person:
    return Person(key, number, given, family, name or f"{given} {family}".strip(), role)


PEOPLE = (
    _person(3, "irena", "Irena", "Novak", "teacher", "Dr. Irena Novak"),
    _person(4, "sam", "Sam", "Whitfield", "assistant"),
    _person(5, "isaiah", "Isaiah", "Brooks"),
    _person(6, "tom", "Tom", "Okonkwo"),
    _person(7, "michael", "Michael", "Rossi"),
    _person(8, "matt", "Matt", "Lindqvist"),
    _person(9, "chris", "Chris", "Delacroix"),
    _person(10, "zoe", "Zoë", "Hartmann"),
    _person(11, "jose", "José", "Álvarez"),
    _person(12, "siobhan", "Siobhán", "O'Connor"),
    _person(13, "lan", "Lan", "Nguyễn Thị", name="Nguyễn Thị Lan"),
    _person(14, "xiuying", "秀英", "王", name="王秀英"),
    _person(15, "olena", "Олена", "Шевченко"),
    _person(16, "wirawan", "Wirawan", ""),
    _person(17, "priya", "Priya", "Raman"),
    _person(18, "hannah", "Hannah", "Feld"),
)
FIRST_ADDED_NUMBER = 1001


def added_student(count: int) -> Person:
    """The count-th student added for a load test; always the same one for the same count."""
    number = FIRST_ADDED_NUMBER + count - 1
    return _person(number, f"student-{count:04d}", "Student", f"{count:04d}")
