"""What a tool sends back when somebody has chosen content (Deep Linking 2.0, section 3 and 4.5), as values."""

from dataclasses import dataclass, field
from typing import Any

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
ITEMS = DL + "content_items"
SETTINGS = DL + "deep_linking_settings"
MODULE_NAME = "https://canvas.instructure.com/lti/module_name"


@dataclass(frozen=True)
class LineItem:
    """The gradebook column an item asks for."""

    maximum: float | None
    label: str = ""
    resource_id: str = ""
    tag: str = ""
    submission_review: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ContentItem:
    """One chosen thing for a course. `problems` are what the LMS objects to; `claims` is the item as it was sent."""

    type: str
    title: str = ""
    text: str = ""
    url: str = ""
    custom: dict[str, str] = field(default_factory=dict)
    line_item: LineItem | None = None
    course_id: int = 1
    placement: str = ""
    module_name: str = ""
    problems: tuple[str, ...] = ()
    claims: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DeepLinkingOutcome:
    """What became of a response: the items and words for people, or the LMS's refusal with its status."""

    items: tuple[ContentItem, ...] = ()
    message: str = ""
    error_message: str = ""
    course_id: int = 1
    placement: str = ""
    refusal: str = ""
    status: int = 200
    body: Any = None

    @property
    def refused(self) -> bool:
        return bool(self.refusal)


class ItemRefused(ValueError):
    """The LMS does not save the item."""


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _line_item(value: object) -> LineItem | None:
    if not isinstance(value, dict):
        return None
    names = {"label": "label", "resource_id": "resourceId", "tag": "tag"}
    texts = {own: str(value.get(name) or "") for own, name in names.items()}
    return LineItem(
        _number(value.get("scoreMaximum")), submission_review=_object(value.get("submissionReview")), **texts
    )


def item_from(claims: dict[str, Any], course_id: int, placement: str, module_name: str) -> ContentItem:
    """A content item as it was sent, read without judgement."""
    return ContentItem(
        type=str(claims.get("type", "")),
        title=str(claims.get("title") or ""),
        text=str(claims.get("text") or claims.get("html") or ""),
        url=str(claims.get("url") or ""),
        custom={name: str(value) for name, value in _object(claims.get("custom")).items()},
        line_item=_line_item(claims.get("lineItem")),
        course_id=course_id,
        placement=placement,
        module_name=module_name,
        claims=claims,
    )


def outcome_of(claims: dict[str, Any], course_id: int, placement: str = "") -> DeepLinkingOutcome:
    """The items and messages of a verified response."""
    sent = claims.get(ITEMS)
    objects = [item for item in sent if isinstance(item, dict)] if isinstance(sent, list) else []
    module = str(claims.get(MODULE_NAME) or "")
    items = tuple(item_from(item, course_id, placement, module) for item in objects)
    message, error_message = str(claims.get(DL + "msg") or ""), str(claims.get(DL + "errormsg") or "")
    return DeepLinkingOutcome(items, message, error_message, course_id, placement)
