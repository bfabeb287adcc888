"""Where a score goes: one of the columns of its blog, and there one person."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.orm import Session

from lti_tool.models import Course, Deployment, GradebookScore, Membership, Person, Placement, Role

_IS_STUDENT = func.coalesce(Membership.launched_role, Membership.roster_role) == Role.STUDENT
# Several links can open one blog: the column of the course whose student the person is, for courses can share a
# conversation, and of its first link that has one.
_DESTINATIONS = (
    select(
        GradebookScore.id,
        Deployment.platform_id,
        Deployment.lti_deployment_id,
        case((Placement.column_gone_at.is_(None), Placement.lti_line_item_url)),
        Placement.lti_scopes,
        Person.lti_sub,
        case((Course.lti_memberships_url.is_not(None), Membership.left_at)),
    )
    .select_from(GradebookScore)
    .join(Person, Person.id == GradebookScore.person_id)
    .join(Placement, Placement.blog_id == GradebookScore.blog_id)
    .join(Course, Course.id == Placement.course_id)
    .join(Deployment, Deployment.id == Course.deployment_id)
    .outerjoin(Membership, (Membership.course_id == Course.id) & (Membership.person_id == Person.id))
    .where(GradebookScore.id.in_(bindparam("score_ids", expanding=True)))
    .order_by(
        GradebookScore.id,
        case((_IS_STUDENT, 0), else_=1),
        Membership.left_at.is_not(None),
        Placement.lti_line_item_url.is_(None),
        Placement.id,
    )
)


@dataclass(frozen=True)
class Destination:
    """The column and the person in it as the LMS knows them; `column` is None where no link of the blog has one.

    `has_left`: the LMS's list has the person no more in that column's course; a list that it shares no longer is not
    gone by.
    """

    platform_id: int
    lti_deployment_id: str
    column: str | None
    scopes: tuple[str, ...]
    person_key: str
    has_left: bool


def destinations_of(session: Session, score_ids: Sequence[int]) -> dict[int, Destination]:
    """Return where rows of the outbox are to be sent."""
    found: dict[int, Destination] = {}
    for score_id, platform_id, deployment, column, scopes, person_key, left_at in session.execute(
        _DESTINATIONS, {"score_ids": list(score_ids)}
    ):
        if score_id not in found:
            found[score_id] = Destination(
                platform_id, deployment, column, tuple(scopes), person_key, left_at is not None
            )
    return found
