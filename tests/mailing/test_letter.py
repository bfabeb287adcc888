"""The mail is whole in its reader's language: subject, sentences, days, lists and direction."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lti_tool.languages import Language, languages
from lti_tool.mailing.letter import Envelope, digest_mail
from lti_tool.mailing.news import BlogNews
from lti_tool.participation.duties import Duties, Duty, WaitingComment
from tests.web.test_translated import MARKED, unmarked

NOW = datetime(2026, 3, 13, 6, 0, tzinfo=UTC)
DUE = datetime(2026, 3, 13, 22, 59, tzinfo=UTC)
STOP = "https://blog.example.edu/digest/stop/1.x"
NAMES = ("Anna", "Tom", "Mei", "Zoë", "Ben", "Ida", "Max")


def owed(waiting: int, written: int, due_at: datetime | None = None, *, is_late: bool = False) -> Duties:
    duty = Duty(2, min(written, 1), due_at, is_late)
    comments = tuple(WaitingComment(1, number, number, NAMES[number], NOW) for number in range(waiting))
    return Duties(None, Duty(1, 0, due_at, is_late), None, duty, written, duty, comments, None)


def parts(news: list[BlogNews], language: Language) -> tuple[str, str, str]:
    """The subject, the text and the HTML of a mail."""
    mail = digest_mail(
        Envelope("b@example.edu", "a@example.edu", STOP, "<1@x>"), news, language, ZoneInfo("Europe/Vienna"), NOW
    )
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    return str(mail["Subject"]), text.get_content(), html.get_content()


@pytest.mark.parametrize("due_at", [None, DUE])
@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
@pytest.mark.parametrize("blogs", [1, 2])
def test_every_word_can_be_translated(due_at: datetime | None, is_late: bool, count: int, blogs: int) -> None:
    news = BlogNews("Course", "The Blog", count, count, owed(count, count, due_at, is_late=is_late))
    subject, text, html = parts([news] * blogs, MARKED)
    assert subject.startswith("⟦")
    assert unmarked(html) == []
    lines = [line.removeprefix("- ") for line in text.splitlines() if line]
    titles, said = [line for line in lines if line[0] != "⟦"], [line for line in lines if line[0] == "⟦"]
    assert titles == ["The Blog (Course)"] * blogs + [STOP]
    assert all(line.endswith("⟧") for line in said)


def test_what_it_says_in_english() -> None:
    news = BlogNews("", "The Blog", 2, 1, owed(7, 1, DUE))
    subject, text, _html = parts([news], languages()["en"])
    assert subject == "The Blog: what is new, and what is to do"
    assert text.splitlines()[:6] == [
        "The Blog",
        "- 2 new comments for you: under your post, or in answer to you.",
        "- One new comment with your name in.",
        "- Your own post is to be written, by Friday 13 March 2026, 23:59 CET.",
        "- One more comment to go, by Friday 13 March 2026, 23:59 CET.",
        "- Anna, Tom, Mei, Zoë, Ben and 2 more wait for your answer, by Friday 13 March 2026, 23:59 CET.",
    ]


@pytest.mark.parametrize(
    ("code", "direction", "day", "names"),
    [
        ("en", "ltr", "Friday 13 March 2026, 23:59 CET", "Anna and Tom"),
        ("es", "ltr", "viernes, 13 de marzo de 2026, 23:59 CET", "Anna y Tom"),
        ("ar", "rtl", "الجمعة، 13 مارس 2026، 23:59 CET", "Anna وTom"),
    ],
)
def test_each_language_has_its_days_its_lists_and_its_direction(
    code: str, direction: str, day: str, names: str
) -> None:
    late = owed(2, 0, DUE, is_late=True)
    _subject, text, html = parts([BlogNews("Course", "The Blog", 0, 0, late)], languages()[code])
    assert f'<html lang="{code}" dir="{direction}">' in html
    assert text.count(day) == html.count(day) == 3
    assert names in text
    _subject, text, _html = parts(
        [BlogNews("Course", "The Blog", 0, 0, owed(2, 0, DUE + timedelta(days=1)))], languages()[code]
    )
    assert day not in text
