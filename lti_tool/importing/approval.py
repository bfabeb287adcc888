"""Posts that were brought in and count for nobody yet, and letting them count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lti_tool.models import Person, Post

SHOWN_AT_ONCE = 200


@dataclass(frozen=True)
class UncountedPost:
    number: int
    title: str
    author: str
    comments: int
    published_at: datetime


def uncounted_posts(session: Session, blog_id: int) -> tuple[UncountedPost, ...]:
    """Return the first of a blog's posts that wait for approval, by number."""
    rows = session.execute(
        select(Post, Person)
        .outerjoin(Person, Person.id == Post.author_id)
        .where(Post.blog_id == blog_id, Post.uncounted)
        .order_by(Post.number)
        .limit(SHOWN_AT_ONCE)
    )
    return tuple(
        UncountedPost(
            post.number,
            post.title,
            person.shown_name if person else post.author_name or "",
            post.live_comments,
            post.published_at,
        )
        for post, person in rows
    )


def uncounted_total(session: Session, blog_id: int) -> int:
    return session.scalar(select(func.count()).where(Post.blog_id == blog_id, Post.uncounted)) or 0


def count_posts(session: Session, blog_id: int, numbers: Sequence[int] | None) -> int:
    """Let posts of a blog and their comments count, all that wait or those of these numbers, and return how many."""
    waiting = update(Post).where(Post.blog_id == blog_id, Post.uncounted)
    if numbers is not None:
        waiting = waiting.where(Post.number.in_(numbers))
    return len(session.scalars(waiting.values(uncounted=False).returning(Post.id)).all())
