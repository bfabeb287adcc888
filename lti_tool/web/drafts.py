"""Drafts, for the pages' own script: it saves what is being written, and gets back what was left."""

import re
from typing import Any

from flask import jsonify, request
from werkzeug.wrappers import Response

from lti_tool.blog.comments import require_writer
from lti_tool.blog.drafts import DraftConflict, KeptDraft, drop_draft, load_draft, save_draft
from lti_tool.errors import NotFound, Rejected
from lti_tool.web.access import blueprint_for_visits, tool, visitor
from lti_tool.web.numbers import LARGEST
from lti_tool.wording import say

room = blueprint_for_visits("drafts")
_PLACE = re.compile(r"(?:post(?: \d{1,9})?|(?:comment|edit) \d{1,9} \d{1,9})")


@room.get("/drafts")
def load() -> Response:
    """The draft that is kept for a `place`, or `{"version": 0}`."""
    place = _checked_place(request.args.get("place", ""))
    with tool().database.reading() as session:
        draft = load_draft(session, visitor().person_id, visitor().blog_id, place)
    answer = jsonify(_told(draft))
    answer.headers["Content-Disposition"] = "attachment"  # what somebody wrote is never a page of ours
    return answer


@room.post("/drafts")
def save() -> tuple[dict[str, object], int]:
    """Save a draft, `{"place", "fields", "version"}`; 409 with the newer one where another window was first."""
    who, sent = visitor(), request.get_json(silent=True)
    require_writer(who.role)
    if not isinstance(sent, dict):
        raise Rejected(say("The draft could not be read."), say("Reload the page; your text is kept in this browser."))
    place, fields, version = _checked_place(sent.get("place")), _texts(sent.get("fields")), sent.get("version")
    with tool().database.writing() as session:
        kept = save_draft(
            session, who.person_id, who.blog_id, place, fields, _version(version), tool().clock()
        )  # fmt: skip
    if isinstance(kept, DraftConflict):
        return _told(kept.newer), 409
    return _told(kept), 200


@room.post("/drafts/drop")
def drop() -> tuple[str, int]:
    """Throw a draft away, `{"place", "version"}`: its writer has chosen another text."""
    who, sent = visitor(), request.get_json(silent=True)
    asked = sent if isinstance(sent, dict) else {}
    place, version = _checked_place(asked.get("place")), asked.get("version")
    with tool().database.writing() as session:
        drop_draft(session, who.person_id, who.blog_id, place, _version(version))
    return "", 204


@room.after_app_request
def say_where(response: Response) -> Response:
    """A form that a script sends is told where to go on: a redirect that a browser follows shows it too little."""
    if response.status_code == 303 and request.headers.get("X-Requested-With") == "form":
        told: Response = jsonify(address=response.headers["Location"])
        return told
    return response


def _checked_place(place: object) -> str:
    if not isinstance(place, str) or not _PLACE.fullmatch(place):
        raise NotFound(say("There is no such place to write at."), say("Go back to the blog."))
    return place


def _version(sent: object) -> int:
    return sent if type(sent) is int and 0 <= sent <= LARGEST else 0


def _texts(fields: Any) -> dict[str, str]:
    sent = fields if isinstance(fields, dict) else {}
    return {str(name): text for name, text in sent.items() if isinstance(text, str)}


def _told(draft: KeptDraft | None) -> dict[str, object]:
    if draft is None:
        return {"version": 0}
    return {"version": draft.version, "fields": dict(draft.fields), "saved_at": draft.saved_at.isoformat()}
