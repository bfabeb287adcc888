"""Registrations as a test wants them: invited, opened in an administrator's frame, answered as the test lays down."""

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any

import requests
from flask import Response
from sqlalchemy import select
from structlog.testing import capture_logs
from structlog.typing import EventDict

from lti_tool.lti.registration import invite
from lti_tool.models import Base, Deployment, Invitation, Platform
from tests.lti.scripted_lms import Scripted, ScriptedLms
from tests.practice_lms.a_launch import form_of
from tests.stage import ScriptBrowser, Stage

PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
CONFIGURATION, REGISTRATION = "/openid-configuration", "/registration"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope"
ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"


def said(document: object, status: int = 200) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")


def configuration_of(lms: ScriptedLms, **changes: object) -> dict[str, Any]:
    """A configuration with nothing wrong in it, changed by the test; None leaves a member out."""
    sound: dict[str, Any] = {
        "issuer": lms.url,
        "authorization_endpoint": f"{lms.url}/auth",
        "token_endpoint": f"{lms.url}/token",
        "jwks_uri": f"{lms.url}/jwks",
        "registration_endpoint": f"{lms.url}{REGISTRATION}",
        "scopes_supported": [f"{AGS}/lineitem", f"{AGS}/score", f"{AGS}/result.readonly", ROSTER, "openid"],
        "claims_supported": ["iss", "sub", "name", "given_name", "family_name", "email", "picture"],
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        PLATFORM: {
            "product_family_code": "example",
            "messages_supported": [{"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest"}],
            "variables": [],
        },
    }
    return {name: value for name, value in {**sound, **changes}.items() if value is not None}


def agreed(client_id: object = "C9", deployment_id: object = "D9") -> dict[str, Any]:
    """What a platform answers to a registration; None leaves a member out."""
    answer: dict[str, Any] = {TOOL: {"deployment_id": deployment_id} if deployment_id is not None else {}}
    return answer | ({"client_id": client_id} if client_id is not None else {})


def lay_down(lms: ScriptedLms, answer: object = None, **changes: object) -> None:
    """Let a platform show a configuration with these changes, and answer the registration: with JSON, or as it is."""
    lms.will_say(CONFIGURATION, said(configuration_of(lms, **changes)))
    scripted: Scripted = answer if isinstance(answer, Response) or callable(answer) else said(answer or agreed())
    lms.will_say(REGISTRATION, scripted)


@dataclass
class Frame:
    """The administrator's frame: an invitation in hand, and the token that the LMS gives the tool."""

    stage: Stage
    code: str
    token: str = field(default_factory=lambda: f"token-{secrets.token_hex(12)}")
    tool_url: str = ""

    @property
    def address(self) -> str:
        """What the operator gives the administrator to paste."""
        return f"{self.tool_url or self.stage.tool_url}/lti/register?invitation={self.code}"

    def open(self, configuration_url: str, **query: str) -> requests.Response:
        """What the LMS opens in the frame, without a token where that is empty."""
        asked = {"openid_configuration": configuration_url, "registration_token": self.token, **query}
        return self._browser().request("GET", self.address, params={k: v for k, v in asked.items() if v})

    def open_for(self, lms: ScriptedLms) -> requests.Response:
        return self.open(lms.url + CONFIGURATION)

    def press(self, page: requests.Response, **changes: str) -> requests.Response:
        """Press Register on the page that asks whether to."""
        assert page.status_code == 200, page.text
        action, fields = form_of(page.text)
        return self._browser().post((self.tool_url or self.stage.tool_url) + action, {**fields, **changes})

    def register(self, lms: ScriptedLms) -> requests.Response:
        return self.press(self.open_for(lms))

    def _browser(self) -> ScriptBrowser:
        return self.stage.browser()


def invited(
    stage: Stage,
    name: str = "Practice school",
    issuer: str | None = None,
    *,
    accepts: bool = False,
    hours: int = 24,
    ago: timedelta = timedelta(),
) -> Frame:
    """Invite an LMS, now or some time ago, and return its administrator's frame."""
    made = stage.tool.clock() - ago
    with stage.tool.database.writing() as session:
        code = invite(session, name, issuer, accepts_new_deployments=accepts, hours=hours, now=made)
    return Frame(stage, code)


def at_practice_lms(stage: Stage, frame: Frame, update: str = "") -> requests.Response:
    """What the practice LMS opens in its administrator's frame."""
    return stage.browser().request("GET", stage.school.registration_link(frame.address, update))


def register_practice_lms(stage: Stage, *, accepts: bool = False, update: str = "") -> str:
    """Register the tool with the practice LMS from its own link, switch it on there, and return its client id."""
    frame = invited(stage, accepts=accepts)
    before = {tool.client_id for tool in stage.school.tools()}
    done = frame.press(at_practice_lms(stage, frame, update))
    assert done.status_code == 200, done.text
    (client_id,) = {tool.client_id for tool in stage.school.tools()} - before or {update}
    stage.school.activate(client_id)
    stage.school.use_tool(client_id)
    return client_id


def walk_in(stage: Stage, person: str, activity: int = 1) -> requests.Response:
    """Launch as a browser does it, through each page of the practice LMS, with the tool that it uses now."""
    browser = stage.browser()
    page = browser.request("GET", f"{stage.lms_url}/courses/3644/activities/{activity}/launch?as={person}")
    for _ in range(2):  # the login request, and the signed answer
        action, fields = form_of(page.text)
        page = browser.request("POST", action, data=fields)
        if "/lti/authorize" in page.headers.get("Location", ""):
            page = browser.request("GET", page.headers["Location"])
    return page


# What there is, before and after


def platforms(stage: Stage) -> list[tuple[Any, ...]]:
    """Every registration and its deployments, as they stand in the database."""
    with stage.tool.database.reading() as session:
        rows = session.scalars(select(Platform).order_by(Platform.id)).all()
        places = session.scalars(select(Deployment).order_by(Deployment.id)).all()
        return [
            (row.id, row.name, row.lti_issuer, row.lti_client_id, row.authorize_url, row.token_url, row.jwks_url,
             row.token_audience, row.accepts_new_deployments,
             tuple((one.lti_deployment_id, one.held_since is None) for one in places if one.platform_id == row.id))
            for row in rows
        ]  # fmt: skip


def used_invitations(stage: Stage) -> int:
    with stage.tool.database.reading() as session:
        return len(session.scalars(select(Invitation.id).where(Invitation.used_at.is_not(None))).all())


def everything_stored(stage: Stage) -> str:
    """The whole database as text."""
    with stage.tool.database.reading() as session:
        return "\n".join(repr(session.execute(select(table)).all()) for table in Base.metadata.sorted_tables)


@dataclass
class Seen:
    """The log of what happened inside `nothing_left`."""

    lines: list[EventDict] = field(default_factory=list)

    def why(self) -> str:
        """The reason in the one line of a registration that was refused."""
        (line,) = [line for line in self.lines if line["event"] == "registration_refused"]
        return str(line["why"])


@contextmanager
def nothing_left(stage: Stage) -> Iterator[Seen]:
    """Whatever happens inside registers nothing, uses no invitation up, and is no fault of the tool's."""
    before, seen = (platforms(stage), used_invitations(stage)), Seen()
    with capture_logs() as lines:
        yield seen
    seen.lines = lines
    assert (platforms(stage), used_invitations(stage)) == before
    assert not [line for line in lines if line["event"] in ("fault", "platform_registered")], lines


def check_refusal(answer: requests.Response, *words: str, status: int = 400) -> str:
    """A refused registration says so on a page in plain words, with no trace of our own code."""
    page = unescape(answer.text)
    assert answer.status_code == status, page
    assert answer.headers["Content-Type"].startswith("text/html")
    assert re.search(r"<h1>[^<]{10,}</h1>\s*<p>[^<]{5,}</p>", answer.text), page
    assert "Traceback" not in page
    for word in words:
        assert word in page, f"{word!r} is not in {page}"
    return page
