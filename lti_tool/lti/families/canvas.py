"""Canvas, where it differs from the standard."""

from lti_tool.errors import Mender
from lti_tool.lti.families.family import Cause, Family
from lti_tool.wording import say

_NO_ATTEMPT_LEFT = "The maximum number of allowed attempts has been reached"
# canvas-lms app/controllers/lti/ims: scores_controller.rb; the course and the key, which can refuse reading too:
# concerns/advantage_services.rb and concerns/gradebook_services.rb.
_CAUSES = (
    Cause(
        "User not found in course or is not a student",
        say("The LMS does not have this person as an active student of the course"),
        say(
            "See there whether they are still enrolled as a student, and the course is published and has begun, then "
            "try again."
        ),
        Mender.TEACHER,
    ),
    Cause(
        "This assignment is still unpublished",
        say("The assignment is not published yet"),
        say("Publish it in the LMS, then try again."),
        Mender.TEACHER,
    ),
    Cause(
        "This course has concluded",
        say("The course has concluded in the LMS"),
        say("Open the course again there, then try again."),
        Mender.TEACHER,
    ),
    Cause(
        _NO_ATTEMPT_LEFT,
        say("The student has no attempt left in the assignment"),
        say("Allow more attempts there, then try again."),
        Mender.TEACHER,
    ),
    # GradeError, among others for a grading period that is closed.
    Cause(
        "Cannot grade this submission at this time",
        say("The grade is locked in the LMS, or its grading period is closed"),
        say("Unlock it there, or have the LMS administrator open the grading period, then try again."),
        Mender.TEACHER,
    ),
    Cause(
        "cannot be zero if line item's maximum is not zero",
        say("The LMS takes no score out of 0 points"),
        say("Give the blog a maximum above 0 in its scoring rule."),
        Mender.TEACHER,
    ),
    Cause("in the future", say("The LMS takes the work for later than now: its clock or the blog's is wrong")),
    Cause(
        "Access Token not linked to a Tool associated with this Context",
        say("The tool is not available in this course of the LMS any more"),
        say("The LMS administrator can make it available again, then try again."),
        Mender.ADMINISTRATOR,
    ),
    Cause(
        "Developer Key",
        say("The tool's developer key is switched off in the LMS"),
        say("The LMS administrator can switch it on, then try again."),
        Mender.ADMINISTRATOR,
    ),
)

CANVAS = Family(
    name="canvas",
    label="Canvas",
    product_codes=("canvas",),
    # All hosted institutions have one issuer; each registers at its own host: canvas-lms SecurityController,
    # openid_configuration; Canvas documentation, "LTI Launch Overview".
    shared_issuers=(
        "https://canvas.instructure.com",
        "https://canvas.beta.instructure.com",
        "https://canvas.test.instructure.com",
    ),
    shared_hosts=(".instructure.com", ".canvaslms.com"),
    # Canvas documentation, "Placements": an assignment of its own, a link in a module or a page, the course's menus.
    choosing_placements=(
        "assignment_selection",
        "link_selection",
        "course_assignments_menu",
        "module_index_menu_modal",
        "module_menu_modal",
    ),
    # Without it Canvas infers more from the claims: canvas-lms app/models/lti/ims/registration.rb.
    registration_extras=(("https://canvas.instructure.com/lti/privacy_level", "name_only"),),
    # Canvas documentation, "Variable Substitutions": ids with commas, names as a JSON list.
    section_variables=(
        ("section_ids", "$Canvas.course.sectionIds"),
        ("section_names", "$com.instructure.User.sectionNames"),
    ),
    # Canvas documentation, "LTI Registrations" and "Context Controls": registered is neither on nor available.
    after_registration=(
        say("Finish Canvas's own dialogue, and keep “Share name” in it so that teachers see names."),
        say("In Admin > Apps > Manage switch the tool on, and make it available to the account or to single courses."),
        say("Teachers then find it as “External Tool” in an assignment, and in the menus of modules and assignments."),
    ),
    # Tokens are at one host, services at each institution's own: Canvas documentation, "LTI Launch Overview".
    services_elsewhere=True,
    # A link that is no assignment is refused (404), and with an assignment's the new line item gets no column at all:
    # canvas-lms app/controllers/lti/ims/line_items_controller.rb; app/models/lti/line_item.rb, assignment_line_item?.
    columns_name_their_link=False,
    # SpeedGrader launches the address of a `basic_lti_launch` submission: Canvas documentation, "Score API".
    reviews_by_address=True,
    # A stale time is a 400 with these words: canvas-lms app/controllers/lti/ims/scores_controller.rb.
    stale_texts=("before last updated timestamp",),
    # Throttling is 429, and 403 with these words on older servers: Canvas API documentation, "Throttling".
    causes=_CAUSES,
    # Attempts are counted by `new_submission`: scores_controller.rb; hypothesis/lms issue 5098.
    submission_texts=(_NO_ATTEMPT_LEFT,),
    # A submission comment for each post, none replaced: scores_controller.rb; dmitry-viskov/pylti1.3 issue 154.
    keeps_every_comment=True,
)
