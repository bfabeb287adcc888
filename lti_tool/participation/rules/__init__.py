"""The rules a teacher can choose from: each turns what a person did into points, exactly. Pure: values in, values out.

To add one: a module here with a frozen dataclass whose fields are its form and its stored settings, and its line in
`RULES`.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lti_tool.participation.rules.post_and_comments import PostAndComments
from lti_tool.participation.rules.sheet import Activity, MarkedComment, Rule, ScoreItem, ScoreSheet

RULES: tuple[type[Rule], ...] = (PostAndComments,)
DEFAULT_RULE: Rule = PostAndComments()

__all__ = [
    "DEFAULT_RULE",
    "RULES",
    "Activity",
    "MarkedComment",
    "Rule",
    "ScoreItem",
    "ScoreSheet",
    "rule_from",
    "stored",
]


def rule_from(settings: Mapping[str, Any] | None) -> Rule:
    """Return the rule that stored settings describe, the default one if there are none. Raises ValueError."""
    if not settings:
        return DEFAULT_RULE
    fields = dict(settings)
    name = fields.pop("rule")
    for kind in RULES:
        if kind.name == name:
            return kind.from_fields(fields)
    raise ValueError(f"no rule is called {name}")


def stored(rule: Rule) -> dict[str, Any]:
    """Return the settings that `rule_from` makes the same rule of."""
    return {"rule": rule.name, **{name: str(value) for name, value in asdict(rule).items()}}
