"""The people of a course as one call reads them: every page or none, names as people write them (NRPS)."""

import itertools
import json
from typing import Any

import pytest
from flask import Response

from lti_tool.errors import LmsRefused, LmsUnreachable
from lti_tool.identity.roster import RosterMember, record_roster
from lti_tool.lti.connection import Connection
from lti_tool.lti.roster import MOST_PAGES, ROSTER_SCOPE, ROSTER_TYPE, Roster
from lti_tool.lti.tokens import ServiceTokens
from lti_tool.models import Course, Role
from tests.certification.test_roles_and_privacy import ROLE_LISTS
from tests.lti.scripted_lms import ScriptedLms, token_answer
from tests.stage import Stage

LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"


@pytest.fixture
def roster(connection: Connection, tokens: ServiceTokens) -> Roster:
    return Roster(connection, tokens)


def page(*user_ids: Any, link: str = "", status: int = 200) -> Response:
    members = [one if isinstance(one, dict) else {"user_id": one, "roles": [LEARNER]} for one in user_ids]
    headers = {"Link": link} if link else {}
    return Response(json.dumps({"id": "x", "members": members}), status, headers=headers, content_type=ROSTER_TYPE)


def read(lms: ScriptedLms, roster: Roster, path: str = "/people") -> list[RosterMember]:
    return list(roster.members(lms.facts(), "D1", lms.url + path, "course-1"))


def test_rows_181_and_182_the_request(lms: ScriptedLms, roster: Roster) -> None:
    lms.will_say("/people", page("u1"))
    assert [member.person_key for member in read(lms, roster, "/people?role=x")] == ["u1"]
    call = lms.calls_to("/people")[0]
    assert (call.method, call.address) == ("GET", "/people?role=x")
    assert call.headers["Accept"] == ROSTER_TYPE
    assert call.headers["Authorization"] == "Bearer token-1"
    assert lms.calls_to("/token")[0].form["scope"] == ROSTER_SCOPE


LINKS = {
    "absolute": '<{lms}/Page2?Token=AbC>; rel="next"',
    "relative": '</Page2?Token=AbC>; rel="next"',
    "unquoted": "<{lms}/Page2?Token=AbC>; rel=next",
    "upper_case": '<{lms}/Page2?Token=AbC>; REL="NEXT"',
    "of_two_kinds": '<{lms}/Page2?Token=AbC>; rel="next last"',
    "among_others": '<{lms}/people>; rel="current",<{lms}/Page2?Token=AbC>; rel="next",<{lms}/x>; rel="last"',
    "other_parameters": '<{lms}/Page2?Token=AbC>; title="n"; rel="next"',
    "a_title_with_signs": '<{lms}/Page2?Token=AbC>; title="the next; page, a=b"; rel="next"',
    "without_spaces": '<{lms}/people>;rel="first",<{lms}/Page2?Token=AbC>;rel="next"',
    "with_spaces": '<{lms}/Page2?Token=AbC> ; rel = "next"',
    "curly_quotes": "<{lms}/Page2?Token=AbC>; rel=\u201cnext\u201d".encode().decode("latin-1"),
    "after_a_title_that_lies": '<{lms}/people>; title="x; rel=next"; rel=prev, <{lms}/Page2?Token=AbC>; rel=next',
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_row_183_the_next_page_is_found_and_its_address_kept_letter_by_letter(
    lms: ScriptedLms, roster: Roster, link: str
) -> None:
    lms.will_say("/people", page("u1", link=link.format(lms=lms.url)))
    lms.will_say("/Page2", page("u2"))
    assert [member.person_key for member in read(lms, roster)] == ["u1", "u2"]
    assert lms.heard[-1].address == "/Page2?Token=AbC"


def test_row_183_the_practice_lms_pages_by_case_sensitive_addresses(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    stage.launched("irena")
    stage.school.faults.set("roster_mixed_case", page_size=5)
    address = stage.school.claims_for("irena", 1, "n")[
        "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
    ]
    assert isinstance(address, dict)
    facts = stage.tool.platforms.get(1)
    deployment = str(
        stage.school.claims_for("irena", 1, "n")["https://purl.imsglobal.org/spec/lti/claim/deployment_id"]
    )
    context = stage.school.claims_for("irena", 1, "n")["https://purl.imsglobal.org/spec/lti/claim/context"]
    assert isinstance(context, dict)
    members = list(stage.tool.roster.members(facts, deployment, address["context_memberships_url"], str(context["id"])))
    assert {member.person_key for member in members} == {
        stage.school.sub_of(person.key) for person in stage.school.people
    }
    assert len(members) == len(stage.school.people)


NOT_NEXT = {
    "another_relation": '</second>; rel="prev"',
    "named_like_it": '</second>; rel="next-archive"',
    "an_address_that_ends_so": '</second>; rel="https://example.test/relations/next"',
    "in_a_title": '</second>; title="rel=next"',
    "a_second_relation": '</second>; rel="prev"; rel="next"',
    "no_link": "nonsense",
    "a_style_sheet": "</style.css>; rel=preload; as=style",
}


@pytest.mark.parametrize("link", NOT_NEXT.values(), ids=NOT_NEXT)
def test_row_183_what_is_no_next_page_is_not_read(lms: ScriptedLms, roster: Roster, link: str) -> None:
    lms.will_say("/people", page("u1", link=link))
    assert [member.person_key for member in read(lms, roster)] == ["u1"]
    assert len(lms.heard) == 2


HALVES: dict[str, Response] = {
    "fault": Response("", 503),
    "too_many_requests": Response("", 429),
    "forbidden": Response("", 403),
    "gone": Response("", 404),
    "web_page": Response("<h1>Sorry</h1>"),
    "half_a_document": Response('{"members": [{"user_id": "u2"'),
    "no_members": Response("{}"),
    "members_no_list": Response('{"members": {}}'),
    "null": Response("null"),
    "nested": Response("[" * 200_000),
    "redirect": Response("", 302, headers={"Location": "/people"}),
}


@pytest.mark.parametrize("second", HALVES.values(), ids=HALVES)
def test_rows_194_and_195_never_half_a_list(lms: ScriptedLms, roster: Roster, second: Response) -> None:
    """The first page was fine; what stands on the second cannot be had, so nothing is."""
    lms.will_say("/people", page("u1", link='</second>; rel="next"'))
    lms.will_say("/second", second)
    with pytest.raises((LmsUnreachable, LmsRefused)):
        read(lms, roster)


FOREIGN = ["https://evil.example.test/x", "//evil.example.test/x", "http://localhost:1/x", "http://[", "ftp://x/"]


@pytest.mark.parametrize("address", FOREIGN)
def test_row_275_a_token_goes_to_no_other_host(lms: ScriptedLms, roster: Roster, address: str) -> None:
    lms.will_say("/people", page("u1", link=f'<{address}>; rel="next"'))
    with pytest.raises(LmsRefused):
        read(lms, roster)
    assert len(lms.calls_to("/people")) == 1


def test_row_184_a_list_that_leads_back_to_itself_is_given_up(lms: ScriptedLms, roster: Roster) -> None:
    lms.will_say("/people", page("u1", link='</people>; rel="next"'))
    with pytest.raises(LmsUnreachable, match="no end"):
        read(lms, roster)
    assert len(lms.calls_to("/people")) <= MOST_PAGES + 1


def test_row_184_a_list_of_ten_thousand_pages_is_given_up(lms: ScriptedLms, roster: Roster) -> None:
    pages = itertools.count(1)
    lms.will_say("/people", lambda: page(f"u{next(pages)}", link=f'</people?page={next(pages)}>; rel="next"'))
    with pytest.raises(LmsUnreachable, match="no end"):
        read(lms, roster)
    assert len(lms.calls_to("/people")) <= MOST_PAGES + 1


CONTEXTS: dict[str, tuple[object, bool]] = {
    "the_same": ({"id": "course-1", "label": "other", "title": "other"}, True),
    "none": (None, True),
    "without_an_id": ({"title": "x"}, True),
    "another": ({"id": "course-2"}, False),
    "nearly": ({"id": "Course-1"}, False),
    "with_a_space": ({"id": "course-1 "}, False),
    "empty": ({"id": ""}, False),
    "null": ({"id": None}, False),
    "a_list": ({"id": ["course-1"]}, False),
}


@pytest.mark.parametrize(("context", "taken"), CONTEXTS.values(), ids=CONTEXTS)
def test_row_196_the_list_of_another_course_is_not_taken(
    lms: ScriptedLms, roster: Roster, context: object, taken: bool
) -> None:
    """On the second page, too."""
    lms.will_say("/people", page("u1", link='</second>; rel="next"'))
    container = {"members": [{"user_id": "u2", "roles": [LEARNER]}], "context": context}
    lms.will_say("/second", Response(json.dumps(container)))
    if taken:
        assert [member.person_key for member in read(lms, roster)] == ["u1", "u2"]
    else:
        with pytest.raises(LmsRefused):
            read(lms, roster)


def test_row_147_one_new_token_after_a_401(lms: ScriptedLms, roster: Roster) -> None:
    lms.will_say("/token", token_answer("old"), token_answer("new"))
    lms.will_say("/people", Response("", 401), page("u1"))
    assert [member.person_key for member in read(lms, roster)] == ["u1"]
    assert [call.headers["Authorization"] for call in lms.calls_to("/people")] == ["Bearer old", "Bearer new"]


def test_row_147_a_second_401_waits(lms: ScriptedLms, roster: Roster) -> None:
    lms.will_say("/people", Response("", 401))
    with pytest.raises(LmsUnreachable):
        read(lms, roster)
    assert len(lms.calls_to("/people")) == 2


NAMES = {
    "O&#39;Connor &amp; Sons": "O'Connor & Sons",
    "王秀英": "王秀英",
    "  ": None,
    "": None,
    "a\x00b": "ab",
    "\ud800": "?",
    "&lt;b&gt;": "<b>",
    "$Person.name.full": None,
    "x" * 501: "x" * 500,
}


@pytest.mark.parametrize(("sent", "kept"), NAMES.items(), ids=[repr(name)[:30] for name in NAMES])
def test_names_as_people_write_them(lms: ScriptedLms, roster: Roster, sent: str, kept: str | None) -> None:
    names = {"name": sent, "given_name": sent, "family_name": sent, "email": sent}
    lms.will_say("/people", page({"user_id": "u1", "roles": [LEARNER], **names}))
    member = read(lms, roster)[0]
    assert (member.name, member.given_name, member.family_name, member.email) == (kept, kept, kept, kept)


STATUSES = {"Active": True, None: True, "": True, "Inactive": False, "Deleted": False, "Suspended": False}


@pytest.mark.parametrize(("status", "active"), STATUSES.items(), ids=[repr(status) for status in STATUSES])
def test_row_187_who_has_no_status_is_active(
    lms: ScriptedLms, roster: Roster, status: str | None, active: bool
) -> None:
    lms.will_say("/people", page({"user_id": "u1", "roles": [LEARNER], "status": status}, "u2"))
    assert [member.is_active for member in read(lms, roster)] == [active, True]


def test_row_189_an_id_and_roles_are_enough(lms: ScriptedLms, roster: Roster) -> None:
    lms.will_say("/people", page({"user_id": "u1", "roles": [LEARNER]}, {"user_id": "u2"}))
    first, second = read(lms, roster)
    assert first == RosterMember("u1", None, None, None, None, Role.STUDENT)
    assert second == RosterMember("u2", None, None, None, None, Role.OBSERVER)


@pytest.mark.parametrize(("roles", "expected"), ROLE_LISTS.values(), ids=[name[7:] for name in ROLE_LISTS])
def test_row_191_a_role_means_what_it_means_in_a_launch(
    lms: ScriptedLms, roster: Roster, roles: list[str], expected: Role
) -> None:
    lms.will_say("/people", page({"user_id": "u1", "roles": roles}))
    assert read(lms, roster)[0].role is expected


SHORT = {"Instructor Mentor": Role.TEACHER, "Learner": Role.STUDENT, "Mentor Learner": Role.STUDENT,
         "TeachingAssistant Instructor": Role.ASSISTANT, "Guest": Role.OBSERVER}  # fmt: skip


@pytest.mark.parametrize(("roles", "expected"), SHORT.items())
def test_row_191_roles_in_their_short_form(lms: ScriptedLms, roster: Roster, roles: str, expected: Role) -> None:
    lms.will_say("/people", page({"user_id": "u1", "roles": roles.split()}))
    assert read(lms, roster)[0].role is expected


@pytest.mark.parametrize("roles", [None, "Learner", 5, {}, [None, 5], [[LEARNER]]], ids=repr)
def test_row_191_strange_roles_give_none(lms: ScriptedLms, roster: Roster, roles: object) -> None:
    lms.will_say("/people", page({"user_id": "u1", "roles": roles}))
    assert read(lms, roster)[0].role is Role.OBSERVER


@pytest.mark.parametrize("entry", [{}, {"user_id": ""}, {"user_id": 5}, {"user_id": "é"}, {"user_id": "a\x00"},
                                   {"user_id": "x" * 256}, {"user_id": None}], ids=repr)  # fmt: skip
def test_an_entry_without_an_id_that_could_launch_is_passed_over(
    lms: ScriptedLms, roster: Roster, entry: dict[str, object]
) -> None:
    lms.will_say("/people", page(entry, "u1"))
    assert [member.person_key for member in read(lms, roster)] == ["u1"]


@pytest.mark.parametrize("entry", ["5", "null", '"u1"', "[]"])
def test_an_entry_that_is_no_object_is_passed_over(lms: ScriptedLms, roster: Roster, entry: str) -> None:
    lms.will_say("/people", Response(f'{{"members": [{entry}, {{"user_id": "u2", "roles": ["Learner"]}}]}}'))
    assert [member.person_key for member in read(lms, roster)] == ["u2"]


def test_somebody_on_two_pages_is_one_person(lms: ScriptedLms, roster: Roster) -> None:
    lms.will_say("/people", page("u1", "u2", link='</second>; rel="next"'))
    lms.will_say("/second", page("u2", "u3"))
    assert [member.person_key for member in read(lms, roster)] == ["u1", "u2", "u3"]


def test_names_with_half_a_character_are_stored(stage: Stage, lms: ScriptedLms) -> None:
    """PostgreSQL takes neither half a character nor a NUL; the roster is cleaned before it gets there."""
    stage.launched("irena")
    lms.will_say("/people", page({"user_id": "u9", "roles": ["Learner"], "name": "a\ud800\x00b"}))
    members = stage.tool.roster.members(lms.facts(), "D1", f"{lms.url}/people", "course-1")
    with stage.tool.database.writing() as session:
        course_id = session.query(Course.id).scalar()
        record_roster(session, course_id, members, stage.tool.clock())
