"""The ways to misbehave, each with a name, the words a person sees, and its settings with their defaults."""

from dataclasses import dataclass, field
from typing import Any

SERVICES = "grade and roster services"
ROSTER = "roster"
STORAGE = "platform storage (Canvas)"


@dataclass(frozen=True)
class FaultKind:
    """One way to misbehave: its name, what a person sees, and the arguments with their defaults."""

    name: str
    words: str
    applies_to: str
    defaults: dict[str, Any] = field(default_factory=dict)
    times: int | None = None
    counted: bool = True


def _paging(name: str, words: str) -> FaultKind:
    return FaultKind(name, words, ROSTER, {"page_size": 5}, counted=False)


def _roster(name: str, words: str, **defaults: Any) -> FaultKind:
    return FaultKind(name, words, ROSTER, defaults, counted=False)


def _storage(name: str, words: str) -> FaultKind:
    return FaultKind(name, words, STORAGE, counted=False)


# Each form was seen on some LMS, or is allowed by RFC 8288 and seldom read.
PAGING_FAULTS = (
    _paging("roster_mixed_case", "Pages the roster by case-sensitive addresses"),
    _paging("roster_rel_unquoted", "Writes rel=next without quotes"),
    _paging("roster_title_first", "Writes a title before rel in the link to the next page"),
    _paging("roster_relative_link", "Links to the next page by a relative address"),
    _paging("roster_curly_quotes", "Puts curly quotes and &amp; into the link to the next page, as Moodle’s AGS does"),
    _paging("roster_next_is_itself", "Links to the next page, which is the same page"),
    _paging("roster_next_elsewhere", "Links to a next page on another host"),
    _paging("roster_page_fails", "Fails (500) on every page but the first"),
)
ROSTER_FAULTS = (
    *PAGING_FAULTS,
    _roster("roster_empty_body", "Answers nothing with status 200"),
    _roster("roster_empty_list", "Answers an empty list instead of a roster"),
    _roster("roster_members_null", "Says that members are null"),
    _roster("roster_html", "Answers a web page instead of a roster"),
    _roster("roster_other_course", "Answers the roster under another course’s id"),
    _roster("roster_no_status", "Leaves out the status of members", person=""),
    _roster("roster_inactive", "Says that members are Inactive", person=""),
    _roster("roster_deleted", "Says that members are Deleted", person=""),
    _roster("roster_minimal", "Gives of each member only user_id and roles"),
    _roster("roster_escaped", "Escapes every name for HTML, apostrophes too"),
)
STORAGE_FAULTS = (
    _storage("storage_at_login_only", "Names the storage at login and not at launch, as Blackboard does"),
    _storage("no_storage_target", "Offers no storage at all, as the mobile apps"),
    _storage("no_storage_frame", "Names a storage frame that is not there"),
    _storage("storage_in_parent", "Keeps the storage in the page itself (_parent)"),
    _storage("storage_silent", "The storage never answers"),
    _storage("storage_lies", "The storage answers another value than was put there"),
)
FAULT_KINDS = (
    FaultKind("slow", "Answers slowly", f"{SERVICES}, tokens", {"seconds": 2.0}),
    FaultKind("rate_limited", "Says “too many requests” (429)", SERVICES, {"retry_after": 1}),
    FaultKind(
        "throttled",
        "Measures each call and refuses the hasty (Canvas’s leaky bucket)",
        SERVICES,
        {"status": 429, "cost": 1.0},
        counted=False,
    ),
    FaultKind("server_error", "Fails (500)", SERVICES),
    FaultKind("unauthorized_once", "Refuses the access token (401)", SERVICES, times=1),
    FaultKind(
        "reply_lost",
        "Stores the score, or makes the column, then loses its answer",
        "scores, new columns",
        {"close": False},
    ),
    FaultKind("html_200", "Answers a web page with status 200", SERVICES),
    FaultKind("token_down", "Gives no access tokens (503)", "tokens"),
    FaultKind("jwks_down", "Does not show its public keys (503)", "public keys"),
    FaultKind("jwks_html", "Shows a web page instead of its public keys", "public keys"),
    FaultKind("locked", "Somebody’s grade is locked", "scores", {"person": ""}),
    FaultKind("refuse_person", "Says somebody is not a student here", "scores", {"person": ""}),
    FaultKind("grading_period_closed", "Takes no grade, for the grading period is closed (Canvas)", "scores"),
    FaultKind("course_concluded", "Says the course has concluded (Canvas)", "columns, scores and results"),
    FaultKind(
        "group_assignment",
        "Gives what one student of a group gets to all of it (Canvas)",
        "scores",
        {"members": "tom, priya"},
        counted=False,
    ),
    FaultKind("refused_as_200", "Refuses a score with status 200 and a body (Moodle)", "scores"),
    FaultKind("no_attempts_left", "Says somebody may hand in no more (Canvas)", "scores", {"person": ""}),
    FaultKind("session_lost", "Forgets who is signed in during a launch", "launches"),
    *ROSTER_FAULTS,
    *STORAGE_FAULTS,
)
