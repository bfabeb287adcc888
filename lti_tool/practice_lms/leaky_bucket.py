"""Canvas's throttle: a leaky bucket that each call fills by what it costs (app/middleware/request_throttle.rb)."""

import threading
from datetime import datetime

FULL_AT = 600.0
HOLDS_AT_MOST = 800.0
LEAKS_PER_SECOND = 10.0
RESERVED = 50.0


class LeakyBucket:
    """One bucket for the whole tool: a call reserves 50 while it runs and pays its real cost at its end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._level = 0.0
        self._at: datetime | None = None

    def _leak(self, now: datetime) -> None:
        if self._at is not None:
            self._level = max(0.0, self._level - (now - self._at).total_seconds() * LEAKS_PER_SECOND)
        self._at = now

    def enter(self, now: datetime) -> bool:
        """Reserve for a call that begins; False when the bucket is full."""
        with self._lock:
            self._leak(now)
            if self._level >= FULL_AT:
                return False
            self._level = min(self._level + RESERVED, HOLDS_AT_MOST)
            return True

    def leave(self, now: datetime, cost: float) -> None:
        """Give back what was reserved and pay what the call cost."""
        with self._lock:
            self._leak(now)
            self._level = min(max(0.0, self._level - RESERVED) + cost, HOLDS_AT_MOST)

    def remaining(self) -> float:
        """How much a client may still use before it is refused."""
        with self._lock:
            return max(0.0, FULL_AT - self._level)
