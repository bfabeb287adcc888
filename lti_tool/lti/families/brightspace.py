"""D2L Brightspace, where it differs from the standard. From D2L's documentation and from what other tools met."""

from lti_tool.errors import Mender
from lti_tool.lti.families.family import Cause, Family
from lti_tool.wording import say

_NOT_IN_COURSE = say("The LMS does not have this person in the course")
_ENROL = say("See there whether they are still enrolled, then try again.")

BRIGHTSPACE = Family(
    name="brightspace",
    label="D2L Brightspace",
    # Seen in launches by several tools, among them hypothesis/lms (lms/models/family.py).
    product_codes=("desire2learn",),
    # Not the token address: D2L Community, knowledge base article 23661, "Assignment and Grade Services".
    token_audience="https://api.brightspace.com/auth/token",  # noqa: S106  # an address
    # D2L documentation, "Register an external learning tool": both registration and deployment start switched off.
    after_registration=(
        say("In Manage Extensibility > LTI Advantage switch the registration on: it starts switched off."),
        say(
            "Open its deployment, or make one: switch it on, tick Assignment and Grade Services, Names and Role "
            "Provisioning Services and Deep Linking, share “User” information in its security settings, add the org "
            "units."
        ),
        say("Allow “Classlist including users not known to this deployment”, or only people who came once are listed."),
        say("Make a link of the kind Deep Linking Quicklink, so that teachers find the tool under Insert Stuff."),
    ),
    # 403 and 404 that are about the person: hypothesis/lms, lms/services/lti_grading/_v13.py.
    causes=(
        Cause("User in requested score is not enrolled", _NOT_IN_COURSE, _ENROL, Mender.TEACHER),
        Cause("User in requested score does not exist", _NOT_IN_COURSE, _ENROL, Mender.TEACHER),
    ),
)
