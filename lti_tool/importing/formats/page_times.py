"""When something was written, as a page says it: for machines where it does so, else in words."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from lti_tool.importing.formats.dates import iso_time
from lti_tool.importing.formats.page_nodes import Node, line_of

_STAMPS = ("data-timestamp", "data-comment-timestamp", "data-time")
_SAYING_SO = re.compile(r"date|time|meta|stamp|submitted|publi|posted|author|byline|footer|\bmb-3\b", re.I)
_MONTHS = (
    "jan janvier januar enero gennaio janeiro januari", "feb février februar febrero febbraio fevereiro februari",
    "mar mars märz marzo março maart", "apr avril abril aprile", "may mai mayo maggio maio mei",
    "jun juin juni junio giugno junho", "jul juillet juli julio luglio julho", "aug août agosto augustus",
    "sep septembre septiembre settembre setembro", "oct octobre oktober octubre ottobre outubro okt",
    "nov novembre noviembre novembro", "dec décembre dezember diciembre dicembre dezembro dez",
)  # fmt: skip
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_ENGLISH = {name for names in _MONTHS for name in names.split()[:1]}
_DATE = re.compile(
    r"\b(?:(?P<month>[^\W\d_]{3,10})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})"
    r"|(?P<day2>\d{1,2})(?:st|nd|rd|th|er)?\.? (?:de )?(?P<month2>[^\W\d_]{3,10})\.?,? (?:de )?(?P<year2>\d{4})"
    r"|(?P<iso>\d{4}-\d\d-\d\d)|(?P<first>\d{1,2})(?P<mark>[./])(?P<second>\d{1,2})(?P=mark)(?P<year3>\d{4}))\b"
)
_CLOCK = re.compile(r"\b(\d{1,2})(?:[:.h]|\sh\s)(\d{2})(?::\d{2})?(?:\s?([ap])\.?m\b)?", re.I)
_LONGEST = 200
_CLOCK_AND_WORDS = 24


def time_of(nodes: Iterable[Node]) -> datetime | None:
    """Return when the first of these elements that says so says it was; a time without a zone is UTC."""
    listed = list(nodes)
    for say in (_stated, _stamped, _titled, _in_words):
        for node in listed:
            if moment := say(node):
                return moment
    return None


def time_in_words(text: str) -> datetime | None:
    """A time such as January 3, 2012 at 5:11 pm, or 3. Januar 2012, 17:11; else the day's beginning."""
    for date in _DATE.finditer(text[:_LONGEST]):
        if day := _day(date.groupdict()):
            near = (text[date.end() : date.end() + 30], text[max(0, date.start() - 30) : date.start()])
            clock = next((found for part in near if (found := _CLOCK.search(part))), None)
            return iso_time(f"{day}T{_hour(clock):02}:{clock[2]}" if clock else day)
    return None


def before_time(text: str) -> str:
    """What stands before a date in words; all of it where there is none."""
    date = _DATE.search(text)
    return text[: date.start()] if date else text


def _stated(node: Node) -> datetime | None:
    return iso_time(node.get("datetime") or "") if node.tag == "time" else None


def _stamped(node: Node) -> datetime | None:
    stamp = next((found for name in _STAMPS if (found := node.get(name) or "").isdecimal()), "")
    if not 9 <= len(stamp) <= 13:
        return None
    return iso_time(datetime.fromtimestamp(int(stamp[:10]), UTC).isoformat())


def _titled(node: Node) -> datetime | None:
    said = (node.get("title") if node.tag in ("abbr", "span", "a") else None) or node.get("content") or ""
    return iso_time(said) if "T" in said and node.tag != "meta" else None


def _in_words(node: Node) -> datetime | None:
    """Only where the markup leads one to expect a date, or where there is nothing else: a text can be about a date."""
    text = line_of(node)
    if len(text) > _LONGEST:
        return None
    if node.tag in ("time", "small", "abbr") or _SAYING_SO.search(node.get("class") or ""):
        return time_in_words(text)
    date = _DATE.search(text)
    return time_in_words(text) if date and len(text) - len(date[0]) <= _CLOCK_AND_WORDS else None


def _day(parts: dict[str, str | None]) -> str:
    """The day as 2012-01-03, or "": which of 3/4/2012 is the month nobody can tell, of 3.4.2012 it is the second."""
    if parts["iso"]:
        return parts["iso"]
    day, year = parts["day"] or parts["day2"], parts["year"] or parts["year2"]
    if parts["first"] and parts["second"]:
        first, second, year = int(parts["first"]), int(parts["second"]), parts["year3"]
        if parts["mark"] == "/" and first <= 12 and second <= 12 and first != second:
            return ""
        day, month = (str(second), first) if second > 12 else (str(first), second)
    else:
        name = (parts["month"] or parts["month2"] or "").lower()
        month = _MONTH_OF.get(name) or _MONTH_OF.get(name[:3] if name[:3] in _ENGLISH else "", 0)
    return f"{year}-{month:02}-{int(day or 0):02}" if month else ""


def _hour(clock: re.Match[str]) -> int:
    hour, half = int(clock[1]), (clock[3] or "").lower()
    return hour % 12 + (12 if half == "p" else 0) if half else hour
