"""The tools an administrator has registered: the one by hand, and those that registered themselves."""

import json
import sqlite3
from dataclasses import asdict, dataclass, field
from typing import Any

from .course import CLIENT_ID, DEPLOYMENT_ID, ToolAddresses
from .scopes import ALL_SCOPES

DEEP_LINKING = "LtiDeepLinkingRequest"
EVERYTHING = ("sub", "iss", "name", "given_name", "family_name", "email", "picture", "locale")


@dataclass(frozen=True)
class RegisteredTool:
    """What the LMS knows of a tool. `scopes` are those granted, `configuration` is what the tool posted.

    `number` is Moodle's type id. `privacy` is Canvas's level, given by the tool or inferred from its claims.
    """

    number: int
    client_id: str
    deployment_id: str
    name: str
    login_url: str
    launch_url: str
    jwks_url: str
    redirect_urls: tuple[str, ...]
    scopes: tuple[str, ...] = ALL_SCOPES
    custom: dict[str, str] = field(default_factory=dict)
    claims: tuple[str, ...] = EVERYTHING
    messages: tuple[dict[str, Any], ...] = ({"type": DEEP_LINKING},)
    active: bool = True
    description: str = ""
    icon_url: str = ""
    domain: str = ""
    privacy: str = "public"
    configuration: dict[str, Any] = field(default_factory=dict)

    @property
    def launch_urls(self) -> tuple[str, ...]:
        return self.redirect_urls

    @property
    def by_hand(self) -> bool:
        """Whether an administrator typed it in: then it posted no configuration."""
        return not self.configuration

    def message(self, kind: str, placement: str = "") -> dict[str, Any] | None:
        """The first message of this type, with this placement if one is asked for."""
        for message in self.messages:
            if message.get("type") == kind and (not placement or placement in message.get("placements", [placement])):
                return message
        return None

    def deep_linking_url(self, placement: str = "") -> str:
        """Where content is chosen: the message's own address, else the tool's."""
        message = self.message(DEEP_LINKING, placement) or {}
        return str(message.get("target_link_uri") or self.launch_url)


def hand_registered(addresses: ToolAddresses, accent: str, custom: dict[str, str]) -> RegisteredTool:
    """The tool that the school has had from the start."""
    return RegisteredTool(
        number=1,
        client_id=CLIENT_ID,
        deployment_id=DEPLOYMENT_ID(accent),
        name="Class blog",
        login_url=addresses.login_url,
        launch_url=addresses.launch_url,
        jwks_url=addresses.jwks_url,
        redirect_urls=(addresses.launch_url,),
        custom=custom,
    )


def _tool(row: sqlite3.Row) -> RegisteredTool:
    values = json.loads(row["tool"])
    for name in ("redirect_urls", "scopes", "claims", "messages"):
        values[name] = tuple(values[name])
    return RegisteredTool(**values)


def all_tools(db: sqlite3.Connection) -> list[RegisteredTool]:
    """The tools that registered themselves, oldest first."""
    return [_tool(row) for row in db.execute("SELECT * FROM tools ORDER BY number")]


def keep_tool(db: sqlite3.Connection, tool: RegisteredTool) -> None:
    """Add a tool or write it anew."""
    row = (tool.number, tool.client_id, json.dumps(asdict(tool), ensure_ascii=False))
    db.execute("INSERT OR REPLACE INTO tools VALUES (?, ?, ?)", row)


def next_number(db: sqlite3.Connection) -> int:
    """Number 1 is the tool registered by hand."""
    return int(db.execute("SELECT COALESCE(MAX(number), 1) + 1 FROM tools").fetchone()[0])
