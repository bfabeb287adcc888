"""A thread as it is read: one page of frozen values, at a cost that does not grow with the thread."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import Session, aliased

from lti_tool.blog import thread
from lti_tool.models import Comment, Membership, Person, Post

PAGE_SIZE = 50


@dataclass(frozen=True)
class Author:
    """Who wrote something, as others see it. `badge` is "" for a fellow student."""

    id: int | None
    name: str
    badge: str


@dataclass(frozen=True)
class CommentView:
    """One comment for a page. `answers` is the number it replies to, `answers_name` whose that was."""

    id: int
    number: int
    path: str
    author: Author
    html: str
    body: str
    written_at: datetime
    edited_at: datetime | None
    is_deleted: bool
    live_replies: int
    answers: int | None
    answers_name: str
    replies: tuple["CommentView", ...] = ()

    @property
    def depth(self) -> int:
        return thread.depth(self.path)


@dataclass(frozen=True)
class ThreadPage:
    """A page of a thread: the comments nested as far as they stand on it, and the cursors of its neighbours.

    `earlier` and `later` are None where there is nothing; "" is the cursor of the first page.
    """

    comments: tuple[CommentView, ...]
    earlier: str | None
    later: str | None


def thread_page(
    session: Session, post: Post, blog_course_id: int, after: str = "", size: int = PAGE_SIZE
) -> ThreadPage:
    """Return up to `size` comments in reading order after the path `after`."""
    rows = session.execute(
        _visible_comments(post.id, blog_course_id).where(Comment.path > after).order_by(Comment.path).limit(size + 1)
    ).all()
    views = [_view(row, post) for row in rows[:size]]
    later = views[-1].path if len(rows) > size else None
    return ThreadPage(_nested(views), _earlier(session, post.id, after, size), later)


def page_holding(session: Session, post_id: int, number: int, size: int = PAGE_SIZE) -> str:
    """Return a cursor whose page shows comment `number`: the first page, or one that begins half a page before it."""
    path = session.scalar(select(Comment.path).where(Comment.post_id == post_id, Comment.number == number))
    if path is None or _paths_back(session, post_id, path, size - 1) is None:
        return ""
    return _paths_back(session, post_id, path, size // 2) or ""


def comment_view(session: Session, post: Post, blog_course_id: int, number: int) -> CommentView | None:
    """Return one comment by its number, deleted ones too while they keep a place, or None."""
    row = session.execute(_visible_comments(post.id, blog_course_id).where(Comment.number == number)).one_or_none()
    return _view(row, post) if row else None


def _visible_comments(post_id: int, course_id: int) -> Select[Comment, Person, Membership, int, str | None, Person]:
    answered, answered_person = aliased(Comment), aliased(Person)
    return (
        select(Comment, Person, Membership, answered.number, answered.author_name, answered_person)
        .outerjoin(Person, Person.id == Comment.author_id)
        .outerjoin(Membership, (Membership.person_id == Person.id) & (Membership.course_id == course_id))
        .outerjoin(answered, answered.id == Comment.answers_id)
        .outerjoin(answered_person, answered_person.id == answered.author_id)
        .where(Comment.post_id == post_id, or_(Comment.deleted_at.is_(None), Comment.live_replies > 0))
    )


def _view(row: Row[Comment, Person, Membership, int, str | None, Person], post: Post) -> CommentView:
    comment, person, membership, answers, answers_said, answers_person = row
    return CommentView(
        id=comment.id,
        number=comment.number,
        path=comment.path,
        author=author(person, comment.author_name, membership, post.author_id),
        html=comment.body_html,
        body=comment.body,
        written_at=comment.written_at,
        edited_at=comment.edited_at,
        is_deleted=comment.deleted_at is not None,
        live_replies=comment.live_replies,
        answers=answers,
        answers_name=_name(answers_person, answers_said) if answers else "",
    )


def author(
    person: Person | None, said_name: str | None, membership: Membership | None, post_author_id: int | None = None
) -> Author:
    """Return how an author is shown: staff and the post's own author carry a badge."""
    badge = ""
    if membership is not None and membership.role.is_staff:
        badge = membership.role.value
    elif person is not None and person.id == post_author_id:
        badge = "author"
    return Author(person.id if person else None, _name(person, said_name), badge)


def _name(person: Person | None, said_name: str | None) -> str:
    return person.shown_name if person else said_name or "Name unknown"


def _nested(views: list[CommentView]) -> tuple[CommentView, ...]:
    """Hang each comment under its parent where that stands on the same page; else it begins a line of its own."""
    children: dict[str, list[CommentView]] = {}
    roots: list[CommentView] = []
    on_page = {view.path for view in views}
    for view in reversed(views):  # last first, so that every comment is whole before its parent takes it
        whole = replace(view, replies=tuple(reversed(children.pop(view.path, []))))
        parent = view.path[: -thread.SEGMENT_WIDTH]
        (children.setdefault(parent, []) if parent in on_page else roots).append(whole)
    return tuple(reversed(roots))


def _earlier(session: Session, post_id: int, after: str, size: int) -> str | None:
    """The cursor of the page before: None on the first page, "" if that page is the first."""
    if not after:
        return None
    return _paths_back(session, post_id, after, size, inclusive=True) or ""


def _paths_back(session: Session, post_id: int, path: str, count: int, *, inclusive: bool = False) -> str | None:
    before = Comment.path <= path if inclusive else Comment.path < path
    return session.scalar(
        select(Comment.path)
        .where(Comment.post_id == post_id, before, or_(Comment.deleted_at.is_(None), Comment.live_replies > 0))
        .order_by(Comment.path.desc())
        .offset(count)
        .limit(1)
    )
