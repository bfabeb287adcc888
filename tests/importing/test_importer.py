"""From a found post to a stored one: names to people, the same text known again, all of it or nothing."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from lti_tool.blog.comments import delete_comment
from lti_tool.database import Database
from lti_tool.errors import Rejected
from lti_tool.importing.formats import FoundComment, FoundPost
from lti_tool.importing.importer import (
    ApprovedComment,
    ApprovedPost,
    approved_as_found,
    fingerprint,
    imported_before,
    match_comments,
    match_names,
    store_import,
    unmatched_comments,
)
from lti_tool.models import Comment, Person, Post
from tests.a_school import NOW, a_blog, a_comment, a_course, a_person, a_student, course_of
from tests.importing.pages import page, read
from tests.threads import at_once

FOUND = FoundPost(
    title="On the Thaw",
    subtitle="What was said",
    author="Irena Novak",
    author_reason="the first line under the title",
    body=("Khrushchev's “secret” speech.", "And *after*."),
    sources=("Taubman, Khrushchev",),
    stated_comments=4,
    comments=(
        FoundComment(1, None, "Anna Berg", "I agree.", "a reason"),
        FoundComment(2, 1, "Ben", "I do not.", "a reason"),
        FoundComment(3, 2, None, "Why not?", "a reason"),
        FoundComment(4, None, "A Stranger", "Interesting <b>post</b>!", "a reason"),
    ),
    warnings=(),
)


def matched(database: Database, people: Iterable[str | tuple[str, str]], *names: str) -> dict[str, str | None]:
    """Match names in a course of these people (a name, or a whole and a given one) and return whom each is."""
    with database.writing() as session:
        course = a_course(session)
        for person in people:
            name, given_name = person if isinstance(person, tuple) else (person, None)
            a_person(session, course, name, given_name=given_name)
        found = match_names(session, course, names)
        return {
            name: session.get_one(Person, match.person_id).name if match.person_id else None
            for name, match in found.items()
        }


@pytest.mark.parametrize(
    ("person", "written"),
    [
        ("Anna Berg", "Anna Berg"),
        ("Anna Berg", "anna BERG"),
        ("José Núñez", "Jose Nunez"),
        ("Jose Nunez", "José Núñez"),
        ("Jose\u0301 Nu\u0301n\u0303ez", "José Núñez"),
        ("Siobhán O’Brien", "Siobhan O'Brien"),
        ("Siobhan O'Brien", "Siobhán O’Brien"),
        ("Siobhan O'Brien", "Siobhan O‘Brien"),
        ("Siobhan O'Brien", "Siobhan OʼBrien"),
        ("Jürgen Groß", "Jurgen Gross"),
        ("李明", "李明"),
        ("Екатерина Смирнова", "екатерина смирнова"),
        ("Anna Berg", " Anna  Berg "),
        ("Anna Berg", "Anna\u00a0Berg"),
    ],
)
def test_one_name_written_in_several_ways(shared_database: Database, person: str, written: str) -> None:
    assert matched(shared_database, [person, "Ben Cole"], written) == {written: person}


def test_a_first_name_that_only_one_bears(shared_database: Database) -> None:
    people: list[str | tuple[str, str]] = ["Anna Berg", "Ben Cole", "Ben Dorn", ("Dr. Chloé Dubois", "Chloé")]
    assert matched(shared_database, people, "Anna", "Ben", "chloe", "Berg", "Dr.", "Zoe") == {
        "Anna": "Anna Berg",
        "Ben": None,
        "chloe": "Dr. Chloé Dubois",
        "Berg": None,
        "Dr.": None,
        "Zoe": None,
    }


def test_the_whole_name_counts_before_the_first(shared_database: Database) -> None:
    assert matched(shared_database, ["Anna", "Anna Berg"], "Anna", "Anna Berg") == {
        "Anna": "Anna",
        "Anna Berg": "Anna Berg",
    }


def test_two_of_one_name_are_not_guessed_at(shared_database: Database) -> None:
    with shared_database.writing() as session:
        course = a_course(session)
        for _ in range(2):
            a_student(session, course, "Anna Berg")
        found = match_names(session, course, ["Anna Berg", "Anna", "Nobody"])
    assert {name: match.reason for name, match in found.items()} == {
        "Anna Berg": "2 people of this course are called Anna Berg",
        "Anna": "2 people of this course are called Anna",
        "Nobody": "nobody in this course is called Nobody",
    }
    assert {match.person_id for match in found.values()} == {None}


def test_only_people_of_the_course_are_matched(shared_database: Database) -> None:
    with shared_database.writing() as session:
        a_student(session, a_course(session), "Anna Berg")
    assert matched(shared_database, ["Ben Cole"], "Anna Berg") == {"Anna Berg": None}


@pytest.mark.parametrize("name", [" ", "", None, "’", "\u0301"])
def test_people_without_a_name_are_no_obstacle(shared_database: Database, name: str | None) -> None:
    with shared_database.writing() as session:
        course = a_course(session)
        a_person(session, course, name)
        anna = a_student(session, course, "Anna Berg")
        assert match_names(session, course, ["Anna"])["Anna"].person_id == anna


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(" ", "\u00a0"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("“", '"').replace("”", '"').replace("’", "'"),
        lambda text: text.replace("'", "’"),
        lambda text: text.upper(),
        lambda text: text.replace(".", ". \u200b"),
    ],
)
def test_the_same_text_is_known_again_however_it_was_copied(change: object) -> None:
    assert callable(change)
    text = page("Anna Berg\n\nI don't “agree”. Not at all.", "Ben\n\nI'd say so.")
    assert fingerprint(read(change(text))) == fingerprint(read(text))


@settings(deadline=None)
@given(st.lists(st.sampled_from([" ", "\n", "\u00a0", "“", "”", '"', "'", "’", "—", "-"]), min_size=1, max_size=5))
def test_spaces_and_marks_make_no_difference(marks: list[str]) -> None:
    noise = "".join(marks)
    changed = replace(FOUND, title=noise.join(FOUND.title), body=tuple(noise.join(part) for part in FOUND.body))
    assert fingerprint(changed) == fingerprint(FOUND)


def test_another_text_is_another() -> None:
    others = [
        replace(FOUND, title="On the Thaws"),
        replace(FOUND, body=FOUND.body[:1]),
        replace(FOUND, comments=FOUND.comments[:-1]),
        replace(FOUND, comments=(*FOUND.comments[:-1], replace(FOUND.comments[-1], text="Interesting b post!"))),
    ]
    assert len({fingerprint(one) for one in [FOUND, *others]}) == 5


def test_a_stored_thread(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)
        course = course_of(session, blog)
        anna, ben = a_student(session, course, "Anna Berg"), a_student(session, course, "Ben Cole")
        post = store_import(session, blog, approved_as_found(session, course, FOUND), NOW)
        assert (post.title, post.subtitle, post.author_name, post.author_id) == (
            "On the Thaw",
            "What was said",
            "Irena Novak",
            None,
        )
        assert (post.body, post.sources, post.imported_at) == ("\n\n".join(FOUND.body), ["Taubman, Khrushchev"], NOW)
        assert "*after*" in post.body_html
        assert (post.live_comments, post.last_comment_number) == (4, 4)
        rows = session.scalars(select(Comment).where(Comment.post_id == post.id).order_by(Comment.number)).all()
        numbers = {row.id: row.number for row in rows}
        facts = [(row.number, row.parent_id and numbers[row.parent_id], row.author_id, row.author_name) for row in rows]
        assert facts == [
            (1, None, anna, "Anna Berg"),
            (2, 1, ben, "Ben"),
            (3, 2, None, None),
            (4, None, None, "A Stranger"),
        ]
        assert [row.live_replies for row in rows] == [2, 1, 0, 0]
        assert rows[3].body == "Interesting <b>post</b>!"
        assert "&lt;b&gt;" in rows[3].body_html
        assert all(row.plain and row.written_at == NOW for row in rows)


def test_the_pages_numbers_may_have_gaps(shared_database: Database) -> None:
    """The teacher left the second comment out, and cleared the place of the one that answered it."""
    with shared_database.writing() as session:
        post = store_import(session, a_blog(session), approved([(1, None), (3, None), (7, 3)]), NOW)
        rows = session.scalars(select(Comment).where(Comment.post_id == post.id).order_by(Comment.number)).all()
        assert [row.path for row in rows] == ["000001", "000002", "000002000003"]


def approved(comments: list[tuple[int, int | None]], text: str = "Words.", mark: str = "import-1") -> ApprovedPost:
    made = tuple(ApprovedComment(number, parent, None, "Anna", text) for number, parent in comments)
    return ApprovedPost("On the Thaw", "", None, None, "A body.", (), made, mark)


def test_a_second_import_is_refused(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog, other = a_blog(session), a_blog(session)
        first = store_import(session, blog, approved([(1, None)]), NOW).id
        found = imported_before(session, blog, "import-1")
        assert found is not None
        assert found.id == first
        assert imported_before(session, other, "import-1") is None
    with shared_database.writing() as session, pytest.raises(Rejected, match="imported into this blog before"):
        store_import(session, blog, approved([(1, None), (2, 1)]), NOW)
    with shared_database.writing() as session:
        assert session.get_one(Post, first).live_comments == 1
        assert store_import(session, other, approved([(1, None)]), NOW).blog_id == other


def test_two_imports_at_the_same_instant_store_one(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)

    def store(_: int) -> bool:
        try:
            with shared_database.writing() as session:
                store_import(session, blog, approved([(1, None), (2, 1), (3, 2)]), NOW)
        except Rejected:
            return False
        return True

    assert True in at_once(3, store)
    with shared_database.reading() as session:
        (post,) = session.scalars(select(Post).where(Post.blog_id == blog))
        assert (post.live_comments, post.last_comment_number) == (3, 3)
        assert session.scalar(select(func.count()).where(Comment.post_id == post.id)) == 3


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (approved([(1, None), (2, 3), (3, None)]), "Comment 2 is said to answer 3, which does not come before it"),
        (approved([(1, None), (2, 2)]), "Comment 2 is said to answer 2"),
        (approved([(1, None), (2, 99)]), "Comment 2 is said to answer 99"),
        (approved([(1, None)], text=" "), "no text"),
        (approved([(1, None)], text="x" * 60_001), "60,001"),
        (replace(approved([(1, None)]), title=" "), "no title"),
        (replace(approved([(1, None)]), body=""), "no text"),
    ],
)
def test_all_or_nothing(shared_database: Database, wrong: ApprovedPost, says: str) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)
    with pytest.raises(Rejected, match=says), shared_database.writing() as session:
        store_import(session, blog, wrong, NOW)
    with shared_database.reading() as session:
        assert session.scalars(select(Post).where(Post.blog_id == blog)).all() == []
    with shared_database.writing() as session:
        assert store_import(session, blog, approved([(1, None)]), NOW).number == 1


def test_who_wrote_it_may_be_said_later(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog, other = a_blog(session), a_blog(session)
        course = course_of(session, blog)
        anna = a_student(session, course, "Anna Berg")
        post = store_import(session, blog, approved_as_found(session, course, FOUND), NOW)
        own = a_comment(session, post.id, anna)
        elsewhere = store_import(session, other, approved([(1, None)]), NOW)
        waiting = unmatched_comments(session, blog)
        assert [(comment.number, number) for comment, number in waiting] == [(2, 1), (3, 1), (4, 1)]
        (foreign, _), *_ = unmatched_comments(session, other)
        ids = {comment.number: comment.id for comment, _ in waiting}
        assert match_comments(session, blog, {ids[2]: anna, own.id: anna, foreign.id: anna, 10**6: anna}) == 1
        assert [comment.number for comment, _ in unmatched_comments(session, blog)] == [3, 4]
        assert session.get_one(Comment, foreign.id).author_id is None
        assert match_comments(session, blog, {ids[2]: anna}) == 0
        assert elsewhere.blog_id == other
        delete_comment(session, post.id, 2, anna, NOW)
        assert match_comments(session, blog, {ids[2]: anna}) == 0
