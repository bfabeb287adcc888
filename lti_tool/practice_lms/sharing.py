"""Personal data: what the administrator lets out, and no more than the tool asked for."""

from collections.abc import Collection
from typing import Any

from .options import OneOf

LEVELS = {(True, True): "public", (True, False): "name_only", (False, True): "email_only", (False, False): "anonymous"}


def level(named: bool, mailed: bool) -> str:
    """The privacy level that shares names, or e-mail addresses, or both, or neither."""
    return LEVELS[named, mailed]


def level_asked_for(claims: Collection[str]) -> str:
    """What a tool's list of claims amounts to (Moodle: share name, share e-mail; Canvas infers it likewise)."""
    return level(bool({"name", "given_name", "family_name"} & set(claims)), "email" in claims)


class Privacy(OneOf):
    """The administrator's level, narrowed to that of the tool in use."""

    def __init__(self) -> None:
        super().__init__(*LEVELS.values())

    def __get__(self, holder: Any, owner: type | None = None) -> str:
        levels = (super().__get__(holder, owner), holder.tool_in_use.privacy)
        named = all(each in ("public", "name_only") for each in levels)
        return level(named, all(each in ("public", "email_only") for each in levels))
