"""Bringing in a whole blog in steps: the file is read and kept, a teacher looks it over, then a worker stores it."""

import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from lti_tool.database import Database
from lti_tool.errors import NotFound, Rejected
from lti_tool.importing.bulk import Choice, is_stored, make_ready, store_ready
from lti_tool.importing.formats import NOBODY, ArchivedPost, FoundPost, Standing, Writer
from lti_tool.importing.formats.class_blog import facts_of, post_from
from lti_tool.importing.formats.found import OF_THE_FILE
from lti_tool.importing.importer import people_of
from lti_tool.importing.kept_sentences import kept, said_again
from lti_tool.importing.matching import match_writers, writers_in
from lti_tool.importing.pictures import Fetch, Ledger, Pictures, pictures_of, told
from lti_tool.models import Blog, ImportRun
from lti_tool.wording import say

LEASE = timedelta(minutes=2)
KEEP_RUNS = timedelta(days=30)
_MOST_WARNINGS = 200
_PIECE = 1 << 16


@dataclass(frozen=True)
class FoundWriter:
    """Somebody the file names, how much they wrote, and whom of the course they are taken for."""

    key: str
    name: str
    texts: int
    person_id: int | None
    reason: str


@dataclass(frozen=True)
class RunView:
    """An import for a page. `state` is "check", "storing" or "done"; counts are by standing, as its value."""

    id: int
    state: str
    posts: int
    comments: int
    posts_done: int
    comments_done: int
    posts_by_standing: dict[str, int]
    comments_by_standing: dict[str, int]
    writers: tuple[FoundWriter, ...]
    titles: tuple[str, ...]
    warnings: tuple[str, ...]
    left_out: tuple[str, ...]
    pictures: int = 0


class Packing:
    """Takes posts as they are read, and packs them without a single e-mail address: a writer is a number there."""

    def __init__(self) -> None:
        self.writers: Counter[Writer] = Counter()
        self.posts: Counter[str] = Counter()
        self.comments: Counter[str] = Counter()
        self.pictures = 0
        self.titles: list[str] = []
        self.warnings: list[str] = []
        self._keys: dict[Writer, str] = {}
        self._press = zlib.compressobj(level=6)
        self._packed: list[bytes] = []

    def add(self, post: ArchivedPost) -> None:
        self.writers.update(writers_in(post))
        self.posts[post.standing.value] += 1
        self.pictures += pictures_of(post)
        if post.standing is Standing.SHOWN:
            self.comments.update(one.standing.value for one in post.archived_comments)
        self.titles += [post.title] if len(self.titles) < 10 else []
        said = [one if one.startswith(OF_THE_FILE) else _of(post, one) for one in post.warnings]
        self.warnings += said[: _MOST_WARNINGS - len(self.warnings)]
        line = json.dumps(facts_of(self._bare(post)), separators=(",", ":"))
        self._packed.append(self._press.compress(line.encode() + b"\n"))

    def content(self) -> bytes:
        return b"".join((*self._packed, self._press.flush()))

    def key_of(self, writer: Writer) -> str:
        return self._keys.setdefault(writer, str(len(self._keys)))

    def _bare(self, post: ArchivedPost) -> ArchivedPost:
        comments = tuple(
            replace(one, writer=self._anonymous(one.writer), private_to=self._anonymous(one.private_to))
            for one in post.archived_comments
        )
        return replace(post, writer=self._anonymous(post.writer), comments=comments)

    def _anonymous(self, writer: Writer) -> Writer:
        return Writer(writer.name, "", self.key_of(writer)) if writer else NOBODY


def _of(post: ArchivedPost, warning: str) -> str:
    # NOTE: title is that of the post which the warning, a sentence, is about
    return say("%(title)s: %(warning)s", title=post.title, warning=warning)


def packed(posts: Iterable[FoundPost]) -> Packing:
    """Read all posts of a file into a packing. Raises ImportProblem, as reading does."""
    packing = Packing()
    for post in posts:
        if isinstance(post, ArchivedPost):
            packing.add(post)
    return packing


def begin_run(session: Session, blog_id: int, person_id: int, packing: Packing, now: datetime) -> int:
    """Keep what was read for a teacher to look over, with everybody matched who plainly can be; return the run's id."""
    course_id = session.get_one(Blog, blog_id).course_id
    matches = match_writers(session, course_id, packing.writers)
    writers = [
        {"key": packing.key_of(one), "name": one.name, "texts": texts, "person": matches[one].person_id,
         "reason": kept(matches[one].reason)}
        for one, texts in packing.writers.most_common()
    ]  # fmt: skip
    run = ImportRun(
        blog_id=blog_id,
        person_id=person_id,
        content=packing.content(),
        found={
            "posts": dict(packing.posts),
            "comments": dict(packing.comments),
            "pictures": packing.pictures,
            "titles": packing.titles,
            "warnings": [kept(one) for one in packing.warnings],
            "writers": writers,
        },
        choices={},
        posts=packing.posts.total(),
        comments=packing.comments.total(),
        made_at=now,
    )
    session.add(run)
    session.flush()
    return run.id


def run_view(session: Session, blog_id: int, run_id: int) -> RunView:
    """Return one import of a blog. Raises NotFound."""
    run = _run(session, blog_id, run_id)
    found = run.found
    return RunView(
        id=run.id,
        state="done" if run.ended_at else "storing" if run.begun_at else "check",
        posts=run.posts,
        comments=run.comments,
        posts_done=run.posts_done,
        comments_done=run.comments_done,
        posts_by_standing=found["posts"],
        comments_by_standing=found["comments"],
        writers=tuple(
            FoundWriter(one["key"], one["name"], one["texts"], one["person"], said_again(one["reason"]))
            for one in found["writers"]
        ),
        titles=tuple(found["titles"]),
        warnings=tuple(map(said_again, found["warnings"])),
        left_out=(*told(_ledger_of(run.choices)), *map(said_again, run.choices.get("left_out", ()))),
        pictures=found.get("pictures", 0),
    )


def start_run(
    session: Session,
    blog_id: int,
    run_id: int,
    people: dict[str, int | None],
    standings: set[Standing],
    now: datetime,
    *,
    fetch_pictures: bool = False,
) -> None:
    """Let a worker store it, with each writer (by key) the person that the teacher chose. Raises NotFound, Rejected."""
    run = _run(session, blog_id, run_id)
    if run.begun_at is not None:
        raise Rejected(say("This import has been started already."), say("Its page shows how far it is."))
    course_id = session.get_one(Blog, blog_id).course_id
    known = {person.id for person in people_of(session, course_id)}
    run.choices = {
        "people": {key: person for key, person in people.items() if person in known},
        "standings": sorted({Standing.SHOWN.value, *(one.value for one in standings)}),
        "fetch_pictures": fetch_pictures,
    }
    run.begun_at = now


def drop_run(session: Session, blog_id: int, run_id: int) -> None:
    """Forget an import that has not been started. Raises NotFound, Rejected."""
    run = _run(session, blog_id, run_id)
    if run.begun_at is not None and run.ended_at is None:
        raise Rejected(say("This import is being stored."), say("Wait until it is done."))
    session.delete(run)


def carry_on_imports(
    database: Database,
    clock: Callable[[], datetime],
    go_on: Callable[[], bool] = lambda: True,
    fetch: Fetch | None = None,
) -> int:
    """Store what is left of every import that was started, and return how many posts that was.

    With `fetch` it brings the pictures of those for which a teacher has chosen that; without, none.

    Each post is a transaction of its own that also says how far the import is: killed at any point, the next one goes
    on from there. A lease keeps two workers from the same import.
    """
    stored = 0
    while (run_id := _claim(database, clock())) is not None:
        for _ in _store_run(database, run_id, clock, fetch):
            stored += 1
            if not go_on():
                return stored
    return stored


def _claim(database: Database, now: datetime) -> int | None:
    free = (
        ImportRun.begun_at.is_not(None),
        ImportRun.ended_at.is_(None),
        or_(ImportRun.leased_until.is_(None), ImportRun.leased_until < now),
    )
    with database.reading() as session:
        run_id = session.scalar(select(ImportRun.id).where(*free).order_by(ImportRun.id).limit(1))
    if run_id is None:
        return None
    with database.writing() as session:
        claimed: int | None = session.scalar(
            update(ImportRun)
            .where(ImportRun.id == run_id, *free)
            .values(leased_until=now + LEASE)
            .returning(ImportRun.id)
        )
    return claimed


def _store_run(
    database: Database, run_id: int, clock: Callable[[], datetime], fetch: Fetch | None
) -> Iterator[None]:  # fmt: skip
    with database.reading() as session:
        run = session.get_one(ImportRun, run_id)
        teacher_id, blog_id, content, done, choices = (
            run.person_id, run.blog_id, run.content, run.posts_done, run.choices,
        )  # fmt: skip
        names = {one["key"]: one["name"] for one in run.found["writers"]}
    chosen = choices.get("people", {})
    people = {Writer(name, "", key): chosen.get(key) for key, name in names.items()}
    choice = Choice(people, frozenset(Standing(one) for one in choices.get("standings", ["shown"])))
    pictures = None
    if fetch is not None and choices.get("fetch_pictures"):
        pictures = Pictures(fetch, _ledger_of(choices), teacher_id, lambda: _keep_lease(database, run_id, clock))
    for place, post in enumerate(_unpacked(content)):
        if place < done:
            continue
        ready = make_ready(post, choice, None if is_stored(database, blog_id, post) else pictures)
        with database.writing() as session:
            now = clock()
            stored = store_ready(session, blog_id, ready, now) if ready else None
            run = session.get_one(ImportRun, run_id)
            if pictures is not None and ready and stored:
                if not stored.is_new:
                    pictures.forget(ready.pictures)
                if (ledger := pictures.ledger.as_json()) != run.choices.get("pictures"):
                    run.choices = {**run.choices, "pictures": ledger}
            run.posts_done = place + 1
            run.comments_done += stored.comments if stored else 0
            run.leased_until = now + LEASE
            before = say("%(title)s: was brought in before.", title=post.title)
            said = (before,) if stored and not stored.is_new else ()
            if ready and (ready.notes or said):
                earlier = run.choices.get("left_out", [])
                told = [*earlier, *map(kept, (*ready.notes, *said))]
                run.choices = {**run.choices, "left_out": told[:_MOST_WARNINGS]}
        yield
    with database.writing() as session:
        run = session.get_one(ImportRun, run_id)
        run.ended_at, run.content, run.leased_until = clock(), b"", None
        run.found = {**run.found, "writers": []}


def _ledger_of(choices: dict[str, Any]) -> Ledger:
    return Ledger.from_json(choices["pictures"]) if "pictures" in choices else Ledger()


def _keep_lease(database: Database, run_id: int, clock: Callable[[], datetime]) -> None:
    """Fetching can take longer than a lease lasts."""
    with database.writing() as session:
        session.execute(update(ImportRun).where(ImportRun.id == run_id).values(leased_until=clock() + LEASE))


def _unpacked(content: bytes) -> Iterator[ArchivedPost]:
    """The posts as they were packed, no more than a little of them unpacked at a time."""
    unpress, rest = zlib.decompressobj(), b""
    for start in range(0, len(content), _PIECE):
        rest += unpress.decompress(content[start : start + _PIECE])
        *lines, rest = rest.split(b"\n")
        for line in lines:
            yield post_from(json.loads(line))
    for line in (rest + unpress.flush()).split(b"\n"):
        if line:
            yield post_from(json.loads(line))


def _run(session: Session, blog_id: int, run_id: int) -> ImportRun:
    run = session.get(ImportRun, run_id)
    if run is None or run.blog_id != blog_id:
        raise NotFound(say("There is no such import."), say("Begin with the file again."))
    return run
