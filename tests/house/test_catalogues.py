"""Every sentence of the code and the pages stands in every catalogue, translated, with the same values in it."""

import re
from functools import cache
from gettext import c2py
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

PROJECT = Path(__file__).parents[2]
CATALOGUES = sorted((PROJECT / "lti_tool" / "translations").glob("*.po"))
# As the Makefile has them, beside Babel's own.
KEYWORDS = {"say": None, "say_count": (1, 2), "sayCount": (1, 2)}
OURS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
VALUE = re.compile(r"%\((\w+)\)s")
MARKUP = re.compile(r"</?\w+|&\w+;")
COUNTS = {"num", "count"}  # a language may say one and two in words


@cache
def sentences() -> frozenset[tuple[str | None, str | tuple[str, ...]]]:
    """Return what the sources say: each sentence with its context."""
    with (PROJECT / "setup" / "messages.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = set()
    for folder in ("lti_tool", "templates"):  # the rest says nothing to anybody
        methods_here = [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in methods]
        options_here = {pattern.removeprefix(f"{folder}/"): values for pattern, values in options.items()}
        for _file, _line, sentence, _notes, context in extract_from_dir(
            PROJECT / folder, methods_here, options_here, {**OURS, **KEYWORDS}
        ):
            found.add((context, sentence if isinstance(sentence, str) else tuple(sentence)))
    return frozenset(found)


@cache
def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


def messages(path: Path) -> list[Message]:
    return [message for message in catalogue(path) if message.id]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_every_sentence_stands_there(path: Path) -> None:
    there = {(message.context, message.id) for message in messages(path)}
    assert sentences() - there == set(), "run `make messages`, then translate"
    assert there - sentences() == set(), "run `make messages`: nobody says these any more"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_every_sentence_is_translated(path: Path) -> None:
    empty = [message.id for message in messages(path) if not _forms(message) or not all(_forms(message))]
    assert empty == []
    assert [message.id for message in messages(path) if message.fuzzy] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_values_and_markup_are_those_of_the_sentence(path: Path) -> None:
    assert [found for message in messages(path) for found in _differences(message)] == []


FORMS = [("es", 1, 0), ("es", 2, 1), *(("ar", count, form) for count, form in
         [(0, 0), (1, 1), (2, 2), (7, 3), (11, 4), (99, 4), (100, 5)])]  # fmt: skip


@pytest.mark.parametrize(("code", "count", "form"), FORMS)
def test_a_count_takes_its_form(code: str, count: int, form: int) -> None:
    """In the order in which `static/words.js` names them, so that scripts say the same."""
    path = next(path for path in CATALOGUES if path.stem == code)
    assert c2py(catalogue(path).plural_expr)(count) == form


def test_there_are_sentences() -> None:
    assert len(sentences()) > 1_000
    assert len(CATALOGUES) == 2


@pytest.mark.parametrize(
    ("one", "translation", "differences"),
    [("%(name)s left", "Se fue %(name)s", 0), ("%(name)s left", "Se fue", 1), ("<b>x</b>", "x", 1), ("5 %%", "5 %", 1)],
)
def test_what_differs_would_be_found(one: str, translation: str, differences: int) -> None:
    assert len(list(_differences(Message(one, translation)))) == differences


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def _differences(message: Message) -> list[str]:
    said = message.id if isinstance(message.id, str) else message.id[-1]
    found = []
    for form in _forms(message):
        wanted, given = set(VALUE.findall(said)), set(VALUE.findall(form))
        left_out = COUNTS if isinstance(message.id, tuple) else set()
        if given - wanted or wanted - given - left_out:
            found.append(f"values in {form!r}")
        if sorted(MARKUP.findall(said)) != sorted(MARKUP.findall(form)):
            found.append(f"markup in {form!r}")
        if "%" in VALUE.sub("", form).replace("%%", ""):
            found.append(f"a bare % in {form!r}")
    return found
