"""What staff do with a conversation: pin, close, hide with a reason, look at what was said before, settle reports."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from lti_tool.blog.comments import count_in, lock_thread
from lti_tool.blog.text import safe_html_of_anything
from lti_tool.errors import NotFound, Rejected
from lti_tool.models import Comment, Person, Post, Report, Revision
from lti_tool.wording import say, say_count

_LONGEST_REASON = 500
MOST_DELETED = 200


@dataclass(frozen=True)
class Version:
    """What a post or comment said until `replaced_at`; `html` is safe."""

    title: str
    html: str
    replaced_at: datetime


@dataclass(frozen=True)
class DeletedComment:
    """What a comment said until its writer deleted it; `html` is safe."""

    number: int
    writer: str
    html: str
    deleted_at: datetime


@dataclass(frozen=True)
class OpenReport:
    """A report that nobody has settled. `comment_number` is None for one on the post itself."""

    id: int
    post_number: int
    post_title: str
    comment_number: int | None
    reporter: str
    writer: str
    html: str
    why: str
    made_at: datetime


def pin(row: Post | Comment, now: datetime, *, on: bool) -> None:
    row.pinned_at = (row.pinned_at or now) if on else None


def lock(post: Post, now: datetime, *, on: bool) -> None:
    """Close a conversation: it can be read, and only staff add to it; or open it again."""
    post.locked_at = (post.locked_at or now) if on else None


def hide(session: Session, row: Post | Comment, staff_id: int, why: str, now: datetime) -> None:
    """Take a text from everybody's sight but its author's and staff's; reports on it are settled. Raises Rejected."""
    reason = checked_reason(why)
    _wait(session, row)
    if row.hidden_at is None:
        _count(session, row, -1)
    row.hidden_at, row.hidden_by_id, row.hidden_why = now, staff_id, reason
    on_it = Report.comment_id == row.id if isinstance(row, Comment) else Report.comment_id.is_(None)
    post_id = row.post_id if isinstance(row, Comment) else row.id
    session.execute(
        update(Report)
        .where(Report.post_id == post_id, on_it, Report.settled_at.is_(None))
        .values(settled_at=now, settled_by_id=staff_id)
    )


def show_again(session: Session, row: Post | Comment) -> None:
    _wait(session, row)
    if row.hidden_at is not None:
        _count(session, row, 1)
    row.hidden_at, row.hidden_by_id, row.hidden_why = None, None, ""


def checked_reason(why: str) -> str:
    """Return a reason as it is kept. Raises Rejected (none, too long)."""
    reason = " ".join(why.split())
    if not reason:
        raise Rejected(say("There is no reason yet."), say("Say why in a few words."))
    if len(reason) > _LONGEST_REASON:
        raise Rejected(
            say_count(
                "The reason is longer than %(count)s character.",
                "The reason is longer than %(count)s characters.",
                _LONGEST_REASON,
            ),
            say("Shorten it."),
            kept=why,
        )
    return reason


def report(session: Session, post: Post, comment: Comment | None, reporter_id: int, why: str, now: datetime) -> None:
    """Tell staff that something should not stand as it is; a second report by the same person replaces the first.

    Raises Rejected.
    """
    reason = checked_reason(why)
    mine = session.scalar(
        select(Report).where(
            Report.post_id == post.id,
            Report.comment_id == comment.id if comment else Report.comment_id.is_(None),
            Report.reporter_id == reporter_id,
            Report.settled_at.is_(None),
        )
    )
    row = mine or Report(post_id=post.id, comment_id=comment.id if comment else None, reporter_id=reporter_id)
    row.why, row.made_at = reason, now
    session.add(row)


def open_reports(session: Session, blog_id: int) -> tuple[OpenReport, ...]:
    """Return the reports of a blog that wait for staff, the oldest first."""
    rows = session.execute(_OPEN_REPORTS.where(Post.blog_id == blog_id)).all()
    return tuple(_open_report(session, *row) for row in rows)


def count_reports(session: Session, blog_id: int) -> int:
    """Return how many reports of a blog wait for staff."""
    open_ones = select(func.count()).select_from(Report).join(Post, Post.id == Report.post_id)
    return session.scalar(open_ones.where(Report.settled_at.is_(None), Post.blog_id == blog_id)) or 0


def settle_report(session: Session, blog_id: int, report_id: int, staff_id: int, now: datetime) -> None:
    """Note that staff have looked at a report, and leave what it is about as it is. Raises NotFound."""
    found = session.scalar(
        select(Report).join(Post, Post.id == Report.post_id).where(Report.id == report_id, Post.blog_id == blog_id)
    )
    if found is None:
        raise NotFound(say("There is no such report."), say("Go back to the list of reports."))
    found.settled_at, found.settled_by_id = found.settled_at or now, found.settled_by_id or staff_id


def versions(session: Session, row: Post | Comment) -> tuple[Version, ...]:
    """Return what a post or comment said before, the latest first."""
    of_it = Revision.comment_id == row.id if isinstance(row, Comment) else Revision.comment_id.is_(None)
    post_id = row.post_id if isinstance(row, Comment) else row.id
    found = session.scalars(
        select(Revision)
        .where(Revision.post_id == post_id, of_it)
        .order_by(Revision.replaced_at.desc(), Revision.id.desc())
    )
    return tuple(
        Version(
            one.fields.get("title", ""), safe_html_of_anything(one.fields["body"], plain=row.plain), one.replaced_at
        )
        for one in found
    )


def deleted_texts(session: Session, post_id: int) -> tuple[DeletedComment, ...]:
    """Return what the deleted comments under a post said last, for staff, the latest deletion first."""
    rows = session.execute(
        select(Comment, Person, Revision)
        .join(Revision, (Revision.comment_id == Comment.id) & (Revision.replaced_at == Comment.deleted_at))
        .outerjoin(Person, Person.id == Comment.author_id)
        .where(Comment.post_id == post_id, Comment.deleted_at.is_not(None))
        .order_by(Comment.deleted_at.desc(), Revision.id.desc())
        .limit(MOST_DELETED)
    )
    return tuple(
        DeletedComment(
            comment.number, person.shown_name if person else comment.author_name or "",
            safe_html_of_anything(revision.fields["body"], plain=comment.plain), revision.replaced_at,
        )
        for comment, person, revision in rows
    )  # fmt: skip


_writer, _comment_writer = aliased(Person), aliased(Person)
_OPEN_REPORTS = (
    select(Report, Post, Comment, Person, _writer, _comment_writer)
    .join(Post, Post.id == Report.post_id)
    .outerjoin(Comment, Comment.id == Report.comment_id)
    .join(Person, Person.id == Report.reporter_id)
    .outerjoin(_writer, _writer.id == Post.author_id)
    .outerjoin(_comment_writer, _comment_writer.id == Comment.author_id)
    .where(Report.settled_at.is_(None))
    .order_by(Report.made_at, Report.id)
)


def _open_report(
    session: Session,
    row: Report,
    post: Post,
    comment: Comment | None,
    reporter: Person,
    post_writer: Person | None,
    writer: Person | None,
) -> OpenReport:
    wrote: Any = comment or post
    person = writer if comment else post_writer
    html = wrote.body_html
    if comment is not None and comment.deleted_at is not None:  # what it said when it was reported, or nearly so
        html = next((version.html for version in versions(session, comment)), "")
    return OpenReport(
        row.id, post.number, post.title, comment.number if comment else None, reporter.shown_name,
        person.shown_name if person else wrote.author_name or "", html, row.why, row.made_at,
    )  # fmt: skip


def _wait(session: Session, row: Post | Comment) -> None:
    """What was read of the row before may be old by now: somebody else hides or deletes it at this instant."""
    lock_thread(session, row.post_id if isinstance(row, Comment) else row.id)
    session.refresh(row)


def _count(session: Session, row: Post | Comment, change: int) -> None:
    if isinstance(row, Comment) and row.private_to_id is None and row.deleted_at is None:
        count_in(session, row.post_id, row.path, change)
