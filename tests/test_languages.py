"""Times as people say them."""

from datetime import UTC, datetime, timedelta

import pytest

from lti_tool.languages import languages

NOW = datetime(2026, 3, 14, 16, 5, tzinfo=UTC)
ENGLISH = languages()["en"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "just now"), (59, "just now"), (60, "1 minute ago"), (7200, "2 hours ago"), (86_400, "1 day ago"),
     (8 * 86_400, "6 March 2026")],
)  # fmt: skip
def test_how_long_ago(seconds: int, words: str) -> None:
    assert ENGLISH.ago(NOW - timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "now"), (0, "now"), (1, "in 1 second"), (20, "in 20 seconds"), (59.7, "in 1 minute"), (180, "in 3 minutes"),
     (6 * 3600, "in 6 hours"), (2 * 86_400, "in 2 days"), (30 * 86_400, "on 13 April 2026")],
)  # fmt: skip
def test_how_long_it_is_to_a_time(seconds: float, words: str) -> None:
    assert ENGLISH.until(NOW + timedelta(seconds=seconds), NOW) == words


def test_a_time_is_exact_for_whoever_points_at_it() -> None:
    expected = '<time datetime="2026-03-14T16:05:00+00:00" title="14 March 2026, 16:05 UTC">just now</time>'
    assert ENGLISH.time_tag(NOW, NOW) == expected


def test_a_time_to_come_is_said_exactly() -> None:
    assert ">14 March 2026, 18:05 UTC<" in ENGLISH.time_tag(NOW + timedelta(hours=2), NOW)
    assert ">just now<" in ENGLISH.time_tag(NOW + timedelta(seconds=59), NOW)
