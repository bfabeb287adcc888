"""Times that people type: theirs where a script told how far their clock is from UTC, else UTC (`static/times.js`)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from lti_tool.errors import Rejected
from lti_tool.wording import say


def moment_from(form: Mapping[str, str], name: str) -> datetime | None:
    """Return the time in a field, None if it is empty. Raises Rejected."""
    written = form.get(name, "").strip()
    if not written:
        return None
    try:
        behind = timedelta(minutes=int(form.get(f"{name}_behind_utc") or 0))
        return datetime.fromisoformat(written).replace(tzinfo=UTC) + behind
    except (ValueError, OverflowError):
        raise Rejected(say("That is not a day and a time."), say("Choose both, or clear the field for none.")) from None
