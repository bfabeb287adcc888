"""Who is called by name in a comment: `@` and a person's whole name, or a given name that only one person bears."""

import re
from collections.abc import Mapping
from itertools import islice

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lti_tool.blog.sight import Sight
from lti_tool.models import Comment, Membership, Mention, Person

MOST_CALLED = 20  # who calls more calls nobody
_AT = re.compile(r"(?<![\w@])@(?=\w)")


def mentioned(text: str, names: Mapping[int, str]) -> set[int]:
    """Return the ids of those whom a text calls by name; of several names that fit, the longest."""
    first_names: dict[str, list[int]] = {}
    known: dict[str, list[int]] = {}
    for person_id, name in names.items():
        known.setdefault(name.casefold(), []).append(person_id)
        first_names.setdefault(name.casefold().partition(" ")[0], []).append(person_id)
    candidates = first_names | known
    folded, found = text.casefold(), set()
    for mark in islice(_AT.finditer(folded), MOST_CALLED):
        rest = folded[mark.end() :]
        fitting = [
            name for name in candidates if rest.startswith(name) and not rest[len(name) : len(name) + 1].isalnum()
        ]
        people = candidates[max(fitting, key=len)] if fitting else []
        if len(people) == 1:
            found.add(people[0])
    return found


def note_mentions(session: Session, sight: Sight, comment_id: int) -> None:
    """Note whom a comment calls by name, instead of what was noted for it before; nobody where names are hidden."""
    comment = session.get_one(Comment, comment_id)
    session.execute(delete(Mention).where(Mention.comment_id == comment_id))
    if "@" not in comment.body or sight.names_hidden or comment.private_to_id is not None:
        return
    people = session.scalars(
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.course_id == sight.course_id, Membership.is_test.is_(False))
    )
    names = {person.id: person.shown_name for person in people}
    called = mentioned(comment.body, names) - {comment.author_id}
    session.add_all(Mention(comment_id=comment_id, person_id=person_id) for person_id in sorted(called))
