"""Turns an arrival into person, course, blog and role, and keeps the visit that a launch opened.

Does not know how an LMS says these things: `lti.launch` fills an `Arrival`.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from lti_tool.database import insert_or_get
from lti_tool.errors import VisitEnded
from lti_tool.models import Blog, Course, Deployment, Membership, Person, Platform, Role, Visit, role_of, shown_name

VISIT_HOURS = 12


@dataclass(frozen=True)
class Arrival:
    """What a verified launch says, in our words. Optional facts are None where the LMS withheld them."""

    deployment_id: int
    platform_id: int
    person_key: str
    name: str | None
    given_name: str | None
    family_name: str | None
    email: str | None
    role: Role
    course_key: str
    course_title: str
    course_label: str
    blog_key: str
    blog_title: str
    column: str | None
    scopes: tuple[str, ...]
    roster_address: str | None
    frame_origins: str
    return_url: str | None


@dataclass(frozen=True)
class Visitor:
    """Who is looking, at which blog, and in which role there."""

    person_id: int
    name: str
    course_id: int
    blog_id: int
    role: Role
    frame_origins: str = ""
    return_url: str | None = None


@dataclass(frozen=True)
class RosterMember:
    """A person as the LMS's roster lists them."""

    person_key: str
    name: str | None
    given_name: str | None
    family_name: str | None
    email: str | None
    role: Role


@dataclass(frozen=True)
class OpenedVisit:
    """A new visit: `key` goes into the address, `secret` into a cookie."""

    key: str
    secret: str


def welcome(session: Session, arrival: Arrival, now: datetime) -> Visitor:
    """Record the person, course and blog of an arrival, creating or refreshing each, and return who they are here.

    Safe to call twice at the same instant for the same person (two tabs): unique keys decide.
    """
    person = _record_person(session, arrival)
    course = _record_course(session, arrival)
    blog = _record_blog(session, arrival, course.id, now)
    _record_role(session, course.id, person.id, arrival.role, now)
    return Visitor(
        person.id, person.shown_name, course.id, blog.id, arrival.role, arrival.frame_origins, arrival.return_url
    )


def _record_person(session: Session, arrival: Arrival) -> Person:
    names = {
        "name": arrival.name,
        "given_name": arrival.given_name,
        "family_name": arrival.family_name,
        "email": arrival.email,
    }
    key = {"platform_id": arrival.platform_id, "lti_sub": arrival.person_key}
    return insert_or_get(session, Person, [Person.platform_id, Person.lti_sub], {**key, **names}, refresh=list(names))


def _record_course(session: Session, arrival: Arrival) -> Course:
    facts = {"title": arrival.course_title, "label": arrival.course_label}
    if arrival.roster_address:
        facts["lti_memberships_url"] = arrival.roster_address
    key = {"deployment_id": arrival.deployment_id, "lti_context_id": arrival.course_key}
    unique = [Course.deployment_id, Course.lti_context_id]
    return insert_or_get(session, Course, unique, {**key, **facts}, refresh=list(facts))


def _record_blog(session: Session, arrival: Arrival, course_id: int, now: datetime) -> Blog:
    facts = {
        "title": arrival.blog_title,
        "lti_line_item_url": arrival.column,
        "lti_scopes": list(arrival.scopes),
    }
    key = {"course_id": course_id, "lti_resource_link_id": arrival.blog_key, "created_at": now}
    return insert_or_get(
        session,
        Blog,
        [Blog.course_id, Blog.lti_resource_link_id],
        {**key, **facts, "last_post_number": 0},
        refresh=list(facts),
    )


def _record_role(session: Session, course_id: int, person_id: int, role: Role, now: datetime) -> None:
    insert_or_get(
        session,
        Membership,
        [Membership.course_id, Membership.person_id],
        {"course_id": course_id, "person_id": person_id, "launched_role": role, "launched_at": now},
        refresh=["launched_role", "launched_at"],
    )


def open_visit(session: Session, visitor: Visitor, now: datetime) -> OpenedVisit:
    """Open a visit of its own for each launch, so that two tabs can be two people and no old secret is taken over."""
    opened = OpenedVisit(key=secrets.token_urlsafe(9), secret=secrets.token_urlsafe(32))
    session.add(
        Visit(
            key=opened.key,
            secret_hash=_hash(opened.secret),
            person_id=visitor.person_id,
            blog_id=visitor.blog_id,
            frame_origins=visitor.frame_origins,
            return_url=visitor.return_url,
            created_at=now,
            expires_at=now + timedelta(hours=VISIT_HOURS),
        )
    )
    return opened


_VISIT = (
    select(
        Visit.secret_hash, Visit.blog_id, Visit.frame_origins, Visit.return_url, Blog.course_id, Visit.person_id,
        Person.name, Person.given_name, Person.family_name, Membership.launched_role, Membership.roster_role,
    )
    .join(Person, Person.id == Visit.person_id)
    .join(Blog, Blog.id == Visit.blog_id)
    .join(Membership, (Membership.course_id == Blog.course_id) & (Membership.person_id == Person.id))
    .join(Course, Course.id == Blog.course_id)
    .join(Deployment, Deployment.id == Course.deployment_id)
    .join(Platform, Platform.id == Deployment.platform_id)
    .where(Visit.key == bindparam("key"), Visit.expires_at > bindparam("now"), Platform.disabled_at.is_(None))
)  # fmt: skip


def visitor_of(session: Session, key: str, secret: str, now: datetime) -> Visitor:
    """Return who holds this visit, with the role of their latest launch. Raises VisitEnded."""
    row = session.execute(_VISIT, {"key": key, "now": now}).one_or_none()
    if row is None or not secrets.compare_digest(row.secret_hash, _hash(secret)):
        raise VisitEnded(
            "This page belongs to a visit that has ended, or to another browser.",
            "Open the blog again from your course page.",
        )
    return Visitor(
        row.person_id,
        shown_name(row.person_id, row.name, row.given_name, row.family_name),
        row.course_id,
        row.blog_id,
        role_of(row.launched_role, row.roster_role),
        row.frame_origins,
        row.return_url,
    )


def record_roster(session: Session, course_id: int, members: Iterable[RosterMember], now: datetime) -> None:
    """Record the people of a course. Nobody is removed: a roster may leave people out, and their work stays.

    A name that the roster withholds does not wipe one that a launch gave.
    """
    course = session.get_one(Course, course_id)
    for member in members:
        names = {
            "name": member.name,
            "given_name": member.given_name,
            "family_name": member.family_name,
            "email": member.email,
        }
        key = {"platform_id": course.deployment.platform_id, "lti_sub": member.person_key}
        given = [name for name, value in names.items() if value]
        person = insert_or_get(session, Person, [Person.platform_id, Person.lti_sub], {**key, **names}, refresh=given)
        place = {"course_id": course_id, "person_id": person.id, "roster_role": member.role}
        unique = [Membership.course_id, Membership.person_id]
        insert_or_get(session, Membership, unique, place, refresh=["roster_role"])
    course.roster_read_at = now


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
