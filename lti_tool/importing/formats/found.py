"""What a format finds in a file: plain values, each guess with the reason a teacher can check it by."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import BinaryIO, Protocol

from lti_tool.errors import ImportProblem


class Standing(Enum):
    """Whether the old blog showed a text to everybody, held it back, or had thrown it away."""

    SHOWN = "shown"
    PENDING = "pending"
    TRASH = "trash"


@dataclass(frozen=True)
class Writer:
    """Who wrote something, as a file names them. `email` and `key`, the LMS's own id, serve matching alone."""

    name: str = ""
    email: str = ""
    key: str = ""

    def __bool__(self) -> bool:
        return bool(self.name or self.email or self.key)


NOBODY = Writer()
OF_THE_FILE = "In the whole file: "  # begins a warning of the last post that is about more than that post


@dataclass(frozen=True)
class FoundComment:
    """One comment as the file tells it; ``parent`` is the number of the comment it answers."""

    number: int
    parent: int | None
    author: str | None
    text: str
    reason: str


@dataclass(frozen=True)
class FoundPost:
    """One post with its thread; what could not be known is None, what was left out is in ``warnings``."""

    title: str
    subtitle: str | None
    author: str | None
    author_reason: str | None
    body: tuple[str, ...]
    sources: tuple[str, ...]
    stated_comments: int | None
    comments: tuple[FoundComment, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class ArchivedComment(FoundComment):
    """A comment of a file that tells more than a page does: when, by whom exactly, and how it stood there.

    `private_to` is whom alone it was for. What is `plain` is text to the character, else Markdown.
    """

    writer: Writer = NOBODY
    standing: Standing = Standing.SHOWN
    plain: bool = False
    written_at: datetime | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    pinned_at: datetime | None = None
    hidden_at: datetime | None = None
    hidden_why: str = ""
    private_to: Writer = NOBODY


@dataclass(frozen=True)
class ArchivedPost(FoundPost):
    """A post of such a file. `source_id` is what the old blog knows it by: the same in every export of that blog."""

    source_id: str = ""
    writer: Writer = NOBODY
    standing: Standing = Standing.SHOWN
    plain: bool = False
    published_at: datetime | None = None
    edited_at: datetime | None = None
    withdrawn_at: datetime | None = None
    pinned_at: datetime | None = None
    locked_at: datetime | None = None
    hidden_at: datetime | None = None
    hidden_why: str = ""

    @property
    def archived_comments(self) -> tuple[ArchivedComment, ...]:
        return tuple(one for one in self.comments if isinstance(one, ArchivedComment))


class NoPosts(ImportProblem):
    """The file was read to its end, and there is no post in it."""


class Format(Protocol):
    """A kind of file that can be imported. An archive tells of dates and people, and is read as it comes."""

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def is_archive(self) -> bool: ...

    def looks_like(self, first_bytes: bytes) -> bool: ...

    def posts_in(self, file: BinaryIO) -> Iterator[FoundPost]: ...
