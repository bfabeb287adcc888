"""The schema's history (Alembic), inside the package so that `lti-tool db upgrade` needs no file beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from lti_tool.database import Database


def upgrade(database: Database) -> None:
    """Bring the database to the newest schema; safe to call again, and by two processes at once."""
    with changing_schema(database) as config:
        command.upgrade(config, "head")


@contextmanager
def changing_schema(database: Database) -> Iterator[Config]:
    """One transaction for changes of the schema, committed when the block ends.

    SQLite changes a table by making it anew, and would then miss the rows that others refer to: its foreign keys are
    off meanwhile, which has to be said before a transaction begins, and are checked at the end.
    """
    config = _config()
    with database.engine.connect() as connection:
        _foreign_keys(connection, on=False)
        try:
            with connection.begin():
                config.attributes["connection"] = connection
                yield config
                if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                    raise RuntimeError("the new schema would break references; nothing is changed")
        finally:
            _foreign_keys(connection, on=True)


def _foreign_keys(connection: Connection, *, on: bool) -> None:
    if connection.dialect.name == "sqlite":
        driver = connection.connection.dbapi_connection
        driver.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")  # type: ignore[union-attr]


def is_current(database: Database) -> bool:
    """Say whether the database has the newest schema."""
    with database.engine.connect() as connection:
        heads = MigrationContext.configure(connection).get_current_heads()
    return set(heads) == set(ScriptDirectory.from_config(_config()).get_heads())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
