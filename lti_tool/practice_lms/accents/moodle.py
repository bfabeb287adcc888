"""Moodle 4.5: launches. Measured shapes of mod/lti (launch.php, auth.php) on a running 4.5.6."""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, request

from ..content import ContentItem, DeepLinkingOutcome
from ..course import COURSE_ID, NO_ACTIVITY, Activity, Course
from ..gradebook import Column, Grade
from ..keys import Claims
from ..openings import redirect_urls_of
from ..people import Person
from ..refusals import PostedToTool, ShownByLms
from ..scopes import AGS_CLAIM, AGS_SCOPES, CLAIM, NRPS_CLAIM, ROSTER_READ
from ..tools import DEEP_LINKING, RegisteredTool
from . import moodle_deep_linking, moodle_registration, moodle_services, moodle_variables
from .moodle_addresses import lineitem_url, lineitems_url, roster_url
from .moodle_answers import error
from .moodle_people import personal_claims, roles

if TYPE_CHECKING:
    from ..school import PracticeSchool

INVALID = "Invalid request"
MUST_BE_THERE = ("client_id", "redirect_uri", "login_hint", "nonce", "lti_message_hint")
GUID = "5c1f8fd2b0fb4d12a7a2d6f0b3e7a944"


@dataclass(frozen=True)
class Moodle:
    """Moodle 4.5 as an LTI platform."""

    name: str = "moodle"
    product: str = "Moodle"
    token_content_type: str = "text/html; charset=utf-8"  # noqa: S105 (a media type)
    refuses_unknown_scopes: bool = False
    openid_configuration_path: str = moodle_registration.CONFIGURATION_PATH
    serves_pending_tools: bool = True

    @property
    def usual_custom(self) -> dict[str, str]:
        return moodle_variables.USUAL_CUSTOM

    def new_deployment_id(self, number: int) -> str:
        return str(number)

    def sub(self, person: Person) -> str:
        return person.moodle_id

    def login_hint(self, person: Person) -> str:
        return person.moodle_id

    def login_fields(self, school: "PracticeSchool", hint_id: str) -> dict[str, str]:
        """`lti_message_hint` is JSON text, to be passed back byte for byte; no cmid for a dialogue; no storage."""
        launch = school.pending_launch(hint_id)
        hint: dict[str, object] = {"cmid": COURSE_ID, "launchid": f"ltilaunch1_{hint_id}"}
        if launch and launch.placement:
            hint = {"launchid": f"ltilaunch_ContentItemSelectionRequest{hint_id}"}
        return {"lti_message_hint": json.dumps(hint, separators=(",", ":"))}

    def hint_id_in(self, school: "PracticeSchool", params: dict[str, str]) -> str:
        """Most faults end on a Moodle page; a few are posted to the tool."""
        if any(not params.get(name) for name in MUST_BE_THERE):
            raise ShownByLms(404, INVALID)
        if params.get("scope") != "openid" or params.get("response_type") != "id_token":
            raise ShownByLms(404, INVALID)
        if params["redirect_uri"] not in redirect_urls_of(school, params["client_id"]):
            raise ShownByLms(404, INVALID)
        if school.tool_known_as(params["client_id"]) is None:
            raise PostedToTool("unauthorized_client")
        if params.get("response_mode") != "form_post":
            raise PostedToTool("invalid_request", "Invalid response_mode")
        if params.get("prompt", "none") != "none":
            raise PostedToTool("invalid_request", "Invalid prompt")
        return _launch_id(params["lti_message_hint"])

    def launch_gone(self) -> Exception:
        return ShownByLms(404, INVALID)

    def wrong_person(self) -> Exception:
        return PostedToTool("access_denied")

    def answer_fields(self, params: dict[str, str]) -> dict[str, str]:
        return {}

    def claims(
        self,
        school: "PracticeSchool",
        tool: RegisteredTool,
        person: Person,
        activity: Activity,
        nonce: str,
        target: str,
    ) -> Claims:
        """An id_token lives 60 s, `aud` is a string, there is no `azp`, and a TA is a plain Instructor."""
        now, course = int(school.clock().timestamp()), school.course(activity.course_id)
        return {
            "nonce": nonce,
            "iat": now,
            "exp": now + 60,
            "iss": school.public_url,
            "aud": tool.client_id,
            CLAIM + "deployment_id": tool.deployment_id,
            CLAIM + "target_link_uri": activity.url or tool.launch_url,
            "sub": person.moodle_id,
            CLAIM + "lis": {"person_sourcedid": person.sourced_id, "course_section_sourcedid": course.sis_id},
            CLAIM + "roles": roles(person),
            **_place(activity, course),
            **_outcomes(school, tool, person, activity),
            **personal_claims(school, person),
            **_surroundings(school, activity, course, target),
            CLAIM + "version": "1.3.0",
            CLAIM + "custom": moodle_variables.custom(school, tool, person, activity),
            **_services(school, tool, activity),
        }

    def edited_by_hand(self, column: Column, grade: Grade, comment: str) -> Grade:
        """A typed grade in an activity's own column is an override that pushes do not touch."""
        cleared = grade.score is None
        overridden = not cleared and not column.made_by_tool
        comments = (comment,) if comment and not cleared else ()
        at = None if cleared else grade.changed_at
        return replace(grade, overridden=overridden, posted_at=at, comments=comments)

    def unauthorized(self, reason: str) -> Response:
        return error(401, "Unauthorized")

    def services(self, school: "PracticeSchool") -> Blueprint:
        return moodle_services.services(school)

    deep_linking_return_path: str = moodle_deep_linking.RETURN_PATH

    def may_choose(self, person: Person, placement: str) -> None:
        moodle_deep_linking.may_choose(person)

    def deep_linking_claims(
        self, school: "PracticeSchool", tool: RegisteredTool, person: Person, course: Course, nonce: str, placement: str
    ) -> Claims:
        launched = self.claims(school, tool, person, replace(NO_ACTIVITY, course_id=course.id), nonce, "iframe")
        return moodle_deep_linking.claims(school, tool, person, course, launched)

    def course_returned_to(self, school: "PracticeSchool") -> Course:
        """The course in the query, for the person whose session key is there."""
        moodle_deep_linking.may_choose(moodle_deep_linking.person_with(school, request.args.get("sesskey", "")))
        wanted = (course for course in school.courses() if course.moodle_id == request.args.get("course"))
        return next(wanted, None) or abort(404)

    def deep_linking_outcome(
        self, school: "PracticeSchool", token: str, data: str | None, course: Course
    ) -> DeepLinkingOutcome:
        return moodle_deep_linking.outcome(school, token, course)

    def activity_from(self, item: ContentItem, tool: RegisteredTool) -> Activity:
        return moodle_deep_linking.activity_from(item, tool)

    def problems_of(self, item: ContentItem) -> tuple[str, ...]:
        return ()

    def placements(self, tool: RegisteredTool) -> list[tuple[str, str]]:
        return [("activity_form", "Activity form")] if tool.message(DEEP_LINKING) else []

    def creates_at_once(self, placement: str) -> bool:
        return False

    def accepts_multiple(self, placement: str) -> bool:
        return True

    def registration(self, school: "PracticeSchool") -> Blueprint:
        return moodle_registration.registration(school)

    def registration_token(self, school: "PracticeSchool", update: RegisteredTool | None) -> str:
        return moodle_registration.registration_token(school, update)


def _launch_id(hint: str) -> str:
    try:
        launch_id = json.loads(hint)["launchid"]
    except (ValueError, KeyError, TypeError):
        raise ShownByLms(404, INVALID) from None
    return str(launch_id).removeprefix("ltilaunch1_").removeprefix("ltilaunch_ContentItemSelectionRequest")


def _place(activity: Activity, course: Course) -> Claims:
    context = {"id": course.moodle_id, "label": course.code, "title": course.title, "type": ["CourseSection"]}
    link = {"title": activity.title, "description": activity.description, "id": str(activity.id)}
    return {
        CLAIM + "context": context,
        CLAIM + "message_type": "LtiResourceLinkRequest",
        CLAIM + "resource_link": link,
    }


def _outcomes(school: "PracticeSchool", tool: RegisteredTool, person: Person, activity: Activity) -> Claims:
    """The LTI 1.1 leftovers that Moodle still sends."""
    data = {"instanceid": str(activity.id), "userid": person.moodle_id, "typeid": str(tool.number), "launchid": 1}
    sealed = hashlib.sha256((school.secret + json.dumps(data)).encode()).hexdigest()
    sourced = json.dumps({"data": data, "hash": sealed}, separators=(",", ":"))
    url = f"{school.public_url}/mod/lti/service.php"
    claim = {"lis_result_sourcedid": sourced, "lis_outcome_service_url": url}
    return {"https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome": claim}


def _surroundings(school: "PracticeSchool", activity: Activity, course: Course, target: str) -> Claims:
    query = f"course={course.moodle_id}&launch_container=3&instanceid={activity.id}"
    back = f"{school.public_url}/mod/lti/return.php?{query}"
    return {
        CLAIM + "launch_presentation": {"locale": school.locale, "document_target": target, "return_url": back},
        CLAIM + "tool_platform": {
            "product_family_code": "moodle",
            "version": "2024100706",
            "guid": GUID,
            "name": "practice",
            "description": "Practice school",
        },
    }


def _services(school: "PracticeSchool", tool: RegisteredTool, activity: Activity) -> Claims:
    """`lineitem` only when the link has exactly one item; empty when that one was made by the tool."""
    course = school.course(activity.course_id)
    granted = [scope for scope in AGS_SCOPES if scope in tool.scopes]
    endpoint: dict[str, object] = {"scope": granted, "lineitems": lineitems_url(school, course, tool.number)}
    linked = [column for column in school.columns(course.id) if column.link_activity_id == activity.id]
    if len(linked) == 1:
        made = lineitem_url(school, linked[0].id, course=course, tool_number=tool.number)
        endpoint["lineitem"] = "" if linked[0].made_by_tool else made
    url = roster_url(school, course, tool.number)
    roster = {"context_memberships_url": url, "service_versions": ["1.0", "2.0"]}
    claims: Claims = {AGS_CLAIM: endpoint} if granted else {}
    return claims | ({NRPS_CLAIM: roster} if ROSTER_READ in tool.scopes else {})
