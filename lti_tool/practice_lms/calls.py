"""A record of every service call the tool made, in the order of the answers."""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

KEPT = 20_000


@dataclass(frozen=True)
class Call:
    """One call: what was asked and the status answered (0 when the connection was closed without an answer)."""

    method: str
    url: str
    headers: dict[str, str]
    body: str
    status: int
    at: str


class CallRecord:
    """A list of calls that several threads may append to. The last 20,000 are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[Call] = deque(maxlen=KEPT)

    def add(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()

    def to(self, part: str, method: str | None = None) -> list[Call]:
        """The calls whose address contains `part`."""
        return [call for call in self if part in call.url and method in (None, call.method)]

    def __iter__(self) -> Iterator[Call]:
        with self._lock:
            return iter(list(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    def __getitem__(self, index: int) -> Call:
        with self._lock:
            return self._calls[index]
