"""What the words of one comment tell by themselves: thanks for a comment, praise of the post, questions, signatures."""

import re
from dataclasses import dataclass

from lti_tool.importing.formats.page_reading.names import is_name
from lti_tool.importing.formats.page_reading.salutations import Address, address_in

LOOKED_AT = 600

_THANKS_FOR_COMMENT = re.compile(
    r"\b(?:thank(?:s| you)|appreciate|glad (?:that )?you (?:liked|enjoyed))\b[^.!?\n]{0,60}?"
    r"\b(?:comments?|commenting|reply|replying|response|responding|questions?|asking|feedback|kind words|input|"
    r"suggestions?|for reading|insights?|pointing)\b"
    r"|\bglad (?:that )?you (?:liked|enjoyed)\b|\bthanks for the (?:link|tip|recommendation)",
    re.IGNORECASE,
)
_PRAISES_POST = re.compile(
    r"\b(?:great|good|nice|excellent|awesome|amazing|interesting|fantastic|wonderful|fascinating|well[- ]written|solid|"
    r"informative|insightful|enjoyed|liked|loved|love|like)\s(?:[^\s.!?]{1,15}\s){0,3}?(?:post|job|essay|article|read|blog|piece|paper)\b"
    r"|\b(?:your|this) (?:post|essay|article|blog|piece|paper)\b|\byou (?:cover|covered|wrote|write|chose|did a)\b",
    re.IGNORECASE,
)
_PRAISES_COMMENT = re.compile(
    r"\b(?:great|good|nice|excellent|interesting|fair|valid) (?:point|question|comment|thought|observation|catch)\b",
    re.I,
)
_OWN_POST = re.compile(
    r"\b(?:in|for|of|writing|wrote|on) my (?:post|essay|article|research|paper|sources|blog)\b"
    r"|\bwhen i (?:wrote|researched)\b|\bmy research\b"
    r"|\bi (?:wrote|researched) (?:this|the post|about)\b|\bi should have (?:mentioned|included|written)\b",
    re.IGNORECASE,
)
_OPENS_AS_ANSWER = re.compile(
    r"(?:(?:yes|yeah|yep|no|nope|exactly|definitely|absolutely|true|right|sure|of course|certainly|indeed|totally|"
    r"honestly|to answer your question|to be honest)\b|(?:that(?:[’']s| is) (?:a |an )?)?(?:very |really )?"
    r"(?:good|great|interesting|excellent) (?:question|point)"
    r"|i (?:totally |completely |definitely )?agree with you\b|you[’']re (?:so )?right\b)",
    re.IGNORECASE,
)
_REPLIES_TO_THANKS = re.compile(r"(?:you[’']re (?:very )?welcome|no problem|my pleasure|anytime)\b", re.IGNORECASE)
_SAYS_YOU = re.compile(r"\b(?:you|your|yours|thanks|thank)\b", re.IGNORECASE)
_NAMED = r"(?P<name>[^\s,.;:!?()“”\"]{2,30}(?: [^\s,.;:!?()“”\"a-z][^\s,.;:!?()“”\"]{1,30})?)"
_OF_A_PEER = re.compile(
    rf"\b(?:agree(?:d)? with|disagree with|echo(?:ing)?|second(?:ing)?|(?:add|adding) (?:on )?to|building (?:up)?on|"
    rf"as|like|what|going off(?: of)?|piggybacking (?:off|on)(?: of)?|similar to|in reply to"
    rf"|responding to|reply to) @?{_NAMED}",
    re.IGNORECASE,
)
_AS_SAID = re.compile(r"(?:as|like|what)\s", re.IGNORECASE)
_SAID = re.compile(
    r"[’']?s?\s(?:said|says|mentioned|mentions|wrote|pointed|noted|asked|stated|brought|already|also)\b", re.I
)
_SIGNED = re.compile(r"(?:^|[.!?…”\"]\s+)[-–—~]\s?(?P<name>[^.!?,;:]{2,40})$")
_CLOSING_WORD = re.compile(
    r"(?:best|cheers|regards|best regards|sincerely|yours|thanks|love|all the best),?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Speech:
    """One comment's words, looked at alone."""

    address: Address | None
    signature: str | None
    thanks_for_comment: bool
    praises_post: bool
    of_own_post: bool
    opens_as_answer: str | None
    replies_to_thanks: bool
    praises_comment: bool
    asks: bool
    says_you: bool
    peers: tuple[str, ...]
    """People it agrees with or takes up by name, without speaking to them."""


def speech_of(text: str) -> Speech:
    """Looks at the beginning (and the end) of a comment only, so that the work does not grow with its length."""
    beginning, end = text[:LOOKED_AT], text[-LOOKED_AT // 2 :]
    opens = _OPENS_AS_ANSWER.match(beginning)
    return Speech(
        address=address_in(text),
        signature=_signature(text[-LOOKED_AT:]),
        thanks_for_comment=_THANKS_FOR_COMMENT.search(text[:240]) is not None,
        praises_post=any(_PRAISES_POST.search(part) for part in (beginning, end)),
        of_own_post=_OWN_POST.search(beginning) is not None,
        opens_as_answer=opens[0] if opens else None,
        replies_to_thanks=_REPLIES_TO_THANKS.match(beginning) is not None,
        praises_comment=_PRAISES_COMMENT.search(text[:120]) is not None,
        asks="?" in text or "？" in text,
        says_you=_SAYS_YOU.search(text[:240]) is not None,
        peers=_peers(beginning),
    )


def _peers(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for mention in _OF_A_PEER.finditer(text):
        needs_verb = _AS_SAID.match(mention[0]) is not None
        name = mention["name"].removesuffix("’s").removesuffix("'s")
        if is_name(name) and (not needs_verb or _SAID.match(text, mention.end("name"))):
            found.append(name)
    return tuple(found)


def _signature(text: str) -> str | None:
    """The name a comment is signed with: “– Tom”, or a name alone in the last line after “Best,”."""
    lines = [line for line in text.split("\n") if line]
    if not lines:
        return None
    signed = _SIGNED.search(lines[-1][-60:])
    quoted_before = len(lines) > 1 and lines[-2].endswith(("”", '"', "»"))
    if signed and is_name(signed["name"]) and not quoted_before and not signed[0].startswith(("”", '"')):
        return signed["name"]
    closed = len(lines) > 1 and _CLOSING_WORD.fullmatch(lines[-2])
    return lines[-1] if closed and is_name(lines[-1]) else None
