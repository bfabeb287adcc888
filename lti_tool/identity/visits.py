"""The visit that a launch opens: its key stands in the address, its secret in a cookie of that address alone.

In a frame whose browser keeps no cookie the secret stands in the address as well, and such an address opens nowhere but
in a frame (`web.access`): a link that is passed on is worth nothing in another browser's address bar.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from lti_tool.database import Rows, run
from lti_tool.errors import NotAllowed, VisitEnded
from lti_tool.identity.arrival import Visitor
from lti_tool.models import (
    Course,
    Deployment,
    Membership,
    Person,
    Placement,
    Platform,
    Visit,
    role_of,
    shown_name,
)
from lti_tool.wording import say

VISIT_HOURS = 12
TICKET_LASTS = timedelta(minutes=1)
_NEW_VISIT = insert(cast(Table, Visit.__table__))  # on the table: there is no object to keep in step
ADDRESS_MARK = "~"  # between key and secret in an address; neither can hold it


@dataclass(frozen=True)
class OpenedVisit:
    """A new visit. `key` goes into the address; `secret` into a cookie, or into the address too."""

    key: str
    secret: str
    in_address: bool

    @property
    def address_key(self) -> str:
        return f"{self.key}{ADDRESS_MARK}{self.secret}" if self.in_address else self.key


def new_opened_visit(*, in_address: bool) -> OpenedVisit:
    """Return a key and a secret that nobody can guess."""
    return OpenedVisit(secrets.token_urlsafe(9), secrets.token_urlsafe(32), in_address)


def open_visit(rows: Rows, visitor: Visitor, now: datetime, *, in_address: bool = False) -> OpenedVisit:
    """Open a visit of its own for each launch, so that two tabs can be two people and no old secret is taken over."""
    opened = new_opened_visit(in_address=in_address)
    run(
        rows,
        _NEW_VISIT,
        {
            "key": opened.key,
            "secret_hash": hashed(opened.secret),
            "in_address": in_address,
            "person_id": visitor.person_id,
            "placement_id": visitor.placement_id,
            "frame_origins": visitor.frame_origins,
            "return_url": visitor.return_url,
            "locale": visitor.locale,
            "created_at": now,
            "expires_at": now + timedelta(hours=VISIT_HOURS),
        },
    )
    return opened


def open_ticket(session: Session, visitor: Visitor, now: datetime) -> OpenedVisit:
    """Open a second visit that a new window can take over within a minute: a frame's cookie does not reach it there."""
    opened = open_visit(session, visitor, now, in_address=True)
    session.execute(update(Visit).where(Visit.key == opened.key).values(expires_at=now + TICKET_LASTS))
    return opened


def take_ticket(session: Session, address_key: str, now: datetime) -> OpenedVisit:
    """Make a ticket a visit like any other, with a new secret for a cookie. It works once. Raises VisitEnded."""
    key, _, secret = address_key.partition(ADDRESS_MARK)
    taken = OpenedVisit(key, secrets.token_urlsafe(32), in_address=False)
    free = update(Visit).where(
        Visit.key == key,
        Visit.secret_hash == hashed(secret),
        Visit.in_address,
        Visit.expires_at.between(now, now + TICKET_LASTS),
    )
    values = {
        "secret_hash": hashed(taken.secret),
        "in_address": False,
        "expires_at": now + timedelta(hours=VISIT_HOURS),
    }
    if session.execute(free.values(values).returning(Visit.key)).first() is None:
        raise visit_ended()
    return taken


_VISIT = (
    select(
        Visit.secret_hash, Visit.in_address, Visit.frame_origins, Visit.return_url, Visit.locale, Visit.person_id,
        Visit.created_at,
        Placement.id.label("placement_id"), Placement.blog_id, Placement.course_id,
        Person.name, Person.given_name, Person.family_name, Membership.launched_role, Membership.roster_role,
        Membership.left_at, Membership.thread_order,
        Platform.disabled_at, Deployment.held_since,
    )
    .join(Person, Person.id == Visit.person_id)
    .join(Placement, Placement.id == Visit.placement_id)
    .join(Membership, (Membership.course_id == Placement.course_id) & (Membership.person_id == Person.id))
    .join(Course, Course.id == Placement.course_id)
    .join(Deployment, Deployment.id == Course.deployment_id)
    .join(Platform, Platform.id == Deployment.platform_id)
    .where(Visit.key == bindparam("key"), Visit.expires_at > bindparam("now"))
)  # fmt: skip


def visitor_of(session: Session, address_key: str, cookie: str, now: datetime) -> Visitor:
    """Return who holds this visit, with the role of their latest launch.

    Raises VisitEnded, and NotAllowed when the LMS, its deployment or the person has been shut out meanwhile.
    """
    key, _, in_address = address_key.partition(ADDRESS_MARK)
    row = session.execute(_VISIT, {"key": key, "now": now}).one_or_none()
    if row is None or not secrets.compare_digest(row.secret_hash, hashed(in_address if row.in_address else cookie)):
        raise visit_ended()
    refuse_shut_out(row.disabled_at, row.held_since, row.left_at, row.created_at)
    return Visitor(
        row.person_id,
        shown_name(row.person_id, row.name, row.given_name, row.family_name),
        row.course_id,
        row.blog_id,
        row.placement_id,
        role_of(row.launched_role, row.roster_role),
        row.frame_origins,
        row.return_url,
        row.locale,
        row.thread_order,
    )


def refuse_shut_out(
    disabled_at: datetime | None, held_since: datetime | None, left_at: datetime | None, came_at: datetime
) -> None:
    """Raise NotAllowed when a platform, its deployment or the person's place in the course has ended meanwhile."""
    if disabled_at is not None or held_since is not None:
        raise NotAllowed(
            say("The blog is switched off for your LMS."), say("Please tell whoever looks after your LMS.")
        )
    if left_at is not None and came_at < left_at:
        raise NotAllowed(
            say("Your LMS no longer lists you in this course."),
            say("If that is a mistake, open the blog again from your course page."),
        )


def visit_ended() -> VisitEnded:
    return VisitEnded(
        say("This page belongs to a visit that has ended, or to another browser."),
        say("Open the blog again from your course page."),
    )


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
