"""Writing: posts and the comments under them, what they were before, and what is not written out yet."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.models.base import Base

_IS_PINNED = "pinned_at IS NOT NULL"  # few are, and every page asks


class Post(Base):
    """An essay. `author_name` is what an imported page said; `author_id` is set once a person is known.

    Withdrawn by its author, or hidden by staff, it is there for those two alone. What is uncounted was brought in, and
    a teacher has not approved it yet: neither it nor the comments under it count for anybody.
    """

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
    uncounted: Mapped[bool] = mapped_column(default=False)
    withdrawn_at: Mapped[datetime | None]
    pinned_at: Mapped[datetime | None]
    locked_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    hidden_why: Mapped[str] = mapped_column(default="")


class Comment(Base):
    """A reply under a post. `parent_id` is the truth; `path` orders the thread (docs/decisions/0001-threads.md).

    A comment with `private_to_id` is read by that person and by staff alone.
    """

    __tablename__ = "comment"
    __table_args__ = (
        UniqueConstraint("post_id", "number"),
        UniqueConstraint("post_id", "path"),
        UniqueConstraint("post_id", "once"),
        # Holds all that counting what people wrote and what waits for a mark needs: no text is read for it.
        Index("ix_comment_author_id_post_id", "author_id", "post_id", "deleted_at", "is_marked", "hidden_at"),
        Index("ix_comment_pinned", "post_id", postgresql_where=text(_IS_PINNED), sqlite_where=text(_IS_PINNED)),
        # Which comments somebody has answered.
        Index("ix_comment_answers_id_author_id", "answers_id", "author_id"),
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
    pinned_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    hidden_why: Mapped[str] = mapped_column(default="")
    private_to_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    post: Mapped[Post] = relationship()


class Revision(Base):
    """What a post, or one of its comments, said until it was changed or deleted at `replaced_at`. Staff alone read it.

    `fields` of a post: title, subtitle, body, sources; of a comment: body.
    """

    __tablename__ = "revision"
    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id"), index=True)
    fields: Mapped[dict[str, Any]]
    replaced_at: Mapped[datetime]


class WritingDraft(Base):
    """What a person is writing and has not sent. `place` says where: "post", "post 3", "comment 3 0", "comment 3 17".

    `version` grows with each saving, so that the older of two windows is told that it is the older.
    """

    __tablename__ = "writing_draft"
    __table_args__ = (UniqueConstraint("person_id", "blog_id", "place"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    blog_id: Mapped[int] = mapped_column(ForeignKey("blog.id"))
    place: Mapped[str]
    fields: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime]


class Image(Base):
    """A picture that somebody put into their writing, made anew so that no camera or place stays in it."""

    __tablename__ = "image"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    blog_id: Mapped[int] = mapped_column(ForeignKey("blog.id"), index=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    media_type: Mapped[str]
    content: Mapped[bytes]
    width: Mapped[int]
    height: Mapped[int]
    made_at: Mapped[datetime]


class Reading(Base):
    """Which comments of a post a person has had before them: `ranges` of numbers, [[1, 50], [57, 57]]."""

    __tablename__ = "reading"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    ranges: Mapped[list[list[int]]]
    read_at: Mapped[datetime]


class Mention(Base):
    """Somebody called by name in a comment."""

    __tablename__ = "mention"
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)


class Report(Base):
    """A reader's word to the staff that a post, or one of its comments, should not stand as it is."""

    __tablename__ = "report"
    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id"))
    reporter_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    why: Mapped[str]
    made_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class ImportRun(Base):
    """A whole blog on its way in: what was read of a file (`content`, packed), until a teacher has chosen, and after.

    `found` is what the file holds, in counts and names; `choices` what the teacher chose. Begun, a worker stores post
    by post, and has it for itself until `leased_until`. Ended, the content is gone.
    """

    __tablename__ = "import_run"
    id: Mapped[int] = mapped_column(primary_key=True)
    blog_id: Mapped[int] = mapped_column(ForeignKey("blog.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    content: Mapped[bytes]
    found: Mapped[dict[str, Any]]
    choices: Mapped[dict[str, Any]]
    posts: Mapped[int]
    comments: Mapped[int]
    posts_done: Mapped[int] = mapped_column(default=0)
    comments_done: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
