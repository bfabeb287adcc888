"""The roster: who is in it, what is told of them, and the bad days of both."""

import time
from typing import Any
from urllib.parse import urljoin

import pytest

from lti_tool.practice_lms.fault_kinds import PAGING_FAULTS
from tests.practice_lms.a_launch import roster, roster_url

PAGED = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
LIS = "http://purl.imsglobal.org/vocab/lis/v2/membership#"


def link_of(bench: Any, query: str = "") -> str:
    answer = bench.call("GET", roster_url(bench) + query)
    assert answer.status_code == 200
    return str(answer.headers.get("Link", ""))


def test_people_vanish_and_come_back(either: Any) -> None:
    sub = either.school.sub_of("zoe")
    either.school.unenrol("zoe")
    assert sub not in {member["user_id"] for member in roster(either)}
    assert len(roster(either)) == 15
    assert len(either.school.people) == 16
    assert either.again().school.enrolled == either.school.enrolled
    either.school.reenrol("zoe")
    assert sub in {member["user_id"] for member in roster(either)}
    assert all(member["status"] == "Active" for member in roster(either))


def test_nobody_can_be_put_in_twice(either: Any) -> None:
    for _ in range(2):
        either.school.reenrol("elsewhere")
        either.school.reenrol("tom")
    subs = [member["user_id"] for member in roster(either)]
    assert len(subs) == len(set(subs)) == 17


def test_moodle_escapes_ampersands_in_names(moodle: Any) -> None:
    """As captured: nothing but the ampersand is escaped, in the roster and not at launch."""
    moodle.school.reenrol("elsewhere")
    names = {member["user_id"]: member["name"] for member in roster(moodle)}
    assert names["98"] == "Ravi Menon &amp; Daughters"
    assert names["12"] == "Siobhán O'Connor"
    assert moodle.school.claims_for("elsewhere", 1, "n")["name"] == "Ravi Menon & Daughters"
    moodle.school.faults.set("roster_escaped")
    assert {member["user_id"]: member["family_name"] for member in roster(moodle)}["12"] == "O&#039;Connor"


def test_moodles_next_page_forgets_the_role(moodle: Any) -> None:
    link = link_of(moodle, "?limit=5&role=Learner&rlid=1")
    assert "limit=5&from=5&rlid=1" in link
    assert "role" not in link


def test_moodle_knows_two_roles(moodle: Any) -> None:
    for role, number in (("Learner", 15), (LIS.replace("#", "%23") + "Instructor", 1), ("Mentor", 16)):
        assert len(roster(moodle, f"?role={role}")) == number


def test_canvas_pages_by_fifty_with_all_links(canvas: Any) -> None:
    canvas.school.add_students(100)
    first, second = link_of(canvas), link_of(canvas, "?page=2&per_page=50")
    for name in ("current", "first", "last", "next"):
        assert f'rel="{name}"' in first
    assert 'rel="prev"' not in first
    assert 'rel="prev"' in second
    assert len(roster(canvas, "?limit=1000")) == 50


def follow(bench: Any, link: str) -> list[dict[str, Any]]:
    """The second page, by the first address in the link and whatever way it is written."""
    url = urljoin(roster_url(bench), link.partition("<")[2].partition(">")[0].replace("&amp;", "&"))
    members: list[dict[str, Any]] = bench.call("GET", url).json["members"]
    return members


@pytest.mark.parametrize(
    ("fault", "part"),
    [
        ("roster_mixed_case", "Token=AbC%3D"),
        ("roster_rel_unquoted", ">; rel=next"),
        ("roster_title_first", '>; title="the next; page, please"; rel="next"'),
        ("roster_relative_link", "</"),
        ("roster_curly_quotes", ">; rel=\u201cnext\u201d".encode().decode("latin-1")),
    ],
)
def test_strange_links_to_a_next_page_that_is_there(either: Any, fault: str, part: str) -> None:
    either.school.faults.set(fault, page_size=6)
    first, link = roster(either), link_of(either)
    assert part in link
    second = follow(either, link)
    assert (len(first), len(second)) == (6, 6)
    assert not {member["user_id"] for member in first} & {member["user_id"] for member in second}


def test_moodles_curly_link_is_html(moodle: Any) -> None:
    moodle.school.faults.set("roster_curly_quotes")
    assert "limit=5&amp;from=5" in link_of(moodle)


def test_next_page_is_the_same_page(either: Any) -> None:
    either.school.faults.set("roster_next_is_itself")
    assert link_of(either) == f'<{roster_url(either)}>; rel="next"'


def test_next_page_is_on_another_host(either: Any) -> None:
    either.school.faults.set("roster_next_elsewhere")
    assert link_of(either).startswith("<http://other-lms.example.test/")


def test_second_page_fails(either: Any) -> None:
    either.school.faults.set("roster_page_fails", page_size=6)
    url = link_of(either).partition("<")[2].partition(">")[0]
    assert either.call("GET", url).status_code == 500
    either.school.faults.clear()
    assert len(either.call("GET", url).json["members"]) > 0


def test_every_paging_fault_is_tried_here() -> None:
    assert len(PAGING_FAULTS) == 8


@pytest.mark.parametrize(
    ("fault", "body"),
    [("roster_empty_body", ""), ("roster_empty_list", "[]"), ("roster_html", "<!doctype html>")],
)
def test_bodies_that_are_no_roster(either: Any, fault: str, body: str) -> None:
    either.school.faults.set(fault)
    answer = either.call("GET", roster_url(either))
    assert answer.status_code == 200
    assert answer.text[:15] == body
    assert (answer.mimetype == PAGED) == (fault != "roster_html")


def test_members_null_and_another_course(either: Any) -> None:
    either.school.faults.set("roster_members_null")
    assert either.call("GET", roster_url(either)).json["members"] is None
    either.school.faults.clear()
    right = either.call("GET", roster_url(either)).json["context"]["id"]
    either.school.faults.set("roster_other_course")
    wrong = either.call("GET", roster_url(either)).json
    assert wrong["context"]["id"] != right
    assert len(wrong["members"]) == 16


@pytest.mark.parametrize(
    ("fault", "status"), [("roster_no_status", None), ("roster_inactive", "Inactive"), ("roster_deleted", "Deleted")]
)
def test_statuses(either: Any, fault: str, status: str | None) -> None:
    either.school.faults.set(fault, person="tom")
    strange = [member for member in roster(either) if member.get("status") != "Active"]
    assert [(member["user_id"], member.get("status")) for member in strange] == [(either.school.sub_of("tom"), status)]
    either.school.faults.clear()
    either.school.faults.set(fault)
    assert {member.get("status") for member in roster(either)} == {status}


def test_minimal_members(either: Any) -> None:
    either.school.faults.set("roster_minimal")
    assert {frozenset(member) for member in roster(either)} == {frozenset({"user_id", "roles"})}


def test_a_thousand_students(either: Any) -> None:
    before = time.monotonic()
    either.school.add_students(1000)
    url, seen = roster_url(either), set()
    while url:
        answer = either.call("GET", url)
        seen |= {member["user_id"] for member in answer.json["members"]}
        links = [part for part in answer.headers.get("Link", "").split(",") if 'rel="next"' in part]
        url = links[0].partition("<")[2].partition(">")[0] if links else ""
    assert len(seen) == 1016
    assert time.monotonic() - before < 5
