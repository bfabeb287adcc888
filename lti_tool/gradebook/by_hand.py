"""What people do about scores: hold them back, try again, settle a conflict, lock and unlock."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.gradebook.ledger import people_of
from lti_tool.gradebook.outbox import DUE_LATER, HELD_BACK, make_due, settle_row
from lti_tool.models import Blog, GradebookScore, Person, Settled, SyncState
from lti_tool.wording import say

_MAY_BE_TRIED = (SyncState.WAITING, SyncState.NEEDS_TEACHER, SyncState.NEEDS_ADMINISTRATOR)
_KEPT = say("The LMS's score was kept. If the score here changes, you are asked again.")
_LOCKED = say("The LMS's score stays. Nothing is sent until you unlock it.")


def hold_back(session: Session, blog_id: int, now: datetime) -> None:
    """Send no score of this blog any more until `release`. One that is being sent at this instant arrives."""
    locked_blog(session, blog_id).scores_held_since = now
    _put_off(session, blog_id, HELD_BACK, None)


def release(session: Session, blog_id: int, now: datetime) -> None:
    """Let the scores that were held back go: at once, or on the day that is set for them."""
    blog = locked_blog(session, blog_id)
    blog.scores_held_since = None
    _let_go(session, blog, now)


def set_due(session: Session, blog_id: int, due_at: datetime | None, now: datetime) -> None:
    """Send no score of this blog before a time; None, or a time that is past, sends them as they come."""
    blog = locked_blog(session, blog_id)
    blog.scores_due_at = due_at if due_at is not None and due_at > now else None
    if blog.scores_held_since is None:
        _let_go(session, blog, now)


def locked_blog(session: Session, blog_id: int) -> Blog:
    """The blog, once nobody else is changing a score of it: no score made meanwhile may slip through."""
    return session.scalars(select(Blog).where(Blog.id == blog_id).with_for_update()).one()


def _let_go(session: Session, blog: Blog, now: datetime) -> None:
    if blog.scores_due_at is not None and blog.scores_due_at > now:
        _put_off(session, blog.id, DUE_LATER, blog.scores_due_at)
        return
    put_off = (GradebookScore.state == SyncState.NOT_DUE) & GradebookScore.points.is_not(None)
    session.execute(
        update(GradebookScore)
        .where(GradebookScore.blog_id == blog.id, put_off)
        .values(due_at=now, attempts=0, state=SyncState.WAITING, cause="")
    )


def _put_off(session: Session, blog_id: int, why: str, until: datetime | None) -> None:
    unsent = GradebookScore.state.in_((SyncState.WAITING, SyncState.NOT_DUE)) & GradebookScore.points.is_not(None)
    session.execute(
        update(GradebookScore)
        .where(GradebookScore.blog_id == blog_id, unsent)
        .values(due_at=until, attempts=0, state=SyncState.NOT_DUE, cause=why, to_do="")
    )


def try_again(
    session: Session, blog_id: int, now: datetime, person_id: int | None = None, course_id: int | None = None
) -> int:
    """Make unsent scores of a blog (or of one person, or one course, in it) due at once, and return how many.

    None while they are held back or not due.
    """
    blog = session.get_one(Blog, blog_id)
    if blog.scores_held_since is not None or (blog.scores_due_at is not None and blog.scores_due_at > now):
        return 0
    rows = (
        update(GradebookScore)
        .where(
            GradebookScore.blog_id == blog_id,
            GradebookScore.points.is_not(None),
            GradebookScore.state.in_(_MAY_BE_TRIED),
        )
        .values(due_at=now, attempts=0, state=SyncState.WAITING, cause="", to_do="")
    )
    if person_id is not None:
        rows = rows.where(GradebookScore.person_id == person_id)
    if course_id is not None:
        rows = rows.where(GradebookScore.person_id.in_(people_of(course_id)))
    return len(session.execute(rows.returning(GradebookScore.id)).all())


def make_waiting_due(session: Session, now: datetime, platform_id: int | None = None) -> None:
    """Make every score that waits for a retry due at once, at one platform or at all."""
    waiting = update(GradebookScore).where(GradebookScore.due_at > now, GradebookScore.state == SyncState.WAITING)
    if platform_id is not None:
        people = select(Person.id).where(Person.platform_id == platform_id)
        waiting = waiting.where(GradebookScore.person_id.in_(people))
    session.execute(waiting.values(due_at=now))


def settle(
    session: Session, blog_id: int, course_id: int, how: Settled, now: datetime, person_id: int | None = None
) -> int:
    """Settle the conflicts of a course's people in a blog, or of one of them, and return how many.

    KEPT lets the LMS's score stand until ours changes; then it is asked again. REPLACE sends ours, if the gradebook
    still shows what the teacher saw. LOCKED leaves it for good, until `unlock`.
    """
    rows = _rows(session, blog_id, course_id, SyncState.CONFLICT, person_id)
    for row in rows:
        row.settled = how
        if how is Settled.REPLACE:
            make_due(session, row, now)
        elif how is Settled.KEPT:
            settle_row(row, SyncState.CONFIRMED, _KEPT)
        else:
            settle_row(row, SyncState.LOCKED, _LOCKED)
    return len(rows)


def unlock(session: Session, blog_id: int, course_id: int, now: datetime, person_id: int) -> None:
    """Let a score go its usual way again: it is compared with the gradebook before anything is sent."""
    for row in _rows(session, blog_id, course_id, SyncState.LOCKED, person_id):
        row.settled = None
        if row.points is not None:
            make_due(session, row, now)


def _rows(
    session: Session, blog_id: int, course_id: int, state: SyncState, person_id: int | None
) -> list[GradebookScore]:
    wanted = select(GradebookScore).where(
        GradebookScore.blog_id == blog_id,
        GradebookScore.person_id.in_(people_of(course_id)),
        GradebookScore.state == state,
    )
    if person_id is not None:
        wanted = wanted.where(GradebookScore.person_id == person_id)
    return list(session.scalars(wanted.with_for_update()))
