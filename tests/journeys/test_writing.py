"""Writing in a real browser: the editor, what is pasted into it, and that no word is lost on any way to the post."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image as Picture
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import func, select

from lti_tool.blog.text import safe_html
from lti_tool.models import Comment, Post, WritingDraft
from tests.browser import People
from tests.journeys.walking import comment, open_in_window, wait_until
from tests.stage import Stage

PASTE = """(words, html) => {
  const carried = new DataTransfer();
  carried.setData("text/html", html);
  words.dispatchEvent(new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true }));
}"""
WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal {color:red}</style></head>
<body><!--StartFragment--><h1 style='mso-style:x'>The radio<o:p></o:p></h1>
<p class=MsoNormal style='margin:0;font-family:"Calibri"'><span style='color:red'>It </span><b>hung</b> on <i>the</i>
 wall.<a style='mso-footnote-id:ftn1' href="#_ftn1" name="_ftnref1"><span class=MsoFootnoteReference>[1]</span></a></p>
<p class=MsoListParagraphCxSpFirst style='mso-list:l0 level1 lfo1'><![if !supportLists]><span
 style='mso-list:Ignore'>·<span>&nbsp; </span></span><![endif]>first</p>
<p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'><![if !supportLists]><span
 style='mso-list:Ignore'>·<span>&nbsp; </span></span><![endif]>second</p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>After.<img src="file:///C:/x.png"></p><!--EndFragment-->
<div style='mso-element:footnote-list'><hr width="33%"><div style='mso-element:footnote' id=ftn1>
<p class=MsoFootnoteText><a style='mso-footnote-id:ftn1' href="#_ftnref1" name="_ftn1"><span>[1]</span></a> Lovell,
 p. 12</p></div></div></body></html>"""
GOOGLE = """<meta charset="utf-8"><b style="font-weight:normal;" id="docs-internal-guid-1"><h2 dir="ltr"><span
 style="font-weight:700">The radio</span></h2><p dir="ltr"><span style="font-weight:400">It </span><span
 style="font-weight:700">hung</span><span> on </span><span style="font-style:italic">the</span><span> wall, says
 <a href="https://www.google.com/url?q=https://example.edu/x&amp;sa=D">a page</a>.</span></p><ol><li dir="ltr"><p
 dir="ltr"><span>first</span></p></li><li dir="ltr"><p><span>second</span></p></li></ol></b>"""
LIBRE = """<html><body lang="en"><p style="line-height: 100%"><font face="Liberation Serif">It <b>hung</b> on <i>the</i>
wall.<a class="sdfootnoteanc" name="sdfootnote1anc" href="#sdfootnote1sym"><sup>1</sup></a></font></p>
<ul><li><p>first</p></li></ul><div id="sdfootnote1"><p class="sdfootnote"><a class="sdfootnotesym" name="sdfootnote1sym"
 href="#sdfootnote1anc">1</a>Lovell, p. 12</p></div></body></html>"""
SAID = "It **hung** on *the* wall"


@pytest.fixture
def stage(stage_on_sqlite: Stage) -> Stage:
    """A blog with a post by Hannah."""
    hannah = stage_on_sqlite.launched("hannah")
    hannah.post("posts/new", {"title": "The kitchen radio", "body": "It ticked.", "once": "a"})
    return stage_on_sqlite


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    Picture.new("RGB", (320, 200), "navy").save(tmp_path / "radio.jpg", "JPEG")
    return tmp_path / "radio.jpg"


def write_page(page: Page, stage: Stage, person: str = "tom") -> Locator:
    """Open the page for a new post, and return the editor."""
    open_in_window(page, stage.lms_url, person)
    page.goto(page.url.split("/posts/")[0] + "/posts/new")
    return page.locator(".words")


def body_of(page: Page) -> str:
    return page.locator("textarea[name=body]").input_value()


def stored(stage: Stage, count: type) -> int:
    with stage.tool.database.reading() as session:
        return session.scalar(select(func.count()).select_from(count)) or 0


def test_what_is_formatted_is_published_as_it_looked(stage: Stage, new_page: People) -> None:
    page = new_page()
    words = write_page(page, stage)
    page.get_by_label("Title", exact=True).fill("The wire")
    words.click()
    keys = page.keyboard
    page.get_by_role("button", name="Heading", exact=True).click()
    keys.type("Who paid")
    keys.press("Enter")
    keys.type("It ")
    keys.press("Control+b")
    keys.type("hung")
    keys.press("Control+b")
    keys.type(" on 2 * 3 _walls_.")
    page.get_by_role("button", name="Footnote").click()
    page.get_by_label("What the footnote says").fill("Lovell, p. 12")
    keys.press("Enter")
    keys.press("Control+k")
    page.get_by_label("Address of the page").fill("example.edu/radio")
    page.get_by_label("Words to show").fill("a page")
    keys.press("Enter")
    keys.press("Enter")
    keys.type("- first\nsecond\n\n> said somebody")
    expect(page.get_by_text("17 words")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    body = page.locator(".essay .body")
    expect(body.get_by_role("heading", name="Who paid")).to_be_visible()
    expect(body.locator("strong")).to_have_text("hung")
    expect(body).to_contain_text("on 2 * 3 _walls_.")
    expect(body.get_by_role("link", name="a page")).to_have_attribute("href", "https://example.edu/radio")
    expect(body.locator("ul > li")).to_have_text(["first", "second"])
    expect(body.locator("blockquote")).to_have_text("said somebody")
    body.locator("sup a").click()
    expect(page.get_by_role("region", name="Notes").locator("li:target")).to_contain_text("Lovell, p. 12")
    page.get_by_role("link", name="Back to the text").click()
    assert len(page.context.pages) == 1


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (WORD, f"# The radio\n\n{SAID}.[^1]\n\n- first\n- second\n\nAfter.\n\n[^1]: Lovell, p. 12"),
        (GOOGLE, f"## The radio\n\n{SAID}, says [a page](https://example.edu/x).\n\n1. first\n2. second"),
        (LIBRE, f"{SAID}.[^1]\n\n- first\n\n[^1]: Lovell, p. 12"),
        ("<p onclick='x()'>Look: <img src='https://a.example/p.png' alt='a map'><script>x()</script></p>",
         "Look: [a map](https://a.example/p.png)"),
    ],
    ids=["Word", "Google Docs", "LibreOffice", "a page"],
)  # fmt: skip
def test_what_is_pasted_is_cleaned(stage: Stage, new_page: People, source: str, text: str) -> None:
    page = new_page()
    words = write_page(page, stage)
    words.evaluate(PASTE, source)
    expect(page.locator("textarea[name=body]")).to_have_value(text)


def test_a_picture_goes_in_with_words_alone(stage: Stage, new_page: People, photograph: Path) -> None:
    page = new_page(374, 700)
    words = write_page(page, stage)
    page.get_by_label("Title", exact=True).fill("With a picture")
    words.click()
    page.keyboard.type("Before. ")
    page.get_by_role("button", name="Picture").click()
    page.get_by_label("Picture from your computer").set_input_files(photograph)
    page.get_by_role("button", name="Add picture").click()
    expect(page.get_by_role("alert")).to_contain_text("what the picture shows")
    page.get_by_label("What the picture shows").fill("A radio on a wall")
    page.get_by_role("button", name="Add picture").click()
    for place in (words, page.locator(".essay .body")):
        picture = place.get_by_role("img", name="A radio on a wall")
        expect(picture).to_be_visible()
        wait_until(lambda shown=picture: shown.evaluate("it => it.naturalWidth") == 320, "the picture loaded")
        if place is words:
            page.get_by_role("button", name="Publish").click()


def test_the_keyboard_reaches_everything_and_is_let_go(stage: Stage, new_page: People) -> None:
    page = new_page()
    words = write_page(page, stage)
    expect(words).to_have_role("textbox")
    page.get_by_label("Subtitle").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Heading", exact=True)).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Bold")).to_be_focused()
    page.keyboard.press("Tab")
    expect(words).to_be_focused()
    page.keyboard.type("x")
    page.keyboard.press("Alt+F10")
    expect(page.get_by_role("button", name="Bold")).to_be_focused()
    page.keyboard.press("Escape")
    expect(words).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Formatting")).to_be_focused()
    page.get_by_text("Text", exact=True).click()
    expect(words).to_be_focused()


@pytest.mark.parametrize(
    "text",
    ["# A\n\n## B\n\n### C", "one\ntwo\n\nthree", "> a\n> b\n\n> c", "1. a\n2. b\n   - c\n\n3. d",
     "*a* **b** ~~c~~ `d`",
     "```\ncode\n```", "| a | b |\n|---|---|\n| c | d |", "[a](https://example.edu \"t\") https://example.edu/x_y_z",
     "A[^1] B[^n]\n\n[^1]: *c*\n[^n]: d", "![a map](image:KEY)", "a \\* b \\# \\[^1] &amp; <b>", "a\n\n---\n\nb",
     "1\\. a\n\n\\- b\n\n\\# c", "[1]: a source"],
)  # fmt: skip
def test_the_editor_keeps_what_it_was_given(stage: Stage, new_page: People, text: str) -> None:
    page = new_page(allow=["status of 404"])
    words = write_page(page, stage)
    expect(words).to_be_visible()
    page.locator("textarea[name=body]").fill(text)
    assert body_of(page) == text  # untouched while nobody writes
    words.focus()
    page.keyboard.press("Control+Home")
    page.keyboard.type("Z")
    assert body_of(page) != text
    page.keyboard.press("Backspace")
    assert safe_html(body_of(page)) == safe_html(text)


def test_a_comment_has_the_editor_for_those_who_want_it(stage: Stage, new_page: People) -> None:
    page = new_page(374, 700)
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    open_in_window(page, stage.lms_url, "tom")
    expect(page.get_by_label("Write a comment")).to_be_editable()
    assert not [address for address in loaded if "editor.js" in address]  # the thread stays light
    page.get_by_role("button", name="Formatting").click()
    expect(page.locator(".words")).to_be_focused()
    page.keyboard.press("Control+i")
    page.keyboard.type("Who")
    page.get_by_role("button", name="Post comment").click()
    expect(comment(page, 1).locator("em")).to_have_text("Who")
    page.locator("textarea[name=body]").focus()
    expect(page.locator(".words")).to_be_focused()  # remembered
    page.get_by_role("button", name="Formatting").click()
    expect(page.get_by_label("Write a comment")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= 374


def test_a_page_left_in_the_middle_of_a_word_goes_on_elsewhere(stage: Stage, new_page: People) -> None:
    page = new_page()
    words = write_page(page, stage)
    page.get_by_label("Title", exact=True).fill("Half")
    words.click()
    page.keyboard.type("Half a tho")
    page.goto("about:blank")
    wait_until(lambda: stored(stage, WritingDraft) == 1, "the draft on the server")
    elsewhere = new_page()
    write_page(elsewhere, stage)
    expect(elsewhere.locator(".words")).to_have_text("Half a tho")
    expect(elsewhere.get_by_label("Title", exact=True)).to_have_value("Half")
    expect(elsewhere.get_by_text(re.compile("Your draft of .* is back"))).to_be_visible()
    elsewhere.locator(".words").press("Control+End")
    elsewhere.keyboard.type("ught")
    expect(elsewhere.get_by_text(re.compile(r"^Saved \d"))).to_be_visible()
    elsewhere.get_by_role("button", name="Publish").click()
    expect(elsewhere.locator(".essay .body")).to_have_text("Half a thought")
    assert stored(stage, WritingDraft) == 0


def test_two_machines_two_texts_and_a_choice(stage: Stage, new_page: People) -> None:
    home, school = new_page(allow=["status of 409"]), new_page(allow=["status of 409"])
    for page in (home, school):
        open_in_window(page, stage.lms_url, "tom")
    home.get_by_label("Write a comment").fill("Written at home")
    expect(home.get_by_text(re.compile(r"^Saved \d"))).to_be_visible()
    school.get_by_label("Write a comment").fill("Written at school")
    box = school.get_by_role("group", name="Another draft of yours")
    expect(box.get_by_label("The other draft")).to_have_value("Written at home")
    expect(school.get_by_label("Write a comment")).to_have_value("Written at school")
    box.get_by_role("button", name="Go on with the other").click()
    expect(school.get_by_label("Write a comment")).to_have_value("Written at home")
    school.get_by_label("Write a comment").fill("Written at home and at school")
    expect(school.get_by_text(re.compile(r"^Saved \d"))).to_be_visible()


def _cut(page: Page) -> None:
    page.context.set_offline(True)


def _lose_the_answer(page: Page) -> None:
    """The server gets the comment and stores it; what it answers never arrives."""

    def pass_and_cut(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    page.route("**/comments", pass_and_cut)


@pytest.mark.parametrize("fail", [_cut, _lose_the_answer], ids=["the network", "the answer alone"])
def test_a_failed_sending_keeps_the_text_and_posts_once(
    stage: Stage, new_page: People, fail: Callable[[Page], None]
) -> None:
    page = new_page(allow=["ERR_INTERNET_DISCONNECTED", "ERR_FAILED"])
    open_in_window(page, stage.lms_url, "tom")
    page.get_by_label("Write a comment").fill("Once is enough.")
    fail(page)
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_text("Not sent: there was no answer.")).to_be_visible()
    expect(page.get_by_label("Write a comment")).to_have_value("Once is enough.")
    page.context.set_offline(False)
    page.unroute_all()
    page.get_by_role("button", name="Post comment").click()
    expect(comment(page, 1)).to_contain_text("Once is enough.")
    expect(page.get_by_label("Write a comment")).to_have_value("")
    assert stored(stage, Comment) == 1


def test_a_visit_that_ends_while_somebody_writes(stage: Stage, new_page: People) -> None:
    page = new_page(allow=["status of 401"])
    open_in_window(page, stage.lms_url, "tom")
    page.get_by_label("Write a comment").fill("A long thought")
    stage.clock.ahead = timedelta(hours=13)
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_text("Not sent: your visit has ended.")).to_be_visible()
    expect(page.get_by_label("Write a comment")).to_have_value("A long thought")
    stage.clock.ahead = timedelta()
    open_in_window(page, stage.lms_url, "tom")
    expect(page.get_by_label("Write a comment")).to_have_value("A long thought")
    page.get_by_role("button", name="Post comment").click()
    expect(comment(page, 1)).to_contain_text("A long thought")
    assert stored(stage, Comment) == 1


def test_a_double_click_publishes_once(stage: Stage, new_page: People) -> None:
    page = new_page()
    write_page(page, stage)
    page.get_by_label("Title", exact=True).fill("Once")
    page.locator("textarea[name=body]").fill("Once is enough.")
    page.get_by_role("button", name="Publish").dblclick()
    expect(page.get_by_role("heading", name="Once", exact=True)).to_be_visible()
    assert stored(stage, Post) == 2


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_of_two_windows_the_second_sees_what_the_first_has_stored(
    stage: Stage, new_page: People, scripts: bool
) -> None:
    first = new_page(java_script_enabled=scripts, allow=["status of 422"])
    open_in_window(first, stage.lms_url, "hannah")
    first.get_by_role("link", name="Edit", exact=True).click()
    second = first.context.new_page()
    second.goto(first.url)
    for page, text in ((first, "From the first window"), (second, "From the second window")):
        page.locator("textarea[name=body]").fill(text)
        page.get_by_role("button", name="Save").click()
    expect(first.locator(".essay .body")).to_have_text("From the first window")
    expect(second.get_by_role("alert")).to_contain_text("changed in another window")
    expect(second.get_by_label("The text from the other window")).to_have_value(re.compile("From the first window"))
    expect(second.locator("textarea[name=body]")).to_have_value("From the second window")
    second.get_by_role("button", name="Save").click()  # knowing both
    expect(second.locator(".essay .body")).to_have_text("From the second window")


def test_without_scripts_a_plain_field_does_it_all(stage: Stage, new_page: People, photograph: Path) -> None:
    page = new_page(374, 700, java_script_enabled=False, allow=["status of 401"])
    write_page(page, stage)
    page.get_by_label("Title", exact=True).fill("By hand")
    page.get_by_label("Text").fill("It *hung*.[^1]\n\n[^1]: Lovell, p. 12")
    page.get_by_text("Put in a picture").click()
    page.get_by_label("Picture").set_input_files(photograph)
    page.get_by_label("What it shows").fill("A radio on a wall")
    page.get_by_role("button", name="Put it into the text").click()
    expect(page.get_by_role("status").first).to_contain_text("at the end of your text")
    page.get_by_role("button", name="Publish").click()
    body = page.locator(".essay .body")
    expect(body.locator("em")).to_have_text("hung")
    expect(body.get_by_role("img", name="A radio on a wall")).to_be_visible()
    expect(body.locator("sup")).to_have_text("1")

    page.get_by_label("Write a comment").fill("A long thought")
    stage.clock.ahead = timedelta(hours=13)
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_label("Your text, to copy")).to_have_value("A long thought")


def test_where_the_editor_was_not_built_the_field_is_there(stage: Stage, new_page: People) -> None:
    stage.app.jinja_env.globals["has_editor"] = False
    page = new_page()
    write_page(page, stage)
    page.get_by_label("Title", exact=True).fill("Plain")
    page.get_by_label("Text").fill("It *hung*.")
    expect(page.get_by_text("2 words")).to_be_visible()
    expect(page.get_by_role("button", name="Formatting")).to_have_count(0)
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".essay .body em")).to_have_text("hung")
