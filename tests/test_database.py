"""No update is lost, nothing is written while reading, and a page reads one state of the data: on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from lti_tool.database import Database, insert_or_get
from lti_tool.models import Blog, Person, Platform, Post
from tests.a_school import NOW, a_blog, a_course, a_platform, a_post
from tests.threads import at_once


@pytest.fixture
def blog(shared_database: Database) -> int:
    with shared_database.writing() as session:
        return a_blog(session)


def test_no_update_is_lost(shared_database: Database, blog: int) -> None:
    """Each reads a number and writes it back one higher, as an unwary function would."""

    def count_up(_: int) -> None:
        for _ in range(200):
            with shared_database.writing() as session:
                row = session.scalars(select(Blog).where(Blog.id == blog).with_for_update()).one()
                row.last_post_number += 1

    at_once(4, count_up)
    with shared_database.reading() as session:
        assert session.get_one(Blog, blog).last_post_number == 800


def test_on_sqlite_not_even_without_a_lock(sqlite_url: str) -> None:
    """SQLite knows no row locks: a writing transaction must have the file for itself from its beginning."""
    database = Database(sqlite_url)
    with database.writing() as session:
        blog = a_blog(session)

    def count_up(_: int) -> None:
        for _ in range(200):
            with database.writing() as session:
                session.get_one(Blog, blog).last_post_number += 1

    at_once(4, count_up)
    with database.reading() as session:
        assert session.get_one(Blog, blog).last_post_number == 800
    database.close()


def test_postgresql_compiles_no_statement(fresh_postgres_url: Callable[[Callable[[str], None]], str]) -> None:
    """Beside many comments it would take longer to compile one than to run it (`benchmarks/million.py`)."""
    database = Database(fresh_postgres_url(lambda _url: None))
    with database.reading() as session:
        assert session.scalar(text("SHOW jit")) == "off"
    database.close()


def test_postgresql_keeps_what_it_has_prepared_from_one_reading_to_the_next(
    fresh_postgres_url: Callable[[Callable[[str], None]], str],
) -> None:
    """psycopg prepares what it has run five times; planning took longer than running."""
    database = Database(fresh_postgres_url(lambda _url: None), pool_size=1)
    for _ in range(7):
        with database.reading() as session:
            session.scalar(text("SELECT 1 AS once_more"))
    prepared = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%once_more'")
    with database.reading_rows() as rows:
        assert rows.scalar(prepared) == 1
    with database.reading() as session:
        assert session.scalar(prepared) == 1
    database.close()


@pytest.mark.parametrize("how", ["update", "insert", "raw"])
def test_nothing_is_written_while_reading(shared_database: Database, blog: int, how: str) -> None:
    def write(session: Any) -> None:
        if how == "update":
            session.execute(update(Blog).where(Blog.id == blog).values(title="Changed"))
        elif how == "insert":
            a_platform(session)
        else:
            session.execute(text("UPDATE blog SET title = 'Changed' WHERE id = :id"), {"id": blog})

    with shared_database.reading() as session, pytest.raises(DBAPIError, match=r"(?i)read-?only"):
        write(session)
    with shared_database.writing() as session:  # the same connection, perhaps, may write again
        write(session)


def test_what_is_read_is_one_state(shared_database: Database, blog: int) -> None:
    """A page that counts first and lists then must not count what it does not list."""
    with shared_database.reading() as session:
        before = session.scalars(select(Post.id).where(Post.blog_id == blog)).all()
        with shared_database.writing() as other:
            a_post(other, blog)
        assert session.scalars(select(Post.id).where(Post.blog_id == blog)).all() == before == []
    with shared_database.reading() as session:
        assert len(session.scalars(select(Post.id).where(Post.blog_id == blog)).all()) == 1


def test_readers_do_not_wait_for_a_writer(shared_database: Database, blog: int) -> None:
    with shared_database.writing() as session:
        session.get_one(Blog, blog).title = "Not yet seen"
        session.flush()
        with shared_database.reading() as other:
            assert other.get_one(Blog, blog).title == "Class blog"


def test_what_raises_is_undone(shared_database: Database, blog: int) -> None:
    def change() -> None:
        with shared_database.writing() as session:
            session.get_one(Blog, blog).title = "Changed"
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    with shared_database.reading() as session:
        assert session.get_one(Blog, blog).title == "Class blog"


def test_rows_that_are_pointed_at_cannot_go(shared_database: Database, blog: int) -> None:
    """SQLite checks foreign keys only where it is told to."""
    with shared_database.writing() as session:
        a_post(session, blog)
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"), shared_database.writing() as session:
        session.execute(text("DELETE FROM blog WHERE id = :id"), {"id": blog})


def test_insert_or_get(shared_database: Database) -> None:
    with shared_database.writing() as session:
        platform = a_platform(session)

    def known(name: str, *refresh: str) -> tuple[int, str | None, str | None]:
        values = {"platform_id": platform, "lti_sub": "sub", "name": name, "email": f"{name}@example.edu"}
        with shared_database.writing() as session:
            row = insert_or_get(session, Person, [Person.platform_id, Person.lti_sub], values, refresh)
            return row.id, row.name, row.email

    first, *_ = known("Anna")
    assert known("Berta") == (first, "Anna", "Anna@example.edu")
    assert known("Clara", "name") == (first, "Clara", "Anna@example.edu")


def test_inserted_at_the_same_instant_is_one_row(shared_database: Database) -> None:
    with shared_database.writing() as session:
        platform = a_platform(session)

    def arrive(_: int) -> int:
        values = {"platform_id": platform, "lti_sub": "same", "name": "Anna"}
        with shared_database.writing() as session:
            return insert_or_get(session, Person, [Person.platform_id, Person.lti_sub], values).id

    assert len(set(at_once(4, arrive))) == 1


def test_times_come_back_aware_and_in_utc(shared_database: Database) -> None:
    with shared_database.writing() as session:
        platform = a_platform(session)
    with shared_database.reading() as session:
        made = session.get_one(Platform, platform).created_at
    assert made == NOW
    assert made.utcoffset() is not None
    with pytest.raises(Exception, match="without a zone"), shared_database.writing() as session:
        session.execute(update(Platform).values(created_at=NOW.replace(tzinfo=None)))


def test_text_without_nul(shared_database: Database) -> None:
    with shared_database.writing() as session:
        course = a_course(session, title="His\x00tory")
        assert session.scalar(text("SELECT title FROM course WHERE id = :id"), {"id": course}) == "History"


def test_an_error_does_not_tell_what_people_wrote(shared_database: Database) -> None:
    with shared_database.writing() as session, pytest.raises(DBAPIError) as error:
        session.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": "a private word"})
    assert "a private word" not in str(error.value)
