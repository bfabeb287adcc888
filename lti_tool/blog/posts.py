"""Posts: writing them, and the blog's list of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from lti_tool.blog.reading import Author, author
from lti_tool.blog.text import LONGEST_POST, checked, safe_html, safe_line, word_count
from lti_tool.errors import NotAllowed, NotFound, Rejected
from lti_tool.models import Blog, Membership, Person, Post

_LONGEST_LINE = 300
WORDS_PER_MINUTE = 220
_BY_NUMBER = select(Post).where(Post.blog_id == bindparam("blog_id"), Post.number == bindparam("number"))
_OPENED = (
    select(Post, Person, Membership, Blog.last_post_number, Blog.prompt_html)
    .join(Blog, Blog.id == Post.blog_id)
    .outerjoin(Person, Person.id == Post.author_id)
    .outerjoin(Membership, (Membership.person_id == Person.id) & (Membership.course_id == Blog.course_id))
    .where(Post.blog_id == bindparam("blog_id"), Post.number == bindparam("number"))
)
_NO_POST = ("There is no such post in this blog.", "Go back to the list of posts.")


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
    published_at: datetime
    edited_at: datetime | None
    imported_at: datetime | None


@dataclass(frozen=True)
class OpenedPost:
    """A post to read on from: its row for the thread below it, its view for the page."""

    row: Post
    view: PostView
    has_siblings: bool
    prompt_html: str


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
    for name, value in _checked_fields(
        draft.title, draft.subtitle, draft.body, draft.sources, plain=post.plain
    ).items():
        setattr(post, name, value)
    post.edited_at = now


def require_author(author_id: int | None, person_id: int | None) -> None:
    """Raise NotAllowed for anybody but the person who wrote a post."""
    if author_id is None or author_id != person_id:
        raise NotAllowed("Only the person who wrote a post can change it.", "You can comment on it instead.")


def find_post(session: Session, blog_id: int, number: int) -> Post:
    """Return a post of this blog by its number. Raises NotFound."""
    post = session.scalar(_BY_NUMBER, {"blog_id": blog_id, "number": number})
    if post is None:
        raise NotFound(*_NO_POST)
    return post


def open_post(session: Session, blog_id: int, number: int) -> OpenedPost:
    """Return a post of this blog by its number, with all its page shows of it. Raises NotFound."""
    row = session.execute(_OPENED, {"blog_id": blog_id, "number": number}).one_or_none()
    if row is None:
        raise NotFound(*_NO_POST)
    post, person, membership, last_number, prompt_html = row
    return OpenedPost(post, _view(post, person, membership), last_number > 1, prompt_html)


def posts_by(session: Session, blog_id: int, person_id: int) -> tuple[tuple[int, str], ...]:
    """Return number and title of each post that one person wrote in a blog."""
    rows = session.execute(
        select(Post.number, Post.title)
        .where(Post.blog_id == blog_id, Post.author_id == person_id)
        .order_by(Post.number)
    )
    return tuple((row.number, row.title) for row in rows)


def posts_of(session: Session, blog_id: int, course_id: int) -> tuple[PostView, ...]:
    """Return the blog's posts, newest first."""
    rows = session.execute(
        select(Post, Person, Membership)
        .outerjoin(Person, Person.id == Post.author_id)
        .outerjoin(Membership, (Membership.person_id == Person.id) & (Membership.course_id == course_id))
        .where(Post.blog_id == blog_id)
        .order_by(Post.number.desc())
    )
    return tuple(_view(post, person, membership) for post, person, membership in rows)


def _view(post: Post, person: Person | None, membership: Membership | None) -> PostView:
    name, role = person.shown_name if person else post.author_name, membership.role if membership else None
    return PostView(
        id=post.id,
        number=post.number,
        title=post.title,
        subtitle=post.subtitle,
        author=author(post.author_id, name, role),
        html=post.body_html,
        body=post.body,
        sources=tuple(safe_line(source) for source in post.sources),
        source_lines=tuple(post.sources),
        words=post.words,
        minutes=max(1, round(post.words / WORDS_PER_MINUTE)),
        live_comments=post.live_comments,
        published_at=post.published_at,
        edited_at=post.edited_at,
        imported_at=post.imported_at,
    )


def _checked_fields(
    title: str, subtitle: str, body: str, sources: tuple[str, ...], *, plain: bool
) -> dict[str, object]:
    tidy_title = " ".join(title.split())
    if not tidy_title:
        raise Rejected("The post has no title yet.", "Give it one; your text is still here.", kept=body)
    if len(tidy_title) > _LONGEST_LINE:
        raise Rejected(f"The title is longer than {_LONGEST_LINE} characters.", "Shorten it; your text is still here.")
    text = checked(body, LONGEST_POST)
    return {
        "title": tidy_title,
        "subtitle": " ".join(subtitle.split()),
        "body": text,
        "plain": plain,
        "body_html": safe_html(text, plain=plain),
        "sources": [line for source in sources if (line := " ".join(source.split()))],
        "words": word_count(text),
    }
