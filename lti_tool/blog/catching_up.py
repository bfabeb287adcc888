"""What is new to somebody throughout a blog: who called or answered them first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, exists, or_, select
from sqlalchemy.orm import Session, aliased, load_only

from lti_tool.blog.excerpts import beginning
from lti_tool.blog.read_ranges import gaps
from lti_tool.blog.sight import Sight, comments_seen, posts_seen
from lti_tool.blog.unread import GAPS_LOOKED_AT, STANDS_BY_OTHERS
from lti_tool.blog.views import Author, author_of
from lti_tool.models import Comment, Membership, Mention, Person, Post, Reading

MOST_POSTS, MOST_COMMENTS = 30, 100
_POSTS_LOOKED_AT = 200
_OF_A_POST = (
    Post.id, Post.number, Post.title, Post.author_id, Post.author_name, Post.published_at, Post.last_comment_number,
)  # fmt: skip


@dataclass(frozen=True)
class NewComment:
    """A comment that somebody has not read. `is_for_me`: it answers them, stands under their post or names them."""

    number: int
    author: Author
    beginning: str
    written_at: datetime
    is_for_me: bool


@dataclass(frozen=True)
class News:
    """A post with what is new under it, in the order it was written. `is_new_post`: it was never opened."""

    post_id: int
    number: int
    title: str
    author: Author
    published_at: datetime
    is_new_post: bool
    comments: tuple[NewComment, ...]
    has_more: bool

    @property
    def for_me(self) -> int:
        return sum(comment.is_for_me for comment in self.comments)


def news_of(session: Session, sight: Sight) -> tuple[News, ...]:
    """Return what is new in a blog: what concerns this person first, then the newest; at most 30 conversations."""
    found = [
        news
        for post, writer, place, ranges in _posts(session, sight)
        if (news := _news(session, sight, post, writer, place, ranges))
    ]
    return tuple(sorted(found, key=lambda news: -news.for_me)[:MOST_POSTS])


def _posts(session: Session, sight: Sight) -> list[Row[Post, Person, Membership, list[list[int]]]]:
    """The posts with something that was not read: never opened, or with numbers in no range."""
    rows = session.execute(
        select(Post, Person, Membership, Reading.ranges)
        .outerjoin(Person, Person.id == Post.author_id)
        .outerjoin(Membership, (Membership.person_id == Person.id) & (Membership.course_id == sight.course_id))
        .outerjoin(Reading, (Reading.post_id == Post.id) & (Reading.person_id == sight.person_id))
        .where(Post.blog_id == sight.blog_id, posts_seen(sight.kind))
        .options(load_only(*_OF_A_POST))
        .order_by(Post.number.desc())
        .limit(_POSTS_LOOKED_AT),
        sight.parameters,
    )
    return [row for row in rows if row.ranges is None or gaps(row.ranges, row.Post.last_comment_number)]


def _news(
    session: Session, sight: Sight, post: Post, writer: Person | None, place: Membership | None,
    ranges: list[list[int]] | None,
) -> News | None:  # fmt: skip
    never_opened = ranges is None and post.author_id != sight.person_id
    comments = () if never_opened else _new_comments(session, sight, post, ranges or [])
    if not never_opened and not comments:
        return None
    return News(
        post.id, post.number, post.title,
        author_of(post, writer, place, None, sight), post.published_at,
        never_opened, comments[:MOST_COMMENTS], len(comments) > MOST_COMMENTS,
    )  # fmt: skip


def _new_comments(session: Session, sight: Sight, post: Post, ranges: list[list[int]]) -> tuple[NewComment, ...]:
    missing = gaps(ranges, post.last_comment_number)
    if not missing:
        return ()
    answered = aliased(Comment)
    unread = or_(*(Comment.number.between(first, last) for first, last in missing[:GAPS_LOOKED_AT]))
    names_me = exists().where(Mention.comment_id == Comment.id, Mention.person_id == sight.person_id)
    rows = session.execute(
        select(Comment, Person, Membership, answered.author_id.label("answers"), names_me.label("names_me"))
        .outerjoin(Person, Person.id == Comment.author_id)
        .outerjoin(Membership, (Membership.person_id == Person.id) & (Membership.course_id == sight.course_id))
        .outerjoin(answered, answered.id == Comment.answers_id)
        .where(
            Comment.post_id == post.id, comments_seen(sight.kind), unread, *STANDS_BY_OTHERS,
        )
        .order_by(Comment.number)
        .limit(MOST_COMMENTS + 1),
        sight.parameters,
    )  # fmt: skip
    mine = post.author_id == sight.person_id
    return tuple(
        NewComment(
            row.Comment.number,
            author_of(row.Comment, row.Person, row.Membership, post.author_id, sight),
            beginning(row.Comment.body),
            row.Comment.written_at,
            mine or row.answers == sight.person_id or row.names_me,
        )
        for row in rows
    )
