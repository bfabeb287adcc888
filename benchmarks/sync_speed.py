"""How long 1,000 scores take to the LMS, beside a raw loop and PyLTI1p3's own client.

    python -m benchmarks.sync_speed [--rounds 5] [--postgres]

The LMS is `column_server`, a process of its own; each contestant writes into a column of its own. The tool's scores are
due in a database file, and it is asked what `lti-tool sync --now` asks of it: `Clockwork.send_all`.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from benchmarks.measuring import Rounds
from benchmarks.peers_sending import PyLtiLoop, RawLoop
from benchmarks.sending import Class, ColumnServer, open_school, running_column_server

SCORES, IN_FLIGHT = 1000, 8
SLOW_SECONDS = 0.05
QUICK_ROUNDS_EACH = 4  # as many quick rounds as fit into the time of a slow one


@dataclass(frozen=True)
class Contestant:
    """One way to send: what is made ready for a turn, which is not timed, and the sending."""

    prepare: Callable[[dict[str, Decimal]], None]
    send: Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds at 50 ms; four times as many at 0 ms")
    parser.add_argument("--postgres", action="store_true", help="a database server of its own, instead of a file")
    options = parser.parse_args()
    print(f"{SCORES} scores, {'PostgreSQL' if options.postgres else 'SQLite'}")
    with opened(options.postgres) as (server, school):
        contestants = {"tool": of_tool(school), "raw": of_raw(server), "PyLTI1p3": of_pylti(server, school)}
        tell("0 ms a call", run_rounds(server, school, contestants, options.rounds * QUICK_ROUNDS_EACH, 0), "PyLTI1p3")
        nothing_changed(server, school)
    with opened(options.postgres) as (server, school):  # anew, for the tool learns how quick an LMS is
        contestants = {"tool": of_tool(school), "raw": of_raw(server)}
        timed = run_rounds(server, school, contestants, options.rounds, SLOW_SECONDS)
        tell(f"{SLOW_SECONDS * 1000:.0f} ms a call, {IN_FLIGHT} in flight", timed, "raw")


@contextmanager
def opened(on_postgres: bool) -> Iterator[tuple[ColumnServer, Class]]:
    with running_column_server() as server, open_school(server, SCORES, on_postgres=on_postgres) as school:
        yield server, school


def of_tool(school: Class) -> Contestant:
    return Contestant(school.want, school.clockwork.send_all)


def of_raw(server: ColumnServer) -> Contestant:
    loop = RawLoop(f"{server.url}/raw/scores", server.token(), IN_FLIGHT)
    return Contestant(loop.prepare, loop)


def of_pylti(server: ColumnServer, school: Class) -> Contestant:
    loop = PyLtiLoop(server.url, "PyLTI1p3", school.tool.keyring)
    return Contestant(loop.prepare, loop)


def run_rounds(
    server: ColumnServer, school: Class, contestants: Mapping[str, Contestant], rounds: int, delay: float
) -> Rounds:
    """Let everyone send 1,000 changed scores in each round, in an order drawn anew; the first round does not count."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    order, shuffle = list(contestants), Random(1).shuffle
    for turn in range(rounds + 1):
        shuffle(order)
        points = school.other_points()
        for name in order:
            contestants[name].prepare(points)
            server.order(delay=delay, canvas=True)
            next_second()
            begun = time.perf_counter()
            contestants[name].send()
            took = time.perf_counter() - begun
            check(server, name, points)
            if turn:
                times[name].append(took * 1000)
    return Rounds(times)


def next_second() -> None:
    """An LMS compares stamps in whole seconds, and the tool waits for the next one rather than repeat one."""
    time.sleep(1.01 - time.time() % 1)


def check(server: ColumnServer, name: str, points: Mapping[str, Decimal]) -> None:
    """Raise RuntimeError unless the column shows every score, each sent once."""
    sent, shown = server.counts()["scores"], server.shown(name)
    if sent != len(points) or shown != {key: float(given) for key, given in points.items()}:
        raise RuntimeError(f"{name} sent {sent} scores, and not all arrived")


def tell(title: str, timed: Rounds, peer: str) -> None:
    print(f"\n{title}, {len(timed.times['tool'])} rounds: median and, in brackets, the quarters on either side of it")
    for name, taken in timed.times.items():
        print(f"  {name:8} {timed.milliseconds(name)} ms, the quickest {min(taken):.0f}")
    quickest = min(timed.times["tool"]) / min(timed.times[peer])
    print(f"  tool / {peer} = {timed.ratio('tool', peer)} x, the quickest of each {quickest:.2f} x")


def nothing_changed(server: ColumnServer, school: Class) -> None:
    """Work the same scores out once more, and let the worker do its whole round."""
    school.clockwork.check_sent()
    school.want(school.points)
    server.order()
    begun = time.perf_counter()
    school.clockwork.deliver()
    took, counts = time.perf_counter() - begun, server.counts()
    print(f"\nNothing changed: {counts['scores']} scores and {counts['readings']} readings asked, {took * 1000:.0f} ms")


if __name__ == "__main__":
    main()
