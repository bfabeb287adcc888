"""Whole blogs in files: hostile ones are refused in plain words and at once, and no address of anybody is kept."""

import io
import time
import zipfile
import zlib

import pytest

from lti_tool.errors import ImportProblem
from lti_tool.importing.formats import ArchivedPost, posts_in
from lti_tool.importing.runs import packed

WXR = b'<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/" xmlns:content="c"><channel>'
ITEM = b"<item><title>T</title><content:encoded>%s</content:encoded><wp:post_type>post</wp:post_type>%s</item>"
END = b"</channel></rss>"
BOMB = b'<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">%s]>' % b"".join(
    b'<!ENTITY %c "&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;">' % ((letter, *[letter - 1] * 8)) for letter in range(98, 110)
)


def zipped(files: dict[str, bytes]) -> bytes:
    packed_files = io.BytesIO()
    with zipfile.ZipFile(packed_files, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed_files.getvalue()


def read(content: bytes, max_bytes: int = 50_000_000) -> list[ArchivedPost]:
    return [post for post in posts_in(io.BytesIO(content), max_bytes) if isinstance(post, ArchivedPost)]


def one_post(body: bytes, comments: bytes = b"") -> ArchivedPost:
    (post,) = read(WXR + ITEM % (body, comments) + END)
    return post


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'<?xml version="1.0"?>' + BOMB + WXR.replace(b'"2.0"', b'"&m;"') + ITEM % (b"&m;", b"") + END, "DOCTYPE"),
        (b"<!-- " + b"x" * 3000 + b" -->" + BOMB + WXR + ITEM % (b"&m;", b"") + END, "DOCTYPE"),
        (WXR + b"<item>" + b"<a>" * 100_000, "cut off"),
        (WXR + ITEM % (b"x" * 12_000_000, b"") + END, "cut off"),
        (WXR + ITEM % (b"text", b""), "cut off"),
        (WXR + b"<item><title>half", "cut off"),
        (WXR + END, "no posts"),
        (WXR[:60], "cut off"),
        (b"<rss version='2.0'><channel></channel></rss>", "no posts"),
        (b"<feed><entry>" * 100_000, "cut off"),
        (b'{"class_blog": {"version": 1}, "posts": [\n{"number": 1, "title"', "cut off"),
        (b'{"class_blog": {"version": 1}, "posts": [\n' + b"[" * 200_000 + b"\n]}", "cut off"),
        (b'{"class_blog": {"version": 1}, "posts": [\n{"title": 5}\n]}', "not as the export wrote it"),
        (b'{"class_blog": {"version": 1}, "posts": [\n{"comments": [{"number": 2, "parent": 2}]}\n]}', "not as the"),
        (b'{"class_blog": 1}', "cut off"),
        (b"<html><body>" + b"<div>" * 200_000, "no post"),
        (b"<!doctype html>" + b"<p id=comment-1>" * 20, "no post"),
        (WXR + b"x" * 2000, "cut off"),
        (WXR + ITEM % (b"I <3 tides", b"") + ITEM % (b"lost", b"") + END, "cut off"),
        (b"<html><body>" + b"<li class=comment>x" * 70_000, "no post"),
        (zipped({"a.xml": b"<rss>" + b" " * 30_000_000}), "too many files"),
        (zipped({f"{number}.xml": WXR for number in range(101)}), "too many files"),
        (zipped({f"{'x' * 60}{number}": b"" for number in range(25_000)}), "too many files"),
        (zipped({"word/document.xml": b"<w:document xmlns:w='w'/>"}), "Word document"),
        (zipped({"a.xml": WXR + END}), "no posts"),
        (zipped({"a.xml": WXR + ITEM % (b"text", b"")}), "cut off"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused_in_a_sentence_and_at_once(content: bytes, said: str) -> None:
    began = time.process_time()
    with pytest.raises(ImportProblem, match=said):
        read(content)
    assert time.process_time() - began < 1


def test_a_zip_gives_the_posts_of_each_export_in_it() -> None:
    pages = WXR + ITEM.replace(b">post<", b">page<") % (b"About", b"") + END
    content = zipped(
        {"../a.xml": pages, "b.xml": WXR + ITEM % (b"One", b"") + END, "__MACOSX/b.xml": b"x", "c.txt": b"x"}
    )
    assert [post.body for post in read(content)] == [("One",)]


def test_a_file_over_the_limit_is_not_read_on() -> None:
    with pytest.raises(ImportProblem, match="larger than 1 MB"):
        read(WXR + (ITEM % (b"text " * 1000, b"")) * 1000 + END, max_bytes=1_000_000)


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        (b"&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two&lt;/p&gt;", "One\n\nTwo"),
        (b"One\nline\n\nTwo", "One\nline\n\nTwo"),
        (b"&lt;strong&gt;One&lt;/strong&gt;\nline\n\nTwo", "**One**\nline\n\nTwo"),
        (b"[caption id='a' width='3']Said[/caption] [sic] [1]", "Said \\[sic] \\[1]"),
        (b"&lt;script&gt;x()&lt;/script&gt;A&lt;img src='https://e.org/p.png' alt='cat'&gt;", "A![cat](<https://e.org/p.png>)"),
        (b"&lt;a href='javascript:x()'&gt;A&lt;/a&gt;&lt;img src='data:x' alt='cat'&gt;", "Acat"),
        (b"&lt;pre&gt;a\n\n\nb&lt;/pre&gt;", "```\na\n\n\nb\n```"),
        (b"1. not\n- a *list* of snake_case _x_", "1\\. not\n\\- a \\*list\\* of snake_case \\_x\\_"),
        (b"A &amp;amp; B &amp;lt;i&amp;gt;", "A & B <i>"),
        (b"&lt;div&gt;" * 3000 + b"deep", "deep"),
    ],
)  # fmt: skip
def test_html_becomes_the_markdown_that_shows_the_same(html: bytes, markdown: str) -> None:
    assert "\n\n".join(one_post(html).body) == markdown


def test_no_address_of_anybody_is_packed() -> None:
    who = b"<wp:comment><wp:comment_id>1</wp:comment_id><wp:comment_author>Ben</wp:comment_author>%s</wp:comment>" % (
        b"<wp:comment_author_email>ben@example.edu</wp:comment_author_email>"
        b"<wp:comment_author_IP>192.0.2.44</wp:comment_author_IP><wp:comment_content>Hi</wp:comment_content>"
    )
    post = one_post(b"Text", who)
    assert post.archived_comments[0].writer.email == "ben@example.edu", "for matching"
    kept = zlib.decompress(packed([post]).content())
    assert b"Ben" in kept
    assert b"ben@example.edu" not in kept
    assert b"192.0.2.44" not in kept
    assert "192.0.2" not in repr(post)


def test_only_what_is_needed_is_held_of_a_long_file() -> None:
    """The second post is there before the file is read to its end."""

    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            piece = WXR if not self.given else ITEM % (b"text " * 1000, b"")
            assert len(piece) <= len(buffer)
            buffer[: len(piece)] = piece
            self.given += 1
            return len(piece)

    source = Endless()
    posts = posts_in(io.BufferedReader(source, 8192), 50_000_000)  # type: ignore[type-var]
    for _ in range(3):
        assert next(posts).title == "T"
    assert source.given < 300
