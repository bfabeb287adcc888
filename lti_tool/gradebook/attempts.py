"""Each attempt to send a score, and which scores may stand in the gradebook because of us."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lti_tool.gradebook.shown import SentBefore, ShownScore
from lti_tool.models import GradebookScore, Outcome, SendAttempt


def last_seen(row: GradebookScore) -> ShownScore | None:
    """Return what the gradebook was last seen to show for this row; None if that was nothing."""
    if row.seen_points is None or row.seen_maximum is None:
        return None
    return ShownScore(row.seen_points, row.seen_maximum, row.seen_changed_at)


@dataclass(frozen=True)
class AttemptLine:
    """One attempt to send a score; `outcome` is None while it is under way, or if the worker that made it died."""

    at: datetime
    points: Decimal
    maximum: Decimal
    outcome: Outcome | None
    words: str


def attempts_for(session: Session, blog_id: int, person_id: int, most: int = 20) -> tuple[AttemptLine, ...]:
    """Return the last attempts to send one person's score, the newest first."""
    rows = session.scalars(
        select(SendAttempt)
        .join(GradebookScore, GradebookScore.id == SendAttempt.score_id)
        .where(GradebookScore.blog_id == blog_id, GradebookScore.person_id == person_id)
        .order_by(SendAttempt.id.desc())
        .limit(most)
    )
    return tuple(AttemptLine(row.at, row.points, row.maximum, row.outcome, row.words) for row in rows)


def note_attempt(session: Session, row: GradebookScore) -> None:
    """Write down, before the LMS is called, that this row's score is being sent."""
    if row.points is None or row.tried_at is None:
        raise AssertionError("a withdrawn score is never sent")
    attempt = SendAttempt(score_id=row.id, revision=row.revision, at=row.tried_at)
    attempt.points, attempt.maximum = row.points, row.maximum
    session.add(attempt)


def note_outcome(session: Session, score_id: int, outcome: Outcome, words: str = "") -> None:
    """Say what became of the newest attempt of a score."""
    newest = select(func.max(SendAttempt.id)).where(SendAttempt.score_id == score_id).scalar_subquery()
    session.execute(update(SendAttempt).where(SendAttempt.id == newest).values(outcome=outcome, words=words))


def sent_before(session: Session, row: GradebookScore, column: str | None) -> tuple[SentBefore, ...]:
    """Return the score that this column took last, and those sent since without an answer that it may have taken.

    A column that took another's place has taken nothing yet.
    """
    took = row.accepted_column is None or row.accepted_column == column
    certain: tuple[SentBefore, ...] = ()
    if took and row.accepted_points is not None and row.accepted_maximum is not None:
        certain = (SentBefore(row.accepted_points, row.accepted_maximum, 0, is_certain=True),)
    last_answer = select(func.coalesce(func.max(SendAttempt.id), 0)).where(
        SendAttempt.score_id == row.id, SendAttempt.outcome == Outcome.ACCEPTED
    )
    lost = session.scalars(
        select(SendAttempt).where(
            SendAttempt.score_id == row.id,
            SendAttempt.id > last_answer.scalar_subquery(),
            SendAttempt.outcome.is_(None) | (SendAttempt.outcome == Outcome.NOT_KNOWN),
        )
    )
    return (*certain, *(SentBefore(one.points, one.maximum, one.revision, is_certain=False) for one in lost))
