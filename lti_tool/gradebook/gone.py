"""A column that is gone, or whose place another has taken, and people who were gone: what becomes of their scores."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Select, exists, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.database import Database
from lti_tool.errors import LmsRefused, Mender
from lti_tool.gradebook.destination import destinations_of
from lti_tool.gradebook.ledger import people_of
from lti_tool.gradebook.outbox import make_due, settle_row
from lti_tool.models import GradebookScore, Membership, Placement, Settled, SyncState
from lti_tool.wording import say

_GONE = "The column is gone from the gradebook"  # how causes begin, with the LMS's status or without
NO_COLUMN = say("This link has no column in the gradebook.")
SAY_WHAT = say("Say on the gradebook page whether it is to be made again.")
HAVE_ONE = say(
    "Have one made on the gradebook page, or make the activity graded in the LMS and open the blog from there."
)
_AT_ONCE = 500


class ColumnGone(LmsRefused):
    """The LMS has no such column any more."""

    def __init__(self, status: int) -> None:
        what = say("The column is gone from the gradebook (%(status)s).", status=status)
        super().__init__(what, SAY_WHAT, Mender.TEACHER, status)


def note_gone(session: Session, column: str, now: datetime) -> int:
    """Note that the LMS has no such column any more, and stop what was to go there; return how many scores that was.

    Nothing makes it again by itself: the gradebook page asks the teacher, and a launch that names a column settles it.
    """
    links = session.scalars(select(Placement).where(Placement.lti_line_item_url == column).with_for_update()).all()
    stopped = 0
    for link in links:
        for row in _on_their_way(session, link, column):
            settle_row(row, SyncState.NEEDS_TEACHER, say("The column is gone from the gradebook."), SAY_WHAT)
            stopped += 1
    for link in links:
        link.column_gone_at = link.column_gone_at or now
    return stopped


def say_no_column(session: Session, blog_id: int, course_id: int) -> None:
    """Say of the scores of a course that a column's going stopped, that there is none: nobody wants it again."""
    stopped = _STUCK & (GradebookScore.blog_id == blog_id) & GradebookScore.person_id.in_(people_of(course_id))
    session.execute(update(GradebookScore).where(stopped).values(cause=NO_COLUMN, to_do=HAVE_ONE))


def make_moved_due(database: Database, clock: Callable[[], datetime], *, all_of_them: bool = False) -> int:
    """Make scores due that stand in another column than theirs, or waited for one that is there now.

    Return how many. A launch can name another column, and the teacher can have one made. Those of a blog that has
    several columns, and stand in one that is not theirs any more, are found with `all_of_them`, which costs much more.
    """
    with database.reading() as session:  # nearly always there is nothing to write
        moved = _moved(session, all_of_them=all_of_them)
    if not moved:
        return 0
    now = clock()
    with database.writing() as session:
        rows = [row for few in _in_parts(moved) for row in session.scalars(_still_so(few))]
        for row in rows:
            row.settled = None  # what was agreed on was about the other column
            make_due(session, row, now)
        return len(rows)


def make_returned_due(database: Database, clock: Callable[[], datetime]) -> int:
    """Make the scores of people due whom the LMS listed no more, and lists again; return how many."""
    gone = select(GradebookScore).where(GradebookScore.state == SyncState.GONE)
    with database.reading() as session:
        if session.scalar(gone.with_only_columns(GradebookScore.id).limit(1)) is None:
            return 0
        listed = gone.where(_IS_LISTED).with_only_columns(GradebookScore.id)
        returned = _returned(session, session.scalars(listed).all())
    if not returned:
        return 0
    with database.writing() as session:
        still = gone.order_by(GradebookScore.id).with_for_update()
        rows = [row for few in _in_parts(returned) for row in session.scalars(still.where(GradebookScore.id.in_(few)))]
        for row in rows:
            if row.accepted_points is not None:  # an LMS drops the grades of whom it lists no more: nobody cleared them
                row.seen_points = row.seen_maximum = row.seen_changed_at = None
                row.settled = Settled.REPLACE
            make_due(session, row, clock())
        return len(rows)


def _returned(session: Session, score_ids: Sequence[int]) -> list[int]:
    """Those that would be sent: somebody may have left as a student and be listed as something else elsewhere."""
    to = {score_id: one for few in _in_parts(score_ids) for score_id, one in destinations_of(session, few).items()}
    return [score_id for score_id, one in to.items() if not one.has_left]


_DONE = GradebookScore.state.in_((SyncState.SENT, SyncState.CONFIRMED, SyncState.CONFLICT))
_STUCK = (GradebookScore.state == SyncState.NEEDS_TEACHER) & or_(
    GradebookScore.cause.startswith(_GONE), GradebookScore.cause == NO_COLUMN
)
_IS_SCORE = GradebookScore.points.is_not(None)
_IS_LISTED = exists().where(
    Membership.person_id == GradebookScore.person_id,
    Membership.left_at.is_(None),
    Membership.course_id == Placement.course_id,
    Placement.blog_id == GradebookScore.blog_id,
)
_HAS_LIVING_COLUMN = exists().where(
    Placement.blog_id == GradebookScore.blog_id,
    Placement.lti_line_item_url.is_not(None),
    Placement.column_gone_at.is_(None),
)


def _moved(session: Session, *, all_of_them: bool) -> list[int]:
    took = dict(session.execute(_taken_elsewhere(all_of_them=all_of_them)).all())
    stuck = set(session.scalars(select(GradebookScore.id).where(_STUCK, _IS_SCORE, _HAS_LIVING_COLUMN)))
    return [
        score_id
        for few in _in_parts([*took, *stuck])
        for score_id, to in destinations_of(session, few).items()
        if to.column is not None and (score_id in stuck or to.column != took[score_id])
    ]


def _taken_elsewhere(*, all_of_them: bool) -> Select[int, str | None]:
    """Scores that stand in a column which is none of their blog's now; or just not in each of them."""
    scores = select(GradebookScore.id, GradebookScore.accepted_column).where(_DONE, _IS_SCORE)
    own = (Placement.blog_id == GradebookScore.blog_id) & Placement.lti_line_item_url.is_not(None)
    if all_of_them:
        another = exists().where(own, Placement.lti_line_item_url != GradebookScore.accepted_column)
        return scores.where(GradebookScore.accepted_column.is_not(None), another)
    same = own & (Placement.lti_line_item_url == GradebookScore.accepted_column)
    return scores.where(GradebookScore.accepted_column.is_not(None), ~exists().where(same), _HAS_LIVING_COLUMN)


def _still_so(score_ids: Sequence[int]) -> Select[GradebookScore]:
    return (
        select(GradebookScore)
        .where(GradebookScore.id.in_(score_ids), _DONE | _STUCK)
        .order_by(GradebookScore.id)
        .with_for_update()
    )


def _on_their_way(session: Session, link: Placement, column: str) -> list[GradebookScore]:
    waiting = select(GradebookScore).where(
        GradebookScore.blog_id == link.blog_id,
        GradebookScore.person_id.in_(people_of(link.course_id)),
        GradebookScore.due_at.is_not(None),
    )
    rows = {row.id: row for row in session.scalars(waiting.order_by(GradebookScore.id).with_for_update())}
    to = {score_id: one for few in _in_parts(list(rows)) for score_id, one in destinations_of(session, few).items()}
    return [row for row in rows.values() if to[row.id].column == column]


def _in_parts(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    """A few at a time: a database takes so many parameters and no more."""
    return (numbers[start : start + _AT_ONCE] for start in range(0, len(numbers), _AT_ONCE))
