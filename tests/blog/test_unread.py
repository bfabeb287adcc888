"""What is new to somebody: numbers read as ranges, the next one in reading order, and the catch-up page."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.blog.catching_up import news_of
from lti_tool.blog.comments import Draft, add_comment, delete_comment
from lti_tool.blog.mentions import mentioned, note_mentions
from lti_tool.blog.read_ranges import gaps, holds, with_numbers
from lti_tool.blog.reading import Order, thread_page
from lti_tool.blog.sight import Sight, sight_of
from lti_tool.blog.unread import mark_all_read, mark_read, ranges_read, unread
from lti_tool.database import Database
from lti_tool.models import Mention, Post, Role
from tests.a_school import NOW, a_blog, a_comment, a_post, a_student, course_of

NUMBERS = st.sets(st.integers(1, 60))


@given(NUMBERS, NUMBERS, st.integers(0, 60))
def test_ranges_hold_what_was_read_and_gaps_the_rest(first: set[int], then: set[int], highest: int) -> None:
    ranges = with_numbers(with_numbers([], first), then)
    assert {number for number in range(1, 61) if holds(ranges, number)} == first | then
    missing = {number for start, end in gaps(ranges, highest) for number in range(start, end + 1)}
    assert missing == set(range(1, highest + 1)) - first - then
    assert all(one[1] + 1 < other[0] for one, other in pairwise(ranges)), "joined and in order"


def test_new_is_what_others_wrote_since_and_replies_are_too(database: Database) -> None:
    with database.writing() as session:
        blog = a_blog(session)
        course = course_of(session, blog)
        anna, ben = a_student(session, course), a_student(session, course)
        post = session.get_one(Post, a_post(session, blog, anna))
        for answers in (None, None, 1):
            a_comment(session, post.id, ben, answers)
        sees = sight_of(session, blog, course, anna, Role.STUDENT)
        session.refresh(post)
        assert ranges_read(session, anna, post.id) is None
        assert unread(session, post, sees, None).count == 0
        page = thread_page(session, post, sees)
        mark_read(session, anna, post, page.numbers(), NOW)
        assert unread(session, post, sees, ranges_read(session, anna, post.id)).count == 0
        a_comment(session, post.id, ben, 1)  # 4, under 1, before 2 in reading order
        a_comment(session, post.id, anna)  # 5, one's own
        a_comment(session, post.id, ben)  # 6
        a_comment(session, post.id, ben)  # 7, deleted again
        delete_comment(session, post.id, 7, ben, NOW)
        session.flush()
        session.refresh(post)
        read = ranges_read(session, anna, post.id)
        news = unread(session, post, sees, read)
        assert (news.count, news.first) == (2, 4)
        assert unread(session, post, sees, read, after="000002").first == 6
        assert unread(session, post, sees, read, after="000006").first == 4, "round again"
        shown = thread_page(session, post, sees, read=read, order=Order.FLAT).comments
        assert [view.number for view in shown if view.is_new] == [4, 6]
        mark_all_read(session, sees, NOW)
        assert unread(session, post, sees, ranges_read(session, anna, post.id)).count == 0


def test_what_is_new_says_first_what_concerns_the_reader(database: Database) -> None:
    with database.writing() as session:
        blog = a_blog(session)
        course = course_of(session, blog)
        anna, ben = a_student(session, course, "Anna Berg"), a_student(session, course, "Ben Cole")
        others = session.get_one(Post, a_post(session, blog, ben, title="Ben's"))
        mine = session.get_one(Post, a_post(session, blog, anna, title="Anna's"))
        newest = session.get_one(Post, a_post(session, blog, ben, title="Never opened"))
        sees = sight_of(session, blog, course, anna, Role.STUDENT)
        assert [(news.title, news.is_new_post) for news in news_of(session, sees)] == [
            ("Never opened", True),
            ("Ben's", True),
        ]
        mark_all_read(session, sees, NOW)
        assert news_of(session, sees) == ()
        a_comment(session, newest.id, ben, body="Just so")
        a_comment(session, mine.id, ben, body="Under yours")
        called = add_comment(session, others.id, Draft("Ask @anna berg about it", "m", ben), NOW)
        note_mentions(session, Sight(ben, blog, course), called.id)
        session.flush()
        found = {news.title: news for news in news_of(session, sees)}
        assert list(found) == ["Anna's", "Ben's", "Never opened"]
        assert [found[title].for_me for title in found] == [1, 1, 0]
        assert found["Ben's"].comments[0].beginning == "Ask @anna berg about it"
        session.get_one(Mention, (called.id, anna))


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("@Anna Berg, what do you think?", {1}),
        ("write to ben@cole.example", set()),
        ("@Mei, and @ben cole.", {2, 3}),
        ("@Anna", set()),
        ("@Bennett", set()),
        ("@Anna Bergström", {4}),
        ("nobody", set()),
    ],
)
def test_who_is_called_by_name(text: str, called: set[int]) -> None:
    names = {1: "Anna Berg", 2: "Ben Cole", 3: "Mei", 4: "Anna Bergström"}
    assert mentioned(text, names) == called


def test_newest_branches_first_shows_every_comment_once(database: Database) -> None:
    with database.writing() as session:
        blog = a_blog(session)
        anna = a_student(session, course_of(session, blog))
        post = session.get_one(Post, a_post(session, blog))
        for answers in (None, None, 1, 1, 2, None, 6, None, None, 9, 9, 9):
            a_comment(session, post.id, anna, answers)
        sees = Sight(anna, blog, course_of(session, blog))
        session.refresh(post)
        for order, first in ((Order.NEWEST, 9), (Order.FLAT, 1), (Order.FLAT_NEWEST, 12)):
            for size in (4, 5, 100):
                seen, cursor = [], ""
                while cursor is not None:
                    page = thread_page(session, post, sees, cursor, size, order)
                    seen += sorted(page.numbers()) if order is Order.NEWEST else [view.number for view in page.comments]
                    if not cursor:
                        assert page.comments[0].number == first
                    cursor = page.later
                assert sorted(seen) == list(range(1, 13)), (order, size)


def test_a_branch_longer_than_a_page_says_where_it_goes_on(database: Database) -> None:
    with database.writing() as session:
        blog = a_blog(session)
        anna = a_student(session, course_of(session, blog))
        post = session.get_one(Post, a_post(session, blog))
        for answers in (None, 1, 1, 1, None):
            a_comment(session, post.id, anna, answers)
        sees = Sight(anna, blog, course_of(session, blog))
        page = thread_page(session, post, sees, "000005", 3, Order.NEWEST)
        assert sorted(page.numbers()) == [1, 2, 3]
        assert page.cut is not None
        assert thread_page(session, post, sees, page.cut, 3).numbers() == [5, 4]
