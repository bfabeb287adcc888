"""Platforms: who may launch, and what is kept to speak with them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.models.base import Base


class Platform(Base):
    """An LMS and our registration with it. (issuer, client id) names it; an issuer alone does not."""

    __tablename__ = "platform"
    __table_args__ = (UniqueConstraint("lti_issuer", "lti_client_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    lti_issuer: Mapped[str]
    lti_client_id: Mapped[str]
    authorize_url: Mapped[str]
    token_url: Mapped[str]
    token_audience: Mapped[str | None]
    jwks_url: Mapped[str]
    family: Mapped[str] = mapped_column(default="")
    accepts_new_deployments: Mapped[bool] = mapped_column(default=False)
    service_hosts: Mapped[list[str]] = mapped_column(default=list)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    key_set: Mapped[dict[str, Any] | None]
    key_set_read_at: Mapped[datetime | None]
    key_set_fresh_until: Mapped[datetime | None]
    key_set_tried_at: Mapped[datetime | None]


class Invitation(Base):
    """An operator's leave for one LMS to register itself, once and for a while. Its code is kept as a hash only."""

    __tablename__ = "invitation"
    id: Mapped[int] = mapped_column(primary_key=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    lti_issuer: Mapped[str | None]
    accepts_new_deployments: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Deployment(Base):
    """One place of a platform where the tool is installed. One that appeared by itself waits for the operator."""

    __tablename__ = "deployment"
    __table_args__ = (UniqueConstraint("platform_id", "lti_deployment_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    lti_deployment_id: Mapped[str]
    held_since: Mapped[datetime | None]
    platform: Mapped[Platform] = relationship()


class Login(Base):
    """One begun login: what the launch that ends it must match. Used once.

    `storage_hash` is of the secret that the LMS's own frame keeps where the browser keeps no cookie of ours.
    """

    __tablename__ = "login"
    state: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[str]
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    target_link_uri: Mapped[str]
    lti_deployment_id: Mapped[str | None]
    storage_hash: Mapped[str | None]
    storage_target: Mapped[str | None]
    storage_asked_at: Mapped[datetime | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class ServiceToken(Base):
    """An access token that all processes share, sealed with the tool's secret. `asked_until`: one is asking for it."""

    __tablename__ = "service_token"
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"), primary_key=True)
    lti_deployment_id: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[str | None]
    ends_at: Mapped[datetime | None]
    asked_until: Mapped[datetime | None]
