"""People that few courses have, and what each LMS makes of them: roles, roster, scores, and who is let in at all."""

from typing import Any

import pytest

from lti_tool.practice_lms.school import NotHere
from tests.practice_lms.a_launch import CLAIM, answered, launched, roles_in, roster, started, visit

T = "2026-11-20T10:00:{:02d}Z"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
USER = "system/person#User"
CANVAS_ROLES = {
    "observer": {"membership#Mentor", USER},
    "designer": {"membership#ContentDeveloper", "institution/person#Instructor", USER},
    "admin": {"institution/person#Administrator", USER},
    "teststudent": {"membership#Learner", "institution/person#Student", TEST_USER, USER},
    "elsewhere": {"membership#Learner", "institution/person#Student", "institution/person#Instructor", USER},
}
MOODLE_ROLES = {
    "admin": {"membership#Instructor", "institution/person#Administrator", "system/person#Administrator"},
    "elsewhere": {"membership#Learner"},
    "suspended": {"membership#Learner"},
}


@pytest.mark.parametrize("who", CANVAS_ROLES)
def test_roles_in_canvas(canvas: Any, who: str) -> None:
    assert roles_in(launched(canvas, started(canvas, who))) == CANVAS_ROLES[who]
    assert roles_in(canvas.school.claims_for(who, 1, "n")) == CANVAS_ROLES[who]


@pytest.mark.parametrize("who", MOODLE_ROLES)
def test_roles_in_moodle(moodle: Any, who: str) -> None:
    moodle.school.guests_allowed = True
    assert roles_in(launched(moodle, started(moodle, who))) == MOODLE_ROLES[who]


def test_nobody_of_them_is_in_the_course_at_first(either: Any) -> None:
    school = either.school
    keys = {person.key for person in school.others}
    assert len(school.people) == 16
    assert not keys & {person.key for person in (*school.people, *school.students, *school.enrolled)}
    assert len(roster(either)) == 16
    subs = [school.sub_of(person.key) for person in (*school.people, *school.others)]
    assert len(set(subs)) == len(subs)
    assert all(school.person_with_sub(school.sub_of(key)).key == key for key in keys)


def test_each_lms_has_its_own(canvas: Any, moodle: Any) -> None:
    with pytest.raises(NotHere):
        canvas.school.person("guest")
    with pytest.raises(NotHere):
        moodle.school.person("observer")


def test_anyone_may_be_one_of_them(either: Any) -> None:
    front = either.client.get("/").text
    for person in either.school.others:
        assert f'value="{person.key}"' in front.partition("<h2>Others</h2>")[2]
        visit(either, person.key)
        assert either.client.get("/courses/3644/activities/1").status_code == 200
        assert either.client.get("/courses/3644/grades").status_code == 200


def test_the_observer_says_whom_they_observe(canvas: Any) -> None:
    claims = canvas.school.claims_for("observer", 1, "n")
    assert claims[CLAIM + "role_scope_mentor"] == [canvas.school.sub_of("isaiah")]
    canvas.school.privacy = "name_only"
    assert CLAIM + "role_scope_mentor" not in canvas.school.claims_for("observer", 1, "n")


def test_the_test_student_has_no_email_and_may_be_in_the_roster(canvas: Any) -> None:
    school = canvas.school
    assert "email" not in school.claims_for("teststudent", 1, "n")
    school.reenrol("teststudent")
    (member,) = [member for member in roster(canvas) if TEST_USER in member["roles"]]
    assert member["user_id"] == school.sub_of("teststudent")
    assert len(member["roles"]) == 2
    assert "email" not in member
    school.unenrol("teststudent")
    assert len(roster(canvas)) == 16


def test_scores_for_them_in_canvas(canvas: Any) -> None:
    assert canvas.push("teststudent", 7, T.format(0)).status_code == 200
    for who in ("observer", "designer", "admin", "elsewhere"):
        assert canvas.push(who, 7, T.format(0)).status_code == 422
    canvas.school.reenrol("elsewhere")
    assert canvas.push("elsewhere", 7, T.format(0)).status_code == 200
    canvas.school.profile = "old"
    assert canvas.push("teststudent", 8, T.format(1)).status_code == 422


def test_scores_for_them_in_moodle(moodle: Any) -> None:
    assert moodle.push("suspended", 7, T.format(0)).status_code == 200
    for who in ("admin", "guest", "outsider"):
        assert moodle.push(who, 7, T.format(0)).status_code == 400


@pytest.mark.parametrize("who", ["guest", "outsider", "suspended"])
def test_moodle_asks_the_tool_to_log_strangers_in_and_then_shows_a_page(moodle: Any, who: str) -> None:
    start = started(moodle, who)
    assert start["login_hint"] == moodle.school.sub_of(who)
    answer = answered(moodle, start)
    assert answer.status_code == 200
    assert "id_token" not in answer.text
    assert ("Guests cannot access this course" if who == "guest" else "You cannot enrol yourself") in answer.text


def test_guests_of_the_course(moodle: Any) -> None:
    """Where guests may look at the course a suspended student gets in; guests themselves do not."""
    moodle.school.guests_allowed = True
    assert roles_in(launched(moodle, started(moodle, "suspended"))) == {"membership#Learner"}
    for who in ("guest", "outsider"):
        assert "currently hidden" in answered(moodle, started(moodle, who)).text


def test_a_suspended_student_is_never_in_the_roster(moodle: Any) -> None:
    moodle.school.reenrol("suspended")
    assert moodle.school.sub_of("suspended") not in {member["user_id"] for member in roster(moodle)}
    assert len(roster(moodle)) == 16


def test_a_moodle_assistant_teaches_at_launch_and_learns_in_the_roster(moodle: Any) -> None:
    sub = moodle.school.sub_of("sam")
    assert roles_in(moodle.school.claims_for("sam", 1, "n")) == {"membership#Instructor"}
    assert next(member["roles"] for member in roster(moodle) if member["user_id"] == sub) == ["Learner"]


def test_a_moodle_teacher_switches_role(moodle: Any) -> None:
    usual = moodle.school.claims_for("irena", 1, "n")
    switched = moodle.school.claims_for("irena", 1, "n", as_student=True)
    assert roles_in(switched) == {"membership#Learner"}
    assert {name for name in usual if usual[name] != switched[name]} <= {CLAIM + "roles", "iat", "exp"}
    assert roles_in(launched(moodle, started(moodle, "irena", as_student="1"))) == {"membership#Learner"}
    visit(moodle, "irena")
    assert "as_student=1" in moodle.client.get("/courses/3644/activities/1").text
    visit(moodle, "tom")
    assert "as_student=1" not in moodle.client.get("/courses/3644/activities/1").text


def test_canvas_has_no_such_switch(canvas: Any) -> None:
    with pytest.raises(NotHere):
        canvas.school.claims_for("irena", 1, "n", as_student=True)


@pytest.mark.parametrize(("accent", "status"), [("canvas", 401), ("moodle", 200)])
def test_who_was_taken_out_gets_in_no_more(bench: Any, accent: str, status: int) -> None:
    lms = bench(accent)
    lms.push("tom", 7, T.format(0))
    lms.school.unenrol("tom")
    answer = answered(lms, started(lms, "tom"))
    assert answer.status_code == status
    assert "id_token" not in answer.text
    assert lms.push("tom", 8, T.format(1)).status_code in (400, 422)
    lms.school.reenrol("tom")
    assert launched(lms, started(lms, "tom"))["sub"] == lms.school.sub_of("tom")
    assert lms.grade("tom").score == 7
