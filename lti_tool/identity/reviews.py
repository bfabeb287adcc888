"""Opening one student's work: who may, and through which link. Roles decide, never the kind of request."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.errors import NotAllowed, NotFound
from lti_tool.identity.arrival import (
    Arrival,
    ReviewOf,
    Visitor,
    record_course,
    record_membership,
    record_person,
)
from lti_tool.models import Course, GradebookScore, Person, Placement, shown_name
from lti_tool.wording import say


@dataclass(frozen=True)
class Review:
    """Who looks, and at whose work; `person_id` is None for somebody who has never been in the blog."""

    visitor: Visitor
    person_id: int | None


def welcome_reviewer(session: Session, arrival: Arrival, wanted: ReviewOf, now: datetime) -> Review:
    """Return who reviews whom. Staff of this course may see each of its students, a student only themselves.

    Moodle signs a review that a student forged for somebody else, and an address can be passed on: so it is the role in
    this launch that counts, and work of another course does not exist here. Raises NotAllowed and NotFound.
    """
    person = record_person(session, arrival)  # people before courses, as launches and rosters do: no deadlock
    course = record_course(session, arrival)
    placement, reviewed = _wanted(session, arrival, course, wanted)
    is_own = reviewed is not None and reviewed.id == person.id
    if not arrival.role.is_staff and not is_own:
        raise NotAllowed(
            say("You can see your own work here, and nobody else's."), say("Open the blog from your course page.")
        )
    record_membership(session, arrival, course.id, person.id)
    visitor = Visitor(
        person.id,
        shown_name(person.id, person.name, person.given_name, person.family_name),
        course.id,
        placement.blog_id,
        placement.id,
        arrival.role,
        arrival.frame_origins,
        arrival.return_url,
        arrival.locale,
    )
    return Review(visitor, reviewed.id if reviewed else None)


def _wanted(session: Session, arrival: Arrival, course: Course, wanted: ReviewOf) -> tuple[Placement, Person | None]:
    here = select(Placement).where(Placement.course_id == course.id).order_by(Placement.id)
    if wanted.review_key is not None:
        score = session.scalar(select(GradebookScore).where(GradebookScore.review_key == wanted.review_key))
        found = session.scalars(here.where(Placement.blog_id == score.blog_id)).first() if score else None
        return _there(found), session.get(Person, score.person_id) if score else None
    by_link = here.where(Placement.lti_resource_link_id == wanted.link_key)
    by_column = here.where(Placement.lti_line_item_url == wanted.column)
    found = session.scalars(by_column).first() if wanted.column else None
    found = found or (session.scalars(by_link).first() if wanted.link_key else None)
    reviewed = session.scalar(
        select(Person).where(Person.platform_id == arrival.platform_id, Person.lti_sub == wanted.person_key)
    )
    return _there(found), reviewed


def _there(placement: Placement | None) -> Placement:
    if placement is None:
        raise NotFound(say("There is no such work in this course."), say("Open the blog from your course page."))
    return placement
