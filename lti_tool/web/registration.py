"""A platform registers itself, in a frame of its administrator's page; and what to paste where that is done by hand."""

from urllib.parse import urlencode

import structlog
from flask import Blueprint, Response, jsonify, render_template, request

from lti_tool.errors import SetUpProblem
from lti_tool.lti.dynamic_registration import Agreed, Offer, RegistrationProblem, read_offer, register_with
from lti_tool.lti.families import CANVAS, MOODLE
from lti_tool.lti.registration import (
    Invited,
    Registered,
    give_back_invitation,
    open_invitation,
    register_platform,
    take_invitation,
)
from lti_tool.lti.tool_description import CLAIMS, SCOPES, ToolAddresses, canvas_developer_key
from lti_tool.web.access import tool
from lti_tool.wording import say

room = Blueprint("registration", __name__, url_prefix="/lti")
_LONGEST = 4_000
_ANOTHERS = (
    say("An LMS with this issuer and client id, and other addresses, is registered with the class blog already."),
    say(
        "Nothing is changed. If that is another LMS, give this one an issuer of its own, then start again from it; if "
        "this one has moved, ask the operator of the blog."
    ),
)

log = structlog.get_logger()


@room.get("/register")
def confirm() -> str | tuple[str, int]:
    """Say who wants to register and what it means, after one request to the LMS; nothing is stored yet."""
    invited = _invited(request.args.get("invitation", ""))
    configuration_url = request.args.get("openid_configuration", "")
    if not configuration_url:
        address = f"{addresses().register_url}?{urlencode({'invitation': request.args['invitation']})}"
        return render_template("registration/paste.html", address=address), 400
    token = request.args.get("registration_token", "")
    offer = _offer(configuration_url, token, invited)
    return render_template(
        "registration/confirm.html",
        offer=offer,
        invited=invited,
        hidden={
            "invitation": request.args["invitation"],
            "openid_configuration": configuration_url,
            "registration_token": token,
            "confirmed": offer.fingerprint,
        },
    )


@room.post("/register")
def register() -> str:
    """Register with the LMS and keep what was agreed; after a failure the same address can be used again."""
    form = request.form
    invited = _invited(form.get("invitation", ""))
    token = form.get("registration_token", "")
    offer = _offer(form.get("openid_configuration", ""), token, invited)
    if form.get("confirmed", "").replace("\r\n", "\n") != offer.fingerprint:
        raise _logged(
            RegistrationProblem(
                "changed", say("The LMS has changed its addresses meanwhile."), say("Start again from the LMS.")
            )
        )
    done, agreed = _register(offer, token, invited)
    log.info("platform_registered", platform=done.platform_id, new=done.is_new)
    return render_template(
        "registration/done.html", done=done, family=offer.family, deployments=agreed.lti_deployment_ids, invited=invited
    )


@room.get("/config.json")
def canvas_config() -> Response:
    """The tool as Canvas's JSON for a developer key."""
    return jsonify(canvas_developer_key(addresses()))


@room.get("/setup")
def by_hand() -> str:
    """Each value to paste where an LMS is set up by hand."""
    return render_template(
        "registration/by_hand.html", addresses=addresses(), scopes=SCOPES, claims=CLAIMS, canvas=CANVAS, moodle=MOODLE
    )


def addresses() -> ToolAddresses:
    return ToolAddresses(tool().settings.public_url)


def _invited(code: str) -> Invited:
    with tool().database.reading() as session:
        return open_invitation(session, code[:_LONGEST], tool().clock())


def _offer(configuration_url: str, token: str, invited: Invited) -> Offer:
    if not token.isascii() or not token.isprintable() or len(token) > _LONGEST:
        raise _logged(
            RegistrationProblem(
                "token", say("The LMS sent a registration token that cannot be used."), say("Start again.")
            )
        )
    try:
        return read_offer(tool().connection, configuration_url[:_LONGEST], token, invited)
    except RegistrationProblem as problem:
        raise _logged(problem) from None


def _register(offer: Offer, token: str, invited: Invited) -> tuple[Registered, Agreed]:
    """Take the invitation first, so that of two at the same instant only one goes on to the LMS."""
    now = tool().clock()
    with tool().database.writing() as session:
        take_invitation(session, invited, now)
    try:
        agreed = register_with(tool().connection, offer, token, invited, addresses())
        with tool().database.writing() as session:
            return register_platform(session, agreed.registration, agreed.lti_deployment_ids, now), agreed
    except BaseException as problem:
        with tool().database.writing() as session:
            give_back_invitation(session, invited)
        if isinstance(problem, SetUpProblem):  # whose words are for the operator, and name the other LMS
            raise _logged(RegistrationProblem("another's", *_ANOTHERS)) from None
        if isinstance(problem, RegistrationProblem):
            raise _logged(problem) from None
        raise


def _logged(problem: RegistrationProblem) -> RegistrationProblem:
    log.warning("registration_refused", why=problem.why)
    return problem
