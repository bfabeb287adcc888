"""The whole schema on one page. Holds no rule of the house beyond what the database itself can keep."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, MetaData, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from lti_tool.column_types import PlainText, Points, UtcTime, by_value
from lti_tool.kinds import Outcome as Outcome
from lti_tool.kinds import Role as Role
from lti_tool.kinds import Settled as Settled
from lti_tool.kinds import SyncState as SyncState


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcTime, Decimal: Points, dict[str, Any]: JSON, list[str]: JSON, str: PlainText}  # noqa: RUF012


# --- platforms: who may launch -------------------------------------------------------------------------------------


class Platform(Base):
    """An LMS and our registration with it. (issuer, client id) names it; an issuer alone does not."""

    __tablename__ = "platform"
    __table_args__ = (UniqueConstraint("lti_issuer", "lti_client_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    lti_issuer: Mapped[str]
    lti_client_id: Mapped[str]
    authorize_url: Mapped[str]
    token_url: Mapped[str]
    token_audience: Mapped[str | None]
    jwks_url: Mapped[str]
    family: Mapped[str] = mapped_column(default="")
    accepts_new_deployments: Mapped[bool] = mapped_column(default=False)
    service_hosts: Mapped[list[str]] = mapped_column(default=list)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    key_set: Mapped[dict[str, Any] | None]
    key_set_read_at: Mapped[datetime | None]
    key_set_fresh_until: Mapped[datetime | None]
    key_set_tried_at: Mapped[datetime | None]


class Invitation(Base):
    """An operator's leave for one LMS to register itself, once and for a while. Its code is kept as a hash only."""

    __tablename__ = "invitation"
    id: Mapped[int] = mapped_column(primary_key=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    lti_issuer: Mapped[str | None]
    accepts_new_deployments: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Deployment(Base):
    """One place of a platform where the tool is installed. One that appeared by itself waits for the operator."""

    __tablename__ = "deployment"
    __table_args__ = (UniqueConstraint("platform_id", "lti_deployment_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    lti_deployment_id: Mapped[str]
    held_since: Mapped[datetime | None]
    platform: Mapped[Platform] = relationship()


class Login(Base):
    """One begun login: what the launch that ends it must match. Used once.

    `storage_hash` is of the secret that the LMS's own frame keeps where the browser keeps no cookie of ours.
    """

    __tablename__ = "login"
    state: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[str]
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    target_link_uri: Mapped[str]
    lti_deployment_id: Mapped[str | None]
    storage_hash: Mapped[str | None]
    storage_target: Mapped[str | None]
    storage_asked_at: Mapped[datetime | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


# --- people and places ---------------------------------------------------------------------------------------------


class Person(Base):
    """A person as one platform knows them; only the platform's own id identifies, never a name or an e-mail."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("platform_id", "lti_sub"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    lti_sub: Mapped[str]
    name: Mapped[str | None]
    given_name: Mapped[str | None]
    family_name: Mapped[str | None]
    email: Mapped[str | None]

    @property
    def shown_name(self) -> str:
        return shown_name(self.id, self.name, self.given_name, self.family_name)


def shown_name(person_id: int, name: str | None, given_name: str | None, family_name: str | None) -> str:
    """The name to show; where the LMS shares none, one that stays the same and gives nothing away."""
    return name or " ".join(part for part in (given_name, family_name) if part) or f"Participant {person_id}"


class Course(Base):
    __tablename__ = "course"
    __table_args__ = (UniqueConstraint("deployment_id", "lti_context_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    lti_context_id: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    label: Mapped[str] = mapped_column(default="")
    lti_memberships_url: Mapped[str | None]
    roster_tried_at: Mapped[datetime | None]
    roster_read_at: Mapped[datetime | None]
    roster_problem: Mapped[str] = mapped_column(default="")
    deployment: Mapped[Deployment] = relationship()


class Membership(Base):
    """A person's place in a course: what the latest launch said of their role, and what the roster says.

    `left_at` is when the roster listed them no more. `is_test` marks a teacher's own view as a student.
    """

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("course_id", "person_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    launched_role: Mapped[Role | None] = mapped_column(by_value(Role))
    roster_role: Mapped[Role | None] = mapped_column(by_value(Role))
    left_at: Mapped[datetime | None]
    is_test: Mapped[bool] = mapped_column(default=False)
    person: Mapped[Person] = relationship()

    @property
    def role(self) -> Role:
        return role_of(self.launched_role, self.roster_role)


def role_of(launched_role: Role | None, roster_role: Role | None) -> Role:
    """The launch has the last word: Moodle calls an assistant a teacher there and a student in its roster."""
    return launched_role or roster_role or Role.OBSERVER


class Blog(Base):
    """What a link in a course opens: a prompt, its posts, its policy.

    `content_key` is the id that the LMS carries in the link, and takes along when a course is copied. A blog made for
    such a copy says what it came from until the teacher has chosen what it is to be.
    """

    __tablename__ = "blog"
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    content_key: Mapped[str | None] = mapped_column(index=True)
    title: Mapped[str] = mapped_column(default="")
    prompt: Mapped[str] = mapped_column(default="")
    prompt_html: Mapped[str] = mapped_column(default="")
    rule: Mapped[dict[str, Any] | None]
    last_post_number: Mapped[int] = mapped_column(default=0)
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("blog.id"))
    copy_settled_at: Mapped[datetime | None]
    scores_held_since: Mapped[datetime | None]
    created_at: Mapped[datetime]
    course: Mapped[Course] = relationship()


class Placement(Base):
    """A link in a course, and the blog it opens. Two links can open one blog: the same conversation."""

    __tablename__ = "placement"
    __table_args__ = (UniqueConstraint("course_id", "lti_resource_link_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    lti_resource_link_id: Mapped[str]
    blog_id: Mapped[int] = mapped_column(ForeignKey("blog.id"), index=True)
    lti_line_item_url: Mapped[str | None]
    lti_scopes: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime]
    blog: Mapped[Blog] = relationship()


class PlannedBlog(Base):
    """A blog that a teacher has laid out in the LMS's dialogue. It becomes one when its link is first opened."""

    __tablename__ = "planned_blog"
    content_key: Mapped[str] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    title: Mapped[str]
    prompt: Mapped[str] = mapped_column(default="")
    prompt_html: Mapped[str] = mapped_column(default="")
    rule: Mapped[dict[str, Any] | None]
    same_as_id: Mapped[int | None] = mapped_column(ForeignKey("blog.id"))
    created_at: Mapped[datetime]


class LinkRequest(Base):
    """An LMS's question which blogs new links should open. Answered once, by the person it came with."""

    __tablename__ = "link_request"
    key: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[str]
    in_address: Mapped[bool] = mapped_column(default=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    role: Mapped[Role] = mapped_column(by_value(Role))
    lti_return_url: Mapped[str]
    lti_data: Mapped[str | None]
    takes_links: Mapped[bool]
    takes_several: Mapped[bool]
    takes_columns: Mapped[bool]
    frame_origins: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]


class Visit(Base):
    """One launch that was let in. Its key stands in the address, its secret in a cookie of that address alone.

    Where the browser keeps no cookie, the secret stands in the address too (`in_address`).
    """

    __tablename__ = "visit"
    key: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[str]
    in_address: Mapped[bool] = mapped_column(default=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    placement_id: Mapped[int] = mapped_column(ForeignKey("placement.id"))
    frame_origins: Mapped[str]
    return_url: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


# --- writing -------------------------------------------------------------------------------------------------------


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


# --- grading -------------------------------------------------------------------------------------------------------


class Mark(Base):
    """A grader's judgement of one comment, 0 to 3."""

    __tablename__ = "mark"
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"), primary_key=True)
    grader_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    mark: Mapped[int]
    feedback: Mapped[str] = mapped_column(default="")
    marked_at: Mapped[datetime]


class Correction(Base):
    """A teacher's own score for a person; it wins over the rule until it is taken back."""

    __tablename__ = "correction"
    blog_id: Mapped[int] = mapped_column(ForeignKey("blog.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    grader_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    points: Mapped[Decimal]
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
