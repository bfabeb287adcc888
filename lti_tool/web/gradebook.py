"""The gradebook page: what the LMS should show, what it took, what is in the way, and sending it again."""

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.errors import Rejected
from lti_tool.gradebook.by_hand import hold_back, release, set_due, settle, try_again, unlock
from lti_tool.gradebook.columns import column_facts
from lti_tool.gradebook.ledger import ledger, ledger_csv, sync_progress, timing_of
from lti_tool.gradebook.preview import Effect
from lti_tool.gradebook.preview import preview as preview_of
from lti_tool.models import Settled
from lti_tool.participation.columns import column_maximum
from lti_tool.web.access import blueprint_for_visits, require_teacher, tool, visitor
from lti_tool.web.numbers import row_number
from lti_tool.web.times import moment_from
from lti_tool.wording import say

room = blueprint_for_visits("gradebook", staff_only=True)


@room.get("/gradebook")
def page() -> str:
    with tool().database.reading() as session:
        lines = ledger(session, visitor().blog_id, visitor().course_id)
        timing, maximum = (
            timing_of(session, visitor().blog_id, tool().clock()),
            column_maximum(session, visitor().blog_id),
        )
        column = column_facts(session, visitor().placement_id, tool().columns, tool().clock())
    return render_template(
        "gradebook/page.html",
        lines=lines,
        progress=sync_progress(lines),
        column=column,
        maximum=maximum,
        timing=timing,
    )


@room.get("/gradebook/table")
def table() -> str:
    """The page's table alone, for its script while a sync runs."""
    with tool().database.reading() as session:
        lines = ledger(session, visitor().blog_id, visitor().course_id)
    return render_template("gradebook/_table.html", lines=lines, progress=sync_progress(lines))


@room.get("/gradebook/scores.csv")
def as_csv() -> Response:
    """The same table for a spreadsheet."""
    with tool().database.reading() as session:
        lines = ledger(session, visitor().blog_id, visitor().course_id)
    response = make_response(ledger_csv(lines))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = "attachment; filename=scores.csv"
    return response


@room.get("/gradebook/preview")
def preview() -> str:
    """Who would get what: what the gradebook shows now, read for this page, and what would be sent."""
    lines = preview_of(tool().database, tool().gradebook, visitor().blog_id, visitor().course_id)
    with tool().database.reading() as session:
        timing = timing_of(session, visitor().blog_id, tool().clock())
    would = sum(line.effect is Effect.SENT for line in lines)
    return render_template("gradebook/preview.html", lines=lines, would=would, timing=timing)


@room.post("/gradebook/try-again")
def again() -> Response:
    """Send unsent scores now: one person's, or all of the blog."""
    with tool().database.writing() as session:
        person_id = request.form.get("person", type=row_number)
        try_again(session, visitor().blog_id, tool().clock(), person_id, visitor().course_id)
    tool().ring()
    return redirect(url_for("gradebook.page"), 303)


@room.post("/gradebook/hold")
def hold() -> Response:
    """Hold the blog's scores back: nothing is sent until they are released."""
    require_teacher()
    with tool().database.writing() as session:
        hold_back(session, visitor().blog_id, tool().clock())
    return redirect(url_for("gradebook.page"), 303)


@room.post("/gradebook/release")
def release_scores() -> Response:
    """Let the scores that were held back go."""
    require_teacher()
    with tool().database.writing() as session:
        release(session, visitor().blog_id, tool().clock())
    tool().ring()
    return redirect(url_for("gradebook.page"), 303)


@room.post("/gradebook/due")
def due() -> Response:
    """Send nothing before a time; without one, send scores as they come."""
    require_teacher()
    with tool().database.writing() as session:
        set_due(session, visitor().blog_id, moment_from(request.form, "due"), tool().clock())
    tool().ring()
    return redirect(url_for("gradebook.page", done="due"), 303)


@room.post("/gradebook/settle")
def settle_conflict() -> Response:
    """Keep the LMS's score, send ours, or lock it: for one person, or for all who are in conflict."""
    require_teacher()
    how = next((one for one in Settled if one.value == request.form.get("how")), None)
    if how is None:
        raise Rejected(say("Nothing was chosen."), say("Keep the LMS's score, send ours, or lock it."))
    with tool().database.writing() as session:
        person_id = request.form.get("person", type=row_number)
        settle(session, visitor().blog_id, visitor().course_id, how, tool().clock(), person_id)
    tool().ring()
    return redirect(url_for("gradebook.page"), 303)


@room.post("/gradebook/unlock")
def unlock_score() -> Response:
    """Let one person's score go its usual way again."""
    require_teacher()
    with tool().database.writing() as session:
        person_id = request.form.get("person", 0, type=row_number)
        unlock(session, visitor().blog_id, visitor().course_id, tool().clock(), person_id)
    tool().ring()
    return redirect(url_for("gradebook.page"), 303)
