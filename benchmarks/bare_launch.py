"""The peers of the launch: bare Flask that verifies the token with PyJWT and a key it was given.

One keeps nothing; one stores the nonce, so that a token works once, through the driver over one connection that stays
open; one does the same through a SQLAlchemy session, as Flask applications commonly do.
"""

import os
import sqlite3
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from flask import Flask, redirect, request
from sqlalchemy import insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from werkzeug.wrappers import Response

from lti_tool.database import Database


class Base(DeclarativeBase):
    pass


class Nonce(Base):
    __tablename__ = "nonce"
    nonce: Mapped[str] = mapped_column(primary_key=True)


def bare_launch_app(public_key_pem: str, audience: str, folder: Path | None = None) -> Flask:
    key = load_pem_public_key(public_key_pem.encode())
    assert isinstance(key, RSAPublicKey)
    app = Flask("bare")

    def verified() -> dict[str, Any]:
        return jwt.decode(request.form["id_token"], key, algorithms=["RS256"], audience=audience)

    @app.post("/lti/launch")
    def launch() -> Response:
        verified()
        return redirect("/", 303)

    if folder is not None:
        _add_driver(app, folder / "driver.sqlite3", verified)
        _add_session(app, folder / "session.sqlite3", verified)
    return app


def _add_driver(app: Flask, file: Path, verified: Any) -> None:
    connection = sqlite3.connect(file, check_same_thread=False)
    connection.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE nonce (nonce PRIMARY KEY)"
    )

    @app.post("/driver")
    def with_driver() -> Response:
        with connection:
            connection.execute("INSERT INTO nonce VALUES (?)", (verified()["nonce"],))
        return redirect("/", 303)


def _add_session(app: Flask, file: Path, verified: Any) -> None:
    database = Database(f"sqlite:///{file}")
    Base.metadata.create_all(database.engine)

    @app.post("/session")
    def with_session() -> Response:
        with database.writing() as session:
            session.add(Nonce(nonce=verified()["nonce"]))
        return redirect("/", 303)

    @app.post("/statement")
    def with_statement() -> Response:
        with database.writing() as session:
            session.execute(insert(Nonce), {"nonce": "statement " + verified()["nonce"]})
        return redirect("/", 303)


def bare_launch_app_of_environment() -> Flask:
    """The same for gunicorn, which can only name an application."""
    return bare_launch_app(os.environ["BENCHMARK_PUBLIC_KEY"], os.environ["BENCHMARK_AUDIENCE"])
