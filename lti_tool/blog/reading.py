"""A thread as it is read: one page of frozen values, at a cost that does not grow with the thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from lti_tool.blog import thread
from lti_tool.models import Comment, Membership, Person, Post, Role, shown_name

PAGE_SIZE = 50
UNKNOWN = "Name unknown"


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


_answered, _answered_person = aliased(Comment), aliased(Person)
_VISIBLE = or_(Comment.deleted_at.is_(None), Comment.live_replies > 0)
# Built once, and of columns, not whole objects: making both anew was most of a page's cost (benchmarks/README.md).
_COMMENTS = (
    select(
        Comment.id, Comment.number, Comment.path, Comment.body_html, Comment.live_replies,
        Comment.written_at, Comment.edited_at, Comment.deleted_at, Comment.author_id, Comment.author_name,
        Person.name, Person.given_name, Person.family_name, Membership.launched_role, Membership.roster_role,
        _answered.number.label("answers"), _answered.author_name.label("answers_said"),
        _answered_person.id.label("answers_person_id"), _answered_person.name.label("answers_name"),
        _answered_person.given_name.label("answers_given_name"),
        _answered_person.family_name.label("answers_family_name"),
    )
    .outerjoin(Person, Person.id == Comment.author_id)
    .outerjoin(Membership, (Membership.person_id == Person.id) & (Membership.course_id == bindparam("course_id")))
    .outerjoin(_answered, _answered.id == Comment.answers_id)
    .outerjoin(_answered_person, _answered_person.id == _answered.author_id)
    .where(Comment.post_id == bindparam("post_id"), _VISIBLE)
)  # fmt: skip
_PAGE = _COMMENTS.where(Comment.path > bindparam("after")).order_by(Comment.path).limit(bindparam("count"))
_ONE = _COMMENTS.where(Comment.number == bindparam("number"))


def thread_page(
    session: Session, post: Post, blog_course_id: int, after: str = "", size: int = PAGE_SIZE
) -> ThreadPage:
    """Return up to `size` comments in reading order after the path `after`."""
    place = {"post_id": post.id, "course_id": blog_course_id, "after": after, "count": size + 1}
    rows = session.execute(_PAGE, place).all()
    later = rows[size - 1].path if len(rows) > size else None
    return ThreadPage(_nested(rows[:size], post), _earlier(session, post.id, after, size), later)


def page_holding(session: Session, post_id: int, number: int, size: int = PAGE_SIZE) -> str:
    """Return a cursor whose page shows comment `number`: the first page, or one that begins half a page before it."""
    path = session.scalar(select(Comment.path).where(Comment.post_id == post_id, Comment.number == number))
    if path is None or _paths_back(session, post_id, path, size - 1) is None:
        return ""
    return _paths_back(session, post_id, path, size // 2) or ""


def comment_view(session: Session, post: Post, blog_course_id: int, number: int) -> CommentView | None:
    """Return one comment by its number, deleted ones too while they keep a place, or None."""
    place = {"post_id": post.id, "course_id": blog_course_id, "number": number}
    row = session.execute(_ONE, place).one_or_none()
    return _view(row, post) if row else None


def _view(row: Row[*tuple[Any, ...]], post: Post, replies: tuple[CommentView, ...] = ()) -> CommentView:
    name = row.author_name
    if row.author_id is not None:
        name = shown_name(row.author_id, row.name, row.given_name, row.family_name)
    answers_name = row.answers_said
    if row.answers_person_id is not None:
        answers_name = shown_name(
            row.answers_person_id, row.answers_name, row.answers_given_name, row.answers_family_name
        )
    return CommentView(
        id=row.id,
        number=row.number,
        path=row.path,
        author=author(row.author_id, name, row.launched_role or row.roster_role, post.author_id),
        html=row.body_html,
        written_at=row.written_at,
        edited_at=row.edited_at,
        is_deleted=row.deleted_at is not None,
        live_replies=row.live_replies,
        answers=row.answers,
        answers_name=answers_name or UNKNOWN if row.answers else "",
        replies=replies,
    )


def author(person_id: int | None, name: str | None, role: Role | None, post_author_id: int | None = None) -> Author:
    """Return how an author is shown: staff and the post's own author carry a badge."""
    badge = ""
    if role is not None and role.is_staff:
        badge = role.value
    elif person_id is not None and person_id == post_author_id:
        badge = "author"
    return Author(person_id, name or UNKNOWN, badge)


def _nested(rows: Sequence[Row[*tuple[Any, ...]]], post: Post) -> tuple[CommentView, ...]:
    """Hang each comment under its parent where that stands on the same page; else it begins a line of its own."""
    children: dict[str, list[CommentView]] = {}
    roots: list[CommentView] = []
    on_page = {row.path for row in rows}
    for row in reversed(rows):  # last first, so that every comment is whole before its parent takes it
        whole = _view(row, post, tuple(reversed(children.pop(row.path, []))))
        parent = row.path[: -thread.SEGMENT_WIDTH]
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
        .where(Comment.post_id == post_id, before, _VISIBLE)
        .order_by(Comment.path.desc())
        .offset(count)
        .limit(1)
    )
