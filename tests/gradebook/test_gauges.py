"""The gauges agree with what happened to the scores, platform by platform."""

from sqlalchemy import event, update

from lti_tool.errors import Mender
from lti_tool.gradebook.by_hand import set_due
from lti_tool.gradebook.gauges import Left, PlatformGauges, RefusedScores, gauges, refused_by_cause, scores_left
from lti_tool.models import Course, Outcome, SyncState
from tests.a_school import a_blog, a_platform, a_student, course_of
from tests.gradebook.an_outbox import LEASE, Outbox, after


def platform_of(outbox: Outbox) -> int:
    with outbox.database.reading() as session:
        return session.get_one(Course, course_of(session, outbox.blog)).deployment.platform_id


def gauges_at(outbox: Outbox, seconds: float) -> PlatformGauges:
    with outbox.database.reading() as session:
        (one,) = (one for one in gauges(session, after(seconds)).platforms if one.platform_id == platform_of(outbox))
        return one


def left_at(outbox: Outbox, seconds: float) -> Left:
    with outbox.database.reading() as session:
        return scores_left(session, after(seconds))


def test_an_empty_outbox_is_told_in_noughts(outbox: Outbox) -> None:
    one = gauges_at(outbox, 0)
    assert (one.in_flight, one.to_retry, one.queue_age_seconds, one.rosters_with_problem) == (0, 0, 0, 0)
    assert one.states == dict.fromkeys(SyncState, 0)
    assert left_at(outbox, 0) == Left(0, 0, None)


def test_the_age_of_the_queue_is_that_of_the_score_due_longest(outbox: Outbox) -> None:
    outbox.want("1", at=0)
    outbox.want("2", at=60, person=outbox.ben)
    assert gauges_at(outbox, 100).queue_age_seconds == 100
    delivery = outbox.claimed(100)
    one = gauges_at(outbox, 100)
    assert (one.queue_age_seconds, one.in_flight) == (40, 1), "what is being sent waits no more"
    assert left_at(outbox, 100).now == 2
    outbox.accepted(delivery, 101)
    one = gauges_at(outbox, 101)
    assert (one.in_flight, one.states[SyncState.SENT], one.states[SyncState.WAITING]) == (0, 1, 1)
    assert left_at(outbox, 101).now == 1


def test_a_dead_workers_score_is_in_flight_until_its_lease_ends(outbox: Outbox) -> None:
    outbox.want("1", at=0)
    outbox.claimed(10)
    assert (gauges_at(outbox, 10 + LEASE - 1).in_flight, gauges_at(outbox, 10 + LEASE - 1).queue_age_seconds) == (1, 0)
    ended = gauges_at(outbox, 10 + LEASE)
    assert (ended.in_flight, ended.queue_age_seconds) == (0, 10 + LEASE)


def test_what_waits_for_a_retry_is_neither_due_nor_left(outbox: Outbox) -> None:
    outbox.want("1")
    outbox.unreachable(outbox.claimed(0), at=1, retry_after=600)
    one = gauges_at(outbox, 300)
    assert (one.to_retry, one.queue_age_seconds, one.in_flight) == (1, 0, 0)
    assert left_at(outbox, 300) == Left(0, 1, after(601))
    assert gauges_at(outbox, 611).queue_age_seconds == 10


def test_what_is_put_off_to_a_day_waits_for_no_retry(outbox: Outbox) -> None:
    """It is due when the day comes."""
    with outbox.database.writing() as session:
        set_due(session, outbox.blog, after(600), after(0))
    outbox.want("1")
    assert (gauges_at(outbox, 300).to_retry, left_at(outbox, 300)) == (0, Left(0, 0, None))
    assert (gauges_at(outbox, 610).queue_age_seconds, left_at(outbox, 610).now) == (10, 1)


def test_refused_by_cause_and_by_who_can_mend_it(outbox: Outbox) -> None:
    with outbox.database.writing() as session:
        more = [a_student(session, course_of(session, outbox.blog)) for _ in range(2)]
    for person, mender in ((outbox.anna, Mender.TEACHER), (more[0], Mender.TEACHER), (more[1], Mender.ADMINISTRATOR)):
        outbox.want("1", person=person)
        outbox.refused(outbox.claimed(), mender)
    with outbox.database.reading() as session:
        refused = refused_by_cause(session)
    here, says = platform_of(outbox), ("The column is gone.", "Make it anew.")
    assert refused == (
        RefusedScores(here, SyncState.NEEDS_TEACHER, *says, 2),
        RefusedScores(here, SyncState.NEEDS_ADMINISTRATOR, *says, 1),
    )


def test_attempts_count_once_their_outcome_is_known(outbox: Outbox) -> None:
    outbox.sent("1")
    outbox.want("2", at=60)
    outbox.unreachable(outbox.claimed(60), at=61)
    outbox.want("3", person=outbox.ben)
    outbox.claimed(62)
    with outbox.database.reading() as session:
        attempts = gauges(session, after(62)).attempts
    assert attempts == dict.fromkeys(Outcome, 0) | {Outcome.ACCEPTED: 1, Outcome.NOT_KNOWN: 1}


def test_rosters_that_could_not_be_read(outbox: Outbox) -> None:
    with outbox.database.writing() as session:
        course = course_of(session, outbox.blog)
        session.execute(update(Course).where(Course.id == course).values(roster_problem="The LMS is asleep."))
    assert gauges_at(outbox, 0).rosters_with_problem == 1


def test_five_queries_however_many_platforms_there_are(outbox: Outbox) -> None:
    with outbox.database.writing() as session:
        for _ in range(3):
            a_blog(session)
            a_platform(session)
    outbox.want("1")
    statements: list[str] = []
    engine = outbox.database.reading_engine
    with outbox.database.reading() as session:

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            statements.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            found = gauges(session, after(0))
        finally:
            event.remove(engine, "before_cursor_execute", note)
    assert len(found.platforms) >= 6
    assert len(statements) == 5
