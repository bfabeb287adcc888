"""The scene: a tool with a class and a blog in it, and threads of any length that all begin alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from flask import Flask
from pydantic import SecretStr
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder, run_wsgi_app

from lti_tool.app import build_tool, create_app
from lti_tool.blog import thread
from lti_tool.blog.posts import PostDraft, add_post
from lti_tool.blog.text import safe_html, word_count
from lti_tool.identity import Arrival, OpenedVisit, Visitor, open_visit, welcome
from lti_tool.migrations import upgrade
from lti_tool.models import Comment, Deployment, Mark, Platform, Post, Role
from lti_tool.participation.scoring import rescore_all
from lti_tool.settings import Settings
from lti_tool.tool import Tool

STUDENTS = 30
BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)
# Of five comments one begins a line; the others answer the comment that many numbers before.
ANSWERS_BACK = (0, 1, 1, 3, 2)
WORDS = (
    "The secret speech of 1956 changed what could be said aloud, *not* what could be known. Reading the letters that "
    "were written to the newspapers that spring, I was struck by how many begin with the writer's own camp, and how "
    "few ask for anything.\n\nYou say that the thaw was a policy. Was it not also a mood, which the policy followed?"
)


@dataclass(frozen=True)
class Scene:
    """A tool with one class; `people` are the teacher first and then the students."""

    tool: Tool
    app: Flask
    people: tuple[Visitor, ...]


@contextmanager
def open_scene(folder: Path, database_url: str) -> Iterator[Scene]:
    settings = Settings(
        database_url=database_url,
        secret_key=SecretStr("only-for-benchmarks-0123456789"),
        keys_dir=folder / "keys",
        queue_url=f"sqlite:///{folder / 'queue.sqlite3'}",
    )
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
        people = tuple(
            welcome(session, _arrival(deployment, number, "blog"), BEGAN) for number in range(STUDENTS + 1)
        )
    yield Scene(tool, create_app(tool), people)
    tool.database.close()


def open_thread(scene: Scene, comments: int) -> tuple[OpenedVisit, OpenedVisit]:
    """Make a blog with one post and so many comments; return a teacher's and a student's visit to it."""
    now = scene.tool.clock()
    with scene.tool.database.writing() as session:
        deployment = session.get_one(Deployment, 1)
        teacher, student = (welcome(session, _arrival(deployment, who, f"blog-{comments}"), now) for who in (0, 1))
        draft = PostDraft("The Thaw", "A season of letters", WORDS * 4, ("A book, 1999.",), "once", scene.people[2].person_id)
        post = add_post(session, teacher.blog_id, draft, BEGAN)
        for group in _in_groups(_rows(scene, post.id, comments), 1000):
            session.add_all(group)
            session.flush()
            session.add_all(_marks(group, teacher.person_id))
            session.flush()
        post.last_comment_number = post.live_comments = comments
        session.flush()
        rescore_all(session, teacher.blog_id, now)
        return open_visit(session, teacher, now), open_visit(session, student, now)


class PageRequest:
    """A GET of one page, made once and answered by the application itself: no server and no socket stand between."""

    def __init__(self, app: Flask, path: str, cookie: str = "") -> None:
        self._app = app
        builder = EnvironBuilder(path=path, headers={"Cookie": cookie} if cookie else None)
        self._environ = builder.get_environ()

    def __call__(self) -> str:
        body, status, _headers = run_wsgi_app(self._app.wsgi_app, dict(self._environ), buffered=True)
        if not status.startswith("200"):
            raise RuntimeError(f"{self._environ['PATH_INFO']} answered {status}")
        return b"".join(body).decode()


def _arrival(deployment: Deployment, number: int, blog: str) -> Arrival:
    return Arrival(
        deployment_id=deployment.id,
        platform_id=deployment.platform_id,
        person_key=f"sub-{number}",
        name=f"Given{number} Family{number}",
        given_name=f"Given{number}",
        family_name=f"Family{number}",
        email=None,
        role=Role.STUDENT if number else Role.TEACHER,
        course_key="course",
        course_title="HIST 3644",
        course_label="HIST",
        blog_key=blog,
        blog_title="Class blog",
        column=None,
        scopes=(),
        roster_address=None,
        frame_origins="https://lms.example",
        return_url=None,
    )


def _rows(scene: Scene, post_id: int, count: int) -> Iterator[Comment]:
    """The comments of a thread, whatever its length the same from the first on."""
    html, words = safe_html(WORDS, plain=False), word_count(WORDS)
    paths: dict[int, str] = {}
    replies = dict(zip(range(1, 6), (4, 2, 0, 0, 0), strict=True))
    for number in range(1, count + 1):
        place = (number - 1) % 5
        answers = number - ANSWERS_BACK[place] if place else 0
        paths[number] = thread.path_under(paths[answers] if answers else "", number)
        yield Comment(
            post_id=post_id, number=number, path=paths[number], author_id=scene.people[number * 7 % 31].person_id,
            body=WORDS, body_html=html, words=words, once=str(number), written_at=BEGAN + timedelta(minutes=number),
            live_replies=replies[place + 1],
        )  # fmt: skip
