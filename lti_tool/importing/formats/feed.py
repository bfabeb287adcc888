"""Feeds: RSS 2.0, and Atom with its replies, which is also how Blogger exports a whole blog."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO

from lti_tool.importing.formats.dates import iso_time, mail_time
from lti_tool.importing.formats.found import NOBODY, ArchivedPost, NoPosts, Standing, Writer
from lti_tool.importing.formats.markdown import markdown_of, markdown_of_html
from lti_tool.importing.formats.threads import LooseComment, thread_of
from lti_tool.importing.formats.wordpress_text import is_laid_out, plain
from lti_tool.importing.formats.wxr import dropped
from lti_tool.importing.formats.xml_stream import (
    Element,
    all_text,
    child,
    children,
    elements_in,
    inner_html,
    local_name,
    text_in,
)
from lti_tool.wording import say

_OPENING = re.compile(rb"<(?:rss|feed|(?:\w+:)?RDF)[\s>]|<!doctype\s+(?:rss|feed)", re.I)
_MARKUP = re.compile(rb"\s*<")
_KIND = "http://schemas.google.com/g/2005#kind"
_BLOGGER_STANDING = {
    "LIVE": Standing.SHOWN,
    "": Standing.SHOWN,
    "SOFT_TRASHED": Standing.TRASH,
    "TRASHED": Standing.TRASH,
}
_MAIL_AND_NAME = re.compile(r"^\s*(\S+@\S+)\s*\((.*)\)\s*$")
_NO_MAIL = "noreply@blogger.com"
_NO_ID = "feed:"
_NAMED = say("The feed names the author.")


class Feed:
    """A feed. Its comments can come before their posts, so all of it is read before the first post is given."""

    name = "feed"
    label = "An RSS or Atom feed, or a Blogger export (.xml, .atom)"
    is_archive = True

    def looks_like(self, first_bytes: bytes) -> bool:
        bare = first_bytes.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
        if b"wordpress.org/export/" in bare or not _MARKUP.match(bare):
            return False
        return _OPENING.search(bare) is not None

    def posts_in(self, file: BinaryIO) -> Iterator[ArchivedPost]:
        """Each post of the feed with its comments."""
        posts: dict[str, ArchivedPost] = {}
        comments: dict[str, list[LooseComment]] = defaultdict(list)
        spam: Counter[str] = Counter()
        of_all = NOBODY
        for element in elements_in(file, frozenset({"item", "entry", "author"})):
            kind = _kind(element)
            if local_name(element) == "author":
                of_all = of_all or _named_in(element)
            elif kind == "comment":
                post_id, loose = _comment(element)
                if "SPAM" in text_in(element, "status").upper():
                    spam[post_id] += 1
                else:
                    comments[post_id].append(loose)
            elif kind == "post":
                post = _post(element)
                posts[post.source_id if post.source_id != _NO_ID else f"{len(posts)}"] = post
        if not posts:
            raise NoPosts(
                say("The feed holds no posts."), say("Take the feed of the posts, or the blog's whole export.")
            )
        lost = sum(len(found) for post_id, found in comments.items() if f"feed:{post_id}" not in posts)
        said = say("In the whole file: comments left out because their posts are not in it: %(number)s.", number=lost)
        for place, post in enumerate(posts.values(), 1):
            post_id = post.source_id.removeprefix(_NO_ID)
            warnings = (*dropped(spam[post_id]), *((said,) if lost and place == len(posts) else ()))
            yield _by(of_all, replace(post, comments=thread_of(comments.get(post_id, ())), warnings=warnings))


def _by(of_all: Writer, post: ArchivedPost) -> ArchivedPost:
    """A post that names nobody is by whom the whole feed is by."""
    if post.writer or not of_all:
        return post
    return replace(post, writer=of_all, author=of_all.name or None, author_reason=_NAMED if of_all.name else None)


def _kind(element: Element) -> str:
    """Post, comment, or something else that Blogger mixes in: a page, a setting, a template."""
    for category in children(element, "category"):
        if category.get("scheme") == _KIND:
            return str(category.get("term", "")).rpartition("#")[2]
    stated = text_in(element, "type").lower()
    if stated in ("post", "comment", "page"):
        return stated
    return "comment" if _answered_ids(element) else "post"


def _answered_ids(element: Element) -> list[str]:
    """What the entry answers: the post, and in newer exports the comment too."""
    replies = [str(one.get("ref") or "") or (one.text or "").strip() for one in children(element, "in-reply-to")]
    own = [text_in(element, name) for name in ("parent", "inReplyTo")]
    return [one for one in (*replies, *own) if one]


def _comment(element: Element) -> tuple[str, LooseComment]:
    answered = _answered_ids(element)
    related = [str(link.get("href") or "").rpartition("/")[2] for link in children(element, "link")
               if link.get("rel") == "related"]  # fmt: skip
    answers = next((one for one in (*answered[1:], *related) if one), "")
    own_id = text_in(element, "id")
    if related and "post-" in own_id and "post-" not in answers:
        answers = own_id.rpartition("post-")[0] + "post-" + answers
    return answered[0] if answered else "", LooseComment(
        id=own_id,
        answers=answers,
        writer=_writer(element),
        text=_markdown(element),
        standing=_standing(element),
        written_at=_date(element),
    )


def _post(element: Element) -> ArchivedPost:
    writer = _writer(element)
    count = text_in(element, "comments") or text_in(element, "total")
    return ArchivedPost(
        title=_plain_title(element),
        subtitle=None,
        author=writer.name or None,
        author_reason=_NAMED if writer.name else None,
        body=tuple(_markdown(element).split("\n\n")),
        sources=(),
        stated_comments=int(count) if count.isdecimal() and len(count) < 8 else None,
        comments=(),
        warnings=(),
        source_id=f"{_NO_ID}{text_in(element, 'id') or text_in(element, 'guid') or text_in(element, 'link')}",
        writer=writer,
        standing=_standing(element),
        published_at=_date(element),
    )


def _plain_title(element: Element) -> str:
    """The title in plain text. Only Atom says which titles are HTML, and the others mostly are."""
    title = child(element, "title")
    if title is None:
        return ""
    said = all_text(title)
    return " ".join(said.split()) if title.get("type") == "text" else plain(said)


def _markdown(element: Element) -> str:
    """The fullest text there is: a feed's description is often its first lines only."""
    texts = [inner_html(one) for one in element if local_name(one) in ("encoded", "content", "description", "summary")]
    fullest = max(texts, key=len, default="")
    return markdown_of_html(fullest) if is_laid_out(fullest) else markdown_of(fullest)


def _standing(element: Element) -> Standing:
    if (control := child(element, "control")) is not None and text_in(control, "draft") == "yes":
        return Standing.PENDING
    if text_in(element, "trashed"):
        return Standing.TRASH
    return _BLOGGER_STANDING.get(text_in(element, "status").upper(), Standing.PENDING)


def _writer(element: Element) -> Writer:
    author = child(element, "author")
    if author is not None and len(author):
        return _named_in(author)
    name = plain(text_in(element, "creator"))
    said = (author.text or "").strip() if author is not None else ""
    if with_mail := _MAIL_AND_NAME.match(said):
        return Writer(name or with_mail[2], with_mail[1])
    return Writer(name or plain(said)) if name or said else NOBODY


def _named_in(author: Element) -> Writer:
    email = text_in(author, "email")
    return Writer(plain(text_in(author, "name")), "" if email == _NO_MAIL else email)


def _date(element: Element) -> datetime | None:
    for name in ("published", "pubDate", "date", "issued", "updated"):
        if text := text_in(element, name):
            return iso_time(text) or mail_time(text)
    return None
