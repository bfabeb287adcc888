"""Registering a platform: by hand or by invitation, adding what is new, never changing what is another's."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.errors import NotAllowed, SetUpProblem
from lti_tool.identity.visits import hashed
from lti_tool.models import Deployment, Invitation, Platform
from lti_tool.wording import say

_ADDRESSES = ("authorize_url", "token_url", "jwks_url")


@dataclass(frozen=True)
class Registration:
    """What an LMS and the tool agree on. `token_audience`: whom client assertions are for, if not the token address."""

    name: str
    lti_issuer: str
    lti_client_id: str
    authorize_url: str
    token_url: str
    jwks_url: str
    token_audience: str | None = None
    accepts_new_deployments: bool = False


@dataclass(frozen=True)
class Registered:
    """A registration's number and name here, whether it is new, and the deployments that were new."""

    platform_id: int
    name: str
    is_new: bool
    new_deployments: tuple[str, ...]


@dataclass(frozen=True)
class Invited:
    """What an invitation allows. `lti_issuer` is the one issuer that may use it, whatever host it registers from."""

    id: int
    name: str
    lti_issuer: str | None
    accepts_new_deployments: bool


def register_platform(
    session: Session, wanted: Registration, lti_deployment_ids: Sequence[str], now: datetime
) -> Registered:
    """Add a platform, or deployments to one with the very same addresses. Raises SetUpProblem rather than change them.

    Two LMSs can have one issuer and client id (self-hosted Canvas, as it is delivered): the second is refused.
    """
    row = session.scalar(
        select(Platform).where(Platform.lti_issuer == wanted.lti_issuer, Platform.lti_client_id == wanted.lti_client_id)
    )
    is_new = row is None
    if row is not None and row.disabled_at is not None:
        raise SetUpProblem(
            f"Platform {row.id}, {row.name}, has this issuer and client id, and is disabled.",
            f"Nothing is changed. `lti-tool platforms enable {row.id}` lets it in again.",
        )
    if row is None:
        row = Platform(**vars(wanted), family="", created_at=now)
        session.add(row)
        session.flush()
    elif any(getattr(row, name) != getattr(wanted, name) for name in _ADDRESSES):
        raise SetUpProblem(
            f"Platform {row.id}, {row.name}, has this issuer and client id but other addresses.",
            "Nothing is changed. If this is another LMS, give it an issuer of its own; if the LMS has moved, register "
            "the tool there anew, which gives it another client id, and disable that platform.",
        )
    row.token_audience = wanted.token_audience or row.token_audience
    there = {
        one.lti_deployment_id: one
        for one in session.scalars(select(Deployment).where(Deployment.platform_id == row.id))
    }
    new = tuple(one for one in dict.fromkeys(lti_deployment_ids) if one not in there)
    session.add_all(Deployment(platform_id=row.id, lti_deployment_id=one) for one in new)
    for lti_deployment_id in lti_deployment_ids:
        if lti_deployment_id in there:
            there[lti_deployment_id].held_since = None
    return Registered(row.id, row.name, is_new, new)


def approve_deployment(session: Session, platform_id: int, lti_deployment_id: str) -> None:
    """Let a deployment in that appeared by itself. Raises SetUpProblem if there is none of that name."""
    held = update(Deployment).where(
        Deployment.platform_id == platform_id, Deployment.lti_deployment_id == lti_deployment_id
    )
    if session.execute(held.values(held_since=None).returning(Deployment.id)).first() is None:
        raise SetUpProblem(
            f"Platform {platform_id} has no deployment {lti_deployment_id}.", "`lti-tool platforms list` shows them."
        )


def platform_numbered(session: Session, platform_id: int) -> Platform:
    """Return a registered platform by its number here. Raises SetUpProblem if there is none."""
    row = session.get(Platform, platform_id)
    if row is None:
        raise SetUpProblem(f"There is no platform {platform_id}.", "`lti-tool platforms list` shows them.")
    return row


def allow_host(session: Session, platform_id: int, host: str) -> None:
    """Let a platform's services be at a host that its registration does not name. Raises SetUpProblem."""
    row = platform_numbered(session, platform_id)
    row.service_hosts = [*dict.fromkeys([*row.service_hosts, host.lower()])]


def invite(
    session: Session, name: str, lti_issuer: str | None, *, accepts_new_deployments: bool, hours: int, now: datetime
) -> str:
    """Store an invitation for one LMS and return its code, which is kept nowhere here."""
    code = secrets.token_urlsafe(24)
    session.add(
        Invitation(
            code_hash=hashed(code),
            name=name,
            lti_issuer=lti_issuer,
            accepts_new_deployments=accepts_new_deployments,
            created_at=now,
            expires_at=now + timedelta(hours=hours),
        )
    )
    return code


def open_invitation(session: Session, code: str, now: datetime) -> Invited:
    """Return what an unused invitation allows. Raises NotAllowed."""
    row = session.scalar(
        select(Invitation).where(
            Invitation.code_hash == hashed(code), Invitation.used_at.is_(None), Invitation.expires_at > now
        )
    )
    if row is None:
        raise _not_invited()
    return Invited(row.id, row.name, row.lti_issuer, row.accepts_new_deployments)


def take_invitation(session: Session, invited: Invited, now: datetime) -> None:
    """Use an invitation up: of two at the same instant one gets it. Raises NotAllowed."""
    free = update(Invitation).where(Invitation.id == invited.id, Invitation.used_at.is_(None))
    if session.execute(free.values(used_at=now).returning(Invitation.id)).first() is None:
        raise _not_invited()


def give_back_invitation(session: Session, invited: Invited) -> None:
    """After a registration that came to nothing the same address can be tried again."""
    session.execute(update(Invitation).where(Invitation.id == invited.id).values(used_at=None))


def _not_invited() -> NotAllowed:
    return NotAllowed(
        say("This registration address is not valid, was used already, or has expired."),
        say("Ask the operator of the class blog for a new one."),
    )
