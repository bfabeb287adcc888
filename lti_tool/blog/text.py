"""Text that people wrote to HTML that is safe to show: pure. Whatever comes in, `nh3` has the last word."""

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from lti_tool.blog.footnotes import BACK, NOTES, add_footnotes
from lti_tool.errors import Rejected
from lti_tool.wording import say, say_count

LONGEST_COMMENT = 10_000
LONGEST_POST = 60_000

_TAGS = {
    "p", "br", "em", "strong", "s", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr",
    "h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td", "img", "sup", "section",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title", "target", "id"}, "ol": {"start"}, "img": {"src", "alt"}, "li": {"id"}}
_ATTRIBUTE_VALUES: dict[str, dict[str, set[str]]] = {
    "section": {"class": {"notes"}, "aria-label": {NOTES}},
    "a": {"aria-label": {BACK}},
}
_SCHEMES = {"http", "https", "mailto", "image"}
_PICTURE = re.compile(r"image:[\w-]{1,64}\Z")

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True}).enable(
    ["table", "strikethrough", "linkify"]
)
_markdown.disable("entity")  # people type &amp; to show it, not to mean &
_markdown.disable("reference")  # it would take "[1]: my source" out of the text in silence
add_footnotes(_markdown)


def _render_picture(_self: Any, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
    """A picture of this blog's own; one from elsewhere would tell its owner who reads, so it is a link."""
    token = tokens[index]
    address, alt = str(token.attrGet("src") or ""), " ".join(token.content.split())
    if not _PICTURE.match(address) and _is_in_link(tokens[:index]):
        return escape(alt or "picture")
    if not _PICTURE.match(address):
        return f'<a href="{escape(address)}">{escape(alt or address)}</a>'
    if not alt:
        env["lacks_alt"] = True
    return f'<img src="{address}" alt="{escape(alt)}">'


def _is_in_link(before: Sequence[Token]) -> bool:
    return sum((one.type == "link_open") - (one.type == "link_close") for one in before) > 0


_markdown.add_render_rule("image", _render_picture)


class _EveryCharacter(MarkdownIt):
    """Shows an address as it was written; the stock parser decodes `%20` and the like in what it shows."""

    def normalizeLinkText(self, link: str) -> str:
        return link


_plain = _EveryCharacter("zero", {"html": False, "linkify": True, "breaks": True}).enable(["linkify", "newline"])
_SECRET_IN_ADDRESS = re.compile(r"(/(?:v|choose|window)/[\w-]+)(?:~|%7[Ee])[\w-]+")
_HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", re.DOTALL)
UNDER_A_TITLE, UNDER_A_COMMENT = 1, 3
# A footnote and the way back stay in the window, and are of this text alone.
_NOTE_LINK = re.compile(
    r'<a href="#((?:note|mark)-\d+)"(?: id="(mark-[\d-]+)")?( aria-label="[\w ]+")? target="_blank" rel="[\w ]+"'
)
_NOTES = f'<section class="notes" aria-label="{NOTES}">'
_NOTE_ID = re.compile(r'<li id="(note-\d+)"')


def safe_html(text: str, *, plain: bool = False, under: int = UNDER_A_COMMENT) -> str:
    """Return the text as sanitised HTML: read as CommonMark, or, if plain, with every character kept as it stands.

    Its headings stand below the page's heading of the level `under`, and leave out none (WCAG 2.2, 1.3.1).
    Pictures are named by their keys (`image:KEY`), since an address holds the reader's visit; `shown` puts it there.
    Raises Rejected if a picture says nothing to those who cannot see it.
    """
    env: dict[str, Any] = {}
    rendered = (_plain if plain else _markdown).render(text, env)
    if "lacks_alt" in env:
        raise Rejected(
            say("A picture has no words yet for those who cannot see it."),
            say("Write between its square brackets what it shows, ![like this](image:…). Your text is still here."),
            kept=text,
        )
    return _clean(_with_headings_under(rendered, under))


def safe_html_of_anything(text: str, *, plain: bool, under: int = UNDER_A_COMMENT) -> str:
    """Return the text as `safe_html` does; one that nobody could write here, as an import may bring, as it stands."""
    try:
        return safe_html(text, plain=plain, under=under)
    except Rejected:
        return safe_html(text, plain=True, under=under)


def _with_headings_under(html: str, under: int) -> str:
    ranks = {level: rank for rank, level in enumerate(sorted({found[1] for found in _HEADING.finditer(html)}))}
    before = under

    def moved(found: re.Match[str]) -> str:
        nonlocal before
        before = min(under + 1 + ranks[found[1]], before + 1, 6)
        return f"<h{before}>{found[2]}</h{before}>"

    return _HEADING.sub(moved, html)


def shown(html: str, pictures_at: str, place: str, notes: str = NOTES, back: str = BACK) -> str:
    """Return safe HTML for one place of a page: pictures with an address that begins with `pictures_at`, and footnotes
    whose ids begin with `place`, which no other text of the page has.

    `notes` and `back` are what the reader's language calls the footnotes and the way back from one.
    """
    if "<img" in html:
        html = html.replace('<img src="image:', f'<img loading="lazy" src="{pictures_at}')
    if 'id="note-' in html:
        back_label = f' aria-label="{escape(back)}"'
        html = _NOTE_LINK.sub(lambda found: _note_link(place, found[1], found[2], found[3] and back_label), html)
        html = _NOTE_ID.sub(lambda found: f'<li id="{place}-{found[1]}"', html)
        html = html.replace(_NOTES, _NOTES.replace(NOTES, escape(notes)))
    return html


def _note_link(place: str, target: str, own: str | None, label: str | None) -> str:
    own_id = f' id="{place}-{own}"' if own else ""
    return f'<a href="#{place}-{target}"{own_id}{label or ""}'


@lru_cache(maxsize=1000)  # a page renders its sources at each reading
def safe_line(text: str) -> str:
    """Return one line, a source say, as sanitised HTML with its addresses as links and no paragraph around it."""
    return _clean(_plain.renderInline(text))


def _clean(html: str) -> str:
    # Links open beside the LMS: most sites refuse to be shown inside its frame.
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_without_odd_schemes,
        tag_attribute_values=_ATTRIBUTE_VALUES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow ugc",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _without_odd_schemes(tag: str, attribute: str, value: str) -> str | None:
    """`image:` leads to a picture and nowhere else."""
    if attribute == "src":
        return value if _PICTURE.match(value) else None
    return None if attribute == "href" and value.lower().lstrip().startswith("image:") else value


def without_secrets(text: str) -> str:
    """Return the text with no visit's secret in it: where a browser keeps no cookie, a copied address holds one."""
    return _SECRET_IN_ADDRESS.sub(r"\1", text)


def word_count(text: str) -> int:
    """Return the number of words: runs of characters that hold at least one letter or digit."""
    return sum(any(character.isalnum() for character in run) for run in text.split())


def checked(text: str, longest: int) -> str:
    """Return the text with line ends made alike and its edges trimmed. Raises Rejected if empty or too long."""
    tidy = without_secrets(text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip())
    if not tidy:
        raise Rejected(say("There is no text yet."), say("Write something, then send it again."))
    if len(tidy) > longest:
        raise Rejected(
            say_count(
                "The text has %(length)s character; at most %(most)s can be kept.",
                "The text has %(length)s characters; at most %(most)s can be kept.",
                len(tidy),
                length=f"{len(tidy):,}",
                most=f"{longest:,}",
            ),
            say("Shorten it, or split it in two. Your text is still here."),
            kept=tidy,
        )
    return tidy
