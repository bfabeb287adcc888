"""The list of a blog's posts: a page of them, the pinned ones first, then the newest."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, SQLColumnExpression, bindparam, func, select, true
from sqlalchemy.orm import Session

from lti_tool.blog.posts import minutes_to_read
from lti_tool.blog.sight import Kind, Sight, comments_seen, posts_seen
from lti_tool.blog.thread import HIGHEST_NUMBER
from lti_tool.blog.views import Author, author, writer_name
from lti_tool.models import Comment, Membership, Person, Post, Reading

POSTS_ON_A_PAGE = 50


class Which(Enum):
    """Which posts of a blog are listed."""

    ALL = ""
    UNANSWERED = "unanswered"
    MINE = "mine"


@dataclass(frozen=True)
class PostLine:
    """A post as one line of the list. `is_unread`: this person has never opened it."""

    id: int
    number: int
    title: str
    subtitle: str
    author: Author
    minutes: int
    live_comments: int
    published_at: datetime
    is_imported: bool
    is_pinned: bool
    is_locked: bool
    is_withdrawn: bool
    is_hidden: bool
    is_unread: bool


@dataclass(frozen=True)
class PostList:
    """A page of the list; `later` is the cursor of the next, None on the last."""

    posts: tuple[PostLine, ...]
    later: int | None


@cache
def _lines(kind: Kind, which: Which, *, pinned: bool) -> Select[*tuple[Any, ...]]:
    seen: Select[*tuple[Any, ...]] = (
        select(
            Post.id, Post.number, Post.title, Post.subtitle, Post.author_id, Post.author_name, Post.words,
            _shown_comments(kind).label("live_comments"), Post.published_at, Post.imported_at, Post.pinned_at,
            Post.locked_at, Post.withdrawn_at, Post.hidden_at, Reading.read_at,
            Person.name, Person.given_name, Person.family_name, Membership.launched_role, Membership.roster_role,
        )
        .outerjoin(Person, Person.id == Post.author_id)
        .outerjoin(Membership, (Membership.person_id == Person.id) & (Membership.course_id == bindparam("course_id")))
        .outerjoin(Reading, (Reading.post_id == Post.id) & (Reading.person_id == bindparam("reader_id")))
        .where(Post.blog_id == bindparam("blog_id"), posts_seen(kind), _condition(kind, which))
        .limit(bindparam("count"))
    )  # fmt: skip
    if pinned:
        return seen.where(Post.pinned_at.is_not(None)).order_by(Post.pinned_at)
    return seen.where(Post.pinned_at.is_(None), Post.number < bindparam("before")).order_by(Post.number.desc())


def _shown_comments(kind: Kind) -> SQLColumnExpression[int]:
    """How many comments under a post one may read; for most the count that is kept."""
    if not kind.is_narrow:
        return Post.live_comments
    standing = (Comment.deleted_at.is_(None), Comment.hidden_at.is_(None), comments_seen(kind))
    return select(func.count()).where(Comment.post_id == Post.id, *standing).correlate(Post).scalar_subquery()


def _condition(kind: Kind, which: Which) -> ColumnElement[bool]:
    if which is Which.UNANSWERED:
        return _shown_comments(kind) == 0
    if which is Which.MINE:
        return Post.author_id == bindparam("reader_id")
    return true()


def post_list(
    session: Session, sight: Sight, which: Which = Which.ALL, before: int | None = None, size: int = POSTS_ON_A_PAGE
) -> PostList:
    """Return a page of the posts that a person may see; the pinned ones stand on the first page alone."""
    place = {
        "blog_id": sight.blog_id,
        "count": size + 1,
        "before": HIGHEST_NUMBER + 1 if before is None else before,
        **sight.parameters,
    }
    pinned = session.execute(_lines(sight.kind, which, pinned=True), place).all() if before is None else []
    rows = session.execute(_lines(sight.kind, which, pinned=False), place).all()
    later = rows[size - 1].number if len(rows) > size else None
    return PostList(tuple(_line(row, sight) for row in (*pinned, *rows[:size])), later)


def only_post(session: Session, sight: Sight) -> int | None:
    """Return the number of the one post that a person sees in a blog, or None if there are none or several."""
    seen = select(Post.number).where(Post.blog_id == sight.blog_id, posts_seen(sight.kind)).limit(2)
    numbers: Collection[int] = session.scalars(seen, sight.parameters).all()
    return next(iter(numbers)) if len(numbers) == 1 else None


def _line(row: Row[*tuple[Any, ...]], sight: Sight) -> PostLine:
    return PostLine(
        id=row.id,
        number=row.number,
        title=row.title,
        subtitle=row.subtitle,
        author=author(row.author_id, writer_name(row), row.launched_role or row.roster_role, None, sight),
        minutes=minutes_to_read(row.words),
        live_comments=row.live_comments,
        published_at=row.published_at,
        is_imported=row.imported_at is not None,
        is_pinned=row.pinned_at is not None,
        is_locked=row.locked_at is not None,
        is_withdrawn=row.withdrawn_at is not None,
        is_hidden=row.hidden_at is not None,
        is_unread=row.read_at is None and row.author_id != sight.person_id,
    )
