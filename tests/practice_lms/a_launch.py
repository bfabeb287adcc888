"""The steps of a launch as a browser would take them, for tests: initiation, authentication request, signed answer."""

import re
from html import unescape
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"


def form_of(page: str) -> tuple[str, dict[str, str]]:
    """Where a self-posting form goes, and with what."""
    found = re.search(r'<form method="post" action="([^"]+)"', page)
    assert found, page
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return unescape(found[1]), {name: unescape(value) for name, value in pairs}


def visit(bench: Any, who: str) -> None:
    bench.client.post("/view-as", data={"person": who, "next": "/courses/3644"})


def frame_of(page: str) -> str:
    """The address in the tool's frame."""
    found = re.search(r'<iframe class="tool"[^>]* src="([^"]+)"', page)
    assert found, page
    return unescape(found[1])


def started(bench: Any, who: str = "isaiah", activity: int = 1, **more: str) -> dict[str, str]:
    """The fields of the login initiation."""
    query = "&".join(f"{name}={value}" for name, value in {"as": who, **more}.items())
    return form_of(bench.client.get(f"/courses/3644/activities/{activity}/launch?{query}").text)[1]


def answered(bench: Any, start: dict[str, str], **more: str) -> TestResponse:
    """What the authentication endpoint answers a tool that was sent there so."""
    params = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": start["client_id"],
        "redirect_uri": bench.tool.addresses.launch_url,
        "login_hint": start["login_hint"],
        "lti_message_hint": start["lti_message_hint"],
        "nonce": "n",
        "state": "s",
        **more,
    }
    answer: TestResponse = bench.client.get("/lti/authorize", query_string=params)
    return answer


def launched(bench: Any, start: dict[str, str]) -> dict[str, Any]:
    """The claims at the end of a launch, with the signature checked against the published keys."""
    fields = form_of(answered(bench, start).text)[1]
    keys = KeySet.import_key_set(bench.client.get("/lti/jwks").json)
    return dict(jwt.decode(fields["id_token"], keys, algorithms=["RS256"]).claims)


def roles_in(claims: dict[str, Any]) -> set[str]:
    return {role.removeprefix(VOCABULARY) for role in claims[CLAIM + "roles"]}


def roster_url(bench: Any) -> str:
    claims = bench.school.claims_for("irena", 1, "n")
    url: str = claims["https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"]["context_memberships_url"]
    return url


def roster(bench: Any, query: str = "") -> list[dict[str, Any]]:
    """The members on the first page."""
    answer = bench.call("GET", roster_url(bench) + query)
    assert answer.status_code == 200
    members: list[dict[str, Any]] = answer.json["members"]
    return members
