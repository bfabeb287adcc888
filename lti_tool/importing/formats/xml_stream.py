"""XML as it comes, element by element: no DOCTYPE, no entity, no network, and never the whole file in memory."""

import re
from collections.abc import Iterator
from typing import BinaryIO, TypeAlias

from lxml import etree

from lti_tool.errors import ImportProblem
from lti_tool.wording import say

EXPORT_AGAIN = say("Export it again from the old blog, and import the new file.")
_DOCTYPE = re.compile(rb"<!\s*(doctype|entity)", re.I)
_BEFORE_ROOT = re.compile(rb"\s+|<!--.*?-->|<\?.*?\?>", re.S)
# What real files have and a reader can step over: a stray control character, &nbsp; without a DOCTYPE, a lost byte.
_HARMLESS = {
    "ERR_INVALID_CHAR", "ERR_UNDECLARED_ENTITY", "WAR_UNDECLARED_ENTITY", "ERR_INVALID_ENCODING", "ERR_DOCUMENT_END",
    "NS_ERR_UNDEFINED_NAMESPACE", "ERR_INVALID_CHARREF", "ERR_ENTITYREF_NO_NAME", "ERR_ENTITYREF_SEMICOL_MISSING",
    "ERR_MISPLACED_CDATA_END",
}  # fmt: skip

Element: TypeAlias = etree._Element


def refuse_doctype(first_bytes: bytes) -> None:
    """Raise ImportProblem where the file defines words of its own: no blog writes that, and it can be made to burst."""
    opening = first_bytes.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
    while found := _BEFORE_ROOT.match(opening):
        opening = opening[found.end() :]
    if _DOCTYPE.match(opening):
        raise _has_doctype()


def elements_in(file: BinaryIO, wanted: frozenset[str]) -> Iterator[Element]:
    """Yield each outermost element of a wanted local name once it is whole; what has been yielded is let go.

    Raises ImportProblem for a DOCTYPE, and at the end if the file is cut off, broken or nested beyond reason.
    """
    parsing = etree.iterparse(
        file, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        recover=True, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    inside: Element | None = None
    is_first = True
    try:
        for event, element in parsing:
            if is_first:
                is_first = False
                if element.getroottree().docinfo.doctype or element.getroottree().docinfo.internalDTD is not None:
                    raise _has_doctype()
            if event == "start":
                if inside is None and local_name(element) in wanted:
                    inside = element
            elif inside is not None and element is inside:
                inside = None
                yield element
                _let_go(element)
    except etree.XMLSyntaxError as problem:
        raise _broken(problem.lineno) from None
    for entry in parsing.error_log:
        if entry.level_name == "FATAL" and not _is_harmless(entry):
            raise _broken(entry.line)
    if is_first:
        raise _broken(1)


def _is_harmless(entry: etree._LogEntry) -> bool:
    """A bare `&` is stepped over; at a bare `<`, which has the same name, the parser gives up and says no more."""
    if entry.type_name == "ERR_NAME_REQUIRED":
        return "EntityRef" in (entry.message or "")
    return entry.type_name in _HARMLESS


def local_name(element: Element) -> str:
    """The name without its namespace, which differs from one version of a format to the next."""
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""


def text_in(element: Element, name: str) -> str:
    """The text of the first child of that local name, or ""."""
    found = child(element, name)
    return all_text(found).strip() if found is not None else ""


def all_text(element: Element) -> str:
    return "".join(str(part) for part in element.itertext())


def inner_html(element: Element) -> str:
    """What an element holds: HTML that stands there as text, or else its own elements written out as HTML."""
    if not any(isinstance(one.tag, str) for one in element):
        return all_text(element)
    for one in element.iter(etree.Element):
        one.tag = local_name(one)
    etree.cleanup_namespaces(element)
    return etree.tostring(element, encoding="unicode", method="html", with_tail=False)


def child(element: Element, name: str) -> Element | None:
    return next((one for one in element if local_name(one) == name), None)


def children(element: Element, name: str) -> list[Element]:
    return [one for one in element if local_name(one) == name]


def _let_go(element: Element) -> None:
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def _has_doctype() -> ImportProblem:
    return ImportProblem(say("The file has a DOCTYPE, which no blog's export has. It is not read."), EXPORT_AGAIN)


def _broken(line: int | None) -> ImportProblem:
    if not line:
        return ImportProblem(say("The file is cut off, damaged or nested too deep."), EXPORT_AGAIN)
    return ImportProblem(
        say("The file is cut off, damaged or nested too deep (near line %(line)s).", line=line), EXPORT_AGAIN
    )
