"""Posts: written once, listed newest first, changed by their author alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lti_tool.blog.post_index import post_list
from lti_tool.blog.posts import PostDraft, add_post, edit_post, find_post, open_post
from lti_tool.blog.text import LONGEST_POST
from lti_tool.database import Database
from lti_tool.errors import NotAllowed, NotFound, Rejected
from lti_tool.models import Blog, Post
from tests.a_school import NOW, a_blog, a_post, a_student, all_of, course_of
from tests.threads import at_once

LATER = NOW + timedelta(hours=1)
DRAFT = PostDraft(
    title="  On   the\nThaw ",
    subtitle="What was <said>",
    body="The *secret* speech.\n\nAnd after.",
    sources=("Taubman, *Khrushchev*, https://example.edu/taubman", "  ", "Archive <3>"),
    once="form",
    author_id=None,
)


def test_a_post_as_it_is_shown(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)
        author = a_student(session, course_of(session, blog), "Anna Berg")
        post = add_post(session, blog, replace(DRAFT, author_id=author), NOW)
        view = open_post(session, all_of(session, blog), post.number).view
    assert (view.number, view.title, view.subtitle, view.author.name) == (
        1,
        "On the Thaw",
        "What was <said>",
        "Anna Berg",
    )
    assert "<em>secret</em>" in view.html
    assert (view.words, view.minutes, view.live_comments) == (5, 1, 0)
    assert (view.published_at, view.edited_at, view.imported_at) == (NOW, None, None)
    assert view.source_lines == ("Taubman, *Khrushchev*, https://example.edu/taubman", "Archive <3>")
    assert 'href="https://example.edu/taubman"' in view.sources[0]
    assert "*Khrushchev*" in view.sources[0]
    assert view.sources[1] == "Archive &lt;3&gt;"


def test_an_imported_post_keeps_the_name_on_its_page(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)
        post = add_post(session, blog, replace(DRAFT, author_name="Dr. Who", plain=True), NOW)
        view = open_post(session, all_of(session, blog), post.number).view
    assert (view.author.id, view.author.name, view.imported_at) == (None, "Dr. Who", NOW)
    assert "*secret*" in view.html


def test_posts_are_listed_newest_first_and_each_blog_has_its_own(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog, other = a_blog(session), a_blog(session)
        for title in ("One", "Two", "Three"):
            a_post(session, blog, title=title)
        a_post(session, other, title="Elsewhere")
        posts = post_list(session, all_of(session, blog)).posts
    assert [(post.number, post.title) for post in posts] == [(3, "Three"), (2, "Two"), (1, "One")]


def test_sent_twice_is_stored_once(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)

    def send(which: int) -> int:
        with shared_database.writing() as session:
            return add_post(session, blog, replace(DRAFT, title=f"Sending {which}"), NOW).id

    assert len(set(at_once(4, send))) == 1
    assert send(9) == send(10)
    with shared_database.writing() as session:
        assert session.get_one(Blog, blog).last_post_number == 1
        assert add_post(session, blog, replace(DRAFT, once="another form"), NOW).number == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"title": " \n "}, "no title"),
        ({"title": "x" * 301}, "longer than 300"),
        ({"body": "  "}, "no text"),
        ({"body": "x" * (LONGEST_POST + 1)}, "60,001 characters"),
    ],
)
def test_what_cannot_be_a_post(shared_database: Database, change: dict[str, str], says: str) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)
        with pytest.raises(Rejected, match=says):
            add_post(session, blog, replace(DRAFT, **change), NOW)  # type: ignore[arg-type]
        assert post_list(session, all_of(session, blog)).posts == ()
        assert session.get_one(Blog, blog).last_post_number == 0


def test_its_author_changes_a_post(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)
        author = a_student(session, course_of(session, blog))
        post = session.get_one(Post, a_post(session, blog, author))
        edit_post(session, post, replace(DRAFT, title="Better", author_id=author), LATER)
        view = open_post(session, all_of(session, blog), post.number).view
    assert (view.title, view.edited_at, view.published_at) == ("Better", LATER, NOW)
    assert "<em>secret</em>" in view.html


def test_nobody_changes_what_another_wrote(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)
        course = course_of(session, blog)
        other = a_student(session, course)
        for author in (a_student(session, course), None):
            post = session.get_one(Post, a_post(session, blog, author))
            for editor in (other, None):
                with pytest.raises(NotAllowed):
                    edit_post(session, post, replace(DRAFT, author_id=editor), LATER)
            assert post.title == "On the Thaw"


def test_a_post_is_found_in_its_own_blog_alone(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog, other = a_blog(session), a_blog(session)
        assert (
            find_post(session, all_of(session, blog), session.get_one(Post, a_post(session, blog)).number).blog_id
            == blog
        )
        with pytest.raises(NotFound):
            find_post(session, all_of(session, other), 1)
