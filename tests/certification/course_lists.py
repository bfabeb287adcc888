"""The list of a course's people as the LMS was asked for it, and what the tool has made of it."""

from dataclasses import dataclass

from sqlalchemy import select, update
from structlog.testing import capture_logs
from structlog.typing import EventDict

from lti_tool.models import Course, Membership, Person, Role
from lti_tool.practice_lms.calls import Call
from tests.stage import Stage

NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
NOTICE = "The list of people is as it last could be read."


@dataclass(frozen=True)
class Place:
    """Somebody in the course, as the tool has them."""

    name: str
    role: Role
    has_left: bool


def asked_for(stage: Stage) -> list[Call]:
    """The calls for pages of a list, in the words of either accent."""
    return [call for call in stage.school.calls if "/names_and_roles" in call.url or "/memberships" in call.url]


def read_again(stage: Stage) -> list[EventDict]:
    """Let the worker read the list although it is not yet old, and return what it logs."""
    with stage.tool.database.writing() as session:
        session.execute(update(Course).values(roster_tried_at=None))
    with capture_logs() as lines:
        stage.clockwork.read_rosters()
    return lines


def places(stage: Stage) -> dict[str, Place]:
    """Everybody the tool knows in the course, by the LMS's id."""
    with stage.tool.database.reading() as session:
        rows = session.execute(select(Person, Membership).join(Membership, Membership.person_id == Person.id))
        return {
            person.lti_sub: Place(person.shown_name, place.role, place.left_at is not None) for person, place in rows
        }


def place_of(stage: Stage, person_key: str) -> Place:
    return places(stage)[stage.school.sub_of(person_key)]


def gone(stage: Stage) -> set[str]:
    return {place.name for place in places(stage).values() if place.has_left}
