"""Launches that are not the usual ones: somebody's work looked at from the gradebook, and a teacher as a student.

Moodle sends LtiSubmissionReviewRequest (measured on 4.5.6); Canvas, which has no such message, a normal launch to the
address that the tool gave with the score (Canvas's external_tools_controller and SpeedGrader, measured in 2026).
"""

from typing import TYPE_CHECKING, Any

from .catalogue import NotHere
from .keys import Claims
from .pending_launches import Launch
from .scopes import AGS_CLAIM, CLAIM, VOCABULARY

if TYPE_CHECKING:
    from .school import PracticeSchool

BASIC_LTI_LAUNCH = "basic_lti_launch"
LEFTOVERS: dict[str, Any] = {"validation_context": None, "errors": {"errors": {}}}
PLAIN = (CLAIM + "custom",)


def as_launched(school: "PracticeSchool", launch: Launch, usual: Claims) -> Claims:
    """The claims of a launch, of whichever kind it is, made from those of a usual one."""
    claims: dict[str, Any] = dict(usual)
    if launch.as_student:
        claims = _as_student(school, claims)
    if launch.review_of:
        claims = _review(school, launch, claims)
    elif launch.target_link_uri:
        claims = _retrieved(launch, claims)
    if school.accent.name == "canvas" and school.profile == "old":
        claims = {name: _with_leftovers(name, value) for name, value in claims.items()}
    return claims


def _as_student(school: "PracticeSchool", claims: dict[str, Any]) -> dict[str, Any]:
    """Moodle's “Switch role to”: the same person, a Learner only. Student View in Canvas is a person of its own."""
    if school.accent.name != "moodle":
        raise NotHere("in Canvas a teacher looks as the test student: launch as 'teststudent'")
    return claims | {CLAIM + "roles": [VOCABULARY + "membership#Learner"]}


def review_target(school: "PracticeSchool", activity_id: int) -> str:
    """The address of the line item's submissionReview, if it gives one of its own."""
    return str(school.activity(activity_id).submission_review.get("url") or "")


def _review(school: "PracticeSchool", launch: Launch, claims: dict[str, Any]) -> dict[str, Any]:
    """Another message type, and the id, nothing more, of the person whose work is looked at.

    Moodle does not ask who it is that looks: a student who changes the address gets this signed as well.
    """
    if school.accent.name != "moodle":
        raise NotHere("only Moodle sends LtiSubmissionReviewRequest")
    custom = school.activity(launch.activity_id).submission_review.get("custom") or {}
    claims[CLAIM + "message_type"] = "LtiSubmissionReviewRequest"
    claims[CLAIM + "for_user"] = {"user_id": school.sub_of(launch.review_of)}
    claims[CLAIM + "custom"] = {**claims[CLAIM + "custom"], **{name: str(value) for name, value in custom.items()}}
    if target := review_target(school, launch.activity_id):
        claims[CLAIM + "target_link_uri"] = target
    return claims


def submission_url(school: "PracticeSchool", activity_id: int, person_key: str) -> str:
    """The address that the tool stored with this person's submission, or nothing."""
    grade = school.grade(school.column_of(activity_id).id, person_key)
    return grade.submission_url if grade and grade.submission_type == BASIC_LTI_LAUNCH else ""


def preview_launch(school: "PracticeSchool", person_key: str, activity_id: int, for_person_key: str) -> Launch:
    """What a click on this person's submission in SpeedGrader begins."""
    if school.accent.name != "canvas":
        raise NotHere("only Canvas has a SpeedGrader")
    url = submission_url(school, activity_id, for_person_key)
    if not url:
        raise NotHere("No preview available")
    return Launch(person_key, activity_id, "iframe", target_link_uri=url)


def _retrieved(launch: Launch, claims: dict[str, Any]) -> dict[str, Any]:
    """Canvas's `external_tools/retrieve`: it knows the course and the address, and nothing of whose work that is.

    No line item, and for a resource link the course. Link-level custom parameters were left out before.
    """
    context, presentation = claims[CLAIM + "context"], claims[CLAIM + "launch_presentation"]
    course_page = str(presentation["return_url"]).removesuffix("/assignments")
    claims[CLAIM + "resource_link"] = {"id": context["id"], "description": None, "title": context["title"]}
    if AGS_CLAIM in claims:
        claims[AGS_CLAIM] = {name: value for name, value in claims[AGS_CLAIM].items() if name != "lineitem"}
    claims[CLAIM + "launch_presentation"] = {**presentation, "return_url": course_page}
    claims[CLAIM + "target_link_uri"] = launch.target_link_uri
    return claims


def _with_leftovers(name: str, value: Any) -> Any:
    """What an older Canvas left in nested claims (seen by other tools)."""
    return {**value, **LEFTOVERS} if isinstance(value, dict) and name not in PLAIN else value
