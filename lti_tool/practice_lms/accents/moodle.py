"""Moodle 4.5: launches. Measured shapes of mod/lti (launch.php, auth.php) on a running 4.5.6."""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response

from ..course import (
    CLIENT_ID,
    COURSE_CODE,
    COURSE_ID,
    COURSE_SIS_ID,
    COURSE_TITLE,
    DEPLOYMENT_ID,
    Activity,
)
from ..gradebook import Column, Grade
from ..keys import Claims
from ..people import Person
from ..refusals import PostedToTool, ShownByLms
from ..scopes import AGS_CLAIM, AGS_SCOPES, CLAIM, NRPS_CLAIM, VOCABULARY
from . import moodle_services
from .moodle_answers import CONTEXT_ID, error
from .moodle_roster import roster_url
from .moodle_services import lineitem_url, lineitems_url

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

    def sub(self, person: Person) -> str:
        return person.moodle_id

    def login_hint(self, person: Person) -> str:
        return person.moodle_id

    def login_fields(self, school: "PracticeSchool", hint_id: str) -> dict[str, str]:
        """`lti_message_hint` is JSON text, to be passed back byte for byte; no platform storage."""
        hint = {"cmid": COURSE_ID, "launchid": f"ltilaunch1_{hint_id}"}
        return {"lti_message_hint": json.dumps(hint, separators=(",", ":"))}

    def hint_id_in(self, school: "PracticeSchool", params: dict[str, str]) -> str:
        """Most faults end on a Moodle page; a few are posted to the tool."""
        if any(not params.get(name) for name in MUST_BE_THERE):
            raise ShownByLms(404, INVALID)
        if params.get("scope") != "openid" or params.get("response_type") != "id_token":
            raise ShownByLms(404, INVALID)
        if params["redirect_uri"] != school.tool.launch_url:
            raise ShownByLms(404, INVALID)
        if params["client_id"] != CLIENT_ID:
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

    def claims(self, school: "PracticeSchool", person: Person, activity: Activity, nonce: str, target: str) -> Claims:
        """An id_token lives 60 s, `aud` is a string, there is no `azp`, and a TA is a plain Instructor."""
        now = int(school.clock().timestamp())
        role = "membership#Instructor" if person.is_staff else "membership#Learner"
        return {
            "nonce": nonce,
            "iat": now,
            "exp": now + 60,
            "iss": school.public_url,
            "aud": CLIENT_ID,
            CLAIM + "deployment_id": DEPLOYMENT_ID(self.name),
            CLAIM + "target_link_uri": school.tool.launch_url,
            "sub": person.moodle_id,
            CLAIM + "lis": {"person_sourcedid": person.sourced_id, "course_section_sourcedid": COURSE_SIS_ID},
            CLAIM + "roles": [VOCABULARY + role],
            **_place(activity),
            **_outcomes(school, person, activity),
            "given_name": person.given_name,
            "family_name": person.family_name,
            "name": person.name,
            CLAIM + "ext": {"user_username": person.key, "lms": "moodle-2"},
            "email": person.email,
            **_surroundings(school, activity, target),
            CLAIM + "version": "1.3.0",
            CLAIM + "custom": _custom(school, person),
            **_services(school, activity),
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


def _launch_id(hint: str) -> str:
    try:
        launch_id = json.loads(hint)["launchid"]
    except (ValueError, KeyError, TypeError):
        raise ShownByLms(404, INVALID) from None
    return str(launch_id).removeprefix("ltilaunch1_")


def _place(activity: Activity) -> Claims:
    context = {"id": CONTEXT_ID, "label": COURSE_CODE, "title": COURSE_TITLE, "type": ["CourseSection"]}
    link = {"title": activity.title, "description": activity.description, "id": str(activity.id)}
    return {
        CLAIM + "context": context,
        CLAIM + "message_type": "LtiResourceLinkRequest",
        CLAIM + "resource_link": link,
    }


def _outcomes(school: "PracticeSchool", person: Person, activity: Activity) -> Claims:
    """The LTI 1.1 leftovers that Moodle still sends."""
    data = {"instanceid": str(activity.id), "userid": person.moodle_id, "typeid": "1", "launchid": 1}
    sealed = hashlib.sha256((school.secret + json.dumps(data)).encode()).hexdigest()
    sourced = json.dumps({"data": data, "hash": sealed}, separators=(",", ":"))
    url = f"{school.public_url}/mod/lti/service.php"
    claim = {"lis_result_sourcedid": sourced, "lis_outcome_service_url": url}
    return {"https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome": claim}


def _surroundings(school: "PracticeSchool", activity: Activity, target: str) -> Claims:
    back = f"{school.public_url}/mod/lti/return.php?course={CONTEXT_ID}&launch_container=3&instanceid={activity.id}"
    return {
        CLAIM + "launch_presentation": {"locale": "en", "document_target": target, "return_url": back},
        CLAIM + "tool_platform": {
            "product_family_code": "moodle",
            "version": "2024100706",
            "guid": GUID,
            "name": "practice",
            "description": "Practice school",
        },
    }


def _custom(school: "PracticeSchool", person: Person) -> dict[str, str | None]:
    """Values are strings or null; what Moodle cannot expand stays a literal `$Name`."""
    return {
        "context_history": "",
        "person_middle_name": None,
        "due_at": "$ResourceLink.submission.endDateTime",
        "link_history": "$ResourceLink.id.history",
        "user_username": person.key,
        "context_memberships_url": roster_url(school),
    }


def _services(school: "PracticeSchool", activity: Activity) -> Claims:
    """`lineitem` only when the link has exactly one item; empty when that one was made by the tool."""
    endpoint: dict[str, object] = {"scope": list(AGS_SCOPES), "lineitems": lineitems_url(school)}
    linked = [column for column in school.columns() if column.link_activity_id == activity.id]
    if len(linked) == 1:
        endpoint["lineitem"] = "" if linked[0].made_by_tool else lineitem_url(school, linked[0].id)
    roster = {"context_memberships_url": roster_url(school), "service_versions": ["1.0", "2.0"]}
    return {AGS_CLAIM: endpoint, NRPS_CLAIM: roster}
