"""Footnotes: counted as the text names them, with a way there and back, and apart from those of other texts."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.blog.text import safe_html, shown

SCHOLARLY = """The radio[^wire] hung on the wall.[^2] It ticked.[^wire]

[^2]: *Lovell*, p. 12
goes on

[^wire]: See https://example.edu/x
"""


def ids_of(html: str) -> list[str]:
    return re.findall(r' id="([^"]+)"', html)


def targets_of(html: str) -> list[str]:
    return re.findall(r'href="#([^"]+)"', html)


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_they_are_counted_in_the_order_of_the_text() -> None:
    html = safe_html(SCHOLARLY)
    text, _, notes = html.partition('<section class="notes" aria-label="Notes">')
    assert re.findall(r'<sup><a href="#note-(\d)" id="(mark-[\d-]+)"', text) == [
        ("1", "mark-1"), ("2", "mark-2"), ("1", "mark-1-2"),
    ]  # fmt: skip
    first, second = re.findall(r"<li id=.*?</li>", notes, re.DOTALL)
    assert words_of(first) == "See https://example.edu/x ↩"
    assert words_of(second) == "Lovell , p. 12 goes on ↩"
    assert 'href="https://example.edu/x" target="_blank"' in first


def test_every_link_leads_somewhere_in_its_own_text() -> None:
    stored = safe_html(SCHOLARLY)
    page = shown(stored, "", "c1") + shown(stored, "", "c12") + shown(stored, "", "p")
    assert len(ids_of(page)) == len(set(ids_of(page))) == 15
    assert set(targets_of(page)) <= set(ids_of(page))
    assert not re.search(r'href="#[^>]*target=', page)  # they stay in the window
    assert page.count('target="_blank"') == 3


def test_one_that_the_text_does_not_name_is_not_lost() -> None:
    html = safe_html("A claim.[^1]\n\n[^lost]: Never named\n\n[^1]: Named\n\n[^1]: By the same name")
    assert words_of(html) == "A claim. 1 Named ↩ By the same name Never named"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A claim.[^1]", "A claim.[^1]"),
        ("A claim.\\[^1]\n\n[^1]: x", "A claim.[^1] x"),
        ("`[^1]`\n\n[^1]: x", "[^1] x"),
        ("[^ 1]: x", "[^ 1]: x"),
        ("[1]: a source", "[1]: a source"),
        ("[x]: https://example.edu", "[x]: https://example.edu"),
        ("> [^1]: x", "[^1]: x"),
        ("    [^1]: x", "[^1]: x"),
    ],
)
def test_what_is_no_footnote_stays_as_it_was_written(text: str, words: str) -> None:
    assert words_of(safe_html(text)) == words


def test_a_footnote_within_a_footnote() -> None:
    html = safe_html("A[^1]\n\n[^1]: B[^2]\n\n[^2]: C[^1]")
    assert words_of(html) == "A 1 B 2 ↩ C 1 ↩"
    assert set(targets_of(html)) <= set(ids_of(html))


def test_nobody_makes_an_id_by_hand() -> None:
    html = safe_html('<a id="x">[x](#note-1)</a> <li id="note-1">\n\n[^"><b>]: y')
    assert "<li id" not in html
    assert "<b>" not in html


@pytest.mark.parametrize(
    "piece", ["[^a]", "[^a]: ", "[^a]: x\n", "[^a][^b]\n\n[^a]: b\n", "[^", "a[^b]\n\n[^b]: c\n\n"]
)
def test_hostile_footnotes_come_to_an_end(piece: str) -> None:
    began = time.process_time()
    html = safe_html((piece * 10_000)[:10_000])
    assert len(shown(html, "", "c1")) < 400_000
    assert time.process_time() - began < 5, "a comment must not stop a server"


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["[^1]", "[^a]", "[^1]: ", "[^a]: ", "\n", "\n\n", "> ", "- ", "word ", "*", "    "]),
        max_size=14,
    )
)
def test_no_word_is_lost_in_any_mixture(parts: list[str]) -> None:
    text = "".join(parts)
    html = shown(safe_html(text), "", "c1")
    assert words_of(html).count("word") == text.count("word")
    assert len(ids_of(html)) == len(set(ids_of(html)))
    assert set(targets_of(html)) <= set(ids_of(html))
