"""LTI roles to ours: only what the person is *in this course* counts. Pure.

Institution and system roles give nothing here: a student of this course may teach another one. Whole URIs are compared,
because a sub-role can carry the name of a higher role (`membership/Learner#Instructor` is a learner).
Source: LTI Core 1.3, A.2.
"""

from collections.abc import Iterable

from lti_tool.models import Role

_VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
_MEMBERSHIP = f"{_VOCABULARY}membership"
_TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
_PRINCIPALS = {
    "Administrator": Role.TEACHER,
    "ContentDeveloper": Role.OBSERVER,
    "Instructor": Role.TEACHER,
    "Learner": Role.STUDENT,
    "Mentor": Role.OBSERVER,
}
# Sakai writes its assistants' sub-role in these two ways of its own (lti-blis, SakaiLTIUtil.java).
_ASSISTANTS = frozenset({"TeachingAssistant", f"{_MEMBERSHIP}#Instructor#TeachingAssistant"}) | frozenset(
    f"{_MEMBERSHIP}/Instructor#{name}"
    for name in ("TeachingAssistant", "TeachingAssistantGroup", "TeachingAssistantOffering", "TeachingAssistantSection",
                 "TeachingAssistantSectionAssociation", "TeachingAssistantTemplate", "Grader")
)  # fmt: skip


def course_role(roles: Iterable[str]) -> Role:
    """Return the highest role that the list gives in the course; OBSERVER, who only looks, if it gives none."""
    listed = set(roles)
    found = {role for uri in listed if (role := _role_of(uri)) is not None}
    if listed & _ASSISTANTS:  # Canvas sends its assistants with the plain Instructor role as well
        return Role.ASSISTANT
    for role in (Role.TEACHER, Role.STUDENT):
        if role in found:
            return role
    return Role.OBSERVER


def is_test_user(roles: Iterable[str]) -> bool:
    """Say whether this is a teacher's own view as a student. Source: LTI Core 1.3, A.2.4; Canvas sends it so."""
    return _TEST_USER in roles


def _role_of(uri: str) -> Role | None:
    if uri in _PRINCIPALS:  # the short form that A.2.3 allows for context roles
        return _PRINCIPALS[uri]
    path, _, name = uri.partition("#")
    if path == _MEMBERSHIP:
        return _PRINCIPALS.get(name)
    head, _, principal = path.rpartition("/")
    if head == _MEMBERSHIP and name:
        return _PRINCIPALS.get(principal)
    return None
