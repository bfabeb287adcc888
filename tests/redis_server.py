"""A throw-away Redis for the tests: a server on a port of its own, which keeps nothing and wants a password."""

import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.stage import free_port
from tests.system_parts import NO_REDIS, find_redis, unavailable

START_SECONDS = 30


@contextmanager
def running_redis() -> Iterator[str]:
    """A server that runs while the block does; gives its address, password included."""
    program = find_redis()
    if program is None:
        unavailable(NO_REDIS)
    port, password = free_port(), secrets.token_urlsafe(16)
    folder = Path(tempfile.mkdtemp(prefix="lti-tool-redis-"))
    options = f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndir "{folder}"\n'
    # The server ends with the test run, even when that is killed; the password is in no list of processes.
    with (folder / "log").open("wb") as output:
        server = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", program, "-"],
            stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        assert server.stdin is not None
        server.stdin.write(options.encode())
        server.stdin.close()
        _wait_until_it_listens(server, port, folder / "log")
        yield f"redis://:{password}@127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_it_listens(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail(f"Redis did not start:\n{log.read_text()}", pytrace=False)
