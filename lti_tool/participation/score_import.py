"""Scores from elsewhere: each row of a file matched to a student, shown before it counts, and set all at once."""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.errors import Rejected
from lti_tool.models import Membership, Person
from lti_tool.participation.activity import courses_of, students_of
from lti_tool.participation.rules.sheet import plain_number, two_decimals
from lti_tool.participation.score_file import ScoreFile, ScoreRow
from lti_tool.participation.scoring import (
    OwnScore,
    Standing,
    checked_points,
    checked_reason,
    lock_scores,
    maximum_of,
    set_scores,
    standings,
)
from lti_tool.wording import say, say_count

_APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼ`´"), "'")


class Change(Enum):
    """What a row of the file does: a first score of one's own, another one, none, an excuse, or it cannot be taken."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    EXCUSED = "excused"
    PROBLEM = "problem"


@dataclass(frozen=True)
class PlannedScore:
    """One row: the person it is for (None where that is not plain), what stands now, and what would be set.

    `name` is the person's own, or as the file has it; `reason` says why it is a problem.
    """

    line: int
    name: str
    person_id: int | None
    person_key: str
    change: Change
    old: Decimal | None = None
    was_excused: bool = False
    points: Decimal | None = None
    comment: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ScorePlan:
    """What a file would do, problems first and then in its order. `left_alone` counts people without points there."""

    rows: tuple[PlannedScore, ...]
    left_alone: int
    maximum: Decimal

    @property
    def problems(self) -> tuple[PlannedScore, ...]:
        return tuple(row for row in self.rows if row.change is Change.PROBLEM)

    @property
    def to_set(self) -> tuple[PlannedScore, ...]:
        return tuple(row for row in self.rows if row.change not in (Change.PROBLEM, Change.SAME))

    @property
    def fingerprint(self) -> str:
        """What tells this plan from another: the file or the scores that stand have changed if it differs."""
        facts = [
            (row.person_id, row.name, row.change.value, row.old, row.was_excused, row.points, row.comment)
            for row in self.rows
        ]
        return hashlib.sha256(repr((facts, self.maximum)).encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True)
class _Student:
    id: int
    key: str
    name: str


class _NotPlain(Exception):
    """A row that names nobody, or more than one person; the words say so."""


def plan_scores(session: Session, blog_id: int, file: ScoreFile, course_id: int | None = None) -> ScorePlan:
    """Return what a file would do to the scores of a blog's students, or of one course's; nothing is changed."""
    people = _People(session, blog_id, course_id)
    where = standings(session, blog_id, course_id)
    maximum = maximum_of(session, blog_id)
    planned: list[PlannedScore] = []
    seen: dict[int, int] = {}
    for row in file.rows:
        try:
            student = people.named_in(row)
        except _NotPlain as problem:
            planned.append(PlannedScore(row.line, row.who, None, "", Change.PROBLEM, reason=problem.args[0]))
            continue
        one = _planned(row, student, where[student.id], maximum)
        if student.id in seen:
            again = say(
                "%(name)s stands on line %(line)s already. Take one of the two out.",
                name=student.name, line=seen[student.id],
            )  # fmt: skip
            one = replace(one, change=Change.PROBLEM, reason=again)
        seen.setdefault(student.id, row.line)
        planned.append(one)
    planned.sort(key=lambda one: one.change is not Change.PROBLEM)
    return ScorePlan(tuple(planned), file.left_alone, two_decimals(maximum))


def apply_plan(
    session: Session, blog_id: int, plan: ScorePlan, grader_id: int | None, now: datetime, skip_problems: bool = False
) -> int:
    """Set the scores of a plan and return how many. `grader_id` None is the operator. Raises Rejected at a problem.

    A plan made before another transaction ended may be out of date: make it in this one, after `lock_scores`.
    """
    if plan.problems and not skip_problems:
        what = say_count("%(count)s line cannot be taken.", "%(count)s lines cannot be taken.", len(plan.problems))
        raise Rejected(what, say("Nothing is stored."))
    scores = {row.person_id: OwnScore(row.points, row.comment) for row in plan.to_set if row.person_id is not None}
    if scores:
        set_scores(session, blog_id, scores, grader_id, now)
    return len(scores)


def apply_as_shown(
    session: Session, blog_id: int, course_id: int, file: ScoreFile, shown: str, grader_id: int, now: datetime
) -> ScorePlan | None:
    """Set what a teacher was shown, its problems left out; `shown` is its fingerprint.

    Returns None when done; or the plan as it is now, nothing set, if it is another than the one shown.
    """
    lock_scores(session, blog_id)
    plan = plan_scores(session, blog_id, file, course_id)
    if plan.fingerprint != shown:
        return plan
    apply_plan(session, blog_id, plan, grader_id, now, skip_problems=True)
    return None


def people_to_score(session: Session, blog_id: int, course_id: int) -> list[tuple[str, str, str]]:
    """Return the name, LMS id and e-mail of each student of a course, by name."""
    rows = {person.id: person for person in _persons(session, blog_id, course_id)}
    students = students_of(session, blog_id, course_id)
    return [(one.name, rows[one.id].lti_sub, rows[one.id].email or "") for one in students if not one.has_left]


class _People:
    """The students of a blog by what a file may call them."""

    def __init__(self, session: Session, blog_id: int, course_id: int | None) -> None:
        self._ids: dict[str, set[_Student]] = defaultdict(set)
        self._emails: dict[str, set[_Student]] = defaultdict(set)
        self._names: dict[str, set[_Student]] = defaultdict(set)
        students = {one.id for one in students_of(session, blog_id, course_id)}
        for person in _persons(session, blog_id, course_id):
            if person.id not in students:
                continue
            student = _Student(person.id, person.lti_sub, person.shown_name)
            self._ids[person.lti_sub].add(student)
            if person.email:
                self._emails[_folded(person.email)].add(student)
            given, family = person.given_name or "", person.family_name or ""
            for name in (person.shown_name, person.name or "", f"{given} {family}", f"{family} {given}"):
                if name.strip():
                    self._names[_folded(name)].add(student)

    def named_in(self, row: ScoreRow) -> _Student:
        """Return the one student that a row is about. Raises _NotPlain with the reason."""
        if row.problem:
            raise _NotPlain(row.problem)
        by_id = self._ids.get(row.lms_id, set())
        by_email = self._emails.get(_folded(row.email), set())
        by_name = set().union(*(self._names.get(name, set()) for name in _spellings(row.name)))
        found = by_id or by_email or self._by_other_id(row, by_name)
        if not found and row.lms_id:
            raise _NotPlain(
                say("No student here has the LMS id “%(id)s”. Empty that cell to go by the name.", id=row.lms_id[:60])
            )
        found = found or by_name
        if not found:
            raise _NotPlain(say("No student here is called “%(name)s”.", name=row.who[:60]))
        agreeing = [one for one in (by_id, by_email, by_name) if one]
        student = set(found).intersection(*agreeing)
        if len(student) == 1:
            return student.pop()
        if student:
            raise _NotPlain(_many_called(len(student), row.who[:60]))
        raise _NotPlain(say("The line names more than one student: %(names)s.", names=_names(agreeing)))

    def _by_other_id(self, row: ScoreRow, by_name: set[_Student]) -> set[_Student]:
        """By a number that may be the LMS's id or the school's own: only where no name says otherwise."""
        found = self._ids.get(row.other_id, set()) if row.other_id else set()
        return found if not row.name or row.name == row.other_id else found & by_name


def _persons(session: Session, blog_id: int, course_id: int | None) -> Iterable[Person]:
    places = select(Membership.person_id).where(Membership.course_id.in_(courses_of(blog_id, course_id)))
    return session.scalars(select(Person).where(Person.id.in_(places)))


def _many_called(count: int, name: str) -> str:
    return say_count(
        "%(count)s student here is called “%(name)s”. Give the LMS id or the e-mail.",
        "%(count)s students here are called “%(name)s”. Give the LMS id or the e-mail.",
        count, name=name,
    )  # fmt: skip


def _names(found: Iterable[set[_Student]]) -> str:
    return ", ".join(sorted({student.name for one in found for student in one}))


def _spellings(name: str) -> set[str]:
    """A name as it stands, and turned round where it is “Family, Given”."""
    family, comma, given = name.partition(",")
    return {_folded(name), _folded(f"{given} {family}")} - {""} if comma else {_folded(name)} - {""}


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).casefold().split())


def _planned(row: ScoreRow, student: _Student, where: Standing, maximum: Fraction) -> PlannedScore:
    """What a row does to the student it is about. Where it has no comment, the one that stands is kept."""
    planned = PlannedScore(
        row.line, student.name, student.id, student.key, Change.PROBLEM, where.points, where.is_excused
    )
    try:
        _check_maximum(row.maximum, maximum)
        points = None if row.is_excused else checked_points(row.points, maximum)
        comment = checked_reason(row.comment) or where.reason
    except Rejected as problem:
        return replace(planned, comment=row.comment, reason=say("%(what)s %(do)s", what=problem.what, do=problem.do))
    if where.is_own and (where.corrected, where.reason) == (points, comment):
        change = Change.SAME
    elif points is None:
        change = Change.EXCUSED
    else:
        change = Change.CHANGED if where.is_own else Change.NEW
    return replace(planned, change=change, points=points, comment=comment)


def _check_maximum(text: str, maximum: Fraction) -> None:
    """Raise Rejected where the file counts out of another maximum than the blog."""
    try:
        differs = bool(text) and Decimal(text.replace(",", ".")) != two_decimals(maximum)
    except ArithmeticError:
        return
    if differs:
        raise Rejected(
            say("The file counts out of %(theirs)s, this blog out of %(ours)s.",
                theirs=text[:20], ours=plain_number(maximum)),
            say("Change the points and the maximum in the file, or how participation is scored."),
        )  # fmt: skip
