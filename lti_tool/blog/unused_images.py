"""Pictures that no text names any more, and when they go."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, delete, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from lti_tool.database import Database
from lti_tool.models import Blog, Comment, Image, ImportRun, PlannedBlog, Post, Revision, WritingDraft

KEPT_UNUSED = timedelta(days=30)
_AT_ONCE = 200
_NAMED = re.compile(r"image:([\w-]{1,64})")


def drop_unused(database: Database, now: datetime) -> int:
    """Delete the pictures older than KEPT_UNUSED that no text of their blog names; return how many.

    A blog's texts are read once for all of its pictures, and once more, where some are to go, as they go: somebody may
    have named one meanwhile.
    """
    dropped = 0
    with database.reading() as session:
        blogs = list(session.scalars(select(Image.blog_id).where(Image.made_at < now - KEPT_UNUSED).distinct()))
    for blog_id in blogs:
        with database.reading() as session:
            unused = _unused(session, blog_id, now)
        for start in range(0, len(unused), _AT_ONCE):
            with database.writing() as session:
                still = set(unused[start : start + _AT_ONCE]) - keys_named(session, blog_id)
                session.execute(delete(Image).where(Image.blog_id == blog_id, Image.key.in_(still)))
                dropped += len(still)
    return dropped


def keys_named(session: Session, blog_id: int) -> set[str]:
    """Return the keys of all pictures that any text of a blog names, whoever may read it."""
    return {
        key
        for texts in _texts(blog_id)
        for row in session.execute(texts.execution_options(yield_per=500))
        for text in row
        # A backslash may stand before any sign of a key; what is shown has none.
        for key in _NAMED.findall((text or "").replace("\\", ""))
    }


def _unused(session: Session, blog_id: int, now: datetime) -> list[str]:
    """Return which may go: none while an import waits or runs, for its texts, still packed, may name some."""
    underway = select(ImportRun.id).where(ImportRun.blog_id == blog_id, ImportRun.ended_at.is_(None)).limit(1)
    if session.scalar(underway) is not None:
        return []
    old = select(Image.key).where(Image.blog_id == blog_id, Image.made_at < now - KEPT_UNUSED).order_by(Image.id)
    keys = list(session.scalars(old))
    named = keys_named(session, blog_id)
    return [key for key in keys if key not in named]


def _texts(blog_id: int) -> Iterator[Select[*tuple[Any, ...]]]:
    """Every text that can show a picture: as it was written, and as it is shown."""
    yield _naming(Post.body, Post.body_html).where(Post.blog_id == blog_id)
    in_blog = select(Post.id).where(Post.blog_id == blog_id)
    yield _naming(Comment.body, Comment.body_html).where(Comment.post_id.in_(in_blog))
    yield _naming(cast(Revision.fields, Text)).where(Revision.post_id.in_(in_blog))
    yield _naming(cast(WritingDraft.fields, Text)).where(WritingDraft.blog_id == blog_id)
    yield _naming(Blog.prompt, Blog.prompt_html).where(Blog.id == blog_id)
    course = select(Blog.course_id).where(Blog.id == blog_id).scalar_subquery()
    yield _naming(PlannedBlog.prompt, PlannedBlog.prompt_html).where(PlannedBlog.course_id == course)


def _naming(*columns: ColumnElement[str] | InstrumentedAttribute[str]) -> Select[*tuple[Any, ...]]:
    return select(*columns).where(or_(*(column.like("%image%") for column in columns)))
