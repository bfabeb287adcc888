"""A copied page taken apart: title, subtitle, author line, body, sources, the replies heading and what stands under it.

Every line of the page ends up in exactly one place; the lines that are no writing are kept in ``left_out``, so that
the teacher is told of them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lti_tool.importing.formats.page_reading import furniture
from lti_tool.importing.formats.page_reading.blocks import Blocks, blocks_of
from lti_tool.importing.formats.page_reading.bylines import dated_bylines_begin
from lti_tool.importing.formats.page_reading.dates import around_date, is_date
from lti_tool.importing.formats.page_reading.furniture import RepliesHeading
from lti_tool.importing.formats.page_reading.lines import Line
from lti_tool.importing.formats.page_reading.names import is_name

LONGEST_TITLE = 200
LONGEST_SUBTITLE = 240
LONGEST_SOURCE = 500
LONGEST_SHORT_SOURCE = 250
MOST_LINES_OVER_TITLE = 15
LONGEST_LINE_OVER_TITLE = 100
LINES_OF_HEADER = 6
TOP = 40
PROSE = 200

_BY_AUTHOR = re.compile(r"(?:(?:posted|written|published) )?(?:by|author):? +(?P<name>.{2,60})", re.IGNORECASE)
_POSTED = re.compile(r"(?:posted|published|written)(?: on)?:?", re.IGNORECASE)
_INNER_SENTENCE_END = re.compile(r"[^\s.]{4,}[.!?][”\"’)]*\s+\S")


@dataclass(frozen=True, slots=True)
class AuthorLine:
    """A line such as “by Isaiah Novak” that names the post's author."""

    name: str
    line: str


@dataclass(frozen=True, slots=True)
class Header:
    """What stands over the body. ``title`` is None where the page begins with its text."""

    title: Line | None
    author: AuthorLine | None
    left_out: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """The whole page in parts."""

    header: Header
    body: tuple[Line, ...]
    sources: tuple[Line, ...]
    structure: tuple[Line, ...]
    """The headings over sources and replies: they became the parts themselves."""
    heading: RepliesHeading | None
    stated: int | None
    blocks: Blocks
    left_out: tuple[Line, ...]


def parts_of(lines: Sequence[Line]) -> Parts:
    """Takes a page apart."""
    heading_at, heading, stated = _find_heading(lines)
    begin = heading_at if heading_at is not None else dated_bylines_begin(lines)
    post = lines if begin is None else lines[:begin]
    after = lines[len(post) + (heading_at is not None) :]
    page_has_blank_lines = any(line.blank_before for line in lines[1:])
    blocks = blocks_of(after, stated, page_has_blank_lines)
    header, rest = _header_of(post, heading.title if heading else None)
    rest, furniture_lines = _split(rest)
    body, sources, source_headings = _body_and_sources(rest)
    structure = (*source_headings, *lines[len(post) : len(lines) - len(after)])
    left_out = (*header.left_out, *furniture_lines, *blocks.left_out)
    return Parts(header, body, sources, structure, heading, stated, blocks, left_out)


def _find_heading(lines: Sequence[Line]) -> tuple[int | None, RepliesHeading | None, int | None]:
    """Where the replies begin, the heading there, and how many comments the page states.

    A count under the title (“12 Comments”) states the number but heads nothing; neither does a “Leave a reply” there.
    """
    found = [(at, heading) for at, line in enumerate(lines) if (heading := furniture.replies_heading(line.text))]
    text_from, prose_from = _text_begins(lines), _prose_begins(lines)
    heads = [(at, heading) for at, heading in found if heading.sureness == 3 or at > text_from]
    stated = next((heading.stated for _, heading in found if heading.stated is not None), None)
    if heads:
        heads = [pair for pair in heads if pair[0] > prose_from] or heads
        surest = max(heading.sureness for _, heading in heads)
        at, heading = next(pair for pair in heads if pair[1].sureness == surest)
        return at, heading, heading.stated if heading.stated is not None else stated
    return _form_with_comments_under_it(lines, text_from), None, stated


def _text_begins(lines: Sequence[Line]) -> int:
    """The line with which the page holds more than the top of a post: prose, or at least a line under the title."""
    content = [at for at, line in enumerate(lines[:TOP]) if not _is_header_line(line.text)]
    return min(_prose_begins(lines), content[1] if len(content) > 1 else len(lines))


def _prose_begins(lines: Sequence[Line]) -> int:
    return next((at for at, line in enumerate(lines[:TOP]) if len(line.text) >= PROSE), len(lines))


def _form_with_comments_under_it(lines: Sequence[Line], text_from: int) -> int | None:
    """A “Leave a reply” with writing over and under it stands for the heading that is not there."""
    forms = (at for at, line in enumerate(lines) if at > text_from and furniture.is_form_heading(line.text))
    at = next(forms, None)
    if at is None:
        return None
    under = (line for line in lines[at + 1 :] if not furniture.is_comment_furniture(line.text))
    first = next(under, None)
    return at if first is not None and not furniture.is_side_bar(first.text) else None


def _is_header_line(text: str) -> bool:
    return furniture.is_page_top(text) or is_date(text) or _author_in(text) is not None or _is_count(text)


def _is_count(text: str) -> bool:
    heading = furniture.replies_heading(text)
    return heading is not None and heading.title is None


def _author_in(text: str) -> AuthorLine | None:
    """The author where a line under a title names one: “by Isaiah Novak”, “Posted on March 1, 2020 by Isaiah Novak”."""
    if len(text) > 120:
        return None
    dated = around_date(text)
    candidates = [text] if dated is None else [dated.after, dated.before.removesuffix(" on")]
    for candidate in candidates:
        by = _BY_AUTHOR.fullmatch(candidate.strip(" |·•,–—-"))
        if by and is_name(by["name"]):
            return AuthorLine(by["name"], text)
    if dated and _name_beside_date(dated.before, dated.after):
        return AuthorLine((dated.before + dated.after).strip(" |·•,–—/-"), text)
    return None


def _name_beside_date(before: str, after: str) -> bool:
    beside = [side.strip(" |·•,–—/-") for side in (before, after)]
    named = [side for side in beside if side and not _POSTED.fullmatch(side)]
    return len(named) == 1 and len("".join(beside)) == len(named[0]) and is_name(named[0]) and " " in named[0]


def _header_of(post: Sequence[Line], heading_title: str | None) -> tuple[Header, Sequence[Line]]:
    """The top of the page, and the lines after it."""
    title_at = _title_at(post, heading_title)
    if title_at is None:
        return Header(None, None, ()), post
    title = post[title_at] if _can_be_title(post[title_at].text, heading_title) else None
    over, under = list(post[:title_at]), post[title_at + (title is not None) :]
    end = next((at for at, line in enumerate(under) if len(line.text) >= PROSE), len(under))
    near = under[: min(end, LINES_OF_HEADER)]
    meta = [line for line in near if _is_header_line(line.text) and not furniture.is_sources_heading(line.text)]
    beside_date = _names_beside_dates([*over[-1:], *near])
    authors = [author for line in (*over, *meta) if (author := _author_in(line.text))]
    authors += [AuthorLine(line.text, line.text) for line in beside_date]
    meta += [line for line in beside_date if any(line is one for one in near)]
    taken = {id(line) for line in meta}  # not those that say the same: each line is somewhere once
    kept = [line for line in near if id(line) not in taken]
    return Header(title, authors[0] if authors else None, (*over, *meta)), [*kept, *under[len(near) :]]


def _names_beside_dates(header: Sequence[Line]) -> list[Line]:
    """The lines under a title that are a full name and stand next to a date: themes set the author so."""
    return [
        line
        for at, line in enumerate(header)
        if is_name(line.text) and " " in line.text and any(is_date(n.text) for n in header[max(0, at - 1) : at + 2])
    ]


def _title_at(post: Sequence[Line], heading_title: str | None) -> int | None:
    """The line that the replies heading quotes, if it stands near the top; else the first that is no menu or date."""
    top = post[: MOST_LINES_OVER_TITLE + 1]
    for at, line in enumerate(top):
        if heading_title and _same_words(line.text, heading_title):
            return at
        if len(line.text) > LONGEST_LINE_OVER_TITLE:
            break
    return next((at for at, line in enumerate(post) if not _is_header_line(line.text)), None)


def _can_be_title(text: str, heading_title: str | None) -> bool:
    """A short line is the title; not a sentence, where the heading names another title."""
    if heading_title and _same_words(text, heading_title):
        return True
    return len(text) <= LONGEST_TITLE and not (heading_title and text.endswith("."))


def _same_words(one: str, other: str) -> bool:
    return _letters(one) == _letters(other)


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _split(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """The writing and the page furniture among some lines of the post."""
    writing = [line for line in lines if not furniture.is_page_furniture(line.text)]
    return writing, [line for line in lines if furniture.is_page_furniture(line.text)]


def _body_and_sources(lines: Sequence[Line]) -> tuple[tuple[Line, ...], tuple[Line, ...], tuple[Line, ...]]:
    """Body, sources and the headings over the sources. Notes that follow the sources go back to the body."""
    at = _sources_at(lines)
    if at is None:
        return tuple(lines), (), ()
    end = next((i for i in range(at + 1, len(lines)) if furniture.is_notes_heading(lines[i].text)), len(lines))
    headings = tuple(line for line in lines[at:end] if furniture.is_sources_heading(line.text))
    sources = tuple(line for line in lines[at:end] if not furniture.is_sources_heading(line.text))
    rest = furniture.source_after_heading(sources[0].text) if sources and not headings else None
    if rest:
        headings = (sources[0]._replace(text=sources[0].text.removesuffix(rest).strip()),)
        sources = (sources[0]._replace(text=rest), *sources[1:])
    return (*lines[:at], *lines[end:]), sources, headings


def _sources_at(lines: Sequence[Line]) -> int | None:
    """Where the sources begin: the first heading of that kind after which no prose comes any more."""
    found: int | None = None
    longest = 0
    notes_at = next((at for at, line in enumerate(lines) if furniture.is_notes_heading(line.text)), len(lines))
    for at in range(len(lines) - 1, -1, -1):
        text = lines[at].text
        in_line = furniture.source_after_heading(text) is not None and max(longest, len(text)) <= LONGEST_SHORT_SOURCE
        if in_line or (furniture.is_sources_heading(text) and at < len(lines) - 1):
            found = at
        elif at < notes_at:
            longest = max(longest, len(text))
        if longest > LONGEST_SOURCE:
            break
    return found


def split_subtitle(body: Sequence[Line]) -> tuple[Line | None, Sequence[Line]]:
    """The subtitle and the rest: one short sentence over a much longer text, that is no quotation, list or section."""
    if len(body) < 2:
        return None, body
    first, text = body[0], body[0].text
    longest = max(len(line.text) for line in body[1:4])
    alone = len(text) <= LONGEST_SUBTITLE and longest >= 2 * len(text) and not _INNER_SENTENCE_END.search(text)
    if not alone or text.startswith(("“", '"', "‘", "«", "„", "-", "•", "*", "–", "—", "[", "(")) or _is_section(body):
        return None, body
    return first, body[1:]


def _is_section(body: Sequence[Line]) -> bool:
    """Whether the first line heads a section: a usual word for one, or one of several short lines of the same kind."""
    text = body[0].text.rstrip(":").casefold()
    if text in {"introduction", "background", "context", "overview", "abstract", "summary", "prologue", "part one"}:
        return True
    if re.match(r"(?:part|chapter|section)?\s*(?:\d{1,2}|[ivx]{1,4})[.):]\s", text):
        return True
    others = sum(_is_short_heading(line.text) for line in body[1:])
    return _is_short_heading(body[0].text) and others >= (1 if len(text) <= 40 else 2)


def _is_short_heading(text: str) -> bool:
    return len(text) <= 60 and not text.endswith((".", "!", "…", "”", '"')) and text[0].isupper()
