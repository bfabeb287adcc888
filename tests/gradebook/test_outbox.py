"""The outbox says what the LMS should show, sends nothing twice by intention, and never takes an old answer for new."""

from contextlib import suppress
from decimal import Decimal

import pytest

from lti_tool.database import Database
from lti_tool.errors import Mender
from lti_tool.gradebook.by_hand import make_waiting_due
from lti_tool.gradebook.claiming import claim_due
from lti_tool.gradebook.outbox import want_score
from lti_tool.gradebook.outcomes import FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, wait_seconds
from lti_tool.models import Deployment, Platform, SyncState
from tests.a_school import COLUMN, a_blog, a_student, course_of
from tests.gradebook.an_outbox import LEASE, Outbox, a_score, after
from tests.threads import at_once


def test_a_wanted_score_is_due_at_once(outbox: Outbox) -> None:
    outbox.want("7.5")
    delivery = outbox.claimed()
    assert delivery.score == a_score("7.5")
    assert (delivery.column, delivery.revision, delivery.at) == (COLUMN, 1, after(0))
    assert delivery.scopes == ("https://purl.imsglobal.org/spec/lti-ags/scope/score",)
    with outbox.database.reading() as session:
        platform = session.get_one(Platform, delivery.platform_id)
        deployments = session.query(Deployment).filter_by(platform_id=platform.id).all()
        assert [one.lti_deployment_id for one in deployments] == [delivery.lti_deployment_id]
    assert delivery.person_key.startswith("sub-")


def test_what_was_taken_is_settled(outbox: Outbox) -> None:
    outbox.sent("7.5")
    row = outbox.row()
    assert (row.state, row.due_at, row.leased_until, row.cause) == (SyncState.SENT, None, None, "")
    assert (row.accepted_points, row.accepted_maximum, row.accepted_at) == (Decimal("7.5"), Decimal(10), after(0))
    assert outbox.claim(1000) is None


def test_an_equal_score_changes_nothing(outbox: Outbox) -> None:
    outbox.sent("7.5")
    before = outbox.row()
    outbox.want("7.50", at=60)
    row = outbox.row()
    assert (row.revision, row.wanted_at, row.due_at) == (before.revision, before.wanted_at, None)
    assert outbox.claim(100) is None


@pytest.mark.parametrize("change", [{"maximum": "20"}, {"comment": "Other words"}])
def test_another_maximum_or_comment_is_another_score(outbox: Outbox, change: dict[str, str]) -> None:
    outbox.sent("7.5")
    outbox.want_exactly(a_score("7.5", **change), at=60)
    assert outbox.claimed(60).score == a_score("7.5", **change)


def test_changed_and_changed_back_sends_nothing(outbox: Outbox) -> None:
    outbox.sent("7.5")
    outbox.want("8", at=60)
    outbox.want("7.5", at=61)
    assert outbox.row().state is SyncState.SENT
    assert outbox.claim(100) is None


def test_changed_back_while_the_change_is_under_way_is_sent(outbox: Outbox) -> None:
    """The LMS may have taken the change by now: what it showed before says nothing."""
    outbox.sent("7.5")
    outbox.want("8", at=60)
    under_way = outbox.claimed(60)
    outbox.want("7.5", at=61)
    outbox.accepted(under_way, at=62)
    assert outbox.row().state is SyncState.WAITING
    assert outbox.claimed(63).score == a_score("7.5")


def test_changed_back_after_an_attempt_that_may_have_arrived_is_sent(outbox: Outbox) -> None:
    """A call that timed out may have been taken all the same."""
    outbox.sent("7.5")
    outbox.want("8", at=60)
    outbox.unreachable(outbox.claimed(60), at=61)
    outbox.want("7.5", at=62)
    assert outbox.claimed(62).score == a_score("7.5")


def test_a_newer_score_outlives_a_delivery_under_way(outbox: Outbox) -> None:
    outbox.want("7.5")
    under_way = outbox.claimed()
    outbox.want("8", at=1)
    assert outbox.claim(2) is None, "nobody else sends for this person meanwhile"
    outbox.accepted(under_way, at=3)
    row = outbox.row()
    assert (row.state, row.leased_until, row.accepted_points) == (SyncState.WAITING, None, Decimal("7.5"))
    newer = outbox.claimed(3)
    assert (newer.score, newer.revision) == (a_score("8"), 2)
    outbox.accepted(newer, at=4)
    assert outbox.row().state is SyncState.SENT


@pytest.mark.parametrize("outcome", ["unreachable", "refused"])
def test_the_fate_of_an_older_score_does_not_hold_up_a_newer_one(outbox: Outbox, outcome: str) -> None:
    outbox.want("7.5")
    under_way = outbox.claimed()
    outbox.want("8", at=1)
    getattr(outbox, outcome)(under_way)
    row = outbox.row()
    assert (row.state, row.due_at, row.leased_until, row.cause) == (SyncState.WAITING, after(1), None, "")
    assert outbox.claimed(1).score == a_score("8")


def test_a_lease_ends(outbox: Outbox) -> None:
    outbox.want("7.5")
    outbox.claimed()
    assert outbox.claim(LEASE - 1) is None
    second = outbox.claimed(LEASE)
    assert (second.revision, second.at) == (1, after(LEASE))
    assert outbox.row().attempts == 2


@pytest.mark.parametrize("outcome", ["accepted", "unreachable", "refused"])
def test_an_answer_after_the_lease_does_not_end_the_next_one(outbox: Outbox, outcome: str) -> None:
    """A worker that hung until its lease ran out knows nothing of the attempt that took its place."""
    outbox.want("7.5")
    hung = outbox.claimed()
    outbox.want("8", at=1)
    newer = outbox.claimed(LEASE)
    getattr(outbox, outcome)(hung)
    assert outbox.row().leased_until == after(2 * LEASE)
    assert outbox.claim(LEASE + 1) is None
    outbox.accepted(newer, at=LEASE + 2)
    row = outbox.row()
    assert (row.state, row.accepted_points, row.leased_until) == (SyncState.SENT, Decimal(8), None)


def test_an_old_answer_after_the_new_one_is_not_what_the_lms_shows(outbox: Outbox) -> None:
    outbox.want("7.5")
    hung = outbox.claimed()
    outbox.want("8", at=1)
    outbox.accepted(outbox.claimed(LEASE), at=LEASE)
    outbox.accepted(hung, at=LEASE + 5)
    row = outbox.row()
    assert (row.state, row.accepted_points, row.accepted_at) == (SyncState.SENT, Decimal(8), after(LEASE))


def test_two_workers_never_hold_the_same_person(outbox: Outbox) -> None:
    for round_ in range(5):
        outbox.want(str(round_), at=round_ * 100)
        got = at_once(4, lambda _, at=round_ * 100: outbox.claim(at))  # type: ignore[misc]
        (delivery,) = [one for one in got if one is not None]
        outbox.accepted(delivery, at=round_ * 100)


def test_seconds_increase_and_never_lie_in_the_future(outbox: Outbox) -> None:
    """The LMS compares whole seconds: a repeat in the same one is ignored, and one ahead would bar what follows."""
    stamps = []
    for step in range(7):  # seven changes within three seconds
        at = step * 0.4
        outbox.want(str(step), at=at)
        if (delivery := outbox.claim(at)) is not None:
            assert delivery.at <= after(at)
            stamps.append(delivery.at)
            outbox.accepted(delivery, at=at)
    last = outbox.claimed(3)
    assert last.score == a_score("6")
    stamps.append(last.at)
    assert stamps == [after(0), after(1), after(2), after(3)]


def test_a_clock_set_back_waits_rather_than_repeats(outbox: Outbox) -> None:
    outbox.sent("7.5", at=100)
    outbox.want("8", at=50)
    assert outbox.claim(50) is None
    assert outbox.claim(100) is None
    assert outbox.claimed(101).at == after(101)


def test_waiting_for_the_next_second_does_not_stop_the_others(outbox: Outbox) -> None:
    outbox.sent("7.5")
    outbox.want("8")
    outbox.want("9", person=outbox.ben)
    assert outbox.claimed().score == a_score("9")


def test_what_has_waited_longest_goes_first(outbox: Outbox) -> None:
    outbox.want("1", at=5)
    outbox.want("2", at=3, person=outbox.ben)
    assert [outbox.claimed(9).score.points, outbox.claimed(9).score.points] == [2, 1]
    assert outbox.claim(9) is None


def test_not_yet_due(outbox: Outbox) -> None:
    outbox.want("7.5", at=10)
    assert outbox.claim(9) is None
    assert outbox.claim(10) is not None


def test_nothing_to_score_makes_no_row(outbox: Outbox) -> None:
    outbox.want(None)
    assert outbox.rows() == 0


def test_withdrawn_before_it_was_sent(outbox: Outbox) -> None:
    outbox.want("7.5")
    outbox.want(None, at=1)
    row = outbox.row()
    assert (row.state, row.points, row.due_at) == (SyncState.NOT_DUE, None, None)
    assert "Nothing was sent" in row.cause
    assert outbox.claim(100) is None
    assert outbox.again() == 0


def test_withdrawn_after_it_was_sent_says_what_the_lms_still_shows(outbox: Outbox) -> None:
    outbox.sent("7.5")
    outbox.want(None, at=60)
    row = outbox.row()
    assert (row.state, row.accepted_points) == (SyncState.NEEDS_TEACHER, Decimal("7.5"))
    assert "still shows" in row.cause
    assert "Clear it in the gradebook" in row.to_do
    revision = row.revision
    outbox.want(None, at=61)
    assert outbox.row().revision == revision


@pytest.mark.parametrize("outcome", ["accepted", "unreachable", "refused"])
def test_withdrawn_while_it_was_under_way(outbox: Outbox, outcome: str) -> None:
    outbox.want("7.5")
    under_way = outbox.claimed()
    outbox.want(None, at=1)
    getattr(outbox, outcome)(under_way)
    row = outbox.row()
    assert row.state is (SyncState.NEEDS_TEACHER if outcome == "accepted" else SyncState.NOT_DUE)
    assert row.due_at is None
    assert ("still shows" in row.cause) is (outcome == "accepted")
    assert outbox.claim(1000) is None


def test_withdrawn_and_wanted_again(outbox: Outbox) -> None:
    outbox.sent("7.5")
    outbox.want(None, at=60)
    outbox.want("7.5", at=61)
    assert (outbox.row().state, outbox.row().cause) == (SyncState.SENT, "")
    outbox.want(None, at=62)
    outbox.want("3", at=63)
    assert outbox.claimed(63).score == a_score("3")


def test_unreachable_waits_longer_each_time(outbox: Outbox) -> None:
    outbox.want("7.5")
    now, waits = 0.0, []
    for _ in range(4):
        outbox.unreachable(outbox.claimed(now), at=now)
        row = outbox.row()
        assert (row.state, row.cause, row.leased_until) == (SyncState.WAITING, "The LMS is asleep.", None)
        assert row.due_at is not None
        assert outbox.claim(now + 1) is None
        waits.append((row.due_at - after(now)).total_seconds())
        now += waits[-1] + 1
    assert [wait / waits[0] for wait in waits] == [1, 2, 4, 8]


def test_the_lms_says_how_long_to_wait(outbox: Outbox) -> None:
    outbox.want("7.5")
    outbox.unreachable(outbox.claimed(), retry_after=600)
    assert outbox.row().due_at == after(600)
    assert outbox.claim(599) is None
    outbox.unreachable(outbox.claimed(600), at=600, retry_after=1)
    assert outbox.row().due_at >= after(600 + FIRST_WAIT_SECONDS * 2)  # type: ignore[operator]


def test_a_changed_score_does_not_wait_for_the_old_ones_retry(outbox: Outbox) -> None:
    outbox.want("7.5")
    outbox.unreachable(outbox.claimed())
    outbox.want("8", at=2)
    assert outbox.claimed(2).score == a_score("8")
    assert outbox.row().attempts == 1


@pytest.mark.parametrize("attempts", range(1, 60))
def test_waits_grow_and_end(attempts: int) -> None:
    wait = wait_seconds(attempts, None, 0)
    assert wait == min(FIRST_WAIT_SECONDS * 2 ** (attempts - 1), LONGEST_WAIT_SECONDS)
    for spread in range(20):
        assert wait <= wait_seconds(attempts, None, spread) < wait * 1.25
    assert len({wait_seconds(attempts, None, spread) for spread in range(20)}) == 8
    assert wait_seconds(attempts, 100_000, 3) == 100_000
    assert wait_seconds(attempts, 1, 0) == wait


@pytest.mark.parametrize(
    ("mender", "state"),
    [
        (Mender.TEACHER, SyncState.NEEDS_TEACHER),
        (Mender.ADMINISTRATOR, SyncState.NEEDS_ADMINISTRATOR),
        (Mender.OPERATOR, SyncState.NEEDS_ADMINISTRATOR),
    ],
)
def test_refused_stops_and_says_who_can_mend_it(outbox: Outbox, mender: Mender, state: SyncState) -> None:
    outbox.want("7.5")
    outbox.refused(outbox.claimed(), mender)
    row = outbox.row()
    assert (row.state, row.cause, row.to_do) == (state, "The column is gone.", "Make it anew.")
    assert outbox.claim(100_000) is None
    outbox.want("7.5", at=1)
    assert outbox.claim(100_000) is None, "the same score again is no reason to try again"
    outbox.want("8", at=2)
    assert outbox.claim(2) is not None


def test_try_again(outbox: Outbox) -> None:
    outbox.want("7.5")
    outbox.refused(outbox.claimed())
    outbox.want("8", person=outbox.ben)
    outbox.unreachable(outbox.claimed(), retry_after=600)
    assert outbox.again(at=10, person=outbox.ben) == 1
    assert outbox.claim(9) is None
    outbox.accepted(outbox.claimed(10), at=10)
    assert outbox.row().state is SyncState.NEEDS_TEACHER
    assert outbox.again(at=20) == 1
    row = outbox.row()
    assert (row.state, row.cause, row.to_do, row.attempts) == (SyncState.WAITING, "", "", 0)
    assert outbox.claimed(20).score == a_score("7.5")


def test_try_again_leaves_what_is_under_way_to_its_worker(outbox: Outbox) -> None:
    outbox.want("7.5")
    under_way = outbox.claimed()
    assert outbox.again(at=1) == 1
    assert outbox.claim(2) is None
    outbox.accepted(under_way, at=3)
    assert outbox.row().state is SyncState.SENT
    assert outbox.claim(100) is None


def test_try_again_is_for_one_blog(outbox: Outbox) -> None:
    with outbox.database.writing() as session:
        other_blog = a_blog(session)
        person = a_student(session, course_of(session, other_blog))
        want_score(session, other_blog, person, a_score("1"), after(100))
    assert outbox.again() == 0
    assert outbox.claim(1) is None


def test_sync_now_makes_all_that_waits_due(outbox: Outbox) -> None:
    outbox.want("7.5")
    outbox.unreachable(outbox.claimed(), retry_after=600)
    outbox.want("8", person=outbox.ben)
    outbox.refused(outbox.claimed())
    with outbox.database.writing() as session:
        make_waiting_due(session, after(5))
    assert outbox.claimed(5).score == a_score("7.5")
    assert outbox.claim(5) is None


def test_wanted_at_the_same_instant_makes_one_row(outbox: Outbox) -> None:
    at_once(4, lambda which: outbox.want(str(which)))
    assert outbox.rows() == 1
    row = outbox.row()
    assert row.revision == 4
    assert outbox.claimed().score.points == row.points


def test_nothing_is_claimed_when_the_transaction_fails(outbox: Outbox) -> None:
    outbox.want("7.5")
    with suppress(RuntimeError), outbox.database.writing() as session:
        assert claim_due(session, after(0), LEASE)
        raise RuntimeError("killed")
    assert outbox.row().leased_until is None
    assert outbox.claim() is not None


def test_points_are_kept_exactly(shared_database: Database, outbox: Outbox) -> None:
    for points in ("0", "0.01", "1.33", "99999.99"):
        outbox.want(points)
        assert outbox.row().points == Decimal(points)
    with pytest.raises(Exception, match="more than two decimals"):
        outbox.want("1.333")
