"""How many scores may be under way to one platform at once: as many as it takes quickly, and fewer when it says so."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from statistics import median

BEGIN_WITH = 4
_SLOWER = 2.0  # times the quickest answer: from there on the platform's own queue grows, and nothing is gained
_SLACK_SECONDS = 0.05
_ANSWERS_KEPT = 100
_AT_ONCE_SECONDS = 0.003
_AHEAD_SECONDS = 0.1
_MOST_AHEAD = 64
_FEWEST_FAILURES = 5
_LITTLE_LEFT = 200.0
_WORTH_WAITING_SECONDS = 30.0
_SHORTEST_REST_SECONDS = 1.0
_LONGEST_REST_SECONDS = 300.0
_FIRST_REST_SECONDS = 15.0


class Pace:
    """The pace of one process towards one platform; kept between runs. Threads share it.

    The number in flight grows by one after each round of quick answers, shrinks by one when answers take more than
    twice as long as the quickest of late, and halves when the platform asks to slow down. A platform that gives no
    answer to as many calls as are under way is left alone for a while, longer each time. (Additive increase,
    multiplicative decrease, as in RFC 5681; the measure of delay as in TCP Vegas.)
    """

    def __init__(self, most: int, clock: Callable[[], datetime]) -> None:
        self.most = most
        self._clock = clock
        self._turn = threading.Condition()
        self._in_flight = 0
        self._limit = min(BEGIN_WITH, most)
        self._seconds: deque[float] = deque(maxlen=_ANSWERS_KEPT)
        self._good_answers = 0
        self._failures = 0
        self._rests = 0
        self._rests_until: datetime | None = None
        self._recovered = False

    @property
    def limit(self) -> int:
        """How many may be under way now."""
        return self._limit

    @property
    def ahead(self) -> int:
        """How many more to have at hand, so that nobody waits for a transaction: as are sent in a tenth of a second."""
        with self._turn:
            soon = int(self._limit * _AHEAD_SECONDS / max(self._usual_seconds(), 0.001)) if self._seconds else 0
            return min(max(self._limit, soon), _MOST_AHEAD)

    @property
    def answers_at_once(self) -> bool:
        """Whether the last answer came so quickly that threads would only wait for each other."""
        return bool(self._seconds) and self._seconds[-1] < _AT_ONCE_SECONDS

    def rests_until(self) -> datetime | None:
        """Until when the platform is left alone; None if it is not."""
        until = self._rests_until
        return until if until is not None and until > self._clock() else None

    def sit_out_short_rest(self) -> None:
        """Wait until a rest is over that the platform asked for, if that is soon."""
        until = self._rests_until
        if until is None or self._rests:
            return
        seconds = (until - self._clock()).total_seconds()
        if seconds <= _WORTH_WAITING_SECONDS:
            threading.Event().wait(max(seconds, 0))
            self._rests_until = None

    def take_recovery(self) -> bool:
        """Say, once, that a platform which gave no answer answers again."""
        recovered, self._recovered = self._recovered, False
        return recovered

    def wake(self) -> None:
        """Forget a rest, because somebody asked to send now."""
        self._rests_until = None
        self._failures = 0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a place among those under way."""
        with self._turn:
            self._turn.wait_for(lambda: self._in_flight < self._limit)
            self._in_flight += 1
        try:
            yield
        finally:
            with self._turn:
                self._in_flight -= 1
                self._turn.notify_all()

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Time one call that ends without an exception; wraps the call itself, not the wait for a turn."""
        began = self._clock()
        yield
        self._note_answer((self._clock() - began).total_seconds())

    def note_allowance(self, left: float | None) -> None:
        """The platform said how many calls it would still take (Canvas: `X-Rate-Limit-Remaining`, 700 at most)."""
        if left is not None and left < _LITTLE_LEFT:
            with self._turn:
                self._limit = max(1, self._limit - 1)
                self._good_answers = 0

    def note_throttle(self, wait_seconds: float | None) -> None:
        """The platform asked to slow down, and perhaps for how long to wait."""
        with self._turn:
            self._limit = max(1, self._limit // 2)
            self._good_answers = 0
            seconds = min(max(wait_seconds or 0, _SHORTEST_REST_SECONDS), _LONGEST_REST_SECONDS)
            self._rest(seconds)

    def note_failure(self) -> None:
        """The platform gave no usable answer."""
        with self._turn:
            self._failures += 1
            if self._failures >= max(self._limit, _FEWEST_FAILURES):
                self._failures = 0
                self._rest(min(_FIRST_REST_SECONDS * 2.0**self._rests, _LONGEST_REST_SECONDS))
                self._rests += 1

    def _note_answer(self, seconds: float) -> None:
        with self._turn:
            self._recovered = self._recovered or self._rests > 0
            self._failures = self._rests = 0
            self._seconds.append(max(seconds, 0.0))
            self._good_answers += 1
            if self._good_answers < self._limit:
                return
            self._good_answers = 0
            if self._usual_seconds() <= _SLOWER * min(self._seconds) + _SLACK_SECONDS:
                self._limit = min(self._limit + 1, self.most)
                self._turn.notify_all()
            elif self._limit > 2:
                self._limit -= 1

    def _usual_seconds(self) -> float:
        latest = islice(reversed(self._seconds), 2 * self._limit)
        return median(latest)

    def _rest(self, seconds: float) -> None:
        until = self._clock() + timedelta(seconds=seconds)
        self._rests_until = until if self._rests_until is None else max(until, self._rests_until)
