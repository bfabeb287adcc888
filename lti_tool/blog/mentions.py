"""Who is called by name in a comment: `@` and a person's whole name, or a given name that only one person bears."""

import re
import unicodedata
from collections.abc import Mapping
from itertools import islice

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lti_tool.blog.sight import Sight, people_seen
from lti_tool.models import Blog, Comment, Membership, Mention, Person, shown_name

MOST_CALLED = 20  # who calls more calls nobody
MOST_SUGGESTED = 8
_AT = re.compile(r"(?<![\w@])@(?=\w)")
_WORD = re.compile(r"(?<!\w)\w")


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
    called = mentioned(comment.body, _names(session, sight)) - {comment.author_id}
    session.add_all(Mention(comment_id=comment_id, person_id=person_id) for person_id in sorted(called))


def suggested(session: Session, sight: Sight, typed: str) -> tuple[str, ...]:
    """Return up to MOST_SUGGESTED whole names of which a word begins with what was typed, those that begin so first.

    Each calls its person in a comment (`mentioned`), who is in the course now, may be seen and is not the reader.
    Nobody for nothing typed, and where names are hidden. Neither accents nor case matter.
    """
    beginning = _folded(typed)
    # Staff see names that are hidden, and would tell one by calling it.
    if not beginning.strip() or session.get_one(Blog, sight.blog_id).names_hidden:
        return ()
    names = _names(session, sight)
    offered = session.scalars(
        select(Membership.person_id).where(
            Membership.course_id == sight.course_id,
            Membership.person_id != sight.person_id,
            Membership.left_at.is_(None),
            people_seen(sight.kind),
        ),
        sight.parameters,
    )
    fitting = []
    for person_id in offered:
        folded = _folded(names.get(person_id, ""))
        if any(folded.startswith(beginning, word.start()) for word in _WORD.finditer(folded)):
            fitting.append((not folded.startswith(beginning), folded, person_id))
    called = (names[person_id] for *_, person_id in sorted(fitting) if _calls(names, person_id))
    return tuple(islice(called, MOST_SUGGESTED))


def _names(session: Session, sight: Sight) -> dict[int, str]:
    """The names of all who are or were in the course; a teacher's own view as a student is nobody."""
    people = session.execute(
        select(Person.id, Person.name, Person.given_name, Person.family_name)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.course_id == sight.course_id, Membership.is_test.is_(False))
    )
    return {person.id: shown_name(*person) for person in people}


def _calls(names: Mapping[int, str], person_id: int) -> bool:
    return mentioned(f"@{names[person_id]}", names) == {person_id}


def _folded(name: str) -> str:
    """Without accents and case, for a name is typed with less care than it is written."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
