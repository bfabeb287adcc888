"""Group E: who somebody is and may be, and what is shown and kept of them (rows 95-111)."""

import pytest
from sqlalchemy import inspect, select, text
from structlog.testing import capture_logs

from lti_tool.models import Person, Role
from tests.certification.evidence import PURL
from tests.certification.launches import (
    INSTRUCTOR,
    LEARNER,
    MEMBERSHIP,
    Arrived,
    Attempt,
    begun,
    changed,
    let_in,
)
from tests.stage import Stage, register

VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
INSTITUTION = f"{VOCABULARY}institution/person"
SYSTEM = f"{VOCABULARY}system/person"
ASSISTANT = f"{MEMBERSHIP}/Instructor#TeachingAssistant"

ROLE_LISTS: dict[str, tuple[list[str], Role]] = {
    "row_95_administrator": ([f"{MEMBERSHIP}#Administrator"], Role.TEACHER),
    "row_95_content_developer": ([f"{MEMBERSHIP}#ContentDeveloper"], Role.OBSERVER),
    "row_95_instructor": ([INSTRUCTOR], Role.TEACHER),
    "row_95_learner": ([LEARNER], Role.STUDENT),
    "row_95_mentor": ([f"{MEMBERSHIP}#Mentor"], Role.OBSERVER),
    "row_96_assistant_alone": ([ASSISTANT], Role.ASSISTANT),
    "row_96_assistant_beside_instructor": ([INSTRUCTOR, ASSISTANT], Role.ASSISTANT),
    "row_96_grader": ([f"{MEMBERSHIP}/Instructor#Grader"], Role.ASSISTANT),
    "row_96_primary_instructor": ([f"{MEMBERSHIP}/Instructor#PrimaryInstructor"], Role.TEACHER),
    "row_97_a_learner_who_is_called_instructor": ([f"{MEMBERSHIP}/Learner#Instructor"], Role.STUDENT),
    "row_97_a_mentor_who_is_called_instructor": ([f"{MEMBERSHIP}/Mentor#Instructor"], Role.OBSERVER),
    "row_98_teaches_elsewhere": ([f"{INSTITUTION}#Instructor", LEARNER], Role.STUDENT),
    "row_98_administrator_of_the_institution": ([f"{INSTITUTION}#Administrator"], Role.OBSERVER),
    "row_98_administrator_of_the_system": ([f"{SYSTEM}#SysAdmin", f"{SYSTEM}#Administrator"], Role.OBSERVER),
    "row_99_deprecated_form": ([f"{VOCABULARY}person#Administrator"], Role.OBSERVER),
    "row_100_unknown_path": ([f"{VOCABULARY}foo#Instructor"], Role.OBSERVER),
    "row_100_another_host": (["https://evil.example.test/membership#Instructor"], Role.OBSERVER),
    "row_100_more_behind": ([f"{INSTRUCTOR}/x"], Role.OBSERVER),
    "row_100_https": ([INSTRUCTOR.replace("http:", "https:")], Role.OBSERVER),
    "row_100_upper_case": ([INSTRUCTOR.upper()], Role.OBSERVER),
    "row_101_urn": (["urn:lti:role:ims/lis/Instructor"], Role.OBSERVER),
    "row_102_test_user": ([LEARNER, "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"], Role.STUDENT),
}


def arrive(stage: Stage, sub: str, roles: list[str], **changes: object) -> tuple[Attempt, Arrived]:
    attempt = begun(stage)
    attempt.claims = changed(attempt.claims, {"sub": sub, "roles": roles, **changes})
    return attempt, let_in(attempt)


@pytest.mark.parametrize(("roles", "expected"), ROLE_LISTS.values(), ids=ROLE_LISTS)
def test_rows_95_to_102_only_the_role_in_this_course_counts(door: Stage, roles: list[str], expected: Role) -> None:
    attempt, arrived = arrive(door, "role-lists", roles)
    assert arrived.role is expected
    assert attempt.browser.get("desk").status_code == (200 if expected.is_staff else 403)
    assert attempt.browser.get("posts/new").status_code == (403 if expected is Role.OBSERVER else 200)


def test_row_103_role_scope_mentor_gives_nothing_to_whoever_is_no_mentor(door: Stage) -> None:
    attempt, arrived = arrive(door, "scoped", [LEARNER], role_scope_mentor=[door.school.sub_of("tom")])
    assert arrived.role is Role.STUDENT
    assert attempt.browser.get("desk").status_code == 403


def test_row_104_the_role_of_the_latest_launch_counts_at_once(stage_on_sqlite: Stage) -> None:
    """In the tab that is still open, too."""
    old_tab, _ = arrive(stage_on_sqlite, "u1", [INSTRUCTOR])
    assert old_tab.browser.get("desk").status_code == 200
    new_tab, _ = arrive(stage_on_sqlite, "u1", [LEARNER])
    assert old_tab.browser.get("desk").status_code == new_tab.browser.get("desk").status_code == 403
    arrive(stage_on_sqlite, "u1", [INSTRUCTOR])
    assert old_tab.browser.get("desk").status_code == 200


def test_row_105_a_role_belongs_to_one_course(stage_on_sqlite: Stage) -> None:
    teaches, _ = arrive(stage_on_sqlite, "u1", [INSTRUCTOR], context={"id": "c1"})
    learns, _ = arrive(stage_on_sqlite, "u1", [LEARNER], context={"id": "c2"})
    assert teaches.browser.get("desk").status_code == 200
    assert learns.browser.get("desk").status_code == 403
    assert teaches.browser.get("desk").status_code == 200


@pytest.mark.parametrize("same", ["email", "name", "lis"])
def test_rows_106_and_108_only_sub_says_who_somebody_is(door: Stage, same: str) -> None:
    teacher = let_in(begun(door, "irena"))
    irenas = door.school.claims_for("irena", 1, "n")
    name = PURL + "lis" if same == "lis" else same
    attempt, arrived = arrive(door, "somebody-new", [LEARNER], **{name: irenas[name]})
    assert arrived.person_id != teacher.person_id
    assert attempt.browser.get("desk").status_code == 403


def test_rows_107_and_264_the_same_sub_on_two_platforms_is_two_people(stage_on_sqlite: Stage) -> None:
    """And row 264: two platforms may use the same deployment id."""
    stage = stage_on_sqlite
    deployment = str(stage.school.claims_for("isaiah", 1, "n")[PURL + "deployment_id"])
    register(stage.tool, stage.lms_url, deployment, client_id="second-client")
    first = let_in(begun(stage))
    attempt = begun(stage, client_id="second-client")
    attempt.claims = changed(attempt.claims, {"aud": "second-client", "azp": "second-client"})
    second = let_in(attempt)
    assert first.sub == second.sub
    assert first.person_id != second.person_id
    assert (first.course_id, first.blog_id) != (second.course_id, second.blog_id)


def test_row_109_no_page_of_a_student_holds_an_email(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    author = stage.launched("tom")
    author.post("posts/new", {"title": "T", "body": "A post of mine.", "once": "1"})
    author.post("posts/1/comments", {"body": "And a comment.", "once": "2"})
    stage.launched("irena")
    reader = stage.launched("isaiah")
    pages = [reader.get(path).text for path in ("", "posts/1", "posts/new", "my-participation", "desk", "posts/9")]
    assert "Tom Okonkwo" in pages[1]
    assert not [page for page in pages if "@example.test" in page]
    assert not [page for page in pages if stage.school.sub_of("tom") in page]


def test_row_110_the_log_knows_nobody_by_name(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    with capture_logs() as lines:
        attempt = begun(stage, "siobhan")
        token = attempt.token()
        assert attempt.post(token).status_code == 303
        stage.launched("irena")
        stage.send_scores()
        stage.clockwork.read_rosters()
        begun(stage).post("not.a.token")
    said = repr(lines)
    assert "launched" in said
    assert "roster_read" in said
    personal = [attempt.claims[name] for name in ("sub", "email", "name", "given_name", "family_name", "nonce")]
    for word in [*personal, token, attempt.login.state, "Novak", "irena", "Bearer"]:
        assert word not in said


def test_row_111_nothing_of_a_launch_is_stored_but_the_documented_columns(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    attempt = begun(stage)
    attempt.claims |= {"picture": "https://img.example.test/secret-picture", "phone_number": "secret-phone"}
    attempt.claims = changed(attempt.claims, {"custom": {"x": "secret-custom"}})
    token = attempt.token()
    assert attempt.post(token).status_code == 303
    stored = everything_in(stage)
    for secret in ("secret-picture", "secret-phone", "secret-custom", token, token.split(".")[2]):
        assert secret not in stored
    assert attempt.claims["sub"] in stored


def everything_in(stage: Stage) -> str:
    engine = stage.tool.database.engine
    with engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        dump = [[tuple(row) for row in connection.execute(text(f'SELECT * FROM "{name}"'))] for name in tables]
        connection.rollback()
    return repr(dump)


@pytest.mark.parametrize("withheld", [None, "", "$Person.name.full", "\u0000", "   "], ids=repr)
def test_row_87_a_name_that_is_none_is_never_shown_as_one(door: Stage, withheld: str | None) -> None:
    attempt = begun(door)
    names = {"name": withheld, "given_name": withheld, "family_name": withheld}
    attempt.claims = changed(attempt.claims, {"sub": "withheld", **names})
    arrived = let_in(attempt)
    assert arrived.shown_name == f"Participant {arrived.person_id}"
    with door.tool.database.reading() as session:
        assert session.scalar(select(Person.name).where(Person.id == arrived.person_id)) is None
