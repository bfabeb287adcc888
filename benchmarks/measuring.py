"""Measuring contestants side by side: each round runs every one of them once, so that noise meets all alike."""

import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """The middle of a row of figures, and the quarters on either side of it."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f})"


def spread(figures: list[float]) -> Spread:
    low, median, high = statistics.quantiles(figures, n=4, method="inclusive")
    return Spread(median, low, high)


@dataclass(frozen=True)
class Rounds:
    """The milliseconds each contestant took, round by round."""

    times: Mapping[str, list[float]]

    def milliseconds(self, name: str) -> Spread:
        return spread(self.times[name])

    def ratio(self, name: str, peer: str) -> Spread:
        """How many times as long as its peer one took in the same round: a slow moment of the machine slows both."""
        return spread([mine / theirs for mine, theirs in zip(self.times[name], self.times[peer], strict=True)])


def run_rounds(contestants: Mapping[str, Callable[[], object]], rounds: int, warm_up: int = 20) -> Rounds:
    """Run every contestant once a round, in an order drawn anew each time; the first rounds do not count."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    order = list(contestants)
    shuffle = random.Random(1).shuffle
    for number in range(warm_up + rounds):
        shuffle(order)
        for name in order:
            begun = time.perf_counter()
            contestants[name]()
            if number >= warm_up:
                times[name].append((time.perf_counter() - begun) * 1000)
    return Rounds(times)
