"""Lists inside a sentence that is said in the reader's language."""

from collections.abc import Sequence

from lti_tool.wording import say


def listed(parts: Sequence[str]) -> str:
    """Return “a, b, c”. Halves are put together, so that a long list is not nested deep."""
    if len(parts) < 2:
        return parts[0] if parts else ""
    middle = len(parts) // 2
    # NOTE: parts of a list, one after the other
    return say("%(list)s, %(next)s", list=listed(parts[:middle]), next=listed(parts[middle:]))


def listed_to_the_last(parts: Sequence[str]) -> str:
    """Return “a, b and c”."""
    if len(parts) < 2:
        return listed(parts)
    # NOTE: the end of a list
    return say("%(list)s and %(last)s", list=listed(parts[:-1]), last=parts[-1])


def listed_in_part(parts: Sequence[str], most: int) -> str:
    """Return “a, b and 3 more”: the first parts, and how many more there are."""
    if len(parts) <= most:
        return listed(parts)
    # NOTE: the end of a list of which the first parts are shown
    return say("%(list)s and %(number)s more", list=listed(parts[:most]), number=len(parts) - most)
