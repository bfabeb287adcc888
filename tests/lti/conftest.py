"""One scripted platform for all of them, with what the tool calls it by."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lti_tool.lti.connection import Connection
from lti_tool.lti.keys import Keyring, new_key
from lti_tool.lti.tokens import ServiceTokens
from tests.lti.scripted_lms import ScriptedLms, scripted_lms


@pytest.fixture(scope="session")
def running_lms() -> Iterator[ScriptedLms]:
    with scripted_lms() as lms:
        yield lms


@pytest.fixture
def lms(running_lms: ScriptedLms) -> ScriptedLms:
    running_lms.reset()
    return running_lms


@pytest.fixture(scope="session")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    folder = tmp_path_factory.mktemp("keys") / "keys"
    new_key(folder)
    return Keyring(folder)


@pytest.fixture
def connection() -> Connection:
    return Connection(allow_private=True)


@pytest.fixture
def tokens(connection: Connection, keyring: Keyring) -> ServiceTokens:
    return ServiceTokens(connection, keyring)


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"
