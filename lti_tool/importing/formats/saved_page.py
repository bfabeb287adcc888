"""The page of one post, saved from the browser: WordPress, Blogger, Moodle's forum, or what is marked up alike."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, TypeAlias

from lxml import etree, html

from lti_tool.errors import ImportProblem
from lti_tool.importing.formats.dates import iso_time
from lti_tool.importing.formats.decoding import COPY_THE_TEXT
from lti_tool.importing.formats.found import NOBODY, ArchivedPost, Writer
from lti_tool.importing.formats.markdown import markdown_of
from lti_tool.importing.formats.threads import LooseComment, thread_of

_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_COMMENT_ID = re.compile(r"^(?:comment|li-comment|div-comment)-\d+$|^c\d{6,}$")
_NOT_TEXT = ("script", "style", "form", "nav", "button", "noscript")
Node: TypeAlias = Any  # lxml's HTML elements have no types


@dataclass(frozen=True)
class _Places:
    """Where a kind of page keeps things, as class names or attributes, the surest first."""

    body: tuple[str, ...] = (
        "class:entry-content", "class:post-body", "class:post-content", "class:article-content", "itemprop:articleBody",
        "tag:article", "tag:main",
    )  # fmt: skip
    title: tuple[str, ...] = ("class:entry-title", "class:post-title", "itemprop:headline", "tag:h1", "tag:title")
    author: tuple[str, ...] = ("rel:author", "class:fn", "itemprop:author", "class:author", "class:byline")
    text: tuple[str, ...] = ("class:comment-content", "class:comment-text", "itemprop:text", "class:comment-body",
                             "class:post-content-container", "class:posting")  # fmt: skip
    writer: tuple[str, ...] = ("class:fn", "class:user", "itemprop:author", "class:comment-author", "tag:cite")


_PLACES = _Places()


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


def _post(page: Node) -> ArchivedPost:
    places = _comment_places(page)
    is_forum = bool(places) and _is_forum(places[0])
    opening = places.pop(0) if is_forum else None
    loose = [_comment(place, set(places)) for place in places]
    source = opening if opening is not None else page
    title = _title(page)
    body = _own_text(opening, _PLACES.text) if opening is not None else _body(page, places)
    if not body and not (title and loose):
        raise _no_post()
    writer = _forum_writer(opening) if opening is not None else _page_writer(page, places)
    return ArchivedPost(
        title=title,
        subtitle=None,
        author=writer.name or None,
        author_reason="The page names the author." if writer.name else None,
        body=tuple(body.split("\n\n")),
        sources=(),
        stated_comments=None,
        comments=thread_of(loose),
        warnings=("Pictures of the page are not brought along; each is a link, or its description.",)
        if page.find(".//img") is not None else (),
        source_id=_address(page),
        writer=writer,
        published_at=_time(source),
    )  # fmt: skip


def _comment_places(page: Node) -> list[Node]:
    """Every element that is one comment, in the page's order; of two that mean the same the outer one."""
    found: list[Node] = []
    taken: dict[Node, Node] = {}
    for node in page.iter():
        if not isinstance(node.tag, str) or not _is_comment(node):
            continue
        inner = any(_names_same(outer, node) for outer in _ancestors(node) if outer in taken)
        if not inner:
            taken[node] = node
            found.append(node)
    return found


def _is_comment(node: Node) -> bool:
    classes = _classes(node)
    if _is_forum(node) or node.get("itemprop") == "comment":
        return True
    return bool(_COMMENT_ID.match(node.get("id") or "")) or (node.tag == "li" and bool(classes & {"comment"}))


def _names_same(outer: Node, inner: Node) -> bool:
    """An `li` and the `div` in it often carry the same id; an answer, which is a comment of its own, does not."""
    digits = re.sub(r"\D", "", inner.get("id") or "")
    return bool(digits) and digits == re.sub(r"\D", "", outer.get("id") or "")


def _is_forum(node: Node) -> bool:
    return node.get("data-post-id") is not None or bool({"forumpost", "forum-post-container"} & _classes(node))


def _comment(place: Node, places: set[Node]) -> LooseComment:
    parent = next((one for one in _ancestors(place) if one in places), None)
    return LooseComment(
        id=_id(place),
        answers=_id(parent) if parent is not None else "",
        writer=_forum_writer(place) if _is_forum(place) else _named(_without_comments(place), _PLACES.writer),
        text=_own_text(place, _PLACES.text),
        written_at=_time(_without_comments(place)),
    )


def _id(node: Node) -> str:
    return node.get("id") or node.get("data-post-id") or str(node.getroottree().getpath(node))


def _own_text(place: Node, wanted: tuple[str, ...]) -> str:
    own = _without_comments(place)
    node = _first(own, wanted)
    return _markdown(node if node is not None else own)


def _body(page: Node, comments: list[Node]) -> str:
    node = _first(_without(page, comments), _PLACES.body)
    return _markdown(node) if node is not None else ""


def _without_comments(place: Node) -> Node:
    """The comment alone, without the answers that stand inside it."""
    copy = deepcopy(place)
    copy.tail = None
    for inner in [node for node in copy.iter() if node is not copy and isinstance(node.tag, str) and _is_comment(node)]:
        if not _names_same(copy, inner) and inner.getparent() is not None:
            inner.drop_tree()
    return copy


def _without(page: Node, comments: list[Node]) -> Node:
    if not comments:
        return page
    marks = {_id(one) for one in comments}
    copy = deepcopy(page)
    for node in [node for node in copy.iter() if isinstance(node.tag, str) and _is_comment(node)]:
        if node.getparent() is not None and _id(node) in marks:
            node.drop_tree()
    return copy


def _markdown(node: Node) -> str:
    for inner in [one for one in node.iter(*_NOT_TEXT) if one is not node]:
        if inner.getparent() is not None:
            inner.drop_tree()
    return markdown_of("<p></p>" + html.tostring(node, encoding="unicode", with_tail=False))


def _title(page: Node) -> str:
    node = _first(page, _PLACES.title)
    return " ".join(str(node.text_content()).split()) if node is not None else ""


def _page_writer(page: Node, comments: list[Node]) -> Writer:
    meta: Any = page.xpath("//meta[@name='author']/@content")
    found = _named(_without(page, comments), _PLACES.author)
    return found or (Writer(" ".join(str(meta[0]).split())[:200]) if meta else NOBODY)


def _forum_writer(place: Node) -> Writer:
    links: Any = _without_comments(place).xpath(".//a[contains(@href, '/user/')]")
    names = [" ".join(str(link.text_content()).split()) for link in links]
    name = next((one for one in names if one), "")
    return Writer(name[:200]) if name else NOBODY


def _named(node: Node, wanted: tuple[str, ...]) -> Writer:
    found = _first(node, wanted)
    name = " ".join(str(found.text_content()).split()) if found is not None else ""
    name = re.sub(r"^(?:by|von|par)\s+|\s*(?:says|said|writes)?\s*:?$", "", name, flags=re.I)
    return Writer(name) if 0 < len(name) <= 200 else NOBODY


def _time(node: Node) -> datetime | None:
    for one in node.iter("time"):
        if moment := iso_time(one.get("datetime") or ""):
            return moment
    return None


def _address(page: Node) -> str:
    links: Any = page.xpath("//link[@rel='canonical']/@href")
    return f"page:{links[0]}" if links else ""


def _first(node: Node, wanted: tuple[str, ...]) -> Node | None:
    """The first element, in the order of the wishes, that has some text."""
    for wish in wanted:
        kind, _, name = wish.partition(":")
        for one in node.iter():
            if isinstance(one.tag, str) and _is(one, kind, name) and str(one.text_content()).strip():
                return one
    return None


def _is(node: Node, kind: str, name: str) -> bool:
    if kind == "class":
        return name in _classes(node)
    return node.tag == name if kind == "tag" else name in (node.get(kind) or "").split()


def _classes(node: Node) -> set[str]:
    return set((node.get("class") or "").split())


def _ancestors(node: Node) -> Iterator[Node]:
    parent = node.getparent()
    while parent is not None:
        yield parent
        parent = parent.getparent()


def _no_post() -> ImportProblem:
    return ImportProblem("The file is a saved web page in which no post could be found.", COPY_THE_TEXT)
