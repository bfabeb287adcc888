"""From bytes to text: which files are text at all, and in which encoding, said plainly when it had to be guessed."""

import codecs
import re

from lti_tool.errors import ImportProblem
from lti_tool.wording import say

COPY_THE_TEXT = say(
    "Open the page in a browser, select the post and its comments, and paste them into a plain text file."
)

KINDS_BY_FIRST_BYTES = (
    # NOTE: what a file turned out to be: “The file is a PNG picture, not text.”
    (b"\x89PNG\r\n\x1a\n", say("a PNG picture")),
    (b"\xff\xd8\xff", say("a JPEG picture")),
    (b"GIF87a", say("a GIF picture")),
    (b"GIF89a", say("a GIF picture")),
    (b"%PDF-", say("a PDF document")),
    (b"PK\x03\x04", say("a Word document or another zip archive")),
    (b"PK\x05\x06", say("an empty zip archive")),
    (b"\xd0\xcf\x11\xe0", say("an old Word document")),
    (b"{\\rtf", say("a rich text (RTF) document")),
    (b"\x1f\x8b", say("a gzip archive")),
    (b"\x7fELF", say("a program")),
    (b"MZ\x90\x00", say("a program")),
    (b"SQLite format 3\x00", say("a SQLite database")),
)
OWN_EXPORT = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\s*\"class_blog\"\s*:")
HTML_OPENINGS = ("<!doctype", "<html", "<rss", "<feed", "<head", "<body", "<?xml", "<!--")
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
UTF_32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
TEXT_CONTROLS = "\t\n\r\f\v"
OTHER_CONTROLS = {code for code in range(32) if chr(code) not in TEXT_CONTROLS}


def is_plain_text(first_bytes: bytes) -> bool:
    """Whether these bytes begin a text file that is not markup, nor an export. An empty file is no text."""
    if not first_bytes.strip() or _kind(first_bytes) or _is_markup(first_bytes) or OWN_EXPORT.match(first_bytes):
        return False
    return first_bytes.startswith((*UTF_16_MARKS, *UTF_32_MARKS)) or b"\x00" not in first_bytes


def refusal(first_bytes: bytes) -> ImportProblem:
    """Why a file that no format knows cannot be read, in the words of what it seems to be."""
    if not first_bytes.strip():
        return empty_file()
    kind = _kind(first_bytes)
    if kind:
        return ImportProblem(say("The file is %(kind)s, not text.", kind=kind), COPY_THE_TEXT)
    if _is_markup(first_bytes):
        return ImportProblem(
            say("The file is a saved web page or other markup (HTML or XML) of a kind that is not known."),
            COPY_THE_TEXT,
        )
    return not_text()


def empty_file() -> ImportProblem:
    return ImportProblem(say("The file is empty."), COPY_THE_TEXT)


def not_text() -> ImportProblem:
    return ImportProblem(say("The file is not plain text: it holds bytes that no text has."), COPY_THE_TEXT)


def decode(content: bytes) -> tuple[str, tuple[str, ...]]:
    """The text and what to warn of. UTF-8 first: text in another encoding almost never happens to be valid in it."""
    if content.startswith(UTF_32_MARKS):
        return _decode_or_refuse(content, "utf-32"), ()
    if content.startswith(UTF_16_MARKS):
        return _decode_or_refuse(content, "utf-16"), ()
    try:
        return _without_binary(content.decode("utf-8-sig")), ()
    except UnicodeDecodeError:
        broken = _utf_8_with_few_errors(content)
    if broken is not None:
        return _without_binary(broken), (
            say("Some letters could not be read (the file is damaged or cut off); each is shown as “\ufffd”."),
        )
    return _decode_or_refuse(content, "cp1252"), (
        say(
            "The file is not in UTF-8; it was read as Windows-1252 (Western European). If letters look wrong, "
            "save the text as UTF-8 and import it again."
        ),
    )


def _utf_8_with_few_errors(content: bytes) -> str | None:
    """The text of a damaged UTF-8 file: more letters beyond ASCII are whole than broken.

    In any other encoding of European letters hardly one would be.
    """
    text = content.decode("utf-8-sig", errors="replace")
    broken = text.count("\ufffd")
    whole = len(text) - broken - len(text.encode("ascii", errors="ignore"))
    return text if whole > broken else None


def _decode_or_refuse(content: bytes, encoding: str) -> str:
    try:
        return _without_binary(content.decode(encoding))
    except UnicodeDecodeError:
        raise not_text() from None


def _without_binary(text: str) -> str:
    """The same text; refused where it holds NULs or is dotted with control characters, as no written text is."""
    controls = sum(text.count(chr(code)) for code in OTHER_CONTROLS)
    if "\x00" in text or controls * 100 > len(text):
        raise not_text()
    return text


def _kind(first_bytes: bytes) -> str | None:
    return next((kind for magic, kind in KINDS_BY_FIRST_BYTES if first_bytes.startswith(magic)), None)


def _is_markup(first_bytes: bytes) -> bool:
    """Saved pages begin with these; UTF-16 ones are looked at without their NULs."""
    beginning = first_bytes[:400].replace(b"\x00", b"").decode("latin-1").lstrip("ÿþï»¿ \t\r\n").lower()
    return beginning.startswith(HTML_OPENINGS)
