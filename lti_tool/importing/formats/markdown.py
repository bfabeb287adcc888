"""From the HTML of an old blog to the Markdown that people edit here. Pictures keep their addresses."""

import re
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Tag
from markdownify import MarkdownConverter

from lti_tool.importing.formats.wordpress_text import as_shown, without_comments, without_shortcodes

LONGEST_HTML = 2_000_000
ALT_OF_NONE = "Picture"

_DROPPED = ("script", "style", "noscript", "template", "object", "svg", "form", "button", "input", "select", "textarea")
_ADDRESS = re.compile(r"(https?://[^\s<>]+)")
_INLINE = re.compile(r"([\\*`\[]|~~|(?<!\w)_|_(?!\w))")
_AT_LINE_START = re.compile(r"^(\s*)(#{1,6}(?=\s|$)|>|[-+](?=\s|$)|[-=]{2,}\s*$|\d{1,9}(?=[.)](?:\s|$)))", re.M)
_MANY_LINES = re.compile(r"\n{3,}")


def markdown_of(text: str) -> str:
    """Return as Markdown what was typed into WordPress, or whatever else keeps line ends as breaks."""
    typed = without_shortcodes(_one_line_end(text))
    if "<" not in typed and "&" not in typed:
        return _tidy(escaped(typed))
    return markdown_of_html(as_shown(typed))


def markdown_of_html(html: str) -> str:
    """Return HTML as Markdown; a line end in it is a space.

    What is nested too deep, or is too long for that, keeps its words alone.
    """
    text = without_comments(_one_line_end(html))
    if len(text) > LONGEST_HTML:
        return _words_of(text)
    try:
        soup = BeautifulSoup(text, "lxml")
        for tag in soup.find_all(_DROPPED):
            tag.decompose()
        for table in soup.find_all("table"):
            _in_one_body(table)
        for verse in soup.find_all("pre", class_="wp-block-verse"):
            _as_lines(soup, verse)
        return _tidy(_Converter().convert_soup(soup))
    except RecursionError:
        return _words_of(text)


def escaped(text: str) -> str:
    """Return plain text as Markdown that shows just that; addresses stay as they are and become links."""
    parts = _ADDRESS.split(text)
    parts[::2] = [_INLINE.sub(r"\\\1", part) for part in parts[::2]]
    return _AT_LINE_START.sub(_escape_start, "".join(parts))


def _escape_start(found: re.Match[str]) -> str:
    if found[2].isdigit():
        return f"{found[1]}{found[2]}\\"
    return f"{found[1]}\\{found[2]}"


class _Converter(MarkdownConverter):
    def __init__(self) -> None:
        super().__init__(
            heading_style="atx", bullets="-", newline_style="backslash", default_title=False, wrap=True, wrap_width=None
        )

    def escape(self, text: str, parent_tags: set[str]) -> str:
        shown = escaped(text)
        return shown.replace("|", "\\|") if parent_tags & {"td", "th"} else shown

    def convert_br(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return " " if "_inline" in parent_tags else "\n"

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """A picture of Markdown, which `blog.text` never shows from elsewhere: that would tell its site who reads."""
        said, address = escaped(" ".join(_attribute(el, "alt").split())), _attribute(el, "src").strip()
        address = f"https:{address}" if address.startswith("//") else address
        if not address.startswith(("http://", "https://")):
            return said or ("picture" if "a" in parent_tags else "")
        return f"![{said or ALT_OF_NONE}](<{_in_brackets(address)}>)"

    def convert_iframe(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        address = _attribute(el, "src")
        address = f"https:{address}" if address.startswith("//") else address
        return f"\n\n<{_in_brackets(address)}>\n\n" if address.startswith(("http://", "https://")) else ""

    def convert_video(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """A film or a sound: an address as well. The words in it are for browsers that cannot show it."""
        sources: list[Any] = [el, *el.find_all("source")]
        address = next((found for one in sources if (found := _attribute(one, "src").strip())), "")
        return f"\n\n<{_in_brackets(address)}>\n\n" if address.startswith(("http://", "https://")) else ""

    convert_audio = convert_video

    def convert_code(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Several lines of code stay lines only in a block."""
        converter: Any = super()
        if "pre" in parent_tags or "_inline" in parent_tags or "\n" not in text.strip() or "```" in text:
            return str(converter.convert_code(el, text, parent_tags))
        return str(converter.convert_pre(el, text, parent_tags))

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        address = _attribute(el, "href").strip()
        if not text.strip() or not address.startswith(("http://", "https://", "mailto:")):
            return text
        if text.strip() == address:
            return text
        return f"[{text.strip()}](<{_in_brackets(address)}>)"


def _attribute(el: Tag, name: str) -> str:
    value: Any = el.get(name)
    return value if isinstance(value, str) else ""


def _in_brackets(address: str) -> str:
    return address.replace("<", "%3C").replace(">", "%3E").replace("\n", "").replace("\\", "%5C").strip()


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _in_one_body(table: Tag) -> None:
    """Rows of a second body, or of a foot, would begin a table of their own in Markdown."""
    parts = table.find_all(["tbody", "tfoot"], recursive=False)
    for part in parts[1:]:
        parts[0].extend(part.find_all("tr", recursive=False))
        part.decompose()


def _as_lines(soup: BeautifulSoup, verse: Tag) -> None:
    """A poem is no code: its lines are kept, and what is emphasised in them."""
    for text in list(verse.find_all(string=True)):
        lines = str(text).split("\n")
        for line in lines[:-1]:
            text.insert_before(line, soup.new_tag("br"))
        text.replace_with(lines[-1])
    verse.name = "p"


def _words_of(text: str) -> str:
    return _tidy(escaped(re.sub(r"<[^<>]{0,5000}>", " ", text)))


def _tidy(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return (lines if "```" in lines else _MANY_LINES.sub("\n\n", lines)).strip("\n ")
