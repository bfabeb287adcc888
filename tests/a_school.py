"""Builders of what most tests need first: rows with good defaults, each given by its id."""

import itertools
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from lti_tool.blog.comments import AddedComment, Draft, add_comment
from lti_tool.blog.posts import PostDraft, add_post
from lti_tool.blog.sight import Sight
from lti_tool.models import Blog, Course, Deployment, Membership, Person, Placement, Platform, Role

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COLUMN = "https://lms.example.edu/columns/1"

_numbers = itertools.count(1)


def a_platform(session: Session, name: str = "An LMS") -> int:
    row = Platform(
        name=name,
        lti_issuer=f"https://lms-{next(_numbers)}.example.edu",
        lti_client_id="client",
        authorize_url="https://lms.example.edu/authorize",
        token_url="https://lms.example.edu/token",
        jwks_url="https://lms.example.edu/jwks",
        created_at=NOW,
    )
    session.add(row)
    session.flush()
    return row.id


def a_course(session: Session, platform_id: int | None = None, title: str = "Soviet History") -> int:
    """A course of a new deployment; of a new platform too where none is given."""
    if platform_id is None:
        platform_id = a_platform(session)
    number = next(_numbers)
    deployment = Deployment(platform_id=platform_id, lti_deployment_id=f"deployment-{number}")
    session.add(deployment)
    session.flush()
    course = Course(deployment_id=deployment.id, lti_context_id=f"course-{number}", title=title)
    session.add(course)
    session.flush()
    return course.id


def a_person(
    session: Session,
    course_id: int,
    name: str | None = "Anna Berg",
    role: Role | None = Role.STUDENT,
    *,
    given_name: str | None = None,
    roster_role: Role | None = None,
) -> int:
    """A person with a place in the course; `role` is what their latest launch said."""
    platform_id = session.get_one(Course, course_id).deployment.platform_id
    person = Person(platform_id=platform_id, lti_sub=f"sub-{next(_numbers)}", name=name, given_name=given_name)
    session.add(person)
    session.flush()
    place = Membership(course_id=course_id, person_id=person.id, launched_role=role, roster_role=roster_role)
    session.add(place)
    session.flush()
    return person.id


def a_student(session: Session, course_id: int, name: str = "Anna Berg") -> int:
    return a_person(session, course_id, name)


def a_teacher(session: Session, course_id: int, name: str = "Irena Novak") -> int:
    return a_person(session, course_id, name, Role.TEACHER)


def a_blog(session: Session, course_id: int | None = None, column: str | None = COLUMN) -> int:
    """A blog with a gradebook column; of a new course where none is given."""
    if course_id is None:
        course_id = a_course(session)
    row = Blog(course_id=course_id, title="Class blog", created_at=NOW)
    session.add(row)
    session.flush()
    a_link(session, row.id, course_id, column)
    return row.id


def a_link(session: Session, blog_id: int, course_id: int, column: str | None = COLUMN) -> int:
    """A link of a course that opens the blog."""
    placement = Placement(
        course_id=course_id,
        lti_resource_link_id=f"link-{next(_numbers)}",
        blog_id=blog_id,
        lti_line_item_url=column,
        lti_scopes=["https://purl.imsglobal.org/spec/lti-ags/scope/score"],
        created_at=NOW,
    )
    session.add(placement)
    session.flush()
    return placement.id


def all_of(session: Session, blog_id: int) -> Sight:
    """The sight of somebody who sees everything in a blog."""
    return Sight(0, blog_id, course_of(session, blog_id))


def course_of(session: Session, blog_id: int) -> int:
    return session.get_one(Blog, blog_id).course_id


def a_post(session: Session, blog_id: int, author_id: int | None = None, title: str = "On the Thaw") -> int:
    draft = PostDraft(title, "", "What Khrushchev dared to say.", (), f"post-{next(_numbers)}", author_id)
    return add_post(session, blog_id, draft, NOW).id


def a_comment(
    session: Session,
    post_id: int,
    author_id: int | None = None,
    answers: int | None = None,
    body: str = "I see it otherwise.",
    now: datetime = NOW,
) -> AddedComment:
    """A comment; `answers` is the number of the one it replies to."""
    return add_comment(session, post_id, Draft(body, f"comment-{next(_numbers)}", author_id, answers), now)
