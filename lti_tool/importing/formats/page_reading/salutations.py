"""Whom a comment speaks to: “Hi Isaiah, …”, “Thanks for the comment Tom!”, “Great post, Isaiah!”, “Isaiah, …”, “@Tom”.

A name counts only where it is addressed as a person's: after a greeting or thanks, after praise, or first with a comma
and then somebody speaking. Historical figures are talked about, not to.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, unique
from typing import NamedTuple

from lti_tool.importing.formats.page_reading.names import APOSTROPHES, HYPHENS, TITLES, is_name_word, is_title, words

OPENING_LENGTH = 240
CLOSING_LENGTH = 120
TOKENS_IN_A_SENTENCE = 40

GREETINGS = words(
    """
    hi hey hello hiya howdy dear greetings hola bonjour salut ciao hallo привет здравствуйте здравствуй
    """
)
THANKS = words("appreciate thanks thank thx ty cheers merci gracias danke grazie спасибо")
AFTER_THANKS = words("you so very much a lot again много большое")
INTERJECTIONS = words(
    """
    wow oh yes yeah yep no ah aw haha right sure well ok okay exactly agreed also and true so
    """
)
PRAISE = words(
    """
    agree agreed amazing awesome beautiful best brilliant congrats congratulations cool enjoyed excellent
    fantastic fascinating good great impressive informative insightful interesting kudos like liked love loved
    lovely nice perfect right solid strong super superb terrific thorough thoughtful well wonderful
    """
)
PRAISED = words(
    """
    analysis article blog comment comments done essay idea insight job link one overview paper piece point
    points post question questions read reading reply response stuff suggestion summary thought thoughts topic
    work write-up writing you here
    """
)
OF_A_POST = words(
    """
    analysis article blog essay job overview paper piece post read summary topic work write-up writing
    """
)
OPENERS = words(
    """
    i i'm i've i'd i'll my you your you're you've this that what how why did do does have it's it is can could
    would we really very so such thanks thank great good nice love loved excellent awesome amazing interesting
    wonderful fantastic fascinating cool well terrific superb brilliant first was were are yes no that's there's
    agreed exactly enjoyed liked congrats congratulations nicely beautifully just wow
    """
)
STOPS = ".!?…。！？"
BREAKS = ",;:–—-，、：；"
PAIRED = {"“": "”", "(": ")"}

_PARENTHESIS = re.compile(r"(?:i|you|we|one|it|they|he|she)\s(?:\S{1,20}\s){0,3}\S{1,20},", re.IGNORECASE)


@unique
class Kind(Enum):
    """How a person is spoken to; `spoken_to` says it in a reason as “… Tom by name”."""

    GREETING = "greets"
    THANKS = "thanks"
    PRAISE = "praises"
    NAME_FIRST = "speaks to"
    NAME_ONLY = "begins with the name of"
    AT = "turns to"


@dataclass(frozen=True, slots=True)
class Address:
    """A person spoken to in a comment, and the words that show it."""

    name: str
    kind: Kind
    phrase: str
    praises_post: bool


class Token(NamedTuple):
    """A word or a punctuation mark, and where it stands."""

    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        return self.text.casefold().replace("’", "'")


class _Found(NamedTuple):
    name: str
    first: int
    after: int


def address_in(text: str) -> Address | None:
    """Whom a comment speaks to in its opening sentences, or else in its last one."""
    opening = text[:OPENING_LENGTH]
    first_line = opening.partition("\n")[0]
    sentences = _sentences(first_line)
    for sentence in sentences[:2]:
        if address := _address_in_sentence(first_line, sentence):
            return address
    closing = text[-CLOSING_LENGTH:].rpartition("\n")[2]
    last = _sentences(closing)[-1:] if len(text) > len(closing) or len(sentences) > 2 else []
    for sentence in last:
        for tell in (_after_thanks, _after_praise):
            if address := tell(closing, sentence):
                return address
    return None


def _address_in_sentence(text: str, tokens: Sequence[Token]) -> Address | None:
    tokens = _without_interjection(tokens)
    for tell in (_at_sign, _after_greeting, _after_thanks, _name_first, _after_praise):
        if address := tell(text, tokens):
            return address
    return None


def _without_interjection(tokens: Sequence[Token]) -> Sequence[Token]:
    """“Wow, Isaiah, …” speaks to Isaiah as “Isaiah, …” does."""
    if len(tokens) > 2 and tokens[0].low in INTERJECTIONS:
        return tokens[2:] if tokens[1].text in BREAKS else tokens[1:] if is_name_word(tokens[1].text) else tokens
    return tokens


def _at_sign(text: str, tokens: Sequence[Token]) -> Address | None:
    if len(tokens) > 1 and tokens[0].text == "@":
        found = _name_at(tokens, 1) or _Found(tokens[1].text, 1, 2)
        return _address(text, tokens, 0, found, Kind.AT)
    return None


def _after_greeting(text: str, tokens: Sequence[Token]) -> Address | None:
    if not tokens:
        return None
    at = 1 if tokens[0].low in GREETINGS else 0
    if tokens[0].low == "good" and len(tokens) > 1 and tokens[1].low in {"morning", "afternoon", "evening", "day"}:
        at = 2
    if not at:
        return None
    at += at < len(tokens) and tokens[at].low in {"there", "again"}
    at += at < len(tokens) and tokens[at].text in BREAKS
    found = _name_at(tokens, at)
    return _address(text, tokens, 0, found, Kind.GREETING) if found else None


def _after_thanks(text: str, tokens: Sequence[Token]) -> Address | None:
    """“Thanks Tom”, “Thank you so much, Tom”, “Thanks for the comment Tom!”, but not “Thanks for mentioning Stalin”."""
    start = next((at for at, token in enumerate(tokens[:3]) if token.low in THANKS), None)
    if start is None:
        return None
    at = start + 1
    while at < len(tokens) and (tokens[at].low in AFTER_THANKS or tokens[at].text in BREAKS):
        at += 1
    found = _name_at(tokens, at) or _vocative(tokens, at)
    return _address(text, tokens, start, found, Kind.THANKS) if found else None


def _after_praise(text: str, tokens: Sequence[Token]) -> Address | None:
    """“Great post, Isaiah!”, “I agree, Tom.”"""
    start = next((at for at, token in enumerate(tokens[:6]) if token.low in PRAISE), None)
    found = None if start is None else _vocative(tokens, start + 1)
    return _address(text, tokens, start or 0, found, Kind.PRAISE) if found else None


def _name_first(text: str, tokens: Sequence[Token]) -> Address | None:
    """“Isaiah, good post”: a name, a break, and somebody speaking. Not “Stalin, I think, …”.

    A name and a break alone (“Isaiah, the part about …”) count only for somebody who is known otherwise.
    """
    found = _name_at(tokens, 0)
    if not found or found.after >= len(tokens) or tokens[found.after].text not in BREAKS + "!":
        return None
    going_on = tokens[found.after + 1 : found.after + 2]
    if _is_adverb(tokens[0].low) or (going_on and _PARENTHESIS.match(text, going_on[0].start)):
        return None
    speaks = not going_on or going_on[0].low in OPENERS
    return _address(text, tokens, 0, found, Kind.NAME_FIRST if speaks else Kind.NAME_ONLY)


def _is_adverb(word: str) -> bool:
    return len(word) > 6 and word.endswith("ly") and word not in {"kimberly", "beverly"}


def _vocative(tokens: Sequence[Token], start: int) -> _Found | None:
    """A name called at the end of a clause, set off by a comma or by the word that was praised or thanked for.

    “… about Lenin, Stalin, and others” is a list; “… about Lenin, Tom!” is a call.
    """
    for at in range(max(start, 1), len(tokens)):
        before = tokens[at - 1]
        if before.text not in BREAKS and before.low not in PRAISED:
            continue
        found = _name_at(tokens, at)
        if found is None or (found.after < len(tokens) and tokens[found.after].text not in BREAKS + STOPS):
            continue
        in_a_list = at > 1 and before.text in BREAKS and is_name_word(tokens[at - 2].text)
        if not in_a_list or found.after >= len(tokens) or tokens[found.after].text in STOPS:
            return found
    return None


def _name_at(tokens: Sequence[Token], at: int) -> _Found | None:
    """The name that begins at a token. Of several words the first is the name, unless a mark ends them."""
    after = at
    while after < len(tokens) and after < at + 2 and is_title(tokens[after].text):
        after += 1 + (after + 1 < len(tokens) and tokens[after + 1].text == ".")
    words_from = after
    while after < len(tokens) and after < words_from + 3 and is_name_word(tokens[after].text):
        after += 1
    if after == words_from:
        return None
    if after < len(tokens) and tokens[after].text not in BREAKS + STOPS:
        after = words_from + 1
    return _Found(_joined(tokens[at:after]), at, after)


def _joined(tokens: Sequence[Token]) -> str:
    shown = tokens[0].text
    for token, before in zip(tokens[1:], tokens, strict=False):
        shown += token.text if token.start == before.end else " " + token.text
    return shown


def _address(text: str, tokens: Sequence[Token], start: int, found: _Found, kind: Kind) -> Address:
    end = found.after
    while end < min(len(tokens), found.after + 4) and tokens[end].text not in STOPS:
        end += 1
    end = end if kind in {Kind.NAME_FIRST, Kind.NAME_ONLY, Kind.AT} else found.after
    said = {token.low for token in tokens[:12]}
    praises = bool(said & PRAISE and said & OF_A_POST)
    mark = tokens[end : end + 1]
    close = mark[0].end if mark and mark[0].text in "!?," else tokens[end - 1].end
    phrase = text[tokens[start].start : close].rstrip(",")
    return Address(found.name, kind, phrase + (" …" if close < len(text) and phrase[-1] not in "!?" else ""), praises)


def _sentences(text: str) -> list[list[Token]]:
    """The tokens of each sentence. The stop after a title (“Dr.”) ends none."""
    sentences: list[list[Token]] = [[]]
    for token in _tokens(text):
        sentences[-1].append(token)
        before = sentences[-1][-2].low if len(sentences[-1]) > 1 else ""
        if token.text in STOPS and before not in TITLES:
            sentences.append([])
    return [sentence[:TOKENS_IN_A_SENTENCE] for sentence in sentences if sentence]


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        end = at + 1
        if _is_letter(text[at]):
            while end < len(text) and _goes_on(text, end):
                end += 1
        yield Token(text[at:end], at, end)
        at = end


def _is_letter(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LMN"


def _goes_on(text: str, at: int) -> bool:
    """Whether a word goes on: apostrophes and hyphens belong to it only between letters."""
    if text[at] in APOSTROPHES or text[at] in HYPHENS:
        return at + 1 < len(text) and _is_letter(text[at + 1])
    return _is_letter(text[at])
