"""Feeds: RSS 2.0, and Atom with its replies, which is also how Blogger exports a whole blog."""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from lti_tool.errors import ImportProblem
from lti_tool.importing.formats.dates import iso_time, mail_time
from lti_tool.importing.formats.found import NOBODY, OF_THE_FILE, ArchivedPost, Standing, Writer
from lti_tool.importing.formats.markdown import markdown_of
from lti_tool.importing.formats.threads import LooseComment, thread_of
from lti_tool.importing.formats.xml_stream import Element, all_text, child, children, elements_in, local_name, text_in

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
        for element in elements_in(file, frozenset({"item", "entry"})):
            kind = _kind(element)
            if kind == "comment":
                post_id, loose = _comment(element)
                comments[post_id].append(loose)
            elif kind == "post":
                post = _post(element)
                posts[post.source_id] = post
        if not posts:
            raise ImportProblem("The feed holds no posts.", "Take the feed of the posts, or the blog's whole export.")
        lost = sum(len(found) for post_id, found in comments.items() if f"feed:{post_id}" not in posts)
        said = f"{OF_THE_FILE}comments left out because their posts are not in it: {lost}."
        for place, (source_id, post) in enumerate(posts.items(), 1):
            thread = thread_of(comments.get(source_id.removeprefix("feed:"), ()))
            warnings = (said,) if lost and place == len(posts) else ()
            yield ArchivedPost(**{**vars(post), "comments": thread, "warnings": warnings})


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
        text=markdown_of(_body(element)),
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
        author_reason="The feed names the author." if writer.name else None,
        body=tuple(markdown_of(_body(element)).split("\n\n")),
        sources=(),
        stated_comments=int(count) if count.isdecimal() and len(count) < 8 else None,
        comments=(),
        warnings=(),
        source_id=f"feed:{text_in(element, 'id') or text_in(element, 'guid') or text_in(element, 'link')}",
        writer=writer,
        standing=_standing(element),
        published_at=_date(element),
    )


def _plain_title(element: Element) -> str:
    return " ".join(text_in(element, "title").split())


def _body(element: Element) -> str:
    """The fullest text there is: a feed's description is often its first lines only."""
    texts = []
    for one in element:
        if local_name(one) in ("encoded", "content", "description", "summary"):
            texts.append(all_text(one))
    return max(texts, key=len, default="")


def _standing(element: Element) -> Standing:
    if (control := child(element, "control")) is not None and text_in(control, "draft") == "yes":
        return Standing.PENDING
    return _BLOGGER_STANDING.get(text_in(element, "status").upper(), Standing.PENDING)


def _writer(element: Element) -> Writer:
    author = child(element, "author")
    if author is not None and len(author):
        email = text_in(author, "email")
        return Writer(text_in(author, "name"), "" if email == _NO_MAIL else email)
    name = text_in(element, "creator")
    said = (author.text or "").strip() if author is not None else ""
    if with_mail := _MAIL_AND_NAME.match(said):
        return Writer(name or with_mail[2], with_mail[1])
    return Writer(name or said) if name or said else NOBODY


def _date(element: Element) -> datetime | None:
    for name in ("published", "pubDate", "date", "issued", "updated"):
        if text := text_in(element, name):
            return iso_time(text) or mail_time(text)
    return None
