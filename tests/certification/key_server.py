"""A server that shows whatever a test wants in place of a platform's public keys, and counts who asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import update

from lti_tool.models import Platform
from tests.stage import Stage, free_port, served


@dataclass
class KeyServer:
    """`answer` is what the next requests get: a document to show as JSON, or a whole response."""

    url: str
    answer: object = field(default_factory=lambda: {"keys": []})
    asked: int = 0

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator["KeyServer"]:
        port = free_port()
        server, app = cls(f"http://localhost:{port}/keys"), Flask("key_server")

        @app.get("/keys")
        def keys() -> Response:
            server.asked += 1
            if callable(server.answer):
                made: Response = server.answer()
                return made
            return jsonify(server.answer)

        with served(app, port):
            yield server

    def stand_in(self, stage: Stage) -> None:
        """Let the tool ask this server for the practice LMS's keys, and forget those it knows."""
        forget_keys(stage, self.url)

    def show(self, *keys: RSAKey | ECKey, **changes: object) -> None:
        """Show these keys, each entry changed alike; None leaves a member out."""
        self.answer = {"keys": [public_half(key, **changes) for key in keys]}


def forget_keys(stage: Stage, jwks_url: str) -> None:
    """Let the tool ask there for the keys of its platforms, and forget those it knows."""
    with stage.tool.database.writing() as session:
        session.execute(
            update(Platform).values(jwks_url=jwks_url, key_set=None, key_set_read_at=None, key_set_tried_at=None)
        )


def public_half(key: RSAKey | ECKey, **changes: object) -> dict[str, Any]:
    """A key as a key set lists it."""
    entry = {**key.as_dict(private=False), "alg": "RS256", "use": "sig", **changes}
    return {name: value for name, value in entry.items() if value is not None}
