"""What activity is worth under the blog's rule, the teacher's own corrections, and telling the gradebook."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session

from lti_tool.errors import Rejected
from lti_tool.gradebook.column_changes import tell_columns
from lti_tool.gradebook.outbox import Score, want_score
from lti_tool.models import Blog, Comment, Correction, GradebookScore, Membership, Post, Role
from lti_tool.participation.activity import (
    COMMENT_COUNTS,
    activities,
    activity_of,
    contributed_at,
    courses_of,
    students_of,
)
from lti_tool.participation.rules import Activity, Rule, ScoreSheet, rule_from, stored
from lti_tool.participation.rules.sheet import plain_number, two_decimals
from lti_tool.wording import say

_LONGEST_REASON = 1_000


@dataclass(frozen=True)
class Standing:
    """Where one person stands: the sum by the rule, the teacher's own score if there is one, and what is shown.

    `points` is None while there is nothing to score: no post, no marked comment, no correction. That is not a zero.
    It is None for whoever is excused, too. `by_operator`: the operator set it, and no teacher.
    """

    activity: Activity
    sheet: ScoreSheet
    corrected: Decimal | None
    reason: str
    points: Decimal | None
    is_excused: bool = False
    by_operator: bool = False

    @property
    def maximum(self) -> Decimal:
        return two_decimals(self.sheet.maximum)

    @property
    def is_own(self) -> bool:
        """Whether somebody has set it, or excused the person, in place of the rule."""
        return self.is_excused or self.corrected is not None


@dataclass(frozen=True)
class OwnScore:
    """A score that somebody sets, which wins over the rule; without points the person is excused."""

    points: Decimal | None
    reason: str


@dataclass(frozen=True)
class Glance:
    """A student's score as it stands above each page: what the gradebook should show, and the comments written."""

    points: Decimal | None
    maximum: Decimal
    written: int
    rule: Rule
    is_excused: bool = False


_GLANCE = (
    select(
        Blog.rule,
        GradebookScore.points,
        select(func.count())
        .select_from(Comment)
        .where(
            Comment.author_id == bindparam("person_id"),
            Comment.post_id.in_(select(Post.id).where(Post.blog_id == bindparam("blog_id"), Post.uncounted.is_(False))),
            *COMMENT_COUNTS,
        )
        .scalar_subquery()
        .label("written"),
        exists()
        .where(
            Correction.blog_id == bindparam("blog_id"),
            Correction.person_id == bindparam("person_id"),
            Correction.points.is_(None),
        )
        .label("is_excused"),
    )
    .outerjoin(
        GradebookScore,
        (GradebookScore.blog_id == Blog.id) & (GradebookScore.person_id == bindparam("person_id")),
    )
    .where(Blog.id == bindparam("blog_id"))
)


def rule_of(session: Session, blog_id: int) -> Rule:
    return rule_from(session.get_one(Blog, blog_id).rule)


def standing(session: Session, blog_id: int, person_id: int) -> Standing:
    """Return where one person stands in a blog."""
    correction = session.get(Correction, (blog_id, person_id))
    return _standing(rule_of(session, blog_id), activity_of(session, blog_id, person_id), correction)


def glance(session: Session, blog_id: int, person_id: int) -> Glance:
    """Return a student's score from the outbox, as it was last worked out; `standing` works it out item by item."""
    row = session.execute(_GLANCE, {"blog_id": blog_id, "person_id": person_id}).one()
    rule = rule_from(row.rule)
    return Glance(row.points, two_decimals(rule.sheet(Activity(0, ())).maximum), row.written, rule, row.is_excused)


def standings(session: Session, blog_id: int, course_id: int | None = None) -> dict[int, Standing]:
    """Return where each student of the blog (or of one of its courses) stands, whether they did anything or not."""
    rule = rule_of(session, blog_id)
    done = activities(session, blog_id)
    corrections = {
        row.person_id: row for row in session.scalars(select(Correction).where(Correction.blog_id == blog_id))
    }
    nothing = Activity(0, ())
    return {
        student.id: _standing(rule, done.get(student.id, nothing), corrections.get(student.id))
        for student in students_of(session, blog_id, course_id)
    }


def lock_scores(session: Session, blog_id: int) -> None:
    """Wait for whoever else is changing what scores of this blog are made of.

    Otherwise two marks given at the same instant would each make a score that leaves the other out.
    """
    locked = select(Blog).where(Blog.id == blog_id).with_for_update(key_share=True)
    session.execute(locked, execution_options={"populate_existing": True})


def rescore(session: Session, blog_id: int, person_id: int, now: datetime) -> None:
    """Work out one person's score again and ask the gradebook to show it. Only students have a score."""
    lock_scores(session, blog_id)
    places = session.scalars(
        select(Membership).where(
            Membership.person_id == person_id,
            Membership.course_id.in_(courses_of(blog_id)),
            Membership.is_test.is_(False),
        )
    )
    if any(place.role is Role.STUDENT for place in places):
        worked_at = contributed_at(session, blog_id, person_id).get(person_id)
        _want(session, blog_id, person_id, standing(session, blog_id, person_id), now, worked_at)


def rescore_all(session: Session, blog_id: int, now: datetime) -> None:
    """The same for every student of the blog, after its rule has changed or people were matched."""
    lock_scores(session, blog_id)
    worked_at = contributed_at(session, blog_id)
    for person_id, where in standings(session, blog_id).items():
        _want(session, blog_id, person_id, where, now, worked_at.get(person_id))


def change_rule(session: Session, blog_id: int, rule: Rule, now: datetime) -> None:
    """Give the blog another rule, and every student the score it makes."""
    session.get_one(Blog, blog_id).rule = stored(rule)
    session.flush()
    tell_columns(session, blog_id, now)
    rescore_all(session, blog_id, now)


def correct_score(
    session: Session, blog_id: int, person_id: int, grader_id: int, points: str, reason: str, now: datetime
) -> None:
    """Set a teacher's own score, which wins over the rule; empty `points` takes it back. Raises Rejected."""
    lock_scores(session, blog_id)
    maximum = maximum_of(session, blog_id)
    own = OwnScore(checked_points(points, maximum), checked_reason(reason)) if points.strip() else None
    _correct(session, blog_id, person_id, own, grader_id, now)
    rescore(session, blog_id, person_id, now)


def excuse(session: Session, blog_id: int, person_id: int, grader_id: int, reason: str, now: datetime) -> None:
    """Excuse somebody: no score of theirs is sent, until `correct_score` takes it back. Raises Rejected."""
    lock_scores(session, blog_id)
    _correct(session, blog_id, person_id, OwnScore(None, checked_reason(reason)), grader_id, now)
    rescore(session, blog_id, person_id, now)


def set_scores(
    session: Session, blog_id: int, scores: Mapping[int, OwnScore], grader_id: int | None, now: datetime
) -> None:
    """Set several people's own scores, by person, for a teacher, or (`grader_id` None) for the operator."""
    lock_scores(session, blog_id)
    for person_id, own in scores.items():
        _correct(session, blog_id, person_id, own, grader_id, now)
    rescore_all(session, blog_id, now)


def maximum_of(session: Session, blog_id: int) -> Fraction:
    """Return the most points that the blog's rule gives."""
    return rule_of(session, blog_id).sheet(Activity(0, ())).maximum


def checked_points(text: str, maximum: Fraction) -> Decimal:
    """Return points as somebody writes them, with a decimal point or comma. Raises Rejected."""
    advice = say("Give a number from 0 to %(most)s, with at most two decimals.", most=plain_number(maximum))
    try:
        value = Decimal(text.strip().replace(",", "."))
    except ArithmeticError:
        raise Rejected(say("“%(text)s” is not a number.", text=text.strip()[:40]), advice) from None
    if not value.is_finite() or not 0 <= value <= two_decimals(maximum) or value != round(value, 2):
        raise Rejected(say("%(text)s cannot be a score here.", text=text.strip()[:40]), advice)
    return value + 0  # of -0 it makes 0


def checked_reason(reason: str) -> str:
    """Return the words for the student beside a score. Raises Rejected."""
    text = reason.strip()
    if len(text) > _LONGEST_REASON:
        what = say("The reason is longer than %(longest)s characters.", longest=f"{_LONGEST_REASON:,}")
        raise Rejected(what, say("Shorten it, then save again."))
    return text


def _correct(
    session: Session, blog_id: int, person_id: int, own: OwnScore | None, grader_id: int | None, now: datetime
) -> None:
    """Write down what somebody sets in place of the rule's score; None takes it back."""
    correction = session.get(Correction, (blog_id, person_id))
    if own is None:
        if correction is not None:
            session.delete(correction)
    else:
        correction = correction or Correction(blog_id=blog_id, person_id=person_id)
        correction.grader_id, correction.points = grader_id, own.points
        correction.reason, correction.corrected_at = own.reason, now
        session.add(correction)
    session.flush()


def _standing(rule: Rule, activity: Activity, correction: Correction | None) -> Standing:
    sheet = rule.sheet(activity)
    if correction is not None:
        points, is_excused = correction.points, correction.points is None
        by_operator = correction.grader_id is None
        return Standing(activity, sheet, points, correction.reason, points, is_excused, by_operator)
    counts = activity.posts > 0 or any(comment.mark is not None for comment in activity.comments)
    return Standing(activity, sheet, None, "", sheet.rounded if counts else None)


def _want(
    session: Session, blog_id: int, person_id: int, where: Standing, now: datetime, worked_at: datetime | None
) -> None:
    want_score(session, blog_id, person_id, _score(where), now, worked_at, is_excused=where.is_excused)


def _score(where: Standing) -> Score | None:
    if where.points is None:
        return None
    return Score(where.points, where.maximum, _in_one_line(where))


def _in_one_line(where: Standing) -> str:
    """The sum as the LMS shows it to the student beside the score: plain text, no names."""
    if where.corrected is not None:
        reason = f": {' '.join(where.reason.split())}" if where.reason else ""
        return f"Set by {'the operator of the blog' if where.by_operator else 'your teacher'}{reason}"
    counted = [item for item in where.sheet.items if item.of and not (item.comment and item.comment.mark is None)]
    parts = [
        f"{item.label.removeprefix('Your ')} {plain_number(item.points)}/{plain_number(item.of)}" for item in counted
    ]
    return "Participation: " + ", ".join(parts) if parts else "Participation"
