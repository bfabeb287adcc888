"""Who arrives where, as a launch says it, and the rows this makes.

Does not know how an LMS says these things: `lti.launch` fills an `Arrival`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from lti_tool.database import Rows, insert_or_get, objects_on, run
from lti_tool.identity.groups import Section, record_sections
from lti_tool.identity.placing import OpenedLink, placement_of
from lti_tool.models import Blog, Course, CourseGroup, GroupMember, Membership, Person, Placement, Role, shown_name

ROSTER_FRESH = timedelta(minutes=5)


@dataclass(frozen=True)
class LinkQuestion:
    """The LMS asks which blogs new links should open. `takes_…` says what kind of answer it can use."""

    return_url: str
    data: str | None
    takes_links: bool
    takes_several: bool
    takes_columns: bool


@dataclass(frozen=True)
class ReviewOf:
    """Somebody wants to see one student's work: named by the LMS (`person_key`), or by an address of ours."""

    person_key: str | None = None
    review_key: str | None = None
    link_key: str | None = None
    column: str | None = None


@dataclass(frozen=True)
class Arrival:
    """What a verified launch says of person and course, and what they came for; None where the LMS withheld it.

    `sections` are those of the course that the person is in; None where the LMS names none at all. `locale` is the
    language that the LMS shows them, as it names it (`es`, `es-MX`, `es_mx`); empty where it does not say.
    """

    deployment_id: int
    platform_id: int
    person_key: str
    name: str | None
    given_name: str | None
    family_name: str | None
    email: str | None
    role: Role
    is_test: bool
    course_key: str
    course_title: str
    course_label: str
    roster_address: str | None
    frame_origins: str
    return_url: str | None
    wants: OpenedLink | LinkQuestion | ReviewOf
    sections: tuple[Section, ...] | None = None
    locale: str = ""


@dataclass(frozen=True)
class Visitor:
    """Who is looking, at which blog, and in which role there; `thread_order` is how they last chose to read threads."""

    person_id: int
    name: str
    course_id: int
    blog_id: int
    placement_id: int
    role: Role
    frame_origins: str = ""
    return_url: str | None = None
    locale: str = ""
    thread_order: str = ""


@dataclass(frozen=True)
class Welcome:
    """A visitor, and what is to be done next: a copied link to decide on, news for the worker."""

    visitor: Visitor
    copy_to_settle: bool = False
    wakes_worker: bool = False


# The keys of the sections that somebody is in, with a sign between them that no key holds.
_SECTIONS = (
    select(func.aggregate_strings(CourseGroup.lti_key, "\n"))
    .select_from(GroupMember)
    .join(CourseGroup, CourseGroup.id == GroupMember.group_id)
    .where(
        GroupMember.person_id == Person.id, CourseGroup.course_id == Course.id, CourseGroup.lti_key.is_not(None)
    )
    .correlate(Person, Course)
    .scalar_subquery()
)  # fmt: skip
# A launch of people and links that are known, as most are, reads one row and writes none.
_KNOWN = (
    select(
        Person.id.label("person_id"), Person.name, Person.given_name, Person.family_name, Person.email,
        Course.id.label("course_id"), Course.title.label("course_title"), Course.label.label("course_label"),
        Course.lti_memberships_url, Course.roster_tried_at,
        Membership.launched_role, Membership.is_test,
        Placement.id.label("placement_id"), Placement.lti_line_item_url, Placement.lti_scopes,
        Placement.lti_line_items_url, Placement.column_gone_at,
        Blog.id.label("blog_id"), Blog.course_id.label("home_id"), Blog.title.label("blog_title"),
        Blog.copied_from_id, Blog.copy_settled_at, _SECTIONS.label("sections"),
    )
    .select_from(Course)
    .join(Placement, Placement.course_id == Course.id)
    .join(Blog, Blog.id == Placement.blog_id)
    .join(Membership, Membership.course_id == Course.id)
    .join(Person, Person.id == Membership.person_id)
    .where(
        Course.deployment_id == bindparam("deployment_id"), Course.lti_context_id == bindparam("course_key"),
        Placement.lti_resource_link_id == bindparam("link_key"),
        Person.platform_id == bindparam("platform_id"), Person.lti_sub == bindparam("person_key"),
    )
)  # fmt: skip


def welcome(rows: Rows, arrival: Arrival, link: OpenedLink, now: datetime) -> Welcome:
    """Record the person, course and link of an arrival, creating or refreshing each, and return who they are here.

    Safe to call twice at the same instant for the same person (two tabs): unique keys decide.
    """
    keys = {
        "deployment_id": arrival.deployment_id,
        "course_key": arrival.course_key,
        "link_key": link.key,
        "platform_id": arrival.platform_id,
        "person_key": arrival.person_key,
    }
    row = run(rows, _KNOWN, keys).one_or_none()
    if row is None or not _says_the_same(row, arrival, link):
        with objects_on(rows) as session:
            return _welcome_news(session, arrival, link, now)
    return Welcome(
        _visitor(arrival, row.person_id, row.course_id, row.blog_id, row.placement_id),
        copy_to_settle=row.copied_from_id is not None and row.copy_settled_at is None,
        wakes_worker=arrival.roster_address is not None and _is_stale(row.roster_tried_at, now),
    )


def record_person(session: Session, arrival: Arrival) -> Person:
    names = {
        "name": arrival.name,
        "given_name": arrival.given_name,
        "family_name": arrival.family_name,
        "email": arrival.email,
    }
    key = {"platform_id": arrival.platform_id, "lti_sub": arrival.person_key}
    given = [name for name, value in names.items() if value]  # what a launch withholds the roster may have told
    return insert_or_get(session, Person, [Person.platform_id, Person.lti_sub], {**key, **names}, refresh=given)


def record_course(session: Session, arrival: Arrival) -> Course:
    facts = {
        "title": arrival.course_title,
        "label": arrival.course_label,
        "lti_memberships_url": arrival.roster_address,  # None once the LMS's administrator has switched it off
    }
    key = {"deployment_id": arrival.deployment_id, "lti_context_id": arrival.course_key}
    unique = [Course.deployment_id, Course.lti_context_id]
    return insert_or_get(session, Course, unique, {**key, **facts}, refresh=list(facts))


def record_membership(session: Session, arrival: Arrival, course_id: int, person_id: int) -> None:
    facts = {"launched_role": arrival.role, "is_test": arrival.is_test}
    key = {"course_id": course_id, "person_id": person_id}
    unique = [Membership.course_id, Membership.person_id]
    insert_or_get(session, Membership, unique, {**key, **facts}, refresh=list(facts))


def _welcome_news(session: Session, arrival: Arrival, link: OpenedLink, now: datetime) -> Welcome:
    person = record_person(session, arrival)
    course = record_course(session, arrival)
    placement = placement_of(session, course, link, now)
    record_membership(session, arrival, course.id, person.id)
    if _has_sections(arrival):
        record_sections(session, course.id, person.id, arrival.sections or ())
    blog = placement.blog
    return Welcome(
        _visitor(arrival, person.id, course.id, blog.id, placement.id),
        copy_to_settle=blog.copied_from_id is not None and blog.copy_settled_at is None,
        wakes_worker=True,  # a new column may be what scores waited for
    )


def _says_the_same(row: Row[*tuple[Any, ...]], arrival: Arrival, link: OpenedLink) -> bool:
    names = (row.name, row.given_name, row.family_name, row.email)
    said = (arrival.name, arrival.given_name, arrival.family_name, arrival.email)
    return (
        all(new in (None, old) for new, old in zip(said, names, strict=True))
        and (row.launched_role, row.is_test) == (arrival.role, arrival.is_test)
        and (row.course_title, row.course_label) == (arrival.course_title, arrival.course_label)
        and arrival.roster_address == row.lti_memberships_url
        and (row.lti_line_items_url, tuple(row.lti_scopes)) == (link.columns, link.scopes)
        and (link.column is None or (row.lti_line_item_url == link.column and row.column_gone_at is None))
        and (row.blog_title == link.title or row.home_id != row.course_id)
        and (not _has_sections(arrival) or _same_sections(row.sections, arrival.sections or ()))
    )


def _has_sections(arrival: Arrival) -> bool:
    """Whether the launch says which sections a student is in; staff are in none, they look after all."""
    return arrival.sections is not None and arrival.role is Role.STUDENT and not arrival.is_test


def _same_sections(kept: str | None, said: tuple[Section, ...]) -> bool:
    return set(kept.split("\n") if kept else ()) == {section.key for section in said}


def _visitor(arrival: Arrival, person_id: int, course_id: int, blog_id: int, placement_id: int) -> Visitor:
    name = shown_name(person_id, arrival.name, arrival.given_name, arrival.family_name)
    return Visitor(
        person_id, name, course_id, blog_id, placement_id, arrival.role, arrival.frame_origins, arrival.return_url,
        arrival.locale,
    )  # fmt: skip


def _is_stale(roster_tried_at: datetime | None, now: datetime) -> bool:
    return roster_tried_at is None or now - roster_tried_at > ROSTER_FRESH
