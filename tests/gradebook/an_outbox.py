"""An outbox at hand: each method is one transaction, as the tool and its workers make them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from lti_tool.database import Database
from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.gradebook.by_hand import try_again
from lti_tool.gradebook.claiming import Delivery, claim_due
from lti_tool.gradebook.outbox import Score, want_score
from lti_tool.gradebook.outcomes import Conflict, Result, record_results
from lti_tool.models import GradebookScore
from tests.a_school import NOW

LEASE = 45


def a_score(points: str, maximum: str = "10", comment: str = "Participation") -> Score:
    return Score(Decimal(points), Decimal(maximum), comment)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@dataclass
class Outbox:
    database: Database
    blog: int
    anna: int
    ben: int

    def want(self, points: str | None, at: float = 0, person: int | None = None) -> None:
        self.want_exactly(None if points is None else a_score(points), at, person)

    def want_exactly(self, score: Score | None, at: float = 0, person: int | None = None) -> None:
        with self.database.writing() as session:
            want_score(session, self.blog, person or self.anna, score, after(at))

    def claim(self, at: float = 0) -> Delivery | None:
        with self.database.writing() as session:
            return next(iter(claim_due(session, after(at), LEASE)), None)

    def claimed(self, at: float = 0) -> Delivery:
        delivery = self.claim(at)
        assert delivery is not None, "nothing was due"
        return delivery

    def record(
        self, delivery: Delivery, obstacle: LmsUnreachable | LmsRefused | Conflict | None = None, at: float = 0
    ) -> None:
        with self.database.writing() as session:
            record_results(session, [Result(delivery, obstacle)], after(at))

    def accepted(self, delivery: Delivery, at: float = 0) -> None:
        self.record(delivery, at=at)

    def unreachable(self, delivery: Delivery, at: float = 0, retry_after: float | None = None) -> None:
        self.record(delivery, LmsUnreachable("The LMS is asleep.", retry_after), at)

    def refused(self, delivery: Delivery, mender: Mender = Mender.TEACHER) -> None:
        self.record(delivery, LmsRefused("The column is gone.", "Make it anew.", mender))

    def sent(self, points: str, at: float = 0) -> None:
        """Want a score and have it taken."""
        self.want(points, at)
        self.accepted(self.claimed(at), at)

    def again(self, at: float = 0, person: int | None = None) -> int:
        with self.database.writing() as session:
            return try_again(session, self.blog, after(at), person)

    def row(self, person: int | None = None) -> GradebookScore:
        with self.database.reading() as session:
            return session.scalars(
                select(GradebookScore).where(
                    GradebookScore.blog_id == self.blog, GradebookScore.person_id == (person or self.anna)
                )
            ).one()

    def rows(self) -> int:
        with self.database.reading() as session:
            return len(session.scalars(select(GradebookScore.id)).all())
