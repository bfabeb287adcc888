"""A platform's services that answer just what a test lays down, over real HTTP, and remember what they heard."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from flask import Flask, Response, jsonify, request

from lti_tool.lti.platforms import PlatformFacts
from tests.stage import Certificate, free_port, served

Scripted = Response | Callable[[], Response]


@dataclass(frozen=True)
class Heard:
    """One call as it came over the wire."""

    method: str
    address: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class ScriptedLms:
    """`answers` holds what each path says next; the last answer of a path is given for ever."""

    url: str
    answers: dict[str, list[Scripted]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def will_say(self, path: str, *answers: Scripted) -> str:
        """Lay down the answers of a path and return its address."""
        self.answers[path] = list(answers)
        return self.url + path

    def calls_to(self, path: str) -> list[Heard]:
        return [heard for heard in self.heard if heard.address.partition("?")[0] == path]

    def reset(self) -> None:
        """Forget everything, and give out a token that lasts an hour to whoever asks."""
        self.heard.clear()
        self.answers.clear()
        self.will_say("/token", lambda: token_answer("token-1"))

    def facts(self, family: str = "") -> PlatformFacts:
        """This platform as the tool's registration has it."""
        return PlatformFacts(
            id=1,
            name="Scripted",
            lti_issuer=self.url,
            lti_client_id="client-1",
            authorize_url=f"{self.url}/auth",
            token_url=f"{self.url}/token",
            token_audience=None,
            jwks_url=f"{self.url}/jwks",
            family=family,
            accepts_new_deployments=False,
            service_hosts=[],
            disabled_at=None,
            key_set_read_at=None,
        )

    def _answer(self, path: str) -> Response:
        with self.lock:
            self.heard.append(
                Heard(request.method, request.full_path.rstrip("?"), dict(request.headers), request.get_data())
            )
            laid_down = self.answers.get(f"/{path}", [Response("nothing laid down", 404)])
            answer = laid_down.pop(0) if len(laid_down) > 1 else laid_down[0]
        return answer() if callable(answer) and not isinstance(answer, Response) else answer


def token_answer(value: str, **changes: object) -> Response:
    facts = {"access_token": value, "token_type": "Bearer", "expires_in": 3600, **changes}
    with Flask(__name__).app_context():
        return jsonify({name: fact for name, fact in facts.items() if fact is not None})


@contextmanager
def scripted_lms(host: str = "localhost", certificate: Certificate | None = None) -> Iterator[ScriptedLms]:
    """Serve one for as long as the block runs, with a certificate over https."""
    port = free_port()
    app = Flask("scripted_lms")
    lms = ScriptedLms(f"{'https' if certificate else 'http'}://{host}:{port}")
    app.add_url_rule("/<path:path>", "any", lms._answer, methods=["GET", "POST", "PUT", "DELETE"])
    lms.reset()
    with served(app, port, certificate):
        yield lms
