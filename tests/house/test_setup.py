"""The tests' own parts: the throw-away PostgreSQL, the browser, and the scripts that set up."""

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.browser import FAILURES_FOLDER, People
from tests.postgres import FreshPostgresUrl, PostgresServer
from tests.postgres_reuse import state
from tests.system_parts import PROJECT_FOLDER


def _rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return connection.execute(query).fetchall()


def _with_a_table(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE word AS SELECT 'blog' AS text")


def test_each_database_is_new(fresh_postgres_url: FreshPostgresUrl) -> None:
    prepared, copied, empty = fresh_postgres_url(_with_a_table), fresh_postgres_url(_with_a_table), fresh_postgres_url()
    assert len({prepared, copied, empty}) == 3
    assert _rows(prepared, "SELECT text FROM word") == _rows(copied, "SELECT text FROM word") == [("blog",)]
    assert _rows(empty, "SELECT to_regclass('word')") == [(None,)]


def test_databases_are_dropped_after_use(postgres_server: PostgresServer) -> None:
    name = postgres_server.new_database()
    with postgres_server.connect(name):
        postgres_server.drop_database(name)
    assert (name,) not in _rows(postgres_server.admin_url, "SELECT datname FROM pg_database")


def _with_an_empty_table(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE sentence (id int GENERATED ALWAYS AS IDENTITY, text text)")
        connection.execute("CREATE TABLE word AS SELECT 'blog' AS text")


def _used(server: PostgresServer, *commands: str) -> str:
    """Let a test use a database and give it back, and return the name of the next one."""
    name = server.new_database(_with_an_empty_table)
    with server.connect(name) as connection:
        for command in commands:
            connection.execute(command)  # type: ignore[call-overload]  # psycopg wants to see it written out
        server.give_back(name)  # while somebody is still there
    following = server.new_database(_with_an_empty_table)
    assert (name,) not in _rows(server.admin_url, "SELECT datname FROM pg_database")
    return following


def test_a_database_used_before_is_as_new(postgres_server: PostgresServer) -> None:
    name = _used(postgres_server, "INSERT INTO sentence (text) VALUES ('What a test left')")
    with postgres_server.connect(name) as connection:
        assert connection.execute("SELECT pg_relation_size('sentence')").fetchone() == (0,)
        added = connection.execute("INSERT INTO sentence (text) VALUES ('x') RETURNING id, text")
        assert added.fetchall() == [(1, "x")]
        assert connection.execute("SELECT text FROM word").fetchall() == [("blog",)]


CHANGES = {
    "a row that was there": "UPDATE word SET text = 'log'",
    "a table": "CREATE TABLE other ()",
    "a column": "ALTER TABLE sentence ADD more int",
    "a constraint": "ALTER TABLE sentence ADD CONSTRAINT short CHECK (length(text) < 9)",
    "a schema": "CREATE SCHEMA other",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_database_that_cannot_be_as_new_is_used_no_more(postgres_server: PostgresServer, change: str) -> None:
    name = _used(postgres_server, change)
    with postgres_server.connect(name) as connection:
        assert state(connection) == postgres_server.prepared[_with_an_empty_table]


def test_text_is_ordered_as_in_a_language(postgres_server: PostgresServer) -> None:
    if postgres_server.version < 15:
        pytest.skip("before PostgreSQL 15 the test cluster orders by bytes")
    words = _rows(postgres_server.admin_url, "SELECT w FROM unnest(array['Zoo', 'apple']) w ORDER BY w")
    assert words == [("apple",), ("Zoo",)]


def test_pages_belong_to_separate_people(new_page: People) -> None:
    phone, desk = new_page(390, 844, dark=True), new_page()
    phone.goto("data:text/html,<title>phone</title>")
    assert phone.evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]") == [390, True]
    assert desk.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is False
    assert phone.context is not desk.context


def test_allowed_errors_pass(new_page: People) -> None:
    page = new_page(allow=["as expected"])
    page.goto("data:text/html,<script>console.error('as expected'); throw new Error('as expected')</script>")


FAILING_TEST = """
pytest_plugins = ["tests.browser"]

def test_of_a_broken_page(new_page):
    new_page().goto("data:text/html,<h1>Kept</h1><script>throw new Error('broken script')</script>")
"""


@pytest.mark.usefixtures("chromium")
def test_errors_on_a_page_fail_its_test(tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text(FAILING_TEST)
    run = _run_tests(tmp_path)
    assert run.returncode == 1
    assert "script: broken script" in run.stdout
    kept = sorted(FAILURES_FOLDER.glob("*test_of_a_broken_page-1.*"))
    assert [path.suffix for path in kept] == [".html", ".png"]
    assert "<h1>Kept</h1>" in kept[0].read_text()
    for path in kept:
        path.unlink()


KILLED_TEST = """
import os
from pathlib import Path

pytest_plugins = ["tests.postgres"]

def test_killed(postgres_server):
    Path({note!r}).write_text((postgres_server.folder / "data" / "postmaster.pid").read_text())
    os.kill(os.getpid(), {number})
"""

STAND_IN = """
import signal, sys
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
print("ready", flush=True)
signal.pause()
"""


def test_ctrl_c_ends_make_without_an_error(tmp_path: Path) -> None:
    makefile = tmp_path / "Makefile"
    makefile.write_text(
        f"demo:\n\t@exec '{sys.executable}' '{PROJECT_FOLDER}/setup/run_in_foreground.py' "
        f"'{sys.executable}' '{tmp_path}/stand_in.py'\n"
    )
    (tmp_path / "stand_in.py").write_text(STAND_IN)
    make, terminal = pty.fork()
    if make == 0:
        os.execvp("make", ["make", "-f", str(makefile), "demo"])
    shown = b""
    while b"ready" not in shown:
        shown += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    _, status = os.waitpid(make, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert b"***" not in shown


def test_without_a_terminal_the_command_takes_its_place() -> None:
    command = [sys.executable, "setup/run_in_foreground.py", sys.executable, "-c", "import os; print(os.getpid())"]
    run = subprocess.Popen(command, cwd=PROJECT_FOLDER, stdout=subprocess.PIPE, text=True, start_new_session=True)
    output, _ = run.communicate(timeout=30)
    assert output.strip() == str(run.pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.usefixtures("postgres_server")
def test_postgres_ends_with_a_killed_test_run(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "test_killed.py").write_text(KILLED_TEST.format(number=int(number), note=str(tmp_path / "note")))
    assert _run_tests(tmp_path).returncode == -number
    process, data_folder = (tmp_path / "note").read_text().split()[:2]
    with suppress(ProcessLookupError):
        ended, _, _ = select.select([os.pidfd_open(int(process))], [], [], 30)
        assert ended, "PostgreSQL outlived the test run"
    shutil.rmtree(Path(data_folder).parent)


def _run_tests(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the tests of another folder with this project's settings."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "pyproject.toml", str(folder)]
    return subprocess.run(command, cwd=PROJECT_FOLDER, capture_output=True, text=True, check=False)
