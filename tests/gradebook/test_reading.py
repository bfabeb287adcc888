"""A few scores are read one by one, many by their column; and no conflict is said on the word of an old reading."""

from datetime import timedelta
from decimal import Decimal

from lti_tool.gradebook.claiming import Delivery
from lti_tool.gradebook.reading import Readings
from lti_tool.gradebook.shown import SentBefore, ShownScore, Verdict
from tests.a_school import NOW
from tests.gradebook.an_outbox import a_score

TOOK = (SentBefore(Decimal(6), Decimal(10), 0, is_certain=True),)


class Gradebook:
    """Shows one thing in a cell and another in the column, as when a score arrived after the column was read."""

    def __init__(self, cell: float | None, column: float | None) -> None:
        self.cell, self.column = cell, column
        self.asked: list[bool] = []

    def shown_scores(self, delivery: Delivery, *, everybody: bool) -> dict[str, ShownScore] | None:
        self.asked.append(everybody)
        points = self.column if everybody else self.cell
        return {} if points is None else {delivery.person_key: ShownScore(points, 10)}


def a_delivery(sent_before: tuple[SentBefore, ...] = TOOK) -> Delivery:
    return Delivery(
        1, 1, 1, "D1", "https://lms.example/items/1", (), "anna", a_score("7"), NOW, None, "", False, sent_before
    )


def verdicts(readings: Readings, count: int) -> set[Verdict]:
    return {readings.judge(a_delivery())[0] for _ in range(count)}


def test_many_are_read_once() -> None:
    gradebook = Gradebook(6, 6)
    assert verdicts(Readings(gradebook, lambda: NOW), 20) == {Verdict.SEND}
    assert gradebook.asked == [False, False, False, True]


def test_a_column_is_read_anew_after_a_while() -> None:
    gradebook, passed = Gradebook(6, 6), iter(range(0, 1000, 20))
    verdicts(Readings(gradebook, lambda: NOW + timedelta(seconds=next(passed))), 8)
    assert gradebook.asked == [False] * 3 + [True] * 3


def test_an_old_reading_makes_no_conflict() -> None:
    assert verdicts(Readings(Gradebook(cell=6, column=5), lambda: NOW), 9) == {Verdict.SEND}


def test_what_was_sent_is_part_of_the_reading() -> None:
    gradebook = Gradebook(6, 6)
    readings = Readings(gradebook, lambda: NOW)
    verdicts(readings, 4)
    readings.note_sent(a_delivery())
    assert readings.judge(a_delivery((SentBefore(Decimal(7), Decimal(10), 0, is_certain=True),)))[0] is Verdict.SEND
    assert gradebook.asked == [False, False, False, True]
