"""How a comment and its author look to one person: frozen values for a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from lti_tool.blog import thread
from lti_tool.blog.read_ranges import holds
from lti_tool.blog.sight import Sight, pseudonym
from lti_tool.models import Comment, Membership, Person, Post, Role, shown_name
from lti_tool.wording import say

UNKNOWN, HIDDEN_NAME = say("Name unknown"), say("Name hidden")


@dataclass(frozen=True)
class Author:
    """Who wrote something, as others see it. `badge` is "" for a fellow student."""

    id: int | None
    name: str
    badge: str


@dataclass(frozen=True)
class CommentView:
    """One comment for a page. `answers` is the number it replies to, `answers_name` whose that was ("" if not told).

    `hidden_why` is None unless staff have hidden the comment; its text is then there for staff and its author alone.
    """

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
    hidden_why: str | None = None
    is_private: bool = False
    is_pinned: bool = False
    is_new: bool = False
    replies: tuple["CommentView", ...] = ()

    @property
    def depth(self) -> int:
        return thread.depth(self.path)


@dataclass(frozen=True)
class Look:
    """One person's look at one post's comments."""

    post: Post
    sight: Sight
    read: Sequence[Sequence[int]] | None = None

    def is_new(self, row: Row[Any]) -> bool:
        return (
            self.read is not None
            and row.author_id != self.sight.person_id
            and row.deleted_at is None
            and not holds(self.read, row.number)
        )

    def may_read(self, row: Row[Any]) -> bool:
        return row.hidden_at is None or self.sight.is_staff or row.author_id == self.sight.person_id


def view_of(row: Row[*tuple[Any, ...]], look: Look, replies: tuple[CommentView, ...] = ()) -> CommentView:
    sight = look.sight
    return CommentView(
        id=row.id,
        number=row.number,
        path=row.path,
        author=author(
            row.author_id, writer_name(row), row.launched_role or row.roster_role, look.post.author_id, sight
        ),
        html=row.body_html if look.may_read(row) else "",
        written_at=row.written_at,
        edited_at=row.edited_at,
        is_deleted=row.deleted_at is not None,
        live_replies=sum(1 + reply.live_replies for reply in replies) if sight.is_narrow else row.live_replies,
        answers=row.answers,
        answers_name=_answers_name(row, sight) if row.answers else "",
        hidden_why=None if row.hidden_at is None else row.hidden_why if look.may_read(row) else "",
        is_private=row.private_to_id is not None,
        is_pinned=row.pinned_at is not None,
        is_new=look.is_new(row),
        replies=replies,
    )


def _answers_name(row: Row[*tuple[Any, ...]], sight: Sight) -> str:
    if sight.names_hidden or sight.is_narrow or row.answers_deleted_at is not None:  # it may be none of theirs
        return ""
    if row.answers_person_id is not None:
        return shown_name(row.answers_person_id, row.answers_name, row.answers_given_name, row.answers_family_name)
    return row.answers_said or UNKNOWN


def writer_name(row: Row[*tuple[Any, ...]]) -> str | None:
    """Return the name of who wrote what a row is of: the person's, else what an imported page said."""
    if row.author_id is None:
        said: str | None = row.author_name
        return said
    return shown_name(row.author_id, row.name, row.given_name, row.family_name)


def author_of(
    row: Post | Comment, person: Person | None, place: Membership | None, post_author_id: int | None, sight: Sight
) -> Author:
    """Return how the writer of a post or comment is shown, read as whole rows."""
    name = person.shown_name if person else row.author_name
    return author(row.author_id, name, place.role if place else None, post_author_id, sight)


def author(
    person_id: int | None, name: str | None, role: Role | None, post_author_id: int | None, sight: Sight
) -> Author:
    """Return how an author is shown: staff and the post's own author carry a badge; a peer's name may be hidden."""
    if role is not None and role.is_staff:
        return Author(person_id, name or UNKNOWN, role.value)
    badge = "author" if person_id is not None and person_id == post_author_id else ""
    if sight.names_hidden and person_id != sight.person_id:
        return Author(person_id, pseudonym(sight.names_key, person_id) if person_id else HIDDEN_NAME, badge)
    return Author(person_id, name or UNKNOWN, badge)
