"""Comments are numbered without gaps, keep their place, and belong to whoever wrote them."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from lti_tool.blog.comments import (
    Draft,
    add_comment,
    delete_comment,
    edit_comment,
    own_comment,
    rebuild_paths,
    require_writer,
)
from lti_tool.blog.posts import find_post
from lti_tool.blog.reading import thread_page
from lti_tool.blog.text import LONGEST_COMMENT
from lti_tool.blog.thread import LEVELS, numbers
from lti_tool.database import Database
from lti_tool.errors import NotAllowed, NotFound, Rejected
from lti_tool.models import Comment, Post, Role
from tests.a_school import NOW, a_blog, a_comment, a_post, a_student, all_of, course_of
from tests.threads import at_once

LATER = NOW + timedelta(minutes=5)


@dataclass
class Thread:
    """One post with two students, and what a test asks of its thread."""

    database: Database
    blog_id: int
    post_id: int
    anna: int
    ben: int

    def add(self, answers: int | None = None, body: str = "Words.", once: str | None = None) -> int:
        with self.database.writing() as session:
            if once is None:
                return a_comment(session, self.post_id, self.anna, answers, body).number
            return add_comment(session, self.post_id, Draft(body, once, self.anna, answers), NOW).number

    def delete(self, number: int) -> None:
        with self.database.writing() as session:
            delete_comment(session, self.post_id, number, self.anna, LATER)

    def rows(self) -> dict[int, Comment]:
        """Every row, visible or not, by its number."""
        with self.database.reading() as session:
            rows = session.scalars(select(Comment).where(Comment.post_id == self.post_id).order_by(Comment.number))
            return {row.number: row for row in rows}

    def shown(self) -> list[int]:
        """The numbers that a reader sees, in reading order."""
        with self.database.reading() as session:
            post = session.get_one(Post, self.post_id)
            page = thread_page(session, post, all_of(session, self.blog_id), size=1000)
            shown = []
            left = list(page.comments)
            while left:
                view = left.pop(0)
                shown.append(view.number)
                left[:0] = view.replies
            return shown

    def live(self) -> int:
        with self.database.reading() as session:
            return session.get_one(Post, self.post_id).live_comments


@pytest.fixture
def thread(shared_database: Database) -> Thread:
    with shared_database.writing() as session:
        blog = a_blog(session)
        anna, ben = (a_student(session, course_of(session, blog), name) for name in ("Anna Berg", "Ben Cole"))
        return Thread(shared_database, blog, a_post(session, blog), anna, ben)


def test_comments_are_numbered_and_hang_on_what_they_answer(thread: Thread) -> None:
    assert [thread.add(), thread.add(answers=1), thread.add(), thread.add(answers=1)] == [1, 2, 3, 4]
    rows = thread.rows()
    assert [row.path for row in rows.values()] == ["000001", "000001000002", "000003", "000001000004"]
    assert [rows[number].parent_id for number in (1, 2, 3, 4)] == [None, rows[1].id, None, rows[1].id]
    assert thread.shown() == [1, 2, 4, 3]


def test_what_is_kept_of_a_comment(thread: Thread) -> None:
    thread.add(body="  *Two* words\r\nand a line. \x00 ")
    row = thread.rows()[1]
    assert row.body == "*Two* words\nand a line."
    assert row.body_html == "<p><em>Two</em> words<br>\nand a line.</p>\n"
    assert row.words == 5
    assert row.written_at == NOW
    assert (row.edited_at, row.deleted_at, row.author_id) == (None, None, thread.anna)


def test_too_deep_a_reply_hangs_higher_and_keeps_whom_it_answers(thread: Thread) -> None:
    for number in range(1, LEVELS + 1):
        thread.add(answers=number - 1 or None)
    first_below = thread.add(answers=LEVELS)
    below_that = thread.add(answers=first_below)
    rows = thread.rows()
    deepest_fit = rows[LEVELS - 1]
    for number, answered in ((first_below, LEVELS), (below_that, first_below)):
        assert rows[number].parent_id == deepest_fit.id
        assert rows[number].answers_id == rows[answered].id
        assert numbers(rows[number].path) == (*range(1, LEVELS), number)
    assert deepest_fit.live_replies == 3


def test_sent_twice_is_stored_once(thread: Thread) -> None:
    assert thread.add(once="form") == thread.add(once="form", body="Sent again.") == 1
    assert thread.add() == 2
    assert thread.live() == 2
    assert thread.rows()[1].body == "Words."


def test_the_same_form_word_under_another_post_is_another_comment(thread: Thread) -> None:
    thread.add(once="form")
    with thread.database.writing() as session:
        other = a_post(session, thread.blog_id, title="Another")
        added = add_comment(session, other, Draft("Words.", "form", thread.anna), NOW)
    assert added.number == 1
    assert added.id != thread.rows()[1].id


def test_sent_twice_at_the_same_instant_is_stored_once(thread: Thread) -> None:
    for round_ in range(5):
        assert len(set(at_once(4, lambda _, once=f"form-{round_}": thread.add(once=once)))) == 1  # type: ignore[misc]
    assert list(thread.rows()) == [1, 2, 3, 4, 5]
    assert thread.live() == 5


def test_many_at_once_leave_no_gap(thread: Thread) -> None:
    thread.add()
    mine = at_once(4, lambda _: [thread.add(answers=1) for _ in range(50)])
    assert sorted(number for each in mine for number in each) == list(range(2, 202))
    assert thread.live() == 201
    assert thread.rows()[1].live_replies == 200


@pytest.mark.parametrize("body", ["", "   \n ", "\x00"])
def test_an_empty_comment_is_rejected_and_takes_no_number(thread: Thread, body: str) -> None:
    with pytest.raises(Rejected, match="no text"):
        thread.add(body=body)
    assert thread.add() == 1


def test_too_long_a_comment_is_rejected_and_given_back(thread: Thread) -> None:
    assert thread.add(body="x" * LONGEST_COMMENT) == 1
    with pytest.raises(Rejected) as rejected:
        thread.add(body="x" * (LONGEST_COMMENT + 1))
    assert rejected.value.kept == "x" * (LONGEST_COMMENT + 1)
    assert "10,001" in rejected.value.what


def test_what_is_gone_cannot_be_answered(thread: Thread) -> None:
    thread.add()
    thread.add(answers=1)
    thread.delete(1)
    for gone in (1, 99):
        with pytest.raises(NotFound, match="deleted meanwhile"):
            thread.add(answers=gone)
    with thread.database.writing() as session, pytest.raises(NotFound, match="no such post"):
        a_comment(session, 99_999, thread.anna)
    assert thread.add() == 3


def test_a_comment_of_another_post_cannot_be_answered(thread: Thread) -> None:
    thread.add()
    with thread.database.writing() as session:
        other = a_post(session, thread.blog_id, title="Another")
        with pytest.raises(NotFound):
            a_comment(session, other, thread.anna, answers=1)


def test_one_edits_ones_own(thread: Thread) -> None:
    thread.add()
    with thread.database.writing() as session:
        edit_comment(session, thread.post_id, 1, thread.anna, "Said **better**.", LATER)
    row = thread.rows()[1]
    assert (row.body, row.words, row.edited_at) == ("Said **better**.", 2, LATER)
    assert "<strong>better</strong>" in row.body_html


def test_nobody_touches_what_another_wrote(thread: Thread) -> None:
    thread.add()
    with thread.database.writing() as session:
        imported = add_comment(session, thread.post_id, Draft("From a page.", "i", None, author_name="Somebody"), NOW)
        for number in (1, imported.number):
            with pytest.raises(NotAllowed, match="Only the person who wrote"):
                edit_comment(session, thread.post_id, number, thread.ben, "Mine now.", LATER)
            with pytest.raises(NotAllowed):
                delete_comment(session, thread.post_id, number, thread.ben, LATER)
    assert thread.rows()[1].body == "Words."
    assert thread.live() == 2


def test_an_edit_to_nothing_is_rejected(thread: Thread) -> None:
    thread.add()
    with thread.database.writing() as session, pytest.raises(Rejected):
        edit_comment(session, thread.post_id, 1, thread.anna, " ", LATER)
    assert thread.rows()[1].body == "Words."


def test_a_deleted_comment_without_replies_is_seen_no_more(thread: Thread) -> None:
    thread.add()
    thread.add()
    thread.delete(1)
    assert thread.shown() == [2]
    assert thread.live() == 1
    row = thread.rows()[1]
    assert (row.body, row.body_html, row.words, row.deleted_at) == ("", "", 0, LATER)
    with pytest.raises(NotFound):
        thread.delete(1)
    with thread.database.reading() as session, pytest.raises(NotFound):
        own_comment(session, thread.post_id, 1, thread.anna)
    assert thread.live() == 1


def test_a_hollow_comment_stays_until_the_last_reply_goes(thread: Thread) -> None:
    thread.add()
    thread.add(answers=1)
    thread.add(answers=2)
    thread.add(answers=1)
    thread.delete(1)
    thread.delete(2)
    assert thread.shown() == [1, 2, 3, 4]
    thread.delete(3)
    assert thread.shown() == [1, 4]
    thread.delete(4)
    assert thread.shown() == []
    assert thread.live() == 0
    assert thread.add() == 5


def test_counters_after_every_step(thread: Thread) -> None:
    thread.add()
    thread.add(answers=1)
    thread.add(answers=2)
    assert [row.live_replies for row in thread.rows().values()] == [2, 1, 0]
    thread.delete(2)
    assert [row.live_replies for row in thread.rows().values()] == [1, 1, 0]
    thread.delete(3)
    assert [row.live_replies for row in thread.rows().values()] == [0, 0, 0]
    assert thread.live() == 1


def test_deleted_twice_at_the_same_instant_counts_once(thread: Thread) -> None:
    """A double click: the second finds nothing, and the counters are right."""

    def delete(number: int) -> bool:
        try:
            thread.delete(number)
        except NotFound:
            return False
        return True

    numbers_ = [thread.add() for _ in range(15)]
    for number in numbers_[:-1]:
        assert sorted(at_once(3, lambda _, number=number: delete(number))) == [False, False, True]  # type: ignore[misc]
    assert thread.live() == 1


def test_a_reply_and_a_deletion_at_the_same_instant(thread: Thread) -> None:
    """They lock the same rows; neither may fail for a deadlock, and the counters must be right."""

    def act(which: int, number: int) -> None:
        if which == 0:
            thread.delete(number)
            return
        with suppress(NotFound):  # the deletion was first
            thread.add(answers=number)

    for _ in range(15):
        number = thread.add()
        at_once(3, lambda which, number=number: act(which, number))  # type: ignore[misc]
    rows = thread.rows().values()
    assert thread.live() == sum(row.deleted_at is None for row in rows)
    for row in rows:
        live_below = sum(
            other.path.startswith(row.path) and other.number != row.number and other.deleted_at is None
            for other in rows
        )
        assert row.live_replies == live_below


def test_rebuilding_mends_scrambled_paths(thread: Thread) -> None:
    for answers in (None, 1, 2, None, 4, 2):
        thread.add(answers=answers)
    right = {number: row.path for number, row in thread.rows().items()}
    with thread.database.writing() as session:
        # two rows that stand in each other's place, and one that stands nowhere
        for number, path in ((2, "x"), (5, right[2]), (2, right[5]), (6, "999999")):
            session.execute(
                update(Comment).where(Comment.post_id == thread.post_id, Comment.number == number).values(path=path)
            )
    with thread.database.writing() as session:
        assert rebuild_paths(session, thread.post_id) == 3
    assert {number: row.path for number, row in thread.rows().items()} == right
    with thread.database.writing() as session:
        assert rebuild_paths(session, thread.post_id) == 0


def test_rebuilding_keeps_what_hangs_higher(thread: Thread) -> None:
    for number in range(LEVELS + 3):
        thread.add(answers=number or None)
    with thread.database.writing() as session:
        assert rebuild_paths(session, thread.post_id) == 0


def test_observers_only_read() -> None:
    with pytest.raises(NotAllowed, match="read, not write"):
        require_writer(Role.OBSERVER)
    for role in (Role.TEACHER, Role.ASSISTANT, Role.STUDENT):
        require_writer(role)


def test_a_post_of_another_blog_is_not_found(thread: Thread) -> None:
    with thread.database.writing() as session:
        other = a_blog(session)
        with pytest.raises(NotFound):
            find_post(session, all_of(session, other), 1)


def test_the_same_words_again_from_a_form_reached_by_back_are_one_comment(thread: Thread) -> None:
    with thread.database.writing() as session:
        first = Draft("Twice via back.", "form 1", thread.anna, unless_said_since=NOW - timedelta(minutes=10))
        one = add_comment(session, thread.post_id, first, NOW)
        again = add_comment(session, thread.post_id, replace(first, once="form 2"), NOW)
        elsewhere = add_comment(session, thread.post_id, replace(first, once="form 3", answers=one.number), NOW)
        by_ben = add_comment(session, thread.post_id, replace(first, once="form 4", author_id=thread.ben), NOW)
        much_later = replace(first, once="form 5", unless_said_since=NOW + timedelta(minutes=1))
        later = add_comment(session, thread.post_id, much_later, NOW + timedelta(minutes=11))
    assert (one.number, again.number, elsewhere.number, by_ben.number, later.number) == (1, 1, 2, 3, 4)
