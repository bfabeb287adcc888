"""Moodle, where it differs from the standard. Measured on Moodle 4.5."""

from lti_tool.lti.families.family import Family
from lti_tool.wording import say

MOODLE = Family(
    name="moodle",
    label="Moodle",
    product_codes=("moodle",),
    # The tool's card says "Pending", and the tool is left out of the activity chooser: measured.
    after_registration=(
        say("Press “Activate” on the tool's card: until then no course can open it."),
        say(
            "Edit the tool (on its card) and set “Tool configuration usage” to “Show in activity chooser and as a "
            "preconfigured tool”; or let each teacher switch it on under Course > More > LTI External tools."
        ),
        say("To have names at the grading desk, leave “Share launcher's name with tool” on “Always”."),
    ),
    # Its "Update" takes the tool out of the activity chooser again and leaves it active: measured.
    after_update=(
        say(
            "Edit the tool (on its card) and set “Tool configuration usage” to “Show in activity chooser and as a "
            "preconfigured tool” again: Moodle has set it back."
        ),
    ),
    # The ids of the groups that somebody is in, with commas; no names: measured.
    section_variables=(("section_ids", "$Moodle.Person.userGroupIds"),),
    # The only name it gives to a place where content is chosen: openid-configuration.php.
    choosing_placements=("ContentArea",),
    # A link with two columns, or one whose column was deleted, is reviewed without saying which: measured.
    reviews_without_column=True,
    # A longer title is refused and nothing is made, in one dialogue without a word: measured.
    longest_title=255,
    # A stored score has an empty body; a refused one can come as 200 with "[]" (mod/lti gradebookservices).
    refused_body="[]",
    # A locked grade or column answers 500 with "[]".
    locked_answers=frozenset({(500, "[]")}),
    # Seen on 4.5.6: lib/grade/grade_item.php, rescale_grades_keep_percentage, makes a 0 of each empty grade.
    new_maximum_marks_all=True,
)
