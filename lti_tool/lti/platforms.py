"""Registered platforms, their deployments, and the keys they sign with, cached so that nothing can wear them out."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from sqlalchemy import or_, select, update

from lti_tool.database import Database
from lti_tool.errors import LaunchRefused, LmsUnreachable, Reason
from lti_tool.lti.connection import AddressRefused, Connection
from lti_tool.models import Deployment, Platform

SMALLEST_KEY_BITS = 2048
KEYS_KEPT = timedelta(hours=24)
BETWEEN_FETCHES = timedelta(seconds=60)
LARGEST_KEY_SET = 1_000_000
_FETCH_SECONDS = 5.0

log = structlog.get_logger()


@dataclass(frozen=True)
class PlatformFacts:
    """A registration as values. `lti_client_id` is ours with this platform."""

    id: int
    name: str
    lti_issuer: str
    lti_client_id: str
    authorize_url: str
    token_url: str
    jwks_url: str
    family: str
    is_disabled: bool


def platform_facts(row: Platform) -> PlatformFacts:
    return PlatformFacts(
        row.id, row.name, row.lti_issuer, row.lti_client_id, row.authorize_url, row.token_url, row.jwks_url,
        row.family, row.disabled_at is not None,
    )  # fmt: skip


class Platforms:
    """Looks up registrations; every answer is a value."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, lti_issuer: str, lti_client_id: str | None) -> PlatformFacts:
        """Return the registration. Without a client id an issuer must have just one. Raises LaunchRefused."""
        wanted = select(Platform).where(Platform.lti_issuer == lti_issuer)
        if lti_client_id:
            wanted = wanted.where(Platform.lti_client_id == lti_client_id)
        with self._database.reading() as session:
            found = [platform_facts(row) for row in session.scalars(wanted.limit(2))]
        if not found:
            raise LaunchRefused(Reason.UNKNOWN_PLATFORM, issuer=lti_issuer, client_id=lti_client_id)
        if len(found) > 1:
            raise LaunchRefused(Reason.AMBIGUOUS_PLATFORM, issuer=lti_issuer)
        if found[0].is_disabled:
            raise LaunchRefused(Reason.PLATFORM_DISABLED, platform=found[0].id)
        return found[0]

    def get(self, platform_id: int) -> PlatformFacts:
        with self._database.reading() as session:
            return platform_facts(session.get_one(Platform, platform_id))

    def deployment_id(self, platform_id: int, lti_deployment_id: str) -> int | None:
        """Return our id of a deployment of this platform, or None if it is not registered."""
        with self._database.reading() as session:
            return session.scalar(
                select(Deployment.id).where(
                    Deployment.platform_id == platform_id, Deployment.lti_deployment_id == lti_deployment_id
                )
            )


class PlatformKeys:
    """The public keys of platforms.

    A set is kept in the database and fetched again when a `kid` is unknown or a day has passed, but never twice in a
    minute by all processes together, so that a flood of unknown `kid`s costs one request. A failed fetch never
    replaces good keys. Source: 1EdTech Security Framework 1.0, 6.3-6.4.
    """

    def __init__(self, database: Database, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._connection = connection
        self._clock = clock
        self._fetching: dict[int, threading.Lock] = {}  # a slow platform holds up nobody else's launches
        self._parsed: dict[int, tuple[datetime | None, dict[str, list[RSAPublicKey]]]] = {}

    def candidates(self, platform: PlatformFacts, kid: str) -> list[RSAPublicKey]:
        """Return the keys that may have signed under `kid`. Raises LaunchRefused (unknown, or none to be had)."""
        read_at, keys = self._known(platform.id)
        if kid not in keys or read_at is None or self._clock() - read_at > KEYS_KEPT:
            with self._fetching.setdefault(platform.id, threading.Lock()):
                read_at, keys = self._refreshed(platform, kid)
        if kid in keys:
            return keys[kid]
        raise LaunchRefused(Reason.KEY_UNKNOWN if read_at else Reason.KEYS_UNAVAILABLE)

    def _known(self, platform_id: int) -> tuple[datetime | None, dict[str, list[RSAPublicKey]]]:
        with self._database.reading() as session:
            read_at = session.scalar(select(Platform.key_set_read_at).where(Platform.id == platform_id))
            kept = self._parsed.get(platform_id)
            if kept is None or kept[0] != read_at:
                document = session.scalar(select(Platform.key_set).where(Platform.id == platform_id))
                kept = self._parsed[platform_id] = (read_at, usable_keys(document or {"keys": []}))
        return kept

    def _refreshed(self, platform: PlatformFacts, kid: str) -> tuple[datetime | None, dict[str, list[RSAPublicKey]]]:
        known = self._known(platform.id)  # another thread may have fetched while this one waited for the lock
        if kid in known[1] and known[0] is not None and self._clock() - known[0] <= KEYS_KEPT:
            return known
        if self._may_fetch(platform.id):
            self._fetch(platform)
        else:
            self._await_fetch_of_another_process(platform.id)
        return self._known(platform.id)

    def _may_fetch(self, platform_id: int) -> bool:
        now = self._clock()
        long_ago = or_(Platform.key_set_tried_at.is_(None), Platform.key_set_tried_at <= now - BETWEEN_FETCHES)
        with self._database.writing() as session:
            taken = session.execute(
                update(Platform)
                .where(Platform.id == platform_id, long_ago)
                .values(key_set_tried_at=now)
                .returning(Platform.id)
            )
            return taken.first() is not None

    def _fetch(self, platform: PlatformFacts) -> None:
        try:
            answer = self._connection.call(
                "GET",
                platform.jwks_url,
                headers={"Accept": "application/json"},
                largest=LARGEST_KEY_SET,
                timeout=_FETCH_SECONDS,
            )
            document = answer.json() if answer.status == 200 else None
            keys = usable_keys(document)
        except (LmsUnreachable, AddressRefused, ValueError) as problem:
            log.warning("platform_keys_unusable", platform=platform.id, why=type(problem).__name__)
            return
        if not keys:
            log.warning("platform_keys_unusable", platform=platform.id, why="no usable key")
            return
        with self._database.writing() as session:
            row = session.get_one(Platform, platform.id)
            if row.key_set_read_at is None:  # the first read is not the one that a new key may cost in this minute
                row.key_set_tried_at = None
            row.key_set, row.key_set_read_at = document, self._clock()

    def _await_fetch_of_another_process(self, platform_id: int) -> None:
        """At a cold start many launches come at once; those that may not fetch wait for the one that does."""
        give_up = time.monotonic() + _FETCH_SECONDS
        while time.monotonic() < give_up:
            with self._database.reading() as session:
                tried, read = session.execute(
                    select(Platform.key_set_tried_at, Platform.key_set_read_at).where(Platform.id == platform_id)
                ).one()
            if tried is None or self._clock() - tried > timedelta(seconds=_FETCH_SECONDS):
                return
            if read is not None and read >= tried:
                return
            time.sleep(0.05)


def usable_keys(document: Any) -> dict[str, list[RSAPublicKey]]:
    """Return the RSA signing keys of a key set by `kid`; what cannot verify RS256 is passed over.

    Raises ValueError if the document is no key set.
    """
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("not a key set")
    keys: dict[str, list[RSAPublicKey]] = {}
    for entry in document["keys"]:
        key = _usable_key(entry)
        if key is not None:
            keys.setdefault(entry["kid"], []).append(key)
    return keys


def _usable_key(entry: Any) -> RSAPublicKey | None:
    """RS256 only, whatever the key set claims: the algorithm is ours to choose (RFC 8725, 3.1)."""
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
        return None
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    try:
        public = {name: entry[name] for name in ("kty", "n", "e")}
        key = jwt.algorithms.RSAAlgorithm.from_jwk(json.dumps(public))
    except (jwt.PyJWTError, KeyError, TypeError, ValueError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= SMALLEST_KEY_BITS else None
