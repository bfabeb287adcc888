"""1,000 scores to an LMS that fails one call in twenty, and whose access tokens die midway: what is lost or wrong.

    python -m benchmarks.sync_faults [--seeds 3] [--postgres]

The faults are drawn by a seed: 500, 502, 503, 429 and Canvas's 403, a connection reset before the score was looked at,
and one reset after it was stored. They strike readings as well. The tool's clock is moved on to each retry; the peer is
PyLTI1p3's own client in a plain loop that notes what failed and goes on, or that ends there.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select

from benchmarks.peers_sending import PyLtiLoop
from benchmarks.sending import Class, ColumnServer, open_school, running_column_server
from lti_tool.models import GradebookScore, SyncState

SCORES = 1000
SHARE = 0.05
MOST_ROUNDS = 100
ACCENTS = ("canvas", "moodle")
NEEDS_SOMEBODY = (SyncState.NEEDS_TEACHER, SyncState.NEEDS_ADMINISTRATOR, SyncState.CONFLICT)


@dataclass(frozen=True)
class Outcome:
    """How 1,000 scores fared. A repeat is the same score taken twice; after a lost answer nobody could know better."""

    lost: int
    wrong: int
    repeats: int
    repeats_after_lost_answer: int
    answers_lost: int
    needs_somebody: int
    requests: int
    faults: int

    def __str__(self) -> str:
        return (
            f"lost {self.lost}, wrong {self.wrong}, repeats {self.repeats} (and {self.repeats_after_lost_answer} after "
            f"{self.answers_lost} lost answers), left to people {self.needs_somebody}; "
            f"{self.requests} requests, {self.faults} of them failed"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="how many draws of faults")
    parser.add_argument("--postgres", action="store_true", help="a database server of its own, instead of a file")
    options = parser.parse_args()
    for seed in range(1, options.seeds + 1):
        for accent in ACCENTS:
            with (
                running_column_server() as server,
                open_school(server, SCORES, accent, on_postgres=options.postgres) as school,
            ):
                print(f"seed {seed}, {accent}")
                for name, send in contestants(server, school).items():
                    print(f"  {name:26} {trial(server, school, name, send, accent, seed)}")


def contestants(server: ColumnServer, school: Class) -> dict[str, Callable[[dict[str, Decimal]], None]]:
    """Who sends, by the column that each writes into."""

    def plain_loop(column: str, *, goes_on: bool) -> Callable[[dict[str, Decimal]], None]:
        def send(points: dict[str, Decimal]) -> None:
            loop = PyLtiLoop(server.url, column, school.tool.keyring, goes_on)
            loop.prepare(points)
            loop()

        return send

    return {
        "tool": lambda points: send_until_settled(school, points),
        "PyLTI1p3-notes-and-goes-on": plain_loop("PyLTI1p3-notes-and-goes-on", goes_on=True),
        "PyLTI1p3-ends-there": plain_loop("PyLTI1p3-ends-there", goes_on=False),
    }


def trial(
    server: ColumnServer,
    school: Class,
    column: str,
    send: Callable[[dict[str, Decimal]], None],
    accent: str,
    seed: int,
) -> Outcome:
    """Send 1,000 scores through the faults and count what the column shows in the end."""
    points = school.other_points()
    server.order(faults=SHARE, seed=seed, revoke_at=SCORES // 2, canvas=accent == "canvas")
    send(points)
    counts, shown = server.counts(), server.shown(column)
    wanted = {key: float(given) for key, given in points.items()}
    return Outcome(
        lost=len(wanted.keys() - shown.keys()),
        wrong=sum(shown[key] != wanted[key] for key in shown),
        repeats=counts["repeats"],
        repeats_after_lost_answer=counts["repeats after a lost answer"],
        answers_lost=counts["fault reset after"],
        needs_somebody=_left_to_people(school) if column == "tool" else 0,
        requests=counts["scores"],
        faults=sum(number for name, number in counts.items() if name.startswith("fault")) + counts["refused tokens"],
    )


def send_until_settled(school: Class, points: dict[str, Decimal]) -> None:
    """Do what the worker does, and move the clock on to each retry, until nothing is due any more."""
    school.want(points)
    for _round in range(MOST_ROUNDS):
        school.clockwork.deliver()
        due = _next_due(school)
        if due is None:
            return
        school.clock.ahead += max(due - school.clock(), timedelta()) + timedelta(seconds=1)
    raise RuntimeError(f"scores are due after {MOST_ROUNDS} rounds")


def _next_due(school: Class) -> datetime | None:
    with school.tool.database.reading() as session:
        return session.scalar(select(func.min(GradebookScore.due_at)))


def _left_to_people(school: Class) -> int:
    with school.tool.database.reading() as session:
        left = select(func.count()).select_from(GradebookScore).where(GradebookScore.state.in_(NEEDS_SOMEBODY))
        return session.scalar(left) or 0


if __name__ == "__main__":
    main()
