"""Registering a platform: adding what is new, never changing what is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.errors import SetUpProblem
from lti_tool.models import Deployment, Platform


@dataclass(frozen=True)
class Registration:
    """What an LMS and the tool agree on."""

    name: str
    lti_issuer: str
    lti_client_id: str
    authorize_url: str
    token_url: str
    jwks_url: str


@dataclass(frozen=True)
class Registered:
    """A registration's number and name here, and the deployments that were new."""

    platform_id: int
    name: str
    new_deployments: tuple[str, ...]


def register_platform(
    session: Session, wanted: Registration, lti_deployment_ids: Sequence[str], now: datetime
) -> Registered:
    """Add a platform, or deployments to one with the very same addresses. Raises SetUpProblem rather than change it."""
    row = session.scalar(
        select(Platform).where(Platform.lti_issuer == wanted.lti_issuer, Platform.lti_client_id == wanted.lti_client_id)
    )
    if row is None:
        row = Platform(**vars(wanted), family="", created_at=now)
        session.add(row)
        session.flush()
    elif any(getattr(row, name) != getattr(wanted, name) for name in ("authorize_url", "token_url", "jwks_url")):
        raise SetUpProblem(
            f"Platform {row.id}, {row.name}, has this issuer and client id but other addresses.",
            "Nothing is changed. Disable it first if it is to be replaced.",
        )
    there = set(session.scalars(select(Deployment.lti_deployment_id).where(Deployment.platform_id == row.id)))
    new = tuple(one for one in dict.fromkeys(lti_deployment_ids) if one not in there)
    session.add_all(Deployment(platform_id=row.id, lti_deployment_id=one) for one in new)
    return Registered(row.id, row.name, new)
