"""What one LMS does differently from another, as values. To add one: a module here, and its line in `FAMILIES`."""

from lti_tool.lti.families.blackboard import BLACKBOARD
from lti_tool.lti.families.brightspace import BRIGHTSPACE
from lti_tool.lti.families.canvas import CANVAS
from lti_tool.lti.families.family import Family
from lti_tool.lti.families.moodle import MOODLE
from lti_tool.wording import say

STANDARD = Family(name="standard", label=say("Another LMS"))
FAMILIES: tuple[Family, ...] = (CANVAS, MOODLE, BRIGHTSPACE, BLACKBOARD)

__all__ = [
    "BLACKBOARD",
    "BRIGHTSPACE",
    "CANVAS",
    "FAMILIES",
    "MOODLE",
    "STANDARD",
    "Family",
    "family_named",
    "family_of_product",
]


def family_named(name: str) -> Family:
    """Return the family of that name; one that keeps to the standard for any other name."""
    return next((family for family in FAMILIES if family.name == name), STANDARD)


def family_of_product(product_family_code: object) -> Family:
    """Return the family that the launch claim `tool_platform.product_family_code` names."""
    return next((family for family in FAMILIES if product_family_code in family.product_codes), STANDARD)
