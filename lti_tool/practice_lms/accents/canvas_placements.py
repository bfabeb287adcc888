"""Canvas: the places of its pages that open a tool to choose content (app/models/lti/resource_placement.rb)."""

from dataclasses import dataclass
from typing import Any

from ..tools import DEEP_LINKING, RegisteredTool

LINKS = ("ltiResourceLink",)
PREFIX = "https://canvas.instructure.com/lti/"
STANDARD_NAMES = {"ContentArea": "link_selection", "RichTextEditor": "editor_button"}


@dataclass(frozen=True)
class Placement:
    """What a dialogue opened from here accepts. `creates_at_once`: content is made without another form."""

    name: str
    words: str
    accept_multiple: bool
    auto_create: bool
    creates_at_once: bool = False
    accept_types: tuple[str, ...] = LINKS
    targets: tuple[str, ...] = ("iframe", "window")
    media_types: str = "application/vnd.ims.lti.v1.ltilink"


PLACEMENTS = (
    Placement("assignment_selection", "New assignment: Find", False, False),
    Placement("submission_type_selection", "New assignment: submission type", False, False),
    Placement("link_selection", "Module: add an item, External tool", True, False),
    Placement("course_assignments_menu", "Assignments: menu", True, False, creates_at_once=True),
    Placement("module_index_menu_modal", "Modules: menu", True, True, creates_at_once=True),
    Placement("module_menu_modal", "One module: menu", True, True, creates_at_once=True),
    Placement(
        "editor_button",
        "Editor: button",
        True,
        False,
        accept_types=("link", "file", "html", "ltiResourceLink", "image"),
        targets=("embed", "iframe", "window"),
        media_types="image/*,text/html,application/vnd.ims.lti.v1.ltilink,*/*",
    ),
    Placement(
        "homework_submission",
        "Submission: by a student",
        False,
        False,
        accept_types=("file", "ltiResourceLink"),
        targets=("iframe",),
        media_types="*/*",
    ),
)
MAKES_ACTIVITIES = tuple(place for place in PLACEMENTS if place.accept_types == LINKS)
MAKES_ASSIGNMENTS = ("assignment_selection", "submission_type_selection")


def placement_named(name: str) -> Placement | None:
    return next((place for place in PLACEMENTS if place.name == name), None)


def for_tool(tool: RegisteredTool) -> list[tuple[str, str]]:
    """The places where this tool is offered to teachers, by name, with the words for people."""
    return [(place.name, place.words) for place in MAKES_ACTIVITIES if tool.message(DEEP_LINKING, place.name)]


def offered() -> tuple[list[str], list[str]]:
    """The names in the openid configuration: for plain launches, and for choosing content."""
    standard = {own: name for name, own in STANDARD_NAMES.items()}
    dialogues = [standard.get(place.name, PREFIX + place.name) for place in PLACEMENTS]
    return [PREFIX + "course_navigation", PREFIX + "assignment_selection"], dialogues


def _own_name(name: str) -> str:
    return STANDARD_NAMES.get(name, name.removeprefix(PREFIX))


def with_own_names(messages: list[Any]) -> list[dict[str, Any]]:
    """Placements by Canvas's plain names; a message without one goes to link_selection, the first one wins."""
    kept: list[dict[str, Any]] = []
    taken: set[tuple[str, str]] = set()
    for message in messages:
        if not isinstance(message, dict):
            continue
        names = [_own_name(str(name)) for name in message.get("placements") or ["link_selection"]]
        free = [name for name in names if (str(message.get("type")), name) not in taken]
        taken |= {(str(message.get("type")), name) for name in free}
        kept.append({**message, "placements": free})
    return kept
