"""What this tool itself writes of a post, read back: the same facts in its own JSON and, riding along, in its WXR."""

import re
from typing import Any

from lti_tool.errors import ImportProblem
from lti_tool.importing.formats.dates import iso_time
from lti_tool.importing.formats.found import NOBODY, ArchivedComment, ArchivedPost, Standing, Writer
from lti_tool.wording import say

OWN_ID = "class-blog:"
_ONCE = re.compile(r"[\w.~:-]{1,100}")
_MOST_NUMBER = 999_999
POST_TIMES = ("published_at", "edited_at", "withdrawn_at", "pinned_at", "locked_at", "hidden_at")
COMMENT_TIMES = ("written_at", "edited_at", "deleted_at", "pinned_at", "hidden_at")
Facts = dict[str, Any]


def post_from(facts: Any) -> ArchivedPost:
    """Return the post that these facts tell of. Raises ImportProblem if they are not as the tool writes them."""
    try:
        return _post(facts)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ImportProblem(
            say("The file is an export of a class blog, but a post in it is not as the export wrote it."),
            say("Export the blog again, and leave the file as it is."),
        ) from None


def facts_of(post: ArchivedPost) -> Facts:
    """Return a post as plain values from which `post_from` makes it again, for keeping until a teacher has looked."""
    return {
        "source": post.source_id,
        "title": post.title,
        "subtitle": post.subtitle or "",
        "author": vars(post.writer),
        "text": "\n\n".join(post.body),
        "sources": list(post.sources),
        "plain": post.plain,
        "standing": post.standing.value,
        "hidden_why": post.hidden_why,
        **_time_texts(post, POST_TIMES),
        "comments": [
            {
                "number": one.number,
                "parent": one.parent,
                "author": vars(one.writer),
                "text": one.text,
                "plain": one.plain,
                "standing": one.standing.value,
                "hidden_why": one.hidden_why,
                "private_to": vars(one.private_to) if one.private_to else None,
                **_time_texts(one, COMMENT_TIMES),
            }
            for one in post.archived_comments
        ],
    }


def _time_texts(row: ArchivedPost | ArchivedComment, names: tuple[str, ...]) -> dict[str, str]:
    return {name: moment.isoformat() for name in names if (moment := getattr(row, name)) is not None}


def _times(facts: Facts, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: iso_time(_text(facts, name)) for name in names}


def _standing(facts: Facts) -> Standing:
    return Standing(_text(facts, "standing") or Standing.SHOWN.value)


def _post(facts: Facts) -> ArchivedPost:
    comments = tuple(sorted((_comment(one) for one in _rows(facts, "comments")), key=lambda one: one.number))
    once = _text(facts, "id")
    writer = _writer(facts.get("author"))
    return ArchivedPost(
        title=_text(facts, "title"),
        subtitle=_text(facts, "subtitle") or None,
        author=writer.name or None,
        author_reason=say("The export names the author.") if writer.name else None,
        body=tuple(_text(facts, "text").split("\n\n")),
        sources=tuple(_string(one) for one in facts.get("sources") or ()),
        stated_comments=None,
        comments=_renumbered(comments),
        warnings=(),
        source_id=_text(facts, "source") or (OWN_ID + once if _ONCE.fullmatch(once) else ""),
        writer=writer,
        standing=_standing(facts),
        plain=facts.get("plain") is True,
        hidden_why=_text(facts, "hidden_why"),
        **_times(facts, POST_TIMES),
    )


def _comment(facts: Facts) -> ArchivedComment:
    number, parent = facts["number"], facts.get("parent")
    if not isinstance(number, int) or not 0 < number <= _MOST_NUMBER:
        raise ValueError
    if parent is not None and not (isinstance(parent, int) and 0 < parent < number):
        raise ValueError
    writer = _writer(facts.get("author"))
    return ArchivedComment(
        number=number,
        parent=parent,
        author=writer.name or None,
        text=_text(facts, "text"),
        reason=say("The export has it there."),
        writer=writer,
        standing=_standing(facts),
        plain=facts.get("plain") is True,
        hidden_why=_text(facts, "hidden_why"),
        private_to=_writer(facts.get("private_to")),
        **_times(facts, COMMENT_TIMES),
    )


def _renumbered(comments: tuple[ArchivedComment, ...]) -> tuple[ArchivedComment, ...]:
    """The same without gaps, which an export for others has where it left something out."""
    if all(one.number == place for place, one in enumerate(comments, 1)):
        return comments
    places = {one.number: place for place, one in enumerate(comments, 1)}
    if len(places) != len(comments):
        raise ValueError
    return tuple(_moved(one, places) for one in comments)


def _moved(one: ArchivedComment, places: dict[int, int]) -> ArchivedComment:
    parent = places.get(one.parent) if one.parent is not None else None
    lost = one.parent is not None and parent is None
    top = say("The comment that it answers is not in the file, so it stands at top level.")
    reason = top if lost else one.reason
    return ArchivedComment(**{**vars(one), "number": places[one.number], "parent": parent, "reason": reason})


def _writer(facts: Any) -> Writer:
    if facts is None:
        return NOBODY
    return Writer(name=_text(facts, "name"), email=_text(facts, "email"), key=_text(facts, "key"))


def _rows(facts: Facts, name: str) -> list[Any]:
    rows = facts.get(name) or []
    if not isinstance(rows, list):
        raise TypeError
    return rows


def _text(facts: Facts, name: str) -> str:
    return _string(facts.get(name) or "")


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
