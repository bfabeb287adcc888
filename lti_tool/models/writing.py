"""Writing: posts, and the comments under them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.models.base import Base


class Post(Base):
    """An essay. `author_name` is what an imported page said; `author_id` is set once a person is known."""

    __tablename__ = "post"
    __table_args__ = (UniqueConstraint("blog_id", "number"), UniqueConstraint("blog_id", "once"))
    id: Mapped[int] = mapped_column(primary_key=True)
    blog_id: Mapped[int] = mapped_column(ForeignKey("blog.id"))
    number: Mapped[int]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    author_name: Mapped[str | None]
    title: Mapped[str]
    subtitle: Mapped[str] = mapped_column(default="")
    body: Mapped[str]
    plain: Mapped[bool] = mapped_column(default=False)
    body_html: Mapped[str]
    sources: Mapped[list[str]] = mapped_column(default=list)
    words: Mapped[int] = mapped_column(default=0)
    last_comment_number: Mapped[int] = mapped_column(default=0)
    live_comments: Mapped[int] = mapped_column(default=0)
    once: Mapped[str]
    published_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    imported_at: Mapped[datetime | None]


class Comment(Base):
    """A reply under a post. `parent_id` is the truth; `path` orders the thread (docs/decisions/0001-threads.md)."""

    __tablename__ = "comment"
    __table_args__ = (
        UniqueConstraint("post_id", "number"),
        UniqueConstraint("post_id", "path"),
        UniqueConstraint("post_id", "once"),
        # Holds all that counting what people wrote and what waits for a mark needs: no text is read for it.
        Index("ix_comment_author_id_post_id", "author_id", "post_id", "deleted_at", "is_marked"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    number: Mapped[int]
    path: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id"))
    answers_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    author_name: Mapped[str | None]
    body: Mapped[str]
    plain: Mapped[bool] = mapped_column(default=False)
    body_html: Mapped[str]
    words: Mapped[int] = mapped_column(default=0)
    live_replies: Mapped[int] = mapped_column(default=0)
    is_marked: Mapped[bool] = mapped_column(default=False)
    once: Mapped[str]
    written_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    post: Mapped[Post] = relationship()
