"""The clock reads lists of people for many courses: one that breaks, or an LMS that does, holds up no other."""

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from lti_tool.bell import QuietConsumer, open_queue
from lti_tool.database import Database
from lti_tool.errors import LmsRefused, LmsUnreachable, Mender, SetUpProblem
from lti_tool.gradebook.checking import Column
from lti_tool.gradebook.claiming import Delivery
from lti_tool.gradebook.outbox import Score, want_score
from lti_tool.identity.arrival import Visitor
from lti_tool.identity.roster import RosterMember
from lti_tool.identity.visits import open_visit
from lti_tool.lti.connection import Connection
from lti_tool.lti.keys import Keyring
from lti_tool.lti.line_items import AgsColumns, LineItems
from lti_tool.lti.platforms import PlatformFacts, PlatformKeys, Platforms
from lti_tool.lti.roster import Roster
from lti_tool.lti.tokens import ServiceTokens
from lti_tool.models import Blog, Course, Deployment, Person, Placement, Platform, Role
from lti_tool.settings import Settings
from lti_tool.worker import Clockwork
from tests.a_school import NOW, a_blog, a_course, a_platform, a_student
from tests.gradebook.an_outbox import a_score
from tests.stage import Stage


class Lists(Roster):
    """An LMS of lists: what it has at each address, or what happens there."""

    def __init__(self, answers: dict[str, tuple[RosterMember, ...] | Exception]) -> None:
        super().__init__(
            Connection(allow_private=False), ServiceTokens(Connection(allow_private=False), Keyring(Path()))
        )
        self.answers = answers
        self.asked: list[str] = []

    def members(
        self, platform: PlatformFacts, lti_deployment_id: str, address: str, course_key: str
    ) -> tuple[RosterMember, ...]:
        self.asked.append(address)
        answer = self.answers[address]
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Gradebook:
    sent: list[Score] = field(default_factory=list)

    def shown_scores(self, delivery: Delivery, *, everybody: bool) -> None:
        """May not be read."""

    def column_shows(self, column: Column) -> None:
        """May not be read."""

    def show_score(self, delivery: Delivery) -> None:
        self.sent.append(delivery.score)


@dataclass
class Bench:
    database: Database
    clockwork: Clockwork
    lists: Lists
    gradebook: Gradebook

    def a_visited_course(self, address: str, platform_id: int | None = None) -> int:
        """A course with a list, a blog and a student who has just come."""
        with self.database.writing() as session:
            course_id = a_course(session, platform_id)
            session.get_one(Course, course_id).lti_memberships_url = address
            blog_id, person_id = a_blog(session, course_id), a_student(session, course_id)
            placement = session.scalars(select(Placement.id).where(Placement.blog_id == blog_id)).one()
            open_visit(session, Visitor(person_id, "", course_id, blog_id, placement, Role.STUDENT), NOW)
            want_score(session, blog_id, person_id, a_score("7"), NOW)
            return course_id

    def problem(self, course_id: int) -> str:
        with self.database.reading() as session:
            return session.get_one(Course, course_id).roster_problem


SOMEBODY = RosterMember("key-1", "Zoë", None, None, None, Role.STUDENT)


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Bench:
    settings = Settings(queue_url=f"sqlite:///{tmp_path / 'q.sqlite3'}", secret_key="0123456789abcdef")  # type: ignore[arg-type]
    lists, gradebook = Lists({"fine": (SOMEBODY,)}), Gradebook()
    connection = Connection(allow_private=False)
    keys = PlatformKeys(database, connection, lambda: NOW)
    columns = AgsColumns(Platforms(database), LineItems(connection, ServiceTokens(connection, Keyring(tmp_path))))
    clockwork = Clockwork(open_queue(settings), database, gradebook, columns, lists, keys, lambda: NOW)
    return Bench(database, clockwork, lists, gradebook)


PROBLEMS: dict[str, Exception] = {
    "refused": LmsRefused("It could not be read.", "", Mender.ADMINISTRATOR),
    "unreachable": LmsUnreachable("The LMS did not answer in time."),
    "no_key": SetUpProblem("There is no key.", "Run `lti-tool keys new`."),
    "a_fault_of_ours": ZeroDivisionError("of our own"),
}


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_a_list_that_breaks_stops_neither_the_other_lists_nor_the_scores(bench: Bench, problem: Exception) -> None:
    bench.lists.answers["broken"] = problem
    courses = [bench.a_visited_course(address) for address in ("fine", "broken", "fine")]
    with capture_logs() as lines:
        bench.clockwork.deliver()
    assert bench.lists.asked == ["fine", "broken", "fine"]
    assert len(bench.gradebook.sent) == 3
    assert [bool(bench.problem(course)) for course in courses] == [False, True, False]
    assert "of our own" not in bench.problem(courses[1])
    with bench.database.reading() as session:
        assert len(session.scalars(select(Person).where(Person.lti_sub == "key-1")).all()) == 2
    assert len([line for line in lines if line["event"] in ("roster_not_read", "roster_reading_broke")]) == 1


def test_a_list_that_the_database_does_not_take_stops_nothing_either(bench: Bench) -> None:
    """The third person is none that a database holds; the whole list is undone, and the desk says so."""
    strange = RosterMember("key-2", "\ud800", None, None, None, Role.STUDENT)
    bench.lists.answers["broken"] = (SOMEBODY, strange)
    courses = [bench.a_visited_course(address) for address in ("broken", "fine")]
    with capture_logs():
        bench.clockwork.read_rosters()
    assert [bool(bench.problem(course)) for course in courses] == [True, False]
    with bench.database.reading() as session:
        assert session.get_one(Course, courses[0]).roster_read_at is None
        assert session.scalars(select(Person.lti_sub).where(Person.lti_sub.startswith("key-"))).all() == ["key-1"]


def test_a_list_that_can_be_read_again_takes_the_problem_away(bench: Bench) -> None:
    bench.lists.answers["broken"] = PROBLEMS["unreachable"]
    course = bench.a_visited_course("broken")
    bench.clockwork.read_rosters()
    assert bench.problem(course) == "The LMS did not answer in time."
    bench.lists.answers["broken"] = (SOMEBODY,)
    with bench.database.writing() as session:
        session.execute(update(Course).values(roster_tried_at=None))
    bench.clockwork.read_rosters()
    assert bench.problem(course) == ""


@pytest.mark.parametrize("shut", ["platform", "deployment"])
def test_the_lists_of_who_is_shut_out_are_not_read(bench: Bench, shut: str) -> None:
    with bench.database.writing() as session:
        platform = a_platform(session)
    bench.a_visited_course("fine", platform)
    with bench.database.writing() as session:
        if shut == "platform":
            session.execute(update(Platform).values(disabled_at=NOW))
        else:
            session.execute(update(Deployment).values(held_since=NOW))
    bench.clockwork.read_rosters()
    bench.clockwork.read_rosters(for_scores=True)
    assert bench.lists.asked == []


def test_a_worker_delivers_by_itself_where_the_queue_is_silent(stage_on_sqlite: Stage) -> None:
    stage, clockwork = stage_on_sqlite, stage_on_sqlite.clockwork
    stage.launched("irena")
    clockwork.read_rosters()
    with stage.tool.database.writing() as session:
        blog_id = session.scalars(select(Blog.id)).one()
        tom = session.scalars(select(Person.id).where(Person.lti_sub == stage.school.sub_of("tom"))).one()
        want_score(session, blog_id, tom, a_score("7"), stage.clock())
    clockwork.sweep()
    assert not stage.school.calls.to("/scores", "POST")  # it was built a moment ago: the queue may still ring
    stage.clock.ahead += timedelta(seconds=91)
    clockwork.sweep()
    assert len(stage.school.calls.to("/scores", "POST")) == 1


def test_a_consumer_sweeps_until_it_is_stopped(tmp_path: Path) -> None:
    settings = Settings(queue_url=f"sqlite:///{tmp_path / 'q.sqlite3'}", secret_key="0123456789abcdef")  # type: ignore[arg-type]
    swept = threading.Event()
    consumer = QuietConsumer(open_queue(settings), swept.set, sweep_seconds=0.03, workers=1)
    consumer.start()
    assert swept.wait(10)
    consumer.stop(graceful=True)
    assert not any(thread.name == "sweep" and thread.is_alive() for thread in threading.enumerate())
