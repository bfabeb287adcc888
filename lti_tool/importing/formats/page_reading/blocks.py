"""Where one comment of a page ends and the next begins."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lti_tool.errors import ImportProblem
from lti_tool.importing.formats.page_reading.bylines import Byline, bylines_of
from lti_tool.importing.formats.page_reading.furniture import (
    is_comment_furniture,
    is_form_heading,
    is_reply_link,
    is_side_bar,
)
from lti_tool.importing.formats.page_reading.lines import Line
from lti_tool.wording import say

MAX_COMMENTS = 5_000


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of one comment, and the byline over them where the page has one."""

    lines: tuple[Line, ...]
    byline: Byline | None
    indent: int


@dataclass(frozen=True, slots=True)
class Blocks:
    """The comments of a page, the lines that are not writing, and the lines that only named a writer or a date."""

    comments: tuple[Block, ...]
    left_out: tuple[Line, ...]
    byline_lines: tuple[Line, ...]


def blocks_of(lines: Sequence[Line], stated: int | None, page_has_blank_lines: bool) -> Blocks:
    """Cuts the comments apart by the surest sign the page has: bylines, else “Reply” links, else blank lines."""
    bylines = bylines_of(lines)
    lines, tail = _without_tail(lines, max(bylines, default=0))
    found = _by_bylines(lines, bylines) if bylines else _by_spacing(lines, stated, page_has_blank_lines)
    if len(found.comments) > MAX_COMMENTS:
        raise ImportProblem(
            say(
                "The text seems to hold %(number)s comments; more than %(most)s are not read.",
                number=f"{len(found.comments):,}",
                most=f"{MAX_COMMENTS:,}",
            ),
            say("Copy the text of one page only (the post and its comments) and import that."),
        )
    return Blocks(found.comments, (*found.left_out, *tail), found.byline_lines)


def _without_tail(lines: Sequence[Line], last_byline: int) -> tuple[Sequence[Line], Sequence[Line]]:
    """The comments, and the side bar after them, known by a heading of its kind that stands after the reply form."""
    form_seen = False
    for at, line in enumerate(lines):
        form_seen = form_seen or (is_form_heading(line.text) and at > 0)
        if form_seen and at > last_byline and is_side_bar(line.text):
            return lines[:at], lines[at:]
    return lines, ()


def _by_bylines(lines: Sequence[Line], bylines: dict[int, Byline]) -> Blocks:
    """One comment from each byline to the next; what stands before the first, or after the form, is no comment."""
    starts = sorted(bylines)
    comments: list[Block] = []
    left_out = list(lines[: starts[0]])
    heads: list[Line] = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        byline = bylines[start]
        heads += lines[start : start + byline.line_count]
        text, furniture = _text_and_furniture(lines[start + byline.line_count : end])
        left_out += furniture
        comments.append(Block(tuple(text), byline, lines[start].indent))
    return Blocks(tuple(comments), tuple(left_out), tuple(heads))


def _text_and_furniture(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Parts the lines under a byline; after the form's heading nothing more belongs to the comment."""
    form_at = next((at for at, line in enumerate(lines) if is_form_heading(line.text)), len(lines))
    text = [line for line in lines[:form_at] if not is_comment_furniture(line.text)]
    furniture = [line for line in lines[:form_at] if is_comment_furniture(line.text)]
    return text, [*furniture, *lines[form_at:]]


def _by_spacing(lines: Sequence[Line], stated: int | None, page_has_blank_lines: bool) -> Blocks:
    """Tries each way the page could be cut; the one that gives the stated number wins, else the usual one."""
    kept = _with_gaps_closed(lines)
    ways = [groups for groups in _ways_to_cut(lines, kept, page_has_blank_lines) if groups]
    chosen = next((groups for groups in ways if len(groups) == stated), ways[0] if ways else [])
    left_out = tuple(line for line in lines if is_comment_furniture(line.text))
    return Blocks(tuple(Block(tuple(group), None, group[0].indent) for group in chosen), left_out, ())


def _with_gaps_closed(lines: Sequence[Line]) -> list[Line]:
    """The lines without furniture; a blank line beside a furniture line still parts what it parted."""
    kept: list[Line] = []
    blank = 0
    for line in lines:
        blank = max(blank, line.blank_before)
        if not is_comment_furniture(line.text):
            kept.append(line._replace(blank_before=blank))
            blank = 0
    return kept


def _ways_to_cut(lines: Sequence[Line], kept: Sequence[Line], page_has_blank_lines: bool) -> Iterable[list[list[Line]]]:
    """The usual way first. Lines that a blank line elsewhere sets apart are paragraphs, never comments of their own."""
    each_line = [[line] for line in kept]
    no_blank_lines = not any(line.blank_before for line in kept[1:])
    if sum(is_reply_link(line.text) for line in lines) >= 2:
        yield _cut_at_reply_links(lines)
    if no_blank_lines and not page_has_blank_lines:
        yield each_line
    yield _cut_at_gaps(kept, 1)
    for blank_lines in (2, 3):
        if any(line.blank_before >= blank_lines for line in kept[1:]):
            yield _cut_at_gaps(kept, blank_lines)
    if no_blank_lines:
        yield each_line


def _cut_at_gaps(kept: Sequence[Line], blank_lines: int) -> list[list[Line]]:
    groups: list[list[Line]] = []
    for line in kept:
        if not groups or line.blank_before >= blank_lines:
            groups.append([])
        groups[-1].append(line)
    return groups


def _cut_at_reply_links(lines: Sequence[Line]) -> list[list[Line]]:
    groups: list[list[Line]] = [[]]
    for line in lines:
        if is_reply_link(line.text):
            groups.append([])
        elif not is_comment_furniture(line.text):
            groups[-1].append(line)
    return [group for group in groups if group]
