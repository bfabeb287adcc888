"""The comments of a page as turns of a conversation, while it is being worked out who speaks to whom."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise

from lti_tool.importing.formats.page_reading.blocks import Block
from lti_tool.importing.formats.page_reading.bylines import Byline
from lti_tool.importing.formats.page_reading.lines import paragraphs
from lti_tool.importing.formats.page_reading.names import is_name, name_key, same_person
from lti_tool.importing.formats.page_reading.speech import Speech, speech_of
from lti_tool.wording import say


class Role(Enum):
    """What a comment is in the conversation."""

    COMMENT = "comment"
    ANSWER = "answer of the post's author"
    PEER = "reply to another commenter"


@dataclass(slots=True)
class Turn:
    """One comment: what it is known by, and what the rules have made of it so far."""

    number: int
    text: str
    speech: Speech
    byline: Byline | None
    indent: int
    writer: str | None = None
    writer_reason: str = say("Nothing names its writer.")
    role: Role = Role.COMMENT
    parent: "Turn | None" = None
    reason: str = ""
    answered: bool = False

    @property
    def answers_for_itself(self) -> bool:
        """Whether the reason given for an answer already says whose it is."""
        return self.role is Role.ANSWER and not self.byline


@dataclass(slots=True)
class KnownWriters:
    """The latest turn of each writer known by name, found by full, first or last name."""

    latest: dict[str, Turn] = field(default_factory=dict)

    def add(self, turn: Turn) -> None:
        if turn.writer:
            for key in _keys(turn.writer):
                self.latest[key] = turn

    def turn_of(self, name: str) -> Turn | None:
        for key in _keys(name):
            turn = self.latest.get(key)
            if turn and turn.writer and same_person(turn.writer, name):
                return turn
        return None


def _keys(name: str) -> list[str]:
    key = name_key(name)
    words = key.split()
    return [key, words[0], words[-1]] if words else []


def turns_of(blocks: Sequence[Block], wrapped: bool) -> list[Turn]:
    """One turn for each comment, with its writer where the page or the comment itself names one."""
    turns = []
    for number, block in enumerate(blocks, start=1):
        text = "\n\n".join(paragraphs(block.lines, wrapped))
        turn = Turn(number, text, speech_of(text), block.byline, block.indent)
        if block.byline and block.byline.author:
            turn.writer = block.byline.author
            turn.writer_reason = say("%(name)s is named over it.", name=turn.writer)
        elif not block.byline and turn.speech.signature:
            turn.writer = turn.speech.signature
            turn.writer_reason = say("It is signed with the name %(name)s.", name=turn.writer)
        turns.append(turn)
    return turns


def parents_by_indent(turns: Sequence[Turn]) -> dict[int, Turn]:
    """Who hangs under whom where the page shows it by indentation, as copied nested lists do.

    Only where the steps make sense: the first comment stands at the left, and none is more than one step deeper than
    the one before. Anything else is somebody's indented paragraph.
    """
    levels = {indent: level for level, indent in enumerate(sorted({turn.indent for turn in turns}))}
    depths = [levels[turn.indent] for turn in turns]
    if len(levels) < 2 or depths[0] or any(b > a + 1 for a, b in pairwise(depths)):
        return {}
    last_at: dict[int, Turn] = {}
    parents: dict[int, Turn] = {}
    for turn, depth in zip(turns, depths, strict=True):
        last_at[depth] = turn
        if depth:
            parents[turn.number] = last_at[depth - 1]
    return parents


def is_author_named_in_line(text: str, author: str | None) -> bool:
    """Whether a line is nothing but the name of somebody already known to be the author."""
    return author is not None and is_name(text) and same_person(text, author)
