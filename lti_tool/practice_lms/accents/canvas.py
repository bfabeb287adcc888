"""Canvas: launches. Shapes from Canvas's source, documentation and captured launches (2024 to 2026)."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from ..course import CLIENT_ID, COURSE_CODE, COURSE_ID, COURSE_TITLE, DEPLOYMENT_ID, Activity
from ..gradebook import Column, Grade
from ..keys import Claims
from ..people import Person
from ..refusals import PostedToTool, ShownByLms
from ..scopes import AGS_CLAIM, AGS_SCOPES, CLAIM, NRPS_CLAIM, VOCABULARY
from . import canvas_services
from .canvas_addresses import lineitem_url, lineitems_url, roster_url
from .canvas_services import COURSE_LTI_ID, MEMBERSHIP_ROLES

if TYPE_CHECKING:
    from ..school import PracticeSchool

STORAGE_TARGET = "post_message_forwarding"
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
            "context_id": COURSE_ID,
            "canvas_locale": "en",
            "include_storage_target": True,
        }
        return {
            "lti_message_hint": jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(school.secret)),
            "canvas_environment": "prod",
            "canvas_region": "not_configured",
            "lti_storage_target": STORAGE_TARGET,
        }

    def hint_id_in(self, school: "PracticeSchool", params: dict[str, str]) -> str:
        """A bad redirect_uri or hint is shown by Canvas (400); everything else is posted to the tool."""
        if params.get("redirect_uri", "").partition("?")[0] != school.tool.launch_url:
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
        if params["client_id"] != CLIENT_ID:
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

    def claims(self, school: "PracticeSchool", person: Person, activity: Activity, nonce: str, target: str) -> Claims:
        """An id_token lives an hour, has `azp`, and always says `iframe`, even in a window of its own."""
        now = int(school.clock().timestamp())
        return {
            CLAIM + "message_type": "LtiResourceLinkRequest",
            CLAIM + "version": "1.3.0",
            CLAIM + "resource_link": _link(activity),
            **_services(school, activity),
            "aud": CLIENT_ID,
            "azp": CLIENT_ID,
            CLAIM + "deployment_id": DEPLOYMENT_ID(self.name),
            "exp": now + 3600,
            "iat": now,
            "iss": school.public_url,
            "nonce": nonce,
            "sub": person.canvas_id,
            CLAIM + "target_link_uri": school.tool.launch_url,
            **_personal(school, person),
            **_place(school),
            "locale": "en",
            CLAIM + "roles": roles(person),
            CLAIM + "custom": _custom(person, activity),
            CLAIM + "lti11_legacy_user_id": person.canvas_login_hint,
            CLAIM + "lti1p1": {"user_id": person.canvas_login_hint},
            "https://www.instructure.com/placement": None,
        }

    def edited_by_hand(self, column: Column, grade: Grade, comment: str) -> Grade:
        """Nothing protects a typed grade: the tool's next newer score overwrites it. Comments pile up."""
        return replace(grade, comments=(*grade.comments, comment)) if comment else grade

    def unauthorized(self, reason: str) -> Response:
        return canvas_services.error(401, "unauthorized", reason)

    def services(self, school: "PracticeSchool") -> Blueprint:
        return canvas_services.services(school)


def roles(person: Person) -> list[str]:
    """Institution, context and system roles in one sorted list, as `$com.instructure.User.allRoles`."""
    institution = "institution/person#Instructor" if person.is_staff else "institution/person#Student"
    named = [VOCABULARY + institution, *MEMBERSHIP_ROLES[person.role], VOCABULARY + "system/person#User"]
    return sorted(set(named))


def _verifier(school: "PracticeSchool", hint: str) -> str:
    try:
        token = jwt.decode(hint, OctKey.import_key(school.secret), algorithms=["HS256"])
    except (JoseError, ValueError):
        raise ShownByLms(400, "Invalid lti_message_hint") from None
    return str(token.claims.get("verifier", ""))


def _link(activity: Activity) -> dict[str, str]:
    description = f"<p>{activity.description}</p>"
    return {"id": activity.canvas_resource_link_id, "description": description, "title": activity.title}


def _personal(school: "PracticeSchool", person: Person) -> Claims:
    """Without a student information system the sourced ids arrive as literal variable names."""
    return {
        "picture": f"{school.public_url}/images/messages/avatar-50.png",
        "email": person.email,
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        CLAIM + "lis": {
            "person_sourcedid": "$Person.sourcedId",
            "course_offering_sourcedid": "$CourseSection.sourcedId",
        },
    }


def _place(school: "PracticeSchool") -> Claims:
    return {
        CLAIM + "context": {
            "id": COURSE_LTI_ID,
            "label": COURSE_CODE,
            "title": COURSE_TITLE,
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
            "return_url": f"{school.public_url}/courses/{COURSE_ID}/assignments",
            "locale": "en",
        },
    }


def _custom(person: Person, activity: Activity) -> dict[str, str]:
    return {
        "canvas_user_id": str(5000 + person.number),
        "canvas_course_id": str(COURSE_ID),
        "canvas_assignment_id": str(8800 + activity.id),
        "context_id_history": "",
        "link_history": "$ResourceLink.id.history",
        "assignment_points": f"{activity.maximum:g}",
        "assignment_published": "true",
    }


def _services(school: "PracticeSchool", activity: Activity) -> Claims:
    endpoint: dict[str, object] = {}
    for column in school.columns():
        if column.activity_id == activity.id:
            endpoint["lineitem"] = lineitem_url(school, column.id)
    endpoint |= {"scope": list(AGS_SCOPES), "lineitems": lineitems_url(school)}
    roster = {"context_memberships_url": roster_url(school), "service_versions": ["2.0"]}
    return {AGS_CLAIM: endpoint, NRPS_CLAIM: roster}
