"""The class's own page. Its text is somebody else's, so it is not kept here: the test reads it where it is found."""

import os
from pathlib import Path

import pytest

from lti_tool.importing.formats import FoundPost
from tests.importing.pages import read, thread

BESIDE_THE_CHECKOUT = Path(__file__).parents[2].parent / "shared" / "samples" / "class-blog-post.txt"
SAMPLE = Path(os.environ.get("LTI_TOOL_SAMPLE", BESIDE_THE_CHECKOUT))


@pytest.fixture(scope="module")
def post() -> FoundPost:
    if not SAMPLE.is_file():
        pytest.skip(f"The class's page is not part of the project; set LTI_TOOL_SAMPLE to try it (not at {SAMPLE}).")
    return read(SAMPLE.read_bytes())


def test_the_post(post: FoundPost) -> None:
    lines = [line for line in SAMPLE.read_text(encoding="utf-8").splitlines() if line]
    assert post.title == "A New Leader: The Death of Stalin"
    assert post.subtitle == lines[1]
    assert post.subtitle.startswith("Nikita Khrushchev, who took over")
    assert post.body == tuple(lines[2:5])
    assert post.sources == ("Russia A History: Gregory L. Freeze", "Seventeen Moments of Soviet History")


def test_the_count_that_does_not_agree_is_said(post: FoundPost) -> None:
    assert post.stated_comments == 12
    assert post.warnings == (
        "The page states 12 comments, but 11 were found in the text. Nothing was dropped and nothing was invented.",
    )


def test_the_thread_and_its_names(post: FoundPost) -> None:
    assert post.author == "Isaiah"
    assert thread(post) == [
        (None, "Tom"),
        (1, "Isaiah"),
        (None, None),
        (3, "Isaiah"),
        (None, "Michael"),
        (5, "Isaiah"),
        (None, "Matt"),
        (7, "Isaiah"),
        (None, "Chris"),
        (9, "Isaiah"),
        (None, None),
    ]


def test_nothing_is_dropped(post: FoundPost) -> None:
    lines = [line for line in SAMPLE.read_text(encoding="utf-8").splitlines() if line]
    said = [paragraph for comment in post.comments for paragraph in comment.text.split("\n\n")]
    assert said == lines[lines.index("12 replies on “A New Leader: The Death of Stalin”") + 1 :]
    assert len(post.comments[2].text.split("\n\n")) == 2


def test_reasons_tell_strong_evidence_from_weak(post: FoundPost) -> None:
    assert post.author_reason is not None
    assert "3 comments speak to Isaiah by name" in post.author_reason
    assert "“Thanks for the comment Tom!”" in post.comments[1].reason
    assert "“Thanks for the comment Tom!”" in post.comments[0].reason
    assert "Weak evidence" in post.comments[3].reason
    assert "asks a question" in post.comments[3].reason
    assert all("weak" not in post.comments[number - 1].reason.lower() for number in (2, 6, 8, 10))
