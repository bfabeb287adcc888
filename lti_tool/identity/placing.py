"""Which blog a link in a course opens: its own, one laid out beforehand, or a fresh one made after that it copies.

A copied course brings links with new ids in a new context; what stays is the id that we put into the link when it was
made, and what the LMS tells of its history. Structure, prompt and policy go along, what people wrote never does.
Source: LTI Core 1.3, 5.3.5 and B.3-B.4 (histories); Moodle 4.5 and Canvas keep `custom` when they copy.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, func, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.models import Blog, Course, Placement, PlannedBlog


@dataclass(frozen=True)
class OpenedLink:
    """The link that a launch opened. `content_key` is our own id in it, the histories are newest first.

    `column` is its gradebook column, `columns` where the course's columns are looked up and made.
    """

    key: str
    title: str
    column: str | None
    scopes: tuple[str, ...]
    content_key: str | None = None
    course_history: tuple[str, ...] = ()
    link_history: tuple[str, ...] = ()
    columns: str | None = None


def placement_of(session: Session, course: Course, link: OpenedLink, now: datetime) -> Placement:
    """Return where a link leads, up to date; on first sight decide which blog it opens."""
    session.refresh(course, with_for_update=True)  # two first launches at the same instant make one blog
    placement = session.scalar(
        select(Placement).where(Placement.course_id == course.id, Placement.lti_resource_link_id == link.key)
    )
    if placement is None:
        placement = Placement(
            course_id=course.id,
            lti_resource_link_id=link.key,
            blog=_blog_for(session, course, link, now),
            created_at=now,
        )
        session.add(placement)
    placement.lti_line_items_url, placement.lti_scopes = link.columns, list(link.scopes)
    _take_column(placement, link.column)
    session.flush()
    if placement.blog.course_id == course.id and _is_first_link(session, placement):
        _rename(session, placement.blog, link.title, now)
    return placement


def _take_column(placement: Placement, column: str | None) -> None:
    """Go by the column that a launch names. One that names none takes none away: the one that is known may be ours.

    Moodle leaves it out where the column was deleted or there are two, and Canvas where the tool made it.
    """
    if column is None:
        return
    known = placement.lti_line_item_url
    if column != known:
        is_ours = placement.column_made_at is not None and placement.column_gone_at is None
        twins = [*(placement.twin_columns or []), *([known] if known is not None and is_ours else [])]
        placement.twin_columns = [one for one in twins if one != column]
        placement.lti_line_item_url, placement.column_made_at = column, None
    placement.column_gone_at = None


def _rename(session: Session, blog: Blog, title: str, now: datetime) -> None:
    """Give a blog its link's title, and have the worker tell those of its columns that the tool made."""
    if blog.title != title:
        blog.title = title
        made = (Placement.column_made_at.is_not(None), Placement.column_gone_at.is_(None))
        session.execute(update(Placement).where(Placement.blog_id == blog.id, *made).values(column_asked_until=now))


def _is_first_link(session: Session, placement: Placement) -> bool:
    """The link that a blog was made for names it; a second one to the same conversation has a title of its own."""
    first = select(func.min(Placement.id)).where(Placement.blog_id == placement.blog_id)
    return session.scalar(first) == placement.id


def _blog_for(session: Session, course: Course, link: OpenedLink, now: datetime) -> Blog:
    plan = _plan(session, course, link)
    if plan is not None and plan.same_as_id is not None:
        shared = session.get_one(Blog, plan.same_as_id)
        same = shared if plan.course_id == course.id else _copy_here(session, course, shared)
        if same is not None:
            return same
    origin = _origin(session, course, link, plan)
    if origin is not None and (early := _opened_by_second_link(session, course, origin)) is not None:
        early.content_key = link.content_key
        return early
    blog = Blog(course_id=course.id, content_key=link.content_key, title=link.title, created_at=now)
    model = origin or plan
    if model is not None:
        blog.rule = model.rule
        blog.prompt, blog.prompt_html = model.prompt, model.prompt_html
    if origin is not None:
        blog.copied_from_id = origin.id
    return blog


def _copy_here(session: Session, course: Course, original: Blog) -> Blog | None:
    """The copy of a blog that a copied course has already: two links to one conversation are copied as two to one."""
    is_copy = Blog.copied_from_id == original.id
    if original.content_key is not None:
        is_copy = or_(is_copy, Blog.content_key == original.content_key)
    return session.scalar(select(Blog).where(Blog.course_id == course.id, is_copy).order_by(Blog.id).limit(1))


def _opened_by_second_link(session: Session, course: Course, origin: Blog) -> Blog | None:
    """The copy that a second link to the same conversation made here, because it was opened before the first."""
    seconds = select(PlannedBlog.content_key).where(PlannedBlog.same_as_id == origin.id)
    here = select(Blog).where(Blog.course_id == course.id, Blog.copied_from_id == origin.id)
    return session.scalar(here.where(Blog.content_key.in_(seconds)).limit(1))


def _plan(session: Session, course: Course, link: OpenedLink) -> PlannedBlog | None:
    if link.content_key is None:
        return None
    return session.scalar(
        select(PlannedBlog)
        .join(Course, Course.id == PlannedBlog.course_id)
        .where(PlannedBlog.content_key == link.content_key, Course.deployment_id == course.deployment_id)
    )


def _origin(session: Session, course: Course, link: OpenedLink, plan: PlannedBlog | None) -> Blog | None:
    """The blog that this link is a copy of, if it is one. Only the same deployment counts: ids mean nothing beyond."""
    here = select(Blog, Course).join(Course, Course.id == Blog.course_id).order_by(Blog.id)
    here = here.where(Course.deployment_id == course.deployment_id)
    if plan is not None and plan.same_as_id is not None:
        return session.get_one(Blog, plan.same_as_id)
    if link.content_key is not None:
        same_content = here.where(Blog.content_key == link.content_key)
        if plan is not None and plan.course_id == course.id:  # the original, though a copy may have been opened first
            same_content = same_content.where(Blog.course_id == course.id)
        return _nearest(session, same_content, course, link)
    for key in link.link_history:
        old = here.join(Placement, Placement.blog_id == Blog.id).where(Placement.lti_resource_link_id == key)
        found: Blog | None = session.scalars(old.limit(1)).first()
        if found is not None:
            return found
    return _namesake(session, here, link)


def _nearest(session: Session, same_content: Select[Blog, Course], course: Course, link: OpenedLink) -> Blog | None:
    """Of all blogs that carry the same id: the one in this course, else in the latest course of its history."""
    order = [course.lti_context_id, *link.course_history]
    found = session.execute(same_content).all()

    def distance(blog_and_course: Row[Blog, Course]) -> int:
        context_id = blog_and_course[1].lti_context_id
        return order.index(context_id) if context_id in order else len(order)

    return min(found, key=distance)[0] if found else None


def _namesake(session: Session, here: Select[Blog, Course], link: OpenedLink) -> Blog | None:
    """For a link made by hand, which carries no id: the blog of that title in the course this one was copied from."""
    for context_id in link.course_history:
        old = here.where(Course.lti_context_id == context_id, Blog.title == link.title)
        found = session.scalars(old.limit(2)).all()
        if found:
            return found[0] if len(found) == 1 else None
    return None
