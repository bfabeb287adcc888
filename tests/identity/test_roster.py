"""What a whole list of people makes of a course, without an LMS: on both databases, and beside others who write."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from lti_tool.database import Database
from lti_tool.identity.arrival import Arrival, welcome
from lti_tool.identity.placing import OpenedLink
from lti_tool.identity.roster import RosterMember, record_roster
from lti_tool.models import Course, Membership, Person, Role
from tests.a_school import NOW, a_course, a_person, a_platform
from tests.threads import at_once

LATER = NOW + timedelta(minutes=5)
LINK = OpenedLink(key="link-1", title="Class blog", column=None, scopes=())


def member(key: str, role: Role = Role.STUDENT, **changes: Any) -> RosterMember:
    names = {"name": f"Name of {key}", "given_name": None, "family_name": None, "email": None}
    return RosterMember(person_key=key, role=role, **{**names, **changes})


def a_class(count: int, name: str = "Name") -> list[RosterMember]:
    return [member(f"key-{number:04d}", name=f"{name} {number}") for number in range(count)]


def record(database: Database, course_id: int, *members: RosterMember, now: datetime = NOW) -> None:
    with database.writing() as session:
        record_roster(session, course_id, members, now)


def people(database: Database, course_id: int) -> dict[str, tuple[str, Role, datetime | None]]:
    """Name, role and the end of each person's place in a course."""
    with database.reading() as session:
        rows = session.execute(
            select(Person, Membership)
            .join(Membership, Membership.person_id == Person.id)
            .where(Membership.course_id == course_id)
        )
        return {person.lti_sub: (person.shown_name, place.role, place.left_at) for person, place in rows}


def gone(database: Database, course_id: int) -> set[str]:
    return {key for key, (_, _, left_at) in people(database, course_id).items() if left_at is not None}


@pytest.fixture
def course(database: Database) -> int:
    with database.writing() as session:
        return a_course(session)


def test_a_list_makes_people_with_their_roles(database: Database, course: int) -> None:
    record(database, course, member("irena", Role.TEACHER), member("tom"), member("nameless", name=None))
    listed = people(database, course)
    assert listed["irena"] == ("Name of irena", Role.TEACHER, None)
    assert listed["tom"] == ("Name of tom", Role.STUDENT, None)
    assert listed["nameless"][0].startswith("Participant ")
    with database.reading() as session:
        assert session.get_one(Course, course).roster_read_at == NOW


def test_who_vanishes_is_kept_and_marked_and_comes_back(database: Database, course: int) -> None:
    record(database, course, member("tom"), member("zoe"))
    record(database, course, member("tom"), now=LATER)
    assert people(database, course)["zoe"] == ("Name of zoe", Role.STUDENT, LATER)
    record(database, course, member("tom"), now=LATER + timedelta(hours=1))
    assert people(database, course)["zoe"][2] == LATER
    record(database, course, member("zoe"), member("tom"), now=LATER + timedelta(hours=2))
    assert gone(database, course) == set()


def test_an_empty_list_marks_nobody(database: Database, course: int) -> None:
    record(database, course, member("tom"))
    record(database, course, now=LATER)
    assert gone(database, course) == set()


def test_who_was_never_listed_is_not_missed(database: Database, course: int) -> None:
    """An administrator, say, who came by a launch and stands in no list."""
    with database.writing() as session:
        a_person(session, course, "Root Whitby", Role.TEACHER)
    record(database, course, member("tom"))
    assert gone(database, course) == set()


def test_who_is_listed_as_inactive_is_marked_once(database: Database, course: int) -> None:
    record(database, course, member("tom"), member("zoe", is_active=False))
    record(database, course, member("tom"), member("zoe", is_active=False), now=LATER)
    assert people(database, course)["zoe"][2] == NOW
    record(database, course, member("tom"), member("zoe"), now=LATER)
    assert gone(database, course) == set()


def test_a_name_is_brought_up_to_date_and_never_wiped(database: Database, course: int) -> None:
    record(database, course, member("tom", name="Tom", email="tom@example.test"))
    record(database, course, member("tom", name=None))
    record(database, course, member("tom", name=""))
    assert people(database, course)["tom"][0] == "Tom"
    record(database, course, member("tom", name="Tom Okonkwo"))
    assert people(database, course)["tom"][0] == "Tom Okonkwo"
    with database.reading() as session:
        assert session.scalar(select(Person.email)) == "tom@example.test"


@pytest.mark.parametrize("role", [Role.TEACHER, Role.ASSISTANT])
def test_a_list_never_takes_away_what_a_launch_gave(database: Database, course: int, role: Role) -> None:
    with database.writing() as session:
        person_id = a_person(session, course, "Sam Whitfield", role)
        key = session.get_one(Person, person_id).lti_sub
    record(database, course, member(key, Role.STUDENT))
    assert people(database, course)[key][1] is role


def test_a_test_student_stays_one(database: Database, course: int) -> None:
    record(database, course, member("test", is_test=True))
    record(database, course, member("test"))
    with database.reading() as session:
        assert session.scalar(select(Membership.is_test)) is True


def test_the_same_key_on_another_platform_is_somebody_else(database: Database, course: int) -> None:
    with database.writing() as session:
        other = a_course(session)
    record(database, course, member("7", name="Tom"))
    record(database, other, member("7", name="Zoe"))
    assert people(database, course)["7"][0] == "Tom"
    assert people(database, other)["7"][0] == "Zoe"


def test_two_courses_of_a_platform_share_people_and_nothing_else(database: Database) -> None:
    with database.writing() as session:
        platform = a_platform(session)
        first, second = a_course(session, platform), a_course(session, platform)
    record(database, first, member("sam", Role.ASSISTANT), member("tom"))
    record(database, second, member("sam", Role.STUDENT))
    record(database, second, member("zoe"), now=LATER)
    assert (people(database, first)["sam"][1], people(database, second)["sam"][1]) == (Role.ASSISTANT, Role.STUDENT)
    assert (gone(database, first), gone(database, second)) == (set(), {"sam"})
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 3


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Every statement that the block sends, many rows at once counted as one."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine, "before_cursor_execute", note)


def test_a_thousand_people_cost_as_many_statements_as_ten(database: Database, course: int) -> None:
    with database.writing() as session:
        small = a_course(session)
    counted = {}
    for course_id, count in ((small, 10), (course, 1000)):
        with statements(database) as sent:
            record(database, course_id, *a_class(count))
        counted[count] = len(sent)
    assert len(people(database, course)) == 1000
    assert counted[1000] == counted[10] <= 15


def test_what_has_not_changed_is_not_written_again(database: Database, course: int) -> None:
    record(database, course, *a_class(1000), member("gone"))
    record(database, course, *a_class(1000))
    with statements(database) as sent:
        record(database, course, *a_class(1000), now=LATER)
    written = [statement for statement in sent if statement.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [statement.partition(" SET ")[0] for statement in written] == ["UPDATE course"]


@pytest.mark.slow
def test_more_people_than_a_statement_has_room_for(database: Database, course: int) -> None:
    """The front page of a large Moodle lists everybody of the site."""
    record(database, course, *a_class(66_000))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Membership)) == 66_000


def test_two_readers_at_the_same_instant(database: Database, course: int) -> None:
    """A reader that was slow, and the one that took its place."""

    def read(_: int) -> None:
        record(database, course, *a_class(100))

    at_once(2, read)
    assert len(people(database, course)) == 100


def test_two_courses_that_list_the_same_new_people_in_another_order(database: Database) -> None:
    """Neither waits for what the other holds while the other waits for it."""
    with database.writing() as session:
        platform = a_platform(session)
        courses = [a_course(session, platform), a_course(session, platform)]
    for turn in range(8):
        listed = [member(f"{turn}-{number:03d}") for number in range(150)]
        known = [member(f"0-{number:03d}", name=f"Turn {turn}") for number in range(150)]

        def read(number: int, both: list[RosterMember] = listed + known) -> None:
            record(database, courses[number], *(both if number else reversed(both)))

        at_once(2, read)
    assert len(people(database, courses[0])) == len(people(database, courses[1])) == 8 * 150


def arrival(database: Database, course_id: int, key: str, **changes: Any) -> Arrival:
    with database.reading() as session:
        course = session.get_one(Course, course_id)
        said: dict[str, Any] = {
            "deployment_id": course.deployment_id, "platform_id": course.deployment.platform_id, "person_key": key,
            "name": f"Launched {key}", "given_name": None, "family_name": None, "email": None, "role": Role.STUDENT,
            "is_test": False, "course_key": course.lti_context_id, "course_title": course.title, "course_label": "",
            "roster_address": None, "frame_origins": "", "return_url": None, "wants": LINK,
        }  # fmt: skip
    return Arrival(**{**said, **changes})


def test_a_new_person_launches_while_the_list_that_names_them_is_recorded(database: Database, course: int) -> None:
    """On the first day of a course: the teacher's launch has the list read, and the class comes in."""
    for turn in range(20):
        keys = [f"{turn}-{number}" for number in range(30)]
        known = [member(f"{older}-{one}", name=keys[0]) for older in range(turn) for one in range(30)]
        listed = [member(key) for key in keys] + known
        came = [arrival(database, course, key, course_title=f"Title {turn}") for key in keys[:3]]

        def go(number: int, listed: list[RosterMember] = listed, came: list[Arrival] = came) -> None:
            with database.writing() as session:
                if number < len(came):
                    welcome(session, came[number], LINK, NOW)
                else:
                    record_roster(session, course, listed, NOW)

        at_once(len(came) + 1, go)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 20 * 30
        assert session.scalar(select(func.count()).select_from(Membership)) == 20 * 30
    assert gone(database, course) == set()
