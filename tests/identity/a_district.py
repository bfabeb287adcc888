"""A school district at hand: courses are copied, links are opened, each step in a transaction as the tool makes it."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select

from lti_tool.blog.posts import PostDraft, add_post
from lti_tool.database import Database
from lti_tool.identity.arrival import Arrival, Visitor, Welcome, welcome
from lti_tool.identity.copies import CopyUse, settle_copy
from lti_tool.identity.placing import OpenedLink
from lti_tool.models import Blog, Course, Deployment, Placement, Post, Role
from lti_tool.participation.planning import NewBlog, plan_like, plan_new, plan_same
from tests.a_school import NOW, a_platform

_numbers = itertools.count(1)
TEACHER, STUDENT = "teacher", "student"


@dataclass(frozen=True)
class Link:
    """A link in a course as the LMS sends it."""

    course: str
    key: str
    title: str
    content_key: str | None = None
    course_history: tuple[str, ...] = ()
    link_history: tuple[str, ...] = ()
    column: str | None = None

    def opened(self) -> OpenedLink:
        return OpenedLink(
            self.key, self.title, self.column, (), self.content_key, self.course_history, self.link_history
        )


@dataclass
class District:
    """One deployment of a new platform; `histories` says what each course was copied from, newest first."""

    database: Database
    platform_id: int
    deployment_id: int
    histories: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def course(self, copied_from: str | None = None) -> str:
        """A new course's id."""
        course = f"course-{next(_numbers)}"
        self.histories[course] = (copied_from, *self.histories[copied_from]) if copied_from else ()
        return course

    def link(self, course: str, title: str = "Class blog", content_key: str | None = None) -> Link:
        """A link that somebody made in a course, by hand unless it carries a key of ours."""
        return Link(course, f"link-{next(_numbers)}", title, content_key, self.histories[course])

    def copy_of(self, link: Link, course: str) -> Link:
        """The same link in a copied course, or once more in its own."""
        return replace(link, course=course, key=f"link-{next(_numbers)}", course_history=self.histories[course])

    def arrival(self, link: Link, person: str, role: Role) -> Arrival:
        return Arrival(
            deployment_id=self.deployment_id, platform_id=self.platform_id, person_key=person, name=person,
            given_name=None, family_name=None, email=None, role=role, is_test=False, course_key=link.course,
            course_title=link.course, course_label="", roster_address=None, frame_origins="", return_url=None,
            wants=link.opened(),
        )  # fmt: skip

    def open(self, link: Link, person: str = STUDENT, role: Role | None = None, now: datetime = NOW) -> Welcome:
        usual = Role.TEACHER if person == TEACHER else Role.STUDENT
        with self.database.writing() as session:
            return welcome(session, self.arrival(link, person, role or usual), link.opened(), now)

    def write(self, link: Link, text: str) -> Visitor:
        visitor = self.open(link).visitor
        with self.database.writing() as session:
            add_post(session, visitor.blog_id, PostDraft(text, "", text, (), text, visitor.person_id), NOW)
        return visitor

    def settle(self, visitor: Visitor, use: CopyUse) -> None:
        with self.database.writing() as session:
            settle_copy(session, visitor, use, NOW)

    def lay_out(self, course: str, title: str = "Week 3", prompt: str = "Why?", maximum: str = "20") -> Link:
        """A link made in the LMS's dialogue."""
        course_id = self._course_id(course)
        with self.database.writing() as session:
            plan = plan_new(session, course_id, NewBlog(title, prompt, maximum), NOW)
        return self.link(course, title, plan.content_key)

    def take(self, course: str, blog_id: int, *, same: bool) -> Link:
        """A second link to a blog of the course, or a link to one like it."""
        course_id, how = self._course_id(course), plan_same if same else plan_like
        with self.database.writing() as session:
            plan = how(session, course_id, blog_id, NOW)
        return self.link(course, plan.title, plan.content_key)

    def blog(self, blog_id: int) -> Blog:
        with self.database.reading() as session:
            return session.get_one(Blog, blog_id)

    def home_of(self, blog_id: int) -> str:
        with self.database.reading() as session:
            return session.get_one(Blog, blog_id).course.lti_context_id

    def texts(self) -> list[tuple[str, str, int, str]]:
        """All that can be read here: the course and link it stands under, the blog, and the text."""
        wanted = (
            select(Course.lti_context_id, Placement.lti_resource_link_id, Placement.blog_id, Post.title)
            .join(Placement, Placement.course_id == Course.id)
            .join(Post, Post.blog_id == Placement.blog_id)
            .where(Course.deployment_id == self.deployment_id)
        )
        with self.database.reading() as session:
            return [(row[0], row[1], row[2], row[3]) for row in session.execute(wanted)]

    def placed(self) -> list[tuple[str, str, int]]:
        """Course, link and blog of every link that was opened."""
        wanted = select(Course.lti_context_id, Placement.lti_resource_link_id, Placement.blog_id)
        with self.database.reading() as session:
            rows = session.execute(
                wanted.join(Placement, Placement.course_id == Course.id).where(
                    Course.deployment_id == self.deployment_id
                )
            )
            return [(row[0], row[1], row[2]) for row in rows]

    def _course_id(self, course: str) -> int:
        """The course's row; a dialogue makes it if no launch has."""
        with self.database.writing() as session:
            found = session.scalar(
                select(Course).where(Course.deployment_id == self.deployment_id, Course.lti_context_id == course)
            )
            if found is None:
                found = Course(deployment_id=self.deployment_id, lti_context_id=course)
                session.add(found)
                session.flush()
            return found.id


def a_district(database: Database, platform_id: int | None = None) -> District:
    with database.writing() as session:
        platform_id = platform_id or a_platform(session)
        deployment = Deployment(platform_id=platform_id, lti_deployment_id=f"deployment-{next(_numbers)}")
        session.add(deployment)
        session.flush()
        return District(database, platform_id, deployment.id)
