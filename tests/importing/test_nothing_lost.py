"""The rule of honour: every line of a page ends up in exactly one place, and no comment says what was not written."""

import io
from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lti_tool.errors import ImportProblem
from lti_tool.importing.formats import FoundPost, read_posts
from lti_tool.importing.formats.page_reading.lines import lines_of
from lti_tool.importing.formats.page_reading.parts import Parts, parts_of
from tests.importing.pages import LONG_PROSE, PROSE, read

TELLING_LINES = [
    *[
        "",
        "",
        " ",
        "3 comments",
        "2 replies on “On the Thaw”",
        "Comments",
        "No comments",
        "Reply",
        "Leave a Reply",
        "Menu",
    ],
    *[
        "Tom Becker says:",
        "Tom Becker",
        "March 3, 2020 at 4:15 pm",
        "Tom Becker on March 3, 2020 at 4:15 pm said:",
        "says:",
    ],
    *["Sources", "Works Cited:", "Source: a book", "Notes", "Archives", "Share this:", "by Ana Petrova", "Post author"],
    *[
        "On the Thaw",
        "Hi Ana, great post!",
        "Thanks Tom!",
        "“Quoted.”",
        "- item",
        "\tindented",
        "    Ana Petrova says:",
    ],
    *["In reply to Tom Becker", "You're welcome", "Yes, I think so.", "I agree with Tom", "– Tom", PROSE, LONG_PROSE],
]
line = st.one_of(st.sampled_from(TELLING_LINES), st.text(max_size=60))
pages = st.lists(line, max_size=40).map("\n".join)


def words_of_parts(parts: Parts) -> Counter[str]:
    title = [parts.header.title] if parts.header.title else []
    comments = [line for block in parts.blocks.comments for line in block.lines]
    placed = [
        *title,
        *parts.body,
        *parts.sources,
        *parts.structure,
        *parts.left_out,
        *parts.blocks.byline_lines,
        *comments,
    ]
    return Counter(word for line in placed for word in line.text.split())


@given(pages)
@example("Tom Becker says:\nMarch 3, 2020 at 4:15 pm\nTom Becker\nTom Becker")
def test_every_line_is_in_exactly_one_part(text: str) -> None:
    lines = lines_of(text)
    assert words_of_parts(parts_of(lines)) == Counter(word for line in lines for word in line.text.split())


@given(pages)
def test_any_text_is_read_or_refused_in_plain_words(text: str) -> None:
    try:
        posts = read_posts(io.BytesIO(text.encode("utf-8", errors="ignore")))
    except ImportProblem as refusal:
        problem = refusal
    else:
        keeps_to_the_contract(posts[0])
        return
    assert problem.what.endswith(".")
    assert problem.do.endswith(".")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        (post,) = read_posts(io.BytesIO(content))
    except ImportProblem:
        return
    keeps_to_the_contract(post)


def keeps_to_the_contract(post: FoundPost) -> None:
    assert post.title
    assert (post.author is None) == (post.author_reason is None)
    for number, comment in enumerate(post.comments, start=1):
        assert comment.number == number
        assert comment.parent is None or 0 < comment.parent < number
        assert comment.reason
        assert comment.author != ""


plain_word = st.text(alphabet="abcdefghijklmnopqrstuvwxyzéß美", min_size=1, max_size=9)
sentence = st.lists(plain_word, min_size=3, max_size=25).map(lambda words: "So " + " ".join(words) + ".")
paragraphs = st.lists(sentence, min_size=1, max_size=4)


@settings(deadline=None)
@given(
    body=paragraphs, comments=st.lists(st.lists(sentence, min_size=1, max_size=3), max_size=12), windows=st.booleans()
)
def test_words_in_are_words_out(body: list[str], comments: list[list[str]], windows: bool) -> None:
    """A page like the class's: each block one comment, each line one paragraph, character for character."""
    blocks = ["On the Thaw", LONG_PROSE, *body, f"{len(comments)} replies on “On the Thaw”"]
    text = "\n\n".join([*blocks, *("\n".join(comment) for comment in comments)])
    post = read(text.replace("\n", "\r\n") if windows else text)
    assert post.title == "On the Thaw"
    assert ((post.subtitle,) if post.subtitle else ()) + post.body == (LONG_PROSE, *body)
    assert [comment.text for comment in post.comments] == ["\n\n".join(comment) for comment in comments]
    assert post.warnings == ()


@settings(deadline=None)
@given(
    comments=st.lists(
        st.tuples(st.sampled_from(["Tom Becker", "Ana Petrova", "李美玲"]), paragraphs), min_size=1, max_size=9
    )
)
def test_bylines_part_and_name_the_comments(comments: list[tuple[str, list[str]]]) -> None:
    said = [
        "\n".join([f"{name} says:", "March 3, 2020 at 4:15 pm", "\n\n".join(text), "Reply"]) for name, text in comments
    ]
    post = read("\n\n".join(["On the Thaw", LONG_PROSE, f"{len(said)} thoughts on “On the Thaw”", *said]))
    assert [(comment.author, comment.text) for comment in post.comments] == [(n, "\n\n".join(t)) for n, t in comments]
