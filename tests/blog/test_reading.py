"""A thread read page by page is the whole thread, in order, on both databases.

The tests' PostgreSQL orders text as in a language (tests/house/test_setup.py), which is what paths must survive.
"""

import random
from collections.abc import Iterable, Iterator

import pytest
from sqlalchemy import select

from lti_tool.blog.comments import Draft, add_comment, delete_comment
from lti_tool.blog.reading import PAGE_SIZE, ThreadPage, comment_view, page_holding, thread_page
from lti_tool.blog.views import CommentView
from lti_tool.database import Database
from lti_tool.models import Comment, Course, Deployment, Person, Platform, Post, Role
from tests.a_school import NOW, a_blog, a_comment, a_person, a_post, a_student, a_teacher, all_of, course_of

COMMENTS = 173


class LongThread:
    """A thread that was written at random: chains, branches, deleted places with replies and without."""

    def __init__(self, database: Database) -> None:
        self.database = database
        chance = random.Random(7)
        with database.writing() as session:
            blog = self.blog_id = a_blog(session)
            self.course_id = course_of(session, blog)
            author = a_student(session, self.course_id)
            self.post_id = a_post(session, blog)
            for number in range(1, COMMENTS + 1):
                answers = chance.choice([None, *range(max(1, number - 12), number), number - 1 or None])
                a_comment(session, self.post_id, author, answers, body=f"Comment {number}.")
            session.flush()
            for number in chance.sample(range(1, COMMENTS + 1), 30):
                delete_comment(session, self.post_id, number, author, NOW)
            session.flush()
            rows = session.scalars(select(Comment).where(Comment.post_id == self.post_id)).all()
            seen = [row for row in rows if row.deleted_at is None or row.live_replies]
            self.in_order = [row.number for row in sorted(seen, key=lambda row: row.path)]
            self.vanished = {row.number for row in rows} - set(self.in_order)

    def page(self, after: str = "", size: int = PAGE_SIZE) -> ThreadPage:
        with self.database.reading() as session:
            post = session.get_one(Post, self.post_id)
            return thread_page(session, post, all_of(session, self.blog_id), after, size)

    def holding(self, number: int, size: int = PAGE_SIZE) -> str:
        with self.database.reading() as session:
            return page_holding(session, self.post_id, number, size)


@pytest.fixture(scope="module")
def thread(shared_database: Database) -> LongThread:
    return LongThread(shared_database)


def flat(views: Iterable[CommentView]) -> Iterator[CommentView]:
    for view in views:
        yield view
        yield from flat(view.replies)


def in_order(page: ThreadPage) -> list[int]:
    return [view.number for view in flat(page.comments)]


@pytest.mark.parametrize("size", [1, 7, PAGE_SIZE, 1000])
def test_pages_put_together_are_the_whole_thread(thread: LongThread, size: int) -> None:
    assert len(thread.vanished) > 3, "the thread must hold places that nobody sees"
    read: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = thread.page(cursor, size)
        assert len(in_order(page)) == size or page.later is None
        read += in_order(page)
        cursor = page.later
    assert read == thread.in_order


@pytest.mark.parametrize("size", [7, PAGE_SIZE])
def test_the_way_back_shows_the_same_pages(thread: LongThread, size: int) -> None:
    there, cursor = [thread.page("", size)], ""
    while (later := there[-1].later) is not None:
        cursor = later
        there.append(thread.page(cursor, size))
    back = [there[-1]]
    while (earlier := back[-1].earlier) is not None:
        back.append(thread.page(earlier, size))
    assert [in_order(page) for page in reversed(back)] == [in_order(page) for page in there]


def test_replies_hang_under_what_they_answer(thread: LongThread) -> None:
    with thread.database.reading() as session:
        rows = session.scalars(select(Comment).where(Comment.post_id == thread.post_id)).all()
        parents = {row.number: next((one.number for one in rows if one.id == row.parent_id), None) for row in rows}
    roots = thread.page(size=1000).comments
    assert {view.number for view in roots} == {number for number in thread.in_order if parents[number] is None}
    for view in flat(roots):
        assert all(parents[reply.number] == view.number for reply in view.replies)
        assert all(reply.depth == view.depth + 1 for reply in view.replies)


def test_what_hangs_on_an_earlier_page_begins_a_line_of_its_own(thread: LongThread) -> None:
    second = thread.page(thread.page().later or "")
    numbers = set(in_order(second))
    for view in second.comments:
        assert view.depth == 0 or not numbers & {int(view.path[at : at + 6]) for at in range(0, view.depth * 6, 6)}


@pytest.mark.parametrize("size", [1, 2, 9, PAGE_SIZE])
def test_the_page_holding_a_comment_shows_it(thread: LongThread, size: int) -> None:
    for place, number in list(enumerate(thread.in_order))[:: 7 if size > 2 else 23]:
        cursor = thread.holding(number, size)
        assert number in in_order(thread.page(cursor, size))
        assert (cursor == "") is (place < size)


def test_a_comment_nobody_sees_still_has_a_page_near_it(thread: LongThread) -> None:
    for number in thread.vanished:
        assert thread.page(thread.holding(number)).comments
    assert thread.holding(99_999) == ""


def test_a_thread_without_comments(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)
        post = session.get_one(Post, a_post(session, blog))
        assert thread_page(session, post, all_of(session, blog)) == ThreadPage((), None, None)
        assert comment_view(session, post, all_of(session, blog), 1) is None


@pytest.mark.parametrize("after", ["zzz", "-", "999999", "000001x", "'; DROP TABLE comment", "é", "\x00", "0" * 5000])
def test_a_cursor_that_somebody_made_up(thread: LongThread, after: str) -> None:
    read = in_order(thread.page(after))
    assert read == [number for number in thread.in_order if number in read]


def test_names_and_badges(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)
        course = course_of(session, blog)
        writer = a_student(session, course, "Anna Berg")
        people = [
            writer,
            a_teacher(session, course, "Irena Novak"),
            a_person(session, course, "Tess Aida", Role.ASSISTANT),
            a_student(session, course, "Ben Cole"),
            a_person(session, course, None, given_name="Chloé"),
            a_person(session, course, None),
        ]
        post = session.get_one(Post, a_post(session, blog, author_id=writer))
        for person in people:
            a_comment(session, post.id, person)
        for said in ("Mr. Smith", None):
            add_comment(session, post.id, Draft("Words.", f"said-{said}", None, answers=1, author_name=said), NOW)
        views = list(flat(thread_page(session, post, all_of(session, blog)).comments))
        shown = {view.number: (view.author.name, view.author.badge) for view in views}
    assert shown == {
        1: ("Anna Berg", "author"),
        2: ("Irena Novak", "teacher"),
        3: ("Tess Aida", "assistant"),
        4: ("Ben Cole", ""),
        5: ("Chloé", ""),
        6: (f"Participant {people[5]}", ""),
        7: ("Mr. Smith", ""),
        8: ("Name unknown", ""),
    }
    assert [(view.answers, view.answers_name) for view in views[:3]] == [(None, ""), (1, "Anna Berg"), (1, "Anna Berg")]


def test_a_badge_belongs_to_one_course(shared_database: Database) -> None:
    """Who teaches in another course of the same LMS is a fellow student here."""
    with shared_database.writing() as session:
        blog = a_blog(session)
        course = session.get_one(Course, course_of(session, blog))
        person = a_student(session, course.id)
        elsewhere = Course(deployment_id=course.deployment_id, lti_context_id="elsewhere")
        session.add(elsewhere)
        session.flush()
        other_blog = a_blog(session, elsewhere.id)
        platform = session.get_one(Platform, session.get_one(Deployment, course.deployment_id).platform_id)
        assert session.get_one(Person, person).platform_id == platform.id
        a_teacher(session, elsewhere.id)
        post = session.get_one(Post, a_post(session, blog))
        a_comment(session, post.id, person)
        assert other_blog != blog
        assert [view.author.badge for view in thread_page(session, post, all_of(session, blog)).comments] == [""]
