"""Roles as a table and as laws: nothing but a role in this course counts, whatever stands beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti.roles import course_role
from lti_tool.models import Role

LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
MEMBERSHIP = f"{LIS}membership"
PRINCIPALS = {
    "Administrator": Role.TEACHER, "ContentDeveloper": Role.OBSERVER, "Instructor": Role.TEACHER,
    "Learner": Role.STUDENT, "Mentor": Role.OBSERVER,
}  # fmt: skip
ELSEWHERE = (
    f"{LIS}institution/person#Instructor", f"{LIS}institution/person#Administrator", f"{LIS}system/person#SysAdmin",
    f"{LIS}person#Administrator", f"{LIS}foo#Instructor", "urn:lti:role:ims/lis/Instructor",
    "https://evil.example.test/membership#Instructor", f"{MEMBERSHIP}", f"{MEMBERSHIP}#", f"{MEMBERSHIP}/Instructor",
    f"{MEMBERSHIP}/Instructor#", f"{MEMBERSHIP}#instructor", f" {MEMBERSHIP}#Instructor", "instructor", "", "#", "/#",
)  # fmt: skip
ASSISTANT = f"{MEMBERSHIP}/Instructor#TeachingAssistant"

principals = st.sampled_from(sorted(PRINCIPALS))
elsewhere = st.lists(st.sampled_from(ELSEWHERE) | st.text(max_size=20), max_size=5)


@pytest.mark.parametrize("form", ["{name}", MEMBERSHIP + "#{name}", MEMBERSHIP + "/{name}#AnySubRole"])
@pytest.mark.parametrize("name", PRINCIPALS)
def test_each_principal_role_in_each_of_its_forms(name: str, form: str) -> None:
    assert course_role([form.format(name=name)]) is PRINCIPALS[name]


@pytest.mark.parametrize("uri", ELSEWHERE)
def test_a_role_from_elsewhere_gives_nothing(uri: str) -> None:
    assert course_role([uri]) is Role.OBSERVER


@given(name=principals, beside=elsewhere, before=st.booleans())
def test_what_stands_beside_a_role_changes_nothing(name: str, beside: list[str], before: bool) -> None:
    beside = [uri for uri in beside if uri not in PRINCIPALS]
    own = [f"{MEMBERSHIP}#{name}"]
    assert course_role(beside + own if before else own + beside) is PRINCIPALS[name]


@given(principal=principals, named=principals)
def test_a_sub_role_never_outranks_its_principal_role(principal: str, named: str) -> None:
    assert course_role([f"{MEMBERSHIP}/{principal}#{named}"]) is PRINCIPALS[principal]


@given(names=st.lists(principals, max_size=4), order=st.randoms())
def test_the_order_of_a_list_means_nothing(names: list[str], order: object) -> None:
    uris = [f"{MEMBERSHIP}#{name}" for name in names]
    assert course_role(uris) is course_role(reversed(uris)) is course_role(uris + uris)


@given(names=st.lists(principals, max_size=4))
def test_an_assistant_stays_one_beside_any_other_role(names: list[str]) -> None:
    """Canvas sends its assistants with the plain Instructor role as well."""
    assert course_role([ASSISTANT, *(f"{MEMBERSHIP}#{name}" for name in names)]) is Role.ASSISTANT


@pytest.mark.parametrize(
    "name",
    ["TeachingAssistant", "TeachingAssistantGroup", "TeachingAssistantOffering", "TeachingAssistantSection", "Grader",
     "TeachingAssistantSectionAssociation", "TeachingAssistantTemplate"],
)  # fmt: skip
def test_each_assistant_role_of_the_vocabulary(name: str) -> None:
    assert course_role([f"{MEMBERSHIP}/Instructor#{name}"]) is Role.ASSISTANT
    assert course_role([f"{MEMBERSHIP}/Learner#{name}"]) is Role.STUDENT


@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_texts_give_a_role(texts: list[str]) -> None:
    expected = Role.OBSERVER if not set(texts) & set(PRINCIPALS) else course_role(texts)
    assert course_role(texts) is expected
