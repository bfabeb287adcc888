"""Moodle, where it differs from the standard. Measured on Moodle 4.5."""

from lti_tool.lti.families.family import Family

MOODLE = Family(
    name="moodle",
    label="Moodle",
    product_code="moodle",
    # A stored score has an empty body; a refused one can come as 200 with "[]" (mod/lti gradebookservices).
    refused_body="[]",
    # A locked grade or column answers 500 with "[]".
    locked_answers=frozenset({(500, "[]")}),
)
