"""Which numbers somebody has read, as ranges [first, last] in order: pure arithmetic."""

from collections.abc import Iterable, Sequence

Ranges = list[list[int]]


def with_numbers(ranges: Sequence[Sequence[int]], numbers: Iterable[int]) -> Ranges:
    """Return the ranges with these numbers added, neighbours and overlaps joined."""
    joined: Ranges = []
    for first, last in sorted([*map(tuple, ranges), *((number, number) for number in numbers)]):
        if joined and first <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], last)
        else:
            joined.append([first, last])
    return joined


def gaps(ranges: Sequence[Sequence[int]], highest: int) -> Ranges:
    """Return what of 1 … `highest` is in no range."""
    missing: Ranges = []
    next_unread = 1
    for first, last in ranges:
        if first > next_unread:
            missing.append([next_unread, min(first - 1, highest)])
        next_unread = max(next_unread, last + 1)
    if next_unread <= highest:
        missing.append([next_unread, highest])
    return [gap for gap in missing if gap[0] <= gap[1]]


def holds(ranges: Sequence[Sequence[int]], number: int) -> bool:
    return any(first <= number <= last for first, last in ranges)
