"""One stage for the tests that leave nothing behind which another could stumble over."""

from collections.abc import Iterator

import pytest

from tests.stage import Stage, open_stage


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: bytes) -> Iterator[Stage]:
    """The tool on SQLite and the practice LMS, shared by the tests of a module."""
    folder = tmp_path_factory.mktemp("open_house")
    path = folder / "house.sqlite3"
    path.write_bytes(migrated_sqlite)
    with open_stage(folder, f"sqlite:///{path}", "canvas") as opened:
        yield opened
