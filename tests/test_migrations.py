"""The schema's history leads to the models, on both databases, and back."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from lti_tool.app import require_schema
from lti_tool.database import Database
from lti_tool.errors import SetUpProblem
from lti_tool.migrations import changing_schema, is_current, upgrade
from lti_tool.models import Base
from tests.a_school import a_blog
from tests.system_parts import PROJECT_FOLDER

if TYPE_CHECKING:  # a plugin, which pytest must be the first to import
    from tests.postgres import FreshPostgresUrl


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a table."""
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    if request.param == "postgresql":
        fresh: FreshPostgresUrl = request.getfixturevalue("fresh_postgres_url")
        url = fresh()
    database = Database(url)
    yield database
    database.close()


def downgrade(database: Database, revision: str) -> None:
    with changing_schema(database) as config:
        command.downgrade(config, revision)


def differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def test_the_migrations_lead_to_the_models_and_back(empty: Database) -> None:
    assert not is_current(empty)
    with pytest.raises(SetUpProblem, match="no tables"):
        require_schema(empty)
    upgrade(empty)
    assert is_current(empty)
    require_schema(empty)
    assert differences(empty) == []
    with empty.writing() as session:
        a_blog(session)

    upgrade(empty)
    assert is_current(empty)

    downgrade(empty, "-1")
    assert not is_current(empty)
    upgrade(empty)
    assert differences(empty) == []
    downgrade(empty, "base")
    assert inspect(empty.engine).get_table_names() == ["alembic_version"]


def test_two_may_upgrade_at_once(empty: Database) -> None:
    url = empty.engine.url.render_as_string(hide_password=False)
    make = "import sys; from tests.conftest import migrate; migrate(sys.argv[1])"
    runs = [subprocess.Popen([sys.executable, "-c", make, url], cwd=PROJECT_FOLDER) for _ in range(2)]
    assert [run.wait(timeout=60) for run in runs] == [0, 0]
    assert is_current(empty)
    assert differences(empty) == []
