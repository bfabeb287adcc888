"""What an import says of its guesses can be said in another language, also long after it was kept."""

import json
from pathlib import Path

import pytest

from lti_tool.importing.formats import read_posts
from lti_tool.importing.formats.lists import listed, listed_in_part, listed_to_the_last
from lti_tool.importing.formats.page_reading.salutations import Address, Kind
from lti_tool.importing.formats.page_reading.spoken_to import calls
from lti_tool.importing.kept_sentences import kept, said_again
from lti_tool.wording import Said, say, say_count
from tests.importing.test_formats import FILES
from tests.web.test_translated import MARKED


def _said_of(path: Path) -> list[str]:
    with path.open("rb") as file:
        posts = read_posts(file)
    return [
        one
        for post in posts
        for one in (post.author_reason, *post.warnings, *(comment.reason for comment in post.comments))
        if one
    ]


def test_there_are_guesses() -> None:
    assert sum(bool(_said_of(path)) for path in FILES) > 20


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_guess_and_warning_can_be_translated(path: Path) -> None:
    said = _said_of(path)
    assert [one for one in said if not isinstance(one, Said)] == []
    assert [one for one in said if "%(" in one] == []


@pytest.mark.parametrize("kind", Kind)
def test_each_way_to_speak_to_somebody(kind: Kind) -> None:
    assert calls(Address("Tom", kind, "Hi Tom", praises_post=False)) == f"{kind.value} Tom by name (“Hi Tom”)"


@pytest.mark.parametrize(
    "sentence",
    [
        "a mere text of 100%",
        say("Nobody."),
        say("All 100%% of %(name)s: %(reason)s", name="50% off", reason=say("by %(name)s", name="{}")),
        say_count("%(count)s thing", "%(count)s things", 1),
        say_count("%(count)s thing of %(name)s", "%(count)s things of %(name)s", 3, name="Tom"),
    ],
)
def test_a_kept_sentence_is_the_same_again(sentence: str) -> None:
    again = said_again(json.loads(json.dumps(kept(sentence))))
    assert (again, type(again)) == (sentence, type(sentence))
    assert MARKED.translated(again) == MARKED.translated(sentence)


def test_lists_in_a_sentence() -> None:
    parts = ["a", "b", "c", "d"]
    assert [listed(parts[:number]) for number in range(4)] == ["", "a", "a, b", "a, b, c"]
    assert [listed_to_the_last(parts[:number]) for number in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
    assert [listed_in_part(parts, most) for most in (2, 4)] == ["a, b and 2 more", "a, b, c, d"]
    assert MARKED.translated(listed([str(number) for number in range(5000)])).count("⟦") == 4999
