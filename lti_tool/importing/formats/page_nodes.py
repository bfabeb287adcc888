"""Looking around in a page: by class, attribute or tag, and never into what belongs to somebody else."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, TypeAlias

Node: TypeAlias = Any  # lxml's HTML elements have no types


def classes(node: Node) -> set[str]:
    return set((node.get("class") or "").split())


def ancestors(node: Node) -> Iterator[Node]:
    parent = node.getparent()
    while parent is not None:
        yield parent
        parent = parent.getparent()


def own_nodes(node: Node, others: Collection[Node] = ()) -> Iterator[Node]:
    """Yield an element and what is in it, in order, without the others and what is in those."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one.tag, str):
            yield one
            waiting += [inner for inner in reversed(one) if inner not in others]


def found(nodes: Iterable[Node], wishes: Iterable[str]) -> Iterator[Node]:
    """Yield the elements that have some text, in the order of the wishes.

    A wish is such as `class:fn`, `ends:comment-author` (a class that ends so), `tag:cite` or `rel:author`.
    """
    listed = list(nodes)
    for wish in wishes:
        kind, _, name = wish.partition(":")
        for one in listed:
            if _is(one, kind, name) and line_of(one):
                yield one


def line_of(node: Node) -> str:
    """The words of an element in one line."""
    return " ".join(str(node.text_content()).split())


def _is(node: Node, kind: str, name: str) -> bool:
    if node.tag in ("html", "body"):  # their classes say of what kind the page is
        return False
    if kind == "ends":
        return any(one.endswith(name) for one in classes(node))
    if kind == "class":
        return name in classes(node)
    return node.tag == name if kind == "tag" else name in (node.get(kind) or "").split()
