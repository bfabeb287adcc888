"""Each attempt to send a score, and which scores may stand in the gradebook because of us."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from lti_tool.gradebook.shown import SentBefore, ShownScore
from lti_tool.models import GradebookScore, Outcome, SendAttempt
from lti_tool.wording import say

_OUTCOMES_IN_WORDS = {
    # NOTE: what became of an attempt to send a score; the other outcomes follow.
    None: say("under way"),
    Outcome.ACCEPTED: say("accepted"),
    Outcome.NOT_KNOWN: say("not known"),
    Outcome.REFUSED: say("refused"),
    Outcome.CONFLICT: say("conflict"),
}


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

    @property
    def outcome_in_words(self) -> str:
        return _OUTCOMES_IN_WORDS[self.outcome]


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


def attempt_at(row: GradebookScore, now: datetime) -> dict[str, object]:
    """Return what is written down, before the LMS is called, of sending this row's score."""
    return {
        "score_id": row.id,
        "revision": row.revision,
        "at": now,
        "points": row.points,
        "maximum": row.maximum,
        "words": "",
    }


def taken_before(session: Session, row: GradebookScore) -> tuple[Decimal, Decimal] | None:
    """Return the score, with its maximum, that was taken before the one last taken; None if that was sent twice."""
    taken = session.scalars(
        select(SendAttempt)
        .where(SendAttempt.score_id == row.id, SendAttempt.outcome == Outcome.ACCEPTED)
        .order_by(SendAttempt.id.desc())
        .limit(2)
    ).all()
    if len(taken) < 2 or taken[0].revision == taken[1].revision:
        return None
    return taken[1].points, taken[1].maximum


def sent_before(session: Session, rows: Mapping[GradebookScore, str | None]) -> dict[int, tuple[SentBefore, ...]]:
    """Return for each row what may stand in its column because of us; `rows` says which column that is.

    The score that the column took last, and those sent since without an answer that it may have taken. A column that
    took another's place has taken nothing, or any score from the time before, if it was the blog's earlier.
    """
    lost = _without_answer(session, [row.id for row in rows])
    moved = _of_any_column(session, [row.id for row, column in rows.items() if not _is_there(row, column)])
    return {
        row.id: (*moved.get(row.id, _certain(row)), *lost.get(row.id, ())) for row, column in rows.items()
    }  # fmt: skip


def _is_there(row: GradebookScore, column: str | None) -> bool:
    return row.accepted_column is None or row.accepted_column == column


def _certain(row: GradebookScore) -> tuple[SentBefore, ...]:
    if row.accepted_points is None or row.accepted_maximum is None:
        return ()
    return (SentBefore(row.accepted_points, row.accepted_maximum, 0, is_certain=True),)


def _of_any_column(session: Session, score_ids: Sequence[int]) -> dict[int, list[SentBefore]]:
    """Each score that a column of the blog took, whichever that was: nothing that a person typed passes for one."""
    found: dict[int, list[SentBefore]] = {score_id: [] for score_id in score_ids}
    if score_ids:
        taken = select(SendAttempt.score_id, SendAttempt.points, SendAttempt.maximum).where(
            SendAttempt.score_id.in_(score_ids), SendAttempt.outcome == Outcome.ACCEPTED
        )
        for score_id, points, maximum in session.execute(taken.distinct()):
            found[score_id].append(SentBefore(points, maximum, 0, is_certain=False))
    return found


def _without_answer(session: Session, score_ids: Sequence[int]) -> dict[int, list[SentBefore]]:
    """The attempts, by score, that nobody knows the outcome of, since the last that was taken."""
    later, of_score = aliased(SendAttempt), SendAttempt.score_id.in_(score_ids)
    taken_since = exists().where(
        later.score_id == SendAttempt.score_id, later.id > SendAttempt.id, later.outcome == Outcome.ACCEPTED
    )
    unknown = SendAttempt.outcome.is_(None) | (SendAttempt.outcome == Outcome.NOT_KNOWN)
    found: dict[int, list[SentBefore]] = {}
    for one in session.scalars(select(SendAttempt).where(of_score, unknown, ~taken_since)):
        sent = SentBefore(one.points, one.maximum, one.revision, is_certain=False)
        found.setdefault(one.score_id, []).append(sent)
    return found
