"""How a class uses its blog: who writes, who sees whom, what each student owes, and by when."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy.orm import Session

from lti_tool.blog.comments import require_writer
from lti_tool.errors import NotAllowed, Rejected
from lti_tool.models import Blog, BlogShape, Role
from lti_tool.wording import say, say_count

MOST_OWED = 50
_IN_ORDER = ("opens_at", "posts_due_at", "comments_due_at", "answers_due_at")
_OUT_OF_ORDER = {
    ("opens_at", "posts_due_at"): say("Posts are due before the blog opens."),
    ("opens_at", "comments_due_at"): say("Comments are due before the blog opens."),
    ("opens_at", "answers_due_at"): say("Answers are due before the blog opens."),
    ("posts_due_at", "comments_due_at"): say("Comments are due before posts are due."),
    ("posts_due_at", "answers_due_at"): say("Answers are due before posts are due."),
    ("comments_due_at", "answers_due_at"): say("Answers are due before comments are due."),
}


@dataclass(frozen=True)
class ClassSettings:
    """A teacher's choices for a blog; a time is None where there is none."""

    shape: BlogShape
    write_first: bool
    names_hidden: bool
    groups_apart: bool
    owed_comments: int
    answers_owed: bool
    opens_at: datetime | None
    posts_due_at: datetime | None
    comments_due_at: datetime | None
    answers_due_at: datetime | None


def settings_of(blog: Blog) -> ClassSettings:
    return ClassSettings(**{name: getattr(blog, name) for name in ClassSettings.__dataclass_fields__})


def change_settings(session: Session, blog_id: int, wanted: ClassSettings) -> None:
    """Keep a teacher's choices. Raises Rejected (dates out of order, too much owed)."""
    if not 0 <= wanted.owed_comments <= MOST_OWED:
        raise Rejected(
            say_count(
                "Each student can owe 0 to %(count)s comment.",
                "Each student can owe 0 to %(count)s comments.",
                MOST_OWED,
            ),
            say("Choose a number between them."),
        )
    told = [(name, moment) for name in _IN_ORDER if (moment := getattr(wanted, name)) is not None]
    for (earlier, first), (later, second) in pairwise(told):
        if first > second:
            raise Rejected(_OUT_OF_ORDER[earlier, later], say("Change one of the two dates."))
    blog = session.get_one(Blog, blog_id)
    for name in ClassSettings.__dataclass_fields__:
        setattr(blog, name, getattr(wanted, name))


def may_post(blog: Blog, role: Role) -> bool:
    """Whether somebody in this role writes posts here."""
    return role.is_staff or (role is Role.STUDENT and blog.shape is BlogShape.CLASS)


def require_post_writer(blog: Blog, role: Role) -> None:
    """Raise NotAllowed for those who do not write posts in this blog."""
    require_writer(role)
    if not may_post(blog, role):
        raise NotAllowed(
            say("In this blog the teacher writes the posts, and the class discusses them."), say("Write a comment.")
        )


def require_open(blog: Blog, role: Role, now: datetime) -> None:
    """Raise Rejected for students before the blog opens."""
    if blog.opens_at is not None and now < blog.opens_at and not role.is_staff:
        raise Rejected(
            say("This blog has not opened yet."), say("Come back once it has; its page says when. Keep your text.")
        )
