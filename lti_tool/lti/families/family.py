"""The shape of a family: each field is one difference, its default what the standard says."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """An LMS's differences. A test runs over every family, and each field names its source where it is set.

    `stale_texts`: words in a 400 that mean the score's time is not newer than the last one (409 always does).
    `refused_body`: the body of a 2xx answer that is a refusal all the same.
    `throttle_texts`: words in the body of a 403 that mean *later*, not *never*.
    `locked_texts`: words in a refusal that mean this one grade is closed to changes.
    `locked_answers`: status and body when the cell or column is locked, though it looks like a fault of the LMS.
    """

    name: str
    label: str
    product_code: str = ""
    stale_texts: tuple[str, ...] = ()
    refused_body: str | None = None
    throttle_texts: tuple[str, ...] = ()
    locked_texts: tuple[str, ...] = ()
    locked_answers: frozenset[tuple[int, str]] = frozenset()
