"""Canvas: launches. Shapes from Canvas's source, documentation and captured launches (2024 to 2026)."""

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from ..content import ContentItem, DeepLinkingOutcome
from ..course import NO_ACTIVITY, Activity, Course
from ..gradebook import Column, Grade
from ..keys import Claims
from ..openings import redirect_urls_of
from ..people import Person
from ..places import PAGES, here
from ..refusals import PostedToTool, ShownByLms
from ..scopes import AGS_CLAIM, AGS_SCOPES, CLAIM, NRPS_CLAIM, ROSTER_READ
from ..storage import login_target
from ..tools import RegisteredTool
from . import (
    canvas_deep_linking,
    canvas_placements,
    canvas_registration,
    canvas_scores,
    canvas_services,
    canvas_variables,
)
from .canvas_addresses import lineitem_url, lineitems_url, roster_url
from .canvas_people import personal_claims, roles

if TYPE_CHECKING:
    from ..school import PracticeSchool

REQUIRED = (
    "client_id",
    "login_hint",
    "lti_message_hint",
    "nonce",
    "prompt",
    "redirect_uri",
    "response_mode",
    "response_type",
    "scope",
)
WITH_FIXED_VALUE = {"response_type": "id_token", "response_mode": "form_post", "prompt": "none"}


@dataclass(frozen=True)
class Canvas:
    """Canvas as an LTI platform."""

    name: str = "canvas"
    product: str = "Canvas"
    token_content_type: str = "application/json; charset=utf-8"  # noqa: S105 (a media type)
    refuses_unknown_scopes: bool = True
    openid_configuration_path: str = canvas_registration.CONFIGURATION_PATH
    serves_pending_tools: bool = False

    @property
    def usual_custom(self) -> dict[str, str]:
        return canvas_variables.USUAL_CUSTOM

    def new_deployment_id(self, number: int) -> str:
        """The tool's number and the context it is installed in."""
        return f"{41 + number}:{hashlib.sha256(f'account-of-tool-{number}'.encode()).hexdigest()[:40]}"

    def sub(self, person: Person) -> str:
        return person.canvas_id

    def login_hint(self, person: Person) -> str:
        return person.canvas_login_hint

    def login_fields(self, school: "PracticeSchool", hint_id: str) -> dict[str, str]:
        """`lti_message_hint` is an HS256 JWT that only Canvas can read."""
        claims: Claims = {
            "verifier": hint_id,
            "canvas_domain": school.public_url.partition("://")[2],
            "context_type": "Course",
            "context_id": here().number,
            "canvas_locale": school.locale,
            "include_storage_target": True,
        }
        return {
            "lti_message_hint": jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(school.secret)),
            "canvas_environment": "prod",
            "canvas_region": "us-east-1" if school.profile == "hosted" else "not_configured",
            **login_target(school),
        }

    def hint_id_in(self, school: "PracticeSchool", params: dict[str, str]) -> str:
        """A bad redirect_uri or hint is shown by Canvas (400); everything else is posted to the tool."""
        if params.get("redirect_uri", "").partition("?")[0] not in redirect_urls_of(school, params.get("client_id")):
            raise ShownByLms(400, "Invalid redirect_uri")
        missing = [name for name in REQUIRED if not params.get(name)]
        if missing:
            words = f"The following parameters are missing: {','.join(missing)}"
            raise PostedToTool("invalid_request_object", words)
        if params["scope"] != "openid":
            raise PostedToTool("invalid_request_object", "The 'scope' must be 'openid'")
        for name, value in WITH_FIXED_VALUE.items():
            if params[name] != value:
                raise PostedToTool("invalid_request_object", f"The '{name}' must be '{value}'")
        tool = school.tool_known_as(params["client_id"])
        if tool is None or not tool.active:
            raise PostedToTool("unauthorized_client", "Client not authorized in requested context")
        return _verifier(school, params["lti_message_hint"])

    def launch_gone(self) -> Exception:
        words = "The launch has either expired or already been consumed"
        return PostedToTool("launch_no_longer_valid", words)

    def wrong_person(self) -> Exception:
        return PostedToTool("login_required", "Must have an active user session")

    def answer_fields(self, params: dict[str, str]) -> dict[str, str]:
        """The storage target comes back when it was sent, together with two fields to be ignored."""
        target = params.get("lti_storage_target")
        noise = {"utf8": "✓", "authenticity_token": "ignore-me"}
        return noise | ({"lti_storage_target": target} if target else {})

    def claims(
        self,
        school: "PracticeSchool",
        tool: RegisteredTool,
        person: Person,
        activity: Activity,
        nonce: str,
        target: str,
    ) -> Claims:
        """An id_token lives an hour, has `azp`, and always says `iframe`, even in a window of its own."""
        now = int(school.clock().timestamp())
        return {
            CLAIM + "message_type": "LtiResourceLinkRequest",
            CLAIM + "version": "1.3.0",
            CLAIM + "resource_link": _link(activity),
            **_services(school, tool, activity),
            "aud": tool.client_id,
            "azp": tool.client_id,
            CLAIM + "deployment_id": tool.deployment_id,
            "exp": now + 3600,
            "iat": now,
            "iss": school.public_url,
            "nonce": nonce,
            "sub": person.canvas_id,
            CLAIM + "target_link_uri": activity.url or tool.launch_url,
            **personal_claims(school, person),
            **_place(school, school.course(activity.course_id)),
            "locale": school.locale,
            CLAIM + "roles": roles(person),
            CLAIM + "custom": canvas_variables.custom(school, tool, person, activity),
            CLAIM + "lti11_legacy_user_id": person.canvas_login_hint,
            CLAIM + "lti1p1": {"user_id": person.canvas_login_hint},
            "https://www.instructure.com/placement": None,
        }

    def edited_by_hand(self, column: Column, grade: Grade, comment: str) -> Grade:
        """Nothing protects a typed grade: the tool's next newer score overwrites it. Comments pile up."""
        typed = replace(grade, result_score=canvas_scores.result_score(grade, column))
        return replace(typed, comments=(*grade.comments, comment)) if comment else typed

    def unauthorized(self, reason: str) -> Response:
        return canvas_services.error(401, "unauthorized", reason)

    def services(self, school: "PracticeSchool") -> Blueprint:
        return canvas_services.services(school)

    deep_linking_return_path: str = PAGES + "/deep_linking_response"

    def may_choose(self, person: Person, placement: str) -> None:
        canvas_deep_linking.may_choose(person, placement)

    def deep_linking_claims(
        self, school: "PracticeSchool", tool: RegisteredTool, person: Person, course: Course, nonce: str, placement: str
    ) -> Claims:
        place = canvas_deep_linking.placement_or_refuse(placement)
        launched = self.claims(school, tool, person, replace(NO_ACTIVITY, course_id=course.id), nonce, "iframe")
        return canvas_deep_linking.claims(school, tool, person, course, place, launched)

    def course_returned_to(self, school: "PracticeSchool") -> Course:
        return here()

    def deep_linking_outcome(
        self, school: "PracticeSchool", token: str, data: str | None, course: Course
    ) -> DeepLinkingOutcome:
        return canvas_deep_linking.outcome(school, token, data)

    def activity_from(self, item: ContentItem, tool: RegisteredTool) -> Activity:
        return canvas_deep_linking.activity_from(item, tool)

    def problems_of(self, item: ContentItem) -> tuple[str, ...]:
        return canvas_deep_linking.problems_of(item)

    def placements(self, tool: RegisteredTool) -> list[tuple[str, str]]:
        return canvas_placements.for_tool(tool)

    def creates_at_once(self, placement: str) -> bool:
        place = canvas_placements.placement_named(placement)
        return place is not None and place.creates_at_once

    def accepts_multiple(self, placement: str) -> bool:
        place = canvas_placements.placement_named(placement)
        return place is not None and place.accept_multiple

    def registration(self, school: "PracticeSchool") -> Blueprint:
        return canvas_registration.registration(school)

    def registration_token(self, school: "PracticeSchool", update: RegisteredTool | None) -> str:
        return canvas_registration.registration_token(school, update)


def _verifier(school: "PracticeSchool", hint: str) -> str:
    try:
        token = jwt.decode(hint, OctKey.import_key(school.secret), algorithms=["HS256"])
    except (JoseError, ValueError):
        raise ShownByLms(400, "Invalid lti_message_hint") from None
    return str(token.claims.get("verifier", ""))


def _link(activity: Activity) -> dict[str, str]:
    description = f"<p>{activity.description}</p>"
    return {"id": activity.canvas_resource_link_id, "description": description, "title": activity.title}


def _place(school: "PracticeSchool", course: Course) -> Claims:
    return {
        CLAIM + "context": {
            "id": course.canvas_context_id,
            "label": course.code,
            "title": course.title,
            "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"],
        },
        CLAIM + "tool_platform": {
            "guid": "PrAcTiCe1LmS2GuId3OfForty4CharactersLong:canvas-lms",
            "name": "Practice school",
            "version": "cloud",
            "product_family_code": "canvas",
        },
        CLAIM + "launch_presentation": {
            "document_target": "iframe",
            "return_url": f"{school.public_url}/courses/{course.number}/assignments",
            "locale": school.locale,
        },
    }


def _services(school: "PracticeSchool", tool: RegisteredTool, activity: Activity) -> Claims:
    """As far as the tool's key has the scopes; `lineitem` for assignments only."""
    course, endpoint = school.course(activity.course_id), dict[str, object]()
    for column in school.columns(course.id):
        if activity.id and column.activity_id == activity.id:
            endpoint["lineitem"] = lineitem_url(school, column.id, course)
    endpoint |= {
        "scope": [scope for scope in AGS_SCOPES if scope in tool.scopes],
        "lineitems": lineitems_url(school, course),
    }
    roster = {"context_memberships_url": roster_url(school, course), "service_versions": ["2.0"]}
    claims: Claims = {AGS_CLAIM: endpoint} if endpoint["scope"] else {}
    return claims | ({NRPS_CLAIM: roster} if ROSTER_READ in tool.scopes else {})
