"""The copied page of a class blog: its parts, its furniture, its encodings."""

import pytest

from tests.importing.pages import LONG_PROSE, PROSE, page, read, read_page, texts, thread


@pytest.mark.parametrize(
    ("heading", "stated"),
    [
        ("2 replies on “On the Thaw”", 2),
        ('12 thoughts on "On the Thaw"', 12),
        ("One thought on “On the Thaw”", 1),
        ("12 Responses to On the Thaw", 12),
        ("12 Comments", 12),
        ("1 Comment", 1),
        ("Comments (3)", 3),
        ("Comments: 3", 3),
        ("3 comments so far", 3),
        ("3 Comments Add yours", 3),
        ("1,024 comments", 1024),
        ("COMMENTS", None),
        ("Replies:", None),
    ],
)
def test_headings_over_the_replies(heading: str, stated: int | None) -> None:
    post = read_page("Hi Ana, great essay!", "Thanks Bob! I tried.", heading=heading)
    assert post.stated_comments == stated
    assert texts(post) == ["Hi Ana, great essay!", "Thanks Bob! I tried."]
    assert any("states" in warning for warning in post.warnings) == (stated not in {None, 2})


def test_a_count_under_the_title_heads_nothing() -> None:
    top = "On the Thaw\n\nMarch 1, 2020\nAna Petrova\n12 Comments"
    post = read(f"{top}\n\n{LONG_PROSE}\n\n2 Comments\n\nHi Ana!\n\nThanks Bob!\n")
    assert (post.body, post.stated_comments, post.author) == ((LONG_PROSE,), 2, "Ana Petrova")
    assert thread(post) == [(None, "Bob"), (1, "Ana Petrova")]


def test_leave_a_reply_stands_for_a_missing_heading() -> None:
    post = read_page("Hi Ana, great essay!", "Thanks Bob!", heading="Leave a Reply")
    assert thread(post) == [(None, "Bob"), (1, "Ana")]
    assert "No comment heading" in post.warnings[0]


def test_text_alone_is_a_post_without_comments() -> None:
    post = read(f"On the Thaw\n\n{LONG_PROSE}\n")
    assert (post.body, post.comments, post.stated_comments) == ((LONG_PROSE,), (), None)
    assert "No comment heading" in post.warnings[0]


def test_one_paragraph_alone_keeps_its_text_whole() -> None:
    post = read(LONG_PROSE)
    assert post.body == (LONG_PROSE,)
    assert post.title == "The leaders who came after Stalin were divided, and Khrushchev knew it well, as …"
    assert "No title was found" in post.warnings[0]


def test_one_short_line_is_a_title() -> None:
    post = read("On the Thaw")
    assert (post.title, post.body) == ("On the Thaw", ())
    assert "No text was found under the title" in post.warnings[0]


def test_a_title_that_was_not_copied_is_taken_from_the_heading() -> None:
    post = read(f"{LONG_PROSE}\n\n{PROSE}\n\n1 reply on “On the Thaw”\n\nHi Ana!\n")
    assert (post.title, post.subtitle, post.body) == ("On the Thaw", None, (LONG_PROSE, PROSE))
    assert "taken from the heading" in post.warnings[0]


def test_a_title_that_differs_from_the_heading_is_said() -> None:
    post = read(page("Hi Ana!", heading="1 reply on “Old title”"))
    assert post.title == "On the Thaw"
    assert "“Old title”" in post.warnings[0]


@pytest.mark.parametrize(
    "heading", ["Works Cited", "Sources", "Sources Used:", "References", "BIBLIOGRAPHY", "Sources Cited:", "Source:"]
)
def test_sources_under_their_heading(heading: str) -> None:
    post = read(f"On the Thaw\n\n{LONG_PROSE}\n\n{heading}\n\nAlpha, A Book\nBeta, Another\n\n1 comment\n\nHi Ana!\n")
    assert post.sources == ("Alpha, A Book", "Beta, Another")
    assert post.body == (LONG_PROSE,)


def test_sources_in_one_line() -> None:
    post = read(f"On the Thaw\n\n{LONG_PROSE}\n\nSources: Alpha, A Book; Beta\n\n1 comment\n\nHi Ana!\n")
    assert (post.sources, post.body) == (("Alpha, A Book; Beta",), (LONG_PROSE,))


def test_a_section_called_sources_with_prose_under_it_is_body() -> None:
    long = LONG_PROSE * 2
    post = read(f"On the Thaw\n\n{LONG_PROSE}\n\nSources\n\n{long}\n\n{long}\n")
    assert (post.sources, post.body) == ((), (LONG_PROSE, "Sources", long, long))


@pytest.mark.parametrize(
    "line", ["“A quotation over the text.”", "- a list item", "Introduction", "I. The beginning", PROSE + " " + PROSE]
)
def test_what_is_no_subtitle(line: str) -> None:
    post = read(f"On the Thaw\n\n{line}\n\n{LONG_PROSE}\n\n{LONG_PROSE}\n")
    assert (post.subtitle, len(post.body)) == (None, 3)


def test_section_headings_quotations_and_footnotes_stay_in_the_body() -> None:
    body = ["First part", LONG_PROSE, "“A quotation,” he said.", "Second part", LONG_PROSE, "1. an item", "[1] A note."]
    post = read("\n".join(["On the Thaw", *body, "No comments"]))
    assert post.body == tuple(body)
    assert (post.stated_comments, post.comments) == (0, ())


def test_lines_of_the_page_are_left_out_and_every_one_is_told() -> None:
    over, under = "Skip to content\nMenu", "Reply\n\nLeave a Reply\n\nEmail *\n\nArchives\nMarch 2020"
    text = f"{over}\nOn the Thaw\n\n{LONG_PROSE}\n\nShare this:\n\n1 reply on “On the Thaw”\n\nHi Ana!\n\n{under}\n"
    post = read(text)
    assert (post.title, post.body, texts(post)) == ("On the Thaw", (LONG_PROSE,), ["Hi Ana!"])
    (warning,) = post.warnings
    for line in (
        "Skip to content",
        "Menu",
        "Share this:",
        "Reply",
        "Leave a Reply",
        "Email *",
        "Archives",
        "March 2020",
    ):
        assert f"“{line}”" in warning


def test_two_kinds_of_blank_lines_part_comments_where_that_gives_the_stated_number() -> None:
    comments = "Hi Ana, great.\n\nA second paragraph.\n\n\nThanks Tom!\n\nMore."
    post = read(f"On the Thaw\n\n{LONG_PROSE}\n\n2 comments\n\n{comments}\n")
    assert texts(post) == ["Hi Ana, great.\n\nA second paragraph.", "Thanks Tom!\n\nMore."]


def test_reply_links_part_comments() -> None:
    post = read_page("Hi Ana", "para two", "Reply", "Thanks Tom.", "Reply", "Ana, I loved it.", heading="3 comments")
    assert texts(post) == ["Hi Ana\n\npara two", "Thanks Tom.", "Ana, I loved it."]


def test_more_lines_than_stated_comments_are_not_cut_to_fit() -> None:
    """Three blocks with four lines under “4 comments” stay three comments: a line is a paragraph, not a comment."""
    post = read_page("Hi Ana", "One thing.\nAnother thing.", "Bye", heading="4 comments")
    assert texts(post) == ["Hi Ana", "One thing.\n\nAnother thing.", "Bye"]


def test_windows_line_ends_odd_spaces_and_what_cannot_be_seen() -> None:
    text = (
        page("Hi\u00a0Zoë,  great\u200b post!\t", "Thanks\u202fBob!  ")
        .replace("\n", "\r\n")
        .replace("On", "\ufeffOn", 1)
    )
    post = read(text)
    assert post.title == "On the Thaw"
    assert texts(post) == ["Hi Zoë,  great post!", "Thanks Bob!"]
    assert thread(post) == [(None, "Bob"), (1, "Zoë")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_encodings_need_no_warning(encoding: str) -> None:
    post = read(page("Hi Zoë, great!", "Thanks “Bob”!").encode(encoding))
    assert (post.author, post.warnings) == ("Zoë", ())


def test_windows_1252_is_read_and_said() -> None:
    post = read(page("Hi Zoë, it’s “great”!", "Thanks Bob!").encode("cp1252"))
    assert (post.author, texts(post)[0]) == ("Zoë", "Hi Zoë, it’s “great”!")
    assert "Windows-1252" in post.warnings[0]


def test_a_cut_off_utf_8_file_is_not_taken_for_windows_1252() -> None:
    post = read(page("Hi Zoë, it’s “great”").strip().encode()[:-1])
    assert post.author == "Zoë"
    assert "could not be read" in post.warnings[0]


@pytest.mark.parametrize(
    "line",
    [
        "Posted in Berlin as an attaché, he saw it all.",
        "Reply to this, if you can!",
        "Tag the wall",
        "Home at last",
        "Next",
    ],
)
def test_writing_that_resembles_furniture_stays(line: str) -> None:
    assert texts(read_page("Hi Ana!", line))[1] == line
    assert line in read(f"On the Thaw\n\n{LONG_PROSE}\n\n{line}\n\n{LONG_PROSE}\n").body
