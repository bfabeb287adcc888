"""What the school knows of its tools: registering, activating, and which one is used."""

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from . import tools
from .catalogue import NotHere
from .course import CLIENT_ID, HOSTED_CLIENT_ID, ToolAddresses
from .options import OneOf
from .store import Store
from .tool_keys import KeysOfTools
from .tools import RegisteredTool

if TYPE_CHECKING:
    from .accents import Accent


class ToolNotActive(RuntimeError):
    """An administrator has not switched the tool on yet."""


class ToolShelf:
    """The part of the school that has tools."""

    store: Store
    accent: "Accent"
    tool: ToolAddresses
    tool_keys: KeysOfTools
    _in_use: RegisteredTool | None = None
    profile = OneOf("self-hosted", "hosted", "old")

    @property
    def client_id(self) -> str:
        """Of the tool registered by hand; a Canvas that Instructure hosts gives longer ones."""
        return HOSTED_CLIENT_ID if self.profile == "hosted" and self.accent.name == "canvas" else CLIENT_ID

    @property
    def default_tool(self) -> RegisteredTool:
        """The one an administrator registered by hand."""
        tool = tools.hand_registered(self.tool, self.accent.name, self.accent.usual_custom)
        return replace(tool, client_id=self.client_id)

    def tools(self) -> tuple[RegisteredTool, ...]:
        """Every registered tool, the one registered by hand first."""
        with self.store.reading() as db:
            return (self.default_tool, *tools.all_tools(db))

    def tool_known_as(self, client_id: str) -> RegisteredTool | None:
        if client_id == self.client_id:
            return self.default_tool
        return next((tool for tool in self.tools() if tool.client_id == client_id), None)

    def tool_numbered(self, number: int) -> RegisteredTool | None:
        return next((tool for tool in self.tools() if tool.number == number), None)

    def _tool(self, client_id: str) -> RegisteredTool:
        tool = self.tool_known_as(client_id)
        if tool is None:
            raise NotHere(f"no tool has the client id {client_id!r}")
        return tool

    @property
    def tool_in_use(self) -> RegisteredTool:
        """The tool that activities and dialogues open; remembered, for every page asks."""
        if self._in_use is None:
            chosen = self.store.fact("tool_in_use", CLIENT_ID)
            self._in_use = self.default_tool if chosen == CLIENT_ID else self._tool(chosen)
        return self.default_tool if self._in_use.by_hand else self._in_use

    def use_tool(self, client_id: str) -> None:
        """Open this tool from now on."""
        tool = self._tool(client_id)
        if not tool.active:
            raise ToolNotActive(f"the tool {client_id} is not switched on")
        self.store.set_fact("tool_in_use", CLIENT_ID if tool.by_hand else client_id)
        self._in_use = None

    def activate(self, client_id: str, active: bool = True) -> RegisteredTool:
        """Moodle: press Activate. Canvas: set the key to On and make the app available."""
        tool = replace(self._tool(client_id), active=active)
        if not tool.by_hand:
            with self.store.writing() as db:
                tools.keep_tool(db, tool)
        self._in_use = None
        return tool

    def register_tool(self, draft: RegisteredTool) -> RegisteredTool | None:
        """Keep what a tool registered; None when its client id is taken, so that a token works once."""
        with self.store.writing() as db:
            known = {CLIENT_ID, *(tool.client_id for tool in tools.all_tools(db))}
            if draft.client_id in known:
                return None
            number = tools.next_number(db)
            tool = replace(draft, number=number, deployment_id=self.accent.new_deployment_id(number))
            tools.keep_tool(db, tool)
        return tool

    def change_tool(self, tool: RegisteredTool) -> None:
        """Write a registration anew: same number, client id and deployment."""
        with self.store.writing() as db:
            tools.keep_tool(db, tool)
        self._in_use = None

    @staticmethod
    def fresh_client_id(letters: str, length: int) -> str:
        return "".join(secrets.choice(letters) for _ in range(length))
