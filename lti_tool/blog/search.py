"""Searching a blog: the posts and comments that hold every word asked for, as far as one person may see them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from lti_tool.blog.excerpts import Excerpt, excerpt_around
from lti_tool.blog.sight import Sight, comments_seen, posts_seen
from lti_tool.blog.views import Author, author_of
from lti_tool.models import Comment, Membership, Person, Post

MOST_FOUND = 50
_MOST_WORDS = 8


@dataclass(frozen=True)
class Found:
    """A post (`comment_number` None) or a comment that holds what was sought."""

    post_number: int
    post_title: str
    comment_number: int | None
    author: Author
    written_at: datetime
    excerpt: Excerpt


def search(session: Session, sight: Sight, sought: str) -> tuple[Found, ...]:
    """Return what holds every word of `sought`, posts first, then comments, the newest first; at most 50 of each."""
    words = tuple(dict.fromkeys(sought.split()))[:_MOST_WORDS]
    if not words:
        return ()
    return (*_posts(session, sight, words), *_comments(session, sight, words))


def _posts(session: Session, sight: Sight, words: tuple[str, ...]) -> list[Found]:
    in_it = (or_(*(_holds(field, word) for field in (Post.title, Post.subtitle, Post.body))) for word in words)
    rows = session.execute(
        select(Post, Person, Membership)
        .outerjoin(Person, Person.id == Post.author_id)
        .outerjoin(Membership, (Membership.person_id == Person.id) & (Membership.course_id == sight.course_id))
        .where(Post.blog_id == sight.blog_id, posts_seen(sight.kind), *in_it)
        .order_by(Post.number.desc())
        .limit(MOST_FOUND),
        sight.parameters,
    )
    return [
        Found(post.number, post.title, None, author_of(post, person, place, post.author_id, sight), post.published_at,
              excerpt_around(post.body, words))
        for post, person, place in rows
    ]  # fmt: skip


def _comments(session: Session, sight: Sight, words: tuple[str, ...]) -> list[Found]:
    readable = true() if sight.is_staff else or_(Comment.hidden_at.is_(None), Comment.author_id == sight.person_id)
    rows = session.execute(
        select(Comment, Post, Person, Membership)
        .join(Post, Post.id == Comment.post_id)
        .outerjoin(Person, Person.id == Comment.author_id)
        .outerjoin(Membership, (Membership.person_id == Person.id) & (Membership.course_id == sight.course_id))
        .where(
            Post.blog_id == sight.blog_id, posts_seen(sight.kind), comments_seen(sight.kind), readable,
            Comment.deleted_at.is_(None), *(_holds(Comment.body, word) for word in words),
        )
        .order_by(Comment.id.desc())
        .limit(MOST_FOUND),
        sight.parameters,
    )  # fmt: skip
    return [
        Found(post.number, post.title, comment.number, author_of(comment, person, place, post.author_id, sight),
              comment.written_at, excerpt_around(comment.body, words))
        for comment, post, person, place in rows
    ]  # fmt: skip


def _holds(field: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    """Whether a text holds a word, small or capital. SQLite folds ASCII alone, so the usual spellings are asked for."""
    spellings = {word, word.lower(), word.upper(), word.capitalize()}
    return or_(*(field.icontains(spelling, autoescape=True) for spelling in sorted(spellings)))
