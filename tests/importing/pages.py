"""Pages for the tests, put together from parts."""

import io
from collections.abc import Sequence

from lti_tool.importing.formats import FoundPost, read_posts

PROSE = (
    "The leaders who came after Stalin were divided, and Khrushchev knew it well, as the memoirs of Beria's "
    "colleagues in Moscow show; but nobody on the committee had yet dared to say so where a stenographer sat."
)
LONG_PROSE = f"{PROSE} {PROSE}"


def page(*comments: str, heading: str | None = None, title: str = "On the Thaw", body: str = LONG_PROSE) -> str:
    """A page of one title, one body and some comments that blank lines part."""
    heading = heading if heading is not None else f"{len(comments)} replies on “{title}”"
    return "\n\n".join([title, body, heading, *comments]) + "\n"


def read(text: str | bytes) -> FoundPost:
    content = text.encode() if isinstance(text, str) else text
    (post,) = read_posts(io.BytesIO(content))
    return post


def read_page(*comments: str, heading: str | None = None) -> FoundPost:
    return read(page(*comments, heading=heading))


def thread(post: FoundPost) -> list[tuple[int | None, str | None]]:
    """Each comment's parent and author."""
    return [(comment.parent, comment.author) for comment in post.comments]


def texts(post: FoundPost) -> Sequence[str]:
    return [comment.text for comment in post.comments]
