"""Where a score goes: one of the columns of its blog, and there one person."""

from dataclasses import dataclass

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.orm import Session

from lti_tool.models import Course, Deployment, GradebookScore, Membership, Person, Placement, Role

_IS_STUDENT = func.coalesce(Membership.launched_role, Membership.roster_role) == Role.STUDENT
# Several links can open one blog: the column of the course whose student the person is, for courses can share a
# conversation, and of its first link that has one.
_DESTINATION = (
    select(
        Deployment.platform_id,
        Deployment.lti_deployment_id,
        Placement.lti_line_item_url,
        Placement.lti_scopes,
        Person.lti_sub,
    )
    .select_from(GradebookScore)
    .join(Person, Person.id == GradebookScore.person_id)
    .join(Placement, Placement.blog_id == GradebookScore.blog_id)
    .join(Course, Course.id == Placement.course_id)
    .join(Deployment, Deployment.id == Course.deployment_id)
    .outerjoin(Membership, (Membership.course_id == Course.id) & (Membership.person_id == Person.id))
    .where(GradebookScore.id == bindparam("score_id"))
    .order_by(
        case((_IS_STUDENT, 0), else_=1),
        Membership.left_at.is_not(None),
        Placement.lti_line_item_url.is_(None),
        Placement.id,
    )
    .limit(1)
)


@dataclass(frozen=True)
class Destination:
    """The column and the person in it as the LMS knows them; `column` is None where no link of the blog has one."""

    platform_id: int
    lti_deployment_id: str
    column: str | None
    scopes: tuple[str, ...]
    person_key: str


def destination_of(session: Session, score_id: int) -> Destination:
    """Return where a row of the outbox is to be sent."""
    platform_id, deployment, column, scopes, person_key = session.execute(_DESTINATION, {"score_id": score_id}).one()
    return Destination(platform_id, deployment, column, tuple(scopes), person_key)
