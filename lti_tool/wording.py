"""Times and numbers as people say them."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

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


def day(moment: datetime) -> str:
    """Return the day: 14 March 2026."""
    return f"{moment.day} {moment:%B %Y}"


@lru_cache(maxsize=8192)  # asked for each comment of each page, and a comment's time does not change
def exact(moment: datetime) -> str:
    """Return day, time and zone: 14 March 2026, 16:05 UTC."""
    return f"{day(moment)}, {moment:%H:%M} UTC"


def points(value: Decimal | Fraction | None) -> str:
    """Return points as people write them, 7.5 or 4, and a dash where there are none."""
    if value is None:
        return "–"
    number = Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else value
    return f"{number:.2f}".rstrip("0").rstrip(".")
