"""How the pages of class blogs write when something was said."""

import re
from typing import NamedTuple

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?"
    r"|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? )?"
_TIME = r"\d{1,2}[:.]\d{2}(?::\d{2})?(?: ?[ap]\.?m\b\.?)?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?\.?"
_DATE = (
    rf"{_WEEKDAY}(?:{_MONTH} {_DAY},? \d{{4}}|{_DAY} (?:of )?{_MONTH},? \d{{4}}|\d{{4}}-\d{{2}}-\d{{2}}"
    r"|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})"
)
_SHORT_DATE = rf"{_WEEKDAY}(?:{_MONTH} {_DAY}|{_DAY} {_MONTH})"
_BETWEEN = r"(?:,? at |,? @ ?|T|, | - | – | • | · | \| | )"
_AGO = r"(?:\d{1,4}|an?|one) (?:second|minute|hour|day|week|month|year)s? ago"

_WHEN = re.compile(
    rf"(?<![^\s(\[,|·•–—-])(?:{_DATE}(?:{_BETWEEN}{_TIME})?|{_SHORT_DATE}{_BETWEEN}{_TIME}|{_AGO})(?![^\s)\],|·•.:–—-])",
    re.IGNORECASE,
)
_LINKS_AFTER = re.compile(
    r"[\s)\]|·•.:,-]*(?:(?:reply|edit|permalink|link|#|\(edit\)|edited|\(edited\))[\s|·•]*)*", re.I
)


class Dated(NamedTuple):
    """A line around its date: what stands before and after."""

    before: str
    after: str


def around_date(text: str) -> Dated | None:
    """What stands around the date of a short line; None for a line without one."""
    found = _WHEN.search(text)
    return Dated(text[: found.start()].strip(), text[found.end() :].strip()) if found else None


def is_date(text: str) -> bool:
    """Whether a line says when and nothing else (but for the links that themes put beside the date)."""
    if len(text) > 80:
        return False
    dated = around_date(text)
    if not dated or _LINKS_AFTER.fullmatch(dated.after) is None:
        return False
    return dated.before.lower().strip(" :(") in {"", "on", "at", "posted", "posted on", "published", "published on"}
