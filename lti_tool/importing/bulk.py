"""Many posts with long threads: each is made ready without the database, and stored with its thread in one go.

What is ready is all there is to a post, so a post is stored whole or not at all; started again, an import finds those
that are there already and goes on behind them.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.orm import Session

from lti_tool.blog import thread
from lti_tool.blog.images import keep_fetched
from lti_tool.blog.text import UNDER_A_COMMENT, UNDER_A_TITLE, safe_html_of_anything, without_secrets, word_count
from lti_tool.database import Database
from lti_tool.importing.formats import ArchivedComment, ArchivedPost, Standing, Writer
from lti_tool.importing.formats.class_blog import COMMENT_TIMES, OWN_ID, POST_TIMES
from lti_tool.importing.importer import fingerprint
from lti_tool.importing.pictures import Pictures, Taken
from lti_tool.models import Blog, Comment, Post
from lti_tool.wording import say

LONGEST_TEXT = 500_000
_LONGEST_TITLE = 300
_STAND_IN = 60
_ROWS_AT_ONCE = 500
Row = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """What the teacher chose: who is who, what to bring in besides what everybody could read, and if it counts."""

    people: Mapping[Writer, int | None]
    standings: frozenset[Standing] = frozenset({Standing.SHOWN})
    uncounted: bool = True


@dataclass(frozen=True)
class ReadyPost:
    """A post and its thread as rows without ids: `parents` has each comment's parent by place, or None."""

    once: str
    post: Row
    comments: tuple[Row, ...]
    parents: tuple[tuple[int | None, int | None], ...]
    notes: tuple[str, ...]
    pictures: tuple[Taken, ...] = ()


@dataclass(frozen=True)
class StoredPost:
    number: int
    comments: int
    is_new: bool


def once_of(post: ArchivedPost) -> str:
    """Return what recognises the same post of the same blog again, whatever has been changed in it since."""
    if post.source_id.startswith(OWN_ID):
        return post.source_id.removeprefix(OWN_ID)
    if post.source_id.rpartition(":")[2]:
        return "import-" + hashlib.sha256(post.source_id.encode("utf-8", "replace")).hexdigest()[:40]
    return fingerprint(post)


def is_stored(database: Database, blog_id: int, post: ArchivedPost) -> bool:
    """Say whether a post has been brought into this blog before."""
    with database.reading() as session:
        return session.scalar(select(Post.id).where(Post.blog_id == blog_id, Post.once == once_of(post))) is not None


def make_ready(post: ArchivedPost, choice: Choice, pictures: Pictures | None = None) -> ReadyPost | None:
    """Return a post ready to be stored, or None if it is of a standing that was not chosen.

    Asks no database. With `pictures` its pictures are fetched, which can take minutes.
    """
    if post.standing not in choice.standings:
        return None
    once = once_of(post)
    found, found_comments = post.archived_comments, len(post.comments)
    post = replace(post, comments=tuple(_kept_comments(post, choice)))
    taken: tuple[Taken, ...] = ()
    if pictures is not None:
        post, taken = pictures.brought(post, choice.people)
    kept = list(post.archived_comments)
    notes: list[str] = []
    body, was_cut = _kept_text("\n\n".join(post.body))
    title = " ".join(post.title.split()) or body[:_STAND_IN].partition("\n")[0].strip() or "Untitled"
    if len(title) > _LONGEST_TITLE:
        title, was_cut = title[: _LONGEST_TITLE - 1] + "…", True
    if (left_out := found_comments - len(kept)) > 0:
        notes.append(say("%(title)s: comments left out: %(number)s.", title=title, number=left_out))
    if was_cut:
        notes.append(say("%(title)s: a text is longer than can be kept, and is cut.", title=title))
    parents = _parents(found, kept)
    row: Row = {
        "once": once,
        "title": title,
        "subtitle": " ".join((post.subtitle or "").split()),
        "body": body,
        "plain": post.plain,
        "body_html": safe_html_of_anything(body, plain=post.plain, under=UNDER_A_TITLE),
        "sources": [line for source in post.sources if (line := " ".join(source.split()))],
        "words": word_count(body),
        "author_id": choice.people.get(post.writer),
        "author_name": post.writer.name or None,
        "uncounted": choice.uncounted,
        "hidden_why": post.hidden_why,
        **{name: getattr(post, name) for name in POST_TIMES},
    }
    return ReadyPost(once, row, _comment_rows(kept, parents, once, choice), parents, tuple(notes), taken)


def store_ready(session: Session, blog_id: int, ready: ReadyPost, now: datetime) -> StoredPost:
    """Store a post with its thread; one that is there already stays as it is."""
    number = session.scalar(
        update(Blog)
        .where(Blog.id == blog_id)
        .values(last_post_number=Blog.last_post_number + 1)
        .returning(Blog.last_post_number)
    )
    twin = session.execute(
        select(Post.number, Post.live_comments).where(Post.blog_id == blog_id, Post.once == ready.once)
    ).one_or_none()
    if twin is not None or number is None:
        session.execute(update(Blog).where(Blog.id == blog_id).values(last_post_number=Blog.last_post_number - 1))
        return StoredPost(twin.number if twin else 0, twin.live_comments if twin else 0, is_new=False)
    published_at = ready.post["published_at"] or now
    live = sum(map(_is_counted, ready.comments))
    post = Post(
        **{**ready.post, "published_at": published_at},
        blog_id=blog_id,
        number=number,
        imported_at=now,
        last_comment_number=len(ready.comments),
        live_comments=live,
    )
    session.add(post)
    session.flush()
    _insert_comments(session, post.id, ready, published_at)
    for one in ready.pictures:
        keep_fetched(session, blog_id, one.owner_id, one.key, one.picture, now)
    return StoredPost(number, live, is_new=True)


def _insert_comments(session: Session, post_id: int, ready: ReadyPost, published_at: datetime) -> None:
    ids = _take_ids(session, len(ready.comments))
    rows = [
        {
            **row,
            "id": own_id,
            "post_id": post_id,
            "parent_id": None if parent is None else ids[parent],
            "answers_id": None if answered is None else ids[answered],
            "written_at": row["written_at"] or published_at,
        }
        for row, own_id, (parent, answered) in zip(ready.comments, ids, ready.parents, strict=True)
    ]
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        session.connection().execute(insert(Comment.__table__), rows[start : start + _ROWS_AT_ONCE])  # type: ignore[arg-type]


def _take_ids(session: Session, count: int) -> list[int]:
    """Ids for comments to come. Known beforehand, they need no second statement that tells each its parent."""
    if not count:
        return []
    if session.get_bind().dialect.name == "postgresql":
        taken = text("SELECT nextval(pg_get_serial_sequence('comment', 'id')) FROM generate_series(1, :count)")
        return sorted(session.scalars(taken, {"count": count}))
    highest = session.scalar(select(func.max(Comment.id))) or 0  # alone here: a writing transaction shuts out others
    return list(range(highest + 1, highest + 1 + count))


def _kept_comments(post: ArchivedPost, choice: Choice) -> list[ArchivedComment]:
    """What was for one person alone is left out unless that person is known here: it must reach nobody else."""
    return [
        one
        for one in post.archived_comments
        if one.standing in choice.standings
        and (one.deleted_at is not None or one.text.strip())
        and (not one.private_to or choice.people.get(one.private_to) is not None)
    ]


def _parents(
    found: tuple[ArchivedComment, ...], kept: list[ArchivedComment]
) -> tuple[tuple[int | None, int | None], ...]:
    """For each kept comment the places of what it hangs on and of what it answers: the nearest that is kept, too."""
    places = {one.number: place for place, one in enumerate(kept)}
    above = {one.number: one.parent for one in found}
    chains: list[tuple[int, ...]] = []
    parents: list[tuple[int | None, int | None]] = []
    for place, one in enumerate(kept):
        answered = one.parent
        while answered is not None and answered not in places:
            answered = above.get(answered)
        if answered is None:
            chains.append((place,))
            parents.append((None, None))
            continue
        chain = chains[places[answered]][: thread.LEVELS - 1]
        chains.append((*chain, place))
        parents.append((chain[-1], places[answered]))
    return tuple(parents)


def _comment_rows(
    kept: list[ArchivedComment], parents: tuple[tuple[int | None, int | None], ...], once: str, choice: Choice
) -> tuple[Row, ...]:
    paths: list[str] = []
    for place, (_parent, answered) in enumerate(parents):
        paths.append(thread.path_under("" if answered is None else paths[answered], place + 1))
    rows = tuple(
        _comment_row(one, place + 1, path, f"{once}-{place + 1}", choice)
        for place, (one, path) in enumerate(zip(kept, paths, strict=True))
    )
    replies: Counter[str] = Counter()
    for row in rows:
        if _is_counted(row):
            replies.update(thread.ancestor_paths(row["path"]))
    for row in rows:
        row["live_replies"] = replies[row["path"]]
    return rows


def _is_counted(row: Row) -> bool:
    """Whether all may read it: what is deleted, hidden or private counts neither for its post nor for a branch."""
    return row["deleted_at"] is None and row["hidden_at"] is None and row["private_to_id"] is None


def _comment_row(one: ArchivedComment, number: int, path: str, once: str, choice: Choice) -> Row:
    body, _ = _kept_text("" if one.deleted_at else one.text)
    return {
        "number": number,
        "path": path,
        "author_id": choice.people.get(one.writer),
        "author_name": one.writer.name or None,
        "body": body,
        "plain": one.plain,
        "body_html": safe_html_of_anything(body, plain=one.plain, under=UNDER_A_COMMENT) if body else "",
        "words": word_count(body),
        "is_marked": False,
        "once": once,
        "hidden_why": one.hidden_why,
        "private_to_id": choice.people.get(one.private_to) if one.private_to else None,
        **{name: getattr(one, name) for name in COMMENT_TIMES},
    }


def _kept_text(text_found: str) -> tuple[str, bool]:
    tidy = without_secrets(text_found.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip())
    return tidy[:LONGEST_TEXT], len(tidy) > LONGEST_TEXT
