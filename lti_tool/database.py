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
Rows = Session | Connection


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
        self.engine = self._open(url, pool_size)
        if self.is_sqlite:
            event.listen(self.engine, "begin", _begin_at_once)
            # Apart from the writers: to switch one connection to and fro would make it forget its prepared statements.
            self.reading_engine = self._open(url, pool_size)
            event.listen(self.reading_engine, "connect", _only_read)
            event.listen(self.reading_engine, "begin", _begin)
        else:
            # "Repeatable read" keeps one state for the whole transaction; by default each query would see a newer one.
            self.reading_engine = self.engine.execution_options(
                postgresql_readonly=True, isolation_level="REPEATABLE READ"
            )
        self._read = sessionmaker(self.reading_engine)
        self._write = sessionmaker(self.engine)

    def _open(self, url: str, pool_size: int) -> Engine:
        # hide_parameters: an error's text goes to the log, and parameters hold what people wrote
        engine = create_engine(
            url, pool_size=pool_size, max_overflow=20, pool_pre_ping=not self.is_sqlite, hide_parameters=True
        )
        event.listen(engine, "connect", _set_up_sqlite if self.is_sqlite else _set_up_postgres)
        return engine

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one state of the data and can change none of it."""
        with self._read() as session:
            yield session
            session.expunge_all()  # what somebody has changed in it is nobody's
            if session.is_active:
                session.commit()  # psycopg forgets its prepared statements when a transaction is rolled back

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is committed when the block ends, and undone when it raises."""
        with self._write.begin() as session:
            yield session

    @contextmanager
    def reading_rows(self) -> Iterator[Connection]:
        """`reading()` for `run` alone, without objects: what each launch costs half as much."""
        with self.reading_engine.connect() as connection:
            yield connection
            connection.commit()

    @contextmanager
    def writing_rows(self) -> Iterator[Connection]:
        """`writing()` for `run` alone; `objects_on` gives a session where one is needed after all."""
        with self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()
        self.reading_engine.dispose()


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


def run(rows: Rows, statement: Executable, values: Mapping[str, object]) -> Result[Any]:
    """Run a statement about columns, past a session's objects: half the cost where each counts."""
    connection = rows if isinstance(rows, Connection) else rows.connection()
    return connection.execute(statement, values)


@contextmanager
def objects_on(rows: Rows) -> Iterator[Session]:
    """A session in the transaction that `rows` is in, which stays open."""
    if isinstance(rows, Session):
        yield rows
        return
    with Session(rows, expire_on_commit=False) as session:
        yield session
        session.flush()


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


def _set_up_postgres(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Have no statement compiled to machine code: beside a million comments that took ten times what running did."""
    cursor = connection.cursor()
    cursor.execute("SET jit = off")
    cursor.close()
    connection.commit()


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we send BEGIN ourselves
    cursor = connection.cursor()
    # Patience first: the others may already find the database held by another process.
    for pragma in (f"busy_timeout={_BUSY_MILLISECONDS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _only_read(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA query_only=ON")


def _begin(connection: Connection) -> None:
    _say(connection, "BEGIN")


def _begin_at_once(connection: Connection) -> None:
    _say(connection, "BEGIN IMMEDIATE")


def _say(connection: Connection, words: str) -> None:
    """Past SQLAlchemy, which would make a statement with a result of each."""
    cursor = connection.connection.cursor()
    cursor.execute(words)
    cursor.close()
