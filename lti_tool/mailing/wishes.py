"""Who wants the digest: the switch on a person's own page, and the address in each mail that stops it.

That address is good without a visit, for the mail's own program presses it (RFC 8058): a signature says whom it is for.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.models import Membership, Person

_KEY_FOR = b"digest"
_LONGEST_TOKEN = 100


@dataclass(frozen=True)
class DigestWish:
    """Whether digests are sent at all, whether the LMS tells this person's address, and whether they want them."""

    is_sent: bool
    has_address: bool
    is_wanted: bool


def digest_wish(session: Session, course_id: int, person_id: int, *, is_sent: bool) -> DigestWish:
    row = session.execute(
        select(Person.email, Membership.wants_digest)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.course_id == course_id, Person.id == person_id)
    ).first()
    return DigestWish(is_sent, bool(row and row.email), bool(row and row.wants_digest))


def want_digest(session: Session, person_id: int, wants: bool, course_id: int | None = None) -> None:
    """Switch a person's digest on or off: for one course, or for all they are in."""
    places = update(Membership).where(Membership.person_id == person_id)
    if course_id is not None:
        places = places.where(Membership.course_id == course_id)
    session.execute(places.values(wants_digest=wants))


def stop_token(secret: str, person_id: int) -> str:
    """Return what in an address stops a person's digests; nobody can make one without the tool's secret."""
    return f"{person_id}.{_signature(secret, str(person_id))}"


def person_of_token(secret: str, token: str) -> int | None:
    """Return whose digests a token stops, None if it is not one of ours."""
    person_id, _, signature = token[:_LONGEST_TOKEN].partition(".")
    if not (person_id.isascii() and person_id.isdecimal() and signature.isascii()):
        return None
    return int(person_id) if hmac.compare_digest(signature, _signature(secret, person_id)) else None


def _signature(secret: str, text: str) -> str:
    key = hmac.digest(secret.encode(), _KEY_FOR, hashlib.sha256)
    return base64.urlsafe_b64encode(hmac.digest(key, text.encode(), hashlib.sha256)[:18]).decode()
