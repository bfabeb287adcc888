"""Engine and transactions: `reading()` and `writing()` say what is meant. Knows nothing of the schema."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, Executable, Result, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.dml import ReturningInsert

_BUSY_MILLISECONDS = 15_000
Row = TypeVar("Row", bound=DeclarativeBase)


class Database:
    """One database, opened once in a process.

    On SQLite a writing transaction begins IMMEDIATE: with the driver's own handling two read-then-write transactions
    both succeed and one update is lost (docs/decisions/0002-sessions.md).
    """

    def __init__(self, url: str, pool_size: int = 10) -> None:
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite and (path := url.removeprefix("sqlite:///")):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).touch(mode=0o600)  # names and grades are for its owner; the files beside it follow suit
        # hide_parameters: an error's text goes to the log, and parameters hold what people wrote
        self.engine = create_engine(
            url, pool_size=pool_size, max_overflow=20, pool_pre_ping=not self.is_sqlite, hide_parameters=True
        )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _set_up_sqlite)
            event.listen(self.engine, "begin", _begin_on_sqlite)
        self._read = sessionmaker(_reading_engine(self.engine, self.is_sqlite))
        self._write = sessionmaker(self.engine)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one state of the data and can change none of it."""
        with self._read() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is committed when the block ends, and undone when it raises."""
        with self._write.begin() as session:
            yield session

    def close(self) -> None:
        self.engine.dispose()


def insert_or_get(
    session: Session,
    model: type[Row],
    key: Sequence[InstrumentedAttribute[Any]],
    values: Mapping[str, object],
    refresh: Sequence[str] = (),
) -> Row:
    """Insert a row, or take the one that has the same unique `key`, setting the columns named in `refresh` anew.

    One statement, so two requests at the same instant make one row.
    """
    statement = _insert_or_get(session.get_bind().dialect.name, model, tuple(c.key for c in key), tuple(refresh))
    row: Row = session.scalars(statement, dict(values), execution_options={"populate_existing": True}).one()
    return row


def run(session: Session, statement: Executable, values: Mapping[str, object]) -> Result[Any]:
    """Run a statement about columns in the session's transaction, past its objects: half the cost where each counts."""
    return session.connection().execute(statement, values)


def insert_missing(
    session: Session,
    model: type[DeclarativeBase],
    key: Sequence[InstrumentedAttribute[Any]],
    rows: Sequence[Mapping[str, object]],
) -> None:
    """Insert those of many rows whose unique `key` is not there yet, whoever else does the same at this instant."""
    if rows:
        insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(model)
        session.execute(insert.on_conflict_do_nothing(index_elements=[c.key for c in key]), [dict(row) for row in rows])


@lru_cache
def _insert_or_get(
    dialect: str, model: type[Row], key: tuple[str, ...], refresh: tuple[str, ...]
) -> ReturningInsert[Row]:
    """The statement, built once for each use: building it costs more than running it."""
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(model)
    changes = {name: statement.excluded[name] for name in refresh or key[:1]}
    inserting = statement.on_conflict_do_update(index_elements=key, set_=changes)
    returning: ReturningInsert[Row] = inserting.returning(model)
    return returning


def _reading_engine(engine: Engine, is_sqlite: bool) -> Engine:
    if is_sqlite:
        return engine.execution_options(only_reads=True)
    # "Repeatable read" keeps one state for the whole transaction; by default each query would see a newer one.
    return engine.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we send BEGIN ourselves
    cursor = connection.cursor()
    # Patience first: the others may already find the database held by another process.
    for pragma in (f"busy_timeout={_BUSY_MILLISECONDS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_on_sqlite(connection: Connection) -> None:
    only_reads = connection.get_execution_options().get("only_reads", False)
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if only_reads else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")
