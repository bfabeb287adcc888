"""Many posts at once: right in every counter, never doubled, and gone on with after any stop."""

import io
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.blog import thread
from lti_tool.blog.comments import rebuild_paths
from lti_tool.database import Database
from lti_tool.errors import NotFound, Rejected
from lti_tool.importing.approval import count_posts, uncounted_posts, uncounted_total
from lti_tool.importing.bulk import Choice, make_ready, store_ready
from lti_tool.importing.formats import NOBODY, ArchivedComment, ArchivedPost, Standing, Writer, posts_in
from lti_tool.importing.matching import match_writers
from lti_tool.importing.runs import LEASE, begin_run, carry_on_imports, drop_run, packed, run_view, start_run
from lti_tool.models import Comment, ImportRun, Person, Post
from tests.a_school import NOW, a_blog, a_comment, a_course, a_student, a_teacher, course_of
from tests.importing.test_formats import SAMPLES

EVERYTHING = frozenset(Standing)
WHEN = datetime(2019, 4, 4, 10, 12, tzinfo=UTC)


def a_thread(parents: list[int | None], number: int = 1, **changes: object) -> ArchivedPost:
    comments = tuple(
        ArchivedComment(place, parent, "Ben", f"Comment {place}", "A reason.", Writer("Ben"), written_at=WHEN)
        for place, parent in enumerate(parents, 1)
    )
    return ArchivedPost(
        title=f"Post {number}", subtitle=None, author="Anna", author_reason=None, body=("Text", "*more*"), sources=(),
        stated_comments=None, comments=comments, warnings=(), source_id=f"wxr:here:{number}", writer=Writer("Anna"),
        published_at=WHEN, **changes,  # type: ignore[arg-type]
    )  # fmt: skip


def stored(session: Session, blog: int, post: ArchivedPost, standings: frozenset[Standing] = EVERYTHING) -> int | None:
    ready = make_ready(post, Choice({}, standings))
    if ready is None:
        return None
    store_ready(session, blog, ready, NOW)
    return session.scalar(select(Post.id).where(Post.blog_id == blog).order_by(Post.id.desc()).limit(1))


def require_sound(session: Session, post_id: int) -> None:
    """Paths, numbers and counters are what the rows themselves say."""
    assert rebuild_paths(session, post_id) == 0
    post = session.get_one(Post, post_id)
    rows = list(session.scalars(select(Comment).where(Comment.post_id == post_id).order_by(Comment.number)))
    assert [row.number for row in rows] == list(range(1, post.last_comment_number + 1))
    live = [row for row in rows if not (row.deleted_at or row.hidden_at or row.private_to_id)]
    assert post.live_comments == len(live)
    replies = Counter(path for row in live for path in thread.ancestor_paths(row.path))
    ids = {row.path: row.id for row in rows}
    assert [row.parent_id for row in rows] == [ids.get(row.path[: -thread.SEGMENT_WIDTH]) for row in rows]
    assert {row.path: row.live_replies for row in rows} == {row.path: replies[row.path] for row in rows}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_thread_is_stored_sound(shared_database: Database, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, 40))
    parents = [data.draw(st.none() | st.integers(1, place - 1)) if place > 1 else None for place in range(1, count + 1)]
    post = a_thread(parents)
    standings = [data.draw(st.sampled_from(list(Standing))) for _ in parents]
    gone, concealed = ([data.draw(st.booleans()) for _ in parents] for _ in range(2))
    comments = tuple(
        ArchivedComment(
            **{
                **vars(one),
                "standing": standing,
                "deleted_at": NOW if deleted else None,
                "hidden_at": NOW if hidden else None,
            }
        )
        for one, standing, deleted, hidden in zip(post.archived_comments, standings, gone, concealed, strict=True)
    )
    post = ArchivedPost(**{**vars(post), "comments": comments})
    with shared_database.writing() as session:
        for chosen in (frozenset({Standing.SHOWN}), EVERYTHING):
            post_id = stored(session, a_blog(session), post, chosen)
            assert post_id is not None
            require_sound(session, post_id)
            assert session.get_one(Post, post_id).last_comment_number == sum(one in chosen for one in standings)


def test_a_thread_deeper_than_paths_go_hangs_as_a_written_one_does(shared_database: Database) -> None:
    with shared_database.writing() as session:
        post_id = stored(session, a_blog(session), a_thread([None, *range(1, 15)]))
        assert post_id is not None
        require_sound(session, post_id)
        rows = session.scalars(select(Comment).where(Comment.post_id == post_id).order_by(Comment.number)).all()
        assert [row.answers_id for row in rows[1:]] == [row.id for row in rows[:-1]]
        assert {row.parent_id for row in rows[10:]} == {rows[8].id}


def test_what_hangs_on_a_comment_left_out_moves_up_to_the_next_one(shared_database: Database) -> None:
    post = a_thread([None, 1, 2, 3])
    comments = list(post.archived_comments)
    comments[1] = ArchivedComment(**{**vars(comments[1]), "standing": Standing.PENDING})
    with shared_database.writing() as session:
        post_id = stored(session, a_blog(session), ArchivedPost(**{**vars(post), "comments": tuple(comments)}),
                         frozenset({Standing.SHOWN}))  # fmt: skip
        rows = session.execute(
            select(Comment.body, Comment.path).where(Comment.post_id == post_id).order_by(Comment.path)
        )
        assert [tuple(row) for row in rows] == [
            ("Comment 1", "000001"),
            ("Comment 3", "000001000002"),
            ("Comment 4", "000001000002000003"),
        ]


def test_dates_names_and_markdown_are_kept_and_nothing_counts(database: Database) -> None:
    with database.writing() as session:
        post_id = stored(session, a_blog(session), a_thread([None]))
        assert post_id is not None
        post = session.get_one(Post, post_id)
        comment = session.scalars(select(Comment).where(Comment.post_id == post_id)).one()
        assert (post.published_at, comment.written_at, post.imported_at) == (WHEN, WHEN, NOW)
        assert (post.author_name, comment.author_name, post.author_id) == ("Anna", "Ben", None)
        assert post.uncounted
        assert not post.plain
        assert "<em>more</em>" in post.body_html


def test_what_nobody_here_could_write_stops_no_import(shared_database: Database) -> None:
    post = ArchivedPost(**{**vars(a_thread([])), "body": ("See ![](image:abc)",)})
    with shared_database.writing() as session:
        post_id = stored(session, a_blog(session), post)
        assert "![](image:abc)" in session.get_one(Post, post_id).body_html


def test_a_private_comment_whose_reader_is_not_known_here_is_left_out(shared_database: Database) -> None:
    post = a_thread([None, 1])
    comments = list(post.archived_comments)
    comments[1] = ArchivedComment(**{**vars(comments[1]), "private_to": Writer("Zoe")})
    post = ArchivedPost(**{**vars(post), "comments": tuple(comments)})
    with shared_database.writing() as session:
        course = a_course(session)
        zoe = a_student(session, course, "Zoe")
        for people, expected in (({}, [None]), ({Writer("Zoe"): zoe}, [None, zoe])):
            blog = a_blog(session, course)
            ready = make_ready(post, Choice(people))
            assert ready is not None
            store_ready(session, blog, ready, NOW)
            rows = select(Comment.private_to_id).join(Post, Post.id == Comment.post_id).where(Post.blog_id == blog)
            assert list(session.scalars(rows.order_by(Comment.number))) == expected
            require_sound(session, session.scalars(select(Post.id).where(Post.blog_id == blog)).one())


def test_writers_are_matched_by_email_then_by_name(shared_database: Database) -> None:
    with shared_database.writing() as session:
        course = a_course(session)
        anna, ben = a_student(session, course), a_student(session, course, "Ben Cole")
        session.get_one(Person, ben).email = "Ben.Cole@example.edu"
        writers = [Writer("Anna Berg", "ben.cole@EXAMPLE.edu"), Writer("Anna", "x@example.edu"), Writer("", ""), NOBODY,
                   Writer("Zoe")]  # fmt: skip
        found = match_writers(session, course, writers)
        assert [found[one].person_id for one in writers] == [ben, anna, None, None, None]
        assert found[writers[0]].reason == "the e-mail address of Ben Cole"


def begun(database: Database, posts: list[ArchivedPost]) -> tuple[int, int]:
    with database.writing() as session:
        course = a_course(session)
        blog, teacher = a_blog(session, course), a_teacher(session, course)
        run = begin_run(session, blog, teacher, packed(posts), NOW)
        view = run_view(session, blog, run)
        start_run(session, blog, run, {one.key: one.person_id for one in view.writers}, set(), NOW)
    return blog, run


def test_a_killed_import_goes_on_where_it_was(database: Database) -> None:
    """Stopped after each post, taken up by the next worker once the lease is over; at the end each is there once."""
    posts = [a_thread([None, 1, 1], number) for number in range(1, 6)]
    blog, run = begun(database, posts)
    now = NOW
    for done in range(1, 6):
        assert carry_on_imports(database, lambda: now, go_on=lambda: False) == 1  # noqa: B023  # called at once
        assert carry_on_imports(database, lambda: now) == 0, "somebody else has it"  # noqa: B023
        with database.reading() as session:
            view = run_view(session, blog, run)
            assert (view.state, view.posts_done, view.comments_done) == ("storing", done, 3 * done)
        now += LEASE + timedelta(seconds=1)
    assert carry_on_imports(database, lambda: now) == 0
    with database.reading() as session:
        assert run_view(session, blog, run).state == "done"
        assert session.get_one(ImportRun, run).content == b""
        assert sorted(session.scalars(select(Post.number).where(Post.blog_id == blog))) == [1, 2, 3, 4, 5]
        assert session.scalar(select(func.count()).select_from(Comment)) == 15


def test_the_same_file_again_doubles_nothing_and_says_so(database: Database) -> None:
    blog, _ = begun(database, [a_thread([None], 1)])
    carry_on_imports(database, lambda: NOW)
    with database.writing() as session:
        teacher = a_teacher(session, course_of(session, blog))
        again = begin_run(session, blog, teacher, packed([a_thread([None], 1), a_thread([None], 2)]), NOW)
        start_run(session, blog, again, {}, set(), NOW)
    carry_on_imports(database, lambda: NOW)
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(Post.blog_id == blog)) == 2
        assert run_view(session, blog, again).left_out == ("Post 1: was brought in before.",)


def test_a_run_is_begun_once_and_only_by_its_own_blog(shared_database: Database) -> None:
    blog, run = begun(shared_database, [a_thread([])])
    with shared_database.writing() as session:
        with pytest.raises(Rejected, match="started already"):
            start_run(session, blog, run, {}, set(), NOW)
        with pytest.raises(Rejected, match="being stored"):
            drop_run(session, blog, run)
        with pytest.raises(NotFound):
            run_view(session, a_blog(session), run)


def test_the_ids_taken_leave_room_for_whoever_writes_next(database: Database) -> None:
    with database.writing() as session:
        blog = a_blog(session)
        post_id = stored(session, blog, a_thread([None] * 30))
        assert post_id is not None
        a_comment(session, post_id, None)
        require_sound(session, post_id)


def test_approved_posts_count(shared_database: Database) -> None:
    with shared_database.writing() as session:
        blog = a_blog(session)
        for number in (1, 2, 3):
            stored(session, blog, a_thread([None], number))
        assert [one.title for one in uncounted_posts(session, blog)] == ["Post 1", "Post 2", "Post 3"]
        assert count_posts(session, blog, [2, 99]) == 1
        assert uncounted_total(session, blog) == 2
        assert count_posts(session, blog, None) == 2
        assert uncounted_total(session, blog) == 0


def test_a_wordpress_file_comes_in_as_chosen(shared_database: Database) -> None:
    content = (SAMPLES / "wxr" / "conversation.xml").read_bytes()
    posts = [post for post in posts_in(io.BytesIO(content), 1_000_000) if isinstance(post, ArchivedPost)]
    with shared_database.writing() as session:
        for standings, expected in ((frozenset({Standing.SHOWN}), [3]), (EVERYTHING, [5, 0])):
            blog = a_blog(session)
            for post in posts:
                stored(session, blog, post, standings)
            counts = select(Post.live_comments).where(Post.blog_id == blog).order_by(Post.number)
            assert list(session.scalars(counts)) == expected
