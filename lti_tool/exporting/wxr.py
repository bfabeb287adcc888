"""The blog as WordPress's own export file (WXR 1.2). What WordPress has no place for rides along beside it.

Each post and comment carries its facts, as the JSON has them, in a field of meta data: so this tool reads the file back
without loss, and WordPress ignores it.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from lti_tool.exporting.rows import ExportedBlog, ExportedComment, ExportedPost, without_pictures
from lti_tool.exporting.whole import comment_facts, post_facts

META = "_class_blog"
COMMENTS_A_POST = 1_000_000
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
  xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:wp="http://wordpress.org/export/1.2/">
<channel>
<title>{title}</title>
<description>{prompt}</description>
<wp:wxr_version>1.2</wp:wxr_version>
"""


def wxr_lines(blog: ExportedBlog) -> Iterator[str]:
    """Yield the file piece by piece."""
    yield _HEAD.format(title=_plain(blog.title), prompt=_plain(blog.prompt))
    for post in blog.posts:
        yield _item(post)
    yield "</channel>\n</rss>\n"


def _item(post: ExportedPost) -> str:
    status = "draft" if post.withdrawn_at else "private" if post.hidden_at else "publish"
    fields = (
        f"<title>{_cdata(post.title)}</title>",
        f"<pubDate>{format_datetime(post.published_at)}</pubDate>",
        f"<dc:creator>{_cdata(post.author.name)}</dc:creator>",
        f'<guid isPermaLink="false">{_plain(post.once)}</guid>',
        f"<content:encoded>{_cdata(_with_sources(post))}</content:encoded>",
        f"<excerpt:encoded>{_cdata(post.subtitle)}</excerpt:encoded>",
        f"<wp:post_id>{post.number}</wp:post_id>",
        f"<wp:post_date>{_date(post.published_at)}</wp:post_date>",
        f"<wp:post_date_gmt>{_date(post.published_at)}</wp:post_date_gmt>",
        f"<wp:comment_status>{'closed' if post.locked_at else 'open'}</wp:comment_status>",
        f"<wp:status>{status}</wp:status>",
        "<wp:post_parent>0</wp:post_parent>",
        "<wp:post_type>post</wp:post_type>",
        f"<wp:is_sticky>{1 if post.pinned_at else 0}</wp:is_sticky>",
        _meta("postmeta", post_facts(post, with_comments=False)),
        *(_comment(comment, post) for comment in post.comments),
    )
    return "<item>\n" + "\n".join(fields) + "\n</item>\n"


def _comment(comment: ExportedComment, post: ExportedPost) -> str:
    seen_by_all = not (comment.deleted_at or comment.hidden_at or comment.private_to)
    base = post.number * COMMENTS_A_POST
    fields = (
        f"<wp:comment_id>{base + comment.number}</wp:comment_id>",
        f"<wp:comment_author>{_cdata(comment.author.name)}</wp:comment_author>",
        f"<wp:comment_date>{_date(comment.written_at)}</wp:comment_date>",
        f"<wp:comment_date_gmt>{_date(comment.written_at)}</wp:comment_date_gmt>",
        f"<wp:comment_content>{_cdata(without_pictures(comment.html))}</wp:comment_content>",
        f"<wp:comment_approved>{'1' if seen_by_all else 'trash' if comment.deleted_at else '0'}</wp:comment_approved>",
        "<wp:comment_type>comment</wp:comment_type>",
        f"<wp:comment_parent>{base + comment.parent if comment.parent else 0}</wp:comment_parent>",
        _meta("commentmeta", comment_facts(comment)),
    )
    return "<wp:comment>\n" + "\n".join(fields) + "\n</wp:comment>"


def _with_sources(post: ExportedPost) -> str:
    lines = "".join(f"<li>{escape(source)}</li>" for source in post.sources)
    return (
        f"{without_pictures(post.html)}\n<h2>Sources</h2>\n<ul>{lines}</ul>" if lines else without_pictures(post.html)
    )


def _meta(kind: str, facts: dict[str, Any]) -> str:
    facts.pop("html")
    value = json.dumps(facts)  # ASCII alone: a control character, which XML may not hold, is written out
    return f"<wp:{kind}><wp:meta_key>{META}</wp:meta_key><wp:meta_value>{_cdata(value)}</wp:meta_value></wp:{kind}>"


def _cdata(text: str) -> str:
    return "<![CDATA[" + _NOT_XML.sub("", text).replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _plain(text: str) -> str:
    return escape(_NOT_XML.sub("", text))


def _date(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
