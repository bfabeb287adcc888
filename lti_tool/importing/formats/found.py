"""What a format finds in a file: plain values, each guess with the reason a teacher can check it by."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol


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


class Format(Protocol):
    """A kind of file that can be imported."""

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    def looks_like(self, first_bytes: bytes) -> bool: ...

    def posts_in(self, file: BinaryIO) -> Iterator[FoundPost]: ...
