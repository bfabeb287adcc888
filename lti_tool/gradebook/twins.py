"""Further columns of one link: noticed each night, and merged when the teacher says so. Nobody's grade is deleted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.database import Database
from lti_tool.errors import LmsRefused, LmsUnreachable, Rejected
from lti_tool.gradebook.checking import CheckableGradebook, Column
from lti_tool.gradebook.columns import (
    ColumnService,
    Link,
    LmsColumn,
    belonging,
    columns_of_others,
    content_key_of,
    link_of,
    link_with_column,
)
from lti_tool.gradebook.gone import ColumnGone
from lti_tool.gradebook.shown import ShownScore
from lti_tool.models import Blog, Course, Deployment, GradebookScore, Person, Placement, Platform, SendAttempt
from lti_tool.wording import say, say_count

_BY_HAND = say("Look at it in the LMS's gradebook, and delete it there if nobody needs it.")

log = structlog.get_logger()


@dataclass(frozen=True)
class Merged:
    """What became of further columns: how many were deleted, and for each that stays a sentence why."""

    deleted: int
    left: tuple[str, ...]


@dataclass(frozen=True)
class _Twins:
    """A link whose further columns are to go, and which columns are those of other links."""

    placement_id: int
    blog_id: int
    content_key: str
    link: Link
    addresses: tuple[str, ...]
    taken: frozenset[str]


def check_twins(database: Database, service: ColumnService) -> None:
    """Ask each course once for its columns, and note which a link has beside its own; what is not there is forgotten.

    A column that was gone and is back (a teacher can take a deletion back) counts again.
    """
    with database.reading() as session:
        links = _links(session)
    by_course: dict[tuple[int, str, str | None], list[int]] = {}
    known = {}
    for placement_id, link in links:
        if service.may_manage(link):
            course = (link.platform_id, link.lti_deployment_id, link.columns_address)
            by_course.setdefault(course, []).append(placement_id)
            known[course] = link
    for course, placement_ids in by_course.items():
        try:
            listed = service.listed(known[course])
        except (LmsUnreachable, LmsRefused) as problem:
            log.warning("columns_not_listed", platform=course[0], status=problem.status)
            continue
        with database.writing() as session:
            for placement_id in placement_ids:
                _note(session, placement_id, listed)


def merge_twins(
    database: Database,
    service: ColumnService,
    gradebook: CheckableGradebook,
    placement_id: int,
    clock: Callable[[], datetime],
    *,
    keep_other: bool = False,
) -> Merged:
    """Keep one column of a link and delete the others, as far as they are the blog's and hold nothing but its scores.

    With `keep_other` the first of the others becomes the link's column. The scores are sent there by themselves. Raises
    Rejected while they are held back: nothing would stand in place of what is deleted.
    """
    with database.reading() as session:
        twins = _twins_of(session, placement_id)
    if keep_other and twins.addresses:
        twins = _changed_over(database, service, twins, clock())
    deleted, left = [], []
    for address in twins.addresses:
        why_not = _delete(database, service, gradebook, twins, address)
        if why_not is None:
            deleted.append(address)
        else:
            left.append(why_not)
    with database.writing() as session:
        placement = session.get_one(Placement, twins.placement_id, with_for_update=True)
        placement.twin_columns = [one for one in placement.twin_columns if one not in deleted]
    log.info("columns_merged", placement=placement_id, deleted=len(deleted), left=len(left))
    return Merged(len(deleted), tuple(left))


def _links(session: Session) -> list[tuple[int, Link]]:
    rows = session.scalars(
        select(Placement)
        .join(Course, Course.id == Placement.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .join(Platform, Platform.id == Deployment.platform_id)
        .where(
            Placement.lti_line_item_url.is_not(None),
            Placement.lti_line_items_url.is_not(None),
            Platform.disabled_at.is_(None),
            Deployment.held_since.is_(None),
        )
        .order_by(Placement.id)
    )
    return [(row.id, link_of(session, row)) for row in rows]


def _note(session: Session, placement_id: int, listed: tuple[LmsColumn, ...]) -> None:
    placement = session.get_one(Placement, placement_id, with_for_update=True)
    own, taken = placement.lti_line_item_url, columns_of_others(session, placement)
    theirs = belonging(listed, placement.lti_resource_link_id, content_key_of(placement.blog), taken)
    found = [one.address for one in theirs if one.address != own]
    if found != placement.twin_columns:
        placement.twin_columns = found
        log.warning("columns_of_one_link", placement=placement_id, further=len(found))
    if own in {one.address for one in listed}:
        placement.column_gone_at = None


def _twins_of(session: Session, placement_id: int) -> _Twins:
    placement = link_with_column(session, placement_id)
    blog = session.get_one(Blog, placement.blog_id)
    if blog.scores_held_since is not None:
        raise Rejected(say("The scores of this blog are held back."), say("Release them, then merge the columns."))
    link, taken = link_of(session, placement), columns_of_others(session, placement)
    return _Twins(placement.id, blog.id, content_key_of(blog), link, tuple(placement.twin_columns), taken)


def _changed_over(database: Database, service: ColumnService, twins: _Twins, now: datetime) -> _Twins:
    """Make the first of the others the link's column, after a look whether it is there."""
    chosen, *others = twins.addresses
    try:
        is_ours = service.read(twins.link, chosen).is_for(twins.content_key)
    except (LmsUnreachable, LmsRefused) as problem:
        raise Rejected(problem.what, say("Nothing was changed. Try again in a minute.")) from None
    with database.writing() as session:
        placement = session.get_one(Placement, twins.placement_id, with_for_update=True)
        own = placement.lti_line_item_url
        placement.lti_line_item_url = chosen
        placement.twin_columns = [one for one in (own, *others) if one is not None]
        placement.column_made_at, placement.column_gone_at = now if is_ours else None, None
        return replace(twins, addresses=tuple(placement.twin_columns))


def _delete(
    database: Database, service: ColumnService, gradebook: CheckableGradebook, twins: _Twins, address: str
) -> str | None:
    """Delete one column, or return a sentence why it stays."""
    link = twins.link
    try:
        column = service.read(link, address)
        # NOTE: "A further column" stands for the name of a column that has none.
        name = say("“%(label)s”", label=column.label) if column.label else say("A further column")
        is_elsewhere = column.link_key not in (None, link.link_key) or address in twins.taken
        if is_elsewhere or not column.is_for(twins.content_key):
            return say(
                "%(name)s was not made by the blog, so the blog does not delete it. %(do)s", name=name, do=_BY_HAND
            )
        shown = gradebook.column_shows(Column(link.platform_id, link.lti_deployment_id, address, link.scopes))
        if shown is None:
            return say("The blog may not read what stands in %(name)s. %(do)s", name=name, do=_BY_HAND)
        with database.reading() as session:
            foreign = _not_sent_by_us(session, twins.blog_id, link.platform_id, shown)
        if foreign:
            return say_count(
                "%(name)s holds a score that the blog did not send. %(do)s",
                "%(name)s holds %(count)s scores that the blog did not send. %(do)s",
                foreign, name=name, do=_BY_HAND,
            )  # fmt: skip
        service.delete(link, address)
    except ColumnGone:
        return None
    except LmsUnreachable as problem:
        return say("%(what)s Press the button again in a minute.", what=problem.what)
    except LmsRefused as problem:
        return say("%(what)s %(do)s", what=problem.what, do=_BY_HAND)
    return None


def _not_sent_by_us(session: Session, blog_id: int, platform_id: int, shown: Mapping[str, ShownScore]) -> int:
    """How many of the scores that a column shows the blog never sent to anybody's cell of it."""
    sent = session.execute(
        select(Person.lti_sub, SendAttempt.points, SendAttempt.maximum)
        .join(GradebookScore, GradebookScore.id == SendAttempt.score_id)
        .join(Person, Person.id == GradebookScore.person_id)
        .where(GradebookScore.blog_id == blog_id, Person.platform_id == platform_id)
    )
    ours = {key for key, points, maximum in sent if key in shown and shown[key].is_as(points, maximum)}
    return len(shown.keys() - ours)
