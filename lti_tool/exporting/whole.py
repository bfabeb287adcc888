"""The blog as JSON with all its structure: what this tool reads back without loss. A post stands on each line."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lti_tool.exporting.rows import ExportedBlog, ExportedComment, ExportedPost, Named

VERSION = 1


def whole_lines(blog: ExportedBlog) -> Iterator[str]:
    """Yield the file line by line."""
    head = {"version": VERSION, "title": blog.title, "prompt": blog.prompt}
    yield f'{{"class_blog": {_json(head)}, "posts": [\n'
    before = ""
    for post in blog.posts:
        yield f"{before}{_json(post_facts(post))}"
        before = ",\n"
    yield "\n]}\n"


def post_facts(post: ExportedPost, *, with_comments: bool = True) -> dict[str, Any]:
    """Return what there is to say of a post as plain values; what is not so is left out."""
    facts = {
        "number": post.number,
        "id": post.once,
        "author": _named(post.author),
        "title": post.title,
        "subtitle": post.subtitle,
        "text": post.body,
        "plain": post.plain,
        "html": post.html,
        "sources": list(post.sources),
        "words": post.words,
        "published_at": post.published_at.isoformat(),
        **_times(post, "edited_at", "withdrawn_at", "pinned_at", "locked_at", "hidden_at"),
        **({"hidden_why": post.hidden_why} if post.hidden_why else {}),
    }
    return {**facts, "comments": [comment_facts(one) for one in post.comments]} if with_comments else facts


def comment_facts(comment: ExportedComment) -> dict[str, Any]:
    """The same of a comment. A deleted one has no text; its place is kept for what answers it."""
    return {
        "number": comment.number,
        "parent": comment.parent,
        "author": _named(comment.author),
        "text": comment.body,
        "plain": comment.plain,
        "html": comment.html,
        "written_at": comment.written_at.isoformat(),
        **_times(comment, "edited_at", "deleted_at", "pinned_at", "hidden_at"),
        **({"hidden_why": comment.hidden_why} if comment.hidden_why else {}),
        **({"private_to": _named(comment.private_to)} if comment.private_to else {}),
    }


def _named(who: Named) -> dict[str, str] | None:
    if not who.name and not who.key:
        return None
    return {"name": who.name, "key": who.key} if who.key else {"name": who.name}


def _times(row: ExportedPost | ExportedComment, *names: str) -> dict[str, str]:
    times: dict[str, datetime | None] = {name: getattr(row, name) for name in names}
    return {name: moment.isoformat() for name, moment in times.items() if moment is not None}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
