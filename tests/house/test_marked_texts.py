"""Whatever people read comes from the catalogues: no page and no refusal says a word that nobody can translate."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

PACKAGE = Path(__file__).parents[2] / "lti_tool"
TEMPLATES = PACKAGE.parent / "templates"
READ_ATTRIBUTES = {"aria-label", "title", "placeholder", "alt", "aria-description"}
NOT_READ = {"script", "style", "kbd", "code", "bdi"}
EXPRESSION = "\x00"
NOT_WORDS = re.compile(
    r"\s*([a-z0-9_./#?=&:-]*|[A-Z]+|%\S+)\s*"
)  # a name, a class, a part of an address, a form of dates
OF_ATTRIBUTES = {"body_class", "writing_place", "on"}  # a block and macros that stand inside a tag
ASKED_OF_CATALOGUE = {"_", "gettext", "ngettext", "pgettext", "npgettext"}
TO_COPY = "value"  # a macro that shows what goes into another form as it is
REFUSALS = {
    "NotAllowed",
    "NotFound",
    "Rejected",
    "VisitEnded",
    "ImportProblem",
    "LmsRefused",
    "LmsUnreachable",
    "Refusal",
}
LETTER = re.compile(r"[^\W\d_]{2}")


def environment() -> Environment:
    made = Environment(extensions=["jinja2.ext.i18n"])
    made.policies["ext.i18n.trimmed"] = True
    return made


class _Texts(HTMLParser):
    """The words of a template that stand there as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in NOT_READ:
            self.inside.append(tag)
        self.found += [value for name, value in attrs if value and name in READ_ATTRIBUTES and LETTER.search(value)]

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside and LETTER.search(data):
            self.found.append(" ".join(data.replace(EXPRESSION, "…").split()))


def texts_of(source: str) -> list[str]:
    """Return the words of a template that no catalogue knows: plain text, and strings in its expressions."""
    tree = environment().parse(source)
    reader = _Texts()
    for output in _outputs(tree):
        for node in output.nodes:
            reader.feed(node.data if isinstance(node, nodes.TemplateData) else EXPRESSION)
    reader.close()
    return reader.found + list(_strings(tree))


def _outputs(node: nodes.Node) -> Iterator[nodes.Output]:
    if isinstance(node, nodes.Output):
        yield node
    elif not (isinstance(node, (nodes.Block, nodes.Macro)) and node.name in OF_ATTRIBUTES):
        for child in node.iter_child_nodes():
            yield from _outputs(child)


def _strings(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Const):
        if isinstance(node.value, str) and LETTER.search(node.value) and not NOT_WORDS.fullmatch(node.value):
            yield node.value
        return
    if (
        isinstance(node, nodes.Call)
        and isinstance(node.node, nodes.Name)
        and node.node.name in {TO_COPY, *ASKED_OF_CATALOGUE}
    ):
        return
    if isinstance(node, (nodes.Extends, nodes.Include, nodes.FromImport)):
        return
    for child in node.iter_child_nodes():
        yield from _strings(child)


@pytest.mark.parametrize(
    "template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_every_text_of_a_page_can_be_translated(template: Path) -> None:
    assert texts_of(template.read_text()) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ("<p>{{ _('Hello') }}</p>", []),
        ("<p>{% trans %}Hello{% endtrans %}</p>", []),
        ('<a aria-label="Read more" href="/x">{{ name }}</a>', ["Read more"]),
        ("{{ 'Two words' if x else _('No') }}", ["Two words"]),
        ("{{ said(done, {'pinned': 'Pinned.'}) }}", ["Pinned."]),
        ("<kbd>Ctrl</kbd> {{ x }} · 3", []),
        ("{{ url_for('blog.home', all=1) }}", []),
    ],
)
def test_what_is_unmarked_would_be_found(source: str, found: list[str]) -> None:
    assert texts_of(source) == found


SAID_ELSEWHERE = {"practice_lms", "cli", "doctor.py", "demo.py", "server.py"}  # in a terminal, or by the practice LMS
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if not SAID_ELSEWHERE & set(path.relative_to(PACKAGE).parts)]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_refusal_can_be_translated(module: Path) -> None:
    assert list(_plain_refusals(ast.parse(module.read_text()))) == []


def _plain_refusals(tree: ast.Module) -> Iterator[str]:
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id in REFUSALS:
            for word in call.args:
                is_text = isinstance(word, ast.JoinedStr) or (
                    isinstance(word, ast.Constant) and isinstance(word.value, str)
                )
                if is_text and LETTER.search(ast.unparse(word)):
                    yield f"line {word.lineno}: {ast.unparse(word)[:80]}"
