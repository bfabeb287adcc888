"""Choosing content in the tool: the claims, the response, and what is kept between the dialogue and Save."""

import json
import secrets
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .content import SETTINGS, ContentItem, DeepLinkingOutcome, item_from
from .course import Activity
from .keys import Claims
from .openings import tool_of
from .pending_launches import Launch

if TYPE_CHECKING:
    from .school import PracticeSchool


@dataclass(frozen=True)
class Draft:
    """What came back from a dialogue: items that wait for Save, and words for the teacher."""

    course_id: int
    placement: str
    items: tuple[dict[str, Any], ...] = ()
    module_name: str = ""
    message: str = ""
    error_message: str = ""
    problems: tuple[str, ...] = field(default_factory=tuple)

    def content(self) -> tuple[ContentItem, ...]:
        return tuple(item_from(item, self.course_id, self.placement, self.module_name) for item in self.items)


def with_changes(claims: Claims, changes: dict[str, Any]) -> Claims:
    """The same with other deep linking settings; None takes one out."""
    usual: Any = claims[SETTINGS]
    merged = {**usual, **changes}
    return {**claims, SETTINGS: {name: value for name, value in merged.items() if value is not None}}


def claims_of_dialogue(school: "PracticeSchool", launch: Launch, nonce: str) -> Claims:
    """The claims of a dialogue somebody opened; a refusal is raised if they may not."""
    person = school.person(launch.person_key)
    school.accent.may_choose(person, launch.placement)
    return school.accent.deep_linking_claims(
        school, tool_of(school, launch), person, school.course(launch.course_id), nonce, launch.placement
    )


def draft_from(outcome: DeepLinkingOutcome) -> Draft:
    items = tuple(item.claims for item in outcome.items)
    module = outcome.items[0].module_name if outcome.items else ""
    return Draft(outcome.course_id, outcome.placement, items, module, outcome.message, outcome.error_message)


def keep_draft(school: "PracticeSchool", draft: Draft) -> str:
    """Remember it under a name nobody can guess."""
    name = secrets.token_urlsafe(12)
    with school.store.writing() as db:
        db.execute("INSERT INTO drafts VALUES (?, ?)", (name, json.dumps(asdict(draft), ensure_ascii=False)))
    return name


def draft_named(school: "PracticeSchool", name: str) -> Draft | None:
    with school.store.reading() as db:
        row = db.execute("SELECT draft FROM drafts WHERE id = ?", (name,)).fetchone()
    if row is None:
        return None
    values = json.loads(row["draft"])
    return Draft(**{**values, "items": tuple(values["items"]), "problems": tuple(values["problems"])})


def drop_draft(school: "PracticeSchool", name: str) -> bool:
    """Saved or cancelled; only one caller hears True."""
    with school.store.writing() as db:
        return db.execute("DELETE FROM drafts WHERE id = ?", (name,)).rowcount == 1


def save_items(school: "PracticeSchool", items: tuple[ContentItem, ...]) -> tuple[Activity, ...]:
    """Make activities of the items, all or none; ItemRefused when the LMS objects to one."""
    tool = school.tool_in_use
    return school.add_activities([school.accent.activity_from(item, tool) for item in items])


def save_those_without_problems(school: "PracticeSchool", outcome: DeepLinkingOutcome) -> Draft:
    """Canvas's module placements: make at once what can be made, and say what cannot."""
    good = tuple(item for item in outcome.items if not school.accent.problems_of(item))
    made = save_items(school, good)
    problems = tuple(problem for item in outcome.items for problem in school.accent.problems_of(item))
    message = outcome.message or (f"{len(made)} added" if made else "")
    return replace(draft_from(outcome), items=(), message=message, problems=problems)
