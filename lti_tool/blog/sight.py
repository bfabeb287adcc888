"""Who may see what in a blog: one value for a visit, which every reading of posts and comments is held to."""

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, Integer, and_, bindparam, exists, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from lti_tool.models import Blog, BlogShape, Comment, CourseGroup, GroupMember, Membership, Post, Role

_BIRDS = (
    "Bittern", "Bunting", "Crane", "Curlew", "Dipper", "Dunlin", "Egret", "Falcon", "Finch", "Gannet", "Goldcrest",
    "Grebe", "Harrier", "Heron", "Hoopoe", "Ibis", "Jackdaw", "Kestrel", "Kingfisher", "Lapwing", "Linnet", "Magpie",
    "Martin", "Merlin", "Nightjar", "Nuthatch", "Oriole", "Osprey", "Petrel", "Pipit", "Plover", "Puffin", "Redstart",
    "Robin", "Sandpiper", "Siskin", "Skylark", "Snipe", "Starling", "Stork", "Swallow", "Swift", "Teal", "Tern",
    "Thrush", "Wagtail", "Warbler", "Whimbrel", "Wigeon", "Woodcock", "Wren", "Yellowhammer",
)  # fmt: skip
_STAFF_ROLES = (Role.TEACHER, Role.ASSISTANT)
_CHOICES = select(Blog.shape, Blog.write_first, Blog.names_hidden, Blog.groups_apart, Blog.names_key).where(
    Blog.id == bindparam("blog_id")
)
_READER, _COURSE = bindparam("reader_id", type_=Integer), bindparam("course_id", type_=Integer)
_STAFF = select(Membership.person_id).where(
    Membership.course_id == _COURSE,
    or_(
        Membership.launched_role.in_(_STAFF_ROLES),
        and_(Membership.launched_role.is_(None), Membership.roster_role.in_(_STAFF_ROLES)),
    ),
)
_own_group = aliased(GroupMember)
_FELLOWS = (
    select(GroupMember.person_id)
    .join(_own_group, _own_group.group_id == GroupMember.group_id)
    .join(CourseGroup, CourseGroup.id == GroupMember.group_id)
    .where(_own_group.person_id == _READER, CourseGroup.course_id == _COURSE)
)


class Kind(NamedTuple):
    """What narrows somebody's sight: statements are built once for each combination."""

    is_staff: bool
    groups_apart: bool
    write_first: bool
    owes_post: bool

    @property
    def is_narrow(self) -> bool:
        """Whether a count kept for everybody may be of more than this person sees."""
        return self.groups_apart or self.write_first or self.owes_post


@dataclass(frozen=True)
class Sight:
    """What one person may see in one blog; by default everything, as staff do.

    `owes_post`: the class writes, writing comes before reading, and this person has not written yet. Where staff write,
    each post asks for a comment before it shows those of others (`write_first`).
    """

    person_id: int
    blog_id: int
    course_id: int
    is_staff: bool = True
    names_hidden: bool = False
    groups_apart: bool = False
    write_first: bool = False
    owes_post: bool = False
    names_key: str = ""

    @property
    def kind(self) -> Kind:
        return Kind(self.is_staff, self.groups_apart, self.write_first, self.owes_post)

    @property
    def parameters(self) -> dict[str, int]:
        """What the conditions below ask to be filled in."""
        return {"reader_id": self.person_id, "course_id": self.course_id}

    @property
    def is_narrow(self) -> bool:
        return self.kind.is_narrow


def sight_of(session: Session, blog_id: int, course_id: int, person_id: int, role: Role) -> Sight:
    """Return what a person in this role may see in a blog."""
    if role.is_staff:
        return Sight(person_id, blog_id, course_id)
    blog = session.execute(_CHOICES, {"blog_id": blog_id}).one()
    asked_to_write = blog.write_first and role is Role.STUDENT
    by_class = blog.shape is BlogShape.CLASS
    return Sight(
        person_id,
        blog_id,
        course_id,
        is_staff=False,
        names_hidden=blog.names_hidden,
        groups_apart=blog.groups_apart,
        names_key=blog.names_key,
        write_first=asked_to_write and not by_class,
        owes_post=asked_to_write and by_class and not has_posted(session, blog_id, person_id),
    )


def has_posted(session: Session, blog_id: int, person_id: int) -> bool:
    """Whether a person has a post in a blog that stands."""
    own = exists().where(
        Post.blog_id == blog_id, Post.author_id == person_id, Post.withdrawn_at.is_(None), Post.uncounted.is_(False)
    )
    return bool(session.scalar(select(own)))


@cache
def posts_seen(kind: Kind) -> ColumnElement[bool]:
    """The condition on posts that somebody may see; their own always, taken back or hidden too."""
    if kind.is_staff:
        return true()
    standing: list[ColumnElement[bool]] = [Post.withdrawn_at.is_(None), Post.hidden_at.is_(None)]
    if kind.owes_post:
        standing.append(_by_staff_or_nobody(Post.author_id))
    elif kind.groups_apart:
        standing.append(or_(_by_staff_or_nobody(Post.author_id), Post.author_id.in_(_FELLOWS)))
    return or_(Post.author_id == _READER, and_(*standing))


@cache
def comments_seen(kind: Kind) -> ColumnElement[bool]:
    """The condition on comments, under posts that somebody may see, that they may see.

    A hidden comment is among them: its place shows, its text does not.
    """
    if kind.is_staff:
        return true()
    standing: list[ColumnElement[bool]] = [or_(Comment.private_to_id.is_(None), Comment.private_to_id == _READER)]
    if kind.groups_apart:
        standing.append(or_(_by_staff_or_nobody(Comment.author_id), Comment.author_id.in_(_FELLOWS)))
    if kind.owes_post:
        standing.append(_by_staff_or_nobody(Comment.author_id))
    if kind.write_first:
        mine = aliased(Comment)
        wrote = exists().where(mine.post_id == Comment.post_id, mine.author_id == _READER, *_public(mine))
        standing.append(or_(_by_staff_or_nobody(Comment.author_id), wrote))
    return or_(Comment.author_id == _READER, and_(*standing))


def has_commented(session: Session, post_id: int, person_id: int) -> bool:
    """Whether a person has a comment under a post that all may read."""
    own = exists().where(Comment.post_id == post_id, Comment.author_id == person_id, *_public(Comment))
    return bool(session.scalar(select(own)))


@cache
def people_seen(kind: Kind) -> ColumnElement[bool]:
    """The condition on memberships of the course whose people somebody may be told of by name."""
    if kind.is_staff or not kind.groups_apart:
        return true()
    return or_(Membership.person_id.in_(_STAFF), Membership.person_id.in_(_FELLOWS))


def pseudonym(names_key: str, person_id: int) -> str:
    """A name for somebody whose name is hidden: the same throughout a blog, another in every other blog.

    `names_key` is the blog's own secret: a page tells its reader their number, and the others' are near it. It is the
    same in every language, for people call each other by it.
    """
    digest = hashlib.blake2b(str(person_id).encode(), digest_size=8, key=names_key.encode()).digest()
    number = int.from_bytes(digest)
    return f"{_BIRDS[number % len(_BIRDS)]} {number // len(_BIRDS) % 9000 + 1000}"


def _by_staff_or_nobody(author_id: InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """Written by staff of the course, or by somebody who is not in it: what was imported."""
    return or_(author_id.is_(None), author_id.in_(_STAFF))


def _public(comment: type[Comment]) -> tuple[ColumnElement[bool], ...]:
    return comment.deleted_at.is_(None), comment.private_to_id.is_(None)
