"""A thread as it is read: one page of frozen values, at a cost that does not grow with the thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from lti_tool.blog import thread
from lti_tool.blog.sight import Kind, Sight, comments_seen
from lti_tool.blog.thread import HIGHEST_NUMBER
from lti_tool.blog.views import CommentView, Look, view_of
from lti_tool.models import Comment, Membership, Person, Post

PAGE_SIZE = 50
BEYOND_ALL_PATHS = "9" * (thread.SEGMENT_WIDTH + 1)


class Order(Enum):
    """How a thread is laid out: branches with the oldest or the newest first, or one comment after the other."""

    THREAD = "thread"
    NEWEST = "newest"
    FLAT = "flat"
    FLAT_NEWEST = "flat-newest"

    @property
    def is_flat(self) -> bool:
        return self in (Order.FLAT, Order.FLAT_NEWEST)


@dataclass(frozen=True)
class ThreadPage:
    """A page of a thread: the comments nested as far as they stand on it, and the cursors of its neighbours.

    `earlier` and `later` are None where there is nothing; "" is the cursor of the first page. `cut`: with the newest
    first, a branch too long for a page goes on from there, in the order of the thread.
    """

    comments: tuple[CommentView, ...]
    earlier: str | None
    later: str | None
    cut: str | None = None

    def numbers(self) -> list[int]:
        """The numbers of all comments on the page."""
        found, waiting = [], list(self.comments)
        while waiting:
            comment = waiting.pop()
            found.append(comment.number)
            waiting.extend(comment.replies)
        return found


_answered, _answered_person = aliased(Comment), aliased(Person)
_VISIBLE = or_(Comment.deleted_at.is_(None), Comment.live_replies > 0)
# Built once, and of columns, not whole objects: making both anew was most of a page's cost (benchmarks/README.md).
_COMMENTS = (
    select(
        Comment.id, Comment.number, Comment.path, Comment.body_html, Comment.live_replies,
        Comment.written_at, Comment.edited_at, Comment.deleted_at, Comment.author_id, Comment.author_name,
        Comment.hidden_at, Comment.hidden_why, Comment.private_to_id, Comment.pinned_at,
        Person.name, Person.given_name, Person.family_name, Membership.launched_role, Membership.roster_role,
        _answered.number.label("answers"), _answered.author_name.label("answers_said"),
        _answered.deleted_at.label("answers_deleted_at"),
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


@cache
def _one(kind: Kind) -> Select[*tuple[Any, ...]]:
    return _COMMENTS.where(comments_seen(kind), Comment.number == bindparam("number"))


@cache
def _pinned(kind: Kind) -> Select[*tuple[Any, ...]]:
    # Not in order: SQLite would rather read a whole thread in order than find the few that are pinned.
    return _COMMENTS.where(comments_seen(kind), Comment.pinned_at.is_not(None))


@cache
def _page(kind: Kind, order: Order) -> Select[*tuple[Any, ...]]:
    """The statement for a page in one order. Newest branches first is the page between two paths, turned round."""
    seen = _COMMENTS.where(comments_seen(kind)).limit(bindparam("count"))
    if order is Order.THREAD:
        return seen.where(Comment.path > bindparam("after")).order_by(Comment.path)
    if order is Order.NEWEST:
        return seen.where(Comment.path >= bindparam("first"), Comment.path < bindparam("before")).order_by(Comment.path)
    if order is Order.FLAT:
        return seen.where(Comment.number > bindparam("after")).order_by(Comment.number)
    return seen.where(Comment.number < bindparam("before")).order_by(Comment.number.desc())


def thread_page(
    session: Session,
    post: Post,
    sight: Sight,
    after: str = "",
    size: int = PAGE_SIZE,
    order: Order = Order.THREAD,
    read: Sequence[Sequence[int]] | None = None,
) -> ThreadPage:
    """Return up to `size` comments from the cursor `after` on, as one person may see them.

    `read`: the ranges of numbers this person has read; what others wrote beyond them is marked as new (None: nothing).
    """
    look = Look(post, sight, read)
    if order is Order.NEWEST:
        return _newest_branches(session, look, after, size)
    if order.is_flat:
        return _flat_page(session, look, after, size, order)
    place = {"post_id": post.id, "after": after, "count": size + 1, **sight.parameters}
    rows = session.execute(_page(sight.kind, order), place).all()
    later = rows[size - 1].path if len(rows) > size else None
    return ThreadPage(_nested(rows[:size], look), _earlier(session, post.id, after, size), later)


def page_holding(session: Session, post_id: int, number: int, size: int = PAGE_SIZE) -> str:
    """Return a cursor whose page shows comment `number`: the first page, or one that begins half a page before it."""
    path = session.scalar(select(Comment.path).where(Comment.post_id == post_id, Comment.number == number))
    if path is None or _paths_back(session, post_id, path, size - 1) is None:
        return ""
    return _paths_back(session, post_id, path, size // 2) or ""


def comment_view(session: Session, post: Post, sight: Sight, number: int) -> CommentView | None:
    """Return one comment by its number, deleted ones too while they keep a place, or None."""
    place = {"post_id": post.id, "number": number, **sight.parameters}
    row = session.execute(_one(sight.kind), place).one_or_none()
    return view_of(row, Look(post, sight)) if row else None


def pinned_comments(session: Session, post: Post, sight: Sight) -> tuple[CommentView, ...]:
    """Return the comments under a post that staff have pinned, in the order of the thread."""
    place = {"post_id": post.id, **sight.parameters}
    rows = session.execute(_pinned(sight.kind), place).all()
    return tuple(view_of(row, Look(post, sight)) for row in sorted(rows, key=lambda row: row.path))


def keep_order(session: Session, sight: Sight, order: Order) -> None:
    """Note how a person has chosen to read the threads of their course."""
    own = (Membership.course_id == sight.course_id, Membership.person_id == sight.person_id)
    session.execute(update(Membership).where(*own).values(thread_order=order.value))


def path_of(session: Session, post_id: int, number: int) -> str:
    """Return where in the thread a comment stands, "" for one that is not there."""
    path = select(Comment.path).where(Comment.post_id == post_id, Comment.number == number)
    return session.scalar(path) or ""


def comments_shown(session: Session, post: Post, sight: Sight) -> int:
    """Return how many comments under a post this person may read; for most the count that is kept."""
    if not sight.is_narrow:
        return post.live_comments
    seen = select(func.count()).where(
        Comment.post_id == post.id, Comment.deleted_at.is_(None), Comment.hidden_at.is_(None), comments_seen(sight.kind)
    )
    return session.scalar(seen, sight.parameters) or 0


def _flat_page(session: Session, look: Look, after: str, size: int, order: Order) -> ThreadPage:
    newest_first = order is Order.FLAT_NEWEST
    start = int(after) if after.isdecimal() and len(after) < 10 else HIGHEST_NUMBER + 1 if newest_first else 0
    place = {"post_id": look.post.id, "after": start, "before": start, "count": size + 1, **look.sight.parameters}
    rows = session.execute(_page(look.sight.kind, order), place).all()
    later = str(rows[size - 1].number) if len(rows) > size else None
    return ThreadPage(tuple(view_of(row, look) for row in rows[:size]), "" if after else None, later)


def _newest_branches(session: Session, look: Look, before: str, size: int) -> ThreadPage:
    """Whole branches, the newest first, until a page is full; of one that fills a page alone, its beginning."""
    end = before if before.isdecimal() else BEYOND_ALL_PATHS
    roots = session.execute(_NEWEST_ROOTS, {"post_id": look.post.id, "before": end, "count": size + 1}).all()
    taken, held = 0, 0
    while taken < min(len(roots), size) and (taken == 0 or held + 1 + roots[taken].live_replies <= size):
        held += 1 + roots[taken].live_replies
        taken += 1
    if not taken:
        return ThreadPage((), "" if before else None, None)
    # Behind the oldest root there may be answers whose deleted root has no place of its own.
    first, alone = roots[taken - 1].path if len(roots) > taken else "", held > size
    # Counts leave out the places of deleted comments; they show all the same.
    place = {"post_id": look.post.id, "first": first, "before": end, "count": size if alone else 4 * size}
    rows = session.execute(_page(look.sight.kind, Order.NEWEST), place | look.sight.parameters).all()
    branches = tuple(reversed(_nested(rows, look)))
    later = first if len(roots) > taken else None
    return ThreadPage(branches, "" if before else None, later, rows[-1].path if alone and rows else None)


_NEWEST_ROOTS = (
    select(Comment.path, Comment.live_replies)
    .where(
        Comment.post_id == bindparam("post_id"),
        Comment.parent_id.is_(None),
        Comment.path < bindparam("before"),
        _VISIBLE,
    )
    .order_by(Comment.path.desc())
    .limit(bindparam("count"))
)


def _nested(rows: Sequence[Row[*tuple[Any, ...]]], look: Look) -> tuple[CommentView, ...]:
    """Hang each comment under its parent where that stands on the same page; else it begins a line of its own."""
    children: dict[str, list[CommentView]] = {}
    roots: list[CommentView] = []
    on_page = {row.path for row in rows}
    for row in reversed(rows):  # last first, so that every comment is whole before its parent takes it
        whole = view_of(row, look, tuple(reversed(children.pop(row.path, []))))
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
