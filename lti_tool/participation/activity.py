"""What people did in a blog, read from the writing itself."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import Blog, Comment, Mark, Membership, Person, Post, Role
from lti_tool.participation.rules import Activity, MarkedComment


@dataclass(frozen=True)
class Student:
    id: int
    name: str


def activity_of(session: Session, blog_id: int, person_id: int) -> Activity:
    """Return what one person did in a blog. Deleted comments do not count."""
    return activities(session, blog_id, person_id)[person_id]


def activities(session: Session, blog_id: int, person_id: int | None = None) -> dict[int, Activity]:
    """Return what everybody (or one person) did in a blog; asking for somebody who did nothing gives an empty one."""
    posts = select(Post.author_id, func.count()).where(Post.blog_id == blog_id, Post.author_id.is_not(None))
    comments = (
        select(Comment.author_id, Post.number, Comment.number, Comment.words, Mark.mark)
        .join(Post, Post.id == Comment.post_id)
        .outerjoin(Mark, Mark.comment_id == Comment.id)
        .where(Post.blog_id == blog_id, Comment.author_id.is_not(None), Comment.deleted_at.is_(None))
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


def students_of(session: Session, blog_id: int) -> tuple[Student, ...]:
    """Return the students of the blog's course in the order of their names."""
    rows = session.execute(
        select(Membership, Person)
        .join(Person, Person.id == Membership.person_id)
        .join(Blog, Blog.course_id == Membership.course_id)
        .where(Blog.id == blog_id)
    ).all()
    students = [Student(person.id, person.shown_name) for member, person in rows
                if member.role is Role.STUDENT]  # fmt: skip
    return tuple(sorted(students, key=lambda student: (student.name.casefold(), student.id)))
