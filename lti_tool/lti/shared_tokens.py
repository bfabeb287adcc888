"""Access tokens that all processes share: in the database, sealed with the tool's secret, asked for by one at a time.

A platform throttles whoever asks too often (Canvas: numbas/numbas-lti-provider#345).
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy import ColumnElement, or_, update

from lti_tool.database import Database, insert_missing
from lti_tool.models import ServiceToken

TokenKey = tuple[int, str, str]  # platform, deployment, scope

_TURN = timedelta(seconds=15)  # longer than a call may take
_LOOK_AGAIN_SECONDS = 0.1
_SEAL = {"alg": "dir", "enc": "A256GCM"}  # RFC 7516; RFC 7518, 4.5 and 5.3


@dataclass(frozen=True)
class Token:
    """A bearer token; `ends_at` is by this process's steady clock (`time.monotonic`)."""

    value: str
    ends_at: float


class SharedTokens:
    """The tokens in the database. What cannot be unsealed, because the secret has changed, counts as none."""

    def __init__(self, database: Database, secret: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._key = OctKey.import_key(hashlib.sha256(f"service tokens {secret}".encode()).digest())

    def obtained(self, key: TokenKey, refused: str, ask: Callable[[], Token]) -> Token:
        """Return the token of all, unless it is the one just `refused`; ask for one where there is none.

        While another process asks, this one waits for what it gets. Raises what `ask` raises.
        """
        give_up = time.monotonic() + _TURN.total_seconds()
        while (kept := self._kept(key)) is None or kept.value == refused:
            if self._takes_turn(key) or time.monotonic() > give_up:
                return self._asked(key, refused, ask)
            time.sleep(_LOOK_AGAIN_SECONDS)
        return kept

    def _asked(self, key: TokenKey, refused: str, ask: Callable[[], Token]) -> Token:
        try:
            kept = self._kept(key)  # whoever had the turn before may have got one since we looked
            if kept is not None and kept.value != refused:
                self._write(key, asked_until=None)
                return kept
            token = ask()
        except Exception:
            self._write(key, asked_until=None)
            raise
        sealed = jwe.encrypt_compact(_SEAL, token.value.encode(), self._key)
        ends_at = self._clock() + timedelta(seconds=token.ends_at - time.monotonic())
        self._write(key, sealed=sealed, ends_at=ends_at, asked_until=None)
        return token

    def _kept(self, key: TokenKey) -> Token | None:
        with self._database.reading() as session:
            row = session.get(ServiceToken, key)
            if row is None or row.sealed is None or row.ends_at is None:
                return None
            seconds = (row.ends_at - self._clock()).total_seconds()
            value = self._unsealed(row.sealed)
        return None if value is None or seconds <= 0 else Token(value, time.monotonic() + seconds)

    def _unsealed(self, sealed: str) -> str | None:
        try:
            plain = jwe.decrypt_compact(sealed, self._key).plaintext
        except (JoseError, ValueError):
            return None
        return None if plain is None else plain.decode()

    def _takes_turn(self, key: TokenKey) -> bool:
        platform_id, deployment, scope = key
        row = {"platform_id": platform_id, "lti_deployment_id": deployment, "scope": scope}
        now = self._clock()
        free = or_(ServiceToken.asked_until.is_(None), ServiceToken.asked_until < now)
        with self._database.writing() as session:
            unique = [ServiceToken.platform_id, ServiceToken.lti_deployment_id, ServiceToken.scope]
            insert_missing(session, ServiceToken, unique, [row])
            taking = update(ServiceToken).where(_is(key), free).values(asked_until=now + _TURN)
            return session.execute(taking.returning(ServiceToken.platform_id)).first() is not None

    def _write(self, key: TokenKey, **values: object) -> None:
        with self._database.writing() as session:
            session.execute(update(ServiceToken).where(_is(key)).values(**values))


def _is(key: TokenKey) -> ColumnElement[bool]:
    platform_id, deployment, scope = key
    return (
        (ServiceToken.platform_id == platform_id)
        & (ServiceToken.lti_deployment_id == deployment)
        & (ServiceToken.scope == scope)
    )
