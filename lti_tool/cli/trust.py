"""Commands about keys and platforms: whom the tool trusts, and how it shows who it is."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from sqlalchemy import select

from lti_tool.cli.root import as_json, main, print_facts, with_tool
from lti_tool.errors import SetUpProblem
from lti_tool.lti.connection import AddressRefused
from lti_tool.lti.keys import key_files, new_key, retire_key
from lti_tool.lti.registration import (
    Registration,
    allow_host,
    approve_deployment,
    invite,
    platform_numbered,
    register_platform,
)
from lti_tool.lti.tool_description import ToolAddresses
from lti_tool.models import Deployment, Platform
from lti_tool.settings import read_settings
from lti_tool.tool import Tool
from lti_tool.worker import Clockwork


@main.group()
def keys() -> None:
    """The tool's own keys."""


@keys.command("new")
def keys_new() -> None:
    """Make a key; from now on it signs, and older ones are still published."""
    click.echo(new_key(read_settings().keys_dir).kid)


@keys.command("list")
@as_json
def keys_list(as_json: bool) -> None:
    """List the keys, the one that signs first."""
    files = key_files(read_settings().keys_dir)
    facts = [
        {"kid": file.kid, "made": datetime.fromtimestamp(file.made_at, UTC).isoformat(), "signs": place == 0}
        for place, file in enumerate(files)
    ]
    print_facts(facts, as_json, lambda one: f"{one['kid']}  {one['made'][:16]}{'  signs' if one['signs'] else ''}")


@keys.command("retire")
@click.argument("kid")
def keys_retire(kid: str) -> None:
    """Publish a key no longer (it is moved to retired/)."""
    click.echo(f"Moved to {retire_key(read_settings().keys_dir, kid)}.")


_accept = click.option(
    "--accept-new-deployments",
    is_flag=True,
    help="Let in each place of the LMS where the tool turns up; otherwise each waits for `platforms approve`.",
)


@main.group()
def platforms() -> None:
    """The LMSs that may launch the tool."""


@platforms.command("add")
@click.option("--name", required=True)
@click.option("--issuer", "lti_issuer", required=True)
@click.option("--client-id", "lti_client_id", required=True)
@click.option("--deployment-id", "deployment_ids", required=True, multiple=True, help="May be given several times.")
@click.option("--authorize-url", required=True)
@click.option("--token-url", required=True)
@click.option("--jwks-url", required=True)
@click.option("--token-audience", help="Whom client assertions are for, where that is not the token URL.")
@_accept
@with_tool
def platforms_add(
    tool: Tool,
    _clockwork: Clockwork,
    deployment_ids: tuple[str, ...],
    accept_new_deployments: bool,
    token_audience: str | None,
    **facts: str,
) -> None:
    """Register an LMS. What is registered already is never overwritten."""
    for option in ("authorize_url", "token_url", "jwks_url"):
        _check_address(tool, option, facts[option])
    wanted = Registration(**facts, token_audience=token_audience, accepts_new_deployments=accept_new_deployments)
    with tool.database.writing() as session:
        done = register_platform(session, wanted, deployment_ids, tool.clock())
    if not done.new_deployments:
        raise SetUpProblem(f"Platform {done.platform_id}, {done.name}, is registered already.", "Nothing is changed.")
    click.echo(f"Platform {done.platform_id}, {done.name}: deployment {', '.join(done.new_deployments)} added.")


@platforms.command("invite")
@click.option("--name", default="", help="What the LMS is called here, a school's name say. Default: its host.")
@click.option(
    "--issuer", "lti_issuer", help="The only issuer that may use it; needed where that is not the LMS's host."
)
@_accept
@click.option("--hours", type=click.IntRange(1, 24 * 30), default=24, show_default=True, help="How long it is good.")
@as_json
@with_tool
def platforms_invite(
    tool: Tool,
    _clockwork: Clockwork,
    name: str,
    lti_issuer: str | None,
    accept_new_deployments: bool,
    hours: int,
    as_json: bool,
) -> None:
    """Make an address with which one LMS registers itself, once. Its administrator pastes it into the LMS."""
    now = tool.clock()
    with tool.database.writing() as session:
        code = invite(session, name, lti_issuer, accepts_new_deployments=accept_new_deployments, hours=hours, now=now)
    address = f"{ToolAddresses(tool.settings.public_url).register_url}?invitation={code}"
    ends = (now + timedelta(hours=hours)).isoformat(timespec="minutes")
    print_facts([{"address": address, "name": name, "expires": ends}], as_json, lambda one: f"{one['address']}")


@platforms.command("approve")
@click.argument("platform_id", type=int)
@click.argument("deployment_id")
@with_tool
def platforms_approve(tool: Tool, _clockwork: Clockwork, platform_id: int, deployment_id: str) -> None:
    """Let a deployment in that first appeared at a launch and waits."""
    with tool.database.writing() as session:
        approve_deployment(session, platform_id, deployment_id)
    click.echo(f"Deployment {deployment_id} of platform {platform_id} is approved.")


@platforms.command("allow-host")
@click.argument("platform_id", type=int)
@click.argument("host")
@with_tool
def platforms_allow_host(tool: Tool, _clockwork: Clockwork, platform_id: int, host: str) -> None:
    """Let an LMS's grade and roster services be at another HOST (with its port, if it has one) than the LMS."""
    if not _is_host(host):
        raise SetUpProblem(f"“{host}” is not a host.", "Give it as in lms.example.edu or lms.example.edu:8443.")
    with tool.database.writing() as session:
        allow_host(session, platform_id, host)
    click.echo(f"Platform {platform_id} may have services at {host}.")


@platforms.command("list")
@as_json
@with_tool
def platforms_list(tool: Tool, _clockwork: Clockwork, as_json: bool) -> None:
    """List the registered LMSs."""
    with tool.database.reading() as session:
        deployments = list(session.scalars(select(Deployment).order_by(Deployment.id)))
        facts = [
            {
                "id": row.id,
                "name": row.name,
                "issuer": row.lti_issuer,
                "client_id": row.lti_client_id,
                "deployment_ids": _ids_of(deployments, row.id, held=False),
                "held_deployment_ids": _ids_of(deployments, row.id, held=True),
                "family": row.family,
                "disabled": row.disabled_at is not None,
            }
            for row in session.scalars(select(Platform).order_by(Platform.id))
        ]
    print_facts(facts, as_json, _platform_line)


@platforms.command("disable")
@click.argument("platform_id", type=int)
@with_tool
def platforms_disable(tool: Tool, _clockwork: Clockwork, platform_id: int) -> None:
    """Shut an LMS out: no launch, no open visit, no score."""
    with tool.database.writing() as session:
        row = platform_numbered(session, platform_id)
        row.disabled_at = tool.clock()
        name = row.name
    click.echo(f"{name} is disabled.")


@platforms.command("enable")
@click.argument("platform_id", type=int)
@with_tool
def platforms_enable(tool: Tool, _clockwork: Clockwork, platform_id: int) -> None:
    """Let an LMS in again that was disabled."""
    with tool.database.writing() as session:
        row = platform_numbered(session, platform_id)
        row.disabled_at = None
        name = row.name
    click.echo(f"{name} is enabled.")


def _check_address(tool: Tool, option: str, address: str) -> None:
    try:
        tool.connection.check(address)
    except AddressRefused:
        raise SetUpProblem(
            f"--{option.replace('_', '-')} {address} is not https.",
            "Use https; for an LMS on this machine or a private network set LTI_TOOL_ALLOW_PRIVATE_ADDRESSES=true.",
        ) from None


def _is_host(text: str) -> bool:
    """Whether this can be the host in an address, perhaps with a port; a pattern such as *.example.edu cannot."""
    named = re.fullmatch(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?", text)
    return named is not None and int((named[2] or ":0")[1:]) <= 65_535


def _ids_of(deployments: Sequence[Deployment], platform_id: int, *, held: bool) -> list[str]:
    return [
        one.lti_deployment_id
        for one in deployments
        if one.platform_id == platform_id and (one.held_since is not None) is held
    ]


def _platform_line(one: dict[str, Any]) -> str:
    state = "  DISABLED" if one["disabled"] else ""
    if one["held_deployment_ids"]:
        state += f"  WAITING FOR APPROVAL {', '.join(one['held_deployment_ids'])}"
    places = ", ".join(one["deployment_ids"])
    return f"{one['id']}  {one['name']}  {one['issuer']}  client {one['client_id']}  deployments {places}{state}"
