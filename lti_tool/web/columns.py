"""The gradebook column of a link, as a teacher sees to it: made on request, left, merged, given another maximum."""

from collections.abc import Iterable
from decimal import Decimal
from functools import reduce

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from lti_tool.errors import Rejected
from lti_tool.gradebook.column_changes import set_maximum
from lti_tool.gradebook.columns import leave_gone, make_column
from lti_tool.gradebook.twins import Merged, merge_twins
from lti_tool.participation.columns import column_maximum
from lti_tool.web.access import blueprint_for_visits, require_teacher, tool, visitor
from lti_tool.wording import say, say_count

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
        raise Rejected(_what_was_left(merged), _one_after_another(merged.left))
    return _back("columns-merged")


@room.post("/gradebook/column/maximum")
def maximum() -> Response:
    """Give the column the blog's maximum."""
    require_teacher()
    changed = set_maximum(tool().database, tool().columns, visitor().placement_id, _maximum(), tool().clock)
    return _back("maximum-set" if changed else "maximum-same")


def _what_was_left(merged: Merged) -> str:
    left = len(merged.left)
    if not merged.deleted:
        return say("Scores go to the column that you chose. The blog deleted no column and left %(left)s.", left=left)
    return say_count(
        "Scores go to the column that you chose. The blog deleted 1 column and left %(left)s.",
        "Scores go to the column that you chose. The blog deleted %(count)s columns and left %(left)s.",
        merged.deleted, left=left,
    )  # fmt: skip


def _one_after_another(sentences: Iterable[str]) -> str:
    return reduce(lambda before, one: say("%(what)s %(do)s", what=before, do=one), sentences)


def _maximum() -> Decimal:
    with tool().database.reading() as session:
        return column_maximum(session, visitor().blog_id)


def _back(done: str) -> Response:
    tool().ring()
    return redirect(url_for("gradebook.page", done=done), 303)
