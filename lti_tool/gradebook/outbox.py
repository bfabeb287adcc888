"""The outbox: one row per person and blog that says what the LMS should show, and how far that has come."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from lti_tool.database import insert_or_get
from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.gradebook.attempts import last_seen, note_attempt, note_outcome, sent_before
from lti_tool.gradebook.destination import destination_of
from lti_tool.gradebook.shown import SentBefore, ShownScore
from lti_tool.models import Blog, GradebookScore, Outcome, Settled, SyncState

EXCUSED = "Excused."
HELD_BACK = "Held back. Nothing is sent until you release the scores."
FIRST_WAIT_SECONDS = 15
LONGEST_WAIT_SECONDS = 6 * 3600


@dataclass(frozen=True)
class Score:
    """Points of a maximum, exact to two decimals, with a sentence for the student."""

    points: Decimal
    maximum: Decimal
    comment: str


@dataclass(frozen=True)
class Agreed:
    """The teacher has let ours replace this, which the gradebook was seen to show (None: nothing)."""

    seen: ShownScore | None


@dataclass(frozen=True)
class Delivery:
    """A score claimed for sending. `at` is the second it is stamped with, later than any before it for this person.

    `review_key` opens this person's work, and `is_first` says that none was accepted before.
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

    @property
    def may_meet_another(self) -> bool:
        """Whether somebody may have typed a grade before our first score, where reading cannot show it."""
        return not self.sent_before and self.agreed is None


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
    elif _shown(row) == score:
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


def claim_due(session: Session, now: datetime, lease_seconds: int) -> Delivery | None:
    """Take the score that has been due longest and lease it, or return None if nothing is due.

    If the worker that claimed it dies, the row can be claimed again when the lease ends; until then nobody else sends
    for this person, not even a newer score. The stamp is written down before the LMS is called, so no later attempt
    can carry the same second.
    """
    while row := session.scalar(_next_due(now)):
        if row.last_second < int(now.timestamp()):
            row.last_second = int(now.timestamp())
            row.leased_until = now + timedelta(seconds=lease_seconds)
            row.attempts += 1
            row.tried_at = now
            row.review_key = row.review_key or secrets.token_urlsafe(16)
            session.flush()
            delivery = _delivery(session, row)
            note_attempt(session, row)  # after: what may have arrived is of the attempts before this one
            return delivery
        # The LMS compares whole seconds, and a stamp in the future would block the column: wait for the next one.
        row.due_at = datetime.fromtimestamp(row.last_second + 1, tz=now.tzinfo)
        session.flush()
    return None


def record_accepted(session: Session, delivery: Delivery, now: datetime, words: str = "") -> None:
    """The LMS has taken the score. If another is wanted meanwhile, the row stays due for it."""
    row = end_lease(session, delivery)
    if row is None:
        return
    row.accepted_points = delivery.score.points
    row.accepted_maximum = delivery.score.maximum
    row.accepted_comment = delivery.score.comment
    row.accepted_at = now
    row.accepted_column = delivery.column
    row.settled = None
    note_outcome(session, row.id, Outcome.ACCEPTED, words)
    if row.points is None:
        _settle_withdrawn(row)
    elif row.revision == delivery.revision:
        settle_row(row, SyncState.SENT)


def record_unreachable(session: Session, delivery: Delivery, problem: LmsUnreachable, now: datetime) -> None:
    """The LMS did not take it now: wait, longer each time, and at least as long as the LMS asked for."""
    row = end_lease(session, delivery)
    if row is not None:
        note_outcome(session, row.id, Outcome.NOT_KNOWN, problem.what)
    if row is not None and row.due_at is not None and row.revision == delivery.revision:
        row.state, row.cause, row.to_do = SyncState.WAITING, problem.what, problem.do
        row.due_at = now + timedelta(seconds=wait_seconds(row.attempts, problem.retry_after_seconds, row.id))


def record_refused(session: Session, delivery: Delivery, problem: LmsRefused) -> None:
    """The LMS said no for good: stop, and say who can mend it."""
    row = end_lease(session, delivery)
    if row is not None:
        note_outcome(session, row.id, Outcome.REFUSED, problem.what)
    if row is not None and row.due_at is not None and row.revision == delivery.revision:
        state = SyncState.NEEDS_TEACHER if problem.mender is Mender.TEACHER else SyncState.NEEDS_ADMINISTRATOR
        settle_row(row, state, problem.what, problem.do)


def _next_due(now: datetime) -> Select[GradebookScore]:
    free = or_(GradebookScore.leased_until.is_(None), GradebookScore.leased_until <= now)
    return (
        select(GradebookScore)
        .where(GradebookScore.due_at <= now, free)
        .order_by(GradebookScore.due_at, GradebookScore.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def end_lease(session: Session, delivery: Delivery) -> GradebookScore | None:
    """Free the row of a delivery; None if its lease ran out and a later attempt took its place, which then decides."""
    row = session.get_one(GradebookScore, delivery.id, with_for_update=True)
    if row.last_second != int(delivery.at.timestamp()):
        return None
    row.leased_until = None
    return row


def wait_seconds(attempts: int, retry_after_seconds: float | None, spread: int) -> float:
    """Return how long to wait after a number of attempts: doubling from 15 s to 6 h, or longer if the LMS asks.

    `spread`, any number that differs between rows, moves each by up to a quarter so that they do not return together.
    """
    doubled: float = min(FIRST_WAIT_SECONDS * 2.0 ** min(attempts - 1, 20), LONGEST_WAIT_SECONDS)
    return max(doubled * (1 + spread % 8 / 32), retry_after_seconds or 0)


def _shown(row: GradebookScore) -> Score | None:
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
    """Let a row be sent at once, or when the teacher releases the scores that are held back."""
    if session.get_one(Blog, row.blog_id).scores_held_since is not None:
        settle_row(row, SyncState.NOT_DUE, HELD_BACK)
        return
    row.state, row.cause, row.to_do = SyncState.WAITING, "", ""
    row.attempts = 0
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
    _settle_withdrawn(row)


def _settle_withdrawn(row: GradebookScore) -> None:
    why = row.comment or "Nothing counts any more."
    if row.settled is Settled.LOCKED:
        return
    if row.accepted_points is None:
        settle_row(row, SyncState.NOT_DUE, f"{why} Nothing was sent.")
    else:
        what = "Excuse them there, too" if row.comment else "Clear it in the gradebook, or set a score of your own here"
        settle_row(row, SyncState.NEEDS_TEACHER, f"{why} The gradebook still shows the score sent before.", f"{what}.")


def _delivery(session: Session, row: GradebookScore) -> Delivery:
    to = destination_of(session, row.id)
    score = _shown(row)
    if score is None:
        raise AssertionError("a withdrawn score is never due")
    return Delivery(
        id=row.id,
        revision=row.revision,
        platform_id=to.platform_id,
        lti_deployment_id=to.lti_deployment_id,
        column=to.column,
        scopes=to.scopes,
        person_key=to.person_key,
        score=score,
        at=datetime.fromtimestamp(row.last_second, tz=UTC),
        worked_at=row.worked_at,
        review_key=row.review_key or "",
        is_first=row.accepted_at is None,
        sent_before=sent_before(session, row, to.column),
        agreed=Agreed(last_seen(row)) if row.settled is Settled.REPLACE else None,
    )
