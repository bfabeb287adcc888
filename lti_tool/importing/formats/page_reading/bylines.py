"""The lines over comments that say who wrote them: “Tom Becker says:”, “Tom Becker on March 3, 2020 at 4:15 pm said:” …

A page writes them all in one way, so the first one found decides what counts on the rest of it. That keeps a line like
“Stalin said:” inside a comment from being taken for one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lti_tool.importing.formats.page_reading.dates import around_date, is_date
from lti_tool.importing.formats.page_reading.furniture import is_comment_furniture
from lti_tool.importing.formats.page_reading.lines import Line
from lti_tool.importing.formats.page_reading.names import LONGEST_NAME, is_name

LONGEST_BYLINE = 160

_NUMBERED = re.compile(r"\d{1,4}(?:\.\d{1,3})*[.)]?\s+|#\d{1,4}\s+|[•*·-]\s+")
_BY = re.compile(r"(?:(?:posted|written|comment|commented) )?by:? ", re.IGNORECASE)
_VERB = re.compile(r"(?:^|\s)(says|said|writes|wrote|replied|replies|commented|responded)\s*:?\s*$", re.IGNORECASE)
_POST_AUTHOR = re.compile(r"[(\[]?\b(?:by )?post author\b[)\]]?", re.IGNORECASE)
_IN_REPLY = re.compile(
    r"(?:^|\s)[(\[]?(?:in reply to|in response to|replying to|replied to|↪|→)\s+@?(?P<to>.{1,60}?)[)\]:]*$", re.I
)
_BESIDE_DATE = " \t([,|·•:–—-"
_ON = re.compile(r"\s(?:on|at|posted|commented)$", re.IGNORECASE)
_HANDLE = re.compile(r"[^\s,;:!?“”\"]{2,40}")
_REPLY_VERBS = frozenset({"replied", "replies", "responded"})


@dataclass(frozen=True, slots=True)
class Byline:
    """Who wrote the comment under it, and what else the page says outright."""

    author: str | None
    dated: bool
    verb: str | None
    by_post_author: bool
    in_reply_to: str | None
    line_count: int = 1


def byline_at(lines: Sequence[Line], at: int) -> Byline | None:
    """The byline that begins at a line, with the lines under it that belong to it (a date, “says:”, “Post author”)."""
    byline = _byline_in(lines[at].text) or _login_over_date(lines, at)
    if byline is None:
        return None
    for after in range(at + 1, min(at + 4, len(lines))):
        longer = _with_next_line(byline, lines[after].text)
        if longer is None:
            break
        byline = longer
    sure = byline.dated or byline.verb or byline.by_post_author or byline.in_reply_to
    return byline if sure else None


def _login_over_date(lines: Sequence[Line], at: int) -> Byline | None:
    """“tbecker99” is no name to look at, but the date in the next line shows it to be one."""
    text = lines[at].text
    dated = at + 1 < len(lines) and is_date(lines[at + 1].text) and not is_date(text)
    if dated and _HANDLE.fullmatch(text) and not is_comment_furniture(text) and text[-1].isalnum():
        return Byline(text, False, None, False, None)
    return None


def bylines_of(lines: Sequence[Line]) -> dict[int, Byline]:
    """The bylines among the lines of a page's comments, by the place of their first line."""
    first = next((at for at, line in enumerate(lines) if not is_comment_furniture(line.text)), 0)
    found: dict[int, Byline] = {}
    at = 0
    while at < len(lines):
        byline = byline_at(lines, at)
        if byline is None or not _fits(byline, next(iter(found.values()), None), at == first):
            at += 1
            continue
        found[at] = byline
        at += byline.line_count
    return found


def dated_bylines_begin(lines: Sequence[Line]) -> int | None:
    """Where comments begin on a page without a heading over them: at the first byline with a verb and a date."""
    for at in range(1, len(lines)):
        byline = byline_at(lines, at)
        if byline and byline.dated and byline.verb and byline.author:
            return at
    return None


def _fits(byline: Byline, first: Byline | None, is_first_line: bool) -> bool:
    """Whether a byline is written as the page's first one is; the first itself must be dated or head the comments."""
    if first is None:
        return byline.dated or is_first_line
    if (first.author is None) != (byline.author is None):
        return False
    return byline.dated if first.dated else byline.verb == first.verb or byline.verb in _REPLY_VERBS


def _with_next_line(byline: Byline, text: str) -> Byline | None:
    """The byline with the line under it, if that still belongs to it."""
    longer = replace(byline, line_count=byline.line_count + 1)
    if not byline.dated and is_date(text):
        return replace(longer, dated=True)
    if not byline.verb and (verb := _VERB.fullmatch(text)):
        return replace(longer, verb=verb[1].lower())
    if not byline.by_post_author and _POST_AUTHOR.fullmatch(text):
        return replace(longer, by_post_author=True)
    if (
        not byline.in_reply_to
        and len(text) < LONGEST_BYLINE
        and (to := _IN_REPLY.fullmatch(text))
        and is_name(to["to"])
    ):
        return replace(longer, in_reply_to=to["to"])
    return None


def _byline_in(text: str) -> Byline | None:
    """Takes away, from the end, what a byline may say beside the name; what is left must be a name (or nothing)."""
    if len(text) > LONGEST_BYLINE:
        return None
    rest, dated = _without_date(text)
    if rest is None:
        return None
    verb = _VERB.search(rest)
    rest = rest[: verb.start()] if verb else rest
    rest = _without_on(rest) if dated else rest
    marked = _POST_AUTHOR.search(rest)
    rest = _POST_AUTHOR.sub("", rest, count=1)
    reply = _IN_REPLY.search(rest)
    rest = rest[: reply.start()] if reply else rest
    name = _bare_name(rest)
    if not _can_be_author(name, dated and verb is not None) and not (not name and dated):
        return None
    said = verb[1].lower() if verb else None
    return Byline(name or None, dated, said, marked is not None, reply["to"].strip() if reply else None)


def _without_date(text: str) -> tuple[str | None, bool]:
    """The line without its date. What follows the date may only be a verb or a link, or it is no byline."""
    dated = around_date(text)
    if dated is None:
        return text, False
    if is_date(text):
        return "", True
    after = dated.after.strip(" ()[]:,|·•.-–—")
    if not after or is_comment_furniture(after):
        return dated.before, True
    if _VERB.fullmatch(after):
        return f"{_without_on(dated.before)} {after}", True
    follows_date = _VERB.search(after) and not dated.before.strip("([ ")
    return (after, True) if follows_date else (None, False)


def _without_on(text: str) -> str:
    """“Tom Becker on” and “Tom Becker –” before a date are “Tom Becker”."""
    return _ON.sub("", text.rstrip(_BESIDE_DATE)).rstrip(_BESIDE_DATE)


def _bare_name(text: str) -> str:
    without_number = _NUMBERED.sub("", text.strip(), count=1)
    return _BY.sub("", without_number, count=1).strip(" \t,:|·•–—-").strip()


def _can_be_author(name: str, sure: bool) -> bool:
    """A name; or a login name where the rest of the line leaves no doubt that it is a byline."""
    if len(name) > LONGEST_NAME:
        return False
    return is_name(name) or (sure and _HANDLE.fullmatch(name) is not None)
