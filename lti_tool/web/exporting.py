"""The whole blog as a file to take away: everything as JSON, for WordPress, or as one page to read."""

from collections.abc import Iterator

from flask import render_template, request
from werkzeug.wrappers import Response

from lti_tool.errors import NotFound
from lti_tool.exporting.page import page_pieces
from lti_tool.exporting.rows import Wishes, blog_to_export
from lti_tool.exporting.whole import whole_lines
from lti_tool.exporting.wxr import wxr_lines
from lti_tool.web.access import blueprint_for_visits, tool, visitor
from lti_tool.wording import say

room = blueprint_for_visits("exporting", staff_only=True)
_KINDS = {
    "json": (whole_lines, "application/json", "class-blog.json"),
    "wxr": (wxr_lines, "application/xml", "class-blog.wordpress.xml"),
    "html": (page_pieces, "text/html", "class-blog.html"),
}


@room.get("/export")
def page() -> str:
    return render_template("exporting/page.html")


@room.get("/export/file")
def file() -> Response:
    """The file, sent as it is read from the database."""
    kind = request.args.get("kind", "")
    if kind not in _KINDS:
        raise NotFound(say("There is no such kind of export."), say("Choose one of those on the export page."))
    write, media_type, name = _KINDS[kind]
    pseudonyms = bool(request.args.get("pseudonyms"))
    wishes = Wishes(pseudonyms, keys=bool(request.args.get("keys")) and not pseudonyms, only_public=kind == "html")
    database, blog_id = tool().database, visitor().blog_id

    def pieces() -> Iterator[str]:
        with database.reading() as session:
            yield from write(blog_to_export(session, blog_id, wishes))

    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(pieces(), content_type=f"{media_type}; charset=utf-8", headers=headers)
