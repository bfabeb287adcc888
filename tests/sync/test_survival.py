"""Scores outlive what happens to workers, databases, platforms and clocks, and the ledger tells what happened."""

import json
import signal
import subprocess
from base64 import urlsafe_b64decode
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from lti_tool.bell import open_queue
from lti_tool.blog.posts import PostDraft, add_post
from lti_tool.models import Blog, Outcome, SyncState
from lti_tool.settings import Settings
from tests.conftest import migrate
from tests.journeys.test_killed_worker import ScoresUnderWay
from tests.journeys.walking import running, wait_until
from tests.postgres import FreshPostgresUrl
from tests.stage import SECRET, Stage, open_stage
from tests.sync.survivors import (
    Cohort,
    held_by_another,
    mortal_postgres,
    ring,
    stage_with_switch,
    worker_environment,
)
from tests.sync.test_conflicts import Class
from tests.system_parts import NO_POSTGRES, find_postgres, unavailable

FAST = timedelta(minutes=2)


@pytest.mark.slow
def test_two_workers_killed_in_turn(stage: Stage, tmp_path: Path) -> None:
    """A third takes on what is free; what the dead had in their hands is sent when their leases are over, once."""
    cohort = Cohort(stage, 80)
    under_way = ScoresUnderWay(stage.lms.wsgi_app)
    stage.lms.wsgi_app = under_way  # type: ignore[method-assign]  # as Flask's manual wraps an application
    stage.school.faults.set("slow", seconds=0.3, path="/scores")
    cohort.want()
    worker = (["worker"], tmp_path, worker_environment(stage))
    with running(*worker) as one, running(*worker) as two:
        wait_until(lambda: len(cohort.arrived()) > 5, "more than 5 scores at the LMS")
        kill(one)
        ring(stage)  # its own rings died with it; without another the next minute would wake the second
        wait_until(lambda: len(cohort.arrived()) > 20, "more than 20 scores at the LMS")
        kill(two)
    dead_hands = cohort.leased()
    assert dead_hands, "the kills were to hit scores on their way"
    assert cohort.free(), "something was to be left for the third"
    wait_until(lambda: not under_way.open.total(), "the LMS done with what the dead had sent")
    stage.school.faults.clear()
    with running(*worker):
        wait_until(lambda: not cohort.free() and cohort.leased() <= dead_hands, "the third worker done")
    assert cohort.leased() == dead_hands
    cohort.outlive_leases()
    assert cohort.all_are_right()
    assert Counter(score["userId"] for score in cohort.arrived()).most_common(1)[0][1] == 1
    assert under_way.two_at_a_time == []
    assert {line.state for line in cohort.lines()} == {SyncState.CONFIRMED}
    check_story(cohort, dead_hands)


def kill(worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    assert worker.wait() == -signal.SIGKILL


def check_story(cohort: Cohort, interrupted: set[int]) -> None:
    """An attempt without outcome for each score that was in the hands of one who died, and then one that tells."""
    for row, attempts in cohort.attempts().items():
        outcomes = [attempt.outcome for attempt in attempts]
        assert outcomes == ([None, Outcome.ACCEPTED] if row in interrupted else [Outcome.ACCEPTED]), attempts
    assert len(cohort.attempts()) == len(cohort.lines())


@pytest.mark.slow
def test_postgres_falls_and_rises_midway(tmp_path: Path) -> None:
    programs = find_postgres()
    if programs is None:
        unavailable(NO_POSTGRES)
    with mortal_postgres(programs) as postgres:
        database_url = postgres.database()
        migrate(database_url)
        with open_stage(tmp_path, database_url, "canvas") as stage:
            cohort = Cohort(stage, 60)
            stage.school.faults.set("slow", seconds=0.2, path="/scores")
            cohort.want()
            with running(["worker"], tmp_path, worker_environment(stage)) as worker:
                wait_until(lambda: len(cohort.arrived()) > 10, "more than 10 scores at the LMS")
                postgres.fall()
                wait_until(lambda: "OperationalError" in words_of(tmp_path), "the worker without its database")
                postgres.rise()
                stage.school.faults.clear()
                goes_on_by_itself(cohort, worker)
            finish(cohort)


@pytest.mark.slow
def test_sqlite_held_by_another_for_longer_than_anybody_waits(stage_on_sqlite: Stage, tmp_path: Path) -> None:
    stage = stage_on_sqlite
    cohort = Cohort(stage, 60)
    stage.school.faults.set("slow", seconds=0.2, path="/scores")
    cohort.want()
    with running(["worker"], tmp_path, worker_environment(stage)) as worker:
        wait_until(lambda: len(cohort.arrived()) > 10, "more than 10 scores at the LMS")
        with held_by_another(stage.tool.settings.database_url):
            wait_until(lambda: "database is locked" in words_of(tmp_path), "the worker tired of waiting", 40)
        stage.school.faults.clear()
        goes_on_by_itself(cohort, worker)
    finish(cohort)


def words_of(folder: Path) -> str:
    return (folder / "worker.log").read_text()


def goes_on_by_itself(cohort: Cohort, worker: subprocess.Popen[bytes]) -> None:
    """The same worker sends what is free; what it had in its hands it will take up when the lease is over."""
    assert cohort.free(), "something was to be left"
    ring(cohort.stage)
    wait_until(lambda: not cohort.free(), "the worker at work again")
    assert worker.poll() is None


def finish(cohort: Cohort) -> None:
    interrupted = cohort.leased()
    cohort.outlive_leases()
    assert cohort.all_are_right()
    assert Counter(score["userId"] for score in cohort.arrived()).most_common(1)[0][1] == 1
    assert {line.state for line in cohort.lines()} == {SyncState.CONFIRMED}
    check_story(cohort, interrupted)


@pytest.mark.parametrize("accent", ["canvas", "moodle"])
def test_the_platform_is_down_for_an_hour(tmp_path: Path, database_url: str, accent: str) -> None:
    """Connections are refused: it is tried again, ever less often; then everything arrives, and nobody was asked."""
    with stage_with_switch(tmp_path, database_url, accent) as (stage, lms):
        cohort = Cohort(stage, 20)
        cohort.want()
        lms.off()
        cohort.work(timedelta(hours=1))
        assert {line.state for line in cohort.lines()} == {SyncState.WAITING}
        assert all(line.cause and line.next_attempt for line in cohort.lines())
        check_gaps(cohort)
        lms.on()
        cohort.work(timedelta(minutes=10))
        assert cohort.all_are_right()
        assert {line.state for line in cohort.lines()} == {SyncState.CONFIRMED}
        assert len(cohort.arrived()) == len(cohort.lines())
        attempts = cohort.attempts().values()
        assert {attempt.outcome for one in attempts for attempt in one[:-1]} == {Outcome.NOT_KNOWN}
        assert {one[-1].outcome for one in attempts} == {Outcome.ACCEPTED}


def check_gaps(cohort: Cohort) -> None:
    """None was tried again before twice the time had passed that it had waited before that, beginning with 15 s."""
    for attempts in cohort.attempts().values():
        gaps = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(attempts)]
        assert all(gap >= 15 * 2**number for number, gap in enumerate(gaps)), gaps
        assert 2 <= len(attempts) <= 8


@pytest.fixture(params=["canvas", "moodle"])
def fast(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Any:
    """A class whose tool runs on a computer with a clock that is 2 minutes fast; the LMS has the right time."""
    with open_stage(tmp_path, database_url, request.param) as stage:
        lesson = Class(stage)
        stage.clock.ahead = FAST
        yield lesson


def correct_clock(lesson: Class) -> None:
    lesson.stage.clock.ahead = timedelta()


def pass_time(lesson: Class, duration: timedelta) -> None:
    """Let time pass for both, and the worker do its rounds."""
    lesson.stage.clock.ahead += duration
    lesson.school.clock = lesson.stage.clock
    lesson.round()


def stamps(lesson: Class) -> list[str]:
    return [json.loads(call.body)["timestamp"] for call in lesson.school.calls.to("/scores")]


def test_a_fast_clock_is_corrected(fast: Class) -> None:
    """Later scores wait until the true time has passed the last stamp: the LMS would refuse an earlier one."""
    fast.score("tom", "7")
    assert fast.grade() == 7
    correct_clock(fast)
    fast.score("tom", "8")
    assert fast.line().state is SyncState.WAITING
    fast.score("priya", "5")
    assert fast.grade("priya") == 5, "who has no stamp of the future does not wait"
    pass_time(fast, FAST + timedelta(seconds=5))
    pass_time(fast, timedelta(minutes=1))
    assert (fast.grade(), fast.line().state, fast.line("priya").state) == (8, SyncState.CONFIRMED, SyncState.CONFIRMED)
    of_tom = [json.loads(call.body) for call in fast.school.calls.to("/scores")]
    of_tom = [score["timestamp"] for score in of_tom if score["userId"] == fast.school.sub_of("tom")]
    assert of_tom == sorted(set(of_tom))
    assert len(of_tom) == 2


def test_a_clock_that_stays_fast(fast: Class) -> None:
    fast.score("tom", "7")
    fast.score("tom", "8")
    pass_time(fast, timedelta(minutes=1))
    assert (fast.grade(), fast.line().state) == (8, SyncState.CONFIRMED)
    assert stamps(fast) == sorted(set(stamps(fast)))


@pytest.mark.parametrize("stays_fast", [True, False])
def test_work_written_by_a_fast_clock(fast: Class, stays_fast: bool) -> None:
    """Canvas refuses work of more than a minute in the future: it is sent again when its time has come."""
    tom = fast.id_of("tom")
    with fast.stage.tool.database.writing() as session:
        draft = PostDraft("The Thaw", "", "What the letters say. " * 50, (), "once", tom)
        add_post(session, session.scalars(select(Blog.id)).one(), draft, fast.stage.clock())
    fast.score("tom", "7")
    if not stays_fast:
        correct_clock(fast)
    for _minute in range(4):
        pass_time(fast, timedelta(minutes=1))
    assert (fast.grade(), fast.line().state) == (7, SyncState.CONFIRMED)
    assert fast.line().to_do == ""


def test_access_tokens_are_given_to_a_clock_2_minutes_off(stage_on_sqlite: Stage) -> None:
    """Moodle takes no assertion of its future, Canvas none older than 5 minutes, nobody one whose time is up."""
    lesson = Class(stage_on_sqlite)
    lesson.score("tom", "7")
    asked = lesson.school.calls.to("/token", "POST")[-1]
    assertion = parse_qs(asked.body)["client_assertion"][0].split(".")[1]
    claims = json.loads(urlsafe_b64decode(assertion + "=" * (-len(assertion) % 4)))
    sent = datetime.fromisoformat(asked.at).timestamp()
    for wrong in (FAST.total_seconds(), -FAST.total_seconds()):
        lms_time = sent - wrong
        assert lms_time - 300 < claims["iat"] <= lms_time < claims["exp"]
    assert claims["exp"] - claims["iat"] <= 300


def test_processes_that_start_at_the_same_instant_share_an_empty_queue(
    fresh_postgres_url: FreshPostgresUrl, tmp_path: Path
) -> None:
    """Each looks whether the queue's tables are there, and each makes them."""
    database_url = fresh_postgres_url()
    settings = Settings(database_url=database_url, secret_key=SecretStr(SECRET), keys_dir=tmp_path)
    together = Barrier(8)

    def start() -> None:
        together.wait()
        open_queue(settings).storage.close()

    with ThreadPoolExecutor(8) as processes:
        for process in [processes.submit(start) for _ in range(8)]:
            process.result()
