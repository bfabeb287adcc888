"""The stage for what takes both accents and both databases, though not each with each: `tests/gradebook` has those."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import migrate
from tests.stage import Stage, open_stage


@pytest.fixture(params=["canvas-sqlite", "moodle-postgresql"])
def paired_stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    accent, database = request.param.split("-")
    if database == "sqlite":
        url = request.getfixturevalue("sqlite_url")
    else:
        url = request.getfixturevalue("fresh_postgres_url")(migrate)
    with open_stage(tmp_path, url, accent) as stage:
        yield stage
