"""What a teacher is told beside the post: counts that disagree, lines left out, titles that had to stand in."""

from collections import Counter
from collections.abc import Iterator, Sequence

from lti_tool.importing.formats.lists import listed_in_part
from lti_tool.importing.formats.page_reading.lines import Line
from lti_tool.importing.formats.page_reading.parts import Parts
from lti_tool.wording import say, say_count

MOST_QUOTED = 40


def warnings_of(parts: Parts, *, title_stands_in: bool, body_lines: int, wrapped: bool) -> tuple[str, ...]:
    """Plain sentences, the weightiest first."""
    return tuple(_sentences(parts, title_stands_in, body_lines, wrapped))


def _sentences(parts: Parts, title_stands_in: bool, body_lines: int, wrapped: bool) -> Iterator[str]:
    yield from _about_title(parts, title_stands_in)
    if not body_lines:
        yield say("No text was found under the title. Was the whole page copied?")
    yield from _about_count(parts)
    if parts.left_out:
        yield _about_left_out(parts.left_out)
    if parts.blocks.byline_lines:
        yield say("The lines that name a comment's writer and date were read, not kept; the dates are not imported.")
    if wrapped:
        yield say("The lines were cut at a fixed width, so they were joined to paragraphs again.")


def _about_title(parts: Parts, stands_in: bool) -> Iterator[str]:
    named = parts.heading.title if parts.heading else None
    if stands_in:
        yield say("No title was found, so the first words of the text stand in for it; the text itself is whole.")
    elif parts.header.title is None and named:
        yield say(
            "The title was taken from the heading over the comments (“%(title)s”): the text has no title of its own.",
            title=named,
        )
    elif named and parts.header.title and not _alike(named, parts.header.title.text):
        yield say(
            "The heading over the comments names the post “%(title)s”, which differs from its title.", title=named
        )


def _alike(one: str, other: str) -> bool:
    letters = ["".join(sign for sign in text.casefold() if sign.isalnum()) for text in (one, other)]
    return letters[0] == letters[1]


def _about_count(parts: Parts) -> Iterator[str]:
    stated, found = parts.stated, len(parts.blocks.comments)
    if parts.heading is None and not found:
        yield say("No comment heading (such as “3 comments”) was found, so the whole text was read as the post.")
    elif parts.heading is None:
        yield say(
            "No comment heading (such as “3 comments”) was found; the comments were told by the lines around them."
        )
    if stated is not None and stated != found:
        # NOTE: stated is “1 comment” or “3 comments”
        yield say_count(
            "The page states %(stated)s, but %(count)s was found in the text. "
            "Nothing was dropped and nothing was invented.",
            "The page states %(stated)s, but %(count)s were found in the text. "
            "Nothing was dropped and nothing was invented.",
            found,
            stated=say_count("%(count)s comment", "%(count)s comments", stated),
        )


def _about_left_out(lines: Sequence[Line]) -> str:
    """Quotes every line that was taken for a part of the page, so that nothing goes in silence."""
    counted = Counter(line.text for line in lines)
    quoted = [
        say_count("“%(line)s”", "“%(line)s” (%(count)s times)", times, line=text) for text, times in counted.items()
    ]
    return say_count(
        "%(count)s line was left out as part of the page, not of the writing: %(list)s.",
        "%(count)s lines were left out as part of the page, not of the writing: %(list)s.",
        len(lines),
        list=listed_in_part(quoted, MOST_QUOTED),
    )
