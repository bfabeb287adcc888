"""What an export holds, post by post from the database, with everybody's name as they are to be called in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session, aliased

from lti_tool.errors import NotFound
from lti_tool.models import Blog, Comment, Person, Post, shown_name
from lti_tool.wording import say

_PICTURE = re.compile(r'<img\b[^>]*?src="image:[^"]*"[^>]*>')
_SAID = re.compile(r'alt="([^"]*)"')


def without_pictures(html: str) -> str:
    """The same with each picture that was uploaded here as its description: a file cannot show it."""
    return _PICTURE.sub(lambda found: said[1] if (said := _SAID.search(found[0])) else "", html)


@dataclass(frozen=True)
class Wishes:
    """`pseudonyms`: nobody is named, and what not all may read is left out. `keys`: the LMS's own ids come along."""

    pseudonyms: bool = False
    keys: bool = False
    only_public: bool = False


@dataclass(frozen=True)
class Named:
    name: str
    key: str = ""


@dataclass(frozen=True)
class ExportedComment:
    """A comment; `parent` is the number of the one it answers. `path` is its place in the thread."""

    number: int
    parent: int | None
    path: str
    author: Named
    body: str
    plain: bool
    html: str
    written_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    pinned_at: datetime | None
    hidden_at: datetime | None
    hidden_why: str
    private_to: Named | None


@dataclass(frozen=True)
class ExportedPost:
    number: int
    once: str
    author: Named
    title: str
    subtitle: str
    body: str
    plain: bool
    html: str
    sources: tuple[str, ...]
    words: int
    published_at: datetime
    edited_at: datetime | None
    withdrawn_at: datetime | None
    pinned_at: datetime | None
    locked_at: datetime | None
    hidden_at: datetime | None
    hidden_why: str
    comments: tuple[ExportedComment, ...]


@dataclass(frozen=True)
class ExportedBlog:
    """The head of an export, and its posts, which are read as they are asked for."""

    title: str
    prompt: str
    prompt_html: str
    posts: Iterator[ExportedPost]


_answered, _parent, _private = aliased(Comment), aliased(Comment), aliased(Person)
_WRITER = (Person.id, Person.lti_sub, Person.name, Person.given_name, Person.family_name)
_FOR_ONE = (
    _private.id.label("to_id"), _private.lti_sub.label("to_sub"), _private.name.label("to_name"),
    _private.given_name.label("to_given"), _private.family_name.label("to_family"),
)  # fmt: skip


def blog_to_export(session: Session, blog_id: int, wishes: Wishes) -> ExportedBlog:
    """Return a blog for an export. Raises NotFound."""
    blog = session.get(Blog, blog_id)
    if blog is None:
        raise NotFound(say("There is no such blog."), say("Go back to the course page."))
    return ExportedBlog(blog.title, blog.prompt, blog.prompt_html, _posts(session, blog_id, wishes))


def _posts(session: Session, blog_id: int, wishes: Wishes) -> Iterator[ExportedPost]:
    names = _Names(wishes)
    ids = select(Post.id).where(Post.blog_id == blog_id).order_by(Post.number)
    if names.only_public:
        ids = ids.where(Post.hidden_at.is_(None), Post.withdrawn_at.is_(None))
    for post_id in session.scalars(ids).all():
        one = select(Post, *_WRITER).outerjoin(Person, Person.id == Post.author_id).where(Post.id == post_id)
        row = session.execute(one).one()
        yield _post(row, names, tuple(_comment(found, names) for found in session.execute(_comments(post_id, names))))
        session.expunge_all()


def _comments(post_id: int, names: "_Names") -> Select[Any]:
    query = (
        select(
            *Comment.__table__.c, *(column.label(f"who_{column.key}") for column in _WRITER), *_FOR_ONE,
            _answered.number.label("answered"), _parent.number.label("hangs_on"),
        )
        .outerjoin(Person, Person.id == Comment.author_id)
        .outerjoin(_private, _private.id == Comment.private_to_id)
        .outerjoin(_answered, _answered.id == Comment.answers_id)
        .outerjoin(_parent, _parent.id == Comment.parent_id)
        .where(Comment.post_id == post_id)
        .order_by(Comment.number)
    )  # fmt: skip
    if names.only_public:
        query = query.where(Comment.hidden_at.is_(None), Comment.private_to_id.is_(None))
    return query


def _post(row: Row[*tuple[Any, ...]], names: "_Names", comments: tuple[ExportedComment, ...]) -> ExportedPost:
    post: Post = row[0]
    return ExportedPost(
        number=post.number,
        once=post.once,
        author=names.of(row.id, row.lti_sub, (row.name, row.given_name, row.family_name), post.author_name),
        title=post.title,
        subtitle=post.subtitle,
        body=post.body,
        plain=post.plain,
        html=post.body_html,
        sources=tuple(post.sources),
        words=post.words,
        published_at=post.published_at,
        edited_at=post.edited_at,
        withdrawn_at=post.withdrawn_at,
        pinned_at=post.pinned_at,
        locked_at=post.locked_at,
        hidden_at=post.hidden_at,
        hidden_why=post.hidden_why,
        comments=comments,
    )


def _comment(row: Row[*tuple[Any, ...]], names: "_Names") -> ExportedComment:
    private = names.of(row.to_id, row.to_sub, (row.to_name, row.to_given, row.to_family), None) if row.to_id else None
    return ExportedComment(
        number=row.number,
        parent=row.answered or row.hangs_on,
        path=row.path,
        author=names.of(
            row.who_id, row.who_lti_sub, (row.who_name, row.who_given_name, row.who_family_name), row.author_name
        ),
        body=row.body,
        plain=row.plain,
        html=row.body_html,
        written_at=row.written_at,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        pinned_at=row.pinned_at,
        hidden_at=row.hidden_at,
        hidden_why=row.hidden_why,
        private_to=private,
    )


class _Names:
    """What everybody is called in one export: a pseudonym stays the same through all of it."""

    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes
        self._pseudonyms: dict[int | str, str] = {}
        self.only_public = wishes.only_public or wishes.pseudonyms

    def of(
        self,
        person_id: int | None,
        key: str | None,
        names: tuple[str | None, str | None, str | None],
        said: str | None,
    ) -> Named:
        if person_id is None and not said:
            return Named("")
        if self._wishes.pseudonyms:
            number = len(self._pseudonyms) + 1
            return Named(self._pseudonyms.setdefault(person_id or said or "", f"Writer {number}"))
        name = shown_name(person_id, *names) if person_id is not None else said or ""
        return Named(name, key or "" if self._wishes.keys else "")
