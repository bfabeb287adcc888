"""People and places: who is who, which course, which blog a link opens, and who is in it now."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.column_types import by_value
from lti_tool.kinds import BlogShape, Role
from lti_tool.models.base import Base
from lti_tool.models.platforms import Deployment


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
    `thread_order` is how they last chose to have threads laid out (`blog.reading.Order`), empty before they have.
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
    wants_digest: Mapped[bool] = mapped_column(default=True)
    digest_sent_at: Mapped[datetime | None]
    thread_order: Mapped[str] = mapped_column(default="")
    person: Mapped[Person] = relationship()

    @property
    def role(self) -> Role:
        return role_of(self.launched_role, self.roster_role)


def role_of(launched_role: Role | None, roster_role: Role | None) -> Role:
    """The launch has the last word: Moodle calls an assistant a teacher there and a student in its roster."""
    return launched_role or roster_role or Role.OBSERVER


class CourseGroup(Base):
    """A part of a course: a section that the LMS names (`lti_key`), or a group that the teacher made here."""

    __tablename__ = "course_group"
    __table_args__ = (UniqueConstraint("course_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    name: Mapped[str]
    lti_key: Mapped[str | None]


class GroupMember(Base):
    __tablename__ = "group_member"
    group_id: Mapped[int] = mapped_column(ForeignKey("course_group.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)


class Blog(Base):
    """What a link in a course opens: a prompt, its posts, its policy.

    `content_key` is the id that the LMS carries in the link, and takes along when a course is copied. A blog made for
    such a copy says what it came from until the teacher has chosen what it is to be. What each student owes is one
    post where the class writes (`shape`), `owed_comments` on others' posts, and, if `answers_owed`, an answer to each
    comment under their own.
    """

    __tablename__ = "blog"
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    content_key: Mapped[str | None] = mapped_column(index=True)
    title: Mapped[str] = mapped_column(default="")
    prompt: Mapped[str] = mapped_column(default="")
    prompt_html: Mapped[str] = mapped_column(default="")
    shape: Mapped[BlogShape] = mapped_column(by_value(BlogShape), default=BlogShape.CLASS)
    write_first: Mapped[bool] = mapped_column(default=False)
    names_hidden: Mapped[bool] = mapped_column(default=False)
    groups_apart: Mapped[bool] = mapped_column(default=False)
    names_key: Mapped[str] = mapped_column(default=lambda: secrets.token_urlsafe(16))
    opens_at: Mapped[datetime | None]
    posts_due_at: Mapped[datetime | None]
    comments_due_at: Mapped[datetime | None]
    answers_due_at: Mapped[datetime | None]
    owed_comments: Mapped[int] = mapped_column(default=2)
    answers_owed: Mapped[bool] = mapped_column(default=True)
    rule: Mapped[dict[str, Any] | None]
    last_post_number: Mapped[int] = mapped_column(default=0)
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("blog.id"))
    copy_settled_at: Mapped[datetime | None]
    scores_held_since: Mapped[datetime | None]
    scores_due_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    course: Mapped[Course] = relationship()


class Placement(Base):
    """A link in a course, and the blog it opens. Two links can open one blog: the same conversation.

    `lti_line_item_url` is its gradebook column, which the tool made itself if `column_made_at` says so, and
    `lti_line_items_url` where columns of the course are looked up and made. `column_asked_until`: one is being made.
    `twin_columns` are further columns of this link. `column_gone_at` is when the LMS said that the column is no more.
    """

    __tablename__ = "placement"
    __table_args__ = (UniqueConstraint("course_id", "lti_resource_link_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    lti_resource_link_id: Mapped[str]
    blog_id: Mapped[int] = mapped_column(ForeignKey("blog.id"), index=True)
    lti_line_item_url: Mapped[str | None]
    lti_line_items_url: Mapped[str | None]
    column_made_at: Mapped[datetime | None]
    column_asked_until: Mapped[datetime | None]
    column_gone_at: Mapped[datetime | None]
    twin_columns: Mapped[list[str]] = mapped_column(default=list)
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
    locale: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
