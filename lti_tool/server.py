"""The web server (gunicorn), with the worker embedded in exactly one of its processes where that is wanted."""

import fcntl
from pathlib import Path
from typing import Any, TextIO

from flask import Flask
from gunicorn.app.base import BaseApplication

from lti_tool.app import build_tool, create_app
from lti_tool.settings import Settings
from lti_tool.worker import Clockwork

THREADS = 8


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with our settings; each of its processes builds a tool of its own after the fork."""

    def __init__(self, settings: Settings, *, with_worker: bool) -> None:
        self._settings = settings
        self._with_worker = with_worker
        self._clockwork: Clockwork | None = None
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "workers": self._settings.workers,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": 60,
            "graceful_timeout": 10,
            "loglevel": "warning",
            "proc_name": "lti-tool",
            "control_socket_disable": True,
            "post_worker_init": self._embed_worker,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        tool, self._clockwork = build_tool(self._settings)
        return create_app(tool)

    def _embed_worker(self, process: Any) -> None:
        """Start the worker in the first process that gets the lock; if that process dies, its successor gets it."""
        if not self._with_worker or self._clockwork is None:
            return
        lock = take_lock(self._settings.var_dir / "worker.lock")
        if lock is not None:
            process.lock_of_embedded_worker = lock  # held as long as the process lives
            self._clockwork.consumer().start()


def take_lock(path: Path) -> TextIO | None:
    """Return the open file that holds the lock, or None if another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
