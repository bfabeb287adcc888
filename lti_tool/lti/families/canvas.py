"""Canvas, where it differs from the standard."""

from lti_tool.lti.families.family import Family

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
    # Canvas documentation, "LTI Registrations" and "Context Controls": registered is neither on nor available.
    after_registration=(
        "Finish Canvas's own dialogue, and keep “Share name” in it so that teachers see names.",
        "In Admin > Apps > Manage switch the tool on, and make it available to the account or to single courses.",
        "Teachers then find it as “External Tool” in an assignment, and in the menus of modules and assignments.",
    ),
    # Tokens are at one host, services at each institution's own: Canvas documentation, "LTI Launch Overview".
    services_elsewhere=True,
    # SpeedGrader launches the address of a `basic_lti_launch` submission: Canvas documentation, "Score API".
    reviews_by_address=True,
    # A stale time is a 400 with these words: canvas-lms app/controllers/lti/ims/scores_controller.rb.
    stale_texts=("before last updated timestamp",),
    # Locked, closed grading period and the like: scores_controller.rb, GradeError.
    locked_texts=("Cannot grade this submission at this time",),
    # Throttling is 429, and 403 with these words on older servers: Canvas API documentation, "Throttling".
    throttle_texts=("Rate Limit Exceeded",),
)
