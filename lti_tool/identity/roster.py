"""The people of a course as the LMS lists them. Nobody is removed: who is listed no more is marked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.database import insert_missing
from lti_tool.models import Course, Membership, Person, Role

_AT_ONCE = 10_000  # a statement takes 65,535 values on PostgreSQL, 32,766 on SQLite
_NAMES = ("name", "given_name", "family_name", "email")


@dataclass(frozen=True)
class RosterMember:
    """A person as the LMS's roster lists them; not `is_active` is somebody it lists as no longer taking part."""

    person_key: str
    name: str | None
    given_name: str | None
    family_name: str | None
    email: str | None
    role: Role
    is_active: bool = True
    is_test: bool = False


def record_roster(session: Session, course_id: int, members: Sequence[RosterMember], now: datetime) -> None:
    """Record the people of a course from a whole list. What has not changed is not written again.

    A name that the roster withholds does not wipe one that a launch gave, and an empty list marks nobody.
    """
    course = session.get_one(Course, course_id)
    # People, then the course, then places: in this order a launch takes them too, so that neither waits for the other.
    people = _people(session, course.deployment.platform_id, members)
    for member in members:
        _set_names(people[member.person_key], member)
    session.flush()
    course.roster_read_at = now
    session.flush()
    listed = {person.id for person in people.values()}
    places = _places(session, course_id, listed)
    for member in members:
        _set_place(places[people[member.person_key].id], member, now)
    for person_id, place in places.items():
        if listed and person_id not in listed and place.roster_role is not None and place.left_at is None:
            place.left_at = now


def _people(session: Session, platform_id: int, members: Sequence[RosterMember]) -> dict[str, Person]:
    wanted = {member.person_key: member for member in members}
    known = _known_people(session, platform_id, wanted)
    new = [
        {"platform_id": platform_id, "lti_sub": key} | {name: getattr(member, name) for name in _NAMES}
        for key, member in sorted(wanted.items())  # in one order, for whoever else inserts them at this instant
        if key not in known
    ]
    insert_missing(session, Person, [Person.platform_id, Person.lti_sub], new)
    return known | _known_people(session, platform_id, [str(row["lti_sub"]) for row in new])


def _known_people(session: Session, platform_id: int, keys: Collection[str]) -> dict[str, Person]:
    of_platform = select(Person).where(Person.platform_id == platform_id)
    wanted = list(keys)
    known: dict[str, Person] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        rows = session.scalars(of_platform.where(Person.lti_sub.in_(wanted[start : start + _AT_ONCE])))
        known |= {row.lti_sub: row for row in rows}
    return known


def _places(session: Session, course_id: int, person_ids: Collection[int]) -> dict[int, Membership]:
    of_course = select(Membership).where(Membership.course_id == course_id)
    known = {place.person_id: place for place in session.scalars(of_course)}
    new = [
        {"course_id": course_id, "person_id": person_id, "is_test": False}
        for person_id in sorted(person_ids)
        if person_id not in known
    ]
    insert_missing(session, Membership, [Membership.course_id, Membership.person_id], new)
    return {place.person_id: place for place in session.scalars(of_course)} if new else known


def _set_names(person: Person, member: RosterMember) -> None:
    for name in _NAMES:
        value = getattr(member, name)
        if value and value != getattr(person, name):
            setattr(person, name, value)


def _set_place(place: Membership, member: RosterMember, now: datetime) -> None:
    place.roster_role = member.role
    place.is_test = place.is_test or member.is_test
    if member.is_active:
        place.left_at = None
    elif place.left_at is None:
        place.left_at = now
