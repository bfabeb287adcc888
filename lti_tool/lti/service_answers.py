"""What the grade services' answers mean, whichever service gave them: *later*, or *never* for a known cause."""

from urllib.parse import urlsplit

from lti_tool.errors import LmsRefused, LmsUnreachable
from lti_tool.lti.connection import Answer
from lti_tool.lti.families import Family
from lti_tool.lti.roster import next_page
from lti_tool.wording import say


def check_known(answer: Answer, family: Family) -> None:
    """Raise what an answer without success is known to mean; return if it is not known.

    Raises LmsRefused (a cause that somebody has to mend) and LmsUnreachable (one that passes, throttling, a fault).
    """
    status = answer.status
    cause = next((cause for cause in family.causes if cause.words in answer.text), None)
    if cause is not None:
        what = say("%(cause)s (%(status)s).", cause=cause.what, status=status)
        if cause.mender is not None:
            raise LmsRefused(what, cause.do, cause.mender, status)
        raise LmsUnreachable(what, answer.retry_after_seconds, status)
    is_throttle = _is_throttle(answer, family)
    if is_throttle or status in (408, 425) or status >= 500:
        words = say("The LMS was busy or had a fault (%(status)s).", status=status)
        raise LmsUnreachable(words, answer.retry_after_seconds, status, is_throttle=is_throttle)


def _is_throttle(answer: Answer, family: Family) -> bool:
    """RFC 6585, 4 and RFC 9110, 15.6.4: only one that names a time is about the calls and not a fault."""
    asks_to_wait = answer.status == 503 and answer.retry_after_seconds is not None
    return answer.status == 429 or asks_to_wait or any(words in answer.text for words in family.throttle_texts)


def following_page(answer: Answer, address: str) -> str | None:
    """Return the next page of a list, only at the same host: a token goes to nobody but the platform it is from.

    Raises ValueError for one elsewhere, or for no address at all.
    """
    following = next_page(answer.headers.get("link", ""), address)
    if following is not None and urlsplit(following).netloc != urlsplit(address).netloc:
        raise ValueError("a page at another host")
    return following
