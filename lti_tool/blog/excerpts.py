"""A few words of a text, for a list: pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

LENGTH = 220


@dataclass(frozen=True)
class Excerpt:
    """A piece of a text in parts; every second one, the odd ones, is what was sought."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(self.parts)


def beginning(text: str, length: int = LENGTH) -> str:
    """Return the first words of a text on one line."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    return line[:length].rsplit(" ", 1)[0].rstrip(".,;:") + " …"


def excerpt_around(text: str, words: Sequence[str], length: int = LENGTH) -> Excerpt:
    """Return the piece of a text in which the first of the words stands, the words set apart."""
    line = " ".join(text.split())
    sought = re.compile("(" + "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) + ")", re.I)
    first = sought.search(line)
    if first is None or len(line) <= length:
        return Excerpt(tuple(sought.split(beginning(line, length))))
    start = max(0, first.start() - length // 3)
    if start:
        start = line.rfind(" ", 0, start) + 1
    piece = line[start : start + length]
    if start + length < len(line):
        piece = piece.rsplit(" ", 1)[0] + " …"
    return Excerpt(tuple(sought.split(("… " if start else "") + piece)))
