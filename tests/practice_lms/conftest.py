"""A practice LMS in a fresh folder, and a tiny tool that shows its public key over real HTTP."""

import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from lti_tool.practice_lms import CLIENT_ID, PracticeSchool, ToolAddresses, create_practice_lms
from lti_tool.practice_lms.scopes import ALL_SCOPES

URL = "http://lms.example.test"
SCORE = "application/vnd.ims.lis.v1.score+json"


class FakeTool:
    """The other side: a key, the addresses registered with the LMS, and what a tool would sign."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"alg": "RS256", "use": "sig"})
        self.key.ensure_kid()
        self.public: list[RSAKey] = [self.key]
        self.answers_html = False
        app = Flask(__name__)
        app.add_url_rule("/jwks", view_func=self._jwks)
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        base = f"http://127.0.0.1:{self.server.port}"
        self.addresses = ToolAddresses(f"{base}/login", f"{base}/launch", f"{base}/jwks")

    def _jwks(self) -> Any:
        if self.answers_html:
            return "<h1>Sorry</h1>"
        return jsonify(KeySet(list(self.public)).as_dict(private=False))

    def assertion(self, key: RSAKey | None = None, **changes: Any) -> str:
        now = int(time.time())
        claims = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": f"{URL}/lti/token", "iat": now, "exp": now + 60}
        claims |= {"jti": secrets.token_hex(8)} | changes
        signer = key or self.key
        return jwt.encode({"alg": "RS256", "kid": signer.kid}, claims, signer)

    def token_form(self, scope: str = " ".join(ALL_SCOPES), assertion: str | None = None) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion or self.assertion(),
            "scope": scope,
        }


class Bench:
    """A practice LMS with a client in front of it and a token in hand."""

    def __init__(self, folder: Path, tool: FakeTool, accent: str) -> None:
        self.folder, self.tool, self.accent = folder, tool, accent
        self.app = create_practice_lms(folder, URL, tool.addresses, accent)
        self.school: PracticeSchool = self.app.extensions["practice_lms"]
        self.client: FlaskClient = self.app.test_client()
        self._token = ""

    def ask_token(self, **form: Any) -> TestResponse:
        return self.client.post("/lti/token", base_url=URL, data=self.tool.token_form(**form))

    def token(self) -> str:
        if not self._token:
            self._token = json.loads(self.ask_token().text)["access_token"]
        return self._token

    def call(self, method: str, url: str, body: Any = None, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token()}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        data = body if isinstance(body, str) or body is None else json.dumps(body)
        path = url.removeprefix(URL)
        return self.client.open(path, base_url=URL, method=method, data=data, headers=sent)

    def lineitem(self, activity: int = 1) -> str:
        claims = self.school.claims_for("isaiah", activity, "n")
        endpoint: Any = claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]
        return str(endpoint["lineitem"])

    def below(self, name: str, lineitem: str | None = None) -> str:
        """`/scores` or `/results` of a line item: before the question mark."""
        path, mark, query = (lineitem or self.lineitem()).partition("?")
        return f"{path}/{name}{mark}{query}"

    def push(self, who: str, score: Any, at: str, lineitem: str | None = None, **more: Any) -> TestResponse:
        body = {"userId": self.school.sub_of(who), "timestamp": at, "scoreGiven": score, "scoreMaximum": 10}
        body |= {"activityProgress": "Completed", "gradingProgress": "FullyGraded"} | more
        return self.call("POST", self.below("scores", lineitem), body, Content_Type=SCORE)

    def results(self, lineitem: str | None = None, **query: str) -> Any:
        url = self.below("results", lineitem)
        for name, value in query.items():
            url += f"{'&' if '?' in url else '?'}{name}={value}"
        answer = self.call("GET", url, Accept="application/vnd.ims.lis.v2.resultcontainer+json")
        assert answer.status_code == 200
        return answer.json

    def grade(self, who: str, activity: int = 1) -> Any:
        return self.school.grade(self.school.column_of(activity).id, who)

    def again(self) -> "Bench":
        return Bench(self.folder, self.tool, self.accent)


def fields_of(page: str) -> tuple[str, dict[str, str]]:
    """Where a self-posting form goes, and with what."""
    found = re.search(r'<form method="post" action="([^"]+)"', page)
    assert found, page
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return unescape(found[1]), {name: unescape(value) for name, value in pairs}


@pytest.fixture(scope="session")
def tool_server() -> Iterator[FakeTool]:
    tool = FakeTool()
    thread = threading.Thread(target=tool.server.serve_forever)
    thread.start()
    yield tool
    tool.server.shutdown()
    thread.join()
    tool.server.server_close()


@pytest.fixture
def tool(tool_server: FakeTool) -> FakeTool:
    tool_server.public, tool_server.answers_html = [tool_server.key], False
    return tool_server


@pytest.fixture(scope="session")
def platform_pem() -> bytes:
    return RSAKey.generate_key(2048).as_pem(private=True)


@pytest.fixture
def bench(tmp_path: Path, tool: FakeTool, platform_pem: bytes) -> Callable[[str], Bench]:
    def make(accent: str) -> Bench:
        folder = tmp_path / accent
        folder.mkdir()
        (folder / "platform_key_001.pem").write_bytes(platform_pem)
        return Bench(folder, tool, accent)

    return make


@pytest.fixture
def canvas(bench: Callable[[str], Bench]) -> Bench:
    return bench("canvas")


@pytest.fixture
def moodle(bench: Callable[[str], Bench]) -> Bench:
    return bench("moodle")


@pytest.fixture(params=["canvas", "moodle"])
def either(request: pytest.FixtureRequest, bench: Callable[[str], Bench]) -> Bench:
    return bench(request.param)


@pytest.fixture
def form() -> Callable[[str], tuple[str, dict[str, str]]]:
    return fields_of
