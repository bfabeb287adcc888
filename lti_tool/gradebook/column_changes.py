"""Telling the LMS when the blog's title or maximum has changed: for columns that the blog made, or when asked to.

A column that the LMS made itself, and what a teacher changed there, stay as they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.database import Database
from lti_tool.errors import LmsRefused, LmsUnreachable, Rejected
from lti_tool.gradebook.columns import LEASE, ColumnService, Link, link_of, link_with_column
from lti_tool.gradebook.gone import ColumnGone, note_gone
from lti_tool.models import Course, Deployment, Placement, Platform
from lti_tool.wording import say

MaximumOf = Callable[[Session, int], Decimal]

log = structlog.get_logger()


@dataclass(frozen=True)
class _Telling:
    placement_id: int
    link: Link
    address: str
    label: str
    maximum: Decimal
    until: datetime


def tell_columns(session: Session, blog_id: int, now: datetime) -> None:
    """Note that the columns which the blog made are to be told its title and maximum; `update_columns` does it."""
    made = (Placement.column_made_at.is_not(None), Placement.column_gone_at.is_(None))
    session.execute(update(Placement).where(Placement.blog_id == blog_id, *made).values(column_asked_until=now))


def update_columns(
    database: Database, service: ColumnService, maximum_of: MaximumOf, clock: Callable[[], datetime]
) -> int:
    """Tell the LMS what has changed, and return how many columns it changed. What fails is tried again in a minute.

    Call it before scores are sent: an LMS reads them out of the column's maximum. A platform that gives no answer is
    asked once in a run, for the scores of the others wait meanwhile. `maximum_of` gives that of a blog.
    """
    changed, silent = 0, list[int]()
    while telling := _claim(database, maximum_of, clock(), silent):
        try:
            changed += service.change(telling.link, telling.address, telling.label, telling.maximum)
        except LmsUnreachable as problem:
            log.warning("column_not_changed", placement=telling.placement_id, status=problem.status)
            silent.append(telling.link.platform_id)
            continue
        except LmsRefused as problem:
            log.warning("column_not_changed", placement=telling.placement_id, status=problem.status)
            if isinstance(problem, ColumnGone):
                with database.writing() as session:
                    note_gone(session, telling.address, clock())
        with database.writing() as session:  # told anew meanwhile: then it is done once more
            session.execute(
                update(Placement)
                .where(Placement.id == telling.placement_id, Placement.column_asked_until == telling.until)
                .values(column_asked_until=None)
            )
    return changed


def set_maximum(
    database: Database, service: ColumnService, placement_id: int, maximum: Decimal, clock: Callable[[], datetime]
) -> bool:
    """Give the column of a link, whoever made it, this maximum; say whether it had another.

    Raises Rejected and LmsRefused.
    """
    with database.reading() as session:
        placement = link_with_column(session, placement_id)
        link, address = link_of(session, placement), placement.lti_line_item_url
    if address is None:
        raise Rejected(say("This link has no column in the gradebook."), say("Open the gradebook page again."))
    try:
        return service.change(link, address, None, maximum)
    except ColumnGone:
        with database.writing() as session:
            note_gone(session, address, clock())
        raise
    except LmsUnreachable as problem:
        raise Rejected(problem.what, say("Try again in a minute.")) from None


def _claim(database: Database, maximum_of: MaximumOf, now: datetime, silent: Sequence[int]) -> _Telling | None:
    """Take a column that is to be told something, of no platform that is silent; one being made is none yet."""
    with database.reading() as session:  # nearly always there is none
        if session.scalar(select(Placement.id).where(*_TO_TELL, Placement.column_asked_until <= now).limit(1)) is None:
            return None
    with database.writing() as session:
        placement = session.scalar(
            select(Placement)
            .join(Course, Course.id == Placement.course_id)
            .join(Deployment, Deployment.id == Course.deployment_id)
            .join(Platform, Platform.id == Deployment.platform_id)
            .where(*_TO_TELL, Placement.column_asked_until <= now)
            .where(Platform.disabled_at.is_(None), Platform.id.not_in(silent))
            .order_by(Placement.id)
            .limit(1)
            .with_for_update(of=Placement, skip_locked=True)
        )
        if placement is None or placement.lti_line_item_url is None:
            return None
        placement.column_asked_until = now + LEASE
        blog_id, label = placement.blog_id, placement.blog.title
        link, address = link_of(session, placement), placement.lti_line_item_url
        return _Telling(placement.id, link, address, label, maximum_of(session, blog_id), now + LEASE)


_TO_TELL = (
    Placement.column_made_at.is_not(None),
    Placement.column_gone_at.is_(None),
    Placement.lti_line_item_url.is_not(None),
)
