"""The kinds that columns hold: who writes in a blog, who somebody is in a course, and how far a score has come."""

from enum import Enum


class BlogShape(Enum):
    """Who writes posts: staff alone, and the class discusses them, or everybody in the class."""

    STAFF = "staff"
    CLASS = "class"


class Role(Enum):
    """What a person may do in one course, from the roles of the latest launch."""

    TEACHER = "teacher"
    ASSISTANT = "assistant"
    STUDENT = "student"
    OBSERVER = "observer"

    @property
    def is_staff(self) -> bool:
        return self in (Role.TEACHER, Role.ASSISTANT)


class SyncState(Enum):
    """Where one score stands on its way to the gradebook."""

    NOT_DUE = "not due"
    WAITING = "waiting"
    SENT = "sent"
    CONFIRMED = "confirmed"
    CONFLICT = "conflict"
    LOCKED = "locked"
    NEEDS_TEACHER = "needs the teacher"
    NEEDS_ADMINISTRATOR = "needs the LMS administrator"
    GONE = "gone"


class Settled(Enum):
    """How a teacher settled a conflict: the LMS's score stays for now, ours may replace it, or it stays for good."""

    KEPT = "kept"
    REPLACE = "replace"
    LOCKED = "locked"


class Outcome(Enum):
    """What became of one attempt to send. Without an answer it may have arrived all the same."""

    ACCEPTED = "accepted"
    NOT_KNOWN = "not known"
    REFUSED = "refused"
    CONFLICT = "conflict"
