"""The blog as one page to read: a single file without scripts, good for as long as there are browsers."""

from collections.abc import Iterator
from datetime import datetime
from html import escape

from lti_tool.exporting.rows import ExportedBlog, ExportedComment, ExportedPost, without_pictures

_PATH_STEP = 6
_STYLE = """
:root { color-scheme: light dark }
body { font: 1.1rem/1.6 Georgia, serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem }
h1, h2, h3 { line-height: 1.25 } article { border-top: 1px solid; margin-top: 3rem }
.by, .sources, nav { font: .9rem/1.5 system-ui, sans-serif; opacity: .8 }
ol.thread, ol.thread ol { list-style: none; padding-left: 1rem; border-left: 1px solid #8886 }
li { overflow-wrap: anywhere } pre { overflow-x: auto }
""".strip()


def page_pieces(blog: ExportedBlog) -> Iterator[str]:
    """Yield the page piece by piece, a post with its thread at a time."""
    title = escape(blog.title or "Class blog")
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n<h1>{title}</h1>\n{blog.prompt_html}\n"
    )
    for post in blog.posts:
        yield _post(post)
    yield "</body>\n</html>\n"


def _post(post: ExportedPost) -> str:
    sources = "".join(f"<li>{escape(one)}</li>" for one in post.sources)
    subtitle = f"<p>{escape(post.subtitle)}</p>\n" if post.subtitle else ""
    listed = f'<h3>Sources</h3>\n<ul class="sources">{sources}</ul>\n' if sources else ""
    return (
        f'<article id="p{post.number}">\n<h2>{escape(post.title)}</h2>\n{subtitle}'
        f"{_by(post.author.name, post.published_at, post.edited_at)}{without_pictures(post.html)}\n"
        f"{listed}{_thread(post)}</article>\n"
    )


def _thread(post: ExportedPost) -> str:
    """The comments in reading order, each in a list inside what it hangs on."""
    shown = _worth_a_place(post.comments)
    if not shown:
        return ""
    pieces, depth = [f"<h3>{len([one for one in shown if not one.deleted_at])} comments</h3>\n"], 0
    for comment in shown:
        level = len(comment.path) // _PATH_STEP
        while depth > level:
            pieces.append("</li></ol>\n")
            depth -= 1
        if depth == level:
            pieces.append("</li>\n")
        while depth < level:
            pieces.append('<ol class="thread">\n' if depth == 0 else "<ol>\n")
            depth += 1
            pieces.append("<li>" if depth < level else "")
        pieces.append(_comment(comment, post.number))
    return "".join(pieces) + "</li></ol>\n" * depth


def _comment(comment: ExportedComment, post_number: int) -> str:
    anchor = f"p{post_number}c{comment.number}"
    if comment.deleted_at:
        return f'<li id="{anchor}"><p class="by">#{comment.number} deleted</p>'
    answers = f", in reply to #{comment.parent}" if comment.parent else ""
    by = _by(
        f"#{comment.number} {comment.author.name or 'Name unknown'}{answers}", comment.written_at, comment.edited_at
    )
    return f'<li id="{anchor}">{by}{without_pictures(comment.html)}'


def _worth_a_place(comments: tuple[ExportedComment, ...]) -> list[ExportedComment]:
    """All that are written, in reading order, and the deleted ones that something hangs on."""
    held = {
        one.path[:end] for one in comments if not one.deleted_at for end in range(_PATH_STEP, len(one.path), _PATH_STEP)
    }
    kept = [one for one in comments if not one.deleted_at or one.path in held]
    return sorted(kept, key=lambda one: one.path)


def _by(name: str, moment: datetime, edited_at: datetime | None) -> str:
    edited = f", edited {edited_at:%d %B %Y}" if edited_at else ""
    when = f'<time datetime="{moment.isoformat()}">{moment:%d %B %Y, %H:%M} UTC</time>'
    return f'<p class="by">{escape(name or "Name unknown")}, {when}{edited}</p>\n'
