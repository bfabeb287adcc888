"""Footnotes in Markdown, pure: `[^1]` where one stands, and a paragraph `[^1]: what it says` anywhere below or above.

They are counted anew in the order in which the text names them, and stand below it, each with a way back. One that the
text names nowhere is not lost: it comes last. Ids are those of one text; a page that shows several sets them apart
(`text.shown`).
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from lti_tool.wording import say

NOTES, BACK = say("Notes"), say("Back to the text")  # as they are stored; `text.shown` says them to the reader
_MARK = re.compile(r"\[\^([^\s\]]{1,40})\]")
_DEFINITION = re.compile(r"\[\^([^\s\]]{1,40})\]:[ \t]*")


def add_footnotes(markdown: MarkdownIt) -> None:
    """Teach a parser to read footnotes."""
    markdown.block.ruler.before("reference", "note", _read_definition, {"alt": ["paragraph", "reference"]})
    markdown.inline.ruler.before("link", "note_mark", _read_mark)
    markdown.core.ruler.push("notes_below", _put_below)
    markdown.add_render_rule("note_mark", _render_mark)
    markdown.add_render_rule("note_back", _render_back)


def _read_definition(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    """A definition goes on to an empty line or the next definition; within a quotation or a list there is none."""
    found = _DEFINITION.match(_line(state, first)) if state.level == 0 and not state.is_code_block(first) else None
    if found is None or silent:
        return found is not None
    after = first + 1
    while after < end and not state.isEmpty(after) and not _DEFINITION.match(_line(state, after)):
        after += 1
    lines = [_line(state, first)[found.end() :], *(_line(state, line) for line in range(first + 1, after))]
    token = state.push("note", "", 0)
    token.meta = {"label": found[1]}
    state.env.setdefault("notes", {}).setdefault(found[1], None)
    inline = state.push("inline", "", 0)
    inline.content, inline.map, inline.children = "\n".join(lines).strip(), [first, after], []
    state.line = after
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _read_mark(state: StateInline, silent: bool) -> bool:
    """Only what a definition explains is a mark; anything else stays as it was written."""
    if state.src[state.pos : state.pos + 2] != "[^" or "notes" not in state.env:
        return False
    found = _MARK.match(state.src, state.pos, state.posMax)
    if found is None or found[1] not in state.env["notes"]:
        return False
    if not silent:
        state.push("note_mark", "", 0).meta = {"label": found[1]}
    state.pos = found.end()
    return True


def _put_below(state: StateCore) -> None:
    if "notes" not in state.env:
        return
    text, notes = _taken_apart(state.tokens)
    numbers: dict[str, int] = {}
    marks = Counter[str]()
    named = [inline for inline in text if inline.type == "inline"]
    waiting = [child for inline in [*named, *(inline for _, inline in notes)] for child in inline.children or ()]
    for mark in (child for child in waiting if child.type == "note_mark"):
        label = mark.meta["label"]
        marks[label] += 1
        mark.meta = {"number": numbers.setdefault(label, len(numbers) + 1), "nth": marks[label]}
    state.tokens = [*text, *_list_of(notes, numbers)]


def _taken_apart(tokens: Sequence[Token]) -> tuple[list[Token], list[tuple[str, Token]]]:
    """The text, and the notes as label and content."""
    text, notes, label = list[Token](), list[tuple[str, Token]](), None
    for token in tokens:
        if token.type == "note":
            label = token.meta["label"]
        elif label is not None:
            notes.append((label, token))
            label = None
        else:
            text.append(token)
    return text, notes


def _list_of(notes: Sequence[tuple[str, Token]], numbers: dict[str, int]) -> list[Token]:
    tokens = [Token("section_open", "section", 1, attrs={"class": "notes", "aria-label": NOTES}, block=True)]
    tokens.append(Token("ordered_list_open", "ol", 1, block=True))
    places, unnamed = dict(numbers), len(numbers)
    for label, inline in sorted(notes, key=lambda note: numbers.get(note[0], unnamed + 1)):
        number = places.pop(label, None)  # of two notes by one name the second is named nowhere
        tokens.append(Token("list_item_open", "li", 1, attrs={"id": f"note-{number}"} if number else {}, block=True))
        if number:
            inline.children = [*(inline.children or ()), Token("note_back", "", 0, meta={"number": number})]
        tokens += [inline, Token("list_item_close", "li", -1, block=True)]
    return [
        *tokens,
        Token("ordered_list_close", "ol", -1, block=True),
        Token("section_close", "section", -1, block=True),
    ]


def _render_mark(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    number, nth = tokens[index].meta["number"], tokens[index].meta["nth"]
    own = f"mark-{number}" if nth == 1 else f"mark-{number}-{nth}"
    return f'<sup><a href="#note-{number}" id="{own}">{number}</a></sup>'


def _render_back(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    return f' <a href="#mark-{tokens[index].meta["number"]}" aria-label="{BACK}">↩</a>'
