"""What a copied link is to be: a new term, the same conversation, or blank. The teacher chooses once.

Until then the link opens a blog with the prompt and the policy of the one it was copied from, so no student stands
before a closed door; what anybody has written in it meanwhile stays.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from lti_tool.errors import NotAllowed, Rejected
from lti_tool.identity.arrival import Visitor
from lti_tool.models import Blog, Correction, Course, GradebookScore, Membership, Placement, PlannedBlog, Post, Role
from lti_tool.wording import say


class CopyUse(Enum):
    """What a teacher can make of a copied link."""

    NEW_TERM = "new"
    SAME_CONVERSATION = "same"
    BLANK = "blank"


@dataclass(frozen=True)
class CopyQuestion:
    """What a teacher needs to know to choose. `may_share`: they teach in the old course too."""

    title: str
    origin_title: str
    origin_course: str
    is_same_course: bool
    prompt: str
    may_share: bool
    has_writing: bool


def copy_question(session: Session, visitor: Visitor) -> CopyQuestion | None:
    """Return the question that is open about this blog, or None if it is no copy or was settled."""
    blog = session.get_one(Blog, visitor.blog_id)
    if blog.copied_from_id is None or blog.copy_settled_at is not None:
        return None
    origin = session.get_one(Blog, blog.copied_from_id)
    return CopyQuestion(
        title=blog.title,
        origin_title=origin.title,
        origin_course=origin.course.title or origin.course.label,
        is_same_course=origin.course_id == blog.course_id,
        prompt=blog.prompt,
        may_share=_teaches(session, visitor.person_id, origin.course),
        has_writing=_has_writing(session, blog.id),
    )


def settle_copy(session: Session, visitor: Visitor, use: CopyUse, now: datetime) -> None:
    """Make of a copied link what the teacher chose. Raises NotAllowed and Rejected; a choice is made once."""
    if visitor.role is not Role.TEACHER:
        raise NotAllowed(say("Only a teacher of this course can decide that."), say("Ask the teacher."))
    blog = session.get(Blog, visitor.blog_id, with_for_update=True)
    question = copy_question(session, visitor) if blog is not None else None
    if blog is None or question is None:
        raise Rejected(say("This was decided already."), say("Open the blog."))
    if use is not CopyUse.NEW_TERM and question.has_writing:
        raise Rejected(
            say("Somebody has written here already, so it stays as a new term."), say("Go on with the new term.")
        )
    if use is CopyUse.SAME_CONVERSATION:
        if not question.may_share:
            raise NotAllowed(
                say("Only who teaches in the old course too can open its conversation here."), say("Choose another.")
            )
        _share(session, blog, now)
    else:
        if use is CopyUse.BLANK:
            blog.prompt, blog.prompt_html, blog.rule = "", "", None
        blog.copy_settled_at = now


def _share(session: Session, blog: Blog, now: datetime) -> None:
    """Lead the links of an empty copy to the blog it was copied from, and take the copy away.

    If that one is a copy itself, it is settled by this: nobody may lead the people of two courses on to a third.
    """
    undecided = update(Blog).where(Blog.id == blog.copied_from_id, Blog.copied_from_id.is_not(None))
    session.execute(undecided.where(Blog.copy_settled_at.is_(None)).values(copy_settled_at=now))
    session.execute(update(Placement).where(Placement.blog_id == blog.id).values(blog_id=blog.copied_from_id))
    session.execute(update(Blog).where(Blog.copied_from_id == blog.id).values(copied_from_id=blog.copied_from_id))
    session.execute(update(PlannedBlog).where(PlannedBlog.same_as_id == blog.id).values(same_as_id=blog.copied_from_id))
    for kind in (GradebookScore, Correction):
        session.execute(delete(kind).where(kind.blog_id == blog.id))
    session.delete(blog)


def _teaches(session: Session, person_id: int, course: Course) -> bool:
    place = session.scalar(
        select(Membership).where(Membership.course_id == course.id, Membership.person_id == person_id)
    )
    return place is not None and place.role is Role.TEACHER and place.left_at is None


def _has_writing(session: Session, blog_id: int) -> bool:
    return bool(session.scalar(select(exists().where(Post.blog_id == blog_id))))
