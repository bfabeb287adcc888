"""Pictures that nothing names go after a month; whatever names one keeps it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.blog.images import MadePicture, keep_fetched, new_fetched_key
from lti_tool.blog.unused_images import KEPT_UNUSED, drop_unused
from lti_tool.database import Database
from lti_tool.models import Blog, Comment, Image, ImportRun, PlannedBlog, Post, Revision, WritingDraft
from tests.a_school import NOW, a_blog, a_comment, a_post, a_student, course_of

OLD = NOW - KEPT_UNUSED - timedelta(days=1)
Place = Callable[[Session, int, int, str], object]


def in_post(session: Session, blog: int, person: int, text: str) -> None:
    session.get_one(Post, a_post(session, blog, person)).body = text


def in_shown_post(session: Session, blog: int, person: int, text: str) -> None:
    session.get_one(Post, a_post(session, blog, person)).body_html = text


def in_comment(session: Session, blog: int, person: int, text: str) -> None:
    session.get_one(Comment, a_comment(session, a_post(session, blog), person).id).body = text


def in_shown_comment(session: Session, blog: int, person: int, text: str) -> None:
    session.get_one(Comment, a_comment(session, a_post(session, blog), person).id).body_html = text


def in_deleted_comment(session: Session, blog: int, person: int, text: str) -> None:
    comment = session.get_one(Comment, a_comment(session, a_post(session, blog), person).id)
    comment.body, comment.deleted_at = text, NOW


def in_draft(session: Session, blog: int, person: int, text: str) -> None:
    session.add(WritingDraft(person_id=person, blog_id=blog, place="post", fields={"body": text}, saved_at=NOW))


def in_revision(session: Session, blog: int, person: int, text: str) -> None:
    session.add(Revision(post_id=a_post(session, blog), fields={"body": text}, replaced_at=NOW))


def in_prompt(session: Session, blog: int, person: int, text: str) -> None:
    session.get_one(Blog, blog).prompt = text


def in_shown_prompt(session: Session, blog: int, person: int, text: str) -> None:
    session.get_one(Blog, blog).prompt_html = text


def in_plan(session: Session, blog: int, person: int, text: str) -> None:
    course = course_of(session, blog)
    session.add(PlannedBlog(content_key=f"k{blog}", course_id=course, title="T", prompt=text, created_at=NOW))


PLACES = [in_post, in_shown_post, in_comment, in_shown_comment, in_deleted_comment, in_draft, in_revision, in_prompt,
          in_shown_prompt, in_plan]  # fmt: skip


def a_picture(session: Session, blog: int, person: int, made_at: datetime = OLD) -> str:
    key = new_fetched_key()
    keep_fetched(session, blog, person, key, MadePicture(b"x", 1, 1), made_at)
    return key


def left(database: Database, blog: int) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(Image.key).where(Image.blog_id == blog)))


@pytest.mark.parametrize("place", PLACES)
def test_whatever_names_a_picture_keeps_it(shared_database: Database, place: Place) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)
        person = a_student(session, course_of(session, blog))
        named, other = a_picture(session, blog, person), a_picture(session, blog, person)
        place(session, blog, person, f'Wörter "![x](image:{named})" of an image')
        session.flush()
        assert other
    assert drop_unused(shared_database, NOW) == 1
    assert left(shared_database, blog) == {named}


def test_only_what_is_old_goes_and_from_each_blog(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blogs = [a_blog(session) for _ in range(2)]
        for blog in blogs:
            person = a_student(session, course_of(session, blog))
            for hours in range(205):
                a_picture(session, blog, person, OLD - timedelta(hours=hours))
        young = a_picture(session, blogs[0], person, NOW - KEPT_UNUSED + timedelta(minutes=1))
    assert drop_unused(shared_database, NOW) == 410
    assert left(shared_database, blogs[0]) == {young}
    assert drop_unused(shared_database, NOW) == 0


def test_another_blog_keeps_none(shared_database: Database) -> None:
    """There the picture cannot be seen."""
    with shared_database.writing() as session:
        blog, other = a_blog(session), a_blog(session)
        person = a_student(session, course_of(session, blog))
        in_post(session, other, person, f"![x](image:{a_picture(session, blog, person)})")
    assert drop_unused(shared_database, NOW) == 1


def test_a_key_with_a_backslash_is_a_name_too(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)
        person = a_student(session, course_of(session, blog))
        key = a_picture(session, blog, person)
        in_draft(session, blog, person, f"![x](image\\:{key[:4]}\\{key[4:]})" if not key[4].isalnum()
                 else f"![x](image\\:{key})")  # fmt: skip
    assert drop_unused(shared_database, NOW) == 0


def test_none_goes_while_an_import_waits(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)
        person = a_student(session, course_of(session, blog))
        a_picture(session, blog, person)
        run = ImportRun(blog_id=blog, person_id=person, content=b"", found={}, choices={}, posts=0, comments=0,
                        made_at=NOW)  # fmt: skip
        session.add(run)
        session.flush()
        run_id = run.id
    assert drop_unused(shared_database, NOW) == 0
    with shared_database.writing() as session:
        session.get_one(ImportRun, run_id).ended_at = NOW
    assert drop_unused(shared_database, NOW) == 1
