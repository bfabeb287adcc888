"""The kinds of file that can be imported, each in a module of its own; the tuple is the order they are tried in.

Pure: bytes in, values out. To add a format, write a module with ``looks_like`` and ``posts_in`` and add a line here.
"""

import io
from typing import BinaryIO

from lti_tool.errors import ImportProblem
from lti_tool.importing.formats.copied_page import CopiedPage
from lti_tool.importing.formats.decoding import refusal
from lti_tool.importing.formats.found import Format, FoundComment, FoundPost

__all__ = ["FORMATS", "Format", "FoundComment", "FoundPost", "read_posts"]

FORMATS: tuple[Format, ...] = (CopiedPage(),)

FIRST_BYTES = 4096


def read_posts(file: BinaryIO, max_bytes: int = 5_000_000) -> tuple[FoundPost, ...]:
    """The posts in a file, by the first format that knows it; reads one byte past the limit at most."""
    content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ImportProblem(
            f"The file is larger than {_size(max_bytes)}.",
            "Copy the text of one page only (the post and its comments) into a file and import that.",
        )
    first_bytes = content[:FIRST_BYTES]
    for known in FORMATS:
        if known.looks_like(first_bytes):
            return tuple(known.posts_in(io.BytesIO(content)))
    raise refusal(first_bytes)


def _size(number_of_bytes: int) -> str:
    if number_of_bytes >= 1_000_000:
        return f"{number_of_bytes / 1_000_000:g} MB"
    return f"{number_of_bytes:,} bytes"
