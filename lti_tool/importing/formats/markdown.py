"""From the HTML of an old blog to the Markdown that people edit here. No picture comes along: it becomes a link."""

import re
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Tag
from markdownify import MarkdownConverter

LONGEST_HTML = 2_000_000

_BLOCKS = (
    "address|article|aside|blockquote|center|dd|details|div|dl|dt|figcaption|figure|footer|form|h[1-6]|header|hr|li|main|"
    "nav|ol|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul"
)
_BLOCK = re.compile(rf"</?(?:{_BLOCKS})\b", re.I)
_PARAGRAPHS = re.compile(r"<p[\s>]|<!--\s*wp:", re.I)
_PRE = re.compile(r"<pre\b[^>]*>.*?</pre\s*>", re.I | re.S)
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_SHORTCODE_NAMES = "audio|caption|embed|gallery|playlist|video|wp_caption|youtube|vimeo|code|sourcecode|more"
_SHORTCODE = re.compile(
    rf"\[/?(?:(?:{_SHORTCODE_NAMES})\b[^\]\[\n]{{0,500}}|[a-z][\w-]{{1,40}}(?:\s+[\w-]+=[\"'][^\]\"'\n]{{0,300}}[\"'])+\s*/?)\]",
    re.I,
)
_DROPPED = ("script", "style", "noscript", "template", "object", "svg", "form", "button", "input", "select", "textarea")
_ADDRESS = re.compile(r"(https?://[^\s<>]+)")
_INLINE = re.compile(r"([\\*`\[]|~~|(?<!\w)_|_(?!\w))")
_AT_LINE_START = re.compile(r"^(\s*)(#{1,6}(?=\s|$)|>|[-+](?=\s|$)|[-=]{2,}\s*$|\d{1,9}(?=[.)](?:\s|$)))", re.M)
_MANY_LINES = re.compile(r"\n{3,}")


def markdown_of(html: str) -> str:
    """Return the text as Markdown: WordPress's blocks and shortcodes gone, its bare line ends as the breaks they mean.

    What is nested too deep, or is too long for that, keeps its words alone.
    """
    text = html.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    if "[" in text:
        text = _SHORTCODE.sub("", text)
    if "<" not in text and "&" not in text:
        return _tidy(escaped(text))
    has_paragraphs = _PARAGRAPHS.search(text) is not None
    text = _COMMENT.sub("", text)
    if not has_paragraphs:
        text = _with_breaks(text)
    if len(text) > LONGEST_HTML:
        return _words_of(text)
    try:
        soup = BeautifulSoup(text, "lxml")
        for tag in soup.find_all(_DROPPED):
            tag.decompose()
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
        super().__init__(heading_style="atx", bullets="-", newline_style="backslash", default_title=False)

    def escape(self, text: str, parent_tags: set[str]) -> str:
        return escaped(text)

    def convert_br(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return " " if "_inline" in parent_tags else "\n"

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Never shown from elsewhere: that would tell another site who reads here."""
        said, address = escaped(" ".join(_attribute(el, "alt").split())), _attribute(el, "src")
        if "a" in parent_tags or not address.startswith(("http://", "https://")):
            return said or ("picture" if "a" in parent_tags else "")
        return f"[{said or 'Picture'}](<{_in_brackets(address)}>)"

    def convert_iframe(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        address = _attribute(el, "src")
        address = f"https:{address}" if address.startswith("//") else address
        return f"\n\n<{_in_brackets(address)}>\n\n" if address.startswith(("http://", "https://")) else ""

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


def _with_breaks(text: str) -> str:
    """WordPress keeps what was typed: an empty line is a new paragraph, a single line end a break."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"\n\n\x02{len(kept) - 1}\x02\n\n"

    chunks = re.split(r"\n\s*\n", _PRE.sub(keep, text.replace("\x02", "")))
    html = "\n".join(
        chunk if _BLOCK.match(chunk.strip()) else f"<p>{chunk.strip().replace(chr(10), '<br>')}</p>"
        for chunk in chunks
        if chunk.strip()
    )
    return re.sub(r"(?:<p>)?\x02(\d+)\x02(?:</p>)?", lambda found: kept[int(found[1])], html)


def _words_of(text: str) -> str:
    return _tidy(escaped(re.sub(r"<[^<>]{0,5000}>", " ", text)))


def _tidy(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return (lines if "```" in lines else _MANY_LINES.sub("\n\n", lines)).strip("\n ")
