"""Dates as blogs write them in their files; one that is none, or out of all reason, is None."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def iso_time(text: str) -> datetime | None:
    """A time such as 2019-04-04T10:12:00+02:00 or 2019-04-04 10:12:00; without a zone it is UTC."""
    try:
        return _reasonable(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None


def mail_time(text: str) -> datetime | None:
    """A time such as Thu, 04 Apr 2019 10:12:00 +0000."""
    try:
        return _reasonable(parsedate_to_datetime(text.strip()))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _reasonable(moment: datetime) -> datetime | None:
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return aware.astimezone(UTC) if _EARLIEST <= aware <= _LATEST else None
