"""Canvas, where it differs from the standard."""

from lti_tool.lti.families.family import Family

CANVAS = Family(
    name="canvas",
    label="Canvas",
    product_code="canvas",
    # A stale time is a 400 with these words: canvas-lms app/controllers/lti/ims/scores_controller.rb.
    stale_texts=("before last updated timestamp",),
    # Locked, closed grading period and the like: scores_controller.rb, GradeError.
    locked_texts=("Cannot grade this submission at this time",),
    # Throttling is 429, and 403 with these words on older servers: Canvas API documentation, "Throttling".
    throttle_texts=("Rate Limit Exceeded",),
)
