"""The end of a launch: from the LMS's posted id_token to an arrival that is let in once.

Source: 1EdTech Security Framework 1.0, 5.1.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, update

from lti_tool.database import Database, Rows, run
from lti_tool.errors import LaunchRefused, Reason
from lti_tool.identity.arrival import Arrival
from lti_tool.lti.checks import Gate, PostedLaunch
from lti_tool.lti.claims import arrival_from, origin_of, product_family
from lti_tool.lti.families import family_of_product
from lti_tool.lti.login import storage_key
from lti_tool.lti.platforms import PlatformFacts
from lti_tool.models import Login, Platform

# Refused before it is clear that this browser is the one that the login was for, or after its time.
_LEAVES_LOGIN = frozenset({Reason.COOKIE_MISSING, Reason.STORAGE_MISMATCH, Reason.STATE_EXPIRED})
# On the table, not the class: there is no object to keep in step.
_USE_UP = (
    update(cast(Table, Login.__table__))
    .where(Login.state == bindparam("of_state"), Login.used_at.is_(None))
    .values(used_at=bindparam("at"))
    .returning(Login.state)
)


@dataclass(frozen=True)
class LetIn:
    """A launch that passed every check; `use_up` lets one of its copies through. `by_storage`: without a cookie."""

    arrival: Arrival
    state: str
    by_storage: bool


@dataclass(frozen=True)
class AskStorage:
    """A launch that is sound, from a browser that keeps no cookie: the LMS's own frame can prove that it is the one.

    `platform_origin` is where that frame is from, `target` its name, `key` what it keeps our secret under.
    """

    state: str
    platform_origin: str
    target: str
    key: str


def verify_launch(form: Mapping[str, str], cookies: Mapping[str, str], gate: Gate, now: datetime) -> LetIn | AskStorage:
    """Check a posted launch. Raises LaunchRefused, and then its login is used up.

    `cookies` maps a state to the value that the browser's cookie for it carried.
    """
    launch = PostedLaunch(form, cookies, gate, now)
    try:
        claims = launch.validate().get_launch_data()
        if launch.lacks_proof:
            return _ask_storage(launch, form, gate.database, now)
        platform, deployment_id = launch.platform, launch.deployment_id
        if platform is None or deployment_id is None:
            raise LaunchRefused(Reason.TOKEN_MALFORMED)
        arrival = arrival_from(claims, platform, deployment_id)
    except LaunchRefused as problem:
        problem.facts = launch.facts() | problem.facts
        if launch.platform is None or problem.reason in _LEAVES_LOGIN:
            raise
        with gate.database.writing() as session:
            was_free = session.execute(_USE_UP, {"of_state": form["state"], "at": now}).first() is not None
        raise problem if was_free else LaunchRefused(Reason.STATE_USED, **problem.facts) from None
    _remember_family(gate.database, platform, claims)
    return LetIn(arrival, form["state"], launch.by_storage)


def use_up(rows: Rows, let_in: LetIn, now: datetime) -> None:
    """Take the login that began this launch: of many at the same instant one gets through, the others raise."""
    if run(rows, _USE_UP, {"of_state": let_in.state, "at": now}).first() is None:
        raise LaunchRefused(Reason.STATE_USED, platform=let_in.arrival.platform_id)


def _ask_storage(launch: PostedLaunch, form: Mapping[str, str], database: Database, now: datetime) -> AskStorage:
    """Where the answer must come from; it must come within a minute, counted from the first time it was asked for."""
    if launch.platform is None:
        raise LaunchRefused(Reason.STATE_UNKNOWN)
    with database.writing() as session:
        asked = update(Login).where(Login.state == form["state"], Login.used_at.is_(None))
        row = session.execute(
            asked.values(storage_asked_at=func.coalesce(Login.storage_asked_at, now)).returning(Login.storage_target)
        ).first()
    if row is None:
        raise LaunchRefused(Reason.STATE_USED)
    return AskStorage(form["state"], origin_of(launch.platform.authorize_url), row[0] or "", storage_key(form["state"]))


def _remember_family(database: Database, platform: PlatformFacts, claims: Mapping[str, Any]) -> None:
    name = family_of_product(product_family(claims)).name
    if name != platform.family:
        with database.writing() as session:
            session.execute(update(Platform).where(Platform.id == platform.id).values(family=name))
