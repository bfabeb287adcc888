"""Every page in a language that marks what comes from the catalogue: the rest is what people wrote, and says so.

What people wrote stands in `dir="auto"` or `<bdi>`, so that a page from right to left shows it in its own direction.
"""

import re
from html.parser import HTMLParser

import pytest
from babel import Locale
from babel.support import NullTranslations

from lti_tool.languages import Language
from tests.certification.test_stored_text import pages_of
from tests.stage import ScriptBrowser, Stage

LETTERS = re.compile(r"[^\W\d_]{2}")
FROM_CATALOGUE = re.compile(r"⟦[^⟦⟧]*⟧")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
NOT_SAID = {"script", "style", "kbd", "code", "time", "textarea", "bdi"}
READ_ATTRIBUTES = {"aria-label", "title", "placeholder", "alt"}


class _Marking(NullTranslations):
    def ugettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def upgettext(self, context: str, message: str) -> str:
        return f"⟦{message}⟧"

    def ungettext(self, singular: str, plural: str, num: int) -> str:
        return f"⟦{singular if num == 1 else plural}⟧"


MARKED = Language("en", Locale("en", "GB"), _Marking())


class _Reader(HTMLParser):
    """Collects what is neither from the catalogue nor declared as people's own."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.text, self.found = "", []

    @property
    def is_theirs(self) -> bool:
        return any(theirs for _tag, theirs in self.open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        theirs = tag in NOT_SAID or values.get("dir") == "auto"
        if tag == "time":
            self.text += "…"
        for name in READ_ATTRIBUTES & set(values):
            if tag != "time" and not theirs and not self.is_theirs:
                self._look(values[name] or "", f"{name} of <{tag}>: ")
        if tag not in VOID:
            self.open.append((tag, theirs))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.text += "" if self.is_theirs else data

    def close(self) -> None:
        super().close()
        self._look(self.text)

    def _look(self, text: str, where: str = "") -> None:
        while text != (shorter := FROM_CATALOGUE.sub("", text)):
            text = shorter
        self.found += [where + " ".join(line.split()) for line in text.splitlines() if LETTERS.search(line)]


def unmarked(page: str) -> list[str]:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.found


@pytest.fixture
def stage(stage_on_sqlite: Stage) -> Stage:
    """A class with something on most of its pages, in the language that marks."""
    stage = stage_on_sqlite
    hannah, tom, irena = (stage.launched(person) for person in ("hannah", "tom", "irena"))
    _write(hannah, tom, irena)
    stage.app.extensions["lti_tool_languages"] = {"en": MARKED}
    return stage


def _write(hannah: ScriptBrowser, tom: ScriptBrowser, irena: ScriptBrowser) -> None:
    hannah.post("posts/new", {"title": "A radio", "subtitle": "1956", "body": "It ticked.", "sources": "A book"})
    tom.post("posts/new", {"title": "A second", "body": "Short.", "once": "second"})
    for number, answers in ((1, ""), (2, "1"), (3, "2"), (4, "3")):
        browser = tom if number % 2 else hannah
        browser.post("posts/1/comments", {"body": f"What {number} says", "once": f"c{number}", "answers": answers})
    irena.post("desk/queue/1", {"mark": "2", "feedback": "Say more"})
    irena.post("posts/1/comments/3/hide", {"why": "By accident"})
    irena.post("posts/1/comments/1/pin", {"on": "1"})
    hannah.post("posts/1/comments/1/report", {"why": "Loud"})
    hannah.post("posts/1/comments/2/delete")
    tom.post("drafts", {"place": "post new", "title": "Begun", "body": "x"})
    irena.post("groups", {"name": "Readers"})
    irena.post("prompt", {"prompt": "Write about a radio."})
    settings = {"shape": "class", "owed_comments": "2", "answers_owed": "on", "posts_due_at": "2020-01-01T09:00"}
    irena.post("class", settings | {"comments_due_at": "2040-01-01T09:00"})


@pytest.mark.parametrize("person", ["irena", "hannah", "tom"])
def test_every_page_says_only_what_can_be_translated(stage: Stage, person: str) -> None:
    browser = stage.launched(person)
    pages = [(path, page) for path, page in pages_of(stage, browser, 2) if "<title>Redirecting" not in page]
    wrong = {path or "/": found for path, page in pages if (found := unmarked(page))}
    assert len(pages) > 10, "pages were left out"
    assert not wrong, "\n".join(f"{path}: {words}" for path, words in wrong.items())


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<p>⟦Hello⟧ <bdi>Tom</bdi></p>", []),
        ("<p>⟦By ⟦x⟧ and Tom⟧</p>", []),
        ("<p>Hello</p>", ["Hello"]),
        ('<p dir="auto">What he wrote<b>!</b></p><p>Then</p>', ["Then"]),
        ('<a title="More">⟦x⟧</a>', ["title of <a>: More"]),
        ('<input value="typed"><br>two', ["two"]),
    ],
)
def test_what_is_unmarked_would_be_found(page: str, found: list[str]) -> None:
    assert unmarked(page) == found
