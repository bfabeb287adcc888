"""The gradebook column of a link, as a teacher sees to it: made on request, left, merged, given another maximum."""

from decimal import Decimal

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from lti_tool.errors import Rejected
from lti_tool.gradebook.column_changes import set_maximum
from lti_tool.gradebook.columns import leave_gone, make_column
from lti_tool.gradebook.twins import merge_twins
from lti_tool.participation.columns import column_maximum
from lti_tool.web.access import blueprint_for_visits, require_teacher, tool, visitor

room = blueprint_for_visits("columns", staff_only=True)


@room.post("/gradebook/column/make")
def make() -> Response:
    """Find the column that the LMS has for this link, or make one."""
    require_teacher()
    made = make_column(tool().database, tool().columns, visitor().placement_id, _maximum(), tool().clock)
    return _back("column-made" if made else "column-found")


@room.post("/gradebook/column/leave")
def leave() -> Response:
    """Do without a column in place of one that is gone."""
    require_teacher()
    with tool().database.writing() as session:
        leave_gone(session, visitor().placement_id)
    return _back("column-left")


@room.post("/gradebook/column/merge")
def merge() -> Response:
    """Keep one of several columns, `keep=this` or `keep=other`, and delete those that are the blog's and may go."""
    require_teacher()
    merged = merge_twins(
        tool().database, tool().columns, tool().gradebook, visitor().placement_id, tool().clock,
        keep_other=request.form.get("keep") == "other",
    )  # fmt: skip
    tool().ring()
    if merged.left:
        gone = "no column" if not merged.deleted else "1 column" if merged.deleted == 1 else f"{merged.deleted} columns"
        what = f"Scores go to the column that you chose. The blog deleted {gone} and left {len(merged.left)}."
        raise Rejected(what, " ".join(merged.left))
    return _back("columns-merged")


@room.post("/gradebook/column/maximum")
def maximum() -> Response:
    """Give the column the blog's maximum."""
    require_teacher()
    changed = set_maximum(tool().database, tool().columns, visitor().placement_id, _maximum(), tool().clock)
    return _back("maximum-set" if changed else "maximum-same")


def _maximum() -> Decimal:
    with tool().database.reading() as session:
        return column_maximum(session, visitor().blog_id)


def _back(done: str) -> Response:
    tool().ring()
    return redirect(url_for("gradebook.page", done=done), 303)
