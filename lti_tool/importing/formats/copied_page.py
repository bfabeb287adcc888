"""The text of a class blog's page, copied in the browser and pasted into a file: one post and the replies under it."""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from lti_tool.importing.formats.decoding import decode, empty_file, is_plain_text
from lti_tool.importing.formats.found import FoundComment, FoundPost
from lti_tool.importing.formats.page_reading.left_out import warnings_of
from lti_tool.importing.formats.page_reading.lines import Line, are_wrapped, lines_of, paragraphs
from lti_tool.importing.formats.page_reading.names import name_key
from lti_tool.importing.formats.page_reading.parts import Parts, parts_of, split_subtitle
from lti_tool.importing.formats.page_reading.post_author import PostAuthor, post_author
from lti_tool.importing.formats.page_reading.replies import hold_conversation
from lti_tool.importing.formats.page_reading.turns import Role, Turn, is_author_named_in_line, turns_of
from lti_tool.wording import say

LONGEST_STAND_IN = 80


class CopiedPage:
    """Any plain text: what is no picture, document or markup is tried as a copied page."""

    name = "copied_page"
    label = "The text of a class blog's page, copied and pasted"
    is_archive = False

    def looks_like(self, first_bytes: bytes) -> bool:
        return is_plain_text(first_bytes)

    def posts_in(self, file: BinaryIO) -> Iterator[FoundPost]:
        """The one post of the page."""
        text, warnings = decode(file.read())
        lines = lines_of(text)
        if not lines:
            raise empty_file()
        yield _post_of(lines, warnings)


def _post_of(lines: Sequence[Line], warnings: tuple[str, ...]) -> FoundPost:
    parts, wrapped = parts_of(lines), are_wrapped(lines)
    turns = turns_of(parts.blocks.comments, wrapped)
    is_in_post = _subject_of(parts)
    author, subtitle, body = _author_subtitle_body(parts, post_author(turns, parts.header.author, is_in_post))
    hold_conversation(turns, author, is_in_post)
    title, stands_in = _title_of(parts, body)
    return FoundPost(
        title=title,
        subtitle=subtitle,
        author=author.name if author else None,
        author_reason=author.reason if author else None,
        body=paragraphs(body, wrapped),
        sources=paragraphs(parts.sources, wrapped),
        stated_comments=parts.stated,
        comments=tuple(_found(turn) for turn in turns),
        warnings=(*warnings, *warnings_of(parts, title_stands_in=stands_in, body_lines=len(body), wrapped=wrapped)),
    )


def _found(turn: Turn) -> FoundComment:
    """The finished comment; an answer of an author without a name needs no word on its writer."""
    unnamed_answer = turn.role is Role.ANSWER and turn.writer is None
    says_all = unnamed_answer or turn.answers_for_itself
    # NOTE: two sentences, one after the other
    both = say("%(where)s %(who)s", where=turn.reason, who=turn.writer_reason)
    reason = turn.reason if says_all else both
    return FoundComment(turn.number, turn.parent.number if turn.parent else None, turn.writer, turn.text, reason)


def _author_subtitle_body(
    parts: Parts, author: PostAuthor | None
) -> tuple[PostAuthor | None, str | None, Sequence[Line]]:
    """A line under the title that is nothing but the author's name is no subtitle: it gives the name in full."""
    first = parts.body[0].text if parts.body else ""
    if author and is_author_named_in_line(first, author.name):
        full = max(first, author.name, key=len)
        # NOTE: reason is a sentence, name that of the post's author
        said = say("%(reason)s The line under the title names %(name)s.", reason=author.reason, name=first)
        return PostAuthor(full, said), None, parts.body[1:]
    subtitle, body = split_subtitle(parts.body) if parts.header.title else (None, parts.body)
    return author, subtitle.text if subtitle else None, body


def _title_of(parts: Parts, body: Sequence[Line]) -> tuple[str, bool]:
    """The title, and whether it only stands in for one: from the replies heading, else the first words of the text."""
    if parts.header.title:
        return parts.header.title.text, False
    if parts.heading and parts.heading.title:
        return parts.heading.title, False
    words = body[0].text[:LONGEST_STAND_IN].rsplit(" ", 1)[0] + " …" if body else "Untitled"
    return words, True


def _subject_of(parts: Parts) -> Callable[[str], bool]:
    """Tells whether a name is among the post's own words, as those of historical figures are.

    Words are held in the form in which names are compared; those in small letters are no names.
    """
    lines = (*parts.body, *parts.sources, *([parts.header.title] if parts.header.title else []))
    words: set[str] = set()
    for line in lines:
        for word in line.text.replace("’s", " ").replace("'s", " ").split():
            bare = word.strip("“”‘’\"'(),.;:!?[]…—–-")
            if bare and not bare[0].islower():
                words.add(bare)
    subject = frozenset(part for word in words for part in name_key(word).split())
    return lambda name: not subject.isdisjoint(name_key(name).split())
