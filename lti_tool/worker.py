"""The clock: when to deliver scores, read rosters and tidy up. What is to be done stands in the database, not here.

huey is only bell and clock: its tasks take no arguments, and losing one loses nothing (docs/decisions/0005-queue.md).
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import structlog
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey.consumer import Consumer
from huey.exceptions import ConfigurationError
from huey.serializer import SignedSerializer
from sqlalchemy import delete, func, or_, select

from lti_tool.database import Database
from lti_tool.errors import SetUpProblem, ToolError
from lti_tool.gradebook.delivery import DeliveryReport, LmsGradebook, deliver_due_scores
from lti_tool.identity import record_roster
from lti_tool.lti.platforms import PlatformFacts, platform_facts
from lti_tool.lti.roster import Roster
from lti_tool.models import Blog, Course, GradebookScore, Login, Visit
from lti_tool.settings import Settings

SENDERS = 4  # measured on Moodle: more at once only makes each slower
ROSTER_FRESH = timedelta(minutes=5)
ROSTER_AFTER_VISIT = timedelta(minutes=30)
KEEP_ENDED_VISITS = timedelta(days=30)

log = structlog.get_logger()


def open_queue(settings: Settings) -> Huey:
    """Open the queue that the settings name, by default beside the database. Raises SetUpProblem."""
    default = f"sqlite:///{settings.var_dir / 'queue.sqlite3'}" if settings.on_sqlite else settings.database_url
    url = settings.queue_url or default
    common: dict[str, Any] = {
        "name": "lti-tool",
        "results": False,
        "serializer": SignedSerializer(secret=settings.secret(), salt="lti-tool-queue"),
    }
    try:
        if url.startswith("sqlite:///"):
            path = Path(url.removeprefix("sqlite:///"))
            path.parent.mkdir(parents=True, exist_ok=True)
            return SqliteHuey(filename=str(path), **common)
        if url.startswith("redis"):
            return RedisHuey(url=url, **common)
        return PostgresHuey(dsn=url.replace("postgresql+psycopg", "postgresql"), **common)
    except (ConfigurationError, psycopg.Error, OSError) as problem:
        why = str(problem).splitlines()[0].rstrip(".:")
        setting = "LTI_TOOL_QUEUE_URL" if settings.queue_url else "LTI_TOOL_DATABASE_URL"
        raise SetUpProblem(f"The queue cannot be opened: {why}.", f"Check {setting}.") from None


class Clockwork:
    """The tasks, bound to the tool's parts. A web process only rings; a worker process also runs `consumer`."""

    def __init__(
        self, queue: Huey, database: Database, gradebook: LmsGradebook, roster: Roster, clock: Callable[[], datetime]
    ) -> None:
        self._queue = queue
        self._database = database
        self._gradebook = gradebook
        self._roster = roster
        self._clock = clock
        self._deliver = queue.task(name="deliver")(self.deliver)
        self._read_rosters = queue.task(name="read_rosters")(self.read_rosters)
        queue.periodic_task(crontab(minute="*"), name="deliver_each_minute")(self.deliver)
        queue.periodic_task(crontab(minute="*/5"), name="read_rosters_now_and_then")(self.read_rosters)
        queue.periodic_task(crontab(minute="17"), name="tidy_each_hour")(self.tidy)

    def ring(self) -> None:
        """Wake a worker. Never raises: the sweep of the next minute finds what a lost ring left."""
        try:
            self._deliver()
            self._read_rosters()
        except Exception:
            log.warning("ring_lost", exc_info=True)

    def deliver(self) -> None:
        """Send what is due, several at a time, and come back when the next retry or lost lease is due."""
        self.send_all()
        with self._database.reading() as session:
            due = session.scalar(
                select(func.min(func.coalesce(GradebookScore.leased_until, GradebookScore.due_at))).where(
                    GradebookScore.due_at.is_not(None)
                )
            )
        if due is not None and due - self._clock() < timedelta(minutes=1):
            self._deliver.schedule(eta=max(due, self._clock()) + timedelta(seconds=1))

    def send_all(self) -> DeliveryReport:
        """Send every score that is due now and return what became of them."""
        with ThreadPoolExecutor(SENDERS, thread_name_prefix="send") as pool:
            runs = [
                pool.submit(deliver_due_scores, self._database, self._gradebook, self._clock) for _ in range(SENDERS)
            ]
        reports = [run.result() for run in runs]
        return DeliveryReport(
            sum(report.sent for report in reports),
            sum(report.waiting for report in reports),
            sum(report.refused for report in reports),
        )

    def read_rosters(self) -> None:
        """Read anew the rosters of courses that people visit, each at most every few minutes."""
        for course_id, platform, lti_deployment_id, address in self._stale_courses():
            try:
                members = self._roster.members(platform, lti_deployment_id, address)
            except ToolError as problem:
                log.warning("roster_not_read", course=course_id, why=type(problem).__name__)
                continue
            with self._database.writing() as session:
                record_roster(session, course_id, members, self._clock())
            log.info("roster_read", course=course_id, members=len(members))

    def _stale_courses(self) -> list[tuple[int, PlatformFacts, str, str]]:
        now = self._clock()
        visited = select(Blog.course_id).join(Visit, Visit.blog_id == Blog.id)
        visited = visited.where(Visit.created_at > now - ROSTER_AFTER_VISIT)
        stale = or_(Course.roster_read_at.is_(None), Course.roster_read_at < now - ROSTER_FRESH)
        with self._database.reading() as session:
            courses = session.scalars(
                select(Course).where(Course.lti_memberships_url.is_not(None), stale, Course.id.in_(visited))
            )
            return [
                (
                    course.id,
                    platform_facts(course.deployment.platform),
                    course.deployment.lti_deployment_id,
                    course.lti_memberships_url or "",
                )
                for course in courses
                if course.deployment.platform.disabled_at is None
            ]

    def tidy(self) -> None:
        """Remove logins that can no longer be used, and visits long ended."""
        now = self._clock()
        with self._database.writing() as session:
            session.execute(delete(Login).where(Login.expires_at < now - timedelta(hours=1)))
            session.execute(delete(Visit).where(Visit.expires_at < now - KEEP_ENDED_VISITS))

    def consumer(self) -> Consumer:
        """Return the consumer that runs the tasks; starting it also rings, for what a stopped worker left."""
        logging.getLogger("huey").setLevel(logging.WARNING)
        self.ring()
        return _QuietConsumer(self._queue, workers=2, max_delay=1.0, scheduler_interval=1, check_worker_health=True)


class _QuietConsumer(Consumer):  # type: ignore[misc]  # huey has no types
    """A consumer that leaves signals to whoever runs the process: huey's takes SIGTERM over even inside gunicorn."""

    def _set_signal_handlers(self) -> None:
        pass
