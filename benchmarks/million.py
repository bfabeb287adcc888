"""The thread page beside 100,000 and beside 1,000,000 comments in the database, and what search takes there.

python -m benchmarks.million [--postgres] [--rounds 100]
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import func, insert, literal, select
from sqlalchemy.orm import Session

from benchmarks.measuring import run_rounds
from benchmarks.scene import BEGAN, InProcess, Scene, Thread, open_scene, open_thread
from lti_tool.blog.posts import PostDraft, add_post
from lti_tool.models import Comment, Person, Post
from tests.postgres import running_server
from tests.system_parts import NO_POSTGRES, find_postgres

IN_ONE_THREAD = 10_000
SIZES = (100_000, 1_000_000)
_COPIED = [
    column
    for column in Comment.__table__.columns
    if column.key not in ("id", "post_id", "parent_id", "answers_id", "author_id")
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--postgres", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder), postgres=arguments.postgres) as new_url:
        contestants: dict[str, Callable[[], object]] = {}
        with ExitStack() as scenes:
            for size in SIZES:
                place = Path(folder, str(size))
                place.mkdir()
                scene = scenes.enter_context(open_scene(place, new_url(place)))
                contestants |= pages_of(scene, filled(scene, size), size)
            rounds = run_rounds(contestants, arguments.rounds)
        for kind in ("student", "teacher", "search"):
            few, many = (f"{kind} {size}" for size in SIZES)
            print(f"{kind:>8}: {rounds.milliseconds(few)} ms, {rounds.milliseconds(many)} ms:", end=" ")
            print(f"{SIZES[1]:,} / {SIZES[0]:,} comments = {rounds.ratio(many, few)} x")


@contextmanager
def databases(folder: Path, *, postgres: bool) -> Iterator[Callable[[Path], str]]:
    """Say where each new database is."""
    if not postgres:
        yield lambda place: f"sqlite:///{place / 'tool.sqlite3'}"
        return
    programs = find_postgres()
    if programs is None:
        raise SystemExit(NO_POSTGRES)
    with running_server(programs) as server:
        yield lambda _place: server.url(server.new_database())


def filled(scene: Scene, size: int) -> Thread:
    """Make a thread of 10,000 comments, and copies in the same blog, each by a class of its own, up to `size`."""
    thread = open_thread(scene, IN_ONE_THREAD)
    with scene.tool.database.writing() as session:
        for number in range(1, size // IN_ONE_THREAD):
            copy_thread(session, thread.post_id, number)
    scene.tidy_database()
    return thread


def copy_thread(session: Session, post_id: int, number: int) -> None:
    blog_id = session.get_one(Post, post_id).blog_id
    post = add_post(session, blog_id, PostDraft("Another", "", "Words.", (), f"copy-{number}", None), BEGAN)
    post.last_comment_number = post.live_comments = IN_ONE_THREAD
    last = session.scalar(select(func.max(Comment.id))) or 0
    first = session.scalar(select(func.min(Comment.id)).where(Comment.post_id == post_id)) or 0
    shift = last + 1 - first
    people = new_people(session, post_id)
    copied = select(
        Comment.id + shift,
        literal(post.id),
        Comment.parent_id + shift,
        Comment.answers_id + shift,
        Comment.author_id + people,
        *_COPIED,
    ).where(Comment.post_id == post_id)
    names = ["id", "post_id", "parent_id", "answers_id", "author_id", *(column.key for column in _COPIED)]
    session.execute(insert(Comment.__table__).from_select(names, copied.order_by(Comment.id)))


def new_people(session: Session, post_id: int) -> int:
    """Add as many people as wrote under a post, and say how far their ids are from those."""
    writers = session.scalars(select(Comment.author_id).where(Comment.post_id == post_id).distinct()).all()
    known = [writer for writer in writers if writer is not None]
    ids, last = range(min(known), max(known) + 1), session.scalar(select(func.max(Person.id))) or 0
    shift = last + 1 - ids[0]
    platform_id = session.get_one(Person, known[0]).platform_id
    session.execute(
        insert(Person),
        [{"id": one + shift, "platform_id": platform_id, "lti_sub": f"more-{one + shift}"} for one in ids],
    )
    return shift


def pages_of(scene: Scene, thread: Thread, size: int) -> dict[str, Callable[[], object]]:
    with scene.tool.database.reading() as session:
        number = session.get_one(Post, thread.post_id).number
    student = f"visit={thread.student.secret}"
    return {
        f"student {size}": InProcess(scene.app, f"/v/{thread.student.key}/posts/{number}", student),
        f"teacher {size}": InProcess(
            scene.app, f"/v/{thread.teacher.key}/posts/{number}", f"visit={thread.teacher.secret}"
        ),
        f"search {size}": InProcess(scene.app, f"/v/{thread.student.key}/search?q=letters", student),
    }


if __name__ == "__main__":
    main()
