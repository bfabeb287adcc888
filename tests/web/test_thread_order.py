"""How somebody has threads laid out is remembered: theirs, in their course, until they choose anew."""

import re

import pytest

from lti_tool.blog.reading import Order
from tests.stage import ScriptBrowser, Stage

OLDEST, NEWEST = ["1", "2"], ["2", "1"]


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """A post with two comments."""
    stage.launched("hannah").post("posts/new", {"title": "The kitchen radio", "body": "It ticked.", "once": "a"})
    for number in "12":
        stage.launched("tom").post("posts/1/comments", {"body": f"Comment {number}", "once": number})
    return stage


def shown(browser: ScriptBrowser, address: str = "posts/1") -> tuple[list[str], str]:
    """The comments of a page as they stand, and the layout it says it has."""
    page = browser.get(address).text
    chosen = re.findall(r'view=([a-z-]+)#comments" aria-current="page"', page)
    return re.findall(r'id="c(\d+)"', page), *chosen


def test_a_choice_is_remembered_until_the_next(stage: Stage) -> None:
    tom, hannah = stage.launched("tom"), stage.launched("hannah")
    assert shown(tom) == (OLDEST, "thread")
    for order, numbers in [(order, NEWEST if "newest" in order.value else OLDEST) for order in reversed(Order)]:
        assert shown(tom, f"posts/1?view={order.value}") == (numbers, order.value)
        assert shown(tom) == (numbers, order.value)
        assert shown(stage.launched("tom")) == (numbers, order.value), "in their next visit"
        assert shown(hannah) == (OLDEST, "thread"), "another person's choice is theirs"


def test_a_link_to_a_comment_shows_the_thread_and_chooses_nothing(stage: Stage) -> None:
    tom = stage.launched("tom")
    shown(tom, "posts/1?view=flat-newest")
    for address in ("posts/1?at=2", "posts/1?reply=2", "posts/1?at=99", "posts/1?view=flat&at=2"):
        assert shown(tom, address)[0] == OLDEST
    assert shown(tom) == (NEWEST, "flat-newest")


def test_an_unknown_layout_is_no_choice(stage: Stage) -> None:
    tom = stage.launched("tom")
    shown(tom, "posts/1?view=newest")
    for word in ("nonsense", ""):
        assert shown(tom, f"posts/1?view={word}") == (OLDEST, "thread")
    assert shown(tom) == (NEWEST, "newest")


def test_going_on_in_a_thread_keeps_its_order_and_chooses_nothing(stage: Stage) -> None:
    tom = stage.launched("tom")
    for number in range(3, 56):
        tom.post("posts/1/comments", {"body": f"Comment {number}", "once": str(number)})
    hannah = stage.launched("hannah")
    for order, begins in ((Order.FLAT, "1"), (Order.FLAT_NEWEST, "55"), (Order.NEWEST, "55"), (Order.THREAD, "1")):
        shown(hannah, "posts/1?view=flat" if order is not Order.FLAT else "posts/1?view=newest")
        first = hannah.get(f"posts/1?view={order.value}").text
        later = re.findall(rf'href="[^"]*/(posts/1\?view={order.value}&amp;after=\w+)#', first)
        assert len(later) == 1, order
        hannah.get("posts/1?view=flat" if order is not Order.FLAT else "posts/1?view=newest")
        remembered = shown(hannah)
        second = hannah.get(later[0].replace("&amp;", "&")).text
        back = re.findall(rf'href="[^"]*/(posts/1\?view={order.value}&amp;after=)#', second)
        assert len(back) == 1, order
        assert shown(hannah, back[0].replace("&amp;", "&"))[0][0] == begins
        assert "The kitchen radio</h1>" in hannah.get(back[0].replace("&amp;", "&")).text, "the first page"
        assert shown(hannah) == remembered


def test_a_cursor_without_an_order_is_one_of_the_thread(stage: Stage) -> None:
    tom = stage.launched("tom")
    shown(tom, "posts/1?view=flat-newest")
    assert shown(tom, "posts/1?after=000001") == (["2"], "thread")
