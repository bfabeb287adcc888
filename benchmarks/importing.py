"""Bringing in a blog of 5,000 posts and 100,000 comments, beside a bare insert of the same rows.

    .venv/bin/python -m benchmarks.importing            # SQLite and PostgreSQL, some minutes

The WordPress file is made on the fly and read as it is made, as the command line reads one. The bare insert writes the
rows that the import made into a second, empty database: no file, no Markdown, no path is worked out for it.
"""

import io
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, insert, select

from benchmarks.scene import BEGAN, WORDS, Scene, open_scene
from lti_tool.database import Database
from lti_tool.importing.bulk import Choice, make_ready, store_ready
from lti_tool.importing.formats import ArchivedPost, posts_in
from lti_tool.migrations import upgrade
from lti_tool.models import Blog, Comment, Course, Post
from tests.postgres import running_server
from tests.system_parts import find_postgres

POSTS, COMMENTS_A_POST = 5_000, 20
ROWS_AT_ONCE = 1_000
_HEAD = (
    '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:wp="http://wordpress.org/export/1.2/"><channel>'
)


class MadeFile(io.RawIOBase):
    """A WordPress export that is written while it is read."""

    def __init__(self, posts: int) -> None:
        super().__init__()
        self._pieces, self._rest, self.size = _pieces(posts), b"", 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece.encode()
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        self.size += count
        return count


def _pieces(posts: int) -> Iterator[str]:
    yield _HEAD
    for number in range(1, posts + 1):
        paragraphs = "".join(
            f"<!-- wp:paragraph --><p>{part} {number}</p><!-- /wp:paragraph -->" for part in (WORDS,) * 4
        )
        yield (
            f"<item><title>Post {number}</title><content:encoded><![CDATA[{paragraphs}]]></content:encoded>"
            f"<wp:post_id>{number}</wp:post_id><wp:status>publish</wp:status><wp:post_type>post</wp:post_type>"
            "<wp:post_date_gmt>2019-03-04 10:00:00</wp:post_date_gmt>"
        )
        for one in range(1, COMMENTS_A_POST + 1):
            parent = number * 100 + one - 1 if one % 5 > 1 else 0
            yield (
                f"<wp:comment><wp:comment_id>{number * 100 + one}</wp:comment_id><wp:comment_author>Writer {one}"
                f"</wp:comment_author><wp:comment_date_gmt>2019-03-05 10:00:{one:02}</wp:comment_date_gmt>"
                f"<wp:comment_content><![CDATA[{WORDS}]]></wp:comment_content><wp:comment_approved>1"
                f"</wp:comment_approved><wp:comment_parent>{parent}</wp:comment_parent></wp:comment>"
            )
        yield "</item>"
    yield "</channel></rss>"


def measure(scene: Scene, blog: int, bare: Database, posts: int) -> None:
    database = scene.tool.database
    file, began, reading, readying = MadeFile(posts), time.perf_counter(), 0.0, 0.0
    choice, source = Choice({}), posts_in(io.BufferedReader(file), 4_000_000_000)
    while True:
        at = time.perf_counter()
        post = next(source, None)
        reading += time.perf_counter() - at
        if post is None:
            break
        assert isinstance(post, ArchivedPost)
        at = time.perf_counter()
        ready = make_ready(post, choice)
        readying += time.perf_counter() - at
        assert ready is not None
        with database.writing() as session:
            store_ready(session, blog, ready, BEGAN)
    took = time.perf_counter() - began
    with database.reading() as session:
        comments = session.scalar(select(func.count()).select_from(Comment)) or 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    plain = _bare(database, bare)
    print(
        f"  {posts} posts, {comments} comments, {file.size / 1e6:.0f} MB of file: {took:.0f} s, "
        f"{comments / took:.0f} comments a second; reading {reading:.0f} s, making ready {readying:.0f} s, "
        f"storing {took - reading - readying:.0f} s; bare insert {plain:.0f} s, ratio {took / plain:.1f}, "
        f"of storing alone {(took - reading - readying) / plain:.1f}; peak memory {peak:.0f} MB"
    )


def _a_blog(scene: Scene) -> int:
    with scene.tool.database.writing() as session:
        course = Course(deployment_id=scene.deployment_id, lti_context_id="import", title="Import")
        session.add(course)
        session.flush()
        blog = Blog(course_id=course.id, title="Import", created_at=BEGAN)
        session.add(blog)
        session.flush()
        return blog.id


def _bare(full: Database, empty: Database) -> float:
    """The seconds that the same rows take, a transaction for each thousand; reading them does not count."""
    took = 0.0
    with full.reading() as source:
        for table in (Post.__table__, Comment.__table__):
            rows = source.connection().execute(select(table).order_by(table.c.id)).mappings()
            for some in rows.partitions(ROWS_AT_ONCE):
                values = [dict(row) for row in some]
                at = time.perf_counter()
                with empty.engine.begin() as connection:
                    connection.execute(insert(table), values)  # type: ignore[arg-type]
                took += time.perf_counter() - at
    return took


def _empty(url: str, scene: Scene) -> Database:
    """A database with the tables, and the rows that posts and comments point at."""
    database = Database(url)
    upgrade(database)
    with scene.tool.database.reading() as source, database.engine.begin() as target:
        for name in ("platform", "deployment", "course", "blog"):
            table = Blog.metadata.tables[name]
            rows = [dict(row) for row in source.connection().execute(select(table)).mappings()]
            if rows:
                target.execute(insert(table), rows)
    return database


def main(posts: int = POSTS) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _one("SQLite", folder, f"sqlite:///{folder / 'full.sqlite3'}", f"sqlite:///{folder / 'bare.sqlite3'}", posts)
        programs = find_postgres()
        if programs is not None:
            with running_server(programs) as server:
                full, bare = (server.url(server.new_database()) for _ in range(2))
                _one(f"PostgreSQL {server.version}", folder, full, bare, posts)


def _one(name: str, folder: Path, full_url: str, bare_url: str, posts: int) -> None:
    print(name)
    with open_scene(folder / name.replace(" ", ""), full_url) as scene:
        blog = _a_blog(scene)
        bare = _empty(bare_url, scene)
        try:
            measure(scene, blog, bare, posts)
        finally:
            bare.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else POSTS)
