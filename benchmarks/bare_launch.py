"""The peer of the launch: bare Flask that verifies the token with PyJWT and a key it was given, and keeps nothing."""

import os

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from flask import Flask, request


def bare_launch_app(public_key_pem: str, audience: str) -> Flask:
    key = load_pem_public_key(public_key_pem.encode())
    assert isinstance(key, RSAPublicKey)
    app = Flask("bare")

    @app.post("/lti/launch")
    def launch() -> tuple[str, int]:
        jwt.decode(request.form["id_token"], key, algorithms=["RS256"], audience=audience)
        return "", 303

    return app


def bare_launch_app_of_environment() -> Flask:
    """The same for gunicorn, which can only name an application."""
    return bare_launch_app(os.environ["BENCHMARK_PUBLIC_KEY"], os.environ["BENCHMARK_AUDIENCE"])
