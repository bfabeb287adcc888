"""Getting due scores to the LMS. Decides between *again later* and *never so*, and nothing else about an LMS."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Protocol

import structlog
from sqlalchemy.exc import DBAPIError

from lti_tool.database import Database
from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.gradebook.by_hand import make_waiting_due
from lti_tool.gradebook.checking import CheckableGradebook
from lti_tool.gradebook.claiming import Delivery, claim_due
from lti_tool.gradebook.outcomes import HAD_ARRIVED, Conflict, NotTried, Result, record_results
from lti_tool.gradebook.pace import Pace
from lti_tool.gradebook.reading import ReadableGradebook, Readings
from lti_tool.gradebook.shown import Verdict
from lti_tool.wording import say

# Longer than a score may wait for its turn, be read and sent, each call at 10 s. One whose lease is over is not sent.
LEASE_SECONDS = 60
IN_FLIGHT = 8
_GATHERING_SECONDS = 0.05  # what a killed worker leaves without an outcome is found by reading, but is little this way

log = structlog.get_logger()


class LmsGradebook(ReadableGradebook, CheckableGradebook, Protocol):
    def show_score(self, delivery: Delivery) -> float | None:
        """Make the LMS show this score; return how many calls it would still take, if it says so.

        Raises LmsUnreachable (try again) or LmsRefused (do not).
        """


@dataclass
class DeliveryReport:
    """How many scores a run sent (or found to have arrived), and how many wait, were refused, or need the teacher."""

    sent: int = 0
    waiting: int = 0
    refused: int = 0
    conflicts: int = 0

    def __add__(self, other: "DeliveryReport") -> "DeliveryReport":
        return DeliveryReport(
            self.sent + other.sent,
            self.waiting + other.waiting,
            self.refused + other.refused,
            self.conflicts + other.conflicts,
        )

    def count(self, result: Result) -> None:
        if result.obstacle is None:
            self.sent += 1
        elif isinstance(result.obstacle, Conflict):
            self.conflicts += 1
        elif isinstance(result.obstacle, LmsRefused):
            self.refused += 1
        else:
            self.waiting += 1


def deliver_due_scores(
    database: Database,
    gradebook: LmsGradebook,
    clock: Callable[[], datetime],
    go_on: Callable[[], bool] = lambda: True,
    lease_seconds: float = LEASE_SECONDS,
    platform_id: int | None = None,
    pace: Pace | None = None,
) -> DeliveryReport:
    """Send scores, to one platform or to any, until none is due or `go_on` says no; record what happened to each.

    What the gradebook shows is read first: a score that is not ours is never overwritten. Rows are claimed and
    *committed* before the LMS is called, so no transaction is open meanwhile and a killed worker's rows come due again.
    One transaction claims as many, and one writes down the results of as many, as are sent in a moment.
    Delivery is at least once: AGS keeps the latest stamp, so a repeat is harmless. Any number of these may run at once.
    Source: LTI Assignment and Grade Services 2.0, 3.4.
    """
    pace = pace or Pace(IN_FLIGHT, clock)
    sender = _Sender(gradebook, Readings(gradebook, clock), pace, clock, go_on)
    report, under_way = DeliveryReport(), 0
    with ThreadPoolExecutor(pace.most, thread_name_prefix="send") as threads, sender.stopped_by_a_fault():
        while True:
            may_go_on = go_on() and not sender.is_stopped
            if may_go_on and not under_way:
                pace.sit_out_short_rest()
            room = pace.limit + pace.ahead - under_way if may_go_on and pace.rests_until() is None else 0
            if room > 0:
                with database.writing() as session:
                    if pace.take_recovery():
                        make_waiting_due(session, clock(), platform_id)
                    claimed = claim_due(session, clock(), lease_seconds, platform_id, room)
                under_way += sender.submit(threads, claimed)
            if not under_way:
                return report
            done = sender.results(under_way - pace.limit)  # until those claimed ahead have had their turn
            under_way -= len(done)
            _record(database, done, clock)
            for result in done:
                report.count(result)


def _record(database: Database, results: Sequence[Result], clock: Callable[[], datetime]) -> None:
    """Write results down, all at once; where one cannot be, the others all the same."""
    try:
        with database.writing() as session:
            record_results(session, results, clock())
    except DBAPIError:
        raise  # the database itself: the leases end, and what was sent is then found by reading
    except Exception:
        log.exception("result_not_recorded", score=results[0].delivery.id, results=len(results))
        if len(results) > 1:
            for one in results:
                _record(database, [one], clock)


class _Sender:
    """Sends deliveries in several threads, and hands over what became of them."""

    def __init__(
        self,
        gradebook: LmsGradebook,
        readings: Readings,
        pace: Pace,
        clock: Callable[[], datetime],
        go_on: Callable[[], bool],
    ) -> None:
        self._gradebook = gradebook
        self._readings = readings
        self._pace = pace
        self._clock = clock
        self._go_on = go_on
        self._done: SimpleQueue[Result | BaseException] = SimpleQueue()
        self.is_stopped = False

    def submit(self, threads: ThreadPoolExecutor, deliveries: Sequence[Delivery]) -> int:
        """Have them sent, and return how many results are to come; where the process is ending, none is tried."""
        for delivery in deliveries:
            try:
                if self._pace.answers_at_once:
                    self.send(delivery)
                else:
                    threads.submit(self.send, delivery)
            except RuntimeError:  # the interpreter is shutting down
                self.is_stopped = True
                self._done.put(Result(delivery, NotTried()))
        return len(deliveries)

    @contextmanager
    def stopped_by_a_fault(self) -> Iterator[None]:
        """Send nothing more once the block has failed: nobody would write down what became of it."""
        try:
            yield
        except BaseException:
            self.is_stopped = True
            raise

    def results(self, enough: int) -> list[Result]:
        """Wait for a result, and a moment longer for so many."""
        results = [self._next()]
        until = self._clock() + timedelta(seconds=_GATHERING_SECONDS)
        with suppress(Empty):
            while len(results) < enough and self._clock() < until:
                results.append(self._next(_GATHERING_SECONDS))
        return results

    def _next(self, seconds: float | None = None) -> Result:
        result = self._done.get(timeout=seconds)
        if isinstance(result, BaseException):
            raise result
        return result

    def send(self, delivery: Delivery) -> None:
        try:
            with self._pace.turn():
                result = self._result(delivery)
        except Exception:
            # A fault of our own must not stop the other scores, nor pass for done; the trace goes to the log.
            log.exception("score_delivery_broke", score=delivery.id)
            what = say("A fault in the blog kept this score from being sent.")
            do = say("Tell the operator of this tool, then try again.")
            result = Result(delivery, LmsRefused(what, do, Mender.OPERATOR))
        except BaseException as end:  # of the process: whoever waits for results must not wait for ever
            self._done.put(end)
            raise
        self._done.put(result)

    def _result(self, delivery: Delivery) -> Result:
        if self.is_stopped or not self._go_on() or self._pace.rests_until() is not None:
            return Result(delivery, NotTried())
        if _is_over(delivery, self._clock()):
            return Result(delivery, NotTried())
        try:
            verdict, shown = self._readings.judge(delivery)
            if verdict is Verdict.CONFLICT:
                log.warning("score_in_conflict", score=delivery.id)
                return Result(delivery, Conflict(shown))
            if verdict is Verdict.SEND and _is_over(delivery, self._clock()):
                return Result(delivery, NotTried())
            if verdict is Verdict.SEND:
                with self._pace.timed():
                    left = self._gradebook.show_score(delivery)
                self._pace.note_allowance(left)
                self._readings.note_sent(delivery)
        except LmsUnreachable as problem:
            log.warning("score_not_taken", score=delivery.id, status=problem.status)
            if problem.is_throttle:
                self._pace.note_throttle(problem.retry_after_seconds)
            else:
                self._pace.note_failure()
            return Result(delivery, problem)
        except LmsRefused as problem:
            log.warning("score_refused", score=delivery.id, status=problem.status, mender=problem.mender.value)
            return Result(delivery, problem)
        return Result(delivery, words=HAD_ARRIVED if verdict is Verdict.IS_THERE else "")


def _is_over(delivery: Delivery, now: datetime) -> bool:
    return delivery.leased_until is not None and delivery.leased_until <= now
