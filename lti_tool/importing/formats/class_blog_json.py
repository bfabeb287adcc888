"""This tool's own export: a whole blog as JSON, a post on each line."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from lti_tool.errors import ImportProblem
from lti_tool.importing.formats.class_blog import post_from
from lti_tool.importing.formats.decoding import OWN_EXPORT
from lti_tool.importing.formats.found import ArchivedPost
from lti_tool.wording import say

LONGEST_LINE = 200_000_000
_BROKEN = (
    say("The file is an export of a class blog, but it is cut off or damaged."),
    say("Export the blog again."),
)


class ClassBlogJson:
    name = "class_blog_json"
    label = "A class blog exported from this tool (JSON)"
    is_archive = True

    def looks_like(self, first_bytes: bytes) -> bool:
        return OWN_EXPORT.match(first_bytes) is not None

    def posts_in(self, file: BinaryIO) -> Iterator[ArchivedPost]:
        """Each post of the file. One that another program has laid out anew is read whole, else line by line."""
        first = file.readline(LONGEST_LINE)
        if not first.rstrip().endswith(b'"posts": ['):
            yield from (post_from(facts) for facts in _posts_of(_read(first + file.read())))
            return
        ended = False
        while line := file.readline(LONGEST_LINE):
            stripped = line.strip().rstrip(b",")
            if stripped == b"]}":
                ended = True
            elif stripped:
                yield post_from(_read(stripped))
        if not ended:
            raise ImportProblem(*_BROKEN)


def _read(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ImportProblem(*_BROKEN) from None


def _posts_of(whole: Any) -> list[Any]:
    posts = whole.get("posts") if isinstance(whole, dict) else None
    if not isinstance(posts, list):
        raise ImportProblem(*_BROKEN)
    return posts
