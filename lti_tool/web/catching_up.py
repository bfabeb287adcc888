"""What is new to the reader, and searching: two ways through a whole blog."""

from flask import render_template, request

from lti_tool.blog.catching_up import news_of
from lti_tool.blog.search import MOST_FOUND, search
from lti_tool.web.access import blueprint_for_visits, sight, tool

room = blueprint_for_visits("catching_up")
_LONGEST_QUESTION = 200


@room.get("/new")
def page() -> str:
    with tool().database.reading() as session:
        return render_template("catching_up/page.html", news=news_of(session, sight(session)))


@room.get("/search")
def find() -> str:
    """Posts and comments with every word asked for."""
    sought = " ".join(request.args.get("q", "").split())[:_LONGEST_QUESTION]
    with tool().database.reading() as session:
        found = search(session, sight(session), sought)
    return render_template("catching_up/search.html", sought=sought, found=found, most=MOST_FOUND)
