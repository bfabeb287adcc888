"""What the LMS's gradebook shows, and whether it may be replaced: the difference between an old score and a conflict.

Pure: values in, a verdict out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum

_AS_GOOD_AS_SAME = 0.0051  # half of the smallest step that we send, and what a rescaled number loses


@dataclass(frozen=True)
class ShownScore:
    """What one cell of the gradebook shows: points out of the LMS's own maximum, and when that changed if it says so.

    `comment` is the words beside it, None where the LMS does not say. A cell that shows nothing, because it was never
    filled or was cleared, has no `ShownScore`.
    """

    points: float
    maximum: float
    changed_at: datetime | None = None
    comment: str | None = field(default=None, compare=False)

    def is_as(self, points: Decimal, maximum: Decimal) -> bool:
        """Whether this is that score, which the LMS may have rescaled."""
        scale = self.maximum / float(maximum) if maximum and self.maximum else 1.0  # Moodle lets a column have none
        return abs(self.points - float(points) * scale) <= _AS_GOOD_AS_SAME * max(1.0, scale)


@dataclass(frozen=True)
class SentBefore:
    """A score that may stand in the gradebook because of us: of an accepted attempt, or of one without an answer."""

    points: Decimal
    maximum: Decimal
    revision: int
    is_certain: bool


class Verdict(Enum):
    """What to do about a due score after reading what stands there."""

    SEND = "send"
    IS_THERE = "is there"
    CONFLICT = "conflict"


def judge(
    shown: ShownScore | None, sent_before: Iterable[SentBefore], revision: int, comment: str | None = None
) -> Verdict:
    """Say whether the next score may be sent over what is shown.

    Only what we sent ourselves may be replaced. A cell that we filled and that is empty now was cleared by somebody. An
    attempt of this very revision whose answer was lost, and whose score stands there, has arrived, unless other words
    than its `comment` stand beside it: sending it once more would only add another comment (Canvas).
    """
    ours = tuple(sent_before)
    if shown is None:
        return Verdict.CONFLICT if any(one.is_certain for one in ours) else Verdict.SEND
    standing = [one for one in ours if shown.is_as(one.points, one.maximum)]
    if not standing:
        return Verdict.CONFLICT
    lost_answer = any(one.revision == revision and not one.is_certain for one in standing)
    other_words = comment is not None and shown.comment is not None and shown.comment.strip() != comment.strip()
    return Verdict.IS_THERE if lost_answer and not other_words else Verdict.SEND
