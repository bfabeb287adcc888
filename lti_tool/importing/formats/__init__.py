"""The kinds of file that can be imported, each in a module of its own; the tuple is the order they are tried in.

Pure: bytes in, values out. To add a format, write a module with ``looks_like`` and ``posts_in`` and add a line here.
"""

import io
from collections.abc import Iterator
from typing import BinaryIO, cast

from lti_tool.errors import ImportProblem
from lti_tool.importing.formats.class_blog_json import ClassBlogJson
from lti_tool.importing.formats.copied_page import CopiedPage
from lti_tool.importing.formats.decoding import refusal
from lti_tool.importing.formats.feed import Feed
from lti_tool.importing.formats.found import (
    NOBODY,
    ArchivedComment,
    ArchivedPost,
    Format,
    FoundComment,
    FoundPost,
    Standing,
    Writer,
)
from lti_tool.importing.formats.packed import Packed
from lti_tool.importing.formats.saved_page import SavedPage
from lti_tool.importing.formats.wxr import Wxr
from lti_tool.importing.formats.xml_stream import refuse_doctype
from lti_tool.wording import say

__all__ = [
    "FIRST_BYTES",
    "FORMATS",
    "NOBODY",
    "ArchivedComment",
    "ArchivedPost",
    "Format",
    "FoundComment",
    "FoundPost",
    "Standing",
    "Writer",
    "format_of",
    "posts_in",
    "read_posts",
]

FORMATS: tuple[Format, ...] = (ClassBlogJson(), Wxr(), Feed(), Packed(Wxr(), Feed()), SavedPage(), CopiedPage())

FIRST_BYTES = 4096
LARGEST_PAGE = 5_000_000
_ONE_PAGE = say("Copy the text of one page only (the post and its comments) into a file and import that.")
_BY_COMMAND = say("Whoever runs this tool can import larger files with `lti-tool import`.")


def format_of(first_bytes: bytes) -> Format:
    """The first format that knows a file by its first bytes. Raises ImportProblem if none does."""
    for known in FORMATS:
        if known.looks_like(first_bytes):
            return known
    raise refusal(first_bytes)


def read_posts(file: BinaryIO, max_bytes: int = LARGEST_PAGE) -> tuple[FoundPost, ...]:
    """The posts in a file, by the first format that knows it; reads one byte past the limit at most."""
    content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise _too_large(max_bytes, _ONE_PAGE)
    return tuple(posts_in(io.BytesIO(content), max_bytes))


def posts_in(file: BinaryIO, max_bytes: int) -> Iterator[FoundPost]:
    """The posts in a file from its beginning, one after another; of an archive no more than one is held at a time.

    Raises ImportProblem for what cannot be read or is too large, at the latest when its end is reached.
    """
    first_bytes = file.read(FIRST_BYTES)
    known = format_of(first_bytes)
    if known.is_archive:
        if known.name in ("wxr", "feed"):
            refuse_doctype(first_bytes)
        limited = _Limited(first_bytes, file, max_bytes)
        yield from known.posts_in(cast(BinaryIO, io.BufferedReader(limited, 1 << 16)))
        return
    content = first_bytes + file.read(LARGEST_PAGE + 1 - len(first_bytes))
    if len(content) > LARGEST_PAGE:
        raise _too_large(LARGEST_PAGE, _ONE_PAGE)
    yield from known.posts_in(io.BytesIO(content))


class _Limited(io.RawIOBase):
    """A file whose beginning has been read already, and which is refused where it grows too large."""

    def __init__(self, beginning: bytes, rest: BinaryIO, max_bytes: int) -> None:
        super().__init__()
        self._beginning, self._rest = beginning, rest
        self._left, self._max_bytes = max_bytes, max_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]  # any writable buffer
        size = len(buffer)
        content, self._beginning = self._beginning[:size], self._beginning[size:]
        content = content or self._rest.read(size)
        self._left -= len(content)
        if self._left < 0:
            raise _too_large(self._max_bytes, _BY_COMMAND)
        buffer[: len(content)] = content
        return len(content)


def _too_large(max_bytes: int, do: str) -> ImportProblem:
    return ImportProblem(say("The file is larger than %(size)s.", size=_size(max_bytes)), do)


def _size(number_of_bytes: int) -> str:
    if number_of_bytes >= 1_000_000:
        return f"{number_of_bytes / 1_000_000:g} MB"
    return say("%(number)s bytes", number=f"{number_of_bytes:,}")
