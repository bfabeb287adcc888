"""The queue shows each student's comment once, in order, and a mark can be taken back."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from sqlalchemy import select

from lti_tool.blog.comments import Draft, add_comment, delete_comment
from lti_tool.database import Database
from lti_tool.errors import NotFound, Rejected
from lti_tool.models import GradebookScore, Mark, Role
from lti_tool.participation.marking import (
    Progress,
    comment_to_mark,
    comments_by,
    next_to_mark,
    progress,
    set_mark,
    waiting_for_mark,
)
from lti_tool.participation.rules.post_and_comments import PostAndComments
from lti_tool.participation.scoring import change_rule, standings
from tests.a_school import NOW, a_blog, a_comment, a_person, a_post, a_student, a_teacher, course_of
from tests.threads import at_once


@dataclass
class Queue:
    """A blog in which Anna and Ben wrote two comments each in turn, and the teacher and a stranger one between."""

    database: Database
    blog: int
    post: int
    teacher: int
    anna: int
    ben: int
    ids: tuple[int, ...]

    def next(self, after: int = 0) -> int | None:
        with self.database.reading() as session:
            found = next_to_mark(session, self.blog, after)
            return found.comment_id if found else None

    def mark(self, comment: int, mark: int | None, feedback: str = "") -> None:
        with self.database.writing() as session:
            set_mark(session, self.blog, comment, self.teacher, mark, feedback, NOW)

    def progress(self) -> Progress:
        with self.database.reading() as session:
            return progress(session, self.blog)

    def wanted(self) -> dict[int, str]:
        with self.database.reading() as session:
            rows = session.scalars(select(GradebookScore).filter_by(blog_id=self.blog))
            return {row.person_id: f"{row.points:f}" for row in rows if row.points is not None}


@pytest.fixture
def queue(shared_database: Database) -> Queue:
    with shared_database.writing() as session:
        blog = a_blog(session)
        course = course_of(session, blog)
        teacher = a_teacher(session, course)
        anna, ben = a_student(session, course, "Anna Berg"), a_student(session, course, "Ben Cole")
        post = a_post(session, blog)
        ids = [a_comment(session, post, anna).id]
        a_comment(session, post, teacher, answers=1)
        ids.append(a_comment(session, post, ben, answers=1).id)
        add_comment(session, post, Draft("From the page.", "page", None, author_name="A stranger"), NOW)
        ids += [a_comment(session, post, anna, answers=4).id, a_comment(session, post, ben).id]
        return Queue(shared_database, blog, post, teacher, anna, ben, tuple(ids))


def test_the_queue_in_order(queue: Queue) -> None:
    first, second, third, fourth = queue.ids
    assert queue.next() == first
    queue.mark(first, 2)
    assert queue.next() == second
    assert queue.next(after=second) == third, "a skipped one is left for later"
    queue.mark(third, 1)
    assert queue.next(after=third) == fourth
    queue.mark(fourth, 0)
    assert queue.next(after=fourth) == second, "from the end it begins anew"
    queue.mark(second, 3)
    assert queue.next() is None
    assert queue.next(after=second) is None


def test_only_students_comments_are_counted_and_marked(queue: Queue) -> None:
    assert queue.progress() == Progress(marked=0, to_mark=4, unmatched=1)
    with queue.database.writing() as session:
        course = course_of(session, queue.blog)
        for name, role in (("Tess", Role.ASSISTANT), ("Olga", Role.OBSERVER)):
            a_comment(session, queue.post, a_person(session, course, name, role, roster_role=Role.STUDENT))
        on_roster = a_person(session, course, "Cy", None, roster_role=Role.STUDENT)
        added = a_comment(session, queue.post, on_roster).id
    assert queue.progress() == Progress(marked=0, to_mark=5, unmatched=1)
    queue.mark(added, 1)
    assert queue.progress() == Progress(marked=1, to_mark=4, unmatched=1)


def test_what_the_desk_shows(queue: Queue) -> None:
    with queue.database.reading() as session:
        item = comment_to_mark(session, queue.blog, queue.ids[1])
        mine = comments_by(session, queue.blog, queue.ben)
    assert (item.number, item.name, item.person_id, item.words) == (3, "Ben Cole", queue.ben, 4)
    assert (item.post_number, item.post_id, item.mark, item.feedback) == (1, queue.post, None, "")
    assert item.answers_id == queue.ids[0]
    assert [one.comment_id for one in mine] == [queue.ids[1], queue.ids[3]]


def test_a_mark_and_its_feedback(queue: Queue) -> None:
    queue.mark(queue.ids[0], 2, "  Good, but cite.  ")
    with queue.database.reading() as session:
        item = comment_to_mark(session, queue.blog, queue.ids[0])
        row = session.get_one(Mark, queue.ids[0])
    assert (item.mark, item.feedback) == (2, "Good, but cite.")
    assert (row.grader_id, row.marked_at) == (queue.teacher, NOW)
    assert queue.wanted() == {queue.anna: "1.33"}
    queue.mark(queue.ids[0], 3)
    assert queue.wanted() == {queue.anna: "2"}


def test_a_mark_is_taken_back(queue: Queue) -> None:
    queue.mark(queue.ids[0], 2)
    queue.mark(queue.ids[0], None)
    assert queue.progress().marked == 0
    assert queue.next() == queue.ids[0]
    assert queue.wanted() == {}
    queue.mark(queue.ids[0], None)
    assert queue.progress().marked == 0


@pytest.mark.parametrize("mark", [-1, 4, 100])
def test_a_mark_is_nothing_to_three(queue: Queue, mark: int) -> None:
    with pytest.raises(Rejected, match="0 to 3"):
        queue.mark(queue.ids[0], mark)
    assert queue.progress().marked == 0


def test_what_cannot_be_marked(queue: Queue) -> None:
    with queue.database.writing() as session:
        delete_comment(session, queue.post, 1, queue.anna, NOW)
        other_blog = a_blog(session)
        elsewhere = a_comment(
            session, a_post(session, other_blog), a_student(session, course_of(session, other_blog))
        ).id
    deleted, of_teacher, of_nobody = queue.ids[0], queue.ids[0] + 1, queue.ids[1] + 1
    for comment in (deleted, of_teacher, of_nobody, elsewhere, 10**6):
        with pytest.raises(NotFound):
            queue.mark(comment, 1)
        with queue.database.reading() as session, pytest.raises(NotFound):
            comment_to_mark(session, queue.blog, comment)
    assert queue.progress() == Progress(marked=0, to_mark=3, unmatched=1)
    assert queue.wanted() == {}


def test_a_deleted_comment_leaves_the_queue_with_its_mark(queue: Queue) -> None:
    queue.mark(queue.ids[0], 3)
    with queue.database.writing() as session:
        delete_comment(session, queue.post, 1, queue.anna, NOW)
    assert queue.progress() == Progress(marked=0, to_mark=3, unmatched=1)


def test_feedback_too_long_is_given_back_and_never_cut(queue: Queue) -> None:
    with pytest.raises(Rejected, match="3,000 characters") as refused:
        queue.mark(queue.ids[0], 1, "x" * 3000)
    assert refused.value.kept == "x" * 3000
    with queue.database.reading() as session:
        assert comment_to_mark(session, queue.blog, queue.ids[0]).mark is None


def test_marks_at_the_same_instant_all_count(queue: Queue) -> None:
    """Several graders work on one student: the score that stays is the one of all their marks together."""
    for round_ in range(8):
        with queue.database.writing() as session:
            student = a_student(session, course_of(session, queue.blog), f"Student {round_}")
            comments = [a_comment(session, queue.post, student).id for _ in range(3)]
        at_once(3, lambda which, comments=comments: queue.mark(comments[which], 1))  # type: ignore[misc]
        assert queue.wanted()[student] == "2"


def test_one_comment_marked_twice_at_the_same_instant(queue: Queue) -> None:
    for comment in queue.ids:
        at_once(3, lambda which, comment=comment: queue.mark(comment, which))  # type: ignore[misc]
    assert queue.progress() == Progress(marked=4, to_mark=0, unmatched=1)
    with queue.database.reading() as session:
        for person, where in standings(session, queue.blog).items():
            assert Decimal(queue.wanted()[person]) == where.points


def test_a_changed_rule_and_a_mark_at_the_same_instant(queue: Queue) -> None:
    def act(which: int) -> None:
        if which:
            queue.mark(queue.ids[which], 3)
            return
        with queue.database.writing() as session:
            change_rule(session, queue.blog, PostAndComments(comment_points=Decimal(3)), NOW)

    at_once(4, act)
    with queue.database.reading() as session:
        for person, where in standings(session, queue.blog).items():
            assert Decimal(queue.wanted()[person]) == where.points


def test_the_number_above_a_thread_is_counted_no_further_than_asked(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)
        post = a_post(session, blog)
        student = a_student(session, course_of(session, blog))
        for _ in range(3):
            a_comment(session, post, student)
    with shared_database.reading() as session:
        assert waiting_for_mark(session, blog) == 3
        assert waiting_for_mark(session, blog, at_most=2) == 2
