"""Gradebook columns in a process of their own: tokens, scores and results over HTTP/1.1, connections are kept.

    python -m benchmarks.column_server        # prints the port it has taken

It does little for a call (some 30 microseconds), so that whoever calls it is what is measured, and waits as long for
each score as it was told to. It keeps what it was sent and counts what it was asked; on request it fails at random,
by a seed, as an LMS does on a bad day.
"""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

REFUSALS = {
    "500": (500, "", "Internal Server Error"),
    "502": (502, "", "<html>Bad Gateway</html>"),
    "503": (503, "Retry-After: 5\r\n", "Service Unavailable"),
    "429": (429, "Retry-After: 2\r\n", "429 Too Many Requests (Rate Limit Exceeded)"),
    "403": (403, "", "403 Forbidden (Rate Limit Exceeded)"),  # Canvas, until October 2025
}
FAULTS = (*REFUSALS, "reset before", "reset after")


@dataclass
class Orders:
    """How to behave, set by `POST /orders`.

    `delay` is in seconds for each score; `faults` the share of scores and readings that fail; `revoke_at` the number of
    the score request at which every token given so far dies. `canvas`: takes a stamp equal to the last, which Moodle
    refuses, and may throttle by a 403.
    """

    delay: float = 0.0
    faults: float = 0.0
    seed: int = 1
    revoke_at: int | None = None
    canvas: bool = False


@dataclass
class Kept:
    """One accepted score: its stamp, what it said, and whether the answer to it was lost."""

    at: str
    points: float
    maximum: float
    answer_lost: bool


@dataclass
class Gradebook:
    """What the columns hold, by address and person, and what was asked of them."""

    orders: Orders = field(default_factory=Orders)
    luck: Random = field(default_factory=lambda: Random(1))
    token: int = 1
    counts: Counter[str] = field(default_factory=Counter)
    columns: defaultdict[str, dict[str, list[Kept]]] = field(default_factory=lambda: defaultdict(dict))

    def obey(self, orders: Orders) -> None:
        """Begin a new measurement: other behaviour, and counts from 0; the columns show what they showed."""
        self.orders, self.luck = orders, Random(orders.seed)
        self.counts.clear()

    def fault(self) -> str | None:
        if self.luck.random() >= self.orders.faults:
            return None
        kind = self.luck.choice(FAULTS if self.orders.canvas else [kind for kind in FAULTS if kind != "403"])
        self.counts[f"fault {kind}"] += 1
        return kind

    def store(self, column: str, body: bytes, *, answer_lost: bool) -> bool:
        """Keep a score unless one as new is there; the stamps are compared in whole seconds."""
        score = json.loads(body)
        posts, at = self.columns[column].setdefault(score["userId"], []), score["timestamp"][:19]
        if posts and (at < posts[-1].at or (at == posts[-1].at and not self.orders.canvas)):
            self.counts["stale"] += 1
            return False
        points, maximum = score["scoreGiven"], score["scoreMaximum"]
        if posts and (posts[-1].points, posts[-1].maximum) == (points, maximum):
            self.counts["repeats after a lost answer" if posts[-1].answer_lost else "repeats"] += 1
        posts[:] = [Kept(at, points, maximum, answer_lost)]
        return True

    def shown(self, column: str, person: str | None = None) -> list[dict[str, Any]]:
        cells = self.columns[column]
        people = cells if person is None else [person] if person in cells else []
        return [
            {"userId": one, "resultScore": cells[one][0].points, "resultMaximum": cells[one][0].maximum}
            for one in people
        ]


class Conversation(asyncio.Protocol):
    """One connection: a request, an answer, the next request."""

    def __init__(self, gradebook: Gradebook) -> None:
        self._gradebook = gradebook
        self._read = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, end, rest = self._read.partition(b"\r\n\r\n")
        if not end:
            return
        first, _, lines = head.decode("latin-1").partition("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines.split("\r\n"))}
        length = int(headers.get("content-length", 0))
        if len(rest) >= length:
            self._read = b""
            method, address, _ = first.split(" ")
            self._handle(method, address, headers.get("authorization", ""), rest[:length])

    def _handle(self, method: str, address: str, authorization: str, body: bytes) -> None:
        parts, book = urlsplit(address), self._gradebook
        column, _, service = parts.path.rpartition("/")
        if parts.path == "/token":
            book.counts["tokens"] += 1
            token = {"access_token": f"token-{book.token}", "token_type": "Bearer", "expires_in": 3600}
            self._answer(200, json.dumps(token))
        elif (method, service) == ("POST", "scores"):
            book.counts["scores"] += 1
            book.token += book.counts["scores"] == book.orders.revoke_at
            self._serve(authorization, lambda fault: self._take(column, body, fault), book.orders.delay)
        elif (method, service) == ("GET", "results"):
            book.counts["readings"] += 1
            cells = book.shown(column, parse_qs(parts.query).get("user_id", [None])[0])
            self._serve(authorization, lambda _: self._answer(200, json.dumps(cells)), 0.0)
        elif service == "orders":
            book.obey(Orders(**json.loads(body)))
            self._answer(200, "{}")
        elif service == "told":
            shown = {cell["userId"]: cell["resultScore"] for cell in book.shown(column)}
            self._answer(200, json.dumps({"counts": book.counts, "shown": shown}))
        else:
            self._answer(404, "")

    def _serve(self, authorization: str, do: Callable[[str | None], None], delay: float) -> None:
        """Check the token, let a fault strike, wait, and do what was asked."""
        if authorization != f"Bearer token-{self._gradebook.token}":
            self._gradebook.counts["refused tokens"] += 1
            self._answer(401, "")
            return
        fault = self._gradebook.fault()
        if fault == "reset before":
            self._transport.abort()
        elif fault in REFUSALS:
            status, headers, text = REFUSALS[fault]
            self._answer(status, text, headers)
        elif delay:
            asyncio.get_running_loop().call_later(delay, do, fault)
        else:
            do(fault)

    def _take(self, column: str, body: bytes, fault: str | None) -> None:
        lost = fault == "reset after"
        stored = self._gradebook.store(column, body, answer_lost=lost)
        if lost:
            self._transport.abort()
        else:
            self._answer(200 if stored else 409, "{}" if stored else "")

    def _answer(self, status: int, text: str, headers: str = "") -> None:
        body = text.encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


async def serve() -> None:
    gradebook = Gradebook()
    server = await asyncio.get_running_loop().create_server(lambda: Conversation(gradebook), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
