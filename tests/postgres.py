"""A throw-away PostgreSQL for the tests: one server per test run, one database as new per use.

    def test_two_workers(fresh_postgres_url):
        url = fresh_postgres_url()                       # empty
        url = fresh_postgres_url(prepare=upgrade)        # as `upgrade(url)` left it, prepared once, then copied

The server listens on a Unix socket in a folder that only its own user may enter: no port to collide with, and no other
person on the machine can reach a server that asks for no password.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from tests.postgres_reuse import State, state, take_out_rows
from tests.system_parts import NO_POSTGRES, find_postgres, unavailable

START_SECONDS = 30

# Nothing here must survive a crash, so nothing waits for the disk.
SERVER_OPTIONS = {
    "listen_addresses": "",
    "max_connections": "60",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "timezone": "UTC",
}

Prepare = Callable[[str], object]


class FreshPostgresUrl(Protocol):
    """What the fixture `fresh_postgres_url` gives."""

    def __call__(self, prepare: Prepare | None = None) -> str: ...


@dataclass
class PostgresServer:
    """A running server, reached through the socket in `folder`."""

    folder: Path
    templates: dict[Prepare, str] = field(default_factory=dict)
    prepared: dict[Prepare, State] = field(default_factory=dict)
    in_use: dict[str, Prepare] = field(default_factory=dict)
    free: dict[Prepare, list[str]] = field(default_factory=lambda: defaultdict(list))
    databases_made: int = 0

    @property
    def admin_url(self) -> str:
        """The maintenance database, as its superuser."""
        return self.url("postgres")

    def url(self, database: str) -> str:
        """The address of a database, in SQLAlchemy's form."""
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self.folder))}"

    @cached_property
    def version(self) -> int:
        """The server's main version, such as 15."""
        with self.connect() as connection:
            return connection.info.server_version // 10000

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A plain connection outside any transaction, for commands such as CREATE DATABASE."""
        return psycopg.connect(host=str(self.folder), user="postgres", dbname=database, autocommit=True)

    def new_database(self, prepare: Prepare | None = None) -> str:
        """Make a database and return its name: an empty one, or a copy of one that `prepare` was run on once.

        The copy may have served another test before, and have been given back as it was (`give_back`).
        """
        if prepare is None:
            return self._copy_of("template0")
        name = self.free[prepare].pop() if self.free[prepare] else self._prepared_copy(prepare)
        self.in_use[name] = prepare
        return name

    def give_back(self, name: str) -> None:
        """Let another test have the database, emptied and under a new name, or drop it where that cannot be."""
        prepare = self.in_use.pop(name, None)
        if prepare is None or not self._everybody_left(name):
            self.drop_database(name)
            return
        renamed = self._new_name()
        with self.connect() as connection:
            names = map(sql.Identifier, (name, renamed))
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))
        with self.connect(renamed) as connection:
            take_out_rows(connection, self.prepared[prepare])
            as_before = state(connection) == self.prepared[prepare]
        if as_before:
            self.free[prepare].append(renamed)
        else:
            self.drop_database(renamed)

    def _everybody_left(self, name: str) -> bool:
        """Throw out whoever is still connected to a database, and wait until they have gone."""
        throw_out = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
        deadline = time.monotonic() + START_SECONDS
        with self.connect() as connection:
            while connection.execute(throw_out, [name]).fetchone() != (0,):
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.005)
        return True

    def _prepared_copy(self, prepare: Prepare) -> str:
        if prepare not in self.templates:
            template = self._copy_of("template0")
            prepare(self.url(template))
            with self.connect(template) as connection:
                self.prepared[prepare] = state(connection)
            # PostgreSQL copies no database that somebody is connected to, and `prepare` may have left a pool behind.
            self._everybody_left(template)
            self.templates[prepare] = template
        return self._copy_of(self.templates[prepare])

    def drop_database(self, name: str) -> None:
        """Drop a database, throwing out whoever is still connected to it."""
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _copy_of(self, template: str) -> str:
        name = self._new_name()
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        with self.connect() as connection:
            connection.execute(command)
        return name

    def _new_name(self) -> str:
        self.databases_made += 1
        return f"test_{self.databases_made}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The test run's own PostgreSQL server; `.admin_url` and `.url(database)` are its addresses."""
    programs = find_postgres()
    if programs is None:
        unavailable(NO_POSTGRES)
    with running_server(programs) as server:
        yield server


@contextmanager
def running_server(programs: Path) -> Iterator[PostgresServer]:
    """A throw-away server that runs while the block does."""
    # The path of a Unix socket may have 107 characters at most, and pytest's own temporary folders bar other users.
    folder = Path(tempfile.mkdtemp(prefix="lti-tool-pg-", dir="/tmp"))
    process = None
    try:
        process = _start(programs, folder)
        yield PostgresServer(folder)
    finally:
        if process is not None:
            _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def fresh_postgres_url(postgres_server: PostgresServer) -> Iterator[FreshPostgresUrl]:
    """A function that makes a new database and returns its URL. What it made is given back after the test."""
    made: list[str] = []

    def new_url(prepare: Prepare | None = None) -> str:
        made.append(postgres_server.new_database(prepare))
        return postgres_server.url(made[-1])

    yield new_url
    for name in made:
        postgres_server.give_back(name)


def _start(programs: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Make a cluster in the folder and start its server, as a user that PostgreSQL accepts."""
    user = _server_user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    as_user = _as_user(user)
    data, log = folder / "data", folder / "log"
    with log.open("wb") as output:
        making = subprocess.run(
            [*as_user, programs / "initdb", "-D", data, *_cluster_options(programs)],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            check=False,
        )
        if making.returncode != 0:
            pytest.fail(f"initdb failed:\n{log.read_text()}", pytrace=False)
        options = [f"--{name}={value}" for name, value in SERVER_OPTIONS.items()]
        server = subprocess.Popen(
            [*as_user, programs / "postgres", "-D", data, "-k", folder, *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    try:
        _wait_until_it_answers(server, folder, log)
    except BaseException:
        _stop(server)
        raise
    return server


def _server_user() -> pwd.struct_passwd | None:
    """Whom to run the server as: PostgreSQL refuses root, so root lends it to a user without rights."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _as_user(user: pwd.struct_passwd | None) -> list[str]:
    """What to put before a command so that it runs as the user, and ends when the test run does, even by a kill."""
    # SIGQUIT is PostgreSQL's immediate shutdown.
    prefix = ["setpriv", "--pdeathsig", "QUIT"]
    if user is not None:
        prefix += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return [*prefix, "--"]


def _cluster_options(programs: Path) -> list[str]:
    """How to make the cluster. From version 15 on text is ordered as in a language, as on most servers in use.

    An order by bytes, which is quicker to set up, would hide queries that count on it.
    """
    options = ["--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]
    answer = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"\d+", answer)
    if version and int(version[0]) >= 15:
        options += ["--locale-provider=icu", "--icu-locale=en-US"]
    return options


def _wait_until_it_answers(server: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
            return
        time.sleep(0.02)
    pytest.fail(f"PostgreSQL did not start:\n{log.read_text()}", pytrace=False)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Stop at once, without tidying: the folder is thrown away."""
    server.send_signal(signal.SIGQUIT)
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
