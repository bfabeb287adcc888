"""The ledger: for each student what the LMS should show, what it last took, and what stands in the way."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import Blog, GradebookScore, Person, SyncState

_PROBLEMS_FIRST = {
    SyncState.NEEDS_TEACHER: 0,
    SyncState.NEEDS_ADMINISTRATOR: 0,
    SyncState.WITHDRAWN: 1,
    SyncState.WAITING: 2,
    SyncState.SENT: 3,
}


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
    state: SyncState
    cause: str
    to_do: str
    attempts: int
    next_attempt: datetime | None


@dataclass(frozen=True)
class SyncProgress:
    """How far a blog's scores have come: `waiting` are on their way, `stuck` need somebody."""

    total: int
    sent: int
    waiting: int
    stuck: int


def ledger(session: Session, blog_id: int | None = None) -> tuple[LedgerLine, ...]:
    """Return the lines of one blog, or of all, problems first and then by name."""
    wanted = select(GradebookScore, Person).join(Person, Person.id == GradebookScore.person_id)
    if blog_id is not None:
        wanted = wanted.where(GradebookScore.blog_id == blog_id)
    lines = [_line(row, person) for row, person in session.execute(wanted)]
    return tuple(sorted(lines, key=lambda line: (_PROBLEMS_FIRST[line.state], line.blog_id, line.name.casefold())))


def sync_progress(lines: Iterable[LedgerLine]) -> SyncProgress:
    states = [line.state for line in lines]
    sent, waiting = states.count(SyncState.SENT), states.count(SyncState.WAITING)
    return SyncProgress(len(states), sent, waiting, len(states) - sent - waiting)


def has_column(session: Session, blog_id: int) -> bool:
    return bool(session.get_one(Blog, blog_id).lti_line_item_url)


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
        state=row.state,
        cause=row.cause,
        to_do=row.to_do,
        attempts=row.attempts,
        next_attempt=row.due_at,
    )
