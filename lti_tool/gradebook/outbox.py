"""The outbox: one row per person and blog that says what the LMS should show, and how far that has come."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.database import insert_or_get
from lti_tool.models import Blog, GradebookScore, Settled, SyncState
from lti_tool.wording import say

EXCUSED = "Excused."
HELD_BACK = say("Held back. Nothing is sent until you release the scores.")
DUE_LATER = say("Nothing is sent before the day that the teacher set.")

# Why there is no score to send: where none was sent, where the gradebook shows one, and what to do about that one.
_OF_EXCUSED = (
    say("Excused. Nothing was sent."),
    say("Excused. The gradebook still shows the score sent before."),
    say("Excuse them there, too."),
)
_OF_NOTHING = (
    say("Nothing counts any more. Nothing was sent."),
    say("Nothing counts any more. The gradebook still shows the score sent before."),
    say("Clear it in the gradebook, or set a score of your own here."),
)


@dataclass(frozen=True)
class Score:
    """Points of a maximum, exact to two decimals, with a sentence for the student."""

    points: Decimal
    maximum: Decimal
    comment: str


def want_score(
    session: Session,
    blog_id: int,
    person_id: int,
    score: Score | None,
    now: datetime,
    worked_at: datetime | None = None,
    *,
    is_excused: bool = False,
) -> None:
    """Write down the score the LMS should show; call it as often as you like. `worked_at` is when they last wrote.

    Equal to what is wanted already: nothing happens, and nothing is sent. Otherwise the row becomes due (at once, but
    for scores that are held back) and its revision grows, so that an older delivery still under way cannot mark it
    done. None means there is nothing to score, or that the person is excused: a row never sent is not due, and one that
    was sent asks the teacher to clear what the LMS still shows, for a tool cannot.
    """
    row = session.scalar(
        select(GradebookScore)
        .where(GradebookScore.blog_id == blog_id, GradebookScore.person_id == person_id)
        .with_for_update()
    )
    if score is None:
        if row is not None:
            _withdraw(row, now, is_excused)
        return
    if row is None:
        row = _new_row(session, blog_id, person_id, score, now)
    elif wanted_score(row) == score:
        return
    row.points, row.maximum, row.comment = score.points, score.maximum, score.comment
    row.worked_at = worked_at
    row.revision += 1
    row.wanted_at = now
    if row.settled is Settled.LOCKED:
        return
    if _is_shown_for_certain(row):  # changed and changed back
        settle_row(row, SyncState.SENT)
    else:
        make_due(session, row, now)


def wanted_score(row: GradebookScore) -> Score | None:
    """What the LMS should show for this row; None if there is nothing to score."""
    return None if row.points is None else Score(row.points, row.maximum, row.comment)


def _is_shown_for_certain(row: GradebookScore) -> bool:
    """Whether the LMS took this score, and nothing since that may have arrived in its place, answered or not."""
    if row.accepted_points is None or row.accepted_maximum is None or row.accepted_at is None:
        return False
    if row.state is SyncState.CONFLICT or row.settled is not None:
        return False
    tried_since = row.leased_until is not None or (row.tried_at is not None and row.tried_at > row.accepted_at)
    return not tried_since and is_taken(row)


def is_taken(row: GradebookScore) -> bool:
    """Whether what is wanted is what the LMS last took."""
    taken = (row.accepted_points, row.accepted_maximum, row.accepted_comment)
    return (row.points, row.maximum, row.comment) == taken


def _new_row(session: Session, blog_id: int, person_id: int, score: Score, now: datetime) -> GradebookScore:
    return insert_or_get(
        session,
        GradebookScore,
        [GradebookScore.blog_id, GradebookScore.person_id],
        {
            "blog_id": blog_id,
            "person_id": person_id,
            "maximum": score.maximum,
            "wanted_at": now,
            "state": SyncState.WAITING,
            "comment": "",
            "cause": "",
            "to_do": "",
            "accepted_comment": "",
            "revision": 0,
            "attempts": 0,
            "last_second": 0,
        },
    )


def make_due(session: Session, row: GradebookScore, now: datetime) -> None:
    """Let a row be sent at once; or on the day that the teacher set, or when scores held back are released."""
    blog = session.get_one(Blog, row.blog_id)
    row.attempts = 0
    if blog.scores_held_since is not None:
        settle_row(row, SyncState.NOT_DUE, HELD_BACK)
    elif blog.scores_due_at is not None and blog.scores_due_at > now:
        settle_row(row, SyncState.NOT_DUE, DUE_LATER)
        row.due_at = blog.scores_due_at
    else:
        settle_row(row, SyncState.WAITING)
        row.due_at = now


def settle_row(row: GradebookScore, state: SyncState, cause: str = "", to_do: str = "") -> None:
    row.state, row.cause, row.to_do = state, cause, to_do
    row.due_at = None


def _withdraw(row: GradebookScore, now: datetime, is_excused: bool) -> None:
    if row.points is not None:
        row.points = None
        row.revision += 1
        row.wanted_at = now
    row.comment = EXCUSED if is_excused else ""
    settle_withdrawn(row)


def settle_withdrawn(row: GradebookScore) -> None:
    """Say where a row stands for which there is nothing to score any more."""
    if row.settled is Settled.LOCKED:
        return
    never_sent, still_shown, to_do = _OF_EXCUSED if row.comment else _OF_NOTHING
    if row.accepted_points is None:
        settle_row(row, SyncState.NOT_DUE, never_sent)
    else:
        settle_row(row, SyncState.NEEDS_TEACHER, still_shown, to_do)
