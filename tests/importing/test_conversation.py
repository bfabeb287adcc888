"""Who wrote what, and to whom: the signs a copied page gives, one at a time."""

import pytest

from lti_tool.importing.formats.page_reading.bylines import byline_at
from lti_tool.importing.formats.page_reading.lines import lines_of
from lti_tool.importing.formats.page_reading.names import is_name, same_person
from lti_tool.importing.formats.page_reading.salutations import address_in
from tests.importing.pages import LONG_PROSE, page, read, read_page, texts, thread


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hi Isaiah, I really liked your post!", "Isaiah"),
        ("Hello Isaiah I think so too.", "Isaiah"),
        ("Hi Isaiah Great post", "Isaiah"),
        ("Hey there Isaiah! Good.", "Isaiah"),
        ("Good morning, Isaiah. A question.", "Isaiah"),
        ("Dear Dr. Novak, what a lecture.", "Dr. Novak"),
        ("Isaiah, good post.", "Isaiah"),
        ("Isaiah - I enjoyed this", "Isaiah"),
        ("Isaiah! You did it.", "Isaiah"),
        ("Wow, Isaiah, great work", "Isaiah"),
        ("Great post, Isaiah!", "Isaiah"),
        ("Great post Isaiah! More.", "Isaiah"),
        ("I agree, Tom. It was so.", "Tom"),
        ("You're right, Tom!", "Tom"),
        ("Thanks Michael! I agree.", "Michael"),
        ("Thank you so much, Michael, for this.", "Michael"),
        ("Thanks for the comment Tom! Yeah", "Tom"),
        ("Thanks for your comment on Beria, Tom!", "Tom"),
        ("I appreciate your question, Oisín. Well", "Oisín"),
        ("I read this twice. It was long. Well done, Isaiah!", "Isaiah"),
        ("@Tom I saw it", "Tom"),
        ("Hi Jean-Luc, hello", "Jean-Luc"),
        ("Thanks, D’Angelo!", "D’Angelo"),
        ("Hi Siobhán O'Brien, hello", "Siobhán O'Brien"),
        ("Привет, Иван! Хорошо.", "Иван"),
        ("Hi 美玲, great post", "美玲"),
        ("Hi 美玲，great post", "美玲"),
    ],
)
def test_salutations(text: str, name: str) -> None:
    address = address_in(text)
    assert address is not None
    assert address.name == name
    assert address.phrase.removesuffix(" …") in text


@pytest.mark.parametrize(
    "text",
    [
        "Hi all, see this link.",
        "Hi everyone! Hello.",
        "Thanks for sharing this.",
        "Thanks for mentioning Stalin!",
        "Thanks for the post about Khrushchev!",
        "Yes, I agree.",
        "However, you could say more.",
        "Great, thanks.",
        "Also, I liked it.",
        "Interestingly, I found one.",
        "Great post on Lenin, Stalin, and Trotsky!",
        "It’s, you know, good",
        "NKVD, you say?",
        "Good point about Beria!",
        "",
        "@",
        "!!!",
    ],
)
def test_what_is_no_salutation(text: str) -> None:
    assert address_in(text) is None


def test_historical_figures_are_nobody() -> None:
    post = read_page(
        "Khrushchev, I think, was a coward.",
        "Stalin, however, was worse.",
        "Moscow, you could say, was the centre.",
        "Beria, you should know, had files.",
        "Trotsky, who died earlier, would laugh.",
    )
    assert post.author is None
    assert thread(post) == [(None, None)] * 5


def test_a_name_that_the_post_is_about_proves_nothing() -> None:
    post = read_page("Khrushchev, what a coward!", "Stalin, what a tyrant!", "Khrushchev, why not?")
    assert post.author is None
    assert thread(post) == [(None, None)] * 3


def test_a_namesake_in_the_body_can_still_be_the_author() -> None:
    post = read(page("Nikita, great post!", "Thanks Tom!", "Nikita, good essay.", body=f"Nikita danced. {LONG_PROSE}"))
    assert post.author == "Nikita"
    assert thread(post) == [(None, "Tom"), (1, "Nikita"), (None, None)]


def test_answers_in_a_row_belong_to_comments_in_a_row() -> None:
    post = read_page("Hi Ana, great essay!", "Ana, I liked this.", "Thanks Bob! I tried.", "Thanks Carla! So did I.")
    assert thread(post) == [(None, "Bob"), (None, "Carla"), (1, "Ana"), (2, "Ana")]


def test_an_author_who_answers_only_some() -> None:
    post = read_page("Great post, Ana!", "The Thaw was short.", "Interesting times.", "Thanks Bob!", "It was cold.")
    assert thread(post) == [(None, None), (None, None), (None, "Bob"), (3, "Ana"), (None, None)]


def test_answers_of_an_author_whom_nobody_names() -> None:
    post = read_page("The Thaw was short.", "Thanks Bob! It was.", "It was cold.", "Thanks for the comment, Carla!")
    assert post.author is None
    assert thread(post) == [(None, "Bob"), (1, None), (None, "Carla"), (3, None)]


def test_peers() -> None:
    post = read_page(
        "I loved this post Ana!",
        "Thank you Bob!",
        "Bob, I disagree with you. The Thaw was short.",
        "I agree with Bob that it was long.",
        "As Bob said, it was long.",
        "I agree with Stalin that it was cold.",
        "You can see this in the book.",
    )
    assert [parent for parent, _ in thread(post)] == [None, 1, 1, 1, 1, None, None]
    assert "Bob" in post.comments[3].reason


def test_a_reply_to_thanks_hangs_under_them() -> None:
    post = read_page("Hi Ana, great essay!", "Thanks Bob! I tried.", "You're welcome, Ana!", "Hi Ana, so cool.")
    assert [parent for parent, _ in thread(post)] == [None, 1, 2, None]


def test_an_answer_without_a_name_needs_several_weak_signs() -> None:
    post = read_page("Hi Ana, why did it end?", "Honestly, I do not know.", "Hi Ana, it was cold.", "I was there.")
    assert thread(post) == [(None, None), (1, "Ana"), (None, None), (None, None)]
    assert "Weak evidence" in post.comments[1].reason
    assert "“Honestly”" in post.comments[1].reason


def test_a_page_without_any_hints_stays_flat() -> None:
    post = read_page("The Thaw was short.", "Khrushchev was bald.", "Why was Beria shot?", "Moscow is cold.")
    assert thread(post) == [(None, None)] * 4


def test_a_signature_names_its_writer() -> None:
    post = read_page("Hi Ana, great! – Zoë", "So cold.\nBest,\nTom Lee", "“No.”\n– Joseph Stalin")
    assert [author for _, author in thread(post)] == ["Zoë", "Tom Lee", None]


@pytest.mark.parametrize(
    ("line", "author", "dated"),
    [
        ("Tom Becker says:", "Tom Becker", False),
        ("Tom Becker on March 3, 2020 at 4:15 pm said:", "Tom Becker", True),
        ("Tom Becker says: March 3, 2020 at 4:15 pm", "Tom Becker", True),
        ("Tom Becker (March 3, 2020 at 4:15 pm):", "Tom Becker", True),
        ("Tom Becker – 3 March 2020, 16:15", "Tom Becker", True),
        ("Tom Becker | 2020-03-03", "Tom Becker", True),
        ("Tom Becker · 3 years ago", "Tom Becker", True),
        ("By Tom Becker on March 3, 2020", "Tom Becker", True),
        ("March 3, 2020 at 4:15 pm, Tom Becker said:", "Tom Becker", True),
        ("1. Tom Becker says:", "Tom Becker", False),
        ("tbecker92 on March 3, 2020 at 4:15 pm said:", "tbecker92", True),
        ("Ludwig van der Berg says:", "Ludwig van der Berg", False),
        ("李美玲 says:", "李美玲", False),
        ("Anna Strong says:", "Anna Strong", False),
        ("March 3, 2020 at 4:15 pm", None, True),
    ],
)
def test_bylines(line: str, author: str | None, dated: bool) -> None:
    byline = byline_at(lines_of(line), 0)
    assert byline is not None
    assert (byline.author, byline.dated) == (author, dated)


@pytest.mark.parametrize(
    "line",
    ["Tom Becker", "Stalin died on March 5, 1953.", "He said:", "On March 5, 1953 Stalin died", "As I see it:", ""],
)
def test_what_is_no_byline(line: str) -> None:
    lines = lines_of(line)
    assert not lines or byline_at(lines, 0) is None


def test_bylines_of_two_lines_replies_by_name_and_login_names() -> None:
    post = read(
        page(
            "Tom Becker\nMarch 3, 2020 at 4:15 pm\nHi Ana\n\nI liked it\nReply",
            "Ana Petrova\nMarch 4, 2020 at 4:15 pm\nThanks, both.\nReply",
            "tbecker99\nMarch 4, 2020 at 5:15 pm\nok",
            "Kofi Mensah\nMarch 4, 2020 at 6:15 pm\nIn reply to Tom Becker\nSo did I.",
            heading="4 comments",
        )
    )
    assert thread(post) == [(None, "Tom Becker"), (1, "Ana Petrova"), (None, "tbecker99"), (1, "Kofi Mensah")]
    assert texts(post) == ["Hi Ana\n\nI liked it", "Thanks, both.", "ok", "So did I."]


def test_what_somebody_said_inside_a_comment_is_no_byline() -> None:
    post = read_page("Tom Becker says:", "Stalin said:", "“No.”", "Ana Lee says:", "Ah.", heading="2 comments")
    assert thread(post) == [(None, "Tom Becker"), (None, "Ana Lee")]
    assert texts(post) == ["Stalin said:\n\n“No.”", "Ah."]


def test_a_page_whose_comments_have_no_heading_but_bylines() -> None:
    first, second = (
        "Bob Lee says:\nMarch 3, 2020 at 4:15 pm\nHi Ana!",
        "Ana P. says:\nMarch 3, 2020 at 5:15 pm\nThanks Bob!",
    )
    post = read(f"On the Thaw\n\n{LONG_PROSE}\n\n{first}\n\n{second}\n\nMore.\n")
    assert thread(post) == [(None, "Bob Lee"), (1, "Ana P.")]
    assert texts(post)[1] == "Thanks Bob!\n\nMore."


def test_the_author_line_gives_the_full_name() -> None:
    post = read(f"On the Thaw\nAna Petrova\n\n{LONG_PROSE}\n\n2 comments\n\nHi Ana, great!\n\nThanks Bob!\n")
    assert (post.author, post.subtitle, post.body) == ("Ana Petrova", None, (LONG_PROSE,))
    assert thread(post) == [(None, "Bob"), (1, "Ana Petrova")]


@pytest.mark.parametrize("text", ["Tom", "Tom Becker", "O’Brien", "J. R. Smith", "Dr. Novak", "Иван", "美玲"])
def test_names(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize("text", ["", "However", "I’m", "Stalin’s", "the end", "Dr.", "J.", "a b c d e f", "12"])
def test_no_names(text: str) -> None:
    assert not is_name(text)


def test_same_person() -> None:
    assert same_person("José", "Jose Ramírez")
    assert same_person("Dr. Novak", "Eva Novák")
    assert not same_person("Tom", "Tomas")
    assert not same_person("", "Tom")


def test_praise_of_a_point_does_not_make_its_maker_the_author() -> None:
    post = read_page("Great read, it was cold.", "Tom, good question. I think so.")
    assert post.author is None
    assert thread(post) == [(None, None), (None, None)]


def test_one_salutation_in_the_first_comment_is_weak_evidence() -> None:
    post = read_page("Isaiah, I read it twice.", "It was cold.")
    assert post.author == "Isaiah"
    assert "weak evidence" in (post.author_reason or "")


def test_speaking_to_an_earlier_writer_does_not_make_an_author() -> None:
    comments = ["Tom Becker says:\nI liked it.", "Ágnes Nagy says:\nDear Tom, so did I."]
    post = read_page("\n\n".join(comments), heading="2 comments")
    assert post.author is None
    assert thread(post) == [(None, "Tom Becker"), (1, "Ágnes Nagy")]


def test_indented_answers_name_whom_they_speak_to() -> None:
    post = read_page("Hi Ana, great.", "\tThanks Tom!", "Ana, I liked it.", "\tHey Bo, sure.")
    assert thread(post) == [(None, "Tom"), (1, "Ana"), (None, "Bo"), (3, "Ana")]
