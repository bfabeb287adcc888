"""Taking due scores to send: leased for a while, stamped, and each attempt written down before the LMS is called."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Select, bindparam, case, insert, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.gradebook.attempts import attempt_at, last_seen, sent_before
from lti_tool.gradebook.destination import Destination, destinations_of
from lti_tool.gradebook.outbox import Score, settle_row, wanted_score
from lti_tool.gradebook.shown import SentBefore, ShownScore
from lti_tool.models import GradebookScore, Person, SendAttempt, Settled, SyncState
from lti_tool.wording import say

GONE = say("Listed in the course no more. Nothing is sent unless the LMS lists them again.")


@dataclass(frozen=True)
class Agreed:
    """The teacher has let ours replace this, which the gradebook was seen to show (None: nothing)."""

    seen: ShownScore | None


@dataclass(frozen=True)
class Delivery:
    """A score claimed for sending. `at` is the second it is stamped with, later than any before it for this person.

    `review_key` opens this person's work, and `is_first` says that this column took none before. `accepted_comment` is
    the sentence that it last took. After `leased_until` somebody else may send for this person.
    """

    id: int
    revision: int
    platform_id: int
    lti_deployment_id: str
    column: str | None
    scopes: tuple[str, ...]
    person_key: str
    score: Score
    at: datetime
    worked_at: datetime | None
    review_key: str
    is_first: bool
    sent_before: tuple[SentBefore, ...] = ()
    agreed: Agreed | None = None
    accepted_comment: str = ""
    attempt_id: int = 0
    leased_until: datetime | None = None


def agreed_on(row: GradebookScore) -> Agreed | None:
    """Return what the teacher has let ours replace; None if nothing."""
    return Agreed(last_seen(row)) if row.settled is Settled.REPLACE else None


def platforms_due(session: Session, now: datetime) -> list[int]:
    """Return the platforms to which scores are due now."""
    due = select(Person.platform_id).join(GradebookScore, GradebookScore.person_id == Person.id)
    return sorted(session.scalars(due.where(_is_due(now)).distinct()))


def claim_due(
    session: Session, now: datetime, lease_seconds: float, platform_id: int | None = None, most: int = 1
) -> list[Delivery]:
    """Take up to `most` scores that have been due longest, of one platform or of any, and lease them.

    If the worker that claimed them dies, they can be claimed again when the lease ends; until then nobody else sends
    for these people, not even a newer score. The stamp is written down before the LMS is called, so no later attempt
    can carry the same second.
    """
    while rows := session.scalars(_next_due(now, platform_id, most)).all():
        to = destinations_of(session, [row.id for row in rows])
        going = [row for row in rows if _may_go(row, to[row.id], now)]
        if going:
            return _deliveries(session, going, to, now, now + timedelta(seconds=lease_seconds))
        session.flush()
    return []


def _is_due(now: datetime) -> ColumnElement[bool]:
    free = or_(GradebookScore.leased_until.is_(None), GradebookScore.leased_until <= now)
    return (GradebookScore.due_at <= now) & free


def _next_due(now: datetime, platform_id: int | None, most: int) -> Select[GradebookScore]:
    due = select(GradebookScore).where(_is_due(now))
    if platform_id is not None:
        due = due.join(Person, Person.id == GradebookScore.person_id).where(Person.platform_id == platform_id)
    ordered = due.order_by(GradebookScore.due_at, GradebookScore.id).limit(most)
    return ordered.with_for_update(of=GradebookScore, skip_locked=True)


def _may_go(row: GradebookScore, to: Destination, now: datetime) -> bool:
    """Whether a due row is to be sent now after all."""
    if to.has_left:
        settle_row(row, SyncState.GONE, GONE)
        return False
    if row.last_second >= int(now.timestamp()):
        # The LMS compares whole seconds, and a stamp in the future would block the column: wait for the next one.
        row.due_at = datetime.fromtimestamp(row.last_second + 1, tz=now.tzinfo)
        return False
    return True


def _deliveries(
    session: Session, rows: Sequence[GradebookScore], to: Mapping[int, Destination], now: datetime, until: datetime
) -> list[Delivery]:
    """Stamp and lease the rows, write down the attempts, and return what is to be sent."""
    before = sent_before(session, {row: to[row.id].column for row in rows})
    for row in rows:
        row.review_key = row.review_key or secrets.token_urlsafe(16)
    session.flush()
    stamp = {"leased_until": until, "last_second": int(now.timestamp()), "tried_at": now}
    session.execute(_LEASE, {"score_ids": [row.id for row in rows], **stamp})
    attempts = session.scalars(_ATTEMPTS, [attempt_at(row, now) for row in rows]).all()
    at = datetime.fromtimestamp(int(now.timestamp()), tz=UTC)
    return [
        _delivery(row, to[row.id], before[row.id], attempt_id, at, until)
        for row, attempt_id in zip(rows, attempts, strict=True)
    ]


# One statement for all rows: an object's changes are written row by row.
_LEASE = (
    update(GradebookScore)
    .where(GradebookScore.id.in_(bindparam("score_ids", expanding=True)))
    .values(
        leased_until=bindparam("leased_until"),
        last_second=bindparam("last_second"),
        tried_at=bindparam("tried_at"),
        attempts=GradebookScore.attempts + 1,
        cause=case((GradebookScore.state == SyncState.NOT_DUE, ""), else_=GradebookScore.cause),
        state=SyncState.WAITING,
    )
    .execution_options(synchronize_session=False)
)
_ATTEMPTS = insert(SendAttempt).returning(SendAttempt.id, sort_by_parameter_order=True)


def _delivery(
    row: GradebookScore,
    to: Destination,
    before: tuple[SentBefore, ...],
    attempt_id: int,
    at: datetime,
    leased_until: datetime,
) -> Delivery:
    score = wanted_score(row)
    if score is None:
        raise AssertionError("what is not to be shown is never due")
    took_one = any(one.is_certain for one in before)
    return Delivery(
        id=row.id,
        revision=row.revision,
        platform_id=to.platform_id,
        lti_deployment_id=to.lti_deployment_id,
        column=to.column,
        scopes=to.scopes,
        person_key=to.person_key,
        score=score,
        at=at,
        worked_at=row.worked_at,
        review_key=row.review_key or "",
        is_first=not took_one,
        sent_before=before,
        agreed=agreed_on(row),
        accepted_comment=row.accepted_comment if took_one else "",
        attempt_id=attempt_id,
        leased_until=leased_until,
    )
