"""Canvas: what it tells of a person, in launches and in the roster: roles, and personal data by privacy level."""

from typing import TYPE_CHECKING, Any

from ..keys import Claims
from ..people import OBSERVED, Person
from ..scopes import CLAIM, VOCABULARY

if TYPE_CHECKING:
    from ..school import PracticeSchool

TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
COURSE_ROLES = {
    "teacher": ["membership#Instructor"],
    "assistant": ["membership#Instructor", "membership/Instructor#TeachingAssistant"],
    "student": ["membership#Learner"],
    "test": ["membership#Learner"],
    "observer": ["membership#Mentor"],
    "designer": ["membership#ContentDeveloper"],
}
SCHOOL_ROLES = {
    "teacher": "institution/person#Instructor",
    "assistant": "institution/person#Instructor",
    "designer": "institution/person#Instructor",
    "student": "institution/person#Student",
    "test": "institution/person#Student",
    "admin": "institution/person#Administrator",
}
NAMED, MAILED = ("public", "name_only"), ("public", "email_only")


def course_roles(person: Person) -> list[str]:
    """What the roster says. An administrator without enrolment has no role in the course."""
    roles = [VOCABULARY + name for name in COURSE_ROLES.get(person.role, [])]
    return [*roles, TEST_USER] if person.role == "test" else roles


def roles(person: Person) -> list[str]:
    """Institution, context and system roles in one sorted list, as `$com.instructure.User.allRoles`."""
    named = [*course_roles(person), VOCABULARY + "system/person#User"]
    if person.role in SCHOOL_ROLES:
        named.append(VOCABULARY + SCHOOL_ROLES[person.role])
    if person.teaches_elsewhere:
        named.append(VOCABULARY + "institution/person#Instructor")
    return sorted(set(named))


def _picture(school: "PracticeSchool") -> str:
    return f"{school.public_url}/images/messages/avatar-50.png"


def _names(person: Person) -> dict[str, Any]:
    return {"name": person.name, "given_name": person.given_name, "family_name": person.family_name}


def personal_claims(school: "PracticeSchool", person: Person) -> Claims:
    """By the privacy level. Without a student information system the sourced ids are literal variable names."""
    claims: Claims = {}
    if school.privacy == "public":
        claims["picture"] = _picture(school)
        if person.role == "observer":
            claims[CLAIM + "role_scope_mentor"] = [school.sub_of(key) for key in OBSERVED]
    if school.privacy in MAILED and person.email:
        claims["email"] = person.email
    if school.privacy in NAMED:
        claims |= _names(person)
        sourced = {"person_sourcedid": "$Person.sourcedId", "course_offering_sourcedid": "$CourseSection.sourcedId"}
        claims[CLAIM + "lis"] = sourced
    return claims


def member(school: "PracticeSchool", person: Person) -> dict[str, Any]:
    """An entry of the roster: always Active, for who is not simply is not there."""
    entry: dict[str, Any] = {"status": "Active"}
    if school.privacy in NAMED:
        entry |= {**_names(person), "lis_person_sourcedid": None}
    if school.privacy in MAILED and person.email:
        entry["email"] = person.email
    if school.privacy == "public":
        entry["picture"] = _picture(school)
    ids = {"user_id": person.canvas_id, "lti11_legacy_user_id": person.canvas_login_hint}
    return {**entry, **ids, "roles": course_roles(person)}
