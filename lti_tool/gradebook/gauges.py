"""What somebody who watches asks of the outbox: how much is left, since when, what is in the way. Counts only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from lti_tool.gradebook.outcomes import HAD_ARRIVED
from lti_tool.models import Course, Deployment, GradebookScore, Outcome, Person, Platform, SendAttempt, SyncState

_REFUSED = (SyncState.NEEDS_TEACHER, SyncState.NEEDS_ADMINISTRATOR)


@dataclass(frozen=True)
class PlatformGauges:
    """The scores of one platform. The queue's age is that of the score that has been due longest, 0 if none is."""

    platform_id: int
    states: Mapping[SyncState, int]
    in_flight: int
    to_retry: int
    queue_age_seconds: float
    rosters_with_problem: int


@dataclass(frozen=True)
class RefusedScores:
    """How many scores of one platform need somebody for one cause, and what those can do."""

    platform_id: int
    state: SyncState
    cause: str
    to_do: str
    scores: int


@dataclass(frozen=True)
class Gauges:
    """Where everything stands; `attempts` counts those whose outcome is known, ever since the first."""

    platforms: tuple[PlatformGauges, ...]
    refused: tuple[RefusedScores, ...]
    attempts: Mapping[Outcome, int]


@dataclass(frozen=True)
class Left:
    """How many scores are due or being sent at this instant, and how many wait for a retry, the first of them when."""

    now: int
    later: int
    next_attempt: datetime | None


def gauges(session: Session, now: datetime) -> Gauges:
    """Read all that is measured, in five queries however many platforms and scores there are."""
    states: dict[int, dict[SyncState, int]] = {}
    in_flight, to_retry, oldest = dict[int, int](), dict[int, int](), dict[int, datetime]()
    for platform_id, state, scores, leased, later, due_at in session.execute(
        select(
            Person.platform_id,
            GradebookScore.state,
            func.count(),
            _how_many(_is_leased(now)),
            _how_many(_waits(now)),
            func.min(case((_is_due(now), GradebookScore.due_at))),
        )
        .join(Person, Person.id == GradebookScore.person_id)
        .group_by(Person.platform_id, GradebookScore.state)
    ):
        states.setdefault(platform_id, {})[state] = scores
        in_flight[platform_id] = in_flight.get(platform_id, 0) + leased
        to_retry[platform_id] = to_retry.get(platform_id, 0) + later
        oldest[platform_id] = min(oldest.get(platform_id, now), due_at or now)
    problems = _rosters_with_problem(session)
    platforms = (
        PlatformGauges(
            platform_id=one,
            states={state: states.get(one, {}).get(state, 0) for state in SyncState},
            in_flight=in_flight.get(one, 0),
            to_retry=to_retry.get(one, 0),
            queue_age_seconds=(now - oldest.get(one, now)).total_seconds(),
            rosters_with_problem=problems.get(one, 0),
        )
        for one in session.scalars(select(Platform.id).order_by(Platform.id))
    )
    return Gauges(tuple(platforms), refused_by_cause(session), _attempts(session))


def refused_by_cause(session: Session) -> tuple[RefusedScores, ...]:
    """Return what the LMSs refused, the most frequent first."""
    kind = (Person.platform_id, GradebookScore.state, GradebookScore.cause, GradebookScore.to_do)
    rows = session.execute(
        select(*kind, func.count())
        .join(Person, Person.id == GradebookScore.person_id)
        .where(GradebookScore.state.in_(_REFUSED))
        .group_by(*kind)
        .order_by(func.count().desc(), *kind)
    )
    return tuple(RefusedScores(*row) for row in rows)


def scores_by_state(session: Session) -> Mapping[SyncState, int]:
    """Return how many scores there are in each state, of all platforms."""
    rows = session.execute(select(GradebookScore.state, func.count()).group_by(GradebookScore.state))
    return dict.fromkeys(SyncState, 0) | {row[0]: row[1] for row in rows}


def scores_left(session: Session, now: datetime) -> Left:
    """Return what is not yet done. Quick, for a progress bar asks several times a second."""
    later = _waits(now)
    left, waiting, first = session.execute(
        select(
            _how_many(or_(_is_due(now), _is_leased(now))),
            _how_many(later),
            func.min(case((later, GradebookScore.due_at))),
        ).where(GradebookScore.due_at.is_not(None))
    ).one()
    return Left(left, waiting, first)


def found_there_since(session: Session, began: datetime) -> int:
    """Return how many scores were found in the gradebook, since a moment, of an attempt whose answer was lost."""
    found = select(func.count()).where(
        SendAttempt.at >= began, SendAttempt.outcome == Outcome.ACCEPTED, SendAttempt.words == HAD_ARRIVED
    )
    return session.scalar(found) or 0


def _is_leased(now: datetime) -> ColumnElement[bool]:
    return GradebookScore.leased_until > now


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(GradebookScore.leased_until.is_(None), GradebookScore.leased_until <= now)


def _is_due(now: datetime) -> ColumnElement[bool]:
    return (GradebookScore.due_at <= now) & _is_free(now)


def _waits(now: datetime) -> ColumnElement[bool]:
    put_off = GradebookScore.state == SyncState.NOT_DUE  # till the day that the teacher set
    return (GradebookScore.due_at > now) & _is_free(now) & ~put_off


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _rosters_with_problem(session: Session) -> dict[int, int]:
    rows = session.execute(
        select(Deployment.platform_id, func.count())
        .join(Course, Course.deployment_id == Deployment.id)
        .where(Course.roster_problem != "")
        .group_by(Deployment.platform_id)
    )
    return {row[0]: row[1] for row in rows}


def _attempts(session: Session) -> dict[Outcome, int]:
    rows = session.execute(
        select(SendAttempt.outcome, func.count()).where(SendAttempt.outcome.is_not(None)).group_by(SendAttempt.outcome)
    )
    known = {row[0]: row[1] for row in rows}
    return {outcome: known.get(outcome, 0) for outcome in Outcome}
