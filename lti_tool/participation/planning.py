"""Blogs that a teacher lays out before the LMS has made their links: new ones, or ones the course already has."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.blog.text import LONGEST_COMMENT, UNDER_A_TITLE, safe_html, without_secrets
from lti_tool.errors import NotFound, Rejected
from lti_tool.models import Blog, PlannedBlog
from lti_tool.participation.rules import DEFAULT_RULE, Activity, rule_from, stored
from lti_tool.participation.rules.sheet import two_decimals
from lti_tool.wording import say

LONGEST_TITLE = 255
LONGEST_PROMPT = LONGEST_COMMENT


@dataclass(frozen=True)
class LinkPlan:
    """What a new link will open. `maximum` is that of its gradebook column, None for a link without one."""

    content_key: str
    title: str
    prompt: str
    maximum: Decimal | None


@dataclass(frozen=True)
class NewBlog:
    """A blog as a teacher types it in; an empty `maximum` is a blog without a gradebook column."""

    title: str
    prompt: str
    maximum: str


@dataclass(frozen=True)
class CourseBlog:
    """A blog that the course has already."""

    id: int
    title: str
    maximum: Decimal


def blogs_of_course(session: Session, course_id: int) -> tuple[CourseBlog, ...]:
    """Return the blogs of a course, the newest first."""
    rows = session.scalars(select(Blog).where(Blog.course_id == course_id).order_by(Blog.id.desc()))
    return tuple(CourseBlog(row.id, row.title, _maximum(row.rule)) for row in rows)


def plan_new(session: Session, course_id: int, wanted: NewBlog, now: datetime) -> LinkPlan:
    """Lay out a new blog. Raises Rejected, naming what cannot be taken."""
    title = " ".join(wanted.title.split())
    if not title:
        raise Rejected(say("The blog has no title."), say("Give it one: students see it in the course."))
    if len(title) > LONGEST_TITLE:
        what = say("The title is longer than %(longest)s characters.", longest=LONGEST_TITLE)
        raise Rejected(what, say("Shorten it."))
    prompt = checked_prompt(wanted.prompt)
    rule, maximum = None, None
    if wanted.maximum.strip():
        try:
            scaled = DEFAULT_RULE.with_maximum(wanted.maximum)
        except ValueError as problem:
            advice = say("Or leave it empty for a blog without a gradebook column.")
            raise Rejected(problem.args[0], advice) from None
        rule, maximum = stored(scaled), _maximum(stored(scaled))
    return _plan(
        session, PlannedBlog(course_id=course_id, title=title, prompt=prompt, rule=rule, created_at=now), maximum
    )


def plan_like(session: Session, course_id: int, blog_id: int, now: datetime) -> LinkPlan:
    """Lay out another blog with the prompt and the rule of one of the course, and nothing that people wrote."""
    blog = _of_course(session, course_id, blog_id)
    plan = PlannedBlog(course_id=course_id, title=blog.title, prompt=blog.prompt, rule=blog.rule, created_at=now)
    return _plan(session, plan, _maximum(blog.rule))


def plan_same(session: Session, course_id: int, blog_id: int, now: datetime) -> LinkPlan:
    """Lay out a second link to a blog of the course: the same conversation, scored in the column it has."""
    blog = _of_course(session, course_id, blog_id)
    plan = PlannedBlog(course_id=course_id, title=blog.title, prompt=blog.prompt, same_as_id=blog.id, created_at=now)
    return _plan(session, plan, None)


def checked_prompt(text: str) -> str:
    """Return a prompt as it is kept. Raises Rejected, with the text, if it is too long."""
    prompt = without_secrets(text.replace("\r\n", "\n").strip())
    if len(prompt) > LONGEST_PROMPT:
        what = say("The prompt is longer than %(longest)s characters.", longest=f"{LONGEST_PROMPT:,}")
        raise Rejected(what, say("Shorten it."), kept=text)
    return prompt


def set_prompt(session: Session, blog_id: int, text: str) -> None:
    """Change what a blog asks of its writers. Raises Rejected."""
    blog = session.get_one(Blog, blog_id)
    blog.prompt = checked_prompt(text)
    blog.prompt_html = safe_html(blog.prompt, under=UNDER_A_TITLE)


def _plan(session: Session, plan: PlannedBlog, maximum: Decimal | None) -> LinkPlan:
    plan.content_key = secrets.token_urlsafe(16)
    plan.prompt_html = safe_html(plan.prompt, under=UNDER_A_TITLE)
    session.add(plan)
    return LinkPlan(plan.content_key, plan.title, plan.prompt, maximum)


def _of_course(session: Session, course_id: int, blog_id: int) -> Blog:
    blog = session.scalar(select(Blog).where(Blog.id == blog_id, Blog.course_id == course_id))
    if blog is None:
        raise NotFound(say("There is no such blog in this course."), say("Choose another."))
    return blog


def _maximum(rule: dict[str, object] | None) -> Decimal:
    return two_decimals(rule_from(rule).sheet(Activity(0, ())).maximum)
