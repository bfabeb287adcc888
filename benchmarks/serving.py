"""The tool and its peers under gunicorn, each a process of its own on a port of the loopback interface."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from lti_tool.server import THREADS
from tests.stage import free_port

PROJECT = Path(__file__).parent.parent
_PATIENCE_SECONDS = 20


@contextmanager
def serving_tool(port: int, environment: Mapping[str, str], *, with_worker: bool = False) -> Iterator[None]:
    """Run `lti-tool serve`, as an operator would."""
    command = [sys.executable, "-m", "lti_tool", "serve", "--worker" if with_worker else "--no-worker"]
    with _running(command, port, {**environment, "LTI_TOOL_PORT": str(port)}):
        yield


@contextmanager
def serving_app(place: str, environment: Mapping[str, str]) -> Iterator[int]:
    """Run a bare application, `module:call()`, under gunicorn as the tool is; gives the port."""
    port = free_port()
    options = ["--worker-class", "gthread", "--threads", str(THREADS), "--no-control-socket"]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *options, "--log-level", "error", place]
    with _running(command, port, environment):
        yield port


class Get:
    """A GET over a connection that is kept, as browsers keep theirs."""

    def __init__(self, port: int, path: str, cookie: str = "") -> None:
        self._connection = HTTPConnection("127.0.0.1", port)
        self._path = path
        self._headers = {"Cookie": cookie} if cookie else {}

    def __call__(self) -> str:
        self._connection.request("GET", self._path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{self._path} answered {answer.status}")
        return body.decode()


@contextmanager
def _running(command: list[str], port: int, environment: Mapping[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=PROJECT, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    try:
        _wait_for(process, port)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing answers on port {port}")
