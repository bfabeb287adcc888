"""A dry run: what sending would do to each score, old and new, before anything goes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.database import Database
from lti_tool.errors import LmsRefused, LmsUnreachable
from lti_tool.gradebook.attempts import sent_before
from lti_tool.gradebook.checking import CheckableGradebook, Column
from lti_tool.gradebook.claiming import GONE, Agreed, agreed_on
from lti_tool.gradebook.destination import destinations_of
from lti_tool.gradebook.gone import NO_COLUMN
from lti_tool.gradebook.ledger import people_of
from lti_tool.gradebook.reading import verdict_on
from lti_tool.gradebook.shown import SentBefore, ShownScore, Verdict
from lti_tool.models import GradebookScore, Person, SyncState
from lti_tool.wording import say


class Effect(Enum):
    """What sending would do."""

    SENT = "would be sent"
    THERE = "is there already"
    CONFLICT = "would not be sent: the gradebook shows what the blog did not send"
    NOT_SENT = "would not be sent"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    Effect.SENT: say("Would be sent."),
    Effect.THERE: say("Is there already."),
    Effect.CONFLICT: say("Would not be sent: the gradebook shows what the blog did not send."),
    Effect.NOT_SENT: say("Would not be sent."),
}


@dataclass(frozen=True)
class PreviewLine:
    """What would become of one score. `shows` is what the gradebook shows now, None for nothing or if not `is_read`."""

    blog_id: int
    person_key: str
    name: str
    wanted: Decimal
    maximum: Decimal
    shows: ShownScore | None
    is_read: bool
    effect: Effect
    why: str = ""


@dataclass(frozen=True)
class _Unsent:
    line: PreviewLine
    column: Column | None
    before: tuple[SentBefore, ...]
    revision: int
    comment: str
    agreed: Agreed | None


def preview(
    database: Database, gradebook: CheckableGradebook, blog_id: int | None = None, course_id: int | None = None
) -> tuple[PreviewLine, ...]:
    """Return what would become of each unsent score of a blog (and there of one course), or of all, by name.

    Those that wait and those that are held back or not due. The columns are read, nothing is written.
    """
    with database.reading() as session:
        unsent = _unsent(session, blog_id, course_id)
    shown: dict[str, Mapping[str, ShownScore] | str | None] = {}
    for one in unsent:
        if one.column is not None and one.column.address not in shown:
            shown[one.column.address] = _read(gradebook, one.column)
    lines = [_foretold(one, shown) for one in unsent]
    return tuple(sorted(lines, key=lambda line: (line.blog_id, line.name.casefold())))


def _unsent(session: Session, blog_id: int | None, course_id: int | None) -> list[_Unsent]:
    wanted = (
        select(GradebookScore, Person)
        .join(Person, Person.id == GradebookScore.person_id)
        .where(GradebookScore.points.is_not(None), GradebookScore.state.in_((SyncState.WAITING, SyncState.NOT_DUE)))
    )
    if blog_id is not None:
        wanted = wanted.where(GradebookScore.blog_id == blog_id)
    if course_id is not None:
        wanted = wanted.where(GradebookScore.person_id.in_(people_of(course_id)))
    rows = session.execute(wanted).all()
    to = destinations_of(session, [row.id for row, _ in rows])
    before = sent_before(session, {row: to[row.id].column for row, _ in rows})
    found = []
    for row, person in rows:
        if row.points is None:
            continue
        place = to[row.id]
        why = GONE if place.has_left else "" if place.column else NO_COLUMN
        line = PreviewLine(
            row.blog_id, person.lti_sub, person.shown_name, row.points, row.maximum, None, False, Effect.NOT_SENT, why
        )
        column = None
        if place.column is not None and not place.has_left:
            column = Column(place.platform_id, place.lti_deployment_id, place.column, place.scopes)
        found.append(_Unsent(line, column, before[row.id], row.revision, row.comment, agreed_on(row)))
    return found


def _read(gradebook: CheckableGradebook, column: Column) -> Mapping[str, ShownScore] | str | None:
    """What a column shows; a sentence where it cannot be read now, None where it never may be."""
    try:
        return gradebook.column_shows(column)
    except (LmsUnreachable, LmsRefused) as problem:
        return say("%(what)s %(do)s", what=problem.what, do=problem.do)


def _foretold(one: _Unsent, shown: Mapping[str, Mapping[str, ShownScore] | str | None]) -> PreviewLine:
    cells = shown[one.column.address] if one.column is not None else ""
    if isinstance(cells, str):
        return replace(one.line, why=one.line.why or cells)
    if cells is None:
        return replace(one.line, effect=Effect.SENT, why=say("The LMS does not let the blog read what it shows."))
    cell = cells.get(one.line.person_key)
    verdict = verdict_on(cell, one.before, one.revision, one.comment, one.agreed)
    effect = {Verdict.SEND: Effect.SENT, Verdict.IS_THERE: Effect.THERE, Verdict.CONFLICT: Effect.CONFLICT}[verdict]
    return replace(one.line, shows=cell, is_read=True, effect=effect)
