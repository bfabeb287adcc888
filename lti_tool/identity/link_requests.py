"""An LMS's question which blogs new links should open, kept from the launch that asks to the one answer it gets."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.errors import Rejected
from lti_tool.identity.arrival import Arrival, LinkQuestion, record_course, record_membership, record_person
from lti_tool.identity.visits import (
    ADDRESS_MARK,
    OpenedVisit,
    hashed,
    new_opened_visit,
    refuse_shut_out,
    visit_ended,
)
from lti_tool.models import Course, Deployment, LinkRequest, Membership, Platform, Role
from lti_tool.wording import say

REQUEST_HOURS = 4


@dataclass(frozen=True)
class Chooser:
    """Who chooses, for which course, and what answer the LMS can use."""

    request_key: str
    person_id: int
    course_id: int
    course_title: str
    role: Role
    question: LinkQuestion
    platform_id: int
    lti_deployment_id: str
    frame_origins: str


def open_link_request(
    session: Session, arrival: Arrival, question: LinkQuestion, now: datetime, *, in_address: bool = False
) -> OpenedVisit:
    """Record who asks and what for; like a visit, it is opened by a key in the address and a secret."""
    person, course = record_person(session, arrival), record_course(session, arrival)
    if arrival.role is not Role.OBSERVER:  # such a request may come without roles: that says nothing of somebody's role
        record_membership(session, arrival, course.id, person.id)
    opened = new_opened_visit(in_address=in_address)
    session.add(
        LinkRequest(
            key=opened.key,
            secret_hash=hashed(opened.secret),
            in_address=in_address,
            person_id=person.id,
            course_id=course.id,
            role=arrival.role,
            lti_return_url=question.return_url,
            lti_data=question.data,
            takes_links=question.takes_links,
            takes_several=question.takes_several,
            takes_columns=question.takes_columns,
            frame_origins=arrival.frame_origins,
            created_at=now,
            expires_at=now + timedelta(hours=REQUEST_HOURS),
        )
    )
    return opened


def chooser_of(session: Session, address_key: str, cookie: str, now: datetime) -> Chooser:
    """Return who may answer this question. Raises VisitEnded, and NotAllowed when LMS or person has been shut out."""
    key, _, in_address = address_key.partition(ADDRESS_MARK)
    found = session.execute(
        select(LinkRequest, Course, Deployment, Platform, Membership.left_at)
        .join(Course, Course.id == LinkRequest.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .join(Platform, Platform.id == Deployment.platform_id)
        .outerjoin(
            Membership,
            (Membership.course_id == LinkRequest.course_id) & (Membership.person_id == LinkRequest.person_id),
        )
        .where(LinkRequest.key == key, LinkRequest.expires_at > now)
    ).one_or_none()
    if found is None:
        raise visit_ended()
    row, course, deployment, platform, left_at = found
    if not secrets.compare_digest(row.secret_hash, hashed(in_address if row.in_address else cookie)):
        raise visit_ended()
    refuse_shut_out(platform.disabled_at, deployment.held_since, left_at, row.created_at)
    question = LinkQuestion(row.lti_return_url, row.lti_data, row.takes_links, row.takes_several, row.takes_columns)
    return Chooser(
        row.key, row.person_id, course.id, course.title, row.role, question, platform.id,
        deployment.lti_deployment_id, row.frame_origins,
    )  # fmt: skip


def answer_once(session: Session, request_key: str, now: datetime) -> None:
    """Mark a question as answered. Raises Rejected if it was: an LMS takes one answer for each."""
    first = update(LinkRequest).where(LinkRequest.key == request_key, LinkRequest.answered_at.is_(None))
    if session.execute(first.values(answered_at=now).returning(LinkRequest.key)).first() is None:
        raise Rejected(
            say("This was sent to your LMS already."),
            say("Close this dialogue, and open it again to add another link."),
        )
