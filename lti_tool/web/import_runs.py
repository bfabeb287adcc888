"""A whole blog on its way in: what was found in the file, who is who, how far it is, and letting it count."""

from typing import BinaryIO

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.errors import ImportProblem
from lti_tool.importing.approval import count_posts, uncounted_posts, uncounted_total
from lti_tool.importing.formats import Standing, posts_in
from lti_tool.importing.importer import people_of
from lti_tool.importing.runs import begin_run, drop_run, packed, run_view, start_run
from lti_tool.participation.scoring import rescore_all
from lti_tool.web.access import blueprint_for_visits, tool, visitor
from lti_tool.web.numbers import row_number
from lti_tool.wording import say

room = blueprint_for_visits("import_runs", staff_only=True)
LARGEST_ARCHIVE = 50_000_000
_MOST_FIELDS = 20_000
_MOST_CHOICES = 60_000  # in selects, one for each writer with each person in it: more would choke a browser


@room.before_request
def allow_many_fields() -> None:
    request.max_form_parts = _MOST_FIELDS


def begin(file: BinaryIO) -> Response:
    """Read an archive and show what is in it. Raises ImportProblem."""
    packing = packed(posts_in(file, LARGEST_ARCHIVE))
    if not packing.posts:
        raise ImportProblem(say("The file holds no posts."), say("Choose another file, or paste the text of a page."))
    who = visitor()
    with tool().database.writing() as session:
        run_id = begin_run(session, who.blog_id, who.person_id, packing, tool().clock())
    return redirect(url_for("import_runs.page", number=run_id), 303)


@room.get("/import/runs/<int:number>")
def page(number: int) -> str:
    """What was found, open to change; once begun, how far it is."""
    who = visitor()
    with tool().database.reading() as session:
        run = run_view(session, who.blog_id, number)
        people = sorted(
            ((person.id, person.shown_name) for person in people_of(session, who.course_id)),
            key=lambda one: one[1].casefold(),
        )
    if run.state != "check":
        return render_template("importing/run.html", run=run)
    shown = run.writers[: max(20, _MOST_CHOICES // (len(people) + 1))]
    may_fetch = tool().fetch_picture is not None and run.pictures > 0
    return render_template("importing/check.html", run=run, writers=shown, people=people, may_fetch=may_fetch)


@room.get("/import/runs/<int:number>/progress")
def progress(number: int) -> str:
    """How far it is, for a page that follows."""
    with tool().database.reading() as session:
        return render_template("importing/_progress.html", run=run_view(session, visitor().blog_id, number))


@room.post("/import/runs/<int:number>/store")
def store(number: int) -> Response:
    """Let the worker store it as it was chosen here. A writer who is not in the form is taken as matched."""
    who, now = visitor(), tool().clock()
    fetch = tool().fetch_picture is not None and bool(request.form.get("pictures"))
    standings = {one for one in (Standing.PENDING, Standing.TRASH) if request.form.get(one.value)}
    with tool().database.writing() as session:
        people = {
            one.key: request.form.get(f"writer_{one.key}", type=row_number)
            if f"writer_{one.key}" in request.form
            else one.person_id
            for one in run_view(session, who.blog_id, number).writers
        }
        start_run(session, who.blog_id, number, people, standings, now, fetch_pictures=fetch)
    tool().ring()
    return redirect(url_for("import_runs.page", number=number), 303)


@room.post("/import/runs/<int:number>/drop")
def drop(number: int) -> Response:
    """Forget what was read."""
    with tool().database.writing() as session:
        drop_run(session, visitor().blog_id, number)
    return redirect(url_for("importing.start"), 303)


@room.get("/import/approve")
def waiting() -> str:
    """The posts that were brought in and do not count yet."""
    with tool().database.reading() as session:
        posts = uncounted_posts(session, visitor().blog_id)
        total = uncounted_total(session, visitor().blog_id)
    return render_template("importing/approve.html", posts=posts, total=total)


@room.post("/import/approve")
def approve() -> Response:
    """Let all of them count, or the chosen ones."""
    who = visitor()
    everything = request.form.get("which") == "all"
    numbers = None if everything else request.form.getlist("post", type=row_number)
    with tool().database.writing() as session:
        if count_posts(session, who.blog_id, numbers):
            session.flush()
            rescore_all(session, who.blog_id, tool().clock())
    tool().ring()
    return redirect(url_for("import_runs.waiting", done="counted"), 303)
