"""What activity is worth: exact to the end, rounded once, and never less for doing more."""

import json
import random
from dataclasses import asdict, replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.participation.rules import DEFAULT_RULE, RULES, Activity, MarkedComment, rule_from, stored
from lti_tool.participation.rules.post_and_comments import PostAndComments
from lti_tool.participation.rules.sheet import HIGHEST_MARK, plain_number, two_decimals


def activity(posts: int, *marks: int | None) -> Activity:
    return Activity(posts, tuple(MarkedComment(1, number, 20, mark) for number, mark in enumerate(marks, start=1)))


def rule(maximum: str, post_points: str, comments: int, comment_points: str) -> PostAndComments:
    return PostAndComments(Decimal(maximum), Decimal(post_points), comments, Decimal(comment_points))


@pytest.mark.parametrize(
    ("by", "done", "points", "rounded"),
    [
        (DEFAULT_RULE, activity(0), Fraction(0), "0"),
        (DEFAULT_RULE, activity(1), Fraction(4), "4"),
        (DEFAULT_RULE, activity(5), Fraction(4), "4"),
        (DEFAULT_RULE, activity(0, 2), Fraction(4, 3), "1.33"),
        (DEFAULT_RULE, activity(0, 1), Fraction(2, 3), "0.67"),
        (DEFAULT_RULE, activity(0, None, 0), Fraction(0), "0"),
        (DEFAULT_RULE, activity(1, 1, 1, 1), Fraction(6), "6"),
        (DEFAULT_RULE, activity(1, 2, 2, 1), Fraction(4) + Fraction(10, 3), "7.33"),
        (DEFAULT_RULE, activity(1, 3, 3, 3), Fraction(10), "10"),
        (DEFAULT_RULE, activity(0, 0, 1, 2, 3, None), Fraction(4), "4"),
        (rule("5", "4", 3, "2"), activity(1, 3, 3), Fraction(5), "5"),
        (rule("10", "0", 3, "1"), activity(0, 2, 2, 2), Fraction(2), "2"),
        (rule("10", "0", 3, "0.01"), activity(0, 1, 1), Fraction(2, 300), "0.01"),
        (rule("10", "2.5", 0, "2"), activity(1, 3), Fraction(5, 2), "2.5"),
        (rule("1.11", "0", 7, "0.37"), activity(0, *[2] * 7), Fraction(111, 100), "1.11"),
    ],
)
def test_worked_examples(by: PostAndComments, done: Activity, points: Fraction, rounded: str) -> None:
    sheet = by.sheet(done)
    assert sheet.points == points
    assert sheet.rounded == Decimal(rounded)
    assert sheet.maximum == Fraction(by.maximum)


@pytest.mark.parametrize(
    ("points", "rounded"),
    [
        (Fraction(5, 1000), "0.01"),
        (Fraction(15, 1000), "0.02"),
        (Fraction(25, 1000), "0.03"),
        (Fraction(4999, 1_000_000), "0.00"),
        (Fraction(1005, 1000), "1.01"),
        (Fraction(2675, 1000), "2.68"),
        (Fraction(1, 3), "0.33"),
        (Fraction(2, 3), "0.67"),
        (Fraction(10**16) + Fraction(5, 1000), "10000000000000000.01"),
    ],
)
def test_rounding_is_half_up(points: Fraction, rounded: str) -> None:
    assert two_decimals(points) == Decimal(rounded)
    assert str(two_decimals(points)) == rounded


@pytest.mark.parametrize(
    ("points", "text"),
    [(Fraction(7, 2), "3.5"), (Fraction(4), "4"), (Decimal("10.00"), "10"), (Fraction(0), "0"), (Decimal(100), "100")],
)
def test_plain_numbers(points: Fraction | Decimal, text: str) -> None:
    assert plain_number(points) == text


def test_the_sum_item_by_item() -> None:
    sheet = DEFAULT_RULE.sheet(activity(1, None, 1, 3, 2, 0))
    assert [(item.label, item.points, item.of) for item in sheet.items] == [
        ("Your post", Fraction(4), Fraction(4)),
        ("Comment #3", Fraction(2), Fraction(2)),
        ("Comment #4", Fraction(4, 3), Fraction(2)),
        ("Comment #2", Fraction(2, 3), Fraction(2)),
        ("Comment #5 (more than 3 do not count)", Fraction(0), Fraction(0)),
        ("Comment #1 (more than 3 do not count)", Fraction(0), Fraction(0)),
    ]
    assert [item.comment.number if item.comment else None for item in sheet.items] == [None, 3, 4, 2, 5, 1]


marks = st.none() | st.integers(0, HIGHEST_MARK)
amounts = st.decimals(0, 100, places=2)
rules = st.builds(
    PostAndComments,
    maximum=st.decimals(Decimal("0.01"), 100, places=2),
    post_points=amounts,
    comments=st.integers(0, 8),
    comment_points=amounts,
)
activities = st.builds(lambda posts, given_: activity(posts, *given_), st.integers(0, 3), st.lists(marks, max_size=10))


@settings(deadline=None)
@given(rules, activities)
def test_points_stay_between_nothing_and_the_maximum(by: PostAndComments, done: Activity) -> None:
    sheet = by.sheet(done)
    assert 0 <= sheet.points <= sheet.maximum
    assert 0 <= sheet.rounded <= by.maximum
    assert sheet.points == min(sheet.maximum, sum((item.points for item in sheet.items), Fraction(0)))
    assert all(0 <= item.points <= item.of for item in sheet.items)
    assert abs(Fraction(sheet.rounded) - sheet.points) <= Fraction(1, 200)


@settings(deadline=None)
@given(rules, activities, marks)
def test_doing_more_never_costs_points(by: PostAndComments, done: Activity, mark: int | None) -> None:
    points = by.sheet(done).points
    assert by.sheet(replace(done, posts=done.posts + 1)).points >= points
    more = MarkedComment(1, len(done.comments) + 1, 20, mark)
    assert by.sheet(replace(done, comments=(*done.comments, more))).points >= points
    for place, comment in enumerate(done.comments):
        better = replace(comment, mark=min((comment.mark or 0) + 1, HIGHEST_MARK))
        raised = (*done.comments[:place], better, *done.comments[place + 1 :])
        assert by.sheet(replace(done, comments=raised)).points >= points


@settings(deadline=None)
@given(rules, activities, st.randoms(use_true_random=False))
def test_the_order_of_comments_does_not_matter(by: PostAndComments, done: Activity, chance: random.Random) -> None:
    shuffled = list(done.comments)
    chance.shuffle(shuffled)
    assert by.sheet(replace(done, comments=tuple(shuffled))).points == by.sheet(done).points


@settings(deadline=None)
@given(rules)
def test_settings_survive_storing(by: PostAndComments) -> None:
    kept = json.loads(json.dumps(stored(by)))
    assert rule_from(kept) == by
    assert stored(rule_from(kept)) == stored(by)


def test_without_settings_the_default_rule_holds() -> None:
    assert rule_from(None) == rule_from({}) == DEFAULT_RULE
    with pytest.raises(ValueError, match="no rule is called nonsense"):
        rule_from({"rule": "nonsense"})


def test_each_rule_has_a_name_of_its_own() -> None:
    assert len({kind.name for kind in RULES}) == len(RULES)
    for kind in RULES:
        assert rule_from(stored(kind.from_fields({n: str(v) for n, v in asdict(DEFAULT_RULE).items()}))) is not None


FIELDS = {"maximum": "10", "post_points": "4", "comments": "3", "comment_points": "2"}


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"maximum": " 12,5 "}, "maximum", Decimal("12.5")),
        ({"post_points": "0"}, "post_points", Decimal(0)),
        ({"comments": " 12 "}, "comments", 12),
        ({"comment_points": "0.25"}, "comment_points", Decimal("0.25")),
    ],
)
def test_the_form_is_read(change: dict[str, str], field: str, value: object) -> None:
    assert getattr(PostAndComments.from_fields({**FIELDS, **change}), field) == value


WRONG_NUMBERS = ("", "  ", "many", "-1", "1.234", "NaN", "sNaN", "Infinity", "1e9", "1e999999", "1e-999999", "10001",
                 "9" * 5000, "1 000", "４.5x", "0x10", "1_0.5.5")  # fmt: skip
WRONG_COUNTS = ("", "  ", "many", "-1", "1.5", "1001", "9" * 5000, "²", "1e2")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("maximum", value) for value in (*WRONG_NUMBERS, "0", "-0")),
        *(("post_points", value) for value in WRONG_NUMBERS),
        *(("comment_points", value) for value in WRONG_NUMBERS),
        *(("comments", value) for value in WRONG_COUNTS),
    ],
    ids=lambda value: value[:12],
)
def test_what_is_wrong_in_the_form_is_said_in_a_sentence(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"^(Please|The maximum) .*\.$"):
        PostAndComments.from_fields({**FIELDS, field: value})
    with pytest.raises(ValueError, match=r"^Please .*\.$"):
        PostAndComments.from_fields({name: text for name, text in FIELDS.items() if name != field})


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(list(FIELDS)), st.text(max_size=8)))
def test_whatever_is_typed_makes_a_rule_or_a_sentence(fields: dict[str, str]) -> None:
    try:
        by = PostAndComments.from_fields({**FIELDS, **fields})
    except ValueError as problem:
        assert str(problem).endswith(".")  # noqa: PT017
        assert str(problem).startswith(("Please ", "The maximum "))  # noqa: PT017
    else:
        assert rule_from(stored(by)) == by


def test_the_formula_in_words() -> None:
    assert DEFAULT_RULE.in_words() == (
        "A post earns 4 points. The best 3 comments count: each earns 2 points times its mark divided by 3. "
        "A comment without a mark earns nothing yet. Together at most 10."
    )
    assert "1 comment counts" in replace(DEFAULT_RULE, comments=1).in_words()
