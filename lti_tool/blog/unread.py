"""What somebody has not read yet: kept as ranges of comment numbers for each post, replies as well as comments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Select, and_, bindparam, false, or_, select
from sqlalchemy.orm import Session

from lti_tool.blog.read_ranges import Ranges, gaps, with_numbers
from lti_tool.blog.sight import Kind, Sight, comments_seen, posts_seen
from lti_tool.database import insert_or_get
from lti_tool.models import Comment, Post, Reading

MOST_COUNTED = 100
GAPS_LOOKED_AT = 200  # a statement has room for some thousands; nobody has so many


@dataclass(frozen=True)
class Unread:
    """What is new to one person under one post: how many (at most 100 are counted), and the first in reading order."""

    count: int
    first: int | None


NOTHING_UNREAD = Unread(0, None)
# What can be new to somebody; `Sight.parameters` fill in who.
STANDS_BY_OTHERS = (
    or_(Comment.author_id.is_(None), Comment.author_id != bindparam("reader_id")),
    Comment.deleted_at.is_(None),
    Comment.hidden_at.is_(None),
)


def ranges_read(session: Session, person_id: int, post_id: int) -> Ranges | None:
    """Return what a person has read of a post's comments, None if they have never opened it."""
    return session.scalar(select(Reading.ranges).where(Reading.person_id == person_id, Reading.post_id == post_id))


def unread(session: Session, post: Post, sight: Sight, ranges: Ranges | None, after: str = "") -> Unread:
    """Return what others have written under a post that this person has not read; nothing if they never opened it.

    `first` is the first one behind the path `after`, else the first of all.
    """
    if ranges is None:
        return NOTHING_UNREAD
    missing = gaps(ranges, post.last_comment_number)[:GAPS_LOOKED_AT]
    if not missing:
        return NOTHING_UNREAD
    place = {f"first_{at}": first for at, (first, _last) in enumerate(missing)}
    place |= {f"last_{at}": last for at, (_first, last) in enumerate(missing)}
    rows = session.execute(_unread(sight.kind, len(missing)), place | {"post_id": post.id, **sight.parameters}).all()
    paths = sorted((row.path, row.number) for row in rows)
    behind = [number for path, number in paths if path > after]
    return Unread(len(paths), behind[0] if behind else paths[0][1] if paths else None)


@lru_cache(maxsize=500)
def _unread(kind: Kind, gap_count: int) -> Select[str, int]:
    in_a_gap = or_(
        false(),
        *(
            and_(Comment.number >= bindparam(f"first_{at}"), Comment.number <= bindparam(f"last_{at}"))
            for at in range(gap_count)
        ),
    )
    return (
        select(Comment.path, Comment.number)
        .where(Comment.post_id == bindparam("post_id"), in_a_gap, *STANDS_BY_OTHERS, comments_seen(kind))
        .limit(MOST_COUNTED)
    )


def written_since(session: Session, post: Post, sight: Sight, number: int) -> int:
    """Return how many comments by others a person may see that are newer than comment `number`; at most 100."""
    newer = select(Comment.id).where(
        Comment.post_id == post.id, Comment.number > number, *STANDS_BY_OTHERS, comments_seen(sight.kind)
    )
    return len(session.scalars(newer.limit(MOST_COUNTED), sight.parameters).all())


def mark_read(session: Session, person_id: int, post: Post, numbers: Sequence[int], now: datetime) -> None:
    """Note that a person has had these comments before them."""
    key = {"person_id": person_id, "post_id": post.id}
    ranges = ranges_read(session, person_id, post.id)
    facts = {"ranges": with_numbers(ranges or [], numbers), "read_at": now}
    insert_or_get(session, Reading, [Reading.person_id, Reading.post_id], {**key, **facts}, refresh=list(facts))


def mark_all_read(session: Session, sight: Sight, now: datetime) -> None:
    """Note that a person wants nothing of what stands in a blog now told as new."""
    posts = session.scalars(
        select(Post).where(Post.blog_id == sight.blog_id, posts_seen(sight.kind)), sight.parameters
    ).all()
    for post in posts:
        mark_read(session, sight.person_id, post, _all_seen(session, post, sight), now)


def _all_seen(session: Session, post: Post, sight: Sight) -> Sequence[int]:
    """What they do not see yet is still new to them once they do."""
    if not sight.is_narrow:
        return range(1, post.last_comment_number + 1)
    seen = select(Comment.number).where(Comment.post_id == post.id, comments_seen(sight.kind))
    return session.scalars(seen, sight.parameters).all()
