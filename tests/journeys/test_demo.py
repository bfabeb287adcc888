"""The demo as a process: it says what to open, keeps what it has, stops when asked, and says why it cannot start."""

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.journeys.walking import Demo, bare_environment, running_demo, wait_until
from tests.stage import free_port

STOP_SECONDS = 15


def test_it_serves_and_a_second_run_doubles_nothing(tmp_path: Path) -> None:
    ports = (free_port(), free_port())
    with running_demo(tmp_path, ports=ports) as first:
        assert requests.get(f"{first.tool_url}/readyz", timeout=10).ok
        assert "HIST 3644" in requests.get(first.lms_url, timeout=10).text
        _stop(first)
    before = _rows(tmp_path)
    assert (before["platform"], before["post"], before["comment"]) == (1, 1, 9)
    keys = sorted(path.name for path in (tmp_path / "keys").glob("*.pem"))
    assert len(keys) == 1
    with running_demo(tmp_path, ports=ports) as second:
        assert requests.get(f"{second.tool_url}/readyz", timeout=10).ok
        _stop(second)
    assert _rows(tmp_path) == before
    assert sorted(path.name for path in (tmp_path / "keys").glob("*.pem")) == keys


def test_the_sample_class_is_matched_to_its_people(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        expected = [("Zoë Hartmann", 4.0, 4.0)]
        wait_until(lambda: _ledger(tmp_path) == expected, f"{expected} in the ledger; it is {_ledger(tmp_path)}")
        _stop(demo)


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for options in (["--port", str(port), "--lms-port", str(free_port())], ["--lms-port", str(port)]):
            if "--port" not in options:
                options += ["--port", str(free_port())]
            done = subprocess.run(
                [sys.executable, "-m", "lti_tool", "demo", *options],
                cwd=tmp_path,
                env=bare_environment(),
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 1
            assert (done.stdout + done.stderr).splitlines() == [
                f"Error: Port {port} is in use. Stop what uses it, or choose others: --port, --lms-port."
            ]
    assert list(tmp_path.iterdir()) == []  # it did not even begin


def _ledger(folder: Path) -> list[tuple[str, float, float]]:
    """What `lti-tool sync` shows beside the running demo: name, score wanted, score that the LMS took."""
    command = [sys.executable, "-m", "lti_tool", "sync", "--json"]
    shown = subprocess.run(command, cwd=folder, env=bare_environment(), capture_output=True, text=True, check=True)
    return [(line["name"], line["wanted"], line["lms_shows"]) for line in json.loads(shown.stdout)]


def _stop(demo: Demo) -> None:
    """Press Ctrl-C; both servers end, and soon."""
    began = time.monotonic()
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(STOP_SECONDS) == 0, demo.words
    assert time.monotonic() - began < STOP_SECONDS
    assert "Traceback" not in demo.words
    assert "Stopped. Nothing is lost" in demo.words
    for url in (demo.tool_url, demo.lms_url):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(url.rsplit(":", 1)[1]))) != 0, f"{url} still answers"


_COME_AND_GO = ("login", "visit", "send_attempt", "service_token")


def _rows(folder: Path) -> dict[str, int]:
    """How many rows each table holds.

    Logins and visits come with each launch, attempts and tokens with what the worker does, so they are left out.
    """
    database = sqlite3.connect(folder / "var" / "lti_tool.sqlite3")
    try:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = [table for table in tables if table not in _COME_AND_GO and not table.startswith("sqlite_")]
        return {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in kept}
    finally:
        database.close()
