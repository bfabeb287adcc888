"""Where the LMS shows what we did not send: noticing it, and leaving it alone until the teacher says what is to be."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.gradebook.attempts import last_seen, taken_before
from lti_tool.gradebook.outbox import is_taken, make_due, settle_row, settle_withdrawn
from lti_tool.gradebook.shown import ShownScore
from lti_tool.models import GradebookScore, Person, Settled, SyncState
from lti_tool.wording import say

_IN_CONFLICT = say("The gradebook shows what the blog did not send, so nothing is sent.")
_CLEARED = say("The gradebook shows nothing, though it had taken a score: somebody cleared it. Nothing is sent.")
_SETTLE = say("Keep the LMS's, send ours, or lock it.")
_SETTLE_IN_GROUP = say(
    "Keep the LMS's, send ours, or lock it. "
    "Where students are graded in groups, one score goes to the whole group: have the LMS grade each one apart."
)
_OVERRIDDEN = say("The LMS took our score and goes on showing the other: it was overridden there.")
_SHOWS_NOTHING = say(
    "The LMS took our score and shows nothing: it is overridden there, or the activity's grade type is None."
)
_CLEAR_OVERRIDE = say("Clear the override in the LMS's gradebook and send ours again, or keep the LMS's.")


def record_seen(
    session: Session, column: str, seen: Mapping[str, ShownScore], read_from: datetime, now: datetime
) -> tuple[int, int]:
    """Compare what a column shows with what it took: return how many scores are confirmed, and how many new conflicts.

    Scores that are on their way, or went out after the reading began, are left alone.
    """
    rows = session.execute(
        select(GradebookScore, Person.lti_sub)
        .join(Person, Person.id == GradebookScore.person_id)
        .where(
            GradebookScore.accepted_column == column,
            GradebookScore.accepted_at < read_from,
            GradebookScore.tried_at < read_from,
            GradebookScore.due_at.is_(None),
            GradebookScore.leased_until.is_(None),
            GradebookScore.state.in_((SyncState.SENT, SyncState.CONFIRMED, SyncState.CONFLICT))
            | ((GradebookScore.state == SyncState.NEEDS_TEACHER) & GradebookScore.points.is_(None)),
        )
        .with_for_update(of=GradebookScore)
    )
    confirmed = conflicts = 0
    found = rows.all()
    for row, person_key in found:
        before, shown = row.state, seen.get(person_key)
        _compare(session, row, shown, now)
        asks = row.state is SyncState.CONFLICT and row.to_do == _SETTLE
        if asks and any(_is_of_other(shown, row, other) for other, _ in found):
            row.to_do = _SETTLE_IN_GROUP
        confirmed += row.state is SyncState.CONFIRMED and before is not SyncState.CONFIRMED
        conflicts += row.state is SyncState.CONFLICT and before is not SyncState.CONFLICT
    return confirmed, conflicts


def _is_of_other(shown: ShownScore | None, row: GradebookScore, other: GradebookScore) -> bool:
    """Whether a cell shows what its column took for somebody else."""
    if shown is None or other is row or other.accepted_points is None or other.accepted_maximum is None:
        return False
    return shown.is_as(other.accepted_points, other.accepted_maximum)


def _compare(session: Session, row: GradebookScore, shown: ShownScore | None, now: datetime) -> None:
    if row.accepted_points is None or row.accepted_maximum is None:
        return
    if row.points is None:  # the teacher was asked to clear what counts no more
        if shown is None:
            row.accepted_points = row.accepted_maximum = row.accepted_at = None
            settle_withdrawn(row)
    elif shown is not None and shown.is_as(row.accepted_points, row.accepted_maximum):
        _see(row, shown, now)
        row.settled = None
        if is_taken(row):
            settle_row(row, SyncState.CONFIRMED)
        else:  # whoever typed something there has taken it back, and ours has changed meanwhile
            make_due(session, row, now)
    elif _is_known(row) and shown == last_seen(row):
        row.seen_at = now
    elif not _was_lost(session, row, shown, now):
        was_sent, took_for_nothing = row.state is SyncState.SENT, shown is not None and shown == last_seen(row)
        enter_conflict(row, shown, now)
        if was_sent and (took_for_nothing or shown is None):
            row.cause, row.to_do = _SHOWS_NOTHING if shown is None else _OVERRIDDEN, _CLEAR_OVERRIDE


def _was_lost(session: Session, row: GradebookScore, shown: ShownScore | None, now: datetime) -> bool:
    """Whether the cell stands as we left it before the last score, which the LMS took and lost: then it is sent again.

    Seen on Moodle, whose server was being stopped. Once only, and only where the LMS says when the cell changed.
    """
    if row.state is not SyncState.SENT or shown is None or shown.changed_at is None or row.tried_at is None:
        return False
    before = taken_before(session, row)
    if shown.changed_at >= row.tried_at or before is None or not shown.is_as(*before):
        return False
    row.accepted_points, row.accepted_maximum = before
    make_due(session, row, now)
    return True


def _is_known(row: GradebookScore) -> bool:
    """Whether the teacher has been asked about what the gradebook shows, or has settled it."""
    return row.state is SyncState.CONFLICT or (row.state is SyncState.CONFIRMED and row.settled is Settled.KEPT)


def enter_conflict(row: GradebookScore, shown: ShownScore | None, now: datetime) -> None:
    """The gradebook shows what we did not send: stop, and ask the teacher."""
    _see(row, shown, now)
    row.settled = None
    settle_row(row, SyncState.CONFLICT, _CLEARED if shown is None else _IN_CONFLICT, _SETTLE)


def _see(row: GradebookScore, shown: ShownScore | None, now: datetime) -> None:
    row.seen_points, row.seen_maximum, row.seen_changed_at = (
        (None, None, None) if shown is None else (shown.points, shown.maximum, shown.changed_at)
    )
    row.seen_at = now
