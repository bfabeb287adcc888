"""Whose names are offered while somebody types one: those that would call their people, and nobody who is not seen."""

import pytest
from sqlalchemy import select

from lti_tool.blog.mentions import MOST_SUGGESTED, mentioned, suggested
from lti_tool.models import Membership, Person
from tests.a_school import NOW, a_blog, a_student, course_of
from tests.blog.test_sight import Class, school

__all__ = ["school"]


def membership(school: Class, person_id: int) -> Membership:
    own = select(Membership).filter_by(course_id=school.course_id, person_id=person_id)
    return school.session.scalars(own).one()


@pytest.mark.parametrize("typed", ["B", "ben", "BEN C", "cole", "Ben Cole", "bén"])
def test_any_word_of_a_name_will_do(school: Class, typed: str) -> None:
    assert suggested(school.session, school.sight(school.anna), typed) == ("Ben Cole",)


@pytest.mark.parametrize("typed", ["", " ", "en", "ole", "Ben Cole ", "Cole Ben", "%", "ben@example.edu", "\0"])
def test_nothing_else_will(school: Class, typed: str) -> None:
    school.session.get_one(Person, school.ben).email = "ben@example.edu"
    assert suggested(school.session, school.sight(school.anna), typed) == ()


@pytest.mark.parametrize(
    ("name", "typed"),
    [("Siobhán O'Neill", "siobhan"), ("Siobhán O'Neill", "neill"), ("Lê Thị Ánh", "anh"), ("Jean-Luc Weiß", "luc"),
     ("Jean-Luc Weiß", "WEISS"), ("أحمد العلي", "احمد")],
)  # fmt: skip
def test_accents_and_case_are_not_needed(school: Class, name: str, typed: str) -> None:
    a_student(school.session, school.course_id, name)
    offered = suggested(school.session, school.sight(school.anna), typed)
    assert offered == (name,)


def test_names_that_begin_so_come_first_and_not_too_many(school: Class) -> None:
    for letter in "abcdefghij":
        a_student(school.session, school.course_id, f"{letter.upper()}da Coleman")
    a_student(school.session, school.course_id, "Cole Zander")
    offered = suggested(school.session, school.sight(school.anna), "col")
    assert offered[:3] == ("Cole Zander", "Ada Coleman", "Bda Coleman")
    assert len(offered) == MOST_SUGGESTED == 8


def test_a_name_that_calls_nobody_is_not_offered(school: Class) -> None:
    for name in ("Dora Eve", "Dora Eve", "Dora Hill", "(Dora)"):
        a_student(school.session, school.course_id, name)
    assert suggested(school.session, school.sight(school.anna), "dora") == ("Dora Hill",)
    assert mentioned("@Dora Eve", {1: "Dora Eve", 2: "Dora Eve"}) == set(), "as comments have it"


def test_nobody_is_offered_their_own_name(school: Class) -> None:
    assert suggested(school.session, school.sight(school.ben), "ben") == ()


def test_who_has_left_is_not_offered(school: Class) -> None:
    membership(school, school.ben).left_at = NOW
    for reader in (school.anna, school.teacher):
        assert suggested(school.session, school.sight(reader), "ben") == ()


def test_a_teachers_view_as_a_student_is_not_offered(school: Class) -> None:
    membership(school, school.ben).is_test = True
    assert suggested(school.session, school.sight(school.anna), "ben") == ()


def test_hidden_names_are_offered_to_nobody(school: Class) -> None:
    """Staff see them, and would tell one to all by calling it."""
    school.choose(names_hidden=True)
    assert suggested(school.session, school.sight(school.anna), "ben") == ()
    assert suggested(school.session, school.sight(school.teacher), "ben") == ()


def test_groups_apart_hear_of_their_own_and_of_staff(school: Class) -> None:
    school.group("Red", school.anna, school.cleo)
    school.group("Blue", school.ben)
    assert suggested(school.session, school.sight(school.anna), "ben") == ("Ben Cole",), "together as yet"
    school.choose(groups_apart=True)
    anna, ben, teacher = (school.sight(person) for person in (school.anna, school.ben, school.teacher))
    assert suggested(school.session, anna, "ben") == ()
    assert suggested(school.session, anna, "cleo") == ("Cleo Diaz",)
    assert suggested(school.session, anna, "irena") == suggested(school.session, ben, "irena") == ("Irena Novak",)
    assert suggested(school.session, ben, "cleo") == ()
    assert suggested(school.session, teacher, "c") == ("Cleo Diaz", "Ben Cole")
    without_group = a_student(school.session, school.course_id, "Emil Frank")
    assert suggested(school.session, school.sight(without_group), "cleo") == ()


def test_another_course_is_another_class(school: Class) -> None:
    other = course_of(school.session, a_blog(school.session))
    a_student(school.session, other, "Benno Elsewhere")
    assert suggested(school.session, school.sight(school.anna), "ben") == ("Ben Cole",)
