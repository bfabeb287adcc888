"""Reading a column after scores were sent, and each night: does the gradebook show what it took?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.database import Database
from lti_tool.errors import LmsRefused, LmsUnreachable
from lti_tool.gradebook.conflicts import record_seen
from lti_tool.gradebook.gone import ColumnGone, note_gone
from lti_tool.gradebook.shown import ShownScore
from lti_tool.models import Course, Deployment, GradebookScore, Placement, Platform, SyncState

log = structlog.get_logger()


@dataclass(frozen=True)
class Column:
    """A gradebook column that took scores, and how it is reached."""

    platform_id: int
    lti_deployment_id: str
    address: str
    scopes: tuple[str, ...]


class CheckableGradebook(Protocol):
    def column_shows(self, column: Column) -> Mapping[str, ShownScore] | None:
        """Return what a column shows by the LMS's id of each person; None if it may not be read.

        Raises LmsUnreachable and LmsRefused.
        """


def columns_with(session: Session, states: Sequence[SyncState]) -> list[Column]:
    """Return the columns that hold scores in one of these states, of platforms that are switched on."""
    took = select(GradebookScore.accepted_column).where(GradebookScore.state.in_(states))
    rows = session.execute(
        select(Deployment.platform_id, Deployment.lti_deployment_id, Placement.lti_line_item_url, Placement.lti_scopes)
        .join(Course, Course.id == Placement.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .join(Platform, Platform.id == Deployment.platform_id)
        .where(Placement.lti_line_item_url.in_(took), Platform.disabled_at.is_(None))
        .order_by(Placement.id)
    )
    columns = {row[2]: Column(row[0], row[1], row[2], tuple(row[3])) for row in rows if row[2]}
    return list(columns.values())


def check_column(
    database: Database, gradebook: CheckableGradebook, column: Column, clock: Callable[[], datetime]
) -> None:
    """Compare one column with what it took. One that cannot be read now is left for the next time."""
    read_from = clock()
    try:
        shown = gradebook.column_shows(column)
    except (LmsUnreachable, LmsRefused) as problem:
        log.warning("column_not_read", platform=column.platform_id, status=problem.status)
        if isinstance(problem, ColumnGone):
            with database.writing() as session:
                note_gone(session, column.address, clock())
        return
    if shown is None:
        return
    with database.writing() as session:
        confirmed, conflicts = record_seen(session, column.address, shown, read_from, clock())
    log.info("column_read", platform=column.platform_id, confirmed=confirmed, conflicts=conflicts)
