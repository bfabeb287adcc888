"""Opening a tool: login initiation, the authentication request and the signed answer, and the public keys.

Emulates LTI Core 1.3 section 5.1 and Security Framework 1.0 section 5.1.1 as Canvas and Moodle do them.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, jsonify, render_template, request

from .admission import admit
from .answers import html_page
from .deep_linking import claims_of_dialogue
from .openings import claims_of, course_of, deployment_field, target_of, tool_of
from .places import PAGES, here
from .refusals import PostedToTool, ShownByLms
from .school import Launch
from .storage import echoed
from .visitors import signed_in

if TYPE_CHECKING:
    from .school import PracticeSchool


def _self_posting(action: str, fields: dict[str, str], words: str) -> Response:
    response = Response(render_template("self_posting.html", action=action, fields=fields, words=words))
    response.headers["Cache-Control"] = "no-store"
    return response


def login_fields(school: "PracticeSchool", launch: Launch) -> dict[str, str]:
    """Start a launch: the fields of the third-party login initiation, with a fresh message hint."""
    tool = tool_of(school, launch)
    hint_id = school.remember_launch(replace(launch, client_id=tool.client_id))
    return {
        "iss": school.public_url,
        "target_link_uri": target_of(school, launch),
        "login_hint": school.accent.login_hint(school.person(launch.person_key)),
        "client_id": tool.client_id,
        deployment_field(school): tool.deployment_id,
        **school.accent.login_fields(school, hint_id),
    }


def opening(school: "PracticeSchool", launch: Launch) -> Response:
    """The page that sends the browser to the tool's login address."""
    fields = login_fields(school, launch)
    return _self_posting(tool_of(school, launch).login_url, fields, "Opening the class blog …")


def answer(school: "PracticeSchool", params: dict[str, str]) -> dict[str, str]:
    """Check an authentication request, spend its hint and sign the id_token; refusals are raised."""
    hint_id = school.accent.hint_id_in(school, params)
    launch = school.pending_launch(hint_id)
    if launch is None:
        raise school.accent.launch_gone()
    person = school.person(launch.person_key)
    if params.get("login_hint") != school.accent.login_hint(person) or school.faults.take("session_lost"):
        raise school.accent.wrong_person()
    admit(school, person, course_of(school, launch).id)
    if not school.use_up(hint_id):
        raise school.accent.launch_gone()
    if params["client_id"] != launch.client_id:
        raise school.accent.launch_gone()
    write = claims_of_dialogue if launch.placement else claims_of
    claims = write(school, launch, params["nonce"])
    fields = school.accent.answer_fields(echoed(school, params))
    return {"id_token": school.sign(claims), "state": params.get("state", ""), **fields}


def launch_room(school: "PracticeSchool") -> Blueprint:
    """Launch pages, authorize and JWKS as a blueprint."""
    blueprint = Blueprint("launches", __name__)

    @blueprint.get(PAGES + "/activities/<int:activity_id>/launch")
    def start(activity_id: int) -> Response:
        person = signed_in(school, request.args.get("as"))
        activity = school.activity_numbered(activity_id)
        if person is None or activity is None or activity.course_id != here().id:
            abort(403 if person is None else 404)
        target = "window" if request.args.get("target") == "window" else "iframe"
        deployment, as_student = request.args.get("deployment", ""), request.args.get("as_student") == "1"
        return opening(school, Launch(person.key, activity_id, target, deployment_id=deployment, as_student=as_student))

    @blueprint.route("/lti/authorize", methods=["GET", "POST"])
    def authorize() -> Response:
        params = request.values.to_dict()
        try:
            fields = answer(school, params)
        except PostedToTool as refusal:
            fields = {"error": refusal.error, "error_description": refusal.description}
            fields = {name: value for name, value in fields.items() if value} | {"state": params.get("state", "")}
        except ShownByLms as refusal:
            return Response(render_template("refused.html", words=refusal.words), refusal.status)
        return _self_posting(params["redirect_uri"], fields, "Opening the class blog …")

    @blueprint.get("/lti/jwks")
    def jwks() -> Response:
        if school.faults.take("jwks_down"):
            return html_page(503)
        if school.faults.take("jwks_html"):
            return html_page(200)
        response = jsonify(school.keys.published())
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response

    return blueprint
