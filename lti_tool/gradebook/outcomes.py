"""What became of scores that were sent: taken, not taken now, refused for good, or met by another score."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.gradebook.claiming import Delivery
from lti_tool.gradebook.conflicts import enter_conflict
from lti_tool.gradebook.gone import ColumnGone, note_gone
from lti_tool.gradebook.outbox import settle_row, settle_withdrawn
from lti_tool.gradebook.shown import ShownScore
from lti_tool.models import Base, GradebookScore, Outcome, SendAttempt, SyncState
from lti_tool.wording import say

FIRST_WAIT_SECONDS = 15
LONGEST_WAIT_SECONDS = 6 * 3600
WAITS_WITH_OTHERS = say("The LMS does not answer at the moment; this one waits with the others.")
HAD_ARRIVED = say("had arrived before")
NOT_SENT = say("not sent: the gradebook showed another score")


@dataclass(frozen=True)
class Conflict:
    """The gradebook shows what we did not send (None: nothing, though it had taken a score)."""

    shown: ShownScore | None


@dataclass(frozen=True)
class NotTried:
    """Nothing was sent, because the platform is left alone for a while or the lease ran out before it was its turn."""


@dataclass(frozen=True)
class Result:
    """What became of a delivery: taken (`words` may say how), unless something stood in the way."""

    delivery: Delivery
    obstacle: LmsUnreachable | LmsRefused | Conflict | NotTried | None = None
    words: str = ""


def record_results(session: Session, results: Sequence[Result], now: datetime) -> None:
    """Write down what became of deliveries. If another score is wanted meanwhile, the row stays due for it.

    A delivery whose lease ran out, so that a later attempt took its place, changes nothing: the later one decides.
    """
    results = _unless_all_accepted(session, results, now)
    wanted = select(GradebookScore).where(GradebookScore.id.in_([one.delivery.id for one in results]))
    rows = {row.id: row for row in session.scalars(wanted.order_by(GradebookScore.id).with_for_update())}
    outcomes, not_made = [], []
    for result in results:
        row, attempt_id = rows[result.delivery.id], result.delivery.attempt_id
        if row.last_second != int(result.delivery.at.timestamp()):
            continue
        row.leased_until = None
        if isinstance(result.obstacle, NotTried):
            row.attempts -= 1
            row.cause = row.cause or WAITS_WITH_OTHERS
            not_made.append(attempt_id)
        else:
            outcome, words = _record(row, result.delivery, result.obstacle, now)
            outcomes.append(_attempt(result, outcome, words or result.words))
    for column in {one.delivery.column for one in results if isinstance(one.obstacle, ColumnGone)}:
        if column is not None:
            note_gone(session, column, now)
    if outcomes:
        session.execute(update(SendAttempt), outcomes)
    if not_made:
        session.execute(delete(SendAttempt).where(SendAttempt.id.in_(not_made)))


def _unless_all_accepted(session: Session, results: Sequence[Result], now: datetime) -> Sequence[Result]:
    """Write down those that were simply taken, which most are, in one statement each; return what is left to record.

    Where one of them needs more (another score is wanted by now, or its lease ran out), all are left: the same is then
    written once more, row by row.
    """
    taken = [one for one in results if one.obstacle is None]
    if not taken:
        return results
    written = session.connection().execute(_ACCEPT, [_accepted(one.delivery, now) for one in taken])
    if written.rowcount != len(taken):
        return results
    session.execute(update(SendAttempt), [_attempt(one, Outcome.ACCEPTED, one.words) for one in taken])
    return [one for one in results if one.obstacle is not None]


_ACCEPT = (
    update(Base.metadata.tables[GradebookScore.__tablename__])  # past the objects: that they are many is the point
    .where(
        GradebookScore.id == bindparam("score_id"),
        GradebookScore.last_second == bindparam("second"),
        GradebookScore.revision == bindparam("sent_revision"),
        GradebookScore.points.is_not(None),
    )
    .values(
        accepted_points=bindparam("sent_points"),
        accepted_maximum=bindparam("sent_maximum"),
        accepted_comment=bindparam("sent_comment"),
        accepted_at=bindparam("now"),
        accepted_column=bindparam("to_column"),
        leased_until=None,
        due_at=None,
        settled=None,
        state=SyncState.SENT,
        cause="",
        to_do="",
    )
)


def _accepted(delivery: Delivery, now: datetime) -> dict[str, object]:
    return {
        "score_id": delivery.id,
        "second": int(delivery.at.timestamp()),
        "sent_revision": delivery.revision,
        "sent_points": delivery.score.points,
        "sent_maximum": delivery.score.maximum,
        "sent_comment": delivery.score.comment,
        "now": now,
        "to_column": delivery.column,
    }


def _attempt(result: Result, outcome: Outcome, words: str) -> dict[str, object]:
    return {"id": result.delivery.attempt_id, "outcome": outcome, "words": words}


def _record(
    row: GradebookScore,
    delivery: Delivery,
    obstacle: LmsUnreachable | LmsRefused | Conflict | None,
    now: datetime,
) -> tuple[Outcome, str]:
    is_wanted_still = row.state is SyncState.WAITING and row.due_at is not None and row.revision == delivery.revision
    if obstacle is None:
        _accept(row, delivery, now)
        return Outcome.ACCEPTED, ""
    if isinstance(obstacle, Conflict):
        if is_wanted_still:
            if row.accepted_column is not None:
                row.accepted_column = delivery.column  # the conflict is about this one, whichever took the last score
            enter_conflict(row, obstacle.shown, now)
        return Outcome.CONFLICT, NOT_SENT
    if isinstance(obstacle, LmsUnreachable):
        if is_wanted_still:  # wait, longer each time, and at least as long as the LMS asked for
            row.state, row.cause, row.to_do = SyncState.WAITING, obstacle.what, obstacle.do
            row.due_at = now + timedelta(seconds=wait_seconds(row.attempts, obstacle.retry_after_seconds, row.id))
        return Outcome.NOT_KNOWN, obstacle.what
    if is_wanted_still:  # no for good: stop, and say who can mend it
        state = SyncState.NEEDS_TEACHER if obstacle.mender is Mender.TEACHER else SyncState.NEEDS_ADMINISTRATOR
        settle_row(row, state, obstacle.what, obstacle.do)
    return Outcome.REFUSED, obstacle.what


def _accept(row: GradebookScore, delivery: Delivery, now: datetime) -> None:
    row.accepted_points = delivery.score.points
    row.accepted_maximum = delivery.score.maximum
    row.accepted_comment = delivery.score.comment
    row.accepted_at = now
    row.accepted_column = delivery.column
    row.settled = None
    if row.points is None:
        settle_withdrawn(row)
    elif row.revision == delivery.revision:
        settle_row(row, SyncState.SENT)


def wait_seconds(attempts: int, retry_after_seconds: float | None, spread: int) -> float:
    """Return how long to wait after a number of attempts: doubling from 15 s to 6 h, or longer if the LMS asks.

    `spread`, any number that differs between rows, moves each by up to a quarter so that they do not return together.
    """
    doubled: float = min(FIRST_WAIT_SECONDS * 2.0 ** min(attempts - 1, 20), LONGEST_WAIT_SECONDS)
    return max(doubled * (1 + spread % 8 / 32), retry_after_seconds or 0)
