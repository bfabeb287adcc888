"""Times and numbers as people say them: pure."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from markupsafe import Markup

_STEPS = ((60, 60, "minute"), (3600, 24, "hour"), (86_400, 7, "day"))


def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago something was: "just now", "3 hours ago", and after a week the day."""
    seconds = (now - moment).total_seconds()
    if seconds < 60:
        return "just now"
    for size, limit, unit in _STEPS:
        count = int(seconds // size)
        if count < limit:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return day(moment)


def until(moment: datetime, now: datetime) -> str:
    """Return how long it is to a time: "in 20 seconds", "in 3 minutes"; "now" once it has come."""
    seconds = (moment - now).total_seconds()
    if seconds < 1:
        return "now"
    for size, limit, unit in ((1, 60, "second"), *_STEPS):
        count = round(seconds / size)
        if count < limit:
            return f"in {max(count, 1)} {unit}{'' if count <= 1 else 's'}"
    return f"on {day(moment)}"


def day(moment: datetime) -> str:
    """Return the day: 14 March 2026."""
    return f"{moment.day} {moment:%B %Y}"


def exact(moment: datetime) -> str:
    """Return day, time and zone: 14 March 2026, 16:05 UTC."""
    return f"{day(moment)}, {moment:%H:%M} UTC"


def time_tag(moment: datetime, now: datetime) -> Markup:
    """Return a time as HTML: how long ago in words, exact for whoever points at it, and where it is still to come."""
    is_to_come = (moment - now).total_seconds() >= 60
    return _time_tag(moment, exact(moment) if is_to_come else ago(moment, now))


def exact_time_tag(moment: datetime) -> Markup:
    """Return a time as HTML in full; a script turns it into the reader's zone."""
    return _time_tag(moment, exact(moment))


@lru_cache(maxsize=8192)  # asked for each comment of each page; only the words for it change, and seldom
def _time_tag(moment: datetime, words: str) -> Markup:
    return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), exact(moment), words)


def points(value: Decimal | Fraction | None) -> str:
    """Return points as people write them, 7.5 or 4, and a dash where there are none."""
    if value is None:
        return "–"
    number = Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else value
    return f"{number:.2f}".rstrip("0").rstrip(".")
