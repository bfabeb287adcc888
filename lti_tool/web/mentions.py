"""Names that somebody may call in a comment, offered while they type one."""

from flask import request

from lti_tool.blog.comments import require_writer
from lti_tool.blog.mentions import suggested
from lti_tool.web.access import blueprint_for_visits, sight, tool, visitor

room = blueprint_for_visits("mentions")
LONGEST_TYPED = 100


@room.get("/names")
def names() -> dict[str, tuple[str, ...]]:
    """Whole names of which a word begins with `typed`, as JSON for the script of the field."""
    require_writer(visitor().role)
    with tool().database.reading() as session:
        return {"names": suggested(session, sight(session), request.args.get("typed", "")[:LONGEST_TYPED])}
