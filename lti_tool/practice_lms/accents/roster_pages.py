"""The roster's bad days: strange links to its next page (RFC 8288), and pages that are not what they should be."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Response, request

from ..answers import html_page, json_answer
from ..fault_kinds import PAGING_FAULTS
from ..faults import Fault
from ..refusals import ServiceRefusal
from ..scopes import ROSTER_TYPE

if TYPE_CHECKING:
    from ..school import PracticeSchool

TOKEN = "Token=AbC%3D"  # noqa: S105 (a bookmark in an address)
OTHER_HOST = "http://other-lms.example.test"
OTHER_COURSE = {"id": "of-another-course", "label": "OTHER", "title": "Another course"}


def _relative(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def _curly(url: str) -> str:
    """UTF-8 bytes in a header, which clients read as Latin-1."""
    return f"<{url.replace('&', '&amp;')}>; rel=\u201cnext\u201d".encode().decode("latin-1")


LINKS: dict[str, Callable[[str], str]] = {
    "roster_mixed_case": lambda url: f'<{url}&{TOKEN}>; rel="next"',
    "roster_rel_unquoted": lambda url: f"<{url}>; rel=next",
    "roster_title_first": lambda url: f'<{url}>; title="the next; page, please"; rel="next"',
    "roster_relative_link": lambda url: f'<{_relative(url)}>; rel="next"',
    "roster_curly_quotes": _curly,
    "roster_next_is_itself": lambda url: f'<{request.url}>; rel="next"',
    "roster_next_elsewhere": lambda url: f'<{OTHER_HOST}{_relative(url)}>; rel="next"',
}


def paging_fault(school: "PracticeSchool") -> Fault | None:
    """The paging fault that is on, if any; what it does to later pages is done at once."""
    names = [kind.name for kind in PAGING_FAULTS]
    fault = next((fault for fault in school.faults.active() if fault.kind.name in names), None)
    if fault is None:
        return None
    query = request.query_string.decode("latin-1")
    if fault.kind.name == "roster_mixed_case" and "token=" in query.lower() and TOKEN not in query:
        raise ServiceRefusal(json_answer({"errors": "unknown bookmark"}, "application/json", 400))
    later = request.args.get("page", "1") != "1" or request.args.get("from", "0") != "0"
    if fault.kind.name == "roster_page_fails" and later:
        raise ServiceRefusal(html_page(500))
    return fault


def page_size(fault: Fault) -> int:
    return int(fault.args["page_size"])


def odd_link(fault: Fault | None, url: str) -> str:
    """A Link header to the next page, in the form of the fault that is on."""
    write = LINKS.get(fault.kind.name) if fault else None
    return write(url) if write else f'<{url}>; rel="next"'


def roster_answer(school: "PracticeSchool", page: dict[str, Any], link: str) -> Response:
    """A page of the roster, or what the faults that are on make of it."""
    on = {fault.kind.name for fault in school.faults.active()}
    content_type = f"{ROSTER_TYPE}; charset=utf-8"
    if "roster_empty_body" in on:
        return Response("", 200, content_type=content_type)
    if "roster_empty_list" in on:
        return json_answer([], ROSTER_TYPE)
    if "roster_html" in on:
        return html_page(200)
    if "roster_members_null" in on:
        return json_answer({**page, "members": None}, ROSTER_TYPE, link=link)
    context = OTHER_COURSE if "roster_other_course" in on else page["context"]
    members = [_spoiled(school, entry) for entry in page["members"]]
    return json_answer({**page, "context": context, "members": members}, ROSTER_TYPE, link=link)


def _spoiled(school: "PracticeSchool", entry: dict[str, Any]) -> dict[str, Any]:
    person = school.person_with_sub(entry["user_id"])
    key = person.key if person else None
    if school.faults.on("roster_no_status", key):
        entry = {name: value for name, value in entry.items() if name != "status"}
    for status in ("Inactive", "Deleted"):
        if school.faults.on(f"roster_{status.lower()}", key):
            entry = {**entry, "status": status}
    if school.faults.on("roster_minimal"):
        entry = {name: entry[name] for name in ("user_id", "roles")}
    return entry
