"""Group H: the list of people, from the LMS's service to the teacher's desk, in both accents and on its bad days."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from sqlalchemy import delete, event, func, select

from lti_tool.lti.claims import roster_address
from lti_tool.lti.roster import ROSTER_SCOPE, ROSTER_TYPE
from lti_tool.models import Membership, Person, Role, ServiceToken
from tests.certification.course_lists import NOTICE, NRPS, asked_for, gone, place_of, places, read_again
from tests.certification.launches import begun, changed, let_in
from tests.stage import ScriptBrowser, Stage, open_stage
from tests.threads import at_once


@pytest.fixture(params=["canvas", "moodle"])
def either(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> Iterator[Stage]:
    """The tool on SQLite, and the practice LMS in each of its accents."""
    with open_stage(tmp_path, sqlite_url, request.param) as opened:
        yield opened


def a_class(stage: Stage) -> ScriptBrowser:
    """A teacher who has launched, and a list that was read since."""
    teacher = stage.launched("irena")
    stage.clockwork.read_rosters()
    assert len(places(stage)) == len(stage.school.enrolled)
    return teacher


# --- the request (181, 182) ---


def test_rows_181_and_182_the_request_and_its_permission(either: Stage) -> None:
    a_class(either)
    (call,) = asked_for(either)
    (token,) = either.school.calls.to("/lti/token")
    assert (call.method, call.status) == ("GET", 200)
    assert call.headers["Accept"] == ROSTER_TYPE == "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
    assert call.headers["Authorization"].startswith("Bearer ")
    assert parse_qs(token.body)["scope"] == [ROSTER_SCOPE]
    assert ROSTER_SCOPE == "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"


def test_row_148_a_score_is_sent_with_the_permission_for_scores_alone(either: Stage) -> None:
    """However many the claim lists; and what the column shows is read with the one for reading alone."""
    with_a_score(a_class(either), either)
    either.school.calls.clear()
    either.send_scores()
    asked = [parse_qs(token.body)["scope"] for token in either.school.calls.to("/lti/token")]
    scopes = "https://purl.imsglobal.org/spec/lti-ags/scope"
    assert asked == [[f"{scopes}/result.readonly"], [f"{scopes}/score"]]


# --- pages (183, 184, 195) ---

PAGED = ("roster_mixed_case", "roster_rel_unquoted", "roster_title_first", "roster_relative_link",
         "roster_curly_quotes")  # fmt: skip


@pytest.mark.parametrize("fault", PAGED)
def test_row_183_all_of_2500_people_however_the_next_is_named(either: Stage, fault: str) -> None:
    either.school.add_students(2500 - len(either.school.people))
    either.school.faults.set(fault, page_size=1000)
    a_class(either)
    assert len(asked_for(either)) == 3
    assert (len(places(either)), gone(either)) == (2500, set())


def test_row_183_pages_of_canvass_own_size(stage_on_sqlite: Stage) -> None:
    stage_on_sqlite.school.add_students(100)
    a_class(stage_on_sqlite)
    assert len(asked_for(stage_on_sqlite)) == 3


UNREADABLE = {
    "row_184_next_is_itself": "roster_next_is_itself",
    "row_194_empty_body": "roster_empty_body",
    "row_194_a_list_for_an_object": "roster_empty_list",
    "row_194_members_null": "roster_members_null",
    "row_194_a_web_page": "roster_html",
    "row_194_a_web_page_for_all_services": "html_200",
    "row_194_fault": "server_error",
    "row_194_too_many_requests": "rate_limited",
    "row_194_no_token": "token_down",
    "row_195_page_2_fails": "roster_page_fails",
    "row_196_of_another_course": "roster_other_course",
    "row_275_next_on_another_host": "roster_next_elsewhere",
}


@pytest.mark.parametrize("fault", UNREADABLE.values(), ids=UNREADABLE)
def test_rows_184_and_194_to_196_and_275_what_cannot_be_read_whole_changes_nothing(either: Stage, fault: str) -> None:
    """Somebody has left and somebody is new: neither is believed of half a list. The desk says so, until it is read."""
    teacher = a_class(either)
    before = places(either)
    either.school.unenrol("zoe")
    either.school.reenrol("elsewhere")
    if fault == "token_down":
        either.tool.roster._tokens._tokens.clear()
        with either.tool.database.writing() as session:
            session.execute(delete(ServiceToken))
    either.school.faults.set(fault)
    lines = read_again(either)
    assert [line["event"] for line in lines] == ["roster_not_read"]
    assert lines[0]["what"]
    assert places(either) == before
    assert NOTICE in teacher.get("desk").text
    assert teacher.get("").status_code == 200
    either.school.faults.clear()
    assert [line["event"] for line in read_again(either)] == ["roster_read"]
    assert gone(either) == {"Zoë Hartmann"}
    assert place_of(either, "elsewhere").name == "Ravi Menon & Daughters"
    assert NOTICE not in teacher.get("desk").text


def test_row_194_a_token_refused_twice_changes_nothing(either: Stage) -> None:
    teacher = a_class(either)
    before = places(either)
    either.school.unenrol("zoe")
    either.school.faults.set("unauthorized_once", count=2)
    read_again(either)
    assert places(either) == before
    assert NOTICE in teacher.get("desk").text
    assert len(either.school.calls.to("/lti/token")) == 2


def test_row_194_only_staff_is_told(either: Stage) -> None:
    a_class(either)
    student = either.launched("tom")
    either.school.faults.set("roster_html")
    read_again(either)
    assert NOTICE not in student.get("").text
    assert NOTICE not in student.get("my-participation").text


def test_row_196_one_course_never_takes_the_list_of_another(stage_on_sqlite: Stage) -> None:
    """A launch of one course that names the other's address, which the LMS answers rightly: it is another's."""
    stage = stage_on_sqlite
    a_class(stage)
    attempt = begun(stage, "sam")
    attempt.claims = changed(attempt.claims, {"context": {"id": "another"}, "resource_link": {"id": "r2"}})
    other = let_in(attempt)
    events = [line["event"] for line in read_again(stage)]
    assert sorted(events) == ["roster_not_read", "roster_read"]
    with stage.tool.database.reading() as session:
        inside = select(func.count()).select_from(Membership).where(Membership.course_id == other.course_id)
        assert session.scalar(inside) == 1
    assert NOTICE in attempt.browser.get("desk").text


# --- who is in the list, and who no more (187, 189, 191, 195) ---


def test_row_187_who_vanishes_is_kept_and_comes_back_by_a_launch(either: Stage) -> None:
    teacher = a_class(either)
    zoe = either.launched("zoe")
    assert zoe.post("posts/new", {"title": "On the Thaw", "body": "It froze.", "once": "1"}).status_code == 303
    either.school.unenrol("zoe")
    either.clock.ahead = timedelta(seconds=1)
    read_again(either)
    assert place_of(either, "zoe").has_left
    ended = zoe.get("")
    assert ended.status_code == 403
    assert "no longer lists you" in ended.text
    assert zoe.post("posts/1/comments", {"body": "Still here?", "once": "2"}).status_code == 403
    assert "It froze." in teacher.get("posts/1").text
    assert "no longer listed" in teacher.get("desk").text
    either.clock.ahead = timedelta(seconds=2)
    back = either.launched("zoe")
    assert back.get("posts/new").status_code == 200
    read_again(either)
    assert back.get("posts/new").status_code == 200, "a list that is behind ends no visit that is newer"
    assert zoe.get("").status_code == 403


def test_row_187_who_vanished_comes_back_when_listed_again(either: Stage) -> None:
    teacher = a_class(either)
    either.school.unenrol("zoe")
    read_again(either)
    either.school.reenrol("zoe")
    read_again(either)
    assert not place_of(either, "zoe").has_left
    assert "no longer listed" not in teacher.get("desk").text


@pytest.mark.parametrize("fault", ["roster_inactive", "roster_deleted"])
def test_row_187_who_is_listed_as_inactive_has_no_access_and_is_kept(either: Stage, fault: str) -> None:
    teacher = a_class(either)
    tom, isaiah = either.launched("tom"), either.launched("isaiah")
    tom.post("posts/new", {"title": "On the Thaw", "body": "It froze.", "once": "1"})
    either.school.faults.set(fault, person="tom")
    either.clock.ahead = timedelta(seconds=1)
    read_again(either)
    assert gone(either) == {"Tom Okonkwo"}
    assert tom.get("").status_code == tom.post("posts/new", {"title": "T", "body": "B"}).status_code == 403
    assert isaiah.get("posts/new").status_code == 200
    assert "It froze." in teacher.get("posts/1").text
    either.school.faults.clear()
    read_again(either)
    assert gone(either) == set()
    assert tom.get("posts/new").status_code == 200


def test_row_187_without_a_status_somebody_is_active(either: Stage) -> None:
    either.school.faults.set("roster_no_status")
    a_class(either)
    assert gone(either) == set()


def test_row_189_an_id_and_roles_are_enough(either: Stage) -> None:
    """Somebody whose name is not known has one that gives nothing away; a name that a launch gave stays."""
    either.launched("tom")
    either.school.faults.set("roster_minimal")
    teacher = a_class(either)
    assert place_of(either, "tom").name == "Tom Okonkwo"
    assert place_of(either, "zoe").name.startswith("Participant ")
    assert place_of(either, "zoe").role is Role.STUDENT
    assert place_of(either, "zoe").name in teacher.get("desk").text
    either.school.faults.clear()
    read_again(either)
    assert place_of(either, "zoe").name == "Zoë Hartmann"


def test_row_190_somebody_listed_first_and_launching_later_is_one_person(stage: Stage) -> None:
    teacher = a_class(stage)
    known = people_ids(stage)
    arrived = let_in(begun(stage, "zoe"))
    assert people_ids(stage) == known
    assert arrived.person_id == known[stage.school.sub_of("zoe")]
    assert teacher.get("desk").text.count("Zoë Hartmann") == 1


def people_ids(stage: Stage) -> dict[str, int]:
    with stage.tool.database.reading() as session:
        return {person.lti_sub: person.id for person in session.scalars(select(Person))}


def test_row_191_roles_of_canvass_list(stage_on_sqlite: Stage) -> None:
    for key in ("observer", "designer", "teststudent"):
        stage_on_sqlite.school.reenrol(key)
    teacher = a_class(stage_on_sqlite)
    expected = {"irena": Role.TEACHER, "sam": Role.ASSISTANT, "tom": Role.STUDENT, "observer": Role.OBSERVER,
                "designer": Role.OBSERVER, "teststudent": Role.STUDENT}  # fmt: skip
    assert {key: place_of(stage_on_sqlite, key).role for key in expected} == expected
    assert "Test Student" not in teacher.get("desk").text


def test_row_191_moodles_short_role_names(moodle_stage: Stage) -> None:
    a_class(moodle_stage)
    assert place_of(moodle_stage, "irena").role is Role.TEACHER
    assert place_of(moodle_stage, "tom").role is Role.STUDENT


def test_row_191_moodles_list_calls_an_assistant_a_learner_and_takes_no_desk_away(moodle_stage: Stage) -> None:
    sam = moodle_stage.launched("sam")
    assert sam.get("desk").status_code == 200
    teacher = a_class(moodle_stage)
    assert sam.get("desk").status_code == 200
    assert place_of(moodle_stage, "sam").role.is_staff
    assert "Sam Whitfield" not in teacher.get("desk").text
    assert moodle_stage.launched("sam").get("desk").status_code == 200


@pytest.mark.parametrize("fault", ["", "roster_escaped"])
def test_row_89_moodle_escapes_names_in_its_list_and_nobody_sees_it(moodle_stage: Stage, fault: str) -> None:
    """The same name comes plain at launch, so nothing is written to and fro."""
    moodle_stage.school.reenrol("elsewhere")
    if fault:
        moodle_stage.school.faults.set(fault)
    a_class(moodle_stage)
    assert place_of(moodle_stage, "elsewhere").name == "Ravi Menon & Daughters"
    assert place_of(moodle_stage, "siobhan").name == "Siobhán O'Connor"
    let_in(begun(moodle_stage, "elsewhere"))
    assert place_of(moodle_stage, "elsewhere").name == "Ravi Menon & Daughters"


# --- whether there is a list at all (192, 193) ---

VERSIONS: dict[str, tuple[object, bool]] = {
    "2": (["2.0"], True), "1_and_2": (["1.0", "2.0"], True), "none_named": (None, True),
    "3": (["3.0"], False), "an_empty_list": ([], False), "a_number": ([2.0], False),
}  # fmt: skip


@pytest.mark.parametrize(("versions", "used"), VERSIONS.values(), ids=VERSIONS)
def test_row_192_only_a_version_that_we_speak(stage_on_sqlite: Stage, versions: object, used: bool) -> None:
    stage = stage_on_sqlite
    attempt = begun(stage, "irena")
    claim: Any = attempt.claims[NRPS]
    attempt.claims[NRPS] = {name: value for name, value in {**claim, "service_versions": versions}.items() if value}
    if versions == []:
        attempt.claims[NRPS] = {**claim, "service_versions": []}
    let_in(attempt)
    stage.clockwork.read_rosters()
    assert bool(asked_for(stage)) is used
    assert (roster_address({**claim, "service_versions": versions}) is not None) is used


@pytest.mark.parametrize("claim", [None, {}, {"context_memberships_url": None}, {"context_memberships_url": ""}],
                         ids=repr)  # fmt: skip
def test_row_193_without_the_service_nothing_is_asked_and_nothing_said(stage_on_sqlite: Stage, claim: object) -> None:
    stage = stage_on_sqlite
    attempt = begun(stage, "irena")
    attempt.claims = changed(attempt.claims, {NRPS: claim})
    let_in(attempt)
    assert read_again(stage) == []
    assert (asked_for(stage), list(stage.school.calls.to("/lti/token"))) == ([], [])
    desk = attempt.browser.get("desk")
    assert (desk.status_code, NOTICE in desk.text) == (200, False)


# --- when it is read ---


def test_a_launch_has_the_list_read_and_at_most_every_five_minutes(either: Stage) -> None:
    either.launched("irena")
    assert len(either.rings) == 1
    either.clockwork.read_rosters()
    either.launched("irena")
    assert len(either.rings) == 1, "a launch so soon after wakes nobody"
    for seconds, lists in ((0, 1), (295, 1), (305, 2), (305, 2), (600, 2), (610, 3)):
        either.clock.ahead = timedelta(seconds=seconds)
        either.clockwork.read_rosters()
        assert len(asked_for(either)) == lists, seconds


def test_a_launch_after_five_minutes_wakes_the_worker_again(either: Stage) -> None:
    either.launched("irena")
    either.clockwork.read_rosters()
    either.clock.ahead = timedelta(seconds=305)
    either.launched("irena")
    assert len(either.rings) == 2


def test_a_failed_read_is_not_repeated_sooner(either: Stage) -> None:
    either.launched("irena")
    either.school.faults.set("server_error")
    for _ in range(3):
        either.clockwork.read_rosters()
        either.clockwork.read_rosters(for_scores=True)
    assert len(asked_for(either)) == 1


def test_two_workers_read_a_list_once(stage: Stage) -> None:
    stage.launched("irena")
    at_once(4, lambda _: stage.clockwork.read_rosters())
    assert len(asked_for(stage)) == 1


def test_the_bell_and_the_clock_both_have_lists_read(either: Stage) -> None:
    """By the queue that a worker takes its tasks from."""
    queue = either.clockwork._queue
    either.launched("irena")
    either.clockwork.ring()
    while (task := queue.dequeue()) is not None:
        queue.execute(task)
    assert len(asked_for(either)) == 1
    either.clock.ahead = timedelta(minutes=6)
    due = {task.name: task for task in queue.read_periodic(datetime(2026, 3, 2, 10, 5, tzinfo=UTC))}
    queue.execute(due["read_rosters_now_and_then"])
    assert len(asked_for(either)) == 2
    at_another_minute = queue.read_periodic(datetime(2026, 3, 2, 10, 6, tzinfo=UTC))
    assert "read_rosters_now_and_then" not in {task.name for task in at_another_minute}


def test_nobody_reads_the_lists_of_courses_that_nobody_visits(either: Stage) -> None:
    a_class(either)
    either.clock.ahead = timedelta(minutes=31)
    either.clockwork.read_rosters()
    assert len(asked_for(either)) == 1


def test_a_list_is_read_before_scores_are_sent(either: Stage) -> None:
    """Also in a course that nobody has visited for a while."""
    with_a_score(a_class(either), either)
    either.school.calls.clear()
    either.clock.ahead = timedelta(minutes=31)
    either.clockwork.deliver()
    urls = [call.url for call in either.school.calls if "/lti/token" not in call.url and "/lti/jwks" not in call.url]
    (list_at,) = [at for at, url in enumerate(urls) if "names_and_roles" in url or "/memberships" in url]
    (score_at,) = [at for at, url in enumerate(urls) if "/scores" in url]
    assert list_at < score_at


def with_a_score(teacher: ScriptBrowser, stage: Stage) -> None:
    """Give one student the teacher's own score."""
    person_id = people_ids(stage)[stage.school.sub_of("tom")]
    answer = teacher.post(f"desk/people/{person_id}/score", {"points": "7", "reason": "Spoke well."})
    assert answer.status_code == 303, answer.text


# --- many people ---


def test_a_thousand_people_read_twice(stage: Stage) -> None:
    """In few statements, and the second time none of them writes a person or a place."""
    stage.school.add_students(1000)
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    teacher = stage.launched("irena")
    event.listen(stage.tool.database.engine, "before_cursor_execute", note)
    stage.clockwork.read_rosters()
    assert len(places(stage)) == len(stage.school.enrolled) == 1016
    assert len(sent) < 40
    sent.clear()
    read_again(stage)
    event.remove(stage.tool.database.engine, "before_cursor_execute", note)
    written = {
        statement.split(" SET ")[0].split(" (")[0] for statement in sent if statement[:6] in ("INSERT", "UPDATE")
    }
    assert written == {"UPDATE course"}
    desk = teacher.get("desk")
    assert desk.text.count("Student 0") >= 999
