"""Grading: marks, corrections, and the outbox of scores for the gradebook."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.column_types import by_value
from lti_tool.kinds import Outcome, Settled, SyncState
from lti_tool.models.base import Base


class Mark(Base):
    """A grader's judgement of one comment, 0 to 3."""

    __tablename__ = "mark"
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"), primary_key=True)
    grader_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    mark: Mapped[int]
    feedback: Mapped[str] = mapped_column(default="")
    marked_at: Mapped[datetime]


class Correction(Base):
    """A teacher's own score for a person; it wins over the rule until it is taken back.

    Without points the person is excused. Without a grader the operator set it from a file.
    """

    __tablename__ = "correction"
    blog_id: Mapped[int] = mapped_column(ForeignKey("blog.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    grader_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    points: Mapped[Decimal | None]
    reason: Mapped[str] = mapped_column(default="")
    corrected_at: Mapped[datetime]


class GradebookScore(Base):
    """The outbox: what the LMS should show for one person, and how far that has come. One row per person and blog.

    `accepted_…` is what the LMS last took from us, `seen_…` what its gradebook was last seen to show.
    """

    __tablename__ = "gradebook_score"
    __table_args__ = (
        UniqueConstraint("blog_id", "person_id"),
        Index("ix_gradebook_score_due_at", "due_at", sqlite_where=text("due_at IS NOT NULL")),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    blog_id: Mapped[int] = mapped_column(ForeignKey("blog.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    points: Mapped[Decimal | None]
    maximum: Mapped[Decimal]
    comment: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=0)
    wanted_at: Mapped[datetime]
    worked_at: Mapped[datetime | None]
    review_key: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[SyncState] = mapped_column(by_value(SyncState), default=SyncState.WAITING)
    due_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None]
    last_second: Mapped[int] = mapped_column(BigInteger, default=0)
    cause: Mapped[str] = mapped_column(default="")
    to_do: Mapped[str] = mapped_column(default="")
    accepted_points: Mapped[Decimal | None]
    accepted_maximum: Mapped[Decimal | None]
    accepted_comment: Mapped[str] = mapped_column(default="")
    accepted_at: Mapped[datetime | None]
    accepted_column: Mapped[str | None]
    seen_points: Mapped[float | None]
    seen_maximum: Mapped[float | None]
    seen_changed_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    settled: Mapped[Settled | None] = mapped_column(by_value(Settled))


class SendAttempt(Base):
    """One attempt to send a score, written down before the LMS is called; the outcome is added when it is known."""

    __tablename__ = "send_attempt"
    id: Mapped[int] = mapped_column(primary_key=True)
    score_id: Mapped[int] = mapped_column(ForeignKey("gradebook_score.id"), index=True)
    revision: Mapped[int]
    at: Mapped[datetime]
    points: Mapped[Decimal]
    maximum: Mapped[Decimal]
    outcome: Mapped[Outcome | None] = mapped_column(by_value(Outcome))
    words: Mapped[str] = mapped_column(default="")
