"""Finding the comments of a saved page, whoever marked it up: what is one comment, whose, and what it answers."""

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import html

from lti_tool.importing.formats.found import NOBODY, Writer
from lti_tool.importing.formats.markdown import markdown_of_html
from lti_tool.importing.formats.page_nodes import Node, ancestors, classes, found, line_of, own_nodes
from lti_tool.importing.formats.page_reading.dates import around_date
from lti_tool.importing.formats.page_times import before_time, time_of
from lti_tool.importing.formats.threads import LooseComment

_ID = re.compile(r"(?:li-|div-|article-)?comment[-_]?[0-9a-f]*\d[0-9a-f]*|c\d{6,}", re.I)
_TAGS = {"li", "article", "div", "section", "dt", "p", "tr", "td", "details"}
_CLASSES = {"comment", "discussion_entry", "discussion-entry"}
_FORUM = {"forumpost", "forum-post-container"}
_PINGS = {"pingback", "trackback", "webmention"}
_OTHER = "data-of-another-comment"
TEXT = (
    "class:field--name-comment-body", "class:field-name-comment-body", "class:comment-content",
    "class:wp-block-comment-content", "class:comment__content", "class:comment-text", "class:comment_text",
    "class:commenttext", "class:comment-copy", "class:comment-entry", "class:comment_content", "itemprop:text",
    "class:post-content-container", "class:posting", "class:user_content", "class:comment-body",
    "class:comment-message", "class:message", "class:content",
)  # fmt: skip
WRITER = (
    "class:fn", "class:user", "class:url", "class:wp-block-comment-author-name", "class:comment-author-name",
    "class:comment-author-link", "class:comment__author", "class:commenter-name", "class:username",
    "class:author-name", "itemprop:author", "class:author", "ends:comment-author", "ends:comment_author",
    "ends:author-link", "ends:author-name", "ends:item-author", "class:commenter", "class:comment__submitted",
    "class:submitted", "class:vcard", "class:byline", "tag:cite", "class:comment-header", "class:comment-footer",
    "class:metadata",
)  # fmt: skip
_NAMES = WRITER[: WRITER.index("class:byline")]
_SAYS = re.compile(r"^(?:says|said|writes|wrote)\b[\s.…:]*", re.I)
_NOT_TEXT = ("script", "style", "form", "nav", "button", "noscript", "textarea")
_FURNITURE = {
    "reply", "comment-reply", "comment-reply-link", "comment-edit-link", "comment-meta", "comment-metadata",
    "commentmetadata", "comment-actions", "comment-awaiting-moderation", "comment-author", "comment-footer", "says",
    "screen-reader-text", "sr-only", "visually-hidden", "post-actions", "sharedaddy", "jp-relatedposts",
    "jp-post-flair", "sd-sharing", "comment-likes", "wp-block-comment-reply-link", "addtoany_share_save_container",
    "yarpp-related", "entry-meta", "entry-footer", "entry-header", "post-navigation", "post-footer", "author-box",
    "comment-replies", "attachedimages", "avatar", "postmetadata",
}  # fmt: skip
_BLOCKS = ("p", "ul", "ol", "blockquote", "pre", "table", "figure")
_BEFORE_NAME = re.compile(
    r"^(?:(?:view all|more) posts by|more by)\s+|"
    r"^(?:(?:posted|submitted|written|comment|kommentar|geschrieben) )?(?:by|von|par)\b:?\s+",
    re.I,
)
_BEFORE_DATE = re.compile(r"\s+(?:on|at|am|um|le|el)$", re.I)
_AFTER_NAME = re.compile(
    r"\s+(?:says|said|writes|wrote|sagt|sagte|schreibt|dit|dice|dijo|disse)[\s.…:,]*$|\s+[—–|·•-]\s+\d.*$|[\s|:,—–-]+$",
    re.I,
)
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Place:
    """An element that is one comment. `parts` are those in it that are the same comment, or nobody's."""

    number: int
    node: Node
    is_forum: bool
    is_ping: bool
    parts: list[Node] = field(default_factory=list)


class PageComments:
    """The comments of a page. Nothing of the page is changed but for old lists, in which name and text are siblings."""

    def __init__(self, page: Node) -> None:
        _wrap_lists(page)
        self._places: dict[Node, Place] = {}
        for node in [one for one in page.iter() if isinstance(one.tag, str) and _looks_like(one)]:
            self._take(node)
        leave_out(*self._places)
        self._by_digits = {digits: one for node, one in self._places.items() if (digits := _digits(node))}
        self._above = dict(_by_depth(self._places.values()))
        said = [one for one in self._places.values() if not one.is_ping]
        self.pings = len(self._places) - len(said)
        self.opening = said[0] if said and said[0].is_forum else None
        self.places = said[1:] if self.opening is not None else said

    @property
    def nodes(self) -> dict[Node, Place]:
        return self._places

    def loose(self, place: Place) -> LooseComment:
        nodes = self.own(place)
        text = self._text_place(nodes)
        around = nodes if text is None else list(own_nodes(place.node, {*self._places, text}))
        parent = self._parent(place)
        return LooseComment(
            id=str(place.number),
            answers="" if parent is None or parent is self.opening else str(parent.number),
            writer=forum_writer(around) if place.is_forum else named(around, WRITER),
            text=self.text(place),
            written_at=time_of(around),
        )

    def text(self, place: Place) -> str:
        """What is said: in the element for it, or else in the paragraphs beside the name and the date."""
        nodes = self.own(place)
        if (whole := self._text_place(nodes)) is not None:
            return markdown(whole)
        blocks = max((self._blocks_in(node) for node in nodes), key=lambda some: sum(len(line_of(one)) for one in some))
        if blocks:
            return "\n\n".join(part for one in blocks if (part := markdown(one)))
        leave_out(*list(found(nodes, _NAMES))[:1])
        return _SAYS.sub("", markdown(place.node))

    def _text_place(self, nodes: list[Node]) -> Node | None:
        """The element for the text, unless it has the writer's name in it as well."""
        for one in found(nodes, TEXT):
            is_whole = any(inner.tag == "cite" for inner in one)
            if not is_whole and next(found(own_nodes(one, self._places), _NAMES), None) is None:
                return one
        return None

    def _blocks_in(self, node: Node) -> list[Node]:
        return [
            one
            for one in node
            if one.tag in _BLOCKS and not _is_furniture(one) and not any(inner in self._places for inner in one.iter())
        ]

    def own(self, place: Place) -> list[Node]:
        return list(own_nodes(place.node, self._places))

    def _take(self, node: Node) -> None:
        outer = next((self._places[one] for one in ancestors(node) if one in self._places), None)
        if outer is not None and self._is_part(outer, node):
            outer.parts.append(node)
        else:
            self._places[node] = Place(len(self._places), node, _is_forum(node), bool(classes(node) & _PINGS))

    def _is_part(self, outer: Place, node: Node) -> bool:
        """Whether an element in a comment is the same comment again, or a piece of it, and not an answer."""
        key, outer_key = _digits(node), _digits(outer.node)
        if key and outer_key:
            return key == outer_key
        if not _speaks(node):
            return True
        return not outer.parts and not _speaks(outer.node)

    def _parent(self, place: Place) -> Place | None:
        above = next((self._places[one] for one in ancestors(place.node) if one in self._places), None)
        return above or self._before_indent(place) or self._linked(place) or self._above.get(place.number)

    def _before_indent(self, place: Place) -> Place | None:
        """Where answers stand in a box of their own after what they answer, as in Drupal and in old Moodle."""
        for box in ancestors(place.node):
            if classes(box) & {"indent", "indented", "children", "replies"}:
                before = box.getprevious()
                while before is not None:
                    if before in self._places:
                        return self._places[before]
                    inner = [one for one in before.iter() if one in self._places] if isinstance(before.tag, str) else []
                    if inner:
                        return self._places[inner[0]]
                    before = before.getprevious()
        return None

    def _linked(self, place: Place) -> Place | None:
        """Where each comment has a link to the one that it answers, as in a forum that is shown flat."""
        for box in self.own(place):
            if not (place.is_forum and classes(box) & {"post-actions", "commands"}) and "parent" not in classes(box):
                continue
            for link in box.iter("a"):
                target = self._by_digits.get(re.sub(r"\D", "", (link.get("href") or "").rpartition("#")[2]))
                if target is not None and target.node is not place.node:
                    return target
        return None


def leave_out(*nodes: Node) -> None:
    """Let these stand in no text around them."""
    for node in nodes:
        node.set(_OTHER, "1")


def markdown(node: Node) -> str:
    """The element as Markdown, without what is no text in it; what belongs to other comments is left out."""
    copy = deepcopy(node)
    copy.tail = None
    copy.tag = copy.tag if copy.tag in _BLOCKS else "div"
    for inner in list(copy.iter()):
        if inner is copy or not isinstance(inner.tag, str) or inner.getparent() is None:
            continue
        if inner.tag in _NOT_TEXT or inner.get(_OTHER) or _is_furniture(inner):
            inner.drop_tree()
    return markdown_of_html(html.tostring(copy, encoding="unicode", with_tail=False))


def named(nodes: list[Node], wishes: tuple[str, ...]) -> Writer:
    """Who the page says it is by: the first name of reasonable length."""
    for one in found(nodes, wishes):
        if name := _bare_name(line_of(one)):
            return Writer(name)
    return NOBODY


def forum_writer(nodes: list[Node]) -> Writer:
    for node in nodes:
        if node.tag == "a" and "/user/" in (node.get("href") or "") and (name := line_of(node)):
            return Writer(name[:_LONGEST_NAME])
    return named(nodes, ("class:author-name", "class:author", "class:mb-3", "tag:address"))


def _bare_name(text: str) -> str:
    if len(text) > _LONGEST_NAME:
        return ""
    dated = around_date(text)
    before = min(before_time(text).strip(), dated.before if dated else text, key=len)
    name = _BEFORE_NAME.sub("", before if before == text else _BEFORE_DATE.sub("", before)).strip()
    while (shorter := _AFTER_NAME.sub("", name)) != name:
        name = shorter
    return name


def _wrap_lists(page: Node) -> None:
    """Old lists have the writer in a `dt` and the text in the `dd` after it: each pair becomes one element."""
    for term in [one for one in page.iter("dt") if _ID.fullmatch(one.get("id") or "")]:
        box = html.Element("div", {"id": term.get("id"), "class": "comment"})
        after = term.getnext()
        term.addprevious(box)
        box.append(term)
        del term.attrib["id"]
        while after is not None and after.tag == "dd":
            box.append(after)
            after = box.getnext()


def _looks_like(node: Node) -> bool:
    if node.tag not in _TAGS:
        return False
    named_so = classes(node)
    if _is_forum(node) or node.get("itemprop") == "comment" or _ID.fullmatch(node.get("id") or ""):
        return True
    return node.tag in ("li", "article", "div") and bool(
        named_so & (_CLASSES | (_PINGS if node.tag == "li" else set()))
    )


def _is_forum(node: Node) -> bool:
    if _FORUM & classes(node):
        return True
    return node.tag in ("article", "div") and node.get("data-region") == "post" and node.get("data-post-id") is not None


def _speaks(node: Node) -> bool:
    """Whether somebody is named in an element, outside the comments in it."""
    inner = {one for one in node.iter() if one is not node and isinstance(one.tag, str) and _looks_like(one)}
    return next(found(own_nodes(node, inner), WRITER), None) is not None


def _is_furniture(node: Node) -> bool:
    return bool(classes(node) & _FURNITURE)


def _digits(node: Node) -> str:
    return re.sub(r"\D", "", node.get("data-post-id") or node.get("id") or "")


def _by_depth(places: Iterable[Place]) -> Iterator[tuple[int, Place]]:
    """The number of each place that says how deep it hangs, with the last one before it that hangs less deep by one."""
    last: dict[int, Place] = {}
    for place in places:
        depth = next((int(one[6:]) for one in classes(place.node) if re.fullmatch(r"depth-\d{1,3}", one)), 0)
        if depth > 1 and depth - 1 in last:
            yield place.number, last[depth - 1]
        last[depth] = place
