"""What each student owes in a blog: a post, comments on others' posts, answers to the comments under their own.

Duties are apart from the score: the rule says what counts for points, this says what there is to do, and until when.
What was hidden, taken back, or brought in and not approved fulfils nothing and asks for nothing
(docs/decisions/0015-duties-and-digest.md).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from lti_tool.blog.sight import Sight, comments_seen, pseudonym
from lti_tool.models import Blog, BlogShape, Comment, Membership, Person, Post, role_of, shown_name
from lti_tool.participation.activity import Student, courses_of, students_of


@dataclass(frozen=True)
class WaitingComment:
    """A comment under one's own post that one has not answered; `name` is who wrote it, as the reader may see it."""

    post_number: int
    number: int
    person_id: int
    name: str
    written_at: datetime


@dataclass(frozen=True)
class Duty:
    """One thing owed: how much, how much is done, and by when. `is_late`: the day is past, and not all is done."""

    owed: int
    done: int
    due_at: datetime | None
    is_late: bool

    @property
    def left(self) -> int:
        return max(self.owed - self.done, 0)

    @property
    def is_done(self) -> bool:
        return self.left == 0


@dataclass(frozen=True)
class Duties:
    """What one person owes in a blog. What the blog does not ask for is None.

    `post_number` is their own first post; `written` counts their comments on others' posts; `waiting` are the comments
    that wait for their answer, the oldest first. `opens_at` is None once the blog is open.
    """

    opens_at: datetime | None
    post: Duty | None
    post_number: int | None
    comments: Duty | None
    written: int
    answers: Duty | None
    waiting: tuple[WaitingComment, ...]
    last_wrote_at: datetime | None

    @property
    def all(self) -> tuple[Duty, ...]:
        return tuple(duty for duty in (self.post, self.comments, self.answers) if duty is not None)

    @property
    def is_done(self) -> bool:
        return all(duty.is_done for duty in self.all)

    @property
    def is_late(self) -> bool:
        return any(duty.is_late for duty in self.all)

    @property
    def who_waits(self) -> tuple[str, ...]:
        """The names of those who wait for an answer, each once, who waits longest first."""
        return tuple(dict.fromkeys(comment.name for comment in self.waiting))


@dataclass(frozen=True)
class StudentDuties:
    """A student and what they owe, as a line of the teacher's list."""

    student: Student
    duties: Duties


@dataclass(frozen=True)
class _Asked:
    """What a blog asks of each of its students."""

    blog_id: int
    post: bool
    comments: int
    answers: bool
    names_hidden: bool
    names_key: str
    opens_at: datetime | None
    posts_due_at: datetime | None
    comments_due_at: datetime | None
    answers_due_at: datetime | None


@dataclass(frozen=True)
class _Received:
    """A comment by somebody else under a post, and whether the post's author has answered it."""

    post_number: int
    number: int
    author_id: int
    written_at: datetime
    is_answered: bool


@dataclass(frozen=True)
class _Done:
    """What one person has done: the number and time of their first post, comments on others' posts, the latest word."""

    post_number: int | None = None
    written: int = 0
    last_wrote_at: datetime | None = None


_ANSWER = aliased(Comment)
_STANDING_POST = and_(Post.withdrawn_at.is_(None), Post.hidden_at.is_(None), Post.uncounted.is_(False))
_ANSWERED = exists().where(
    _ANSWER.answers_id == Comment.id,
    _ANSWER.author_id == Post.author_id,
    _ANSWER.deleted_at.is_(None),
    _ANSWER.hidden_at.is_(None),
)


def duties_of(session: Session, blog_id: int, person_id: int, now: datetime, sight: Sight | None = None) -> Duties:
    """Return what one person owes in a blog, in four statements at most: it stands above every page."""
    asked = _asked(session, blog_id)
    done = _done(session, blog_id, Post.author_id == person_id, Comment.author_id == person_id).get(person_id, _Done())
    has_post = done.post_number is not None
    received = _received(session, asked, Post.author_id == person_id, sight)[person_id] if has_post else []
    names = _names(session, asked, {one.author_id for one in received if not one.is_answered})
    return _duties(asked, done, received, names, now)


def class_duties(
    session: Session, blog_id: int, now: datetime, course_id: int | None = None
) -> tuple[StudentDuties, ...]:
    """Return what every student of a blog (or of one of its courses) owes, by name, in a fixed number of statements.

    It is for staff: it names people whose names students do not see.
    """
    asked = replace(_asked(session, blog_id), names_hidden=False)
    done = _done(session, blog_id, Post.author_id.is_not(None), Comment.author_id.is_not(None))
    received = _received(session, asked, Post.author_id.is_not(None))
    names = _names(session, asked)
    return tuple(
        StudentDuties(student, _duties(asked, done.get(student.id, _Done()), received.get(student.id, []), names, now))
        for student in students_of(session, blog_id, course_id)
    )


def waiting_answers(session: Session, blog_id: int, sight: Sight | None = None) -> dict[int, int]:
    """Return for each post of a blog, by id, how many comments wait for its author's answer; those without any not."""
    asked = _asked(session, blog_id)
    waiting = (
        _seen(_under_others_eyes(asked, Post.author_id.is_not(None)), sight)
        .where(~_ANSWERED)
        .with_only_columns(Comment.post_id, func.count())
        .group_by(Comment.post_id)
    )
    return {row[0]: row[1] for row in session.execute(waiting, sight.parameters if sight else {})}


def _asked(session: Session, blog_id: int) -> _Asked:
    blog = session.execute(
        select(
            Blog.shape, Blog.owed_comments, Blog.answers_owed, Blog.names_hidden, Blog.names_key, Blog.opens_at,
            Blog.posts_due_at, Blog.comments_due_at, Blog.answers_due_at,
        ).where(Blog.id == blog_id)
    ).one()  # fmt: skip
    return _Asked(
        blog_id, blog.shape is BlogShape.CLASS, blog.owed_comments, blog.answers_owed, blog.names_hidden,
        blog.names_key, blog.opens_at, blog.posts_due_at, blog.comments_due_at, blog.answers_due_at,
    )  # fmt: skip


def _done(
    session: Session, blog_id: int, whose_posts: ColumnElement[bool], whose_comments: ColumnElement[bool]
) -> dict[int | None, _Done]:
    """What people have done. Comments under a post that was taken back since still count: that was not their doing."""
    posts = (
        select(Post.author_id, func.min(Post.number), func.max(Post.published_at))
        .where(Post.blog_id == blog_id, _STANDING_POST, whose_posts)
        .group_by(Post.author_id)
    )
    comments = (
        select(
            Comment.author_id,
            func.count().filter(or_(Post.author_id.is_(None), Post.author_id != Comment.author_id)),
            func.max(Comment.written_at),
        )
        .join(Post, Post.id == Comment.post_id)
        .where(Post.blog_id == blog_id, Post.uncounted.is_(False), _standing_comment(), whose_comments)
        .group_by(Comment.author_id)
    )
    found: dict[int | None, _Done] = {}
    for author_id, number, published_at in session.execute(posts):
        found[author_id] = _Done(number, 0, published_at)
    for author_id, written, written_at in session.execute(comments):
        post = found.get(author_id, _Done())
        found[author_id] = _Done(post.post_number, written, max(written_at, post.last_wrote_at or written_at))
    return found


def _received(
    session: Session, asked: _Asked, whose_posts: ColumnElement[bool], sight: Sight | None = None
) -> defaultdict[int, list[_Received]]:
    """The comments under people's own posts, by post's author, the oldest first."""
    rows = session.execute(
        _seen(_under_others_eyes(asked, whose_posts), sight)
        .with_only_columns(
            Post.author_id, Post.number, Comment.number, Comment.author_id, Comment.written_at, _ANSWERED
        )
        .order_by(Comment.written_at, Comment.id),
        sight.parameters if sight else {},
    )
    received: defaultdict[int, list[_Received]] = defaultdict(list)
    for owner_id, post_number, number, author_id, written_at, is_answered in rows:
        if owner_id is not None and author_id is not None:
            received[owner_id].append(_Received(post_number, number, author_id, written_at, is_answered))
    return received


def _under_others_eyes(asked: _Asked, whose_posts: ColumnElement[bool]) -> Select[int]:
    """The comments that ask a post's author for an answer: those of others who are here to read it, and in time."""
    comments = (
        select(Comment.id)
        .join(Post, Post.id == Comment.post_id)
        .where(Post.blog_id == asked.blog_id, _STANDING_POST, whose_posts)
        .where(Comment.author_id != Post.author_id, _standing_comment())
    )
    return comments if asked.answers_due_at is None else comments.where(Comment.written_at <= asked.answers_due_at)


def _seen(comments: Select[int], sight: Sight | None) -> Select[int]:
    return comments if sight is None else comments.where(comments_seen(sight.kind))


def _standing_comment() -> ColumnElement[bool]:
    return and_(Comment.deleted_at.is_(None), Comment.hidden_at.is_(None), Comment.private_to_id.is_(None))


def _names(session: Session, asked: _Asked, of: set[int] | None = None) -> Mapping[int, str]:
    """Names as students may see them; of everybody in the blog's courses, or of these people."""
    if of is not None and not of:
        return {}
    people = select(Person.id, Person.name, Person.given_name, Person.family_name)
    inside = select(Membership.person_id).where(Membership.course_id.in_(courses_of(asked.blog_id)))
    people = people.where(Person.id.in_(inside) if of is None else Person.id.in_(of))
    names = {row.id: shown_name(*row) for row in session.execute(people)}
    if not asked.names_hidden:
        return names
    places = select(Membership.person_id, Membership.launched_role, Membership.roster_role)
    places = places.where(Membership.course_id.in_(courses_of(asked.blog_id)), Membership.person_id.in_(names))
    staff = {person for person, launched, listed in session.execute(places) if role_of(launched, listed).is_staff}
    return {person: name if person in staff else pseudonym(asked.names_key, person) for person, name in names.items()}


def _duties(asked: _Asked, done: _Done, received: list[_Received], names: Mapping[int, str], now: datetime) -> Duties:
    waiting = tuple(
        WaitingComment(
            one.post_number, one.number, one.author_id, names.get(one.author_id, f"Participant {one.author_id}"),
            one.written_at,
        )
        for one in received
        if not one.is_answered
    )  # fmt: skip
    has_post = done.post_number is not None
    return Duties(
        opens_at=asked.opens_at if asked.opens_at is not None and now < asked.opens_at else None,
        post=_duty(1, int(has_post), asked.posts_due_at, now) if asked.post else None,
        post_number=done.post_number,
        comments=_duty(asked.comments, done.written, asked.comments_due_at, now) if asked.comments else None,
        written=done.written,
        answers=_duty(len(received), len(received) - len(waiting), asked.answers_due_at, now)
        if asked.answers
        else None,
        waiting=waiting,
        last_wrote_at=done.last_wrote_at,
    )


def _duty(owed: int, done: int, due_at: datetime | None, now: datetime) -> Duty:
    return Duty(owed, done, due_at, is_late=done < owed and due_at is not None and due_at < now)
