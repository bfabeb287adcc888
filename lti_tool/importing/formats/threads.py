"""From comments in any order to a thread: parents first, numbered, and none lost because its parent is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import heappop, heappush

from lti_tool.importing.formats.found import ArchivedComment, Standing, Writer
from lti_tool.wording import say

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class LooseComment:
    """A comment as a file lists it, by ids of the file's own; `answers` is "" at top level."""

    id: str
    answers: str
    writer: Writer
    text: str
    standing: Standing = Standing.SHOWN
    written_at: datetime | None = None
    edited_at: datetime | None = None


def thread_of(loose: Sequence[LooseComment]) -> tuple[ArchivedComment, ...]:
    """Return the comments numbered by age, each after the one that it answers.

    One whose parent is not there, or that answers itself by a detour, stands at top level and says so.
    """
    places = {one.id: place for place, one in enumerate(loose) if one.id}
    parents = [places.get(one.answers) if one.answers else None for one in loose]
    numbers: dict[int, int] = {}
    return tuple(_numbered(loose[place], numbers, place, parents[place]) for place in _parents_first(loose, parents))


def _parents_first(loose: Sequence[LooseComment], parents: Sequence[int | None]) -> Iterator[int]:
    answers: dict[int | None, list[int]] = {}
    for place, parent in enumerate(parents):
        answers.setdefault(parent, []).append(place)
    times = _times(loose)
    ready: list[tuple[datetime, int]] = []
    waiting = set(range(len(loose)))

    def offer(places: Sequence[int]) -> None:
        for place in places:
            if place in waiting:
                heappush(ready, (times[place], place))

    offer(answers.get(None, ()))
    for start in range(len(loose)):
        if not ready and start in waiting:
            offer((start,))  # no root leads to it: a ring, which is opened here
        while ready:
            _, place = heappop(ready)
            if place in waiting:
                waiting.remove(place)
                yield place
                offer(answers.get(place, ()))


def _times(loose: Sequence[LooseComment]) -> list[datetime]:
    """When each was written; where the file does not say, as late as the one before it in the file."""
    times, latest = [], _BEFORE_ALL
    for one in loose:
        latest = one.written_at or latest
        times.append(latest)
    return times


def _numbered(one: LooseComment, numbers: dict[int, int], place: int, parent: int | None) -> ArchivedComment:
    number = numbers[place] = len(numbers) + 1
    answered = numbers.get(parent) if parent is not None else None
    if answered is not None:
        reason = say("The file names the comment that it answers.")
    elif parent is not None:
        reason = say("It and others answer one another in a ring, so it stands at top level.")
    elif one.answers:
        reason = say("The comment that it answers is not in the file, so it stands at top level.")
    else:
        reason = say("The file has it at top level.")
    return ArchivedComment(
        number=number,
        parent=answered,
        author=one.writer.name or None,
        text=one.text,
        reason=reason,
        writer=one.writer,
        standing=one.standing,
        written_at=one.written_at,
        edited_at=one.edited_at,
    )
