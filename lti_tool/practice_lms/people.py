"""The people of the practice school. All of them are invented."""

import hashlib
import uuid
from dataclasses import dataclass, replace
from typing import Literal

from .course import NAMESPACE

Role = Literal["teacher", "assistant", "student", "observer", "designer", "admin", "test", "visitor"]

SECTIONS = {1: "Monday class", 2: "Thursday class"}


@dataclass(frozen=True)
class Person:
    """Somebody of the school. `teaches_elsewhere` has a staff role in another course, `suspended` may not take part."""

    key: str
    number: int
    given_name: str
    family_name: str
    name: str
    role: Role
    teaches_elsewhere: bool = False
    suspended: bool = False

    @property
    def email(self) -> str:
        """Canvas's test student and Moodle's guest have none."""
        if self.key in ("teststudent", "guest"):
            return ""
        return f"{self.key}@example.test"

    @property
    def sourced_id(self) -> str:
        """The school's own number for the person (`lis_person_sourcedid`); the administrator has none."""
        if self.role in ("admin", "test") or self.key == "guest":
            return ""
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
    def kind(self) -> str:
        """What makes somebody different from the usual teachers and students."""
        if self.teaches_elsewhere:
            return "student here, teaches elsewhere"
        return KINDS.get(self.key, self.role)

    @property
    def is_staff(self) -> bool:
        """Whether the gradebook is theirs to fill in."""
        return self.role in ("teacher", "assistant", "admin")

    @property
    def sections(self) -> tuple[int, ...]:
        """Which of the course's sections they are in: a student in one, by turns, everybody else in all."""
        return (1 + self.number % len(SECTIONS),) if self.role == "student" else tuple(SECTIONS)

    @property
    def is_gradable(self) -> bool:
        """Whether the gradebook has a row for somebody like that."""
        return self.role in ("student", "test")

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
# People that few courses have. Each LMS knows those that it has a way of its own with; none is in the course at first.
_ELSEWHERE = replace(_person(98, "elsewhere", "Ravi", "Menon & Daughters"), teaches_elsewhere=True)
_ADMIN = _person(2, "admin", "Root", "Whitby", "admin")
OTHERS = {
    "canvas": (
        _person(91, "observer", "Marta", "Brooks", "observer"),
        _person(92, "designer", "Ines", "Ruiz", "designer"),
        _ADMIN,
        _person(94, "teststudent", "Test", "Student", "test"),
        _ELSEWHERE,
    ),
    "moodle": (
        _ADMIN,
        _person(1, "guest", "Guest user", "", "visitor"),
        _person(96, "outsider", "Oskar", "Weiss", "visitor"),
        replace(_person(97, "suspended", "Susan", "Pender"), suspended=True),
        _ELSEWHERE,
    ),
}
KINDS = {
    "admin": "administrator",
    "teststudent": "Student View",
    "guest": "not signed in as anybody",
    "outsider": "not in the course",
    "suspended": "suspended from the course",
}
OBSERVED = ("isaiah",)
FIRST_ADDED_NUMBER = 1001


def added_student(count: int) -> Person:
    """The count-th student added for a load test; always the same one for the same count."""
    number = FIRST_ADDED_NUMBER + count - 1
    return _person(number, f"student-{count:04d}", "Student", f"{count:04d}")
