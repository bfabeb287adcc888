"""A page as lines: cleaned of what cannot be seen, with the blank lines and the indentation that may carry meaning."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from lti_tool.errors import ImportProblem
from lti_tool.wording import say

MAX_LINES = 100_000
TAB_COLUMNS = 4
WIDEST_WRAPPED_LINE = 100
NARROWEST_WRAPPED_LINE = 55

INVISIBLE = dict.fromkeys([0x200B, 0x2060, 0xFEFF, 0x00AD])
"""Zero-width space, word joiner, byte order mark, soft hyphen. Joiners stay: some scripts are spelt with them."""
OTHER_SPACES = dict.fromkeys([0x00A0, 0x2007, 0x202F, 0x3000], " ")
CONTROLS = dict.fromkeys([*range(9), *range(14, 28), 0x1F, 0x7F])
CLEANING = {**INVISIBLE, **OTHER_SPACES, **CONTROLS}
DIRECTION_MARKS = "\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069"

LIST_ITEM = re.compile(r"(?:[-–—*•·▪◦]|\(?\d{1,3}[.)\]]|\[\d{1,3}\]|[ivxa-h][.)])\s")
SENTENCE_END = (".", "!", "?", "…", ":", ";", "”", '"', "’", ")", "。", "！", "？")


class Line(NamedTuple):
    """One line that says something."""

    text: str
    indent: int
    blank_before: int


def lines_of(text: str) -> list[Line]:
    """The lines of a page that are not blank; a page of absurdly many lines is refused rather than worked through."""
    lines: list[Line] = []
    blank = 0
    for raw in text.translate(CLEANING).splitlines():
        expanded = raw.expandtabs(TAB_COLUMNS)
        shown = expanded.strip().strip(DIRECTION_MARKS).strip()
        if not shown:
            blank += 1
            continue
        lines.append(Line(shown, len(expanded) - len(expanded.lstrip()), blank))
        blank = 0
        if len(lines) > MAX_LINES:
            raise ImportProblem(
                say(
                    "The text has more than %(most)s lines, far more than one page of a class blog.",
                    most=f"{MAX_LINES:,}",
                ),
                say("Copy the text of one page only (the post and its comments) and import that."),
            )
    return lines


def are_wrapped(lines: Sequence[Line]) -> bool:
    """Whether the lines were cut at a fixed width, as mail and old editors do.

    Told by the lines that go straight on in a next one: nearly all are long, none is very long, few end a sentence.
    """
    going_on = [line.text for line, after in pairwise(lines) if not after.blank_before]
    if len(going_on) < 3 or max(len(line.text) for line in lines) > WIDEST_WRAPPED_LINE:
        return False
    full = sum(len(text) >= NARROWEST_WRAPPED_LINE and not text.endswith(SENTENCE_END) for text in going_on)
    return full * 10 >= len(going_on) * 6


def paragraphs(lines: Sequence[Line], wrapped: bool) -> tuple[str, ...]:
    """The paragraphs of some lines: each line is one, unless the page's lines were wrapped at a fixed width."""
    if not wrapped:
        return tuple(line.text for line in lines)
    joined: list[list[str]] = []
    for line in lines:
        if joined and _goes_on(joined[-1][-1], line):
            joined[-1].append(line.text)
        else:
            joined.append([line.text])
    return tuple(" ".join(parts) for parts in joined)


def _goes_on(before: str, line: Line) -> bool:
    if line.blank_before or LIST_ITEM.match(line.text):
        return False
    return len(before) >= NARROWEST_WRAPPED_LINE or line.text[0].islower()
