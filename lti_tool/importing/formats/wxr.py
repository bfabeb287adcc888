"""WordPress's own export (WXR 1.0 to 1.2): posts, their comments with parents, and who wrote what.

What is read by local name alone is the same in every version. IP addresses are never looked at.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, BinaryIO

from lti_tool.importing.formats.class_blog import post_from
from lti_tool.importing.formats.dates import iso_time, mail_time
from lti_tool.importing.formats.found import NOBODY, ArchivedPost, NoPosts, Standing, Writer
from lti_tool.importing.formats.lists import listed
from lti_tool.importing.formats.markdown import markdown_of
from lti_tool.importing.formats.threads import LooseComment, thread_of
from lti_tool.importing.formats.wordpress_text import plain
from lti_tool.importing.formats.xml_stream import (
    EXPORT_AGAIN,
    Element,
    all_text,
    children,
    elements_in,
    local_name,
    text_in,
)
from lti_tool.wording import say, say_count

OWN_META = "_class_blog"
_WANTED = frozenset({"author", "item", "base_blog_url", "base_site_url"})
_POST_STANDING = {"publish": Standing.SHOWN, "": Standing.SHOWN, "trash": Standing.TRASH}
_COMMENT_STANDING = {"1": Standing.SHOWN, "approved": Standing.SHOWN, "": Standing.SHOWN, "trash": Standing.TRASH,
                     "post-trashed": Standing.TRASH}  # fmt: skip
_NO_COMMENTS = {"pingback", "trackback", "webmention", "mention", "repost", "like", "note", "order_note", "action_log"}
_NO_DATE = "0000-00-00"


@dataclass
class _Blog:
    """What the head of the file says, and what is left out on the way."""

    address: str = ""
    authors: dict[str, Writer] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)


class Wxr:
    name = "wxr"
    label = "A WordPress export (WXR, .xml)"
    is_archive = True

    def looks_like(self, first_bytes: bytes) -> bool:
        return b"wordpress.org/export/" in first_bytes.replace(b"\x00", b"")

    def posts_in(self, file: BinaryIO) -> Iterator[ArchivedPost]:
        """Each post of the file; what was left out of the file stands with the last one."""
        blog, last = _Blog(), None
        for element in elements_in(file, _WANTED):
            name = local_name(element)
            if name == "author":
                blog.authors[text_in(element, "author_login")] = _author(element)
            elif name != "item":
                blog.address = (element.text or "").strip() or blog.address
            elif text_in(element, "post_type") in ("post", ""):
                if last is not None:
                    yield last
                last = _post(element, blog)
            else:
                blog.left_out[text_in(element, "post_type")] += 1
        if last is None:
            raise NoPosts(say("The WordPress export holds no posts."), EXPORT_AGAIN)
        yield replace(last, warnings=(*last.warnings, *_said(blog.left_out)))


def _author(element: Element) -> Writer:
    whole = " ".join(part for name in ("author_first_name", "author_last_name") if (part := text_in(element, name)))
    name = text_in(element, "author_display_name") or whole or text_in(element, "author_login")
    return Writer(plain(name), text_in(element, "author_email"))


def _post(item: Element, blog: _Blog) -> ArchivedPost:
    own = _own_facts(item)
    if own is not None:
        return post_from(own)
    login = text_in(item, "creator")
    writer = blog.authors.get(login) or (Writer(login) if login else NOBODY)
    loose, no_comments = _comments(item)
    body = markdown_of(_content(item))
    title = plain(text_in(item, "title"))
    guid = text_in(item, "guid") or text_in(item, "link") or text_in(item, "post_id")
    return ArchivedPost(
        title=title,
        subtitle=None,
        author=writer.name or None,
        author_reason=say("The export names the author.") if writer.name else None,
        body=tuple(body.split("\n\n")),
        sources=(),
        stated_comments=None,
        comments=thread_of(loose),
        warnings=dropped(no_comments),
        source_id=f"wxr:{blog.address}:{guid}:{text_in(item, 'post_id')}",
        writer=writer,
        standing=_standing(item),
        published_at=_date(item, "post_date_gmt", "post_date") or mail_time(text_in(item, "pubDate")),
    )


def _own_facts(item: Element) -> dict[str, Any] | None:
    """What this tool itself wrote along, if each comment has it: else somebody has written since, elsewhere."""
    facts, comments = _meta(item, "postmeta"), children(item, "comment")
    if facts is None:
        return None
    told = [told for one in comments if (told := _meta(one, "commentmeta")) is not None]
    return {**facts, "comments": told} if len(told) == len(comments) else None


def _meta(element: Element, kind: str) -> dict[str, Any] | None:
    for one in children(element, kind):
        if text_in(one, "meta_key") == OWN_META:
            try:
                facts = json.loads(text_in(one, "meta_value"))
            except (ValueError, RecursionError):
                return None
            return facts if isinstance(facts, dict) else None
    return None


def _standing(item: Element) -> Standing:
    if text_in(item, "post_password"):
        return Standing.PENDING
    return _POST_STANDING.get(text_in(item, "status"), Standing.PENDING)


def _content(item: Element) -> str:
    """The body; the excerpt has the same local name, and only its namespace tells them apart."""
    for one in children(item, "encoded"):
        if "excerpt" not in str(one.tag):
            return all_text(one)
    return ""


def _comments(item: Element) -> tuple[list[LooseComment], int]:
    loose, dropped = [], 0
    for one in children(item, "comment"):
        if text_in(one, "comment_type") in _NO_COMMENTS or text_in(one, "comment_approved") == "spam":
            dropped += 1
            continue
        own = _meta(one, "commentmeta") or {}
        if own.get("private_to") or own.get("hidden_at"):  # here it was not for all: there is nothing to approve
            dropped += 1
            continue
        answers = text_in(one, "comment_parent")
        loose.append(
            LooseComment(
                id=text_in(one, "comment_id"),
                answers="" if answers == "0" else answers,
                writer=Writer(plain(text_in(one, "comment_author")), text_in(one, "comment_author_email")),
                text=markdown_of(text_in(one, "comment_content")),
                standing=_COMMENT_STANDING.get(text_in(one, "comment_approved"), Standing.PENDING),
                written_at=_date(one, "comment_date_gmt", "comment_date"),
            )
        )
    return loose, dropped


def _date(element: Element, *names: str) -> datetime | None:
    for name in names:
        text = text_in(element, name)
        if text and not text.startswith(_NO_DATE) and (moment := iso_time(text)):
            return moment
    return None


def dropped(count: int) -> tuple[str, ...]:
    said = say_count(
        "%(count)s left out that are no comments: pingbacks, trackbacks or spam.",
        "%(count)s left out that are no comments: pingbacks, trackbacks or spam.",
        count,
    )
    return (said,) if count else ()


def _said(left_out: Counter[str]) -> tuple[str, ...]:
    kinds = [
        say("%(number)s of the kind “%(kind)s”", number=count, kind=kind) for kind, count in sorted(left_out.items())
    ]
    said = say("In the whole file: left out, for they are no posts: %(list)s.", list=listed(kinds))
    return (said,) if kinds else ()
