"""The ledger: for each student what the LMS should show, what it last took, and what stands in the way."""

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from io import StringIO

from sqlalchemy import BindParameter, Select, bindparam, exists, func, select
from sqlalchemy.orm import Session

from lti_tool.gradebook.attempts import last_seen
from lti_tool.gradebook.shown import ShownScore
from lti_tool.models import Blog, GradebookScore, Membership, Person, Placement, Settled, SyncState
from lti_tool.wording import say

_HEADINGS = (
    "Student", "LMS id", "Should show", "Maximum", "LMS shows", "State", "Why", "Attempts", "Next attempt",
    "LMS last took", "Taken at",
)  # fmt: skip
_STATES_IN_WORDS = {
    # NOTE: where a score stands on its way to the gradebook; the other states follow.
    SyncState.NOT_DUE: say("not due"),
    SyncState.WAITING: say("waiting"),
    SyncState.SENT: say("sent"),
    SyncState.CONFIRMED: say("confirmed"),
    SyncState.CONFLICT: say("conflict"),
    SyncState.LOCKED: say("locked"),
    SyncState.NEEDS_TEACHER: say("needs the teacher"),
    SyncState.NEEDS_ADMINISTRATOR: say("needs the LMS administrator"),
    SyncState.GONE: say("gone"),
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # OWASP, "CSV Injection"
_PROBLEMS_FIRST = {
    SyncState.CONFLICT: 0,
    SyncState.NEEDS_TEACHER: 0,
    SyncState.NEEDS_ADMINISTRATOR: 0,
    SyncState.WAITING: 2,
    SyncState.NOT_DUE: 2,
    SyncState.SENT: 3,
    SyncState.CONFIRMED: 3,
    SyncState.LOCKED: 3,
    SyncState.GONE: 4,
}


def people_of(course_id: int | BindParameter[int]) -> Select[int]:
    """The ids of a course's people: courses can share a blog, but not the right to see each other's scores."""
    return select(Membership.person_id).where(Membership.course_id == course_id)


_STATES = (
    select(GradebookScore.state, func.count())
    .where(
        GradebookScore.blog_id == bindparam("blog_id"), GradebookScore.person_id.in_(people_of(bindparam("course_id")))
    )
    .group_by(GradebookScore.state)
)


@dataclass(frozen=True)
class LedgerLine:
    """One person's line. `accepted` is what the LMS last took; `next_attempt` is None when nothing is due."""

    blog_id: int
    person_id: int
    person_key: str
    name: str
    wanted: Decimal | None
    maximum: Decimal
    accepted: Decimal | None
    accepted_maximum: Decimal | None
    accepted_at: datetime | None
    seen: ShownScore | None
    seen_at: datetime | None
    state: SyncState
    cause: str
    to_do: str
    attempts: int
    next_attempt: datetime | None
    settled: Settled | None = None

    @property
    def lms_shows(self) -> float | None:
        """What the gradebook shows as far as is known, out of our maximum."""
        if not self.lms_shows_its_own:
            return None if self.accepted is None else float(self.accepted)
        if self.seen is None or not self.seen.maximum:
            return None if self.seen is None else self.seen.points
        return round(self.seen.points * float(self.maximum) / self.seen.maximum, 2)

    @property
    def lms_shows_its_own(self) -> bool:
        """Whether the gradebook was seen to show what the blog did not send."""
        return self.state in (SyncState.CONFLICT, SyncState.LOCKED) or self.settled is Settled.KEPT

    @property
    def state_in_words(self) -> str:
        return _STATES_IN_WORDS[self.state]


@dataclass(frozen=True)
class SyncProgress:
    """How far a blog's scores have come: `waiting` are on their way, `held` are not due, `stuck` need somebody.

    Of those that are stuck `conflicts` ask what is to stand, and `refused` can be tried again.
    """

    total: int
    sent: int
    waiting: int
    stuck: int
    conflicts: int = 0
    refused: int = 0
    held: int = 0


def ledger(session: Session, blog_id: int | None = None, course_id: int | None = None) -> tuple[LedgerLine, ...]:
    """Return the lines of one blog (and there of one course), or of all, problems first and then by name."""
    wanted = select(GradebookScore, Person).join(Person, Person.id == GradebookScore.person_id)
    if blog_id is not None:
        wanted = wanted.where(GradebookScore.blog_id == blog_id)
    if course_id is not None:
        wanted = wanted.where(GradebookScore.person_id.in_(people_of(course_id)))
    lines = [_line(row, person) for row, person in session.execute(wanted)]
    return tuple(sorted(lines, key=lambda line: (_PROBLEMS_FIRST[line.state], line.blog_id, line.name.casefold())))


def ledger_csv(lines: Iterable[LedgerLine]) -> str:
    """Return the lines as CSV (RFC 4180), safe to open: what a spreadsheet would take for a formula is a text."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(_HEADINGS)
    for line in lines:
        cells = (
            line.name, line.person_key, line.wanted, line.maximum, line.lms_shows, line.state.value,
            f"{line.cause} {line.to_do}".strip(), line.attempts, line.next_attempt, line.accepted, line.accepted_at,
        )  # fmt: skip
        writer.writerow([_cell(cell) for cell in cells])
    return out.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, float):
        return f"{value:g}"
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def sync_progress(lines: Iterable[LedgerLine]) -> SyncProgress:
    return _progress(Counter(line.state for line in lines))


def sync_progress_of(session: Session, blog_id: int, course_id: int) -> SyncProgress:
    """Return how far the scores of a course's people in a blog have come, without reading them."""
    counts = session.execute(_STATES, {"blog_id": blog_id, "course_id": course_id})
    return _progress(Counter({row[0]: row[1] for row in counts}))


def _progress(states: Counter[SyncState]) -> SyncProgress:
    sent = states[SyncState.SENT] + states[SyncState.CONFIRMED] + states[SyncState.LOCKED]
    waiting = states[SyncState.WAITING]
    refused = states[SyncState.NEEDS_TEACHER] + states[SyncState.NEEDS_ADMINISTRATOR]
    held = states[SyncState.NOT_DUE]
    stuck = refused + states[SyncState.CONFLICT]
    return SyncProgress(states.total(), sent, waiting, stuck, states[SyncState.CONFLICT], refused, held)


@dataclass(frozen=True)
class Timing:
    """When a blog's scores go: not while they are held back (since when), nor before a time that is still to come."""

    held_since: datetime | None
    due_at: datetime | None


def timing_of(session: Session, blog_id: int, now: datetime) -> Timing:
    blog = session.get_one(Blog, blog_id)
    is_later = blog.scores_due_at is not None and blog.scores_due_at > now
    return Timing(blog.scores_held_since, blog.scores_due_at if is_later else None)


def has_column(session: Session, blog_id: int) -> bool:
    columns = exists().where(Placement.blog_id == blog_id, Placement.lti_line_item_url.is_not(None))
    return bool(session.scalar(select(columns)))


def _line(row: GradebookScore, person: Person) -> LedgerLine:
    return LedgerLine(
        blog_id=row.blog_id,
        person_id=person.id,
        person_key=person.lti_sub,
        name=person.shown_name,
        wanted=row.points,
        maximum=row.maximum,
        accepted=row.accepted_points,
        accepted_maximum=row.accepted_maximum,
        accepted_at=row.accepted_at,
        seen=last_seen(row),
        seen_at=row.seen_at,
        state=row.state,
        cause=row.cause,
        to_do=row.to_do,
        attempts=row.attempts,
        next_attempt=row.due_at,
        settled=row.settled,
    )
