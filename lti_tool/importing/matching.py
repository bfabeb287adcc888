"""Who of the course wrote what a file names: by the LMS's own id, by e-mail, by name. A teacher looks it over."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy.orm import Session

from lti_tool.importing.formats import ArchivedPost, Writer
from lti_tool.importing.importer import Match, match_names, people_of
from lti_tool.wording import say


def writers_in(post: ArchivedPost) -> Counter[Writer]:
    """Return who wrote how much of a post and its thread, or is named as whom alone a comment was for."""
    found = Counter(one.writer for one in post.archived_comments if one.writer)
    found.update(one.private_to for one in post.archived_comments if one.private_to)
    if post.writer:
        found[post.writer] += 1
    return found


def match_writers(session: Session, course_id: int, writers: Iterable[Writer]) -> dict[Writer, Match]:
    """Match each writer to one person of the course. The e-mail is compared and kept nowhere."""
    wanted = set(writers)
    by_key: dict[str, list[int]] = {}
    by_email: dict[str, list[int]] = {}
    shown: dict[int, str] = {}
    for person in people_of(session, course_id):
        shown[person.id] = person.shown_name
        by_key.setdefault(person.lti_sub, []).append(person.id)
        if person.email:
            by_email.setdefault(person.email.strip().casefold(), []).append(person.id)
    names = match_names(session, course_id, [writer.name for writer in wanted if writer.name])

    def match(writer: Writer) -> Match:
        same_key = by_key.get(writer.key, []) if writer.key else []
        if len(same_key) == 1:
            # NOTE: by which somebody of the course was recognised
            return Match(same_key[0], say("the LMS's own id of %(name)s", name=shown[same_key[0]]))
        same_email = by_email.get(writer.email.strip().casefold(), []) if writer.email else []
        if len(same_email) == 1:
            # NOTE: by which somebody of the course was recognised
            return Match(same_email[0], say("the e-mail address of %(name)s", name=shown[same_email[0]]))
        return names.get(writer.name) or Match(None, say("the file gives no name"))

    return {writer: match(writer) for writer in wanted}
