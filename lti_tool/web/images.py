"""Pictures: taken from the editor or from a form without scripts, and shown to those who may read the blog."""

from flask import g, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from lti_tool.blog.comments import require_writer
from lti_tool.blog.footnotes import BACK, NOTES
from lti_tool.blog.images import LARGEST_BYTES, find_image, keep_image, made_anew, markdown_of, require_room
from lti_tool.blog.text import shown
from lti_tool.errors import Rejected
from lti_tool.web.access import blueprint_for_visits, tool, visitor
from lti_tool.web.languages import language
from lti_tool.web.numbers import row_number
from lti_tool.wording import say

room = blueprint_for_visits("images")
_LARGEST_FORM = LARGEST_BYTES + 1_000_000


@room.get("/images")
def show() -> Response:
    """One picture of this blog, by its `key`. Its bytes never change, so the browser may keep them."""
    with tool().database.reading() as session:
        who = visitor()
        key = request.args.get("key", "")
        picture = find_image(session, who.blog_id, key, who.person_id, is_staff=who.role.is_staff)
    answer = Response(picture.content, content_type=picture.media_type)
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer


@room.post("/images")
def take() -> dict[str, str]:
    """Take a picture from the editor, in the field `image`, and return the key that names it in a text."""
    request.max_content_length = _LARGEST_FORM
    return {"key": _keep_sent()}


@room.post("/images/insert")
def insert() -> str | tuple[str, int]:
    """Without scripts: the page for writing a post again, as it was sent, with the picture at the end of the text."""
    request.max_content_length = _LARGEST_FORM
    require_writer(visitor().role)
    fields = request.form.to_dict()
    facts = {"once": fields.get("once"), "edited_at": fields.get("edited_at")}
    number = request.form.get("number", type=row_number)
    try:
        markdown_of("", fields.get("alt", ""))  # before the picture is stored for nothing
        line = markdown_of(_keep_sent(), fields["alt"])
    except Rejected as problem:
        return render_template("blog/write.html", fields=fields, number=number, problem=problem, **facts), 422
    text = fields.get("body", "").rstrip()
    fields["body"] = f"{text}\n\n{line}\n" if text else f"{line}\n"
    fields["alt"] = ""
    return render_template("blog/write.html", fields=fields, number=number, added_picture=True, **facts)


def written(html: str, place: str = "p") -> Markup:
    """What `blog.text` made, as it is shown on a page of this visit; `place` sets its footnotes apart from others'."""
    if "<img" in html or 'id="note-' in html:
        if "pictures_at" not in g:
            g.pictures_at = url_for("images.show", key="")
        html = shown(html, g.pictures_at, place, language().translated(NOTES), language().translated(BACK))
    return Markup(html)  # noqa: S704  # nh3 had the last word on it


def _keep_sent() -> str:
    who = visitor()
    require_writer(who.role)
    sent = request.files.get("image")
    content = sent.read(LARGEST_BYTES + 1) if sent else b""
    if not content:
        raise Rejected(say("No picture came along."), say("Choose a picture, then try again."))
    with tool().database.reading() as session:
        require_room(session, who.person_id, tool().clock())  # before the work, not after it
    picture = made_anew(content)
    with tool().database.writing() as session:
        return keep_image(session, who.blog_id, who.person_id, picture, tool().clock())
