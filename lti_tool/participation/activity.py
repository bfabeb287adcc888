"""What people did in a blog, read from the writing itself."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, Select, func, or_, select
from sqlalchemy.orm import Session

from lti_tool.models import Comment, Mark, Membership, Person, Placement, Post, Role
from lti_tool.participation.rules import Activity, MarkedComment

_POST_COUNTS = (Post.withdrawn_at.is_(None), Post.hidden_at.is_(None), Post.uncounted.is_(False))
COMMENT_COUNTS = (Comment.deleted_at.is_(None), Comment.hidden_at.is_(None))


@dataclass(frozen=True)
class Student:
    """A student of a course; `has_left` once the LMS lists them there no more."""

    id: int
    name: str
    has_left: bool = False


def activity_of(session: Session, blog_id: int, person_id: int) -> Activity:
    """Return what one person did in a blog. Deleted comments do not count."""
    return activities(session, blog_id, person_id)[person_id]


def activities(session: Session, blog_id: int, person_id: int | None = None) -> dict[int, Activity]:
    """Return what everybody (or one person) did in a blog; asking for somebody who did nothing gives an empty one.

    What was taken back, hidden by staff, or brought in and not approved yet does not count.
    """
    posts = select(Post.author_id, func.count()).where(
        Post.blog_id == blog_id, Post.author_id.is_not(None), *_POST_COUNTS
    )
    comments = (
        select(Comment.author_id, Post.number, Comment.number, Comment.words, Mark.mark)
        .join(Post, Post.id == Comment.post_id)
        .outerjoin(Mark, Mark.comment_id == Comment.id)
        .where(Post.blog_id == blog_id, Comment.author_id.is_not(None), *COMMENT_COUNTS, Post.uncounted.is_(False))
        .order_by(Comment.written_at, Comment.id)
    )
    if person_id is not None:
        posts = posts.where(Post.author_id == person_id)
        comments = comments.where(Comment.author_id == person_id)
    posted = {row[0]: row[1] for row in session.execute(posts.group_by(Post.author_id))}
    written: dict[int | None, list[MarkedComment]] = defaultdict(list)
    for author, post_number, number, words, mark in session.execute(comments):
        written[author].append(MarkedComment(post_number, number, words, mark))
    people = {author for author in (*posted, *written, person_id) if author is not None}
    return {person: Activity(posted.get(person, 0), tuple(written.get(person, ()))) for person in people}


def contributed_at(session: Session, blog_id: int, person_id: int | None = None) -> dict[int, datetime]:
    """Return when each person (or one) last wrote something in a blog that still stands."""
    posts = select(Post.author_id, func.max(Post.published_at)).where(Post.blog_id == blog_id, *_POST_COUNTS)
    comments = (
        select(Comment.author_id, func.max(Comment.written_at))
        .join(Post, Post.id == Comment.post_id)
        .where(Post.blog_id == blog_id, *COMMENT_COUNTS, Post.uncounted.is_(False))
    )
    if person_id is not None:
        posts, comments = posts.where(Post.author_id == person_id), comments.where(Comment.author_id == person_id)
    latest: dict[int, datetime] = {}
    for author, moment in (
        *session.execute(posts.group_by(Post.author_id)),
        *session.execute(comments.group_by(Comment.author_id)),
    ):
        if author is not None:
            latest[author] = max(moment, latest.get(author, moment))
    return latest


def students_of(session: Session, blog_id: int, course_id: int | None = None) -> tuple[Student, ...]:
    """Return the students of the courses that the blog is open in (or of one), each once, by name."""
    rows = session.execute(
        select(Membership, Person)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.course_id.in_(courses_of(blog_id, course_id)), Membership.is_test.is_(False))
    ).all()
    students = {
        person.id: Student(person.id, person.shown_name, member.left_at is not None)
        for member, person in rows
        if member.role is Role.STUDENT
    }
    return tuple(sorted(students.values(), key=lambda student: (student.name.casefold(), student.id)))


def courses_of(
    blog_id: int | BindParameter[int], course_id: int | BindParameter[int | None] | None = None
) -> Select[int]:
    """The ids of the courses whose links open a blog: one, unless courses share the conversation; or only `course_id`.

    Who grades in one course grades its own students, and not those of another course that shares the blog.
    """
    courses = select(Placement.course_id).where(Placement.blog_id == blog_id)
    if isinstance(course_id, BindParameter):
        return courses.where(or_(course_id.is_(None), Placement.course_id == course_id))
    return courses if course_id is None else courses.where(Placement.course_id == course_id)
