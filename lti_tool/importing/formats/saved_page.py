"""The page of one post, saved from the browser: WordPress, Blogger, Moodle's forum, or what is marked up alike."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

from lxml import etree, html

from lti_tool.errors import ImportProblem
from lti_tool.importing.formats.dates import iso_time
from lti_tool.importing.formats.decoding import COPY_THE_TEXT
from lti_tool.importing.formats.found import NOBODY, ArchivedPost, Writer
from lti_tool.importing.formats.page_comments import PageComments, Place, leave_out, markdown, named
from lti_tool.importing.formats.page_nodes import Node, ancestors, found, line_of, own_nodes
from lti_tool.importing.formats.page_times import time_of
from lti_tool.importing.formats.threads import thread_of
from lti_tool.importing.formats.wxr import dropped
from lti_tool.wording import say

_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
# Where a page keeps things, as class names or attributes, the surest first.
_BODY = (
    "class:entry-content", "class:wp-block-post-content", "class:post-body", "class:post-content",
    "class:article-content", "itemprop:articleBody", "class:td-post-content", "class:gh-content",
    "class:post__content", "class:available-content", "class:field--name-body", "class:field-name-body",
    "class:asset-body", "class:post-entry", "class:storycontent", "class:user_content", "class:entry",
)  # fmt: skip
_TITLE = ("class:entry-title", "class:post-title", "class:wp-block-post-title", "itemprop:headline",
          "class:discussion-title", "class:article-title")  # fmt: skip
_HEADINGS = ("tag:h1", "tag:h2", "tag:h3")
_AUTHOR = (
    "rel:author", "class:fn", "class:wp-block-post-author-name", "class:wp-block-post-author__name",
    "itemprop:author", "class:author-name", "class:author", "class:post-author", "class:byline",
)  # fmt: skip
_BOXES = ("div", "section", "article", "main", "td", "body")
_MARGINS = ("footer", "aside", "nav", "form")
_ASIDE = re.compile(r"\b(?:sidebar|widget|dialog|modal|cookie|footer|comments?)\b", re.I)
_SOME_TEXT = 80
_MOST_ELEMENTS = 60_000
_NEAR = 12
_SUBJECT = ("data-region-content:forum-post-core-subject", "class:subject", "tag:h3", "tag:h4")


class SavedPage:
    name = "saved_page"
    label = "The page of a post, saved from the browser (.html)"
    is_archive = True

    def looks_like(self, first_bytes: bytes) -> bool:
        return _HTML.match(first_bytes.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")) is not None

    def posts_in(self, file: BinaryIO) -> Iterator[ArchivedPost]:
        """The one post of the page."""
        content = file.read()
        parser = html.HTMLParser(encoding=_encoding(content), no_network=True, remove_comments=True, huge_tree=False)
        try:
            page = html.document_fromstring(content, parser=parser)
        except (etree.ParserError, etree.XMLSyntaxError, ValueError):
            raise _no_post() from None
        if next(islice(page.iter(), _MOST_ELEMENTS, None), None) is not None:
            raise _no_post()
        yield _post(page)


def _encoding(content: bytes) -> str | None:
    """None leaves it to what the page says of itself."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"


class _Facts(NamedTuple):
    title: str
    body: str
    writer: Writer
    published_at: datetime | None


def _post(page: Node) -> ArchivedPost:
    comments = PageComments(page)
    loose = [one for place in comments.places if (one := comments.loose(place)).text.strip()]
    facts = _opened(page, comments, comments.opening) if comments.opening is not None else _written(page, comments)
    if not facts.body and not (facts.title and loose):
        raise _no_post()
    pictures = (say("Pictures of the page become links, or their descriptions, unless they are fetched."),)
    return ArchivedPost(
        title=facts.title,
        subtitle=None,
        author=facts.writer.name or None,
        author_reason=say("The page names the author.") if facts.writer.name else None,
        body=tuple(facts.body.split("\n\n")),
        sources=(),
        stated_comments=None,
        comments=thread_of(loose),
        warnings=(*(pictures if page.find(".//img") is not None else ()), *dropped(comments.pings)),
        source_id=_address(page),
        writer=facts.writer,
        published_at=facts.published_at,
    )


def _opened(page: Node, comments: PageComments, opening: Place) -> _Facts:
    """A discussion in a forum: what opens it is the post."""
    first = comments.loose(opening)
    subject = next(found(comments.own(opening), _SUBJECT), None)
    title = line_of(subject) if subject is not None else _stated_title(page)
    return _Facts(title, first.text, first.writer, first.written_at)


def _written(page: Node, comments: PageComments) -> _Facts:
    """A post with what stands around its text: the nearest heading, name and date are its own."""
    nodes, stated = list(own_nodes(page, comments.nodes)), _stated_title(page)
    heading = _first_of(
        _titled_so(stated, found(nodes, _TITLE)),
        _titled_so(stated, found(nodes, _HEADINGS), most=True),
        next(found(nodes, _TITLE), None),
    )
    body = _text_of(nodes, heading)
    if body is None:
        return _Facts(stated, "", NOBODY, None)
    is_all = body.tag in ("article", "main") or (heading is not None and body in ancestors(heading))
    boxes = [*([body] if is_all else []), *list(ancestors(body))[:_NEAR]]
    around = [list(own_nodes(box, {*comments.nodes, *(() if is_all else (body,))})) for box in boxes]
    if heading is None:
        near = _first_of(*(_heading_before(body, some, is_all=is_all) for some in around))
        so = _titled_so(stated, [near] if near is not None else [])
        heading = _first_of(so, _titled_so(stated, found(nodes, _HEADINGS)), near)
    title = line_of(heading) if heading is not None else stated
    writer = next((one for some in around if (one := named(some, _AUTHOR))), NOBODY) or _stated_writer(page)
    published_at = _stated_time(page) or next((when for some in around if (when := time_of(some))), None)
    if is_all:
        leave_out(*(() if heading is None else (heading,)), *body.iter("header", "footer", "aside"))
    return _Facts(title, markdown(body), writer, published_at)


def _first_of(*nodes: Node | None) -> Node | None:
    return next((one for one in nodes if one is not None), None)


def _titled_so(stated: str, headings: Iterable[Node], *, most: bool = False) -> Node | None:
    """The longest heading that is in the title of the whole page, as that of another post on it is not."""
    letters = _letters(stated)
    alike = [one for one in headings if (said := _letters(line_of(one))) and said in letters]
    longest = max(alike, key=lambda one: len(line_of(one)), default=None)
    is_most = longest is not None and len(_letters(line_of(longest))) * 2 > len(letters)
    return longest if is_most or not most else None


def _letters(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum())


def _text_of(nodes: list[Node], heading: Node | None) -> Node | None:
    """The element that is the post's text: by its name, or else where the most paragraphs stand together."""
    places = {one: place for place, one in enumerate(nodes)}
    named_so = list(found(nodes, _BODY))
    below = [one for one in named_so if heading is None or places[one] > places[heading] or one in ancestors(heading)]
    if named_so:
        return (below or named_so)[0]
    lengths = {one: _paragraphs_in(one) for one in nodes if one.tag in _BOXES}
    longest = max(lengths, key=lambda one: lengths[one], default=None)
    if longest is not None and lengths[longest] >= _SOME_TEXT:
        return longest
    return next(found(nodes, ("tag:article", "tag:main")), None)


def _paragraphs_in(node: Node) -> int:
    """How many letters an element has in paragraphs of its own; none if it is a margin of the page."""
    if any(
        box.tag in _MARGINS or _ASIDE.search(f"{box.get('id')} {box.get('class')}") for box in (node, *ancestors(node))
    ):
        return 0
    return sum(len(line_of(one)) for one in node if one.tag == "p")


def _heading_before(body: Node, nodes: list[Node], *, is_all: bool) -> Node | None:
    """The highest heading above the text: what comes below it is about something else."""
    above = nodes
    if not is_all:
        inside = {*ancestors(body)}
        before = {one for box in (body, *inside) for one in box.itersiblings(preceding=True)}
        above = [one for one in nodes if one in before or any(box in before for box in ancestors(one))]
    return next(found(above, _HEADINGS), None)


def _stated_title(page: Node) -> str:
    stated: Any = page.xpath("//meta[@property='og:title']/@content") or page.xpath("//title/text()")
    return " ".join(str(stated[0]).split()) if stated else ""


def _stated_writer(page: Node) -> Writer:
    stated: Any = page.xpath("//meta[@name='author']/@content")
    return Writer(" ".join(str(stated[0]).split())[:200]) if stated else NOBODY


def _stated_time(page: Node) -> datetime | None:
    stated: Any = page.xpath("//meta[@property='article:published_time' or @itemprop='datePublished']/@content")
    return iso_time(str(stated[0])) if stated else None


def _address(page: Node) -> str:
    links: Any = page.xpath("//link[@rel='canonical']/@href")
    return f"page:{links[0]}" if links else ""


def _no_post() -> ImportProblem:
    return ImportProblem(say("The file is a saved web page in which no post could be found."), COPY_THE_TEXT)
