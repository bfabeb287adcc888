"""Group D: every valid launch of the certification suite (rows 80-94), as a teacher and as a student."""

from typing import Any

import pytest
from sqlalchemy import func, select

from lti_tool.models import Course, Deployment, Person, Role
from tests.certification.evidence import PURL
from tests.certification.launches import INSTRUCTOR, LEARNER, Arrived, Attempt, begun, changed, let_in
from tests.stage import Stage

INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person"
NAMES = ("name", "given_name", "family_name", "middle_name")
BASES = {"teacher": (INSTRUCTOR, Role.TEACHER), "learner": (LEARNER, Role.STUDENT)}


def opened(stage: Stage, sub: str, roles: list[str], without: tuple[str, ...] = ()) -> tuple[Attempt, Arrived]:
    """Launch as a person of the test's own, with these roles and without these claims."""
    attempt = begun(stage)
    changes: dict[str, object] = {"sub": sub, "roles": roles, **dict.fromkeys(without)}
    attempt.claims = changed(attempt.claims, changes)
    return attempt, let_in(attempt)


def shows_the_view_of(attempt: Attempt, role: Role) -> None:
    """Staff have a desk, students a page with their own score, and whoever only looks has neither."""
    desk, mine = attempt.browser.get("desk").status_code, attempt.browser.get("my-participation").status_code
    expected = {
        Role.TEACHER: (200, 403),
        Role.ASSISTANT: (200, 403),
        Role.STUDENT: (403, 200),
        Role.OBSERVER: (403, 403),
    }
    assert (desk, mine) == expected[role]


ROLE_LISTS: dict[str, tuple[list[str], Role]] = {
    "row_80_teacher": ([INSTRUCTOR], Role.TEACHER),
    "row_80_learner": ([LEARNER], Role.STUDENT),
    "row_81_teacher_several": ([INSTRUCTOR, f"{INSTITUTION}#Staff", f"{INSTITUTION}#Other"], Role.TEACHER),
    "row_81_learner_several": ([LEARNER, f"{INSTITUTION}#Student", f"{INSTITUTION}#Mentor"], Role.STUDENT),
    "row_82_teacher_short": (["Instructor"], Role.TEACHER),
    "row_82_learner_short": (["Learner"], Role.STUDENT),
    "row_83_unknown": (["http://purl.imsglobal.org/vocab/lis/v2/unknown/unknown#Helper"], Role.OBSERVER),
    "row_83_learner_and_unknown": (
        [LEARNER, "http://purl.imsglobal.org/vocab/lis/v2/uknownrole/unknown#Unknown"], Role.STUDENT,
    ),
    "row_83_teacher_and_unknown": ([INSTRUCTOR, "urn:unknown"], Role.TEACHER),
    "row_84_no_role": ([], Role.OBSERVER),
    "row_84_an_empty_role": ([""], Role.OBSERVER),
}  # fmt: skip


@pytest.mark.parametrize(("roles", "expected"), ROLE_LISTS.values(), ids=ROLE_LISTS)
def test_rows_80_to_84_roles_as_the_suite_sends_them(door: Stage, roles: list[str], expected: Role) -> None:
    attempt, arrived = opened(door, f"suite-{sorted(ROLE_LISTS.values(), key=str).index((roles, expected))}", roles)
    assert arrived.role is expected
    shows_the_view_of(attempt, expected)


WITHHELD: dict[str, tuple[str, ...]] = {
    "row_85_email_only": NAMES,
    "row_86_names_only": ("email",),
    "row_87_no_personal_data": (*NAMES, "email"),
    "row_88_email_without_context": ("context",),
}


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("case", WITHHELD)
def test_rows_85_to_88_what_a_platform_may_withhold(door: Stage, case: str, base: str) -> None:
    role_uri, role = BASES[base]
    attempt, arrived = opened(door, f"{case}-{base}", [role_uri], WITHHELD[case])
    assert arrived.role is role
    assert arrived.email is None if "email" in WITHHELD[case] else arrived.email
    if "name" in WITHHELD[case]:
        assert arrived.shown_name == f"Participant {arrived.person_id}"
        assert "None" not in attempt.browser.get().text
    if "context" in WITHHELD[case]:
        assert arrived.lti_context_id == f"link:{attempt.claims[PURL + 'resource_link']['id']}"
    shows_the_view_of(attempt, role)


@pytest.mark.parametrize("base", BASES)
def test_row_88_a_launch_without_context_keeps_to_its_own_link(door: Stage, base: str) -> None:
    role_uri, _ = BASES[base]
    _, without = opened(door, "link-only", [role_uri], ("context",))
    _, again = opened(door, "link-only", [role_uri], ("context",))
    _, in_course = opened(door, "link-only", [role_uri])
    assert without.blog_id == again.blog_id != in_course.blog_id


SCRIPTS = {
    "arabic": "نور الهدى",
    "chinese": "王秀英",
    "emoji": "Zoë 🧵👩🏽‍🎓",
    "three_hundred": "n" * 300,
    "html": "<img src=x onerror=alert(1)>",
    "formula": "=HYPERLINK(1)",
    "right_to_left_override": "a\u202egnp.exe",
}


@pytest.mark.parametrize("name", SCRIPTS.values(), ids=SCRIPTS)
def test_rows_89_and_273_one_name_in_any_script(door: Stage, name: str) -> None:
    """And row 273: a name is text on every page, whatever it looks like."""
    attempt = begun(door)
    names: dict[str, object] = {"name": None, "family_name": None, "given_name": name, "sub": "one-name"}
    attempt.claims = changed(attempt.claims, names)
    assert let_in(attempt).shown_name == name
    teacher = door.launched("irena")
    desk = teacher.get("desk")
    assert desk.status_code == 200
    assert "<img src=x" not in desk.text


def test_row_90_a_second_launch_updates_and_never_doubles(stage: Stage) -> None:
    for name in ("Before", "After"):
        attempt = begun(stage)
        attempt.claims["name"] = name
        assert let_in(attempt).shown_name == name
    with stage.tool.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1


def test_rows_91_and_265_two_deployments_of_one_client(stage_on_sqlite: Stage) -> None:
    """And row 265: course and link ids are unique only per deployment."""
    with stage_on_sqlite.tool.database.writing() as session:
        session.add(Deployment(platform_id=1, lti_deployment_id="D2"))
    first = let_in(begun(stage_on_sqlite))
    attempt = begun(stage_on_sqlite, lti_deployment_id="D2")
    attempt.claims = changed(attempt.claims, {"deployment_id": "D2"})
    second = let_in(attempt)
    assert (first.lti_context_id, first.person_id) == (second.lti_context_id, second.person_id)
    assert first.course_id != second.course_id
    assert first.blog_id != second.blog_id
    with stage_on_sqlite.tool.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Course)) == 2


UNSAFE_RETURNS = {
    "script": "javascript:alert(1)",
    "no_scheme": "//evil.example.test",
    "half_an_address": "http://[",
    "file": "file:///etc/passwd",
    "rule_in_the_host": "https://x.example.test; script-src *",
    "comma_in_the_host": "https://x.example.test,*",
    "not_ascii": "https://例え.example.test/",
    "user": "https://lms.example.test@evil.example.test/",
    "no_host": "https:///x",
    "empty": "",
}


@pytest.mark.parametrize("address", UNSAFE_RETURNS.values(), ids=UNSAFE_RETURNS)
def test_rows_92_and_271_an_unsafe_return_address_is_left_out(door: Stage, address: str) -> None:
    """Neither a link nor part of the header that says who may frame the page."""
    attempt = begun(door, person="irena")
    attempt.claims = changed(attempt.claims, {"launch_presentation": {"return_url": address}})
    let_in(attempt)
    page = attempt.browser.get("desk")
    assert page.status_code == 200
    assert "evil.example.test" not in page.text
    assert "javascript:" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "x.example.test" not in policy
    assert policy.count("script-src") == 1
    assert f"frame-ancestors 'self' {door.lms_url}" in policy


def test_rows_92_and_241_only_the_platform_may_frame_the_pages(door: Stage) -> None:
    attempt = begun(door)
    attempt.claims = changed(
        attempt.claims, {"launch_presentation": {"return_url": "https://school.example.test:8443/courses/1"}}
    )
    let_in(attempt)
    policy = attempt.browser.get("posts/new").headers["Content-Security-Policy"]
    assert policy.endswith(f"frame-ancestors 'self' {door.lms_url} https://school.example.test:8443")


CUSTOM: dict[str, Any] = {
    "due": "", "x": "$ResourceLink.submission.endDateTime", "n": 5, "deep": {"a": [None]}, "role": "admin",
    "user_id": "u2", "is_staff": True,
}  # fmt: skip


def test_rows_94_and_284_custom_values_change_nothing(door: Stage) -> None:
    attempt = begun(door, person="tom")
    attempt.claims = changed(attempt.claims, {"custom": CUSTOM})
    arrived = let_in(attempt)
    assert (arrived.role, arrived.sub) == (Role.STUDENT, door.school.sub_of("tom"))


def test_row_94_variables_that_the_platform_could_not_fill_in_are_no_values(door: Stage) -> None:
    attempt = begun(door)
    attempt.claims = changed(attempt.claims, {
        "sub": "variables", "name": "$Person.name.full", "given_name": "$Person.name.given",
        "family_name": "$Person.name.family", "email": "$Person.email.primary",
    })  # fmt: skip
    arrived = let_in(attempt)
    assert (arrived.shown_name, arrived.email) == (f"Participant {arrived.person_id}", None)


def test_row_80_the_moodle_accent_is_let_in_too(moodle_stage: Stage) -> None:
    for person, role in (("irena", Role.TEACHER), ("isaiah", Role.STUDENT)):
        assert let_in(begun(moodle_stage, person)).role is role
