"""Blackboard Learn, where it differs from the standard. From Blackboard's developer documentation."""

from lti_tool.lti.families.family import Family
from lti_tool.wording import say

BLACKBOARD = Family(
    name="blackboard",
    label="Blackboard Learn",
    # Anthology developer documentation, LTI 1.3, "JWT sample".
    product_codes=("BlackboardLearn",),
    # Signing in, tokens and keys are at developer.blackboard.com, services at each institution's own host: there.
    services_elsewhere=True,
    # The application is registered once at the vendor's portal; each institution enters its client id: there,
    # "Register as a developer".
    after_registration=(
        say(
            "In the Administrator Panel > Integrations > LTI Tool Providers choose “Register LTI 1.3 Tool” and enter "
            "the client id: this makes the deployment."
        ),
        say("Share names and roles in that form, and allow grade service access and membership service access."),
        say("Add a placement of the kind Deep Linking content tool, so that teachers can choose the tool."),
    ),
)
