"""Out and in again: a blog exported, imported into an empty one and exported from there is the same to the letter."""

import io
import itertools
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.blog.comments import Draft, add_comment, delete_comment, edit_comment
from lti_tool.blog.posts import PostDraft, add_post
from lti_tool.database import Database
from lti_tool.exporting.rows import Wishes, blog_to_export
from lti_tool.exporting.whole import whole_lines
from lti_tool.exporting.wxr import wxr_lines
from lti_tool.importing.bulk import Choice, make_ready, store_ready
from lti_tool.importing.formats import ArchivedPost, posts_in
from lti_tool.importing.matching import match_writers, writers_in
from lti_tool.models import Comment, Post
from tests.a_school import NOW, a_blog, a_course, a_student, a_teacher, course_of

LATER = NOW + timedelta(days=30)
_tokens = itertools.count(1)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=60).filter(
    lambda text: text.strip() and "\r" not in text
)


def exported(session: Session, blog_id: int, kind: str, wishes: Wishes | None = None) -> str:
    blog = blog_to_export(session, blog_id, wishes or Wishes())
    return "".join(whole_lines(blog) if kind == "json" else wxr_lines(blog))


def brought_in(session: Session, blog_id: int, content: str) -> None:
    for post in posts_in(io.BytesIO(content.encode()), 10_000_000):
        assert isinstance(post, ArchivedPost)
        matches = match_writers(session, course_of(session, blog_id), writers_in(post))
        people = {writer: match.person_id for writer, match in matches.items()}
        ready = make_ready(post, Choice(people, uncounted=False))
        assert ready is not None
        store_ready(session, blog_id, ready, LATER)


def through(database: Database, blog_id: int, kind: str) -> tuple[list[Any], list[Any]]:
    """The posts of a blog, and of the one that its export makes in the same course."""
    with database.writing() as session:
        other = a_blog(session, course_of(session, blog_id))
        brought_in(session, other, exported(session, blog_id, kind))
    with database.reading() as session:
        return tuple(json.loads(exported(session, one, "json"))["posts"] for one in (blog_id, other))


@pytest.fixture
def full_blog(shared_database: Database) -> int:
    """A blog with one of everything that an export can carry."""
    with shared_database.writing() as session:
        course = a_course(session)
        anna, ben, irena = (
            a_student(session, course),
            a_student(session, course, "Ben Cole"),
            a_teacher(session, course),
        )
        blog = a_blog(session, course)
        sources = ("Taubman, *Khrushchev*", "https://example.org/a_b?c=1&d=2")
        draft = PostDraft(
            "A <b>title</b> & more ]]>", "Under it", "# Head\n\nBody *one*.\n\nTwo ]]> \x0b <i>", sources, "o1", irena
        )
        post = add_post(session, blog, draft, NOW).id
        one = add_comment(session, post, Draft("First\nline two", "t1", anna), NOW).number
        two = add_comment(session, post, Draft("To be *edited*", "t2", ben, one), NOW).number
        add_comment(session, post, Draft("Kept <to> the _letter_", "t3", None, two, "A Stranger", plain=True), NOW)
        add_comment(session, post, Draft("For one alone", "t4", irena, two, private=True), NOW)
        gone = add_comment(session, post, Draft("Deleted", "t5", anna), NOW).number
        add_comment(session, post, Draft("An answer to it", "t6", ben, gone), NOW)
        last = one
        for level in range(14):
            last = add_comment(session, post, Draft(f"Level {level}", f"d{level}", ben, last), NOW).number
        edit_comment(session, post, two, ben, "It is *edited*", NOW + timedelta(hours=1))
        delete_comment(session, post, gone, anna, NOW + timedelta(hours=2))
        session.execute(update(Comment).where(Comment.post_id == post, Comment.number == 1).values(pinned_at=NOW))
        hidden = {"hidden_at": NOW, "hidden_why": "unkind", "hidden_by_id": irena}
        session.execute(update(Comment).where(Comment.post_id == post, Comment.number == 3).values(**hidden))
        second = add_post(session, blog, PostDraft("Withdrawn", "", "Text", (), "o2", anna), NOW)
        second.withdrawn_at = second.locked_at = second.pinned_at = second.edited_at = LATER
        add_post(session, blog, PostDraft("Plain", "", "1. _not_ a list", (), "o3", None, "Somebody", plain=True), NOW)
    return blog


@pytest.mark.parametrize("kind", ["json", "wxr"])
def test_a_blog_comes_back_as_it_went(shared_database: Database, full_blog: int, kind: str) -> None:
    before, after = through(shared_database, full_blog, kind)
    assert before == after
    assert len(before[0]["comments"]) == 20


@pytest.mark.parametrize("kind", ["json", "wxr"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_thread_comes_back_as_it_went(shared_database: Database, kind: str, data: st.DataObject) -> None:
    with shared_database.writing() as session:
        course = a_course(session)
        people = [a_student(session, course, name) for name in ("Anna Berg", "Ben Cole")]
        blog = a_blog(session, course)
        draft = PostDraft(
            "T " + data.draw(TEXTS), data.draw(TEXTS), data.draw(TEXTS), (), f"o{next(_tokens)}", people[0]
        )
        post = add_post(session, blog, draft, NOW).id
        for number in range(1, data.draw(st.integers(0, 25)) + 1):
            answers = data.draw(st.none() | st.integers(1, number - 1)) if number > 1 else None
            plain = data.draw(st.booleans())
            who = data.draw(st.sampled_from(people))
            at = NOW + timedelta(seconds=data.draw(st.integers(-1000, 1000)))
            add_comment(session, post, Draft(data.draw(TEXTS), f"t{number}", who, answers, plain=plain), at)
        for number in data.draw(st.lists(st.integers(1, 25), max_size=4, unique=True)):
            row = session.scalar(select(Comment).where(Comment.post_id == post, Comment.number == number))
            if row is not None and row.author_id is not None:
                delete_comment(session, post, number, row.author_id, NOW)
    before, after = through(shared_database, blog, kind)
    assert before == after


def test_an_export_into_its_own_blog_doubles_nothing(shared_database: Database, full_blog: int) -> None:
    for kind in ("json", "wxr"):
        with shared_database.writing() as session:
            content = exported(session, full_blog, kind)
            brought_in(session, full_blog, content)
            assert exported(session, full_blog, kind) == content


def test_with_pseudonyms_nobody_is_named_and_nothing_private_goes_out(
    shared_database: Database, full_blog: int
) -> None:
    with shared_database.reading() as session:
        for kind in ("json", "wxr"):
            said = exported(session, full_blog, kind, Wishes(pseudonyms=True))
            for word in ("Anna", "Berg", "Ben", "Cole", "Irena", "Stranger", "For one alone", "unkind", "Withdrawn"):
                assert word not in said, word
            assert "Writer 1" in said


def test_keys_are_the_lms_own_and_find_their_people_again(shared_database: Database) -> None:
    with shared_database.writing() as session:
        course = a_course(session)
        twins = [a_student(session, course, "Anna Berg") for _ in range(2)]
        blog, other = a_blog(session, course), a_blog(session, course)
        for number, who in enumerate(twins):
            add_post(session, blog, PostDraft(f"Post {number}", "", "Text", (), f"k{number}", who), NOW)
        without, with_keys = (exported(session, blog, "json", Wishes(keys=keys)) for keys in (False, True))
        assert "sub-" not in without
        brought_in(session, other, with_keys)
        authors = session.scalars(select(Post.author_id).where(Post.blog_id == other).order_by(Post.number))
        assert list(authors) == twins
