"""How many scores may be under way to one platform: more while it is quick, fewer when it is not or says so."""

import threading
from datetime import timedelta

import pytest

from lti_tool.gradebook.pace import BEGIN_WITH, Pace
from tests.gradebook.an_outbox import after


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> object:
        return after(self.seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(8, clock)  # type: ignore[arg-type]  # aware times, as the tool's clock gives


def answers(pace: Pace, clock: Clock, seconds: float, times: int = 100) -> None:
    for _ in range(times):
        with pace.timed():
            clock.seconds += seconds


def test_it_grows_to_the_most_while_answers_are_quick(pace: Pace, clock: Clock) -> None:
    assert pace.limit == BEGIN_WITH
    answers(pace, clock, 0.05, BEGIN_WITH)
    assert pace.limit == BEGIN_WITH + 1
    answers(pace, clock, 0.05)
    assert pace.limit == 8


def test_it_shrinks_while_answers_take_ever_longer(pace: Pace, clock: Clock) -> None:
    answers(pace, clock, 0.1)
    answers(pace, clock, 0.6, 80)
    assert pace.limit == 2
    answers(pace, clock, 0.6, 200)  # that is how long this platform takes: the quick answers are long ago
    assert pace.limit == 8


def test_as_many_are_at_hand_as_are_sent_in_a_tenth_of_a_second(pace: Pace, clock: Clock) -> None:
    assert pace.ahead == BEGIN_WITH
    answers(pace, clock, 5.0)
    assert pace.ahead == pace.limit
    answers(pace, clock, 0.02)
    assert (pace.limit, pace.ahead) == (8, 40)
    answers(pace, clock, 0.0)
    assert pace.ahead == 64


def test_asked_to_slow_down_it_halves_and_rests(pace: Pace, clock: Clock) -> None:
    answers(pace, clock, 0.05)
    pace.note_throttle(7)
    assert (pace.limit, pace.rests_until()) == (4, after(clock.seconds + 7))
    for _ in range(5):
        pace.note_throttle(None)
    assert pace.limit == 1
    clock.seconds += 7
    assert pace.rests_until() is None
    answers(pace, clock, 0.05)
    assert pace.limit == 8


def test_no_rest_is_longer_than_five_minutes(pace: Pace) -> None:
    pace.note_throttle(86_400)
    assert pace.rests_until() == after(300)


def test_a_platform_that_does_not_answer_is_left_alone_longer_each_time(pace: Pace, clock: Clock) -> None:
    rests = []
    for _ in range(6):
        for _ in range(5):
            assert pace.rests_until() is None
            pace.note_failure()
        until = pace.rests_until()
        assert until is not None
        rests.append((until - after(clock.seconds)).total_seconds())
        clock.seconds += rests[-1]
    assert rests == [15, 30, 60, 120, 240, 300]
    assert not pace.take_recovery()
    answers(pace, clock, 0.05, 1)
    assert (pace.take_recovery(), pace.take_recovery()) == (True, False)


def test_one_that_fails_now_and_then_is_not(pace: Pace, clock: Clock) -> None:
    for _ in range(50):
        for _ in range(4):
            pace.note_failure()
        answers(pace, clock, 0.05, 1)
    assert pace.rests_until() is None
    assert not pace.take_recovery()


def test_a_person_who_sends_now_ends_the_rest(pace: Pace) -> None:
    for _ in range(5):
        pace.note_failure()
    assert pace.rests_until() is not None
    pace.wake()
    assert pace.rests_until() is None


def test_no_more_are_under_way_than_may(pace: Pace) -> None:
    pace.note_throttle(None)
    pace.note_throttle(None)
    assert pace.limit == 1
    inside, second, leave = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with pace.turn():
            inside.set()
            leave.wait(10)

    def next_one() -> None:
        with pace.turn():
            second.set()

    threads = [threading.Thread(target=first), threading.Thread(target=next_one)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    assert not second.wait(0.2)
    leave.set()
    assert second.wait(10)
    for thread in threads:
        thread.join()


def test_a_short_rest_is_sat_out_and_a_long_one_is_not(clock: Clock, pace: Pace) -> None:
    pace.note_throttle(None)
    clock.seconds += 0.99
    pace.sit_out_short_rest()
    assert pace.rests_until() is None
    pace.note_throttle(timedelta(minutes=1).total_seconds())
    pace.sit_out_short_rest()
    assert pace.rests_until() is not None


def test_when_little_is_left_of_what_a_platform_takes_fewer_are_sent(pace: Pace, clock: Clock) -> None:
    answers(pace, clock, 0.05)
    pace.note_allowance(None)
    pace.note_allowance(650.0)
    assert pace.limit == 8
    for left in (150.0, 120.0, 90.0):
        pace.note_allowance(left)
    assert pace.limit == 5
    for _ in range(20):
        pace.note_allowance(0.0)
    assert pace.limit == 1
