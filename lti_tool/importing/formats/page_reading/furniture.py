"""What belongs to a page and not to its writing: headings that structure it, links, buttons, forms, side bars.

Only whole lines are ever taken for furniture, never words inside one; and whoever leaves a line out reports it.
"""

import re
from typing import NamedTuple

LONGEST_FURNITURE = 160

_NUMBER_WORDS = {"no": 0, "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
_NUMBER_WORDS |= {"eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20}
_COUNT = r"(?P<count>\d{1,3}(?:[,.]\d{3})+|\d{1,6}|" + "|".join(_NUMBER_WORDS) + ")"
_NOUN = r"(?:repl(?:y|ies)|comments?|responses?|thoughts?|reactions?)"
_COUNTED = re.compile(
    rf"{_COUNT} {_NOUN}(?: so far| yet)?"
    r"(?: (?:on|to|for|about):? (?P<title>.{1,300}))?(?:\s*[|↓»]*\s*add yours)?[:↓»\s]*",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?:comments|replies|responses|student comments|class comments|comment section|comments section)"
    r"\s*[:(\[]*\s*(?P<count>\d{1,6})?[)\]:]*(?: (?:on|to|for) (?P<title>.{1,300}))?",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[“\"«‘'„](?P<inside>.+)[”\"»’'“]")


class RepliesHeading(NamedTuple):
    """The line that says “12 replies on “A title””; ``sureness`` tells it from lines that only resemble one."""

    stated: int | None
    title: str | None
    sureness: int


def replies_heading(text: str) -> RepliesHeading | None:
    """What a heading over the replies says, if the line is one."""
    if len(text) > 400:
        return None
    found = _COUNTED.fullmatch(text)
    counted = found is not None
    found = found or _BARE.fullmatch(text)
    if not found:
        return None
    count, named = found["count"], found["title"]
    quoted = _QUOTED.fullmatch(named.strip()) if named else None
    title = quoted["inside"].strip() if quoted else (named or "").strip() or None
    return RepliesHeading(_number(count), title, 1 + counted + (quoted is not None))


def _number(count: str | None) -> int | None:
    if count is None:
        return None
    word = count.lower()
    return _NUMBER_WORDS[word] if word in _NUMBER_WORDS else int(re.sub(r"[,.]", "", word))


_SOURCES = (
    r"(?:works? cited|works consulted|sources?(?: used| cited| consulted)?|references?(?: list)?|(?:select(?:ed)? )?"
    r"bibliography|citations?|literature cited|list of sources)"
)
_SOURCES_HEADING = re.compile(rf"[*_#\s]*{_SOURCES}[*_\s]*[:.]?[*_\s]*", re.IGNORECASE)
_SOURCES_IN_LINE = re.compile(rf"({_SOURCES}):\s+(?P<rest>\S.*)", re.IGNORECASE)
_NOTES_HEADING = re.compile(r"(?:foot|end)?notes\s*:?", re.IGNORECASE)


def is_sources_heading(text: str) -> bool:
    return len(text) < 60 and _SOURCES_HEADING.fullmatch(text) is not None


def is_notes_heading(text: str) -> bool:
    return _NOTES_HEADING.fullmatch(text) is not None


def source_after_heading(text: str) -> str | None:
    """The source that stands in one line with its heading, as in “Sources: Freeze, Russia: A History”."""
    found = _SOURCES_IN_LINE.fullmatch(text)
    return found["rest"] if found else None


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_ANYWHERE = _any_of(
    r"share this( post)?:?",
    r"like this:?",
    r"like loading(\.{3}|…)?",
    r"loading(\.{3}|…)",
    r"(click to )?(share|email|print) (this|on|to) .{0,60}\(opens in new window\).*",
    r"skip to (main )?content",
    r"(posted|filed) (in|under):? .{1,100}[^.!?…,]",
    r"(tagged:?( with)?|tags?:) .{1,120}[^.!?…,]",
    r"categor(y|ies): .{1,100}",
    r"view all posts by .{1,80}( →)?",
    r"post navigation|comments? navigation",
    r"(← |→ |« )?(previous|next|older|newer) (post|comments?|entries)s?( →| »)?",
    r"bookmark the permalink\.?",
    r"proudly powered by .{1,40}|powered by wordpress.*|theme: .{1,60} by .{1,60}",
    r"comments are closed\.?",
    r"no comments yet\.?",
    r"(both )?comments and (trackbacks|pings) are (currently )?(closed|open)\.?",
)
_FORM = _any_of(
    r"(leave|add|post|write) an? (reply|comment|response)(?: to .{1,80})?( cancel reply)?:?",
    r"cancel reply",
    r"your e-?mail address will not be published\..*",
    r"required fields are marked ?\*?",
    r"(comment|name|e-?mail|website)( \((optional|required)\))? ?\*?:?",
    r"save my name, e-?mail,? and website in this browser.*",
    r"notify me of (new|follow-?up) .{1,40} (by|via) e-?mail\.?",
    r"post comment|submit( comment)?",
    r"(you must be )?logged in (as .{1,80}|to post a comment\.?)",
    r"you must be logged in to (reply|post a comment)\.?",
    r"this site uses akismet.*",
    r"learn how your comment data is processed\.?",
    r"join the conversation",
)
_FORM_HEADING = _any_of(
    r"(leave|add|post|write) an? (reply|comment|response)( cancel reply)?:?", r"join the conversation"
)
_BY_A_COMMENT = _any_of(
    r"(↩ ?|↓ ?)?(log in to )?reply( ?↓| ?↩)?( to \S{1,30}( \S{1,30}){0,2}[^\s.!?…,:])?",
    r"\(?edit\)?|permalink|link|quote|report( comment)?|flag|delete|approve|spam|avatar|.{1,60}[’']s? avatar",
    r"(liked? by|like) \d+ (person|people)|like|likes?: ?\d+|\d+ likes?|liked by .{1,60}|rate this",
    r"(ping|track)back: .{1,150}",
    r"your comment is awaiting moderation\.?",
)
_REPLY_LINK = _any_of(r"(↩ ?|↓ ?)?(log in to )?reply( ?↓| ?↩)?")
_PAGE_TOP = _any_of(
    r"(primary |main )?menu( ☰)?|☰|toggle navigation|home|about|contact"
    r"|search( for:?)?(\.{3}|…)?|syllabus|blog|navigation"
)
_SIDE_BAR = _any_of(
    r"recent (posts|comments)|archives?|categories|meta|blogroll|blog stats|tag cloud|follow (blog|us)( via e-?mail)?"
    r"|search for:?|subscribe|related( posts)?:?|like loading.*|widgets?|post navigation"
)


def _whole(pattern: re.Pattern[str], text: str) -> bool:
    return len(text) <= LONGEST_FURNITURE and pattern.fullmatch(text) is not None


def is_page_furniture(text: str) -> bool:
    """A line that is never part of the writing, wherever it stands."""
    return _whole(_ANYWHERE, text) or _whole(_FORM_HEADING, text)


def is_comment_furniture(text: str) -> bool:
    """A line that is no part of a comment where it stands among comments."""
    return is_page_furniture(text) or _whole(_FORM, text) or _whole(_BY_A_COMMENT, text)


def is_page_top(text: str) -> bool:
    """A line of a menu, where it stands over the title."""
    return is_page_furniture(text) or _whole(_PAGE_TOP, text)


def is_form_heading(text: str) -> bool:
    return _whole(_FORM_HEADING, text)


def is_reply_link(text: str) -> bool:
    """The link under each comment, which therefore also marks where a comment ends."""
    return _whole(_REPLY_LINK, text)


def is_side_bar(text: str) -> bool:
    """A heading that begins the rest of a page, where it stands after the comments."""
    return _whole(_SIDE_BAR, text)
