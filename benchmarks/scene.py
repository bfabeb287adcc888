"""The scene: a tool with a class and a blog in it, and threads of any length that all begin alike."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from pydantic import SecretStr
from sqlalchemy import func, select
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from lti_tool.app import build_tool, create_app
from lti_tool.blog import thread
from lti_tool.blog.posts import PostDraft, add_post
from lti_tool.blog.text import safe_html, word_count
from lti_tool.identity.arrival import Arrival, Visitor, welcome
from lti_tool.identity.placing import OpenedLink
from lti_tool.identity.visits import OpenedVisit, open_visit
from lti_tool.lti.keys import new_key
from lti_tool.migrations import upgrade
from lti_tool.models import Comment, Deployment, Mark, Platform, Role
from lti_tool.participation.scoring import rescore_all
from lti_tool.settings import Settings
from lti_tool.tool import Tool

STUDENTS = 30
SECRET = "only-for-benchmarks-0123456789"
BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)
# Of five comments the first begins a line; the others answer the comment that many numbers before.
ANSWERS_BACK = (0, 1, 1, 3, 2)
WORDS = (
    "The secret speech of 1956 changed what could be said aloud, *not* what could be known. Reading the letters that "
    "were written to the newspapers that spring, I was struck by how many begin with the writer's own camp, and how "
    "few ask for anything.\n\nYou say that the thaw was a policy. Was it not also a mood, which the policy followed?"
)


@dataclass(frozen=True)
class Scene:
    """A tool that knows one platform, and its web application."""

    tool: Tool
    app: Flask
    platform_id: int
    deployment_id: int

    def tidy_database(self) -> None:
        """Do what PostgreSQL's own housekeeping would have done by now."""
        if not self.tool.settings.on_sqlite:
            with self.tool.database.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")


@contextmanager
def open_scene(folder: Path, database_url: str) -> Iterator[Scene]:
    """Build the tool on an empty database, as it is built to serve."""
    settings = Settings(
        database_url=database_url,
        secret_key=SecretStr(SECRET),
        keys_dir=folder / "keys",
        queue_url=f"sqlite:///{folder / 'queue.sqlite3'}",
    )
    new_key(settings.keys_dir)
    tool, _ = build_tool(settings)
    upgrade(tool.database)
    with tool.database.writing() as session:
        platform = Platform(
            name="LMS", lti_issuer="https://lms.example", lti_client_id="1", authorize_url="https://lms.example/a",
            token_url="https://lms.example/t", jwks_url="https://lms.example/j", created_at=BEGAN,
        )  # fmt: skip
        session.add(platform)
        session.flush()
        deployment = Deployment(platform_id=platform.id, lti_deployment_id="1")
        session.add(deployment)
        session.flush()
        scene = Scene(tool, create_app(tool), platform.id, deployment.id)
    yield scene
    tool.database.close()


@dataclass(frozen=True)
class Thread:
    """A blog whose only post has a thread, and a visit to it by a teacher and one by a student."""

    post_id: int
    comments: int
    teacher: OpenedVisit
    student: OpenedVisit


def open_thread(scene: Scene, comments: int) -> Thread:
    """Make a blog with one post and so many comments."""
    now = scene.tool.clock()
    with scene.tool.database.writing() as session:
        link = OpenedLink(f"blog-{comments}", "Class blog", None, ())
        arrivals = [arrival(scene, who, link) for who in range(STUDENTS + 1)]
        people = tuple(welcome(session, one, link, now).visitor for one in arrivals)
        teacher, student = people[:2]
        draft = PostDraft("The Thaw", "A season of letters", WORDS * 4, ("A book, 1999.",), "1", people[2].person_id)
        post = add_post(session, teacher.blog_id, draft, BEGAN)
        first_id = session.scalar(select(func.count()).select_from(Comment)) or 0
        rows = list(_rows(post.id, first_id, people, comments))
        session.add_all(rows)
        session.flush()
        session.add_all(_marks(rows, teacher.person_id))
        post.last_comment_number = post.live_comments = comments
        session.flush()
        rescore_all(session, teacher.blog_id, now)
        return Thread(post.id, comments, open_visit(session, teacher, now), open_visit(session, student, now))


class InProcess:
    """A GET of one page, made once and answered by the application itself: no server and no socket stand between."""

    def __init__(self, app: Flask, path: str, cookie: str = "") -> None:
        self._app = app
        builder = EnvironBuilder(path=path, headers=Headers({"Cookie": cookie}))
        self._environ = builder.get_environ()

    def __call__(self) -> str:
        body, status, _headers = run_wsgi_app(self._app.wsgi_app, dict(self._environ), buffered=True)
        if not status.startswith("200"):
            raise RuntimeError(f"{self._environ['PATH_INFO']} answered {status}")
        return b"".join(body).decode()


def arrival(scene: Scene, number: int, link: OpenedLink) -> Arrival:
    """Person 0 is the teacher; the others are students. Each blog has a course and a class of its own."""
    return Arrival(
        deployment_id=scene.deployment_id, platform_id=scene.platform_id, person_key=f"{link.key}-{number}",
        name=f"Given{number} Family{number}", given_name=f"Given{number}", family_name=f"Family{number}", email=None,
        role=Role.STUDENT if number else Role.TEACHER, is_test=False, course_key=f"course of {link.key}",
        course_title="HIST 3644", course_label="HIST", roster_address=None, frame_origins="https://lms.example",
        return_url=None, wants=link,
    )  # fmt: skip


def _rows(post_id: int, first_id: int, people: tuple[Visitor, ...], count: int) -> Iterator[Comment]:
    """The comments of a thread: whatever its length, it begins in the same way."""
    answers = {number: number - ANSWERS_BACK[(number - 1) % 5] for number in range(1, count + 1)}
    paths = {0: ""}
    for number, answered in answers.items():
        paths[number] = thread.path_under(paths[answered % number], number)
    replies = Counter(ancestor for path in paths.values() for ancestor in thread.ancestor_paths(path))
    html, words = safe_html(WORDS, plain=False), word_count(WORDS)
    for number, answered in answers.items():
        answers_id = None if answered == number else first_id + answered
        yield Comment(
            id=first_id + number, post_id=post_id, number=number, path=paths[number],
            live_replies=replies[paths[number]], is_marked=number % 2 == 1 and number * 7 % len(people) != 0,
            parent_id=answers_id, answers_id=answers_id, author_id=people[number * 7 % len(people)].person_id,
            body=WORDS, body_html=html, words=words, once=str(number), written_at=BEGAN + timedelta(minutes=number),
        )  # fmt: skip


def _marks(comments: list[Comment], teacher_id: int) -> Iterator[Mark]:
    """Half of what the students wrote is marked."""
    for comment in comments:
        if comment.number % 2 and comment.author_id != teacher_id:
            yield Mark(comment_id=comment.id, grader_id=teacher_id, mark=comment.number % 4, marked_at=BEGAN)
