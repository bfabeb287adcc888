"""`python -m lti_tool.practice_lms`: serve the practice LMS on this machine."""

import argparse
import signal
import socket
import sys
import threading
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from . import ToolAddresses, create_practice_lms
from .accents import ACCENTS


class QuietHandler(WSGIRequestHandler):
    """Does not write a line for each request."""

    def log(self, type: str, message: str, *args: object) -> None:
        if type == "error":
            super().log(type, message, *args)


def tool_at(url: str) -> ToolAddresses:
    """The usual addresses of the tool below one URL."""
    base = url.rstrip("/")
    return ToolAddresses(f"{base}/lti/login", f"{base}/lti/launch", f"{base}/.well-known/jwks.json")


def _port_in_use(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _serve(server: BaseWSGIServer) -> None:
    """Serve until SIGTERM or SIGINT."""

    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server.serve_forever()
    server.server_close()


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lti_tool.practice_lms", description="A practice LMS.")
    parser.add_argument("--port", type=int, default=8001, help="port on this machine (default 8001)")
    parser.add_argument("--tool-url", default="http://localhost:8000", help="where the tool is")
    parser.add_argument("--folder", type=Path, required=True, help="folder for the grades and the key")
    parser.add_argument("--accent", choices=sorted(ACCENTS), default="canvas", help="which LMS to speak like")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Run from the command line; 0 when stopped by a signal, 1 when it cannot start."""
    asked = _arguments(words)
    if _port_in_use(asked.port):
        print(f"practice LMS: port {asked.port} is in use; choose another with --port", file=sys.stderr)
        return 1
    url = f"http://localhost:{asked.port}"
    app = create_practice_lms(asked.folder, url, tool_at(asked.tool_url), asked.accent)
    try:
        server = make_server("127.0.0.1", asked.port, app, threaded=True, request_handler=QuietHandler)
    except (OSError, SystemExit) as problem:
        print(f"practice LMS: cannot listen on port {asked.port}: {problem}", file=sys.stderr)
        return 1
    print(f"practice LMS ({asked.accent}) at {url}", flush=True)
    _serve(server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
