"""Drafts: what somebody is writing and has not sent, kept until they send it, on whatever machine they go on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from lti_tool.blog.text import LONGEST_POST
from lti_tool.database import insert_missing
from lti_tool.errors import Rejected
from lti_tool.models import WritingDraft
from lti_tool.wording import say, say_count

FIELDS = ("title", "subtitle", "body", "sources")
MOST_DRAFTS = 100  # of one person in one blog
_LONGEST = 2 * LONGEST_POST  # what is too long to be sent is kept all the same
_VERSIONS_BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class KeptDraft:
    """A draft as it is stored. A version of 0 stands for none."""

    fields: Mapping[str, str]
    version: int
    saved_at: datetime


@dataclass(frozen=True)
class DraftConflict:
    """Another window has saved meanwhile, or sent or thrown the draft away (`newer` is None): nothing was stored."""

    newer: KeptDraft | None


def place_of_post(number: int | None) -> str:
    """Where a new post is written, or the post of that number changed."""
    return f"post {number}" if number else "post"


def place_of_comment(post_number: int, answers: int | None) -> str:
    """Where a comment under a post is written; `answers` is the number of the comment it replies to."""
    return f"comment {post_number} {answers or 0}"


def place_of_edit(post_number: int, comment_number: int) -> str:
    """Where a comment that stands already is changed."""
    return f"edit {post_number} {comment_number}"


def load_draft(session: Session, person_id: int, blog_id: int, place: str) -> KeptDraft | None:
    """Return the draft that is kept for a place, or None."""
    row = session.scalar(_query(person_id, blog_id, place))
    return KeptDraft(row.fields, row.version, row.saved_at) if row else None


def save_draft(
    session: Session,
    person_id: int,
    blog_id: int,
    place: str,
    fields: Mapping[str, str],
    expected_version: int,
    now: datetime,
) -> KeptDraft | DraftConflict:
    """Store a draft over the version that its window last saw, 0 for none, and return it with its new version.

    The same text as is stored is no conflict, whatever the version. Raises Rejected (too long, too many).
    """
    tidy = _checked_fields(fields)
    row = _find(session, person_id, blog_id, place)
    if row is None and not expected_version:
        if not any(tidy.values()):
            return KeptDraft(tidy, 0, now)
        row = _begin(session, person_id, blog_id, place, tidy, now)
    if row is None:
        return DraftConflict(None)
    if row.fields == tidy:
        return KeptDraft(tidy, row.version, row.saved_at)
    if row.version != expected_version:
        return DraftConflict(KeptDraft(row.fields, row.version, row.saved_at))
    row.fields, row.version, row.saved_at = tidy, row.version + 1, now
    return KeptDraft(tidy, row.version, now)


def drop_draft(session: Session, person_id: int, blog_id: int, place: str, version: int | None = None) -> None:
    """Take a draft away, its text being sent. With a version only that one or an older: a newer one holds more."""
    rows = delete(WritingDraft).where(
        WritingDraft.person_id == person_id, WritingDraft.blog_id == blog_id, WritingDraft.place == place
    )
    session.execute(rows if version is None else rows.where(WritingDraft.version <= version))


def _query(person_id: int, blog_id: int, place: str) -> Select[WritingDraft]:
    return select(WritingDraft).where(
        WritingDraft.person_id == person_id, WritingDraft.blog_id == blog_id, WritingDraft.place == place
    )


def _find(session: Session, person_id: int, blog_id: int, place: str) -> WritingDraft | None:
    """The row, locked where the database can: of two windows that save at once the second sees what the first did."""
    return session.scalar(_query(person_id, blog_id, place).with_for_update())


def _begin(
    session: Session, person_id: int, blog_id: int, place: str, fields: dict[str, str], now: datetime
) -> WritingDraft | None:
    kept = select(func.count()).where(WritingDraft.person_id == person_id, WritingDraft.blog_id == blog_id)
    if (session.scalar(kept) or 0) >= MOST_DRAFTS:
        raise Rejected(
            say_count(
                "%(count)s draft of yours is kept already.", "%(count)s drafts of yours are kept already.", MOST_DRAFTS
            ),
            say("Send or empty one. This text is kept in this browser."),
        )
    # Above every version of a draft that was here before, so that an old window never takes this one for its own.
    version = max(1, int((now - _VERSIONS_BEGIN).total_seconds()))
    key = {"person_id": person_id, "blog_id": blog_id, "place": place}
    unique = [WritingDraft.person_id, WritingDraft.blog_id, WritingDraft.place]
    insert_missing(session, WritingDraft, unique, [{**key, "fields": fields, "version": version, "saved_at": now}])
    return _find(session, person_id, blog_id, place)


def _checked_fields(fields: Mapping[str, str]) -> dict[str, str]:
    tidy = {name: fields[name].replace("\r\n", "\n").replace("\x00", "") for name in FIELDS if fields.get(name)}
    if sum(map(len, tidy.values())) > _LONGEST:
        raise Rejected(
            say_count(
                "A draft of more than %(most)s character is kept in this browser alone.",
                "A draft of more than %(most)s characters is kept in this browser alone.",
                _LONGEST,
                most=f"{_LONGEST:,}",
            ),
            say("Shorten it, or split it."),
        )
    return tidy
