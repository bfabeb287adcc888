"""Registered platforms, their deployments, and the keys they sign with, cached so that nothing can wear them out."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from joserfc.jwk import RSAKey
from sqlalchemy import bindparam, or_, select, update

from lti_tool.database import Database, insert_or_get
from lti_tool.errors import LaunchRefused, LmsRefused, LmsUnreachable, Mender, Reason
from lti_tool.lti.connection import AddressRefused, Connection
from lti_tool.lti.families import family_named
from lti_tool.lti.key_sets import BETWEEN_FETCHES, KEYS_KEPT, fresh_for, storable_keys, usable_keys
from lti_tool.models import Deployment, Platform
from lti_tool.wording import say

_DEPLOYMENT = select(Deployment.id, Deployment.held_since).where(
    Deployment.platform_id == bindparam("platform_id"), Deployment.lti_deployment_id == bindparam("lti_deployment_id")
)
KEYS_SERVE = timedelta(days=7)
LARGEST_KEY_SET = 1_000_000
_FETCH_SECONDS = 5.0
_LATELY_SECONDS = 1.0

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
    token_audience: str | None
    jwks_url: str
    family: str
    accepts_new_deployments: bool
    service_hosts: list[str]
    disabled_at: datetime | None
    key_set_read_at: datetime | None

    @property
    def is_disabled(self) -> bool:
        return self.disabled_at is not None


# Columns, not whole objects: a launch reads them, and an object costs as much again.
PLATFORM_COLUMNS = tuple(getattr(Platform, field.name) for field in fields(PlatformFacts))


def platform_facts(row: Platform) -> PlatformFacts:
    return PlatformFacts(**{field.name: getattr(row, field.name) for field in fields(PlatformFacts)})


def check_service_address(platform: PlatformFacts, address: str) -> None:
    """Raise LmsRefused for a service at a host that is not the LMS's: a token for it goes nowhere else.

    Its own hosts are those of the registration, those that the operator allowed, and for a family whose services are
    elsewhere by nature whatever a signed launch names. Source: RFC 9700, 4.9.
    """
    own = (platform.lti_issuer, platform.authorize_url, platform.token_url, platform.jwks_url)
    hosts = {urlsplit(one).netloc.lower() for one in own} | set(platform.service_hosts)
    host = urlsplit(address).netloc.lower()
    if host in hosts or family_named(platform.family).services_elsewhere:
        return
    what = say("The LMS named a service at no host, which is not its own.")
    if host:
        what = say("The LMS named a service at %(host)s, which is not its own.", host=host)
    command = f"lti-tool platforms allow-host {platform.id} {host}"
    do = say("If that is right, the operator can allow it: %(command)s.", command=command)
    raise LmsRefused(what, do, Mender.OPERATOR)


class Platforms:
    """Looks up registrations; every answer is a value."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read: dict[int, tuple[PlatformFacts, float]] = {}

    def find(self, lti_issuer: str, lti_client_id: str | None) -> PlatformFacts:
        """Return the registration. Without a client id an issuer must have just one. Raises LaunchRefused."""
        wanted = select(*PLATFORM_COLUMNS).where(Platform.lti_issuer == lti_issuer)
        if lti_client_id:
            wanted = wanted.where(Platform.lti_client_id == lti_client_id)
        with self._database.reading() as session:
            found = [PlatformFacts(*row) for row in session.execute(wanted.limit(2))]
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

    def lately(self, platform_id: int) -> PlatformFacts:
        """The registration as it was at most a second ago, for whoever asks for it hundreds of times a second."""
        facts, read_at = self._read.get(platform_id, (None, 0.0))
        if facts is None or time.monotonic() - read_at > _LATELY_SECONDS:
            facts = self.get(platform_id)
            self._read[platform_id] = facts, time.monotonic()
        return facts

    def deployment_id(self, platform: PlatformFacts, lti_deployment_id: str, now: datetime) -> int | None:
        """Return our id of a deployment of this platform, or None while it waits for the operator's approval.

        One that is not known appears here at its first launch: an LMS tells its id no earlier (Canvas), and only a
        launch that the platform signed comes this far.
        """
        known = {"platform_id": platform.id, "lti_deployment_id": lti_deployment_id}
        with self._database.reading() as session:
            row = session.execute(_DEPLOYMENT, known).one_or_none()
        if row is not None:
            return row.id if row.held_since is None else None
        held_since = None if platform.accepts_new_deployments else now
        with self._database.writing() as session:
            unique = [Deployment.platform_id, Deployment.lti_deployment_id]
            new = insert_or_get(session, Deployment, unique, {**known, "held_since": held_since})
            log.warning("deployment_appeared", platform=platform.id, deployment=new.id, held=held_since is not None)
            return new.id if new.held_since is None else None


_KeySet = tuple[datetime | None, dict[str, list[RSAKey]]]
_NOTHING_READ: _KeySet = (None, {})


class PlatformKeys:
    """The public keys of platforms.

    A set is kept in the database. A launch fetches it anew only for an unknown `kid` or after a day, and never twice in
    a minute by all processes together, so that a flood of unknown `kid`s costs one request; what the platform says of
    its age (`Cache-Control`) the worker minds. A failed fetch never replaces good keys, which serve for a week.
    Source: 1EdTech Security Framework 1.0, 6.3-6.4.
    """

    def __init__(self, database: Database, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._connection = connection
        self._clock = clock
        self._fetching: dict[int, threading.Lock] = {}  # a slow platform holds up nobody else's launches
        self._parsed: dict[int, _KeySet] = {}

    def candidates(self, platform: PlatformFacts, kid: str) -> list[RSAKey]:
        """Return the keys that may have signed under `kid`. Raises LaunchRefused (unknown, or none to be had)."""
        read_at, keys = self._parsed.get(platform.id, _NOTHING_READ)
        if read_at is None or read_at != platform.key_set_read_at:
            read_at, keys = self._known(platform.id)
        if kid not in keys or read_at is None or self._clock() - read_at > KEYS_KEPT:
            with self._fetching.setdefault(platform.id, threading.Lock()):
                read_at, keys = self._refreshed(platform, kid)
        if read_at is None or self._clock() - read_at > KEYS_SERVE:
            raise LaunchRefused(Reason.KEYS_UNAVAILABLE)
        if kid not in keys:
            raise LaunchRefused(Reason.KEYS_UNAVAILABLE if self._last_read_failed(platform.id) else Reason.KEY_UNKNOWN)
        return keys[kid]

    def refresh_stale(self) -> None:
        """Fetch the sets that are older than their platforms said they should get: the worker does, no launch waits."""
        now = self._clock()
        with self._database.reading() as session:
            stale = session.scalars(
                select(Platform).where(Platform.key_set_fresh_until < now, Platform.disabled_at.is_(None))
            )
            platforms = [platform_facts(row) for row in stale]
        for platform in platforms:
            if self._may_fetch(platform.id):
                self._fetch(platform)
                self._leave_a_fetch_for_new_keys(platform.id)

    def _leave_a_fetch_for_new_keys(self, platform_id: int) -> None:
        """What the worker reads is not the one reading that a new key may cost in this minute, unless it failed."""
        read = Platform.key_set_read_at >= Platform.key_set_tried_at
        with self._database.writing() as session:
            session.execute(update(Platform).where(Platform.id == platform_id, read).values(key_set_tried_at=None))

    def _last_read_failed(self, platform_id: int) -> bool:
        failed = Platform.key_set_tried_at > Platform.key_set_read_at
        with self._database.reading() as session:
            return session.scalar(select(Platform.id).where(Platform.id == platform_id, failed)) is not None

    def _known(self, platform_id: int) -> _KeySet:
        with self._database.reading() as session:
            read_at = session.scalar(select(Platform.key_set_read_at).where(Platform.id == platform_id))
            kept = self._parsed.get(platform_id)
            if kept is None or kept[0] != read_at:
                document = session.scalar(select(Platform.key_set).where(Platform.id == platform_id))
                kept = self._parsed[platform_id] = (read_at, usable_keys(document or {"keys": []}))
        return kept

    def _refreshed(self, platform: PlatformFacts, kid: str) -> _KeySet:
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
            row.key_set, row.key_set_read_at = storable_keys(document), self._clock()
            row.key_set_fresh_until = self._clock() + fresh_for(answer.headers.get("cache-control", ""))

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
