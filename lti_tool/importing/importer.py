"""From a found post to a stored one: names matched to people, a second import recognised, nothing stored unapproved."""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.blog.comments import Draft, add_comment
from lti_tool.blog.posts import PostDraft, add_post
from lti_tool.errors import Rejected
from lti_tool.importing.formats import FoundPost
from lti_tool.models import Comment, Membership, Person, Post
from lti_tool.wording import say, say_count

_APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼ`´"), "'")


@dataclass(frozen=True)
class Match:
    """A name on the page and the person of the course it is taken for; `person_id` None where that is not plain."""

    person_id: int | None
    reason: str


@dataclass(frozen=True)
class ApprovedComment:
    """A comment as the teacher approved it. `number` and `parent` are the page's numbers."""

    number: int
    parent: int | None
    author_id: int | None
    author_name: str | None
    text: str


@dataclass(frozen=True)
class ApprovedPost:
    title: str
    subtitle: str
    author_id: int | None
    author_name: str | None
    body: str
    sources: tuple[str, ...]
    comments: tuple[ApprovedComment, ...]
    fingerprint: str


def fingerprint(found: FoundPost) -> str:
    """Return what recognises the same text again, whatever its spaces, quotes or line ends became in copying."""
    texts = [found.title, *found.body, *(comment.text for comment in found.comments)]
    bare = "".join(character for text in texts for character in text.casefold() if character.isalnum())
    return "import-" + hashlib.sha256(bare.encode("utf-8", "replace")).hexdigest()[:40]


def imported_before(session: Session, blog_id: int, mark: str) -> Post | None:
    """Return the post that an earlier import of the same text made in this blog, or None."""
    return session.scalar(select(Post).where(Post.blog_id == blog_id, Post.once == mark))


def people_of(session: Session, course_id: int) -> list[Person]:
    """Return everybody known in a course, whatever their role."""
    people = select(Person).join(Membership, Membership.person_id == Person.id).where(Membership.course_id == course_id)
    return list(session.scalars(people))


def match_names(session: Session, course_id: int, names: Iterable[str]) -> dict[str, Match]:
    """Match each name to one person of the course: by the whole name, else by a first name that only one bears."""
    whole: dict[str, set[int]] = defaultdict(set)
    first: dict[str, set[int]] = defaultdict(set)
    shown: dict[int, str] = {}
    for person in people_of(session, course_id):
        shown[person.id] = person.shown_name
        whole[_plain(person.shown_name)].add(person.id)
        if person.given_name and person.family_name:  # shown with a title, which a blog leaves out
            whole[_plain(f"{person.given_name} {person.family_name}")].add(person.id)
        first[_plain(person.given_name or person.shown_name.partition(" ")[0])].add(person.id)
    return {name: _match(name, whole, first, shown) for name in set(names)}


def approved_as_found(session: Session, course_id: int, found: FoundPost) -> ApprovedPost:
    """Return a found post with every guess taken as it is and every name matched where that is plain."""
    names = {found.author, *(comment.author for comment in found.comments)} - {None}
    matches = match_names(session, course_id, [name for name in names if name])

    def who(name: str | None) -> int | None:
        return matches[name].person_id if name else None

    return ApprovedPost(
        title=found.title,
        subtitle=found.subtitle or "",
        author_id=who(found.author),
        author_name=found.author,
        body="\n\n".join(found.body),
        sources=found.sources,
        comments=tuple(
            ApprovedComment(comment.number, comment.parent, who(comment.author), comment.author, comment.text)
            for comment in found.comments
        ),
        fingerprint=fingerprint(found),
    )


def store_import(session: Session, blog_id: int, approved: ApprovedPost, now: datetime) -> Post:
    """Store an approved post with its thread, all or nothing. Raises Rejected (known already, or a broken thread)."""
    if imported_before(session, blog_id, approved.fingerprint) is not None:
        raise Rejected(
            say("This text has been imported into this blog before."), say("Nothing was stored a second time.")
        )
    post = add_post(
        session,
        blog_id,
        PostDraft(
            approved.title, approved.subtitle, approved.body, approved.sources, approved.fingerprint,
            approved.author_id, approved.author_name, plain=True,
        ),
        now,
    )  # fmt: skip
    new_numbers: dict[int, int] = {}
    for comment in approved.comments:
        parent = _new_parent(comment, new_numbers)
        draft = Draft(
            comment.text, f"{approved.fingerprint}-{comment.number}", comment.author_id, parent,
            comment.author_name, plain=True,
        )  # fmt: skip
        new_numbers[comment.number] = add_comment(session, post.id, draft, now).number
    session.refresh(post)
    return post


def unmatched_comments(session: Session, blog_id: int) -> list[tuple[Comment, int]]:
    """Return the imported comments of a blog that nobody in the course has written yet, each with its post's number."""
    rows = session.execute(
        select(Comment, Post.number)
        .join(Post, Post.id == Comment.post_id)
        .where(Post.blog_id == blog_id, Comment.author_id.is_(None), Comment.deleted_at.is_(None))
        .order_by(Comment.id)
    )
    return [(row[0], row[1]) for row in rows]


def match_comments(session: Session, blog_id: int, authors: Mapping[int, int]) -> int:
    """Give unmatched comments (by id) their authors (by id) and return how many; a comment that has one keeps it."""
    matched = 0
    for comment, _post_number in unmatched_comments(session, blog_id):
        if comment.id in authors:
            comment.author_id = authors[comment.id]
            matched += 1
    return matched


def _new_parent(comment: ApprovedComment, new_numbers: dict[int, int]) -> int | None:
    if comment.parent is None:
        return None
    if comment.parent not in new_numbers:
        raise Rejected(
            say(
                "Comment %(number)s is said to answer %(parent)s, which does not come before it.",
                number=comment.number,
                parent=comment.parent,
            ),
            say("Correct the number of the comment it answers, or clear it."),
        )
    return new_numbers[comment.parent]


def _match(name: str, whole: dict[str, set[int]], first: dict[str, set[int]], shown: dict[int, str]) -> Match:
    key = _plain(name)
    for people, is_whole in ((whole.get(key), True), (first.get(key), False)):
        if people and len(people) == 1:
            person_id = next(iter(people))
            one = shown[person_id]
            # NOTE: by which somebody of the course was recognised
            how = (
                say("the whole name of %(name)s", name=one) if is_whole else say("the first name of %(name)s", name=one)
            )
            return Match(person_id, how)
        if people:
            reason = say_count(
                "%(count)s person of this course is called %(name)s",
                "%(count)s people of this course are called %(name)s",
                len(people),
                name=name,
            )
            return Match(None, reason)
    return Match(None, say("nobody in this course is called %(name)s", name=name))


def _plain(name: str) -> str:
    """A name for comparing: no accents, no case, no difference between apostrophes or between spaces."""
    decomposed = unicodedata.normalize("NFKD", name.casefold().translate(_APOSTROPHES))
    return " ".join("".join(character for character in decomposed if not unicodedata.combining(character)).split())
