"""The one gradebook column of a link: found before it is made, made when the teacher wants it, never in silence."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from lti_tool.database import Database
from lti_tool.errors import LmsUnreachable, Rejected
from lti_tool.gradebook.by_hand import try_again
from lti_tool.gradebook.gone import say_no_column
from lti_tool.models import Blog, Course, Deployment, Placement
from lti_tool.wording import say

TAG = "participation"  # on the columns that LMSs make for links that we laid out, too
LEASE = timedelta(seconds=60)  # longer than the slowest call: a token and a column, 10 s each, and again after a 401

log = structlog.get_logger()


@dataclass(frozen=True)
class Link:
    """A link as its LMS knows it; `columns_address` is where columns of its course are looked up and made."""

    platform_id: int
    lti_deployment_id: str
    scopes: tuple[str, ...]
    columns_address: str | None
    link_key: str


@dataclass(frozen=True)
class LmsColumn:
    """A column as the LMS lists it. `content_key` is what whoever made it called its content, `link_key` its link."""

    address: str
    label: str
    maximum: float | None
    link_key: str | None = None
    content_key: str = ""
    tag: str = ""

    def is_for(self, content_key: str) -> bool:
        """Whether the blog made it, for that content. Columns that the LMS made itself carry a key without `blog-`."""
        return (self.tag, self.content_key) == (TAG, content_key)


@dataclass(frozen=True)
class WantedColumn:
    label: str
    maximum: Decimal
    content_key: str


class ColumnService(Protocol):
    """Each raises LmsUnreachable and LmsRefused, of which ColumnGone says that there is no such column any more."""

    def may_manage(self, link: Link) -> bool:
        """Whether the LMS lets the blog look up and make columns; asks nobody."""

    def listed(self, link: Link, *, of_link: bool = False, content_key: str = "") -> tuple[LmsColumn, ...]:
        """Return the course's columns that are the blog's to see; of this link, or with our tag for this content."""

    def read(self, link: Link, address: str) -> LmsColumn: ...

    def make(self, link: Link, wanted: WantedColumn) -> str:
        """Make a column for the link and return its address."""

    def change(self, link: Link, address: str, label: str | None, maximum: Decimal) -> bool:
        """Give it this label and maximum; say whether it had others. All else stays.

        Where another maximum would touch other grades, it is left alone, unless it comes without a label: at a
        teacher's word.
        """

    def delete(self, link: Link, address: str) -> None: ...


@dataclass(frozen=True)
class ColumnFacts:
    """How a link stands with its column, for the gradebook page. `twins` is how many further columns it has.

    `is_ours`: the blog made it. `may_be_made`: the LMS would let the blog make one.
    """

    has_column: bool
    is_ours: bool
    may_be_made: bool
    is_being_made: bool
    gone_since: datetime | None
    twins: int


@dataclass(frozen=True)
class _Making:
    """A column being made: what for, until when nobody else does, and which columns are those of other links."""

    placement_id: int
    link: Link
    wanted: WantedColumn
    taken: frozenset[str]
    until: datetime


def column_facts(session: Session, placement_id: int, service: ColumnService, now: datetime) -> ColumnFacts:
    """Return how things stand with the column that scores of this link go to, without asking the LMS."""
    placement = link_with_column(session, placement_id)
    asked = placement.column_asked_until
    lacks = placement.lti_line_item_url is None or placement.column_gone_at is not None
    return ColumnFacts(
        has_column=placement.lti_line_item_url is not None,
        is_ours=placement.column_made_at is not None,
        may_be_made=service.may_manage(link_of(session, placement)),
        is_being_made=lacks and asked is not None and asked > now,
        gone_since=placement.column_gone_at,
        twins=len(placement.twin_columns),
    )


def make_column(
    database: Database, service: ColumnService, placement_id: int, maximum: Decimal, clock: Callable[[], datetime]
) -> bool:
    """Give a link without a column the one that the LMS has for it, or else a new one; say whether it was made.

    Of any number that try at once one does it. It looks first, so that a column whose making was answered into the void
    is found and not made twice. Raises Rejected and LmsRefused.
    """
    making = _claim(database, placement_id, maximum, clock())
    try:
        there = _found(service, making)
        making = _go_on(database, making, clock()) if not there else making
        address = there[0].address if there else service.make(making.link, making.wanted)
    except LmsUnreachable as problem:
        # The lease stays: what was asked may still be under way there, and a look now would not find it.
        log.warning("column_not_made", placement=placement_id, status=problem.status)
        raise Rejected(
            say("The LMS did not answer, so it is not known whether the column was made."),
            say("Wait a minute, then press the button again: the blog looks first whether it is there."),
        ) from None
    except Exception:
        _let_go(database, making)
        raise
    with database.writing() as session:
        _record(session, making, there, address, clock())
    log.info("column_found" if there else "column_made", placement=placement_id)
    return not there


def leave_gone(session: Session, placement_id: int) -> None:
    """The teacher wants no column in place of one that is gone: the link has none from now on."""
    placement = link_with_column(session, placement_id)
    if placement.column_gone_at is not None:
        placement.lti_line_item_url = placement.column_made_at = placement.column_gone_at = None
        placement.column_asked_until = None
        say_no_column(session, placement.blog_id, placement.course_id)


def link_with_column(session: Session, placement_id: int) -> Placement:
    """Return the link through which scores go: the first of this blog and course that has a column, else this one."""
    placement = session.get_one(Placement, placement_id)
    first = session.scalar(
        select(Placement)
        .where(
            Placement.blog_id == placement.blog_id,
            Placement.course_id == placement.course_id,
            Placement.lti_line_item_url.is_not(None),
        )
        .order_by(Placement.id)
        .limit(1)
    )
    return first or placement


def link_of(session: Session, placement: Placement) -> Link:
    deployment = session.get_one(Deployment, session.get_one(Course, placement.course_id).deployment_id)
    return Link(
        platform_id=deployment.platform_id,
        lti_deployment_id=deployment.lti_deployment_id,
        scopes=tuple(placement.lti_scopes),
        columns_address=placement.lti_line_items_url,
        link_key=placement.lti_resource_link_id,
    )


def content_key_of(blog: Blog) -> str:
    """What our columns for a blog are found by; columns that the LMS made for links laid out by us have another key."""
    return f"blog-{blog.content_key or blog.id}"


def columns_of_others(session: Session, placement: Placement) -> frozenset[str]:
    """The columns of a course's other links: a duplicated link carries the same content, and is not the same."""
    others = select(Placement.lti_line_item_url).where(
        Placement.course_id == placement.course_id,
        Placement.id != placement.id,
        Placement.lti_line_item_url.is_not(None),
    )
    return frozenset(one for one in session.scalars(others) if one)


def belonging(listed: Iterable[LmsColumn], link_key: str, content_key: str, taken: frozenset[str]) -> list[LmsColumn]:
    """Of the columns that an LMS lists, return those of a link, in the order of the list: oldest first."""
    return [
        one
        for one in listed
        if one.address not in taken and (one.link_key == link_key or (one.link_key is None and one.is_for(content_key)))
    ]


def _claim(database: Database, placement_id: int, maximum: Decimal, now: datetime) -> _Making:
    with database.writing() as session:
        placement = link_with_column(session, placement_id)
        free = or_(Placement.column_asked_until.is_(None), Placement.column_asked_until <= now)
        lacks = or_(Placement.lti_line_item_url.is_(None), Placement.column_gone_at.is_not(None))
        claimed = session.execute(
            update(Placement)
            .where(Placement.id == placement.id, free, lacks)
            .values(column_asked_until=now + LEASE)
            .returning(Placement.id)
        ).first()
        session.refresh(placement)
        if claimed is None:
            raise _why_not(placement)
        blog = placement.blog
        return _Making(
            placement.id,
            link_of(session, placement),
            WantedColumn(blog.title, maximum, content_key_of(blog)),
            columns_of_others(session, placement),
            now + LEASE,
        )


def _why_not(placement: Placement) -> Rejected:
    if placement.lti_line_item_url is not None and placement.column_gone_at is None:
        return Rejected(
            say("This blog has a column in the gradebook already."), say("Open the gradebook page again to see it.")
        )
    return _being_made()


def _being_made() -> Rejected:
    return Rejected(say("The column is being made at this moment."), say("Open the gradebook page again in a minute."))


def _found(service: ColumnService, making: _Making) -> list[LmsColumn]:
    link, key = making.link, making.wanted.content_key
    of_link = belonging(service.listed(link, of_link=True), link.link_key, key, making.taken)
    return of_link or belonging(service.listed(link, content_key=key), link.link_key, key, making.taken)


def _go_on(database: Database, making: _Making, now: datetime) -> _Making:
    """Hold the lease for the call that makes: looking may have taken so long that somebody else began."""
    until = now + LEASE
    with database.writing() as session:
        held = session.execute(
            update(Placement)
            .where(Placement.id == making.placement_id, Placement.column_asked_until == making.until)
            .values(column_asked_until=until)
            .returning(Placement.id)
        ).first()
    if held is None:
        raise _being_made()
    return _Making(making.placement_id, making.link, making.wanted, making.taken, until)


def _let_go(database: Database, making: _Making) -> None:
    with database.writing() as session:
        session.execute(
            update(Placement)
            .where(Placement.id == making.placement_id, Placement.column_asked_until == making.until)
            .values(column_asked_until=None)
        )


def _record(session: Session, making: _Making, there: list[LmsColumn], address: str, now: datetime) -> None:
    placement = session.get_one(Placement, making.placement_id, with_for_update=True, populate_existing=True)
    if placement.column_asked_until == making.until:
        placement.column_asked_until = None
    named = placement.lti_line_item_url if placement.column_gone_at is None else None
    if named is None:
        is_ours = not there or there[0].is_for(making.wanted.content_key)
        placement.lti_line_item_url, placement.column_made_at = address, now if is_ours else None
        placement.column_gone_at = None
    # A launch may have named another meanwhile: that one stays.
    others = (*placement.twin_columns, *(one.address for one in there), address)
    placement.twin_columns = [one for one in dict.fromkeys(others) if one != placement.lti_line_item_url]
    try_again(session, placement.blog_id, now, course_id=placement.course_id)
