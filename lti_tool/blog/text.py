"""Text that people wrote to HTML that is safe to show: pure. Whatever comes in, `nh3` has the last word."""

import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

from lti_tool.errors import Rejected

LONGEST_COMMENT = 10_000
LONGEST_POST = 60_000

_TAGS = {
    "p", "br", "em", "strong", "s", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr",
    "h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title", "target"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True}).enable(
    ["table", "strikethrough", "linkify"]
)
_markdown.disable("entity")  # people type &amp; to show it, not to mean &


class _EveryCharacter(MarkdownIt):
    """Shows an address as it was written; the stock parser decodes `%20` and the like in what it shows."""

    def normalizeLinkText(self, link: str) -> str:
        return link


_plain = _EveryCharacter("zero", {"html": False, "linkify": True, "breaks": True}).enable(["linkify", "newline"])
_SECRET_IN_ADDRESS = re.compile(r"(/(?:v|choose|window)/[\w-]+)(?:~|%7[Ee])[\w-]+")
# Headings in a text start below the page's own title and the thread's headings.
_HEADING = re.compile(r"(</?h)([1-6])")


def safe_html(text: str, *, plain: bool = False) -> str:
    """Return the text as sanitised HTML: read as CommonMark, or, if plain, with every character kept as it stands."""
    renderer = _plain if plain else _markdown
    rendered = _HEADING.sub(lambda found: f"{found[1]}{min(int(found[2]) + 2, 6)}", renderer.render(text))
    return _clean(rendered)


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
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow ugc",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


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
        raise Rejected("There is no text yet.", "Write something, then send it again.")
    if len(tidy) > longest:
        raise Rejected(
            f"The text has {len(tidy):,} characters; at most {longest:,} can be kept.",
            "Shorten it, or split it in two. Your text is still here.",
            kept=tidy,
        )
    return tidy
