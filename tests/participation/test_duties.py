"""What students owe: it follows from what they wrote and from what was asked, and from nothing that does not stand."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from lti_tool.blog.sight import pseudonym
from lti_tool.database import Database
from lti_tool.models import Blog, BlogShape, Comment, Membership, Person, Post, Role
from lti_tool.participation.duties import Duties, Duty, class_duties, duties_of, waiting_answers
from tests.a_school import NOW, a_blog, a_comment, a_person, a_post, a_student, a_teacher, course_of

DAY = timedelta(days=1)


class Class:
    """A blog with Anna, Tom and Mei, and Anna's post."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.blog_id = a_blog(session)
        self.course_id = course_of(session, self.blog_id)
        self.anna, self.tom, self.mei = (a_student(session, self.course_id, name) for name in ("Anna", "Tom", "Mei"))
        self.post_id = a_post(session, self.blog_id, self.anna)

    @property
    def blog(self) -> Blog:
        return self.session.get_one(Blog, self.blog_id)

    def comment(self, author: int | None, answers: int | None = None, now: datetime = NOW, post: int = 0) -> int:
        """Add a comment and return its number."""
        return a_comment(self.session, post or self.post_id, author, answers, f"Words {random.random()}", now).number

    def row(self, number: int) -> Comment:
        return self.session.query(Comment).filter_by(post_id=self.post_id, number=number).one()

    def duties(self, person_id: int, now: datetime = NOW) -> Duties:
        self.session.flush()
        return duties_of(self.session, self.blog_id, person_id, now)

    def waiting(self) -> list[int]:
        return [one.number for one in self.duties(self.anna).waiting]


@pytest.fixture
def lesson(database: Database) -> Iterator[Class]:
    with database.writing() as session:
        yield Class(session)


def test_what_is_owed_where_nothing_was_done(lesson: Class) -> None:
    duties = lesson.duties(lesson.tom)
    assert (duties.post, duties.post_number) == (Duty(1, 0, None, False), None)
    assert (duties.comments, duties.written) == (Duty(2, 0, None, False), 0)
    assert duties.answers == Duty(0, 0, None, False)
    assert (duties.is_done, duties.is_late, duties.last_wrote_at) == (False, False, None)


def test_it_fills_as_they_write(lesson: Class) -> None:
    lesson.comment(lesson.tom)
    lesson.comment(lesson.tom)
    mine = a_post(lesson.session, lesson.blog_id, lesson.tom)
    duties = lesson.duties(lesson.tom)
    assert (duties.written, duties.post_number) == (2, 2)
    assert duties.is_done
    assert duties.last_wrote_at == NOW
    lesson.comment(lesson.tom, post=mine)
    assert lesson.duties(lesson.tom).written == 2, "one's own post is not somebody else's"
    imported = a_post(lesson.session, lesson.blog_id, None)
    lesson.comment(lesson.tom, post=imported)
    assert lesson.duties(lesson.tom).written == 3


def test_whoever_waits_is_named_until_answered_directly(lesson: Class) -> None:
    first, second = lesson.comment(lesson.tom), lesson.comment(lesson.mei, now=NOW + DAY)
    third = lesson.comment(lesson.tom, answers=second, now=NOW + 2 * DAY)
    duties = lesson.duties(lesson.anna)
    assert [(one.post_number, one.number, one.name, one.written_at) for one in duties.waiting] == [
        (1, first, "Tom", NOW), (1, second, "Mei", NOW + DAY), (1, third, "Tom", NOW + 2 * DAY),
    ]  # fmt: skip
    assert duties.who_waits == ("Tom", "Mei")
    assert duties.answers == Duty(3, 0, None, False)
    assert waiting_answers(lesson.session, lesson.blog_id) == {lesson.post_id: 3}

    lesson.comment(lesson.anna)
    assert lesson.waiting() == [first, second, third], "a word to everybody answers nobody"
    lesson.comment(lesson.mei, answers=first)
    answer = lesson.comment(lesson.anna, answers=first)
    lesson.comment(lesson.anna, answers=first)
    assert first not in lesson.waiting()
    assert lesson.duties(lesson.tom).waiting == ()
    lesson.row(answer).deleted_at = NOW
    assert first not in lesson.waiting(), "there is another answer"
    lesson.row(answer + 1).hidden_at = NOW
    assert first in lesson.waiting()


@pytest.mark.parametrize("change", ["deleted_at", "hidden_at", "private_to_id", "author_id"])
def test_what_does_not_stand_asks_for_nothing_and_fulfils_nothing(lesson: Class, change: str) -> None:
    number = lesson.comment(lesson.tom)
    values = {"private_to_id": lesson.anna, "author_id": None}
    setattr(lesson.row(number), change, values.get(change, NOW))
    assert lesson.waiting() == []
    assert lesson.duties(lesson.tom).written == 0
    assert waiting_answers(lesson.session, lesson.blog_id) == {}


@pytest.mark.parametrize(("change", "counts"), [("withdrawn_at", 1), ("hidden_at", 1), ("uncounted", 0)])
def test_under_a_post_that_does_not_stand_nobody_waits(lesson: Class, change: str, counts: int) -> None:
    lesson.comment(lesson.tom)
    setattr(lesson.session.get_one(Post, lesson.post_id), change, True if change == "uncounted" else NOW)
    duties = lesson.duties(lesson.anna)
    assert (duties.waiting, duties.post_number) == ((), None)
    assert duties.post == Duty(1, 0, None, False)
    assert lesson.duties(lesson.tom).written == counts
    assert waiting_answers(lesson.session, lesson.blog_id) == {}


def test_only_what_the_blog_asks_for_is_owed(lesson: Class) -> None:
    lesson.comment(lesson.tom)
    lesson.blog.shape, lesson.blog.owed_comments, lesson.blog.answers_owed = BlogShape.STAFF, 0, False
    duties = lesson.duties(lesson.anna)
    assert (duties.post, duties.comments, duties.answers, duties.all) == (None, None, None, ())
    assert duties.is_done
    assert [one.name for one in duties.waiting] == ["Tom"], "somebody waits all the same"


def test_dates(lesson: Class) -> None:
    blog = lesson.blog
    blog.opens_at, blog.posts_due_at, blog.comments_due_at, blog.answers_due_at = (NOW + n * DAY for n in range(1, 5))
    lesson.comment(lesson.tom, now=NOW + 2 * DAY)
    lesson.comment(lesson.mei, now=NOW + 5 * DAY)
    assert lesson.duties(lesson.tom, NOW).opens_at == NOW + DAY
    assert lesson.duties(lesson.tom, NOW + DAY).opens_at is None

    def late(person: int, now: datetime) -> list[bool]:
        return [duty.is_late for duty in lesson.duties(person, now).all]

    assert late(lesson.tom, NOW + 2 * DAY) == [False, False, False]
    assert late(lesson.tom, NOW + 2.5 * DAY) == [True, False, False]
    assert late(lesson.tom, NOW + 9 * DAY) == [True, True, False]
    assert late(lesson.anna, NOW + 9 * DAY) == [False, True, True]
    # What came after the last day for answers needs none.
    assert lesson.duties(lesson.anna, NOW + 9 * DAY).who_waits == ("Tom",)
    assert lesson.duties(lesson.anna, NOW + 9 * DAY).answers == Duty(1, 0, NOW + 4 * DAY, True)


def test_hidden_names_stay_hidden_but_those_of_staff(lesson: Class) -> None:
    teacher = a_teacher(lesson.session, lesson.course_id)
    lesson.blog.names_hidden = True
    lesson.comment(lesson.tom)
    lesson.comment(teacher)
    assert lesson.duties(lesson.anna).who_waits == (
        pseudonym(lesson.blog.names_key, lesson.tom),
        "Irena Novak",
    )
    for_staff = class_duties(lesson.session, lesson.blog_id, NOW)
    assert for_staff[0].duties.who_waits == ("Tom", "Irena Novak")


def test_the_class_is_what_each_is(lesson: Class) -> None:
    chance, session = random.Random(7), lesson.session
    people = [lesson.anna, lesson.tom, lesson.mei, a_student(session, lesson.course_id, "Zoë")]
    a_person(session, lesson.course_id, "Onlooker", Role.OBSERVER)
    posts = [lesson.post_id, *(a_post(session, lesson.blog_id, person) for person in people[1:3])]
    written: dict[int, list[int]] = {post: [] for post in posts}
    for _ in range(80):
        post = chance.choice(posts)
        answers = chance.choice([None, *written[post][-6:]])
        moment = NOW + timedelta(hours=chance.randrange(90))
        number = lesson.comment(chance.choice(people), answers, moment, post)
        written[post].append(number)
        if chance.random() < 0.15:
            row = session.query(Comment).filter_by(post_id=post, number=number).one()
            setattr(row, chance.choice(["hidden_at", "private_to_id"]), None)
            row.hidden_at = NOW
    lesson.blog.answers_due_at = NOW + 2 * DAY
    session.flush()
    found = class_duties(session, lesson.blog_id, NOW + 3 * DAY, lesson.course_id)
    assert [one.student.name for one in found] == ["Anna", "Mei", "Tom", "Zoë"]
    for one in found:
        assert one.duties == lesson.duties(one.student.id, NOW + 3 * DAY)
    by_number = waiting_answers(session, lesson.blog_id)
    assert sum(by_number.values()) == sum(len(one.duties.waiting) for one in found) > 5


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(database.reading_engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.reading_engine, "before_cursor_execute", note)


def a_large_class(session: Session, students: int, comments: int) -> tuple[int, int, list[int]]:
    """A blog in which every student has a post and comments by the others lie under each; every second is answered."""
    blog_id = a_blog(session)
    course = session.get_one(Blog, blog_id).course
    platform_id = course.deployment.platform_id
    session.execute(insert(Person), [
        {"platform_id": platform_id, "lti_sub": f"s-{blog_id}-{n}", "name": f"Student {n:05}"} for n in range(students)
    ])  # fmt: skip
    ids = list(session.scalars(Person.__table__.select().with_only_columns(Person.id)
                               .where(Person.lti_sub.like(f"s-{blog_id}-%")).order_by(Person.id)))  # fmt: skip
    session.execute(insert(Membership), [
        {"course_id": course.id, "person_id": one, "launched_role": Role.STUDENT, "is_test": False} for one in ids
    ])  # fmt: skip
    text = "Words and words. " * 20
    session.execute(insert(Post), [
        {"blog_id": blog_id, "number": n + 1, "author_id": one, "title": "T", "body": text, "body_html": text,
         "once": f"p{n}", "published_at": NOW, "sources": []} for n, one in enumerate(ids)
    ])  # fmt: skip
    posts = list(session.scalars(Post.__table__.select().with_only_columns(Post.id)
                                 .where(Post.blog_id == blog_id).order_by(Post.number)))  # fmt: skip
    each = comments // students
    rows = [
        {"post_id": post, "number": n + 1, "path": f"{n + 1:06}", "author_id": ids[(at + 1 + n) % students],
         "answers_id": None, "body": text, "body_html": text, "once": f"c{n}", "written_at": NOW}
        for at, post in enumerate(posts) for n in range(each)
    ]  # fmt: skip
    session.execute(insert(Comment), rows[: len(rows) * 2 // 3])
    return blog_id, course.id, ids


def test_a_class_costs_as_many_statements_as_one_student(database: Database) -> None:
    with database.writing() as session:
        small, large = a_large_class(session, 3, 6), a_large_class(session, 40, 400)
    with database.reading() as session:
        class_duties(session, small[0], NOW)  # a connection's own first words are no part of it
    counts = []
    for blog_id, course_id, _ in (small, large):
        with database.reading() as session, counted(database) as sent:
            class_duties(session, blog_id, NOW, course_id)
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 7
    with database.reading() as session, counted(database) as sent:
        duties_of(session, large[0], large[2][0], NOW)
    assert len(sent) <= 5


@pytest.mark.slow
def test_a_very_large_class_takes_seconds(database: Database) -> None:
    with database.writing() as session:
        blog_id, course_id, ids = a_large_class(session, 5_000, 100_000)
    with database.reading() as session:
        began = time.process_time(), time.monotonic()
        found = class_duties(session, blog_id, NOW, course_id)
        took = time.monotonic() - began[1]
        assert len(found) == 5_000
        assert took < 20
        began = time.process_time(), time.monotonic()
        for person_id in ids[:50]:
            duties_of(session, blog_id, person_id, NOW)
        assert (time.monotonic() - began[1]) / 50 < 0.05
