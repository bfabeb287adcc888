"""The groups of a course: sections that the LMS names at launch, and groups that a teacher makes by hand.

A section is known by the LMS's key for it, so a teacher may give it a better name; who is in it the LMS says alone.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from lti_tool.database import insert_missing
from lti_tool.errors import NotFound, Rejected
from lti_tool.models import Course, CourseGroup, GroupMember, Membership, Person, Role
from lti_tool.wording import say, say_count

LONGEST_NAME = 100
MOST_GROUPS = 200
_NO_GROUP = (say("There is no such group in this course."), say("Go back to the groups."))


@dataclass(frozen=True)
class Section:
    """A section or group of the LMS that somebody is in: the LMS's key, and its name where the LMS tells it."""

    key: str
    name: str = ""

    @property
    def first_name(self) -> str:
        """What it is called here until a teacher renames it."""
        return self.name[:LONGEST_NAME] or f"Section {self.key}"[:LONGEST_NAME]


@dataclass(frozen=True)
class Group:
    """A group of a course with the ids of its members; one `is_from_lms` is filled by the LMS at each launch."""

    id: int
    name: str
    is_from_lms: bool
    members: frozenset[int]


@dataclass(frozen=True)
class Classmate:
    """A student of the course who can be put into groups."""

    id: int
    name: str
    has_left: bool


def groups_of(session: Session, course_id: int) -> tuple[Group, ...]:
    """Return the groups of a course by name, in two statements whatever their number."""
    of_course = select(CourseGroup).where(CourseGroup.course_id == course_id)
    members: dict[int, set[int]] = defaultdict(set)
    places = (
        select(GroupMember.group_id, GroupMember.person_id)
        .join(CourseGroup, CourseGroup.id == GroupMember.group_id)
        .where(CourseGroup.course_id == course_id)
    )
    for group_id, person_id in session.execute(places):
        members[group_id].add(person_id)
    found = [
        Group(row.id, row.name, row.lti_key is not None, frozenset(members[row.id]))
        for row in session.scalars(of_course)
    ]
    return tuple(sorted(found, key=lambda group: (_in_order(group.name), group.id)))


def group_ids_of(session: Session, course_id: int, person_id: int) -> frozenset[int]:
    """Return the ids of the groups of a course that a person is in."""
    mine = (
        select(GroupMember.group_id)
        .join(CourseGroup, CourseGroup.id == GroupMember.group_id)
        .where(CourseGroup.course_id == course_id, GroupMember.person_id == person_id)
    )
    return frozenset(session.scalars(mine))


def group_with(session: Session, course_id: int, group_id: int) -> Group:
    """Return one group of a course. Raises NotFound."""
    row = _row(session, course_id, group_id)
    members = session.scalars(select(GroupMember.person_id).where(GroupMember.group_id == group_id))
    return Group(row.id, row.name, row.lti_key is not None, frozenset(members))


def classmates(session: Session, course_id: int) -> tuple[Classmate, ...]:
    """Return the students of a course by name, a teacher's own view as a student left out."""
    rows = session.execute(
        select(Membership, Person)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.course_id == course_id, Membership.is_test.is_(False))
    )
    found = [
        Classmate(person.id, person.shown_name, place.left_at is not None)
        for place, person in rows
        if place.role is Role.STUDENT
    ]
    return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))


def make_group(session: Session, course_id: int, name: str) -> int:
    """Make an empty group and return its id. Raises Rejected: no name, too long, taken, or too many groups."""
    _lock(session, course_id)
    if (session.scalar(select(func.count()).where(CourseGroup.course_id == course_id)) or 0) >= MOST_GROUPS:
        raise Rejected(
            say_count("A course has at most %(count)s group.", "A course has at most %(count)s groups.", MOST_GROUPS),
            say("Remove some that nobody needs."),
        )
    row = CourseGroup(course_id=course_id, name=_free_name(session, course_id, name))
    session.add(row)
    session.flush()
    return row.id


def rename_group(session: Session, course_id: int, group_id: int, name: str) -> None:
    """Give a group another name, which the LMS does not change back. Raises NotFound and Rejected."""
    _lock(session, course_id)
    row = _row(session, course_id, group_id)
    row.name = _free_name(session, course_id, name, but=group_id)


def remove_group(session: Session, course_id: int, group_id: int) -> None:
    """Remove a group; what its members wrote stays. Raises NotFound, and Rejected for one of the LMS's."""
    why_not = say("It would be here again as soon as somebody of it opens the blog.")
    row = _by_hand(session, course_id, group_id, why_not)
    session.execute(delete(GroupMember).where(GroupMember.group_id == group_id))
    session.delete(row)
    session.flush()


def set_members(session: Session, course_id: int, group_id: int, person_ids: Collection[int]) -> None:
    """Have a group hold just these students of the course. Raises NotFound, and Rejected for one of the LMS's."""
    _by_hand(session, course_id, group_id, say("The LMS says who is in it: change that there."))
    known = {one.id for one in classmates(session, course_id)}
    if not known.issuperset(person_ids):
        raise Rejected(
            say("Somebody you chose is no student of this course."), say("Open the group again and choose anew.")
        )
    there = set(session.scalars(select(GroupMember.person_id).where(GroupMember.group_id == group_id)))
    gone = there - set(person_ids)
    for person_id in gone:
        session.execute(delete(GroupMember).where(GroupMember.group_id == group_id, GroupMember.person_id == person_id))
    _put_in(session, group_id, sorted(set(person_ids) - there))


def divided(people: Sequence[Classmate], count: int, mix: int = 0) -> tuple[tuple[Classmate, ...], ...]:
    """Deal people out to so many groups whose sizes differ by one at most. Pure; the same `mix`, the same groups.

    Raises Rejected if there are fewer people than groups.
    """
    if not 2 <= count <= min(MOST_GROUPS, len(people)):
        raise _undividable(len(people), count)

    def chance(one: Classmate) -> bytes:
        return hashlib.blake2b(f"{mix} {one.id}".encode(), digest_size=8).digest()

    dealt = sorted(people, key=chance)
    hands = [dealt[start::count] for start in range(count)]
    return tuple(tuple(sorted(hand, key=lambda one: (one.name.casefold(), one.id))) for hand in hands)


def _undividable(people: int, groups: int) -> Rejected:
    most = min(MOST_GROUPS, people)
    return Rejected(
        say_count(
            "%(count)s student cannot be divided into %(groups)s groups.",
            "%(count)s students cannot be divided into %(groups)s groups.",
            people,
            groups=groups,
        ),
        say("Choose 2 to %(most)s.", most=most) if most >= 2 else say("Wait until the LMS lists more students."),
    )


def make_groups(session: Session, course_id: int, groups: Sequence[tuple[str, Collection[int]]]) -> None:
    """Make several groups with their members, as a preview showed them. Raises Rejected, and then makes none."""
    for name, person_ids in groups:
        set_members(session, course_id, make_group(session, course_id, name), person_ids)


def record_sections(session: Session, course_id: int, person_id: int, sections: Sequence[Section]) -> None:
    """Have a person be in just these sections of the LMS; groups made by hand are left alone.

    To be called with the course's row locked, so that two who open the blog first make one section of one.
    """
    of_lms = select(CourseGroup).where(CourseGroup.course_id == course_id, CourseGroup.lti_key.is_not(None))
    known = {row.lti_key: row for row in session.scalars(of_lms)}
    for section in sections:
        if section.key not in known:
            name = _name_beside_others(session, course_id, section)
            known[section.key] = CourseGroup(course_id=course_id, name=name, lti_key=section.key)
            session.add(known[section.key])
            session.flush()
    wanted = {known[section.key].id for section in sections}
    in_them = select(GroupMember.group_id).where(
        GroupMember.person_id == person_id, GroupMember.group_id.in_([row.id for row in known.values()])
    )
    there = set(session.scalars(in_them))
    if there - wanted:
        session.execute(
            delete(GroupMember).where(GroupMember.person_id == person_id, GroupMember.group_id.in_(there - wanted))
        )
    for group_id in sorted(wanted - there):
        _put_in(session, group_id, [person_id])


def _put_in(session: Session, group_id: int, person_ids: Sequence[int]) -> None:
    rows = [{"group_id": group_id, "person_id": person_id} for person_id in person_ids]
    insert_missing(session, GroupMember, [GroupMember.group_id, GroupMember.person_id], rows)


def _lock(session: Session, course_id: int) -> None:
    """Wait for whoever else makes or renames groups here, so that a name is taken once."""
    session.execute(select(Course.id).where(Course.id == course_id).with_for_update())


def _row(session: Session, course_id: int, group_id: int) -> CourseGroup:
    row = session.get(CourseGroup, group_id)
    if row is None or row.course_id != course_id:
        raise NotFound(*_NO_GROUP)
    return row


def _by_hand(session: Session, course_id: int, group_id: int, why_not: str) -> CourseGroup:
    row = _row(session, course_id, group_id)
    if row.lti_key is not None:
        raise Rejected(say("“%(name)s” is a section of the LMS.", name=row.name), why_not)
    return row


def _free_name(session: Session, course_id: int, name: str, but: int = 0) -> str:
    plain = " ".join(name.split())
    if not plain:
        raise Rejected(say("The group has no name."), say("Give it one."))
    if len(plain) > LONGEST_NAME:
        raise Rejected(
            say_count(
                "The name is longer than %(count)s character.",
                "The name is longer than %(count)s characters.",
                LONGEST_NAME,
            ),
            say("Shorten it."),
        )
    if session.scalar(_named(course_id, plain).where(CourseGroup.id != but)) is not None:
        raise Rejected(say("There is a group “%(name)s” already.", name=plain), say("Choose another name."))
    return plain


def _name_beside_others(session: Session, course_id: int, section: Section) -> str:
    """A section has to get in, whatever names there are."""
    tries = [section.first_name, f"{section.first_name} ({section.key})"]
    free = (name for name in tries if session.scalar(_named(course_id, name)) is None)
    return next(free, f"{section.first_name} (LMS {section.key})")


def _named(course_id: int, name: str) -> Select[int]:
    return select(CourseGroup.id).where(CourseGroup.course_id == course_id, CourseGroup.name == name)


def _in_order(name: str) -> tuple[tuple[int, str], ...]:
    """Names as people order them: Group 2 before Group 10."""
    parts: list[tuple[int, str]] = []
    digits = ""
    for sign in name.casefold() + " ":
        if sign.isdecimal() and sign.isascii():
            digits += sign
            continue
        if digits:
            parts.append((int(digits), ""))
            digits = ""
        parts.append((-1, sign))
    return tuple(parts)
