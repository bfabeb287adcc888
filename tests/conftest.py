"""Fixtures for every test: a database of each kind, and the tool and the practice LMS talking over real HTTP."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lti_tool.database import Database
from lti_tool.migrations import upgrade
from tests.built_once import share_compiled_statements, share_what_flask_compiles
from tests.stage import Stage, open_stage

if TYPE_CHECKING:  # a plugin, which pytest must be the first to import
    from tests.postgres import PostgresServer

pytest_plugins = ["tests.postgres", "tests.browser"]

share_what_flask_compiles()


def migrate(url: str) -> None:
    """Bring an empty database to the newest schema."""
    database = Database(url)
    upgrade(database)
    database.close()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated SQLite database as bytes: a copy costs a test less than the migrations do."""
    path = tmp_path_factory.mktemp("template") / "migrated.sqlite3"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path.read_bytes()


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_sqlite: bytes) -> str:
    path = tmp_path / "var" / "tool.sqlite3"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(migrated_sqlite)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database; whatever uses it runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        url: str = request.getfixturevalue("sqlite_url")
        return url
    fresh: Callable[[Callable[[str], None]], str] = request.getfixturevalue("fresh_postgres_url")
    return fresh(migrate)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    share_compiled_statements(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: bytes
) -> Iterator[Database]:
    """A database of each kind for the whole run: quicker, for tests that look only at a blog they made themselves."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("shared") / "shared.sqlite3"
        path.write_bytes(migrated_sqlite)
        opened = Database(f"sqlite:///{path}")
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        opened = Database(server.url(server.new_database(migrate)))
    yield opened
    opened.close()


@pytest.fixture
def stage(tmp_path: Path, database_url: str) -> Iterator[Stage]:
    """The tool and the practice LMS in its Canvas accent, each on its own port, on SQLite and on PostgreSQL."""
    with open_stage(tmp_path, database_url, "canvas") as opened:
        yield opened


@pytest.fixture
def stage_on_sqlite(tmp_path: Path, sqlite_url: str) -> Iterator[Stage]:
    """The same on SQLite alone, for what cannot depend on the database."""
    with open_stage(tmp_path, sqlite_url, "canvas") as opened:
        yield opened


@pytest.fixture
def moodle_stage(tmp_path: Path, sqlite_url: str) -> Iterator[Stage]:
    """The tool on SQLite, and the practice LMS in its Moodle accent."""
    with open_stage(tmp_path, sqlite_url, "moodle") as opened:
        yield opened
