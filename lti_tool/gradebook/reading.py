"""Reading the gradebook before writing into it: a few scores one by one, many by their whole column."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from lti_tool.gradebook.claiming import Agreed, Delivery
from lti_tool.gradebook.shown import SentBefore, ShownScore, Verdict, judge

_ONE_BY_ONE = 3  # from then on the whole column costs less than its cells
_STAYS_FRESH = timedelta(seconds=30)


class ReadableGradebook(Protocol):
    def shown_scores(self, delivery: Delivery, *, everybody: bool) -> Mapping[str, ShownScore] | None:
        """Return what the column shows by the LMS's id of each person, or of this one; None if it may not be read.

        Raises LmsUnreachable and LmsRefused.
        """


@dataclass
class _Column:
    """One column in one run. Its lock lets one thread read it while the others wait for the answer."""

    lock: threading.Lock
    shown: dict[str, ShownScore] | None = None
    read_at: datetime | None = None


class Readings:
    """What the columns of one run were seen to show."""

    def __init__(self, gradebook: ReadableGradebook, clock: Callable[[], datetime]) -> None:
        self._gradebook = gradebook
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()
        self._columns: dict[str, _Column] = {}

    def judge(self, delivery: Delivery) -> tuple[Verdict, ShownScore | None]:
        """Say whether a score may be sent, and what the gradebook shows. Raises LmsUnreachable and LmsRefused.

        A conflict is never said on the word of a reading that may be old.
        """
        with self._lock:
            self._asked[delivery.column or ""] += 1
            column = self._columns.setdefault(delivery.column or "", _Column(threading.Lock()))
            many = self._asked[delivery.column or ""] > _ONE_BY_ONE
        # After an attempt without an answer the cell itself is read: the column may have been read before that one.
        is_certain = all(one.is_certain for one in delivery.sent_before)
        if many and is_certain and self._read_whole(column, delivery):
            verdict, shown = _judge(delivery, (column.shown or {}).get(delivery.person_key))
            if verdict is not Verdict.CONFLICT:
                return verdict, shown
        cells = self._gradebook.shown_scores(delivery, everybody=False)
        if cells is None:
            return Verdict.SEND, None
        return _judge(delivery, cells.get(delivery.person_key))

    def note_sent(self, delivery: Delivery) -> None:
        """Keep a column's reading true after a score was taken."""
        column = self._columns.get(delivery.column or "")
        if column is not None and column.shown is not None:
            score = delivery.score
            column.shown[delivery.person_key] = ShownScore(float(score.points), float(score.maximum))

    def _read_whole(self, column: _Column, delivery: Delivery) -> bool:
        with column.lock:
            now = self._clock()
            if column.read_at is None or now - column.read_at > _STAYS_FRESH:
                shown = self._gradebook.shown_scores(delivery, everybody=True)
                column.shown, column.read_at = (None if shown is None else dict(shown)), now
            return column.shown is not None


def _judge(delivery: Delivery, shown: ShownScore | None) -> tuple[Verdict, ShownScore | None]:
    return verdict_on(shown, delivery.sent_before, delivery.revision, delivery.score.comment, delivery.agreed), shown


def verdict_on(
    shown: ShownScore | None, sent_before: Iterable[SentBefore], revision: int, comment: str, agreed: Agreed | None
) -> Verdict:
    """`judge`, where what the teacher has let ours replace may be replaced."""
    if agreed is not None and agreed.seen == shown:
        return Verdict.SEND
    return judge(shown, sent_before, revision, comment)
