"""The teacher's way to a new activity: the dialogue with the tool in it, its answer, and the form to save."""

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from .answers import json_answer
from .content import ContentItem, DeepLinkingOutcome, ItemRefused
from .deep_linking import (
    Draft,
    draft_from,
    draft_named,
    drop_draft,
    keep_draft,
    save_those_without_problems,
)
from .launches import opening
from .pages import from_elsewhere, staff
from .pending_launches import Launch
from .places import PAGES, here
from .refusals import ShownByLms
from .visitors import signed_in

if TYPE_CHECKING:
    from .school import PracticeSchool


def _leave_the_frame(school: "PracticeSchool", outcome: DeepLinkingOutcome) -> Response:
    """Close the dialogue: the whole window goes to the form, or back to the course with what there is to say."""
    g.course = school.course(outcome.course_id)
    if outcome.items and school.accent.creates_at_once(outcome.placement):
        draft = save_those_without_problems(school, outcome)
    else:
        draft = draft_from(outcome)
    name = keep_draft(school, draft)
    page = url_for("dialogues.chosen", name=name) if draft.items else url_for("pages.course", said=name)
    return Response(render_template("leave_frame.html", page=page))


def _typed(item: ContentItem) -> ContentItem:
    """The item as the teacher left it in the form."""
    line = item.line_item
    if line is not None and request.form.get("maximum"):
        try:
            line = replace(line, maximum=float(request.form["maximum"].replace(",", ".")))
        except ValueError:
            raise ItemRefused("Please type a number of points, for example 10.") from None
    title = request.form.get("title", item.title).strip()
    return replace(item, title=title, text=request.form.get("description", item.text), line_item=line)


def dialogue_room(school: "PracticeSchool") -> Blueprint:
    """Dialogue, its start, and the form as a blueprint; and the address to which the tool returns."""
    blueprint = Blueprint("dialogues", __name__)

    @blueprint.errorhandler(ShownByLms)
    def shown(refusal: ShownByLms) -> Response:
        return Response(render_template("refused.html", words=refusal.words), refusal.status)

    @blueprint.get(PAGES + "/activities/new")
    def new() -> str:
        visitor, places = staff(school), school.accent.placements(school.tool_in_use)
        wanted = request.args.get("placement", "")
        placement = next((name for name, _ in places if name == wanted), places[0][0] if places else "")
        source = f"{url_for('dialogues.start', placement=placement)}&as={visitor.key}"
        return render_template("new_activity.html", places=places, placement=placement, source=source)

    @blueprint.get(PAGES + "/deep-linking")
    def start() -> Response:
        person = signed_in(school, request.args.get("as")) or abort(403)
        placement = request.args.get("placement", "") or abort(404)
        return opening(school, Launch(person.key, 0, "iframe", placement=placement, course_id=here().id))

    _add_return(blueprint, school)
    _add_form(blueprint, school)
    return blueprint


def _add_return(blueprint: Blueprint, school: "PracticeSchool") -> None:
    @blueprint.post(school.accent.deep_linking_return_path)
    def returned() -> Response:
        """The tool's page posts here from the dialogue: another site's form, so no check where it comes from."""
        course = school.accent.course_returned_to(school)
        outcome = school.deep_linking_return(request.form.get("JWT", ""), request.args.get("data"), course.id)
        if outcome.body is not None:
            return json_answer(outcome.body, "application/json", outcome.status)
        if outcome.refused:
            raise ShownByLms(outcome.status, outcome.refusal)
        return _leave_the_frame(school, outcome)


def _add_form(blueprint: Blueprint, school: "PracticeSchool") -> None:
    def draft(name: str) -> Draft:
        found = draft_named(school, name) or abort(404)
        return found if found.course_id == here().id and found.items else abort(404)

    def form(name: str, items: tuple[ContentItem, ...], problem: str = "", status: int = 200) -> Response:
        page = {"items": items, "draft": draft(name), "name": name, "problem": problem, "tool": school.tool_in_use}
        return Response(render_template("chosen.html", **page), status)

    @blueprint.get(PAGES + "/chosen/<name>")
    def chosen(name: str) -> Response:
        staff(school)
        return form(name, _wanted(school, draft(name)))

    @blueprint.post(PAGES + "/chosen/<name>")
    def save(name: str) -> AnyResponse:
        """`do=save` with the form's fields when there is one item; anything else cancels. Nothing existed before."""
        staff(school)
        if from_elsewhere():
            abort(403)
        items = _wanted(school, draft(name))
        if request.form.get("do") == "save":
            try:
                items = (_typed(items[0]),) if len(items) == 1 else items
                drafts = [school.accent.activity_from(item, school.tool_in_use) for item in items]
            except ItemRefused as refusal:
                return form(name, items, str(refusal), 422)
            if drop_draft(school, name):
                school.add_activities(drafts)
        else:
            drop_draft(school, name)
        return redirect(url_for("pages.course"), 303)


def _wanted(school: "PracticeSchool", draft: Draft) -> tuple[ContentItem, ...]:
    """A dialogue for one thing takes the first."""
    items = draft.content()
    return items if school.accent.accepts_multiple(draft.placement) else items[:1]
