"""What WordPress keeps is not what it shows: shortcodes are run, and where no paragraph is marked, line ends are."""

import html
import re

_BLOCK_NAMES = (
    "address|article|aside|blockquote|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|"
    "iframe|legend|li|main|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul|caption|colgroup|col"
)
BLOCK = re.compile(rf"(</?(?:{_BLOCK_NAMES})\b[^<>]*>)", re.I)
_BLOCK_NAME = re.compile(r"<(/?)(\w+)")
_MADE_OF_BLOCKS = re.compile(r"<!--\s*wp:")
_BREAK = re.compile(r"<br\b[^<>]*>\n?", re.I)
_NEW_PARAGRAPH = re.compile(r"\n{2,}")
_TAG = re.compile(r"<[^<>]*>")
_WITHIN = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "td", "th", "dt", "dd", "figcaption", "caption", "summary",
           "legend", "address", "iframe"}  # fmt: skip
_MEDIA = (
    "archiveorg|audio|bandcamp|codepen|dailymotion|embed|embedyt|facebook|flickr|getty|gist|googleapps|googlemaps|gview|hulu|"
    "iframe|instagram|kickstarter|loom|mixcloud|pinterest|playlist|scribd|slideshare|soundcloud|spotify|ted|tweet|twitchtv|"
    "twitter|ustream|video|vimeo|vine|vr|wpvideo|youtube"
)
_MEDIA_NAME = re.compile(_MEDIA, re.I)
_NAME = re.compile(
    rf"{_MEDIA}|archives|caption|code|contact-form(?:-7)?|contact-field|gallery|more|polldaddy|presentation|sitemap|slide|"
    r"slideshow|sourcecode|twitter-timeline|wp_caption",
    re.I,
)
_SHORTCODE = re.compile(r"(\[?)\[(/?)([a-z][\w-]{1,40})((?:=|(?=\s))[^\[\]]{0,1000})?/?\](\]?)", re.I)
_END = re.compile(r"\[/([a-z][\w-]{1,40})\]", re.I)
_ATTRIBUTE = re.compile(r"\s[\w-]+=[\"'“”‘’«»]")
_BARE_ATTRIBUTE = re.compile(r"^=|\s[\w-]+=[^\s\"']")
_ADDRESS = re.compile(r"https?://[^\s<>\"'“”‘’«»\]]+")
_INLINE = "a|abbr|b|big|br|cite|code|del|em|font|i|img|ins|mark|q|s|small|span|strike|strong|sub|sup|tt|u"
_INLINE_TAG = re.compile(rf"</?(?:{_INLINE})(?:\s[^<>]*)?/?>", re.I)


def as_shown(text: str) -> str:
    """Return the HTML that WordPress makes of what it keeps, shortcodes apart; that of blocks is made already."""
    if _MADE_OF_BLOCKS.search(text):
        return text
    return _with_paragraphs(without_comments(text))


def is_laid_out(text: str) -> bool:
    """Whether HTML marks its own paragraphs or line breaks, so that the line ends in it mean nothing."""
    return _BREAK.search(text) is not None or BLOCK.search(text) is not None


def plain(text: str) -> str:
    """Return a title or a name, which is kept as HTML too, as one line of plain text."""
    bare = _INLINE_TAG.sub("", text) if "<" in text else text
    return " ".join((html.unescape(bare) if "&" in bare else bare).split())


def without_comments(text: str) -> str:
    """Return HTML without its comments; one that never ends is left as it is."""
    pieces, place = [], 0
    while (start := text.find("<!--", place)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        pieces.append(text[place:start])
        place = end + 3
    return "".join((*pieces, text[place:]))


def without_shortcodes(text: str) -> str:
    """Return the text without what WordPress would have put something else for; addresses of films and sounds stay.

    `[sic]` is no shortcode, nor is `[b]`: what is known, or written as only shortcodes are, goes.
    """
    if "[" not in text:
        return text
    ended = {name.lower() for name in _END.findall(text)}
    gone: set[str] = set()

    def shown(found: re.Match[str]) -> str:
        before, closes, name, rest, after = found[1], found[2], found[3].lower(), found[4] or "", found[5]
        if before and after:  # doubled so that it can be read
            return found[0][1:-1]
        if not (closes and name in gone) and not _is_shortcode(name, rest, ended):
            return found[0]
        gone.add(name)
        address = _ADDRESS.search(rest) if _MEDIA_NAME.fullmatch(name) else None
        return before + (f"\n\n{address[0]}\n\n" if address else "") + after

    return _SHORTCODE.sub(shown, text)


def _is_shortcode(name: str, rest: str, ended: set[str]) -> bool:
    if _ATTRIBUTE.search(rest):
        return True
    is_written_so = not rest.strip() or bool(_BARE_ATTRIBUTE.search(rest) or _ADDRESS.search(rest))
    return is_written_so and (_NAME.fullmatch(name) is not None or ("_" in name and name in ended))


def _with_paragraphs(text: str) -> str:
    """HTML in which an empty line between blocks is a new paragraph, and a single line end a break."""
    kept, opened, is_pre = [], "", False
    for place, part in enumerate(BLOCK.split(_TAG.sub(lambda tag: tag[0].replace("\n", " "), text))):
        if place % 2 == 0:
            kept.append(part if is_pre else _paragraphs(part, opened))
            continue
        name = _BLOCK_NAME.match(part)
        if name is not None:
            opened = "" if name[1] else name[2].lower()
            is_pre = is_pre if name[2].lower() != "pre" else not name[1]
        kept.append(part)
    return "".join(kept)


def _paragraphs(text: str, opened: str) -> str:
    """What stands between two blocks; `opened` is the one that has just begun, or ""."""
    if not text.strip():
        return text
    lines = _BREAK.sub("\n", "\n".join(line.strip(" \t") for line in text.split("\n"))).strip("\n \t")
    paragraphs = [one.strip().replace("\n", "<br>") for one in _NEW_PARAGRAPH.split(lines) if one.strip()]
    if len(paragraphs) == 1 and opened in _WITHIN:
        return paragraphs[0]
    return "".join(f"<p>{one}</p>" if _shows_something(one) else one for one in paragraphs)


def _shows_something(text: str) -> bool:
    return "<img" in text.lower() or bool(_TAG.sub("", text).strip())
