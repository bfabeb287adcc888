"""Pages beside the LMS proper: switch misbehaviour on and off, and look at the calls the tool made."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from .fault_kinds import FAULT_KINDS, ROSTER, STORAGE, FaultKind
from .faults import UnknownFault
from .setting_up import choices, set_up

if TYPE_CHECKING:
    from .school import PracticeSchool


def _setting(kind: FaultKind, name: str, text: str) -> Any:
    """A typed setting in the type of its default."""
    default = kind.defaults[name]
    if isinstance(default, bool):
        return text in ("on", "1", "true")
    return type(default)(text)


def _switch_on(school: "PracticeSchool") -> None:
    name = request.form.get("fault", "")
    kind = next((kind for kind in FAULT_KINDS if kind.name == name), None)
    typed = {} if kind is None else {setting: request.form.get(setting, "").strip() for setting in kind.defaults}
    settings = {setting: _setting(kind, setting, text) for setting, text in typed.items() if kind and text}
    count = request.form.get("count", "").strip()
    school.faults.set(name, int(count) if count else None, **settings)


def practice_room(school: "PracticeSchool") -> Blueprint:
    """The practice pages as a blueprint."""
    blueprint = Blueprint("practice", __name__, url_prefix="/practice")

    def page(problem: str = "") -> str:
        return render_template(
            "faults.html",
            kinds=FAULT_KINDS,
            folded=(ROSTER, STORAGE),
            active_faults=school.faults.active(),
            students=school.students,
            problem=problem,
            setup=choices(school),
        )

    @blueprint.get("/faults")
    def faults() -> str:
        return page()

    @blueprint.post("/faults")
    def switch() -> AnyResponse:
        """`do=on` with `fault`, `count` and its settings, `do=off` with `fault` (none: all), or a set-up."""
        if request.form.get("do") == "off":
            school.faults.clear(request.form.get("fault") or None)
            return redirect(url_for("practice.faults"), 303)
        try:
            if not set_up(school, request.form):
                _switch_on(school)
        except (UnknownFault, ValueError, LookupError):
            return Response(page("That did not work: please check the numbers."), 400)
        return redirect(url_for("practice.faults"), 303)

    @blueprint.get("/calls")
    def calls() -> Response:
        return jsonify([asdict(call) for call in school.calls])

    return blueprint
