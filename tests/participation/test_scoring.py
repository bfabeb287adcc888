"""Scores follow what people do, the teacher has the last word, and nothing done is not a zero."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from lti_tool.blog.comments import delete_comment
from lti_tool.database import Database
from lti_tool.errors import Rejected
from lti_tool.gradebook.outbox import Score
from lti_tool.models import GradebookScore, Role, SyncState
from lti_tool.participation.activity import activity_of, students_of
from lti_tool.participation.marking import set_mark
from lti_tool.participation.rules import MarkedComment
from lti_tool.participation.rules.post_and_comments import PostAndComments
from lti_tool.participation.scoring import (
    change_rule,
    correct_score,
    glance,
    rescore,
    rescore_all,
    rule_of,
    standing,
    standings,
)
from tests.a_school import NOW, a_blog, a_comment, a_person, a_post, a_student, a_teacher, course_of
from tests.threads import at_once


@dataclass
class Desk:
    """A blog with one post by its teacher, and Anna, who has done nothing yet."""

    database: Database
    blog: int
    course: int
    teacher: int
    anna: int
    post: int

    def person(self, name: str, role: Role | None, roster_role: Role | None = None) -> int:
        with self.database.writing() as session:
            return a_person(session, self.course, name, role, roster_role=roster_role)

    def comment(self, author: int, mark: int | None = None, now: datetime = NOW) -> int:
        with self.database.writing() as session:
            added = a_comment(session, self.post, author, now=now)
            if mark is not None:
                set_mark(session, self.blog, added.id, self.teacher, mark, "", NOW)
            return added.id

    def rescore(self, person: int) -> None:
        with self.database.writing() as session:
            rescore(session, self.blog, person, NOW)

    def correct(self, person: int, points: str, reason: str = "") -> None:
        with self.database.writing() as session:
            correct_score(session, self.blog, person, self.teacher, points, reason, NOW)

    def points(self, person: int) -> Decimal | None:
        with self.database.reading() as session:
            return standing(session, self.blog, person).points

    def wanted(self, person: int) -> Score | None:
        """What the outbox holds for a person; None if it has no row for them or the row is withdrawn."""
        with self.database.reading() as session:
            row = session.scalar(select(GradebookScore).filter_by(blog_id=self.blog, person_id=person))
            return None if row is None or row.points is None else Score(row.points, row.maximum, row.comment)

    def rows(self) -> int:
        with self.database.reading() as session:
            return len(session.scalars(select(GradebookScore).filter_by(blog_id=self.blog)).all())


@pytest.fixture
def desk(shared_database: Database) -> Desk:
    with shared_database.writing() as session:
        blog = a_blog(session)
        course = course_of(session, blog)
        teacher = a_teacher(session, course)
        return Desk(
            shared_database, blog, course, teacher, a_student(session, course), a_post(session, blog, author_id=teacher)
        )


def test_nothing_done_is_not_a_zero(desk: Desk) -> None:
    desk.rescore(desk.anna)
    assert desk.points(desk.anna) is None
    assert desk.rows() == 0


def test_an_unmarked_comment_is_nothing_to_score_yet(desk: Desk) -> None:
    desk.comment(desk.anna)
    desk.rescore(desk.anna)
    assert desk.points(desk.anna) is None
    assert desk.rows() == 0


def test_a_mark_of_nothing_is_a_zero(desk: Desk) -> None:
    desk.comment(desk.anna, mark=0)
    assert desk.points(desk.anna) == 0
    assert desk.wanted(desk.anna) == Score(Decimal(0), Decimal(10), "Participation: post 0/4, Comment #1 0/2")


def test_a_mark_is_a_score(desk: Desk) -> None:
    desk.comment(desk.anna, mark=2)
    assert desk.wanted(desk.anna) == Score(Decimal("1.33"), Decimal(10), "Participation: post 0/4, Comment #1 1.33/2")


def test_a_post_is_a_score(desk: Desk) -> None:
    with desk.database.writing() as session:
        a_post(session, desk.blog, desk.anna)
        rescore(session, desk.blog, desk.anna, NOW)
    assert desk.wanted(desk.anna) == Score(Decimal(4), Decimal(10), "Participation: post 4/4")


@pytest.mark.parametrize("role", [Role.TEACHER, Role.ASSISTANT, Role.OBSERVER])
def test_only_students_have_a_score(desk: Desk, role: Role) -> None:
    person = desk.person("Not a student", role)
    with desk.database.writing() as session:
        a_post(session, desk.blog, person)
        rescore(session, desk.blog, person, NOW)
        rescore_all(session, desk.blog, NOW)
        assert person not in standings(session, desk.blog)
    assert desk.rows() == 0


def test_the_launch_outweighs_the_roster(desk: Desk) -> None:
    """Moodle's roster calls an assistant a student."""
    assistant = desk.person("Tess", Role.ASSISTANT, roster_role=Role.STUDENT)
    known_from_roster = desk.person("Ben", None, roster_role=Role.STUDENT)
    with desk.database.reading() as session:
        assert [student.name for student in students_of(session, desk.blog)] == ["Anna Berg", "Ben"]
    for person in (assistant, known_from_roster):
        with desk.database.writing() as session:
            a_post(session, desk.blog, person)
            rescore(session, desk.blog, person, NOW)
    assert desk.wanted(assistant) is None
    assert desk.wanted(known_from_roster) is not None


def test_somebody_from_elsewhere_has_no_score(desk: Desk) -> None:
    with desk.database.writing() as session:
        other = a_student(session, course_of(session, a_blog(session)))
        a_post(session, desk.blog, other)
    desk.rescore(other)
    assert desk.rows() == 0


def test_scores_in_another_blog_are_its_own(desk: Desk) -> None:
    with desk.database.writing() as session:
        other = a_blog(session, desk.course)
        a_post(session, other, desk.anna)
        rescore_all(session, other, NOW)
        assert standing(session, other, desk.anna).points == 4
    assert desk.points(desk.anna) is None
    assert desk.wanted(desk.anna) is None


def test_a_deleted_comment_earns_nothing(desk: Desk) -> None:
    desk.comment(desk.anna, mark=3)
    desk.comment(desk.anna, mark=1)
    with desk.database.writing() as session:
        delete_comment(session, desk.post, 1, desk.anna, NOW)
        rescore(session, desk.blog, desk.anna, NOW)
    assert desk.wanted(desk.anna) == Score(Decimal("0.67"), Decimal(10), "Participation: post 0/4, Comment #2 0.67/2")


def test_when_the_last_marked_comment_goes_the_score_is_withdrawn(desk: Desk) -> None:
    desk.comment(desk.anna, mark=3)
    with desk.database.writing() as session:
        delete_comment(session, desk.post, 1, desk.anna, NOW)
        rescore(session, desk.blog, desk.anna, NOW)
        row = session.scalars(select(GradebookScore).filter_by(blog_id=desk.blog)).one()
        assert (row.points, row.state) == (None, SyncState.NOT_DUE)
    assert desk.points(desk.anna) is None


def test_a_correction_wins_and_is_shown_as_such(desk: Desk) -> None:
    desk.comment(desk.anna, mark=2)
    desk.correct(desk.anna, " 7,5 ", "  Spoke in\nclass. ")
    assert desk.wanted(desk.anna) == Score(Decimal("7.5"), Decimal(10), "Set by your teacher: Spoke in class.")
    with desk.database.reading() as session:
        where = standing(session, desk.blog, desk.anna)
        assert standings(session, desk.blog)[desk.anna] == where
    assert (where.corrected, where.points, where.reason) == (Decimal("7.5"), Decimal("7.5"), "Spoke in\nclass.")
    assert where.sheet.rounded == Decimal("1.33")
    desk.comment(desk.anna, mark=3)
    assert desk.points(desk.anna) == Decimal("7.5")


def test_a_correction_is_taken_back(desk: Desk) -> None:
    desk.comment(desk.anna, mark=2)
    desk.correct(desk.anna, "0")
    assert desk.wanted(desk.anna) == Score(Decimal(0), Decimal(10), "Set by your teacher")
    desk.correct(desk.anna, "  ")
    assert desk.points(desk.anna) == Decimal("1.33")
    assert desk.wanted(desk.anna) == Score(Decimal("1.33"), Decimal(10), "Participation: post 0/4, Comment #1 1.33/2")
    desk.correct(desk.anna, "")
    assert desk.points(desk.anna) == Decimal("1.33")


def test_a_correction_scores_who_did_nothing(desk: Desk) -> None:
    desk.correct(desk.anna, "3")
    assert desk.wanted(desk.anna) == Score(Decimal(3), Decimal(10), "Set by your teacher")
    desk.correct(desk.anna, "")
    assert desk.points(desk.anna) is None
    assert desk.wanted(desk.anna) is None


@pytest.mark.parametrize("points", ["ten", "-1", "10.01", "1.005", "NaN", "Infinity", "1e5", "9" * 3000, "1/2", "\x00"])
def test_what_cannot_be_a_correction(desk: Desk, points: str) -> None:
    with pytest.raises(Rejected) as rejected:
        desk.correct(desk.anna, points)
    assert rejected.value.do == "Give a number from 0 to 10, with at most two decimals."
    assert desk.rows() == 0


def test_changing_the_rule_changes_every_score(desk: Desk) -> None:
    ben = desk.person("Ben Cole", Role.STUDENT)
    desk.comment(desk.anna, mark=3)
    desk.comment(ben, mark=1)
    desk.correct(ben, "5")
    with desk.database.writing() as session:
        rule = PostAndComments(Decimal(20), Decimal(0), 1, Decimal(20))
        change_rule(session, desk.blog, rule, NOW)
        assert rule_of(session, desk.blog) == rule
    assert desk.wanted(desk.anna) == Score(Decimal(20), Decimal(20), "Participation: Comment #1 20/20")
    assert desk.wanted(ben) == Score(Decimal(5), Decimal(20), "Set by your teacher")
    assert desk.rows() == 2


def test_rescoring_what_has_not_changed_sends_nothing(desk: Desk) -> None:
    desk.comment(desk.anna, mark=3)
    with desk.database.reading() as session:
        before = session.scalars(select(GradebookScore).filter_by(blog_id=desk.blog)).one().revision
    with desk.database.writing() as session:
        rescore_all(session, desk.blog, NOW + timedelta(hours=1))
        rescore(session, desk.blog, desk.anna, NOW + timedelta(hours=2))
        assert session.scalars(select(GradebookScore).filter_by(blog_id=desk.blog)).one().revision == before


def test_at_a_glance_it_is_the_same(desk: Desk) -> None:
    """What stands above each page is read more cheaply than the sum; it must never say something else."""

    def assert_the_same() -> None:
        with desk.database.reading() as session:
            seen, where = glance(session, desk.blog, desk.anna), standing(session, desk.blog, desk.anna)
        assert (seen.points, seen.maximum, seen.written) == (where.points, where.maximum, len(where.activity.comments))

    assert_the_same()
    desk.comment(desk.anna)
    desk.comment(desk.teacher)
    assert_the_same()
    desk.comment(desk.anna, mark=2)
    assert_the_same()
    desk.correct(desk.anna, "7.5")
    assert_the_same()
    with desk.database.writing() as session:
        change_rule(session, desk.blog, PostAndComments(Decimal(20), Decimal(0), 1, Decimal(20)), NOW)
    assert_the_same()
    desk.correct(desk.anna, "")
    with desk.database.writing() as session:
        delete_comment(session, desk.post, 3, desk.anna, NOW)
        rescore(session, desk.blog, desk.anna, NOW)
    assert_the_same()
    with desk.database.writing() as session:
        other = a_blog(session, desk.course)
        a_comment(session, a_post(session, other), desk.anna)
    assert_the_same()


def test_activity_is_what_still_stands(desk: Desk) -> None:
    desk.comment(desk.anna, mark=2, now=NOW + timedelta(minutes=5))
    desk.comment(desk.anna, now=NOW + timedelta(minutes=3))
    desk.comment(desk.anna, mark=1)
    desk.comment(desk.teacher)
    with desk.database.writing() as session:
        delete_comment(session, desk.post, 3, desk.anna, NOW)
        session.flush()
        done = activity_of(session, desk.blog, desk.anna)
    assert done.posts == 0
    assert done.comments == (MarkedComment(1, 2, 4, None), MarkedComment(1, 1, 4, 2))


def test_two_corrections_at_the_same_instant(desk: Desk) -> None:
    at_once(3, lambda which: desk.correct(desk.anna, str(which)))
    wanted = desk.wanted(desk.anna)
    assert wanted is not None
    assert wanted.points == desk.points(desk.anna)
