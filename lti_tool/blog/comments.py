"""Comments: adding, changing and taking back. Reading a thread is in `reading.py`."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.blog import thread
from lti_tool.blog.sight import Sight, comments_seen
from lti_tool.blog.text import LONGEST_COMMENT, LONGEST_POST, checked, safe_html, word_count
from lti_tool.errors import NotAllowed, NotFound, Rejected
from lti_tool.models import Comment, Post, Revision, Role
from lti_tool.wording import say

_GONE = (say("There is no such comment any more."), say("Go back to the post; somebody may have deleted it."))


@dataclass(frozen=True)
class Draft:
    """A comment about to be added.

    `answers` is the number of the comment it replies to, None at top level. `once` is a token of the form that was
    sent: sent twice, it makes one comment. `author_id` is None for an imported comment whose writer is not in the
    course; `author_name` is then what the page said, if anything. `plain` text is kept to the character.
    `private`: staff answer for the writer of that comment alone; what answers a private comment is private like it.
    `unless_said_since`: the same words by the same person in the same place since then are this comment already. A form
    reached again by "back" has a new token, but the browser puts the old words into it.
    """

    body: str
    once: str
    author_id: int | None
    answers: int | None = None
    author_name: str | None = None
    plain: bool = False
    private: bool = False
    unless_said_since: datetime | None = None


@dataclass(frozen=True)
class AddedComment:
    id: int
    number: int


def require_writer(role: Role) -> None:
    """Raises NotAllowed for those who only look on."""
    if role is Role.OBSERVER:
        raise NotAllowed(
            say("Your role in this course lets you read, not write."), say("Ask your teacher if that is wrong.")
        )


def add_comment(
    session: Session, post_id: int, draft: Draft, now: datetime, sight: Sight | None = None
) -> AddedComment:
    """Add a comment under a post and return its id and number; `sight` is its writer's, None for what is imported.

    Raises Rejected (empty, too long, private to nobody) and NotFound (the post or the comment answered is gone).
    """
    body = checked(draft.body, LONGEST_POST if draft.plain else LONGEST_COMMENT)
    # Taking the number first locks the post's row, so the look for a twin below sees every earlier sending.
    number = _take_number(session, post_id)
    answered = _find_answered(session, post_id, draft.answers, sight)
    private_to_id = _private_to(draft, answered)
    twin = session.scalar(_twin(post_id, draft, body, answered, private_to_id))
    if twin is not None:
        _give_number_back(session, post_id)
        return AddedComment(twin.id, twin.number)
    path = thread.path_under(answered.path if answered else "", number)
    comment = Comment(
        post_id=post_id,
        number=number,
        path=path,
        parent_id=_parent_id(session, post_id, answered),
        answers_id=answered.id if answered else None,
        author_id=draft.author_id,
        author_name=draft.author_name,
        body=body,
        plain=draft.plain,
        body_html=safe_html(body, plain=draft.plain),
        words=word_count(body),
        once=draft.once,
        written_at=now,
        private_to_id=private_to_id,
    )
    session.add(comment)
    if private_to_id is None:
        count_in(session, post_id, path, 1)
    session.flush()
    return AddedComment(comment.id, number)


def _twin(
    post_id: int, draft: Draft, body: str, answered: Comment | None, private_to_id: int | None
) -> Select[Comment]:
    """The comment that this sending would double: of the same form, or the same words by the same person just now."""
    same = Comment.once == draft.once
    if draft.unless_said_since is not None:
        said_just_now = and_(
            Comment.author_id == draft.author_id,
            Comment.body == body,
            Comment.answers_id.is_(None) if answered is None else Comment.answers_id == answered.id,
            Comment.deleted_at.is_(None),
            Comment.private_to_id.is_not(None) if private_to_id else Comment.private_to_id.is_(None),
            Comment.written_at > draft.unless_said_since,
        )
        same = or_(same, said_just_now)
    return select(Comment).where(Comment.post_id == post_id, same).order_by(Comment.id).limit(1)


def edit_comment(session: Session, post_id: int, number: int, editor_id: int, body: str, now: datetime) -> Comment:
    """Change one's own comment. Raises NotFound, NotAllowed (somebody else's), Rejected (empty, too long)."""
    lock_thread(session, post_id)
    comment = own_comment(session, post_id, number, editor_id)
    _keep_revision(session, comment, now)
    comment.body = checked(body, LONGEST_COMMENT)
    comment.body_html = safe_html(comment.body, plain=comment.plain)
    comment.words = word_count(comment.body)
    comment.edited_at = now
    return comment


def delete_comment(session: Session, post_id: int, number: int, deleter_id: int, now: datetime) -> Comment:
    """Take back one's own comment: the text goes from the page, the place stays while replies hang on it.

    Raises NotFound and NotAllowed.
    """
    lock_thread(session, post_id)
    comment = own_comment(session, post_id, number, deleter_id)
    _keep_revision(session, comment, now)
    comment.body = comment.body_html = ""
    comment.words = 0
    comment.deleted_at = now
    if comment.private_to_id is None and comment.hidden_at is None:
        count_in(session, post_id, comment.path, -1)
    return comment


def _keep_revision(session: Session, comment: Comment, now: datetime) -> None:
    fields = {"body": comment.body}
    session.add(Revision(post_id=comment.post_id, comment_id=comment.id, fields=fields, replaced_at=now))


def standing_comment(session: Session, post_id: int, number: int) -> Comment:
    """Return a comment that has not been deleted. Raises NotFound."""
    comment = session.scalar(
        select(Comment).where(Comment.post_id == post_id, Comment.number == number, Comment.deleted_at.is_(None))
    )
    if comment is None:
        raise NotFound(*_GONE)
    return comment


def own_comment(session: Session, post_id: int, number: int, person_id: int) -> Comment:
    """Return a comment for its author to change. Raises NotFound, and NotAllowed for anybody else."""
    comment = standing_comment(session, post_id, number)
    if comment.author_id != person_id and comment.private_to_id not in (None, person_id):
        raise NotFound(*_GONE)
    if comment.author_id != person_id:
        raise NotAllowed(say("Only the person who wrote a comment can change it."), say("You can answer it instead."))
    return comment


def rebuild_paths(session: Session, post_id: int) -> int:
    """Make every path of a post anew from `parent_id`, the truth, and return how many were wrong."""
    rows = session.scalars(select(Comment).where(Comment.post_id == post_id).order_by(Comment.number)).all()
    paths: dict[int, str] = {}
    wrong = []
    for row in rows:
        paths[row.id] = thread.path_under(paths[row.parent_id] if row.parent_id else "", row.number)
        if row.path != paths[row.id]:
            wrong.append(row)
    for row in wrong:  # first out of the way: a right path may still be held by a row that is itself wrong
        row.path = f"-{row.number}"
    session.flush()
    for row in wrong:
        row.path = paths[row.id]
    return len(wrong)


def lock_thread(session: Session, post_id: int) -> None:
    """Wait for whoever else is changing this thread. All lock the post first, so two never wait for each other."""
    session.execute(select(Post.id).where(Post.id == post_id).with_for_update(key_share=True))


def _take_number(session: Session, post_id: int) -> int:
    number: int | None = session.scalar(
        update(Post)
        .where(Post.id == post_id)
        .values(last_comment_number=Post.last_comment_number + 1)
        .returning(Post.last_comment_number)
    )
    if number is None:
        raise NotFound(say("There is no such post any more."), say("Go back to the blog."))
    return number


def _give_number_back(session: Session, post_id: int) -> None:
    session.execute(update(Post).where(Post.id == post_id).values(last_comment_number=Post.last_comment_number - 1))


def _find_answered(session: Session, post_id: int, number: int | None, sight: Sight | None) -> Comment | None:
    if number is None:
        return None
    seen = select(Comment).where(Comment.post_id == post_id, Comment.number == number)
    if sight is not None:
        seen = seen.where(comments_seen(sight.kind))
    answered = session.scalar(seen, sight.parameters if sight else {})
    if answered is None or answered.deleted_at is not None:
        raise NotFound(
            say("The comment you answer has been deleted meanwhile."),
            say("Your text is still here: post it as a new comment."),
        )
    return answered


def _private_to(draft: Draft, answered: Comment | None) -> int | None:
    if answered is not None and answered.private_to_id is not None:
        return answered.private_to_id
    if not draft.private:
        return None
    if answered is None or answered.author_id is None:
        raise Rejected(
            say("A private answer needs somebody to answer."),
            say("Choose a comment whose writer is in this course."),
            kept=draft.body,
        )  # fmt: skip
    return answered.author_id


def _parent_id(session: Session, post_id: int, answered: Comment | None) -> int | None:
    if answered is None:
        return None
    place = thread.hanging_place(answered.path)
    if place == answered.path:
        return answered.id
    return session.scalars(select(Comment.id).where(Comment.post_id == post_id, Comment.path == place)).one()


def count_in(session: Session, post_id: int, path: str, change: int) -> None:
    """Count a comment that all may read in (1) or out (-1), in its post and in all it stands under."""
    session.execute(update(Post).where(Post.id == post_id).values(live_comments=Post.live_comments + change))
    if ancestors := thread.ancestor_paths(path):
        session.execute(
            update(Comment)
            .where(Comment.post_id == post_id, Comment.path.in_(ancestors))
            .values(live_replies=Comment.live_replies + change)
        )
