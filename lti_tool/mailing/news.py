"""What a digest tells one person: in each of their blogs what is new for them, and what they owe.

A mail goes only when something has happened since the last one: somebody wrote under one's post, answered one or named
one, or a day is near or past by which something is owed. Nobody is told the same thing every day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from lti_tool.blog.sight import Sight, comments_seen, posts_seen, sight_of
from lti_tool.models import Blog, Comment, Course, Membership, Mention, Placement, Post, Role
from lti_tool.participation.duties import Duties, duties_of

LOOKS_BACK = timedelta(days=7)
FIRST_LOOKS_BACK = timedelta(days=1)
TELLS_BEFORE = timedelta(days=2)  # so long before a day by which something is owed


@dataclass(frozen=True)
class BlogNews:
    """What is new in one blog for one person. `duties` is None for those who owe nothing, as staff.

    `comments`: new ones by others under one's posts, or in answer to one's own. `mentions`: new comments that name one.
    """

    course: str
    blog: str
    comments: int
    mentions: int
    duties: Duties | None


def news_for(session: Session, person_id: int, now: datetime) -> tuple[BlogNews, ...]:
    """Return what is new for a person in the blogs of those courses that they want to hear of; often nothing."""
    found = []
    told: set[int] = set()
    for place in _places(session, person_id):
        since = max(place.digest_sent_at or now - FIRST_LOOKS_BACK, now - LOOKS_BACK)
        for blog_id, title, course in session.execute(_blogs(place.course_id, now)).all():
            if blog_id in told:
                continue  # two courses may share a blog
            told.add(blog_id)
            sees = sight_of(session, blog_id, place.course_id, person_id, place.role)
            duties = duties_of(session, blog_id, person_id, now, sees) if place.role is Role.STUDENT else None
            mine = (Post.blog_id == blog_id, Comment.written_at > since, Comment.written_at <= now)
            comments = _count(session, sees, _for_me(person_id), *mine)
            named = exists().where(Mention.comment_id == Comment.id, Mention.person_id == person_id)
            mentions = _count(session, sees, named, *mine)
            if comments or mentions or (duties is not None and _has_come(duties, since, now)):
                found.append(BlogNews(course, title, comments, mentions, duties))
    return tuple(found)


def _places(session: Session, person_id: int) -> Sequence[Membership]:
    wanted = select(Membership).where(
        Membership.person_id == person_id,
        Membership.wants_digest.is_(True),
        Membership.left_at.is_(None),
        Membership.is_test.is_(False),
    )
    return session.scalars(wanted.order_by(Membership.course_id)).all()


def _blogs(course_id: int, now: datetime) -> Select[int, str, str]:
    links = select(Placement.blog_id).where(Placement.course_id == course_id)
    is_open = or_(Blog.opens_at.is_(None), Blog.opens_at <= now)
    return (
        select(Blog.id, Blog.title, Course.title)
        .join(Course, Course.id == course_id)
        .where(Blog.id.in_(links), is_open)
        .order_by(Blog.id)
    )


def _for_me(person_id: int) -> ColumnElement[bool]:
    """Under one's own post, or in answer to one's own comment."""
    answered = aliased(Comment)
    return or_(
        Post.author_id == person_id,
        exists().where(answered.id == Comment.answers_id, answered.author_id == person_id),
    )


def _count(session: Session, sight: Sight, *wanted: ColumnElement[bool]) -> int:
    """Count comments by others that this person may read."""
    standing = and_(
        Post.withdrawn_at.is_(None),
        Post.hidden_at.is_(None),
        Post.uncounted.is_(False),
        Comment.deleted_at.is_(None),
        Comment.hidden_at.is_(None),
        posts_seen(sight.kind),
        comments_seen(sight.kind),
        or_(Comment.author_id.is_(None), Comment.author_id != sight.person_id),
    )
    counted = select(func.count()).select_from(Comment).join(Post, Post.id == Comment.post_id)
    return session.scalar(counted.where(standing, *wanted), sight.parameters) or 0


def _has_come(duties: Duties, since: datetime, now: datetime) -> bool:
    """Whether a day by which something is still owed came near, or went by, since the last mail."""
    days = [duty.due_at for duty in duties.all if not duty.is_done and duty.due_at is not None]
    return any(since < day <= now or since < day - TELLS_BEFORE <= now for day in days)
