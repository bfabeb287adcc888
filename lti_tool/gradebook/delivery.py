"""Getting due scores to the LMS. Decides between *again later* and *never so*, and nothing else about an LMS."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from lti_tool.database import Database
from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.gradebook.checking import CheckableGradebook
from lti_tool.gradebook.conflicts import record_conflict
from lti_tool.gradebook.outbox import Delivery, claim_due, record_accepted, record_refused, record_unreachable
from lti_tool.gradebook.reading import ReadableGradebook, Readings
from lti_tool.gradebook.shown import Verdict

LEASE_SECONDS = 45  # longer than the slowest call: a token and a score, at 10 s each, once again after a 401

log = structlog.get_logger()


class LmsGradebook(ReadableGradebook, CheckableGradebook, Protocol):
    def show_score(self, delivery: Delivery) -> None:
        """Make the LMS show this score. Raises LmsUnreachable (try again) or LmsRefused (do not)."""


@dataclass
class DeliveryReport:
    """How many scores a run sent (or found to have arrived), and how many wait, were refused, or need the teacher."""

    sent: int = 0
    waiting: int = 0
    refused: int = 0
    conflicts: int = 0


def deliver_due_scores(
    database: Database,
    gradebook: LmsGradebook,
    clock: Callable[[], datetime],
    go_on: Callable[[], bool] = lambda: True,
    lease_seconds: int = LEASE_SECONDS,
    readings: Readings | None = None,
) -> DeliveryReport:
    """Send scores until none is due, or until `go_on` says no, and record what happened to each.

    What the gradebook shows is read first (`readings`, shared by the threads of one run): a score that is not ours is
    never overwritten. Each row is claimed and *committed* before the LMS is called, so no transaction is open meanwhile
    and a killed worker's rows come due again. Delivery is at least once: AGS keeps the latest stamp, so a repeat is
    harmless.
    Any number of these may run at once. Source: LTI Assignment and Grade Services 2.0, 3.4.
    """
    report, readings = DeliveryReport(), readings or Readings(gradebook, clock)
    while go_on():
        with database.writing() as session:
            delivery = claim_due(session, clock(), lease_seconds)
        if delivery is None:
            break
        _deliver(database, gradebook, readings, delivery, clock, report)
    return report


def _deliver(
    database: Database,
    gradebook: LmsGradebook,
    readings: Readings,
    delivery: Delivery,
    clock: Callable[[], datetime],
    report: DeliveryReport,
) -> None:
    try:
        verdict, shown = readings.judge(delivery)
        if verdict is Verdict.SEND:
            gradebook.show_score(delivery)
            readings.note_sent(delivery)
    except LmsUnreachable as problem:
        report.waiting += 1
        log.warning("score_not_taken", score=delivery.id, status=problem.status)
        with database.writing() as session:
            record_unreachable(session, delivery, problem, clock())
    except LmsRefused as problem:
        report.refused += 1
        log.warning("score_refused", score=delivery.id, status=problem.status, mender=problem.mender.value)
        with database.writing() as session:
            record_refused(session, delivery, problem)
    except Exception:
        # A fault of our own must not stop the other scores, nor pass for done; the trace goes to the log.
        report.refused += 1
        log.exception("score_delivery_broke", score=delivery.id)
        fault = LmsRefused(
            "A fault in the blog kept this score from being sent.",
            "Tell the operator of this tool, then try again.",
            Mender.OPERATOR,
        )
        with database.writing() as session:
            record_refused(session, delivery, fault)
    else:
        with database.writing() as session:
            if verdict is Verdict.CONFLICT:
                report.conflicts += 1
                log.warning("score_in_conflict", score=delivery.id)
                record_conflict(session, delivery, shown, clock())
            else:
                report.sent += 1
                was_there = verdict is Verdict.IS_THERE
                record_accepted(session, delivery, clock(), "had arrived before" if was_there else "")
