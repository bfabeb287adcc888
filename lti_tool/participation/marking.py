"""Marks on comments, and the queue of those that wait for one.

With a `course_id` only the students of that course: courses can share a blog, but not the right to grade.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, Integer, Row, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from lti_tool.errors import NotFound, Rejected
from lti_tool.models import Comment, Mark, Membership, Person, Post, Role
from lti_tool.participation.activity import COMMENT_COUNTS, courses_of
from lti_tool.participation.rules.sheet import HIGHEST_MARK
from lti_tool.participation.scoring import rescore
from lti_tool.wording import say

_LONGEST_FEEDBACK = 2_000
_NOT_MARKABLE = (say("This comment cannot be marked: it is gone, or no student wrote it."), say("Take the next one."))
_A_STUDENT = or_(
    Membership.launched_role == Role.STUDENT,
    and_(Membership.launched_role.is_(None), Membership.roster_role == Role.STUDENT),
)
# Comments are found by author and post, from an index that holds all that is asked for.
_LIVE_IN_BLOG = (
    Comment.post_id.in_(select(Post.id).where(Post.blog_id == bindparam("blog_id"), Post.uncounted.is_(False))),
    *COMMENT_COUNTS,
)


def _students(blog_id: int | BindParameter[int], course_id: int | BindParameter[int | None] | None) -> Select[int]:
    """Whose comments are marked: each student once, though they be in several of the courses that share the blog."""
    return (
        select(Membership.person_id)
        .where(Membership.course_id.in_(courses_of(blog_id, course_id)), _A_STUDENT, Membership.is_test.is_(False))
        .distinct()
    )


_STUDENTS = _students(bindparam("blog_id"), bindparam("course_id", type_=Integer)).subquery()
_STUDENTS_COMMENTS = (
    select(Comment.id)
    .select_from(_STUDENTS)
    .join(Comment, Comment.author_id == _STUDENTS.c.person_id)
    .where(*_LIVE_IN_BLOG)
)
_COUNTED = _STUDENTS_COMMENTS.with_only_columns(func.count(), func.count().filter(Comment.is_marked))
_WAITING = _STUDENTS_COMMENTS.where(Comment.is_marked.is_(False))
_COMMENTS_OF_NOBODY = select(func.count()).select_from(Comment).where(Comment.author_id.is_(None), *_LIVE_IN_BLOG)


@dataclass(frozen=True)
class ToMark:
    """One student's comment at the desk; `answers_id` is the comment it answers, if any."""

    comment_id: int
    number: int
    person_id: int
    name: str
    html: str
    words: int
    written_at: datetime
    post_number: int
    post_id: int
    answers_id: int | None
    mark: int | None
    feedback: str


@dataclass(frozen=True)
class Progress:
    """How many students' comments are marked, how many wait, and how many nobody in the course has written."""

    marked: int
    to_mark: int
    unmatched: int


def set_mark(
    session: Session,
    blog_id: int,
    comment_id: int,
    grader_id: int,
    mark: int | None,
    feedback: str,
    now: datetime,
    course_id: int | None = None,
) -> None:
    """Mark a student's comment 0 to 3, or take the mark back with None, and score its author anew.

    Raises NotFound (not a student's comment in this blog, or deleted) and Rejected.
    """
    if mark is not None and not 0 <= mark <= HIGHEST_MARK:
        raise Rejected(say("A mark is 0 to %(most)s.", most=HIGHEST_MARK), say("Choose one of the marks shown."))
    # Locked, so that two graders at the same instant, or its author's deletion, come one after the other.
    one = _markable(blog_id, course_id).where(Comment.id == comment_id).with_for_update(of=Comment, key_share=True)
    comment = session.scalar(one)
    if comment is None or comment.author_id is None:
        raise NotFound(*_NOT_MARKABLE)
    row = session.get(Mark, comment_id)
    comment.is_marked = mark is not None
    if mark is None:
        if row is not None:
            session.delete(row)
    else:
        row = row or Mark(comment_id=comment_id)
        row.mark, row.feedback = mark, _checked_feedback(feedback)
        row.grader_id, row.marked_at = grader_id, now
        session.add(row)
    session.flush()
    rescore(session, blog_id, comment.author_id, now)


def _checked_feedback(feedback: str) -> str:
    text = feedback.strip()
    if len(text) > _LONGEST_FEEDBACK:
        raise Rejected(
            say(
                "The feedback has %(length)s characters; at most %(longest)s can be kept.",
                length=f"{len(text):,}",
                longest=f"{_LONGEST_FEEDBACK:,}",
            ),
            say("Shorten it, then mark again. Nothing was saved yet."),
            kept=text,
        )
    return text


def next_to_mark(session: Session, blog_id: int, after: int = 0, course_id: int | None = None) -> ToMark | None:
    """Return the first comment without a mark behind comment id `after`, else the first of all, or None."""
    unmarked = _to_mark(blog_id, course_id).where(Mark.comment_id.is_(None)).limit(1)
    following = session.execute(unmarked.where(Comment.id > after).order_by(Comment.id)).one_or_none()
    row = following or (session.execute(unmarked.order_by(Comment.id)).one_or_none() if after else None)
    return _view(row) if row else None


def comment_to_mark(session: Session, blog_id: int, comment_id: int, course_id: int | None = None) -> ToMark:
    """Return one student's comment, marked or not. Raises NotFound."""
    row = session.execute(_to_mark(blog_id, course_id).where(Comment.id == comment_id)).one_or_none()
    if row is None:
        raise NotFound(*_NOT_MARKABLE)
    return _view(row)


def comments_by(session: Session, blog_id: int, person_id: int) -> tuple[ToMark, ...]:
    """Return one student's comments in the order in which they were written."""
    rows = session.execute(_to_mark(blog_id, None).where(Comment.author_id == person_id).order_by(Comment.id))
    return tuple(_view(row) for row in rows)


def progress(session: Session, blog_id: int, course_id: int | None = None) -> Progress:
    total, marked = session.execute(_COUNTED, {"blog_id": blog_id, "course_id": course_id}).one()
    unmatched = session.scalar(_COMMENTS_OF_NOBODY, {"blog_id": blog_id})
    return Progress(marked, total - marked, unmatched or 0)


def waiting_for_mark(session: Session, blog_id: int, course_id: int | None = None, at_most: int = 100) -> int:
    """Return how many comments wait for a mark, counting no further than `at_most`: it stands above every page."""
    counted = select(func.count()).select_from(_WAITING.limit(at_most).subquery())
    return session.scalar(counted, {"blog_id": blog_id, "course_id": course_id}) or 0


def _markable(blog_id: int, course_id: int | None) -> Select[Comment]:
    return (
        select(Comment)
        .join(Post, Post.id == Comment.post_id)
        .where(
            Post.blog_id == blog_id,
            Post.uncounted.is_(False),
            *COMMENT_COUNTS,
            Comment.author_id.in_(_students(blog_id, course_id)),
        )
    )


def _to_mark(blog_id: int, course_id: int | None) -> Select[Comment, Person, int, Mark]:
    return (
        _markable(blog_id, course_id)
        .join(Person, Person.id == Comment.author_id)
        .outerjoin(Mark, Mark.comment_id == Comment.id)
        .with_only_columns(Comment, Person, Post.number, Mark)
    )


def _view(row: Row[Comment, Person, int, Mark]) -> ToMark:
    comment, person, post_number, mark = row
    return ToMark(
        comment_id=comment.id,
        number=comment.number,
        person_id=person.id,
        name=person.shown_name,
        html=comment.body_html,
        words=comment.words,
        written_at=comment.written_at,
        post_number=post_number,
        post_id=comment.post_id,
        answers_id=comment.answers_id,
        mark=mark.mark if mark else None,
        feedback=mark.feedback if mark else "",
    )
