"""Checks a set-up and says what is wrong and what to do about it."""

import stat
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from lti_tool.errors import LmsUnreachable
from lti_tool.lti.connection import AddressRefused
from lti_tool.lti.key_sets import usable_keys
from lti_tool.lti.keys import key_files
from lti_tool.mailing.sending import MailServerGone, mail_server
from lti_tool.migrations import is_current
from lti_tool.models import Deployment, GradebookScore, Platform, SyncState
from lti_tool.tool import Tool


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `good`, or what is wrong and what to do."""

    subject: str
    good: bool
    says: str


def examine(tool: Tool) -> list[Finding]:
    """Look at everything a launch and a sync need; later checks are left out where an earlier one makes them moot."""
    findings = [_address(tool), *_keys(tool), _database(tool)]
    if findings[-1].good:
        findings += [*_platforms(tool), _scores(tool)]
    if tool.settings.sends_mail:
        findings.append(_mail(tool))
    return findings


def _address(tool: Tool) -> Finding:
    url = tool.settings.public_url
    if url.startswith("https://"):
        return Finding("public address", True, url)
    return Finding("public address", True, f"{url} (good for trying it on this machine; an LMS needs https)")


def _keys(tool: Tool) -> Iterator[Finding]:
    files = key_files(tool.settings.keys_dir)
    if not files:
        yield Finding("keys", False, f"There is none in {tool.settings.keys_dir}: run `lti-tool keys new`.")
    for file in files:
        if file.path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Finding("keys", False, f"{file.path} can be read by others: run `chmod 600 {file.path}`.")
    if files:
        yield Finding("keys", True, f"{len(files)}, signing with {files[0].kid}")


def _database(tool: Tool) -> Finding:
    try:
        current = is_current(tool.database)
    except SQLAlchemyError as problem:
        kind = type(problem).__name__
        return Finding("database", False, f"It does not answer ({kind}): check LTI_TOOL_DATABASE_URL and the server.")
    if not current:
        return Finding("database", False, "Its schema is not the newest: run `lti-tool db upgrade`.")
    return Finding("database", True, tool.database.engine.url.render_as_string(hide_password=True))


def _platforms(tool: Tool) -> Iterator[Finding]:
    with tool.database.reading() as session:
        rows = session.execute(
            select(
                Platform.id,
                Platform.name,
                Platform.jwks_url,
                Platform.token_url,
                func.count(Deployment.id),
                func.count(Deployment.held_since),
            )
            .outerjoin(Deployment, Deployment.platform_id == Platform.id)
            .where(Platform.disabled_at.is_(None))
            .group_by(Platform.id)
        ).all()
    if not rows:
        yield Finding("platforms", False, "None is registered: run `lti-tool platforms invite`, or `platforms add`.")
    for platform_id, name, jwks_url, token_url, deployments, held in rows:
        subject = f"platform {name}"
        if not deployments:
            yield Finding(subject, True, "It has no deployment yet: one appears when the blog is first opened there.")
        if held:
            yield Finding(
                subject, False, f"{held} of its deployments wait: see `lti-tool platforms list`, then "
                f"`lti-tool platforms approve {platform_id} ID`."
            )  # fmt: skip
        yield _reachable(subject, "key set", jwks_url, lambda url: _read_keys(tool, url))
        yield _reachable(subject, "token address", token_url, lambda url: tool.connection.check(url))


def _mail(tool: Tool) -> Finding:
    """Sign in to the mail server, as the daily digest does; nothing is sent."""
    server, settings = mail_server(tool.settings), tool.settings
    try:
        with server.open() if server else nullcontext():
            pass
    except MailServerGone as problem:
        where = f"{settings.smtp_host}, port {settings.smtp_port}"
        advice = "check LTI_TOOL_SMTP_HOST, LTI_TOOL_SMTP_PORT, how it encrypts, user and password."
        return Finding("mail server", False, f"{where} lets nobody in ({problem}): {advice}")
    return Finding("mail server", True, f"{settings.smtp_host}, from {settings.mail_from}")


def _read_keys(tool: Tool, url: str) -> None:
    if not usable_keys(tool.connection.call("GET", url, largest=1_000_000).json()):
        raise ValueError("no usable key")


def _reachable(subject: str, what: str, url: str, look: Callable[[str], None]) -> Finding:
    try:
        look(url)
    except AddressRefused:
        advice = "it is not https, or private: set LTI_TOOL_ALLOW_PRIVATE_ADDRESSES=true if that is meant."
        return Finding(subject, False, f"The {what} {url} may not be called: {advice}")
    except LmsUnreachable as problem:
        return Finding(subject, False, f"The {what} {url}: {problem.what} Check the address and the network.")
    except ValueError:
        return Finding(subject, False, f"The {what} {url} holds no RSA signing key. Check the address.")
    return Finding(subject, True, f"{what} {url}")


def _scores(tool: Tool) -> Finding:
    stuck = (SyncState.NEEDS_TEACHER, SyncState.NEEDS_ADMINISTRATOR)
    overdue = tool.clock()
    with tool.database.reading() as session:
        count = session.scalar(select(func.count()).select_from(GradebookScore).where(GradebookScore.state.in_(stuck)))
        oldest = session.scalar(select(func.min(GradebookScore.due_at)).where(GradebookScore.leased_until.is_(None)))
    if oldest is not None and (overdue - oldest).total_seconds() > 300:
        return Finding("scores", False, "Some have been due for over five minutes: is a worker running?")
    if count:
        return Finding("scores", False, f"{count} need somebody: see the blog's gradebook page, or `lti-tool sync`.")
    return Finding("scores", True, "none is stuck")
