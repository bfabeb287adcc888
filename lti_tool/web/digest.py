"""Stopping the digest by the address in each mail: outside any visit, for whoever holds the signed address.

A mail's own program posts to it without a page of ours (RFC 8058); opening it only asks, for scanners open every link.
"""

from flask import Blueprint, render_template

from lti_tool.errors import NotFound
from lti_tool.mailing.wishes import person_of_token, want_digest
from lti_tool.web.access import tool
from lti_tool.wording import say

room = Blueprint("digest", __name__, url_prefix="/digest")


@room.get("/stop/<token>")
def ask(token: str) -> str:
    _person(token)
    return render_template("mailing/stop.html", token=token, is_done=False)


@room.post("/stop/<token>")
def stop(token: str) -> str:
    """Send this person no more digests, for whatever course."""
    person_id = _person(token)
    with tool().database.writing() as session:
        want_digest(session, person_id, wants=False)
    return render_template("mailing/stop.html", token=token, is_done=True)


def _person(token: str) -> int:
    person_id = person_of_token(tool().settings.secret(), token)
    if person_id is None:
        raise NotFound(
            say("This address is not whole."), say("Copy all of it from the mail, or use the switch in the blog.")
        )
    return person_id
