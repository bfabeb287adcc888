"""The clock: when to deliver scores, read rosters and tidy up. What is to be done stands in the database, not here.

huey is only bell and clock: its tasks take no arguments, and losing one loses nothing (docs/decisions/0005-queue.md).
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog
from huey import Huey, crontab
from sqlalchemy import Select, bindparam, delete, func, or_, select, update

from lti_tool.bell import SWEEP_SECONDS, QuietConsumer
from lti_tool.blog.unused_images import drop_unused
from lti_tool.database import Database
from lti_tool.errors import ToolError
from lti_tool.gradebook.checking import check_column, columns_with
from lti_tool.gradebook.claiming import platforms_due
from lti_tool.gradebook.column_changes import update_columns
from lti_tool.gradebook.columns import ColumnService
from lti_tool.gradebook.delivery import IN_FLIGHT, DeliveryReport, LmsGradebook, deliver_due_scores
from lti_tool.gradebook.gone import make_moved_due, make_returned_due
from lti_tool.gradebook.pace import Pace
from lti_tool.gradebook.twins import check_twins
from lti_tool.identity.arrival import ROSTER_FRESH
from lti_tool.identity.roster import record_roster
from lti_tool.importing.pictures import Fetch
from lti_tool.importing.runs import KEEP_RUNS, carry_on_imports
from lti_tool.lti.platforms import PlatformFacts, PlatformKeys, platform_facts
from lti_tool.lti.roster import Roster
from lti_tool.models import (
    Blog,
    Course,
    Deployment,
    GradebookScore,
    ImportRun,
    Invitation,
    LinkRequest,
    Login,
    Placement,
    PlannedBlog,
    Platform,
    SyncState,
    Visit,
)
from lti_tool.participation.columns import column_maximum
from lti_tool.wording import say

ROSTER_AFTER_VISIT = timedelta(minutes=30)
SCORES_WAIT_SECONDS = 15.0
KEEP_ENDED_VISITS = timedelta(days=30)
KEEP_UNPLACED = timedelta(days=180)  # an LMS's form may stay open, a course may be built long before its term

_CLAIM_ROSTER = (
    update(Course)
    .where(
        Course.id == bindparam("course_id"),
        or_(Course.roster_tried_at.is_(None), Course.roster_tried_at < bindparam("before")),
    )
    .values(roster_tried_at=bindparam("at"))
    .returning(Course)
)

log = structlog.get_logger()


class Clockwork:
    """The tasks, bound to the tool's parts. A web process only rings; a worker process also runs `consumer`."""

    def __init__(
        self,
        queue: Huey,
        database: Database,
        gradebook: LmsGradebook,
        columns: ColumnService,
        roster: Roster,
        platform_keys: PlatformKeys,
        clock: Callable[[], datetime],
        in_flight: int = IN_FLIGHT,
        send_digests: Callable[[], object] | None = None,
        fetch_picture: Fetch | None = None,
    ) -> None:
        self._queue = queue
        self._database = database
        self._gradebook = gradebook
        self._columns = columns
        self._roster = roster
        self._platform_keys = platform_keys
        self._clock = clock
        self._in_flight = in_flight
        self._paces: dict[int, Pace] = {}
        self._delivered_at = self._clock()
        self._deliver = queue.task(name="deliver")(self.deliver)
        self._read_rosters = queue.task(name="read_rosters")(self.read_rosters)
        self._carry_on = queue.task(name="carry_on_imports")(self.carry_on_imports)
        queue.periodic_task(crontab(minute="*"), name="deliver_each_minute")(self.deliver)
        queue.periodic_task(crontab(minute="*"), name="carry_on_imports_each_minute")(self.carry_on_imports)
        queue.periodic_task(crontab(minute="*/5"), name="read_rosters_now_and_then")(self.read_rosters)
        queue.periodic_task(crontab(minute="*"), name="refresh_platform_keys")(platform_keys.refresh_stale)
        queue.periodic_task(crontab(minute="17"), name="tidy_each_hour")(self.tidy)
        queue.periodic_task(crontab(hour="3", minute="41"), name="check_all_each_night")(self.check_all)
        queue.periodic_task(crontab(hour="3", minute="11"), name="drop_unused_pictures_each_night")(self.drop_pictures)
        self._fetch_picture = fetch_picture
        self._send_digests = send_digests
        # Often, for whoever a stopped worker left: each person gets one a day at most.
        queue.periodic_task(crontab(minute="*/10"), name="send_digests")(self.send_digests)

    def ring(self) -> None:
        """Wake a worker. Never raises: the sweep of the next minute finds what a lost ring left."""
        try:
            self._deliver()
            self._read_rosters()
            self._carry_on()
        except Exception:
            log.warning("ring_lost", exc_info=True)

    def deliver(self) -> None:
        """Send what is due, several at a time, and come back when the next retry or lost lease is due."""
        self._delivered_at = self._clock()
        make_moved_due(self._database, self._clock)
        self.read_rosters(for_scores=True)
        make_returned_due(self._database, self._clock)
        update_columns(self._database, self._columns, column_maximum, self._clock)
        self.send_all(patiently=True)
        self.check_sent()
        with self._database.reading() as session:
            due = session.scalar(
                select(func.min(func.coalesce(GradebookScore.leased_until, GradebookScore.due_at))).where(
                    GradebookScore.due_at.is_not(None)
                )
            )
        resting = [until for pace in list(self._paces.values()) if (until := pace.rests_until()) is not None]
        if due is not None and due <= self._clock() and resting:
            due = min(resting)
        if due is not None and due - self._clock() < timedelta(minutes=1):
            self._come_back(max(due, self._clock()) + timedelta(seconds=1))

    def carry_on_imports(self) -> None:
        """Store what is left of the imports that teachers have started, or that a stopped worker left."""
        carry_on_imports(self._database, self._clock, fetch=self._fetch_picture)

    def send_digests(self) -> None:
        """Send today's e-mails to whom they were not sent yet, where a mail server is set."""
        if self._send_digests is not None:
            self._send_digests()

    def _come_back(self, at: datetime) -> None:
        try:
            self._deliver.schedule(eta=at)
        except Exception:
            log.warning("ring_lost", exc_info=True)

    def sweep(self) -> None:
        """Deliver without having been rung, where that was long ago: the queue may be down. Never raises."""
        if self._clock() - self._delivered_at < timedelta(seconds=SWEEP_SECONDS):
            return
        log.warning("queue_silent")
        try:
            self.deliver()
        except Exception:
            log.exception("sweep_broke")

    def send_all(self, go_on: Callable[[], bool] = lambda: True, *, patiently: bool = False) -> DeliveryReport:
        """Send every score that is due now, to all platforms at once, and return what became of them.

        `patiently` leaves a platform alone that gave no answer a moment ago.
        """
        with self._database.reading() as session:
            due = {platform_id: self._pace(platform_id) for platform_id in platforms_due(session, self._clock())}
        if not patiently:
            for pace in due.values():
                pace.wake()
        paces = {platform_id: pace for platform_id, pace in due.items() if pace.rests_until() is None}
        if not paces:
            return DeliveryReport()
        with ThreadPoolExecutor(len(paces), thread_name_prefix="platform") as platforms:
            runs = [
                platforms.submit(
                    deliver_due_scores, self._database, self._gradebook, self._clock, go_on,
                    platform_id=platform_id, pace=pace,
                )
                for platform_id, pace in paces.items()
            ]  # fmt: skip
        return sum((run.result() for run in runs), DeliveryReport())

    def _pace(self, platform_id: int) -> Pace:
        return self._paces.setdefault(platform_id, Pace(self._in_flight, self._clock))

    def check_sent(self) -> None:
        """Read the columns that took scores which nobody has seen in the gradebook yet."""
        self._check(SyncState.SENT)

    def check_all(self) -> None:
        """Read every column that ever took a score: what somebody changed there since is a conflict."""
        self._check(SyncState.SENT, SyncState.CONFIRMED, SyncState.CONFLICT, SyncState.NEEDS_TEACHER)
        check_twins(self._database, self._columns)
        make_moved_due(self._database, self._clock, all_of_them=True)

    def _check(self, *states: SyncState) -> None:
        with self._database.reading() as session:
            columns = columns_with(session, states)
        for column in columns:
            check_column(self._database, self._gradebook, column, self._clock)

    def read_rosters(self, *, for_scores: bool = False) -> None:
        """Read anew the rosters of courses that people visit, or that scores go to, each at most every few minutes."""
        give_up = time.monotonic() + SCORES_WAIT_SECONDS
        for course_id in self._courses(self._with_due_scores() if for_scores else self._visited()):
            if for_scores and time.monotonic() > give_up:
                break  # an LMS that hangs must not hold up the scores of the others
            with self._database.writing() as session:
                course = session.scalar(_CLAIM_ROSTER, {"course_id": course_id, "at": self._clock(),
                                                        "before": self._clock() - ROSTER_FRESH})  # fmt: skip
                if course is not None:
                    wanted = (platform_facts(course.deployment.platform), course.deployment.lti_deployment_id,
                              course.lti_memberships_url or "", course.lti_context_id)  # fmt: skip
            if course is not None:
                self._read_roster(course_id, *wanted)

    def _read_roster(self, course_id: int, platform: PlatformFacts, *address: str) -> None:
        try:
            members = self._roster.members(platform, *address)
            with self._database.writing() as session:
                record_roster(session, course_id, members, self._clock())
                session.get_one(Course, course_id).roster_problem = ""
        except ToolError as error:
            log.warning("roster_not_read", course=course_id, why=type(error).__name__, what=error.what)
            self._record_problem(course_id, error.what)
        except Exception:
            # A fault of our own with one list must not stop the others, nor the scores; the trace goes to the log.
            log.exception("roster_reading_broke", course=course_id)
            self._record_problem(course_id, str(say("A fault in the blog kept it from being read.")))
        else:
            log.info("roster_read", course=course_id, members=len(members))

    def _record_problem(self, course_id: int, problem: str) -> None:
        with self._database.writing() as session:
            session.get_one(Course, course_id).roster_problem = problem

    def _courses(self, interesting: Select[int]) -> list[int]:
        stale = or_(Course.roster_tried_at.is_(None), Course.roster_tried_at < self._clock() - ROSTER_FRESH)
        with self._database.reading() as session:
            return list(
                session.scalars(
                    select(Course.id)
                    .join(Deployment, Deployment.id == Course.deployment_id)
                    .join(Platform, Platform.id == Deployment.platform_id)
                    .where(Course.lti_memberships_url.is_not(None), stale, Course.id.in_(interesting))
                    .where(Platform.disabled_at.is_(None), Deployment.held_since.is_(None))
                )
            )

    def _visited(self) -> Select[int]:
        visited = select(Placement.course_id).join(Visit, Visit.placement_id == Placement.id)
        return visited.where(Visit.created_at > self._clock() - ROSTER_AFTER_VISIT)

    def _with_due_scores(self) -> Select[int]:
        waiting = select(Placement.course_id).join(GradebookScore, GradebookScore.blog_id == Placement.blog_id)
        return waiting.where(GradebookScore.due_at <= self._clock())

    def tidy(self) -> None:
        """Remove logins that can no longer be used, visits long ended, and what was laid out but never placed."""
        now = self._clock()
        with self._database.writing() as session:
            session.execute(delete(Login).where(Login.expires_at < now - timedelta(hours=1)))
            session.execute(delete(Visit).where(Visit.expires_at < now - KEEP_ENDED_VISITS))
            session.execute(delete(LinkRequest).where(LinkRequest.expires_at < now - KEEP_ENDED_VISITS))
            session.execute(delete(Invitation).where(Invitation.expires_at < now - KEEP_ENDED_VISITS))
            session.execute(delete(ImportRun).where(ImportRun.made_at < now - KEEP_RUNS))
            placed = select(Blog.content_key).where(Blog.content_key.is_not(None))
            unplaced = PlannedBlog.content_key.not_in(placed) & PlannedBlog.same_as_id.is_(None)
            session.execute(delete(PlannedBlog).where(unplaced, PlannedBlog.created_at < now - KEEP_UNPLACED))

    def drop_pictures(self) -> None:
        """Delete the pictures that no text has named for long."""
        log.info("unused_pictures_dropped", pictures=drop_unused(self._database, self._clock()))

    def consumer(self) -> QuietConsumer:
        """Return the consumer that runs the tasks; starting it also rings, for what a stopped worker left."""
        logging.getLogger("huey").setLevel(logging.WARNING)
        self.ring()
        return QuietConsumer(
            self._queue, self.sweep, workers=2, max_delay=1.0, scheduler_interval=1, check_worker_health=True
        )
