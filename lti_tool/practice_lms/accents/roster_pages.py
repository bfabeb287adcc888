"""Next-page addresses of the roster, and the fault that makes their letter case matter."""

from typing import TYPE_CHECKING

from flask import request

from ..answers import json_answer
from ..refusals import ServiceRefusal

if TYPE_CHECKING:
    from ..school import PracticeSchool

TOKEN = "Token=AbC%3D"  # noqa: S105 (a bookmark in an address)


def case_sensitive_page(school: "PracticeSchool") -> int | None:
    """The page size while the fault is on. A later page asked for by an altered address is refused."""
    on = [fault for fault in school.faults.active() if fault.kind.name == "roster_mixed_case"]
    if not on:
        return None
    query = request.query_string.decode("latin-1")
    if "token=" in query.lower() and TOKEN not in query:
        raise ServiceRefusal(json_answer({"errors": "unknown bookmark"}, "application/json", 400))
    return int(on[0].args["page_size"])


def next_link(school: "PracticeSchool", url: str) -> str:
    """A Link header to the next page (RFC 8288); with the fault on it must be followed letter for letter."""
    mixed = any(fault.kind.name == "roster_mixed_case" for fault in school.faults.active())
    return f'<{url}&{TOKEN}>; rel="next"' if mixed else f'<{url}>; rel="next"'
