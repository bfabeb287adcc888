"""The bell: the queue that wakes a worker, and the consumer that listens to it. What is to be done stands elsewhere."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.consumer import Consumer
from huey.exceptions import ConfigurationError
from huey.serializer import SignedSerializer
from psycopg import errors
from redis.exceptions import RedisError

from lti_tool.errors import SetUpProblem
from lti_tool.settings import Settings

SWEEP_SECONDS = 90.0  # the queue's own clock delivers each minute


def open_queue(settings: Settings) -> Huey:
    """Open the queue that the settings name, by default beside the database. Raises SetUpProblem."""
    default = f"sqlite:///{settings.var_dir / 'queue.sqlite3'}" if settings.on_sqlite else settings.database_url
    url = settings.queue_url or default
    common: dict[str, Any] = {
        "name": "lti-tool",
        "results": False,
        "serializer": SignedSerializer(secret=settings.secret(), salt="lti-tool-queue"),
    }
    try:
        if url.startswith("sqlite:///"):
            path = Path(url.removeprefix("sqlite:///"))
            path.parent.mkdir(parents=True, exist_ok=True)
            return SqliteHuey(filename=str(path), **common)
        if url.startswith("redis"):
            queue = RedisHuey(url=url, **common)
            queue.storage.conn.ping()  # it would connect at the first ring alone
            return queue
        return _on_postgres(url.replace("postgresql+psycopg", "postgresql"), common)
    except (ConfigurationError, RedisError, psycopg.Error, OSError) as problem:
        why = str(problem).splitlines()[0].rstrip(".:")
        setting = "LTI_TOOL_QUEUE_URL" if settings.queue_url else "LTI_TOOL_DATABASE_URL"
        raise SetUpProblem(f"The queue cannot be opened: {why}.", f"Check {setting}.") from None


def _on_postgres(dsn: str, common: dict[str, Any]) -> PostgresHuey:
    """Another process may make the queue's tables at the same instant: then they are there at the second attempt."""
    try:
        return PostgresHuey(dsn=dsn, **common)
    except (errors.UniqueViolation, errors.DuplicateTable, errors.DuplicateObject):
        return PostgresHuey(dsn=dsn, **common)


class QuietConsumer(Consumer):  # type: ignore[misc]  # huey has no types
    """A consumer that leaves signals to whoever runs the process: huey's takes SIGTERM over even inside gunicorn.

    Beside huey's threads one of its own sweeps, for the time that the queue's server is down.
    """

    def __init__(
        self, queue: Huey, sweep: Callable[[], None], sweep_seconds: float = SWEEP_SECONDS, **options: Any
    ) -> None:
        super().__init__(queue, **options)
        self._sweep = sweep
        self._pause = sweep_seconds / 3
        self._stopped = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep_until_stopped, name="sweep", daemon=True)

    def start(self) -> None:
        super().start()
        self._sweeper.start()

    def stop(self, graceful: bool = False) -> None:
        self._stopped.set()
        super().stop(graceful)
        if graceful and self._sweeper.is_alive():
            self._sweeper.join()

    def _sweep_until_stopped(self) -> None:
        while not self._stopped.wait(self._pause):
            self._sweep()

    def _set_signal_handlers(self) -> None:
        pass
