"""Access tokens the platform has given out; only their hashes are kept."""

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .school import PracticeSchool

TOKEN_SECONDS = 3600


def _key_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def keep_token(school: "PracticeSchool", token: dict[str, Any]) -> None:
    now = school.clock().timestamp()
    with school.store.writing() as db:
        db.execute("DELETE FROM tokens WHERE expires_at < ?", (now,))
        row = (_key_of(token["access_token"]), token["scope"], now + TOKEN_SECONDS)
        db.execute("INSERT INTO tokens VALUES (?, ?, ?)", row)


def scopes_of_token(school: "PracticeSchool", token: str) -> set[str] | None:
    """What a living token allows; None for one that is unknown or expired."""
    with school.store.reading() as db:
        row = db.execute(
            "SELECT scope FROM tokens WHERE token = ? AND expires_at > ?", (_key_of(token), school.clock().timestamp())
        ).fetchone()
    return set(row["scope"].split()) if row else None


def expire_tokens(school: "PracticeSchool") -> None:
    """Make every access token invalid at once."""
    with school.store.writing() as db:
        db.execute("DELETE FROM tokens")
