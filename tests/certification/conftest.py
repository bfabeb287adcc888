"""One stage for the many cases that end in a refusal: they leave nothing behind, which each of them checks."""

from collections.abc import Iterator

import pytest
from joserfc.jwk import RSAKey

from tests.certification.key_server import KeyServer, forget_keys
from tests.stage import Stage, open_stage


@pytest.fixture(scope="session")
def door(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: bytes) -> Iterator[Stage]:
    """The tool on SQLite and the practice LMS in its Canvas accent, shared by cases that change neither."""
    folder = tmp_path_factory.mktemp("door")
    path = folder / "door.sqlite3"
    path.write_bytes(migrated_sqlite)
    with open_stage(folder, f"sqlite:///{path}", "canvas") as opened:
        yield opened


@pytest.fixture(params=["canvas", "moodle"])
def either(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: bytes
) -> Iterator[Stage]:
    """The tool on SQLite and the practice LMS in either accent."""
    folder = tmp_path_factory.mktemp(request.param)
    path = folder / "tool.sqlite3"
    path.write_bytes(migrated_sqlite)
    with open_stage(folder, f"sqlite:///{path}", request.param) as opened_stage:
        yield opened_stage


@pytest.fixture(scope="session")
def stranger_key() -> RSAKey:
    """A sound key that no platform has published."""
    return RSAKey.generate_key(2048, {"alg": "RS256", "use": "sig"}, auto_kid=True)


@pytest.fixture(scope="session")
def running_key_server() -> Iterator[KeyServer]:
    with KeyServer.opened() as server:
        yield server


@pytest.fixture
def key_server(running_key_server: KeyServer, door: Stage) -> Iterator[KeyServer]:
    """A server whose answer to a request for keys is whatever the test says; the shared stage is put right after."""
    running_key_server.asked, running_key_server.answer = 0, {"keys": []}
    yield running_key_server
    forget_keys(door, f"{door.lms_url}/lti/jwks")
