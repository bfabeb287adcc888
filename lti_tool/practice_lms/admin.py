"""The administrator's pages: registering tools, switching them on, and choosing the one that activities open."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from .pages import from_elsewhere
from .registration import same_domain

if TYPE_CHECKING:
    from .school import PracticeSchool


def _web_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def admin_room(school: "PracticeSchool") -> Blueprint:
    """The pages as a blueprint. Nobody is asked for a password here, as anywhere in the practice LMS."""
    blueprint = Blueprint("admin", __name__, url_prefix="/admin/tools")

    @blueprint.before_request
    def only_own_forms() -> None:
        if request.method == "POST" and from_elsewhere():
            abort(403)

    def page(problem: str = "", typed: str = "", status: int = 200) -> Response:
        known = {"tools": school.tools(), "in_use": school.tool_in_use.client_id}
        return Response(render_template("tools.html", **known, problem=problem, typed=typed), status)

    @blueprint.get("")
    def tools() -> Response:
        return page()

    @blueprint.get("/register")
    def register() -> Response:
        """Moodle asks first what to do about a tool that is registered already; `update` or `new` answers."""
        url, update = request.args.get("url", "").strip(), request.args.get("update", "")
        if not _web_address(url):
            return page("Please type the whole address, for example https://tool.example.edu/lti/register.", url, 422)
        known = same_domain(school, url) if school.accent.name == "moodle" else []
        if known and not update and "new" not in request.args:
            return Response(render_template("tool_known.html", known=known, url=url))
        source = school.registration_link(url, update)
        return Response(render_template("register.html", source=source, url=url))

    @blueprint.post("/<client_id>")
    def change(client_id: str) -> AnyResponse:
        """`do=on`, `do=off` or `do=use`."""
        if school.tool_known_as(client_id) is None:
            abort(404)
        if request.form.get("do") == "use":
            school.use_tool(client_id)
        else:
            school.activate(client_id, request.form.get("do") == "on")
        return redirect(url_for("admin.tools"), 303)

    return blueprint
