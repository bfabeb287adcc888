"""What every import format keeps to, tried on every sample folder there is.

To add a sample, put the file and the posts it holds (``name.txt`` and ``name.json``) into the format's folder.
"""

import dataclasses
import io
import json
from datetime import datetime
from pathlib import Path

import pytest

from lti_tool.errors import ImportProblem
from lti_tool.importing.formats import FORMATS, FoundPost, read_posts

SAMPLES = Path(__file__).parent / "samples"
FILES = sorted(path for path in SAMPLES.glob("*/*") if path.suffix != ".json")


def as_json(posts: tuple[FoundPost, ...]) -> object:
    return json.loads(json.dumps([dataclasses.asdict(post) for post in posts], default=as_text))


def as_text(value: object) -> str:
    """A date, or a kind of standing, as the samples have it."""
    return value.isoformat() if isinstance(value, datetime) else str(getattr(value, "value", value))


def test_every_format_has_samples_and_every_sample_folder_a_format() -> None:
    assert {folder.name for folder in SAMPLES.iterdir()} == {known.name for known in FORMATS}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_sample_is_read_as_expected(path: Path) -> None:
    with path.open("rb") as file:
        posts = read_posts(file)
    assert as_json(posts) == json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_sample_is_claimed_by_its_own_format_only(path: Path) -> None:
    first_bytes = path.read_bytes()[:4096]
    assert [known.name for known in FORMATS if known.looks_like(first_bytes)] == [path.parent.name]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_comments_are_numbered_in_order_and_answer_earlier_ones(path: Path) -> None:
    with path.open("rb") as file:
        for post in read_posts(file):
            assert [comment.number for comment in post.comments] == list(range(1, len(post.comments) + 1))
            assert all(comment.parent is None or 0 < comment.parent < comment.number for comment in post.comments)
            assert all(comment.reason.endswith(".") for comment in post.comments)


def refused(content: bytes, max_bytes: int = 5_000_000) -> ImportProblem:
    with pytest.raises(ImportProblem) as refusal:
        read_posts(io.BytesIO(content), max_bytes)
    return refusal.value


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \r\n\t\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xe2\x80\x8b\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "PNG picture"),
        (b"%PDF-1.7\n", "PDF document"),
        (b"PK\x03\x04\x14\x00word/document.xml", "Word document"),
        (b"{\\rtf1 text}", "rich text"),
        (b"text and then\x00a NUL", "not plain text"),
        (b"text " * 2000 + b"\x00", "not plain text"),
        (b"\x81\x8d\x8f\x90\x9d", "not plain text"),
        (b"\x01\x02\x03\x04 text", "not plain text"),
        (b"<!DOCTYPE html>\n<html>", "saved web page"),
        (b"\xef\xbb\xbf  <HTML lang=en>", "saved web page"),
        ("<html>".encode("utf-16"), "saved web page"),
        (b"<?xml version='1.0'?><rss/>", "saved web page"),
        (b"\xff\xfea", "not plain text"),
    ],
)
def test_what_is_no_copied_text_is_named_for_what_it_is(content: bytes, said: str) -> None:
    problem = refused(content)
    assert said in problem.what
    assert "copy" in problem.do.lower() or "select" in problem.do.lower()


class CountedFile(io.BytesIO):
    """A file that counts what is read from it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        self.taken += len(content)
        return content


def test_a_file_over_the_limit_is_refused_without_being_read_whole() -> None:
    file = CountedFile(b"word " * 4_000_000)
    with pytest.raises(ImportProblem, match="larger than 5 MB"):
        read_posts(file)
    assert file.taken == 5_000_001


def test_a_file_at_the_limit_is_read() -> None:
    assert read_posts(io.BytesIO(b"A title\n\n12345"), max_bytes=14)[0].title == "A title"
    assert "14 bytes" in refused(b"A title\n\n123456", max_bytes=14).what


def test_a_page_of_absurdly_many_lines_or_comments_is_refused() -> None:
    assert "100,000 lines" in refused(b"a\n" * 100_001).what
    assert "5,001 comments" in refused(b"Title\n\nSome text.\n\n9 comments\n\n" + b"hello\n\n" * 5_001).what


def test_hostile_text_at_full_size_is_read() -> None:
    """Sizes, not seconds: what is not linear here does not end within the suite's patience."""
    head = "Title\n\n" + "body text " * 40 + "\n\n"
    for line in (
        "Comments\n",
        "3 comments\n",
        "Reply\n",
        "Archives\n",
        "Sources\n",
        "Notes\n",
        "- - - - -\n",
        "Tom Lee\n",
    ):
        read_posts(io.BytesIO((head + "5 comments\n\n" + line * 60_000).encode()))
    turns = "Hi Isaiah, " + "word " * 190 + "\n\nThanks Tom, " + "word? " * 150 + "\n\n"
    (post,) = read_posts(io.BytesIO((head + "5 comments\n\n" + turns * 2_400).encode()))
    assert len(post.comments) == 4_800
    for text in ("a" * 4_999_999, "“ " * 1_200_000, "ab " * 1_600_000, ", " * 2_400_000):
        assert read_posts(io.BytesIO(text.encode()))
