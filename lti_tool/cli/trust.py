"""Commands about keys and platforms: whom the tool trusts, and how it shows who it is."""

from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy import select

from lti_tool.cli.root import as_json, main, print_facts, with_tool
from lti_tool.errors import SetUpProblem
from lti_tool.lti.connection import AddressRefused
from lti_tool.lti.keys import key_files, new_key, retire_key
from lti_tool.lti.registration import Registration, register_platform
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
@with_tool
def platforms_add(tool: Tool, _clockwork: Clockwork, deployment_ids: tuple[str, ...], **facts: str) -> None:
    """Register an LMS. What is registered already is never overwritten."""
    for option in ("authorize_url", "token_url", "jwks_url"):
        _check_address(tool, option, facts[option])
    with tool.database.writing() as session:
        done = register_platform(session, Registration(**facts), deployment_ids, tool.clock())
    if not done.new_deployments:
        raise SetUpProblem(f"Platform {done.platform_id}, {done.name}, is registered already.", "Nothing is changed.")
    click.echo(f"Platform {done.platform_id}, {done.name}: deployment {', '.join(done.new_deployments)} added.")


@platforms.command("list")
@as_json
@with_tool
def platforms_list(tool: Tool, _clockwork: Clockwork, as_json: bool) -> None:
    """List the registered LMSs."""
    with tool.database.reading() as session:
        deployments = list(session.execute(select(Deployment.platform_id, Deployment.lti_deployment_id)))
        facts = [
            {
                "id": row.id,
                "name": row.name,
                "issuer": row.lti_issuer,
                "client_id": row.lti_client_id,
                "deployment_ids": [lti_id for platform_id, lti_id in deployments if platform_id == row.id],
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
        row = session.get(Platform, platform_id)
        if row is None:
            raise SetUpProblem(f"There is no platform {platform_id}.", "`lti-tool platforms list` shows them.")
        row.disabled_at = tool.clock()
        name = row.name
    click.echo(f"{name} is disabled.")


def _check_address(tool: Tool, option: str, address: str) -> None:
    try:
        tool.connection.check(address)
    except AddressRefused:
        raise SetUpProblem(
            f"--{option.replace('_', '-')} {address} is not https.",
            "Use https; for an LMS on this machine or a private network set LTI_TOOL_ALLOW_PRIVATE_ADDRESSES=true.",
        ) from None


def _platform_line(one: dict[str, Any]) -> str:
    state = "  DISABLED" if one["disabled"] else ""
    places = ", ".join(one["deployment_ids"])
    return f"{one['id']}  {one['name']}  {one['issuer']}  client {one['client_id']}  deployments {places}{state}"
