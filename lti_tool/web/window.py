"""From the LMS's frame to a window of its own, for who wants more room than the frame has."""

from flask import Blueprint, Response, jsonify, make_response, redirect, request, url_for

from lti_tool.identity.visits import open_ticket, take_ticket, visit_ended
from lti_tool.web.access import blueprint_for_visits, keep_secret, tool, visitor

room = blueprint_for_visits("window")
arriving = Blueprint("arriving", __name__)


@room.post("/window")
def ticket() -> Response:
    """An address that opens this visit in another window, once and at once: cookies of a frame stay in the frame."""
    with tool().database.writing() as session:
        opened = open_ticket(session, visitor(), tool().clock())
    return jsonify(address=url_for("arriving.arrive", ticket_key=opened.address_key))


@arriving.get("/window/<ticket_key>")
def arrive(ticket_key: str) -> Response:
    """Only our own page in the frame sends a browser here: no link from elsewhere makes somebody another person."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise visit_ended()
    with tool().database.writing() as session:
        opened = take_ticket(session, ticket_key, tool().clock())
    address = url_for("blog.home", visit_key=opened.key)
    return keep_secret(make_response(redirect(address, 303)), opened, address)
