"""Moodle 4.5: what it tells of a person, in launches and in the roster (measured on 4.5.6)."""

from typing import TYPE_CHECKING, Any

from ..keys import Claims
from ..people import Person
from ..scopes import CLAIM, VOCABULARY

if TYPE_CHECKING:
    from ..school import PracticeSchool

NAMED, MAILED = ("public", "name_only"), ("public", "email_only")
LEARNER = [VOCABULARY + "membership#Learner"]
INSTRUCTOR = [VOCABULARY + "membership#Instructor"]
ADMINISTRATOR = [VOCABULARY + "institution/person#Administrator", *INSTRUCTOR]


def roles(person: Person) -> list[str]:
    """There is no teaching assistant: who may manage the activity is an Instructor."""
    if person.role == "admin":
        return [*ADMINISTRATOR, VOCABULARY + "system/person#Administrator"]
    return list(INSTRUCTOR if person.is_staff else LEARNER)


def personal_claims(school: "PracticeSchool", person: Person) -> Claims:
    """Names and address as the tool's privacy settings have it; the school's number for the person (lis) always."""
    claims: Claims = {}
    username: dict[str, object] = {}
    if school.privacy in NAMED:
        claims |= {"given_name": person.given_name, "family_name": person.family_name, "name": person.name}
        username = {"user_username": person.key}
    claims[CLAIM + "ext"] = {**username, "lms": "moodle-2"}
    if school.privacy in MAILED and person.email:
        claims["email"] = person.email
    return claims


def escaped(school: "PracticeSchool", name: str) -> str:
    """Ampersands as entities (format_string()); with the fault on as much as Moodle's s() does."""
    name = name.replace("&", "&amp;")
    if school.faults.on("roster_escaped"):
        for sign, entity in (("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#039;")):
            name = name.replace(sign, entity)
    return name


def member(school: "PracticeSchool", person: Person) -> dict[str, Any]:
    """Short role names, names HTML-escaped, and a non-editing teacher counted as a Learner."""
    entry: dict[str, Any] = {
        "status": "Active",
        "roles": ["Instructor" if person.role in ("teacher", "admin") else "Learner"],
        "user_id": person.moodle_id,
        "lis_person_sourcedid": person.sourced_id,
    }
    if school.privacy in NAMED:
        names = {"name": person.name, "given_name": person.given_name, "family_name": person.family_name}
        entry |= {name: escaped(school, value) for name, value in names.items()}
        entry["ext_user_username"] = person.key
    if school.privacy in MAILED and person.email:
        entry["email"] = person.email
    return entry
