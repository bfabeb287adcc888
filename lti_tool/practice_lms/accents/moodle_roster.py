"""Moodle 4.5: the roster (NRPS 2.0), as ltiservice_memberships of 4.5.6 was measured to answer."""

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from ..answers import html_page
from ..places import here
from ..refusals import ServiceRefusal
from ..scopes import ROSTER_READ, ROSTER_TYPE
from ..services import require_scope, whole_number
from .moodle_addresses import ROSTER, roster_url
from .moodle_answers import refuse, require_accept
from .moodle_people import member
from .roster_pages import odd_link, page_size, paging_fault, roster_answer

if TYPE_CHECKING:
    from ..school import PracticeSchool

ROLE_PREFIX = "http://purl.imsglobal.org/vocab/lis/v2/membership#"


def _roster(school: "PracticeSchool") -> Response:
    link_id = request.args.get("rlid")
    if link_id is not None and not link_id.isdigit():
        raise ServiceRefusal(html_page(502))
    if link_id is not None and school.activity_numbered(int(link_id)) is None:
        raise refuse(404, f"Not Found: LTI link {link_id} doesn't exist")
    role = request.args.get("role", "").removeprefix(ROLE_PREFIX)
    inside = [person for person in school.people_in(here().id) if not person.suspended]
    members = [member(school, person) for person in sorted(inside, key=lambda person: person.family_name)]
    if role in ("Learner", "Instructor"):
        members = [member for member in members if role in member["roles"]]
    limit, start = whole_number("limit"), whole_number("from") or 0
    paging = paging_fault(school)
    size = page_size(paging) if paging else limit or len(members) or 1
    link = ""
    if start + size < len(members):
        kept = {"limit": size, "from": start + size} | ({"rlid": link_id} if link_id else {})
        link = odd_link(paging, f"{roster_url(school)}?{urlencode(kept)}")
    context = {"id": here().moodle_id, "label": here().code, "title": here().title}
    page = {"id": roster_url(school), "context": context, "members": members[start : start + size]}
    return roster_answer(school, page, link)


def add_roster(blueprint: Blueprint, school: "PracticeSchool") -> None:
    @blueprint.get(ROSTER)
    def roster(tool_number: int) -> Response:
        require_scope(school, ROSTER_READ)
        require_accept(ROSTER_TYPE, "*/*")
        return _roster(school)
