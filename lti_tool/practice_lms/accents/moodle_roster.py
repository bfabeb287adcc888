"""Moodle 4.5: the roster (NRPS 2.0), as ltiservice_memberships of 4.5.6 was measured to answer."""

import html
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from ..answers import html_page, json_answer
from ..course import COURSE_CODE, COURSE_TITLE, activity_numbered
from ..people import Person
from ..refusals import ServiceRefusal
from ..scopes import ROSTER_READ, ROSTER_TYPE
from ..services import require_scope, whole_number
from .moodle_answers import CONTEXT_ID, refuse, require_accept
from .roster_pages import case_sensitive_page, next_link

if TYPE_CHECKING:
    from ..school import PracticeSchool

ROSTER = f"/mod/lti/services.php/CourseSection/{CONTEXT_ID}/bindings/1/memberships"
ROLE_PREFIX = "http://purl.imsglobal.org/vocab/lis/v2/membership#"


def roster_url(school: "PracticeSchool") -> str:
    return school.public_url + ROSTER


def _member(person: Person) -> dict[str, Any]:
    """Short role names, names HTML-escaped, and a non-editing teacher counted as a Learner."""
    return {
        "status": "Active",
        "roles": ["Instructor" if person.role == "teacher" else "Learner"],
        "user_id": person.moodle_id,
        "lis_person_sourcedid": person.sourced_id,
        "name": html.escape(person.name),
        "given_name": html.escape(person.given_name),
        "family_name": html.escape(person.family_name),
        "email": person.email,
        "ext_user_username": person.key,
    }


def _roster(school: "PracticeSchool") -> Response:
    link_id = request.args.get("rlid")
    if link_id is not None and not link_id.isdigit():
        raise ServiceRefusal(html_page(502))
    if link_id is not None and activity_numbered(int(link_id)) is None:
        raise refuse(404, f"Not Found: LTI link {link_id} doesn't exist")
    role = request.args.get("role", "").removeprefix(ROLE_PREFIX)
    members = [_member(person) for person in sorted(school.people, key=lambda person: person.family_name)]
    if role in ("Learner", "Instructor"):
        members = [member for member in members if role in member["roles"]]
    limit, start = whole_number("limit"), whole_number("from") or 0
    page_size = case_sensitive_page(school) or limit or len(members) or 1
    link = ""
    if start + page_size < len(members):
        kept = {"limit": page_size, "from": start + page_size} | ({"rlid": link_id} if link_id else {})
        link = next_link(school, f"{roster_url(school)}?{urlencode(kept)}")
    context = {"id": CONTEXT_ID, "label": COURSE_CODE, "title": COURSE_TITLE}
    page = {"id": roster_url(school), "context": context, "members": members[start : start + page_size]}
    return json_answer(page, ROSTER_TYPE, link=link)


def add_roster(blueprint: Blueprint, school: "PracticeSchool") -> None:
    @blueprint.get(ROSTER)
    def roster() -> Response:
        require_scope(school, ROSTER_READ)
        require_accept(ROSTER_TYPE, "*/*")
        return _roster(school)
