"""Groups made by hand, and sections that the LMS names at launch."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from lti_tool.database import Database
from lti_tool.errors import NotFound, Rejected
from lti_tool.identity.arrival import welcome
from lti_tool.identity.groups import (
    LONGEST_NAME,
    Section,
    classmates,
    divided,
    group_ids_of,
    group_with,
    groups_of,
    make_group,
    make_groups,
    record_sections,
    remove_group,
    rename_group,
    set_members,
)
from lti_tool.models import Course, Role
from tests.a_school import NOW, a_course, a_person, a_student, a_teacher
from tests.identity.a_district import District, Link

MONDAY, THURSDAY = Section("3301", "Monday class"), Section("3601")


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as opened:
        yield opened


def shown(session: Session, course_id: int) -> dict[str, set[int]]:
    return {group.name: set(group.members) for group in groups_of(session, course_id)}


def test_a_group_by_hand(session: Session) -> None:
    course = a_course(session)
    anna, tom = a_student(session, course, "Anna"), a_student(session, course, "Tom")
    group = make_group(session, course, "  Red \n group ")
    set_members(session, course, group, [anna, tom])
    set_members(session, course, group, [anna])
    assert shown(session, course) == {"Red group": {anna}}
    assert group_ids_of(session, course, anna) == {group}
    assert group_ids_of(session, course, tom) == frozenset()
    rename_group(session, course, group, "Red group")
    rename_group(session, course, group, "Blue")
    assert not group_with(session, course, group).is_from_lms
    assert group_with(session, course, group).name == "Blue"
    remove_group(session, course, group)
    assert groups_of(session, course) == ()


def test_names_that_cannot_be(session: Session) -> None:
    course = a_course(session)
    group = make_group(session, course, "One")
    other = make_group(session, course, "Two")
    for name in ("", "  ", "x" * (LONGEST_NAME + 1), "One", " One "):
        with pytest.raises(Rejected):
            make_group(session, course, name)
        with pytest.raises(Rejected):
            rename_group(session, course, other, name)
    assert set(shown(session, course)) == {"One", "Two"}
    assert make_group(session, a_course(session), "One") != group


def test_only_students_of_the_course_and_only_its_groups(session: Session) -> None:
    course, elsewhere = a_course(session), a_course(session)
    group = make_group(session, course, "One")
    a_student(session, course)
    for stranger in (a_student(session, elsewhere), a_teacher(session, course), 987_654):
        with pytest.raises(Rejected):
            set_members(session, course, group, [stranger])
    for change in (
        lambda: rename_group(session, elsewhere, group, "x"),
        lambda: remove_group(session, elsewhere, group),
        lambda: set_members(session, elsewhere, group, []),
        lambda: group_with(session, elsewhere, group),
    ):
        with pytest.raises(NotFound):
            change()


def test_groups_stand_in_the_order_people_expect(session: Session) -> None:
    course = a_course(session)
    for name in ("Group 10", "group 2", "Group 1", "Alpha"):
        make_group(session, course, name)
    assert [group.name for group in groups_of(session, course)] == ["Alpha", "Group 1", "group 2", "Group 10"]


@pytest.mark.parametrize("count", [2, 3, 7, 20])
def test_a_class_divided_evenly(session: Session, count: int) -> None:
    course = a_course(session)
    everybody = {a_student(session, course, f"Student {number}") for number in range(20)}
    a_person(session, course, "Onlooker", Role.OBSERVER)
    people = classmates(session, course)
    hands = divided(people, count, mix=5)
    assert {one.id for hand in hands for one in hand} == everybody
    assert sum(map(len, hands)) == 20
    assert max(map(len, hands)) - min(map(len, hands)) <= 1
    assert divided(people, count, mix=5) == hands
    assert count == 20 or divided(people, count, mix=6) != hands
    make_groups(session, course, [(f"G {at}", [one.id for one in hand]) for at, hand in enumerate(hands)])
    assert sorted(map(len, shown(session, course).values())) == sorted(map(len, hands))


@pytest.mark.parametrize("count", [0, 1, 4, 500])
def test_a_class_too_small_to_divide(session: Session, count: int) -> None:
    course = a_course(session)
    for name in ("A", "B", "C"):
        a_student(session, course, name)
    with pytest.raises(Rejected, match="3 students"):
        divided(classmates(session, course), count)


def test_sections_follow_the_lms_and_keep_a_teachers_name(session: Session) -> None:
    course = a_course(session)
    anna = a_student(session, course)
    by_hand = make_group(session, course, "Section 3601")
    set_members(session, course, by_hand, [anna])
    record_sections(session, course, anna, [MONDAY, THURSDAY])
    assert shown(session, course) == {"Monday class": {anna}, "Section 3601": {anna}, "Section 3601 (3601)": {anna}}
    (monday,) = (group for group in groups_of(session, course) if group.name == "Monday class")
    assert monday.is_from_lms
    rename_group(session, course, monday.id, "Early birds")
    record_sections(session, course, anna, [MONDAY])
    assert shown(session, course) == {"Early birds": {anna}, "Section 3601": {anna}, "Section 3601 (3601)": set()}
    record_sections(session, course, anna, [])
    assert group_ids_of(session, course, anna) == {by_hand}
    with pytest.raises(Rejected, match="section of the LMS"):
        set_members(session, course, monday.id, [anna])
    with pytest.raises(Rejected, match="section of the LMS"):
        remove_group(session, course, monday.id)


@contextmanager
def writes(database: Database) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine, "before_cursor_execute", note)


def arrives(district: District, link: Link, sections: tuple[Section, ...] | None, role: Role = Role.STUDENT) -> int:
    arrival = replace(district.arrival(link, f"{role.value}-1", role), sections=sections)
    with district.database.writing() as session:
        return welcome(session, arrival, link.opened(), NOW).visitor.person_id


def course_id(district: District, link: Link) -> int:
    with district.database.reading() as session:
        return (
            session.query(Course).filter_by(deployment_id=district.deployment_id, lti_context_id=link.course).one().id
        )


def test_a_launch_writes_when_a_section_changed_and_only_then(district: District) -> None:
    link = district.link(district.course())
    anna = arrives(district, link, (MONDAY, THURSDAY))
    course = course_id(district, link)

    def mine() -> set[str]:
        with district.database.reading() as session:
            return {group.name for group in groups_of(session, course) if anna in group.members}

    assert mine() == {"Monday class", "Section 3601"}
    for same in ((THURSDAY, MONDAY), (Section("3301", "Renamed there"), THURSDAY), None):
        with writes(district.database) as sent:
            arrives(district, link, same)
        assert [one for one in sent if one.startswith(("INSERT", "UPDATE", "DELETE"))] == []
        assert len(sent) == 1
        assert mine() == {"Monday class", "Section 3601"}
    arrives(district, link, (THURSDAY,))
    assert mine() == {"Section 3601"}
    arrives(district, link, ())
    assert mine() == set()


def test_staff_are_in_no_section(district: District) -> None:
    link = district.link(district.course())
    arrives(district, link, (MONDAY,), Role.TEACHER)
    with writes(district.database) as sent:
        arrives(district, link, (MONDAY,), Role.TEACHER)
    assert len(sent) == 1
    with district.database.reading() as session:
        assert groups_of(session, course_id(district, link)) == ()
