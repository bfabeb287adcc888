"""Several threads that begin at the same instant, and whose failures fail the test."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """Run `work(0)` … `work(count - 1)` in a thread each and return what they return."""
    start = threading.Barrier(count)

    def run(number: int) -> T:
        start.wait(timeout=30)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return [run.result(timeout=60) for run in [pool.submit(run, number) for number in range(count)]]
