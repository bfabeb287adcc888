"""What every refusal must leave behind: a status, a page, one log line; and what it must not: rows, a visit, a name."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import requests
from sqlalchemy import func, select
from structlog.testing import capture_logs
from structlog.typing import EventDict

from lti_tool.errors import Kind, Reason
from lti_tool.models import Blog, Course, Membership, Person, Visit
from tests.stage import ScriptBrowser, Stage

Claims = dict[str, Any]

PURL = "https://purl.imsglobal.org/spec/lti/claim/"
STATUS = {Kind.MALFORMED: 400, Kind.UNTRUSTED: 401, Kind.FORBIDDEN: 403}
PERSONAL = ("sub", "name", "given_name", "family_name", "email", "nonce")
NOT_TOLD_APART = 6  # a text shorter than this can stand in any page by chance


@dataclass
class Evidence:
    """The database and the log before and after whatever happens inside `watching`."""

    stage: Stage
    rows_before: dict[str, int]
    lines: list[EventDict] = field(default_factory=list)

    def line(self) -> EventDict:
        """The one line that a refusal writes."""
        refusals = [line for line in self.lines if line["event"] == "launch_refused"]
        assert len(refusals) == 1, self.lines
        assert not [line for line in self.lines if line["event"] in ("launched", "fault")], self.lines
        return refusals[0]

    def refused(
        self, response: requests.Response, browser: ScriptBrowser, reason: Reason, claims: Claims | None = None
    ) -> EventDict:
        """Check everything that a refused login or launch must and must not leave, and return its log line."""
        line = self.line()
        assert (line["reason"], response.status_code) == (reason.name, STATUS[reason.value.kind]), line
        assert line["status"] == response.status_code
        assert rows_of(self.stage) == self.rows_before
        check_page(response, reason, line, claims or {})
        check_no_visit(response, browser)
        check_nothing_personal(self.lines, claims or {})
        return line


@contextmanager
def watching(stage: Stage) -> Iterator[Evidence]:
    """Collect what the tool logs and stores while the block runs."""
    evidence = Evidence(stage, rows_of(stage))
    with capture_logs() as lines:
        yield evidence
    evidence.lines = lines


def rows_of(stage: Stage) -> dict[str, int]:
    """How many rows a launch could have added."""
    with stage.tool.database.reading() as session:
        return {
            model.__tablename__: session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Person, Course, Blog, Membership, Visit)
        }


def check_page(response: requests.Response, reason: Reason, line: EventDict, claims: Claims) -> None:
    """A page in plain words with the reference that the log has too, and nothing that a stranger sent."""
    page = unescape(response.text)
    assert response.headers["Content-Type"].startswith("text/html")
    assert "no-store" in response.headers["Cache-Control"]
    assert reason.value.what in page
    assert reason.value.do in page
    assert line["reference"] in page
    assert "Traceback" not in page
    place = [claims.get(name) for name in ("iss", "aud", "azp", f"{PURL}deployment_id")]
    shown = place if reason is Reason.DEPLOYMENT_HELD else []  # what an administrator is to tell the operator
    for text in texts_in(claims):
        assert text in shown or any(text in str(one) for one in shown) or text not in page, f"it repeats {text!r}"


def check_no_visit(response: requests.Response, browser: ScriptBrowser) -> None:
    """Nothing in the answer opens a door: no way on, no cookie that a protected page takes."""
    assert "Location" not in response.headers
    assert "visit" not in {header.partition("=")[0] for header in response.raw.headers.getlist("Set-Cookie")}
    assert browser.get("/v/any-visit/").status_code == 401


def check_nothing_personal(lines: list[EventDict], claims: Claims) -> None:
    personal = [claims[name] for name in PERSONAL if isinstance(claims.get(name), str)]
    for text in personal:
        assert len(text) < 4 or not any(text in repr(line) for line in lines), f"the log holds {text!r}"


def texts_in(value: object) -> Iterator[str]:
    """Every text inside claims that is long enough to be recognised."""
    if isinstance(value, str) and len(value) >= NOT_TOLD_APART:
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)
