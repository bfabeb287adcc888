"""Posts: writing, changing, taking back and opening them. The blog's list of them is in `post_index.py`."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, exists, select, update
from sqlalchemy.orm import Session

from lti_tool.blog.read_ranges import Ranges
from lti_tool.blog.sight import Kind, Sight, posts_seen
from lti_tool.blog.text import LONGEST_POST, UNDER_A_TITLE, checked, safe_html, safe_line, word_count
from lti_tool.blog.views import Author, author_of
from lti_tool.errors import NotAllowed, NotFound, Rejected
from lti_tool.models import Blog, Comment, Membership, Person, Post, Reading, Revision
from lti_tool.wording import say, say_count

_LONGEST_LINE = 300
WORDS_PER_MINUTE = 220
_NO_POST = (say("There is no such post in this blog."), say("Go back to the list of posts."))


@cache
def _by_number(kind: Kind) -> Select[Post]:
    return select(Post).where(
        Post.blog_id == bindparam("blog_id"), Post.number == bindparam("number"), posts_seen(kind)
    )


_HAS_PINNED = exists().where(Comment.post_id == Post.id, Comment.pinned_at.is_not(None))


@cache
def _opened(kind: Kind) -> Select[*tuple[Any, ...]]:
    return (
        select(Post, Person, Membership, Blog.last_post_number, Blog.prompt_html, Reading.ranges, _HAS_PINNED)
        .join(Blog, Blog.id == Post.blog_id)
        .outerjoin(Person, Person.id == Post.author_id)
        .outerjoin(Membership, (Membership.person_id == Person.id) & (Membership.course_id == bindparam("course_id")))
        .outerjoin(Reading, (Reading.post_id == Post.id) & (Reading.person_id == bindparam("reader_id")))
        .where(Post.blog_id == bindparam("blog_id"), Post.number == bindparam("number"), posts_seen(kind))
    )


@dataclass(frozen=True)
class PostDraft:
    """A post about to be stored; `once` makes a second sending find the first. Sources are one per line of text."""

    title: str
    subtitle: str
    body: str
    sources: tuple[str, ...]
    once: str
    author_id: int | None
    author_name: str | None = None
    plain: bool = False


@dataclass(frozen=True)
class PostView:
    """A post for a page; `html` and `sources` are safe HTML."""

    id: int
    number: int
    title: str
    subtitle: str
    author: Author
    html: str
    body: str
    sources: tuple[str, ...]
    source_lines: tuple[str, ...]
    words: int
    minutes: int
    live_comments: int
    last_comment_number: int
    published_at: datetime
    edited_at: datetime | None
    imported_at: datetime | None
    is_withdrawn: bool
    is_pinned: bool
    is_locked: bool
    hidden_why: str | None


@dataclass(frozen=True)
class OpenedPost:
    """A post to read on from: its row for the thread below it, its view for the page, and what its thread shows more.

    `read` are the comments that its reader has read, None where they never opened it (`blog.unread`).
    """

    row: Post
    view: PostView
    has_siblings: bool
    prompt_html: str
    read: Ranges | None
    has_pinned: bool


def add_post(session: Session, blog_id: int, draft: PostDraft, now: datetime) -> Post:
    """Publish a post and return it. Sent twice with the same `once`, it is stored once. Raises Rejected."""
    fields = _checked_fields(draft.title, draft.subtitle, draft.body, draft.sources, plain=draft.plain)
    number = session.scalar(
        update(Blog)
        .where(Blog.id == blog_id)
        .values(last_post_number=Blog.last_post_number + 1)
        .returning(Blog.last_post_number)
    )
    twin = session.scalar(select(Post).where(Post.blog_id == blog_id, Post.once == draft.once))
    if twin is not None:
        session.execute(update(Blog).where(Blog.id == blog_id).values(last_post_number=Blog.last_post_number - 1))
        return twin
    post = Post(
        blog_id=blog_id,
        number=number,
        author_id=draft.author_id,
        author_name=draft.author_name,
        once=draft.once,
        published_at=now,
        imported_at=now if draft.plain else None,
        **fields,
    )
    session.add(post)
    session.flush()
    return post


def edit_post(session: Session, post: Post, draft: PostDraft, now: datetime) -> None:
    """Change one's own post. Raises NotAllowed (somebody else's) and Rejected."""
    require_author(post.author_id, draft.author_id)
    before = {name: getattr(post, name) for name in ("title", "subtitle", "body", "sources")}
    session.add(Revision(post_id=post.id, fields=before, replaced_at=now))
    for name, value in _checked_fields(
        draft.title, draft.subtitle, draft.body, draft.sources, plain=post.plain
    ).items():
        setattr(post, name, value)
    post.edited_at = now


def withdraw_post(post: Post, person_id: int, now: datetime) -> None:
    """Take one's own post back: nobody but its author and staff sees it, and it counts no more. Raises NotAllowed."""
    require_author(post.author_id, person_id)
    post.withdrawn_at = post.withdrawn_at or now


def publish_again(post: Post, person_id: int) -> None:
    """Let a post that was taken back stand again, with the comments it had. Raises NotAllowed."""
    require_author(post.author_id, person_id)
    post.withdrawn_at = None


def require_author(author_id: int | None, person_id: int | None) -> None:
    """Raise NotAllowed for anybody but the person who wrote a post."""
    if author_id is None or author_id != person_id:
        raise NotAllowed(say("Only the person who wrote a post can change it."), say("You can comment on it instead."))


def find_post(session: Session, sight: Sight, number: int) -> Post:
    """Return a post that a person may see by its number. Raises NotFound."""
    place = {"blog_id": sight.blog_id, "number": number, **sight.parameters}
    post = session.scalar(_by_number(sight.kind), place)
    if post is None:
        raise NotFound(*_NO_POST)
    return post


def require_unlocked(post: Post, sight: Sight) -> None:
    """Raise Rejected for students where staff have ended the conversation."""
    if post.locked_at is not None and not sight.is_staff:
        raise Rejected(
            say("This conversation has been closed; it can be read, and nothing be added."), say("Ask your teacher.")
        )


def open_post(session: Session, sight: Sight, number: int) -> OpenedPost:
    """Return a post of this blog by its number, with all its page shows of it. Raises NotFound."""
    place = {"blog_id": sight.blog_id, "number": number, **sight.parameters}
    row = session.execute(_opened(sight.kind), place).one_or_none()
    if row is None:
        raise NotFound(*_NO_POST)
    post, person, membership, last_number, prompt_html, read, has_pinned = row
    return OpenedPost(post, _view(post, person, membership, sight), last_number > 1, prompt_html, read, has_pinned)


def posts_by(session: Session, blog_id: int, person_id: int) -> tuple[tuple[int, str], ...]:
    """Return number and title of each post that one person wrote in a blog."""
    rows = session.execute(
        select(Post.number, Post.title)
        .where(Post.blog_id == blog_id, Post.author_id == person_id)
        .order_by(Post.number)
    )
    return tuple((row.number, row.title) for row in rows)


def _view(post: Post, person: Person | None, membership: Membership | None, sight: Sight) -> PostView:
    return PostView(
        id=post.id,
        number=post.number,
        title=post.title,
        subtitle=post.subtitle,
        author=author_of(post, person, membership, None, sight),
        html=post.body_html,
        body=post.body,
        sources=tuple(safe_line(source) for source in post.sources),
        source_lines=tuple(post.sources),
        words=post.words,
        minutes=minutes_to_read(post.words),
        live_comments=post.live_comments,
        last_comment_number=post.last_comment_number,
        published_at=post.published_at,
        edited_at=post.edited_at,
        imported_at=post.imported_at,
        is_withdrawn=post.withdrawn_at is not None,
        is_pinned=post.pinned_at is not None,
        is_locked=post.locked_at is not None,
        hidden_why=post.hidden_why if post.hidden_at else None,
    )


def minutes_to_read(words: int) -> int:
    return max(1, round(words / WORDS_PER_MINUTE))


def _checked_fields(
    title: str, subtitle: str, body: str, sources: tuple[str, ...], *, plain: bool
) -> dict[str, object]:
    tidy_title = " ".join(title.split())
    if not tidy_title:
        raise Rejected(say("The post has no title yet."), say("Give it one; your text is still here."), kept=body)
    if len(tidy_title) > _LONGEST_LINE:
        raise Rejected(
            say_count(
                "The title is longer than %(count)s character.",
                "The title is longer than %(count)s characters.",
                _LONGEST_LINE,
            ),
            say("Shorten it; your text is still here."),
        )
    text = checked(body, LONGEST_POST)
    return {
        "title": tidy_title,
        "subtitle": " ".join(subtitle.split()),
        "body": text,
        "plain": plain,
        "body_html": safe_html(text, plain=plain, under=UNDER_A_TITLE),
        "sources": [line for source in sources if (line := " ".join(source.split()))],
        "words": word_count(text),
    }
