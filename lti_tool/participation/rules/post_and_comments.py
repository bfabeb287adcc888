"""Points for a post, and for up to so many comments weighted by their marks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import ClassVar, Self

from lti_tool.participation.rules.sheet import (
    HIGHEST_MARK,
    Activity,
    MarkedComment,
    ScoreItem,
    ScoreSheet,
    plain_number,
    two_decimals,
)
from lti_tool.wording import say, say_count

_MOST_POINTS = Decimal(10_000)
_NO_NUMBER = {
    "maximum": say("Please give the maximum as a number."),
    "post_points": say("Please give the points for a post as a number."),
    "comment_points": say("Please give the points for a comment as a number."),
}
_MOST = f"{_MOST_POINTS:,}"
_OUT_OF_RANGE = {
    "maximum": say("Please give the maximum as a number from 0 to %(most)s, with at most two decimals.", most=_MOST),
    "post_points": say(
        "Please give the points for a post as a number from 0 to %(most)s, with at most two decimals.", most=_MOST
    ),
    "comment_points": say(
        "Please give the points for a comment as a number from 0 to %(most)s, with at most two decimals.", most=_MOST
    ),
}


@dataclass(frozen=True)
class PostAndComments:
    """`post_points` for having posted; for each of the best `comments` comments `comment_points` times its mark / 3."""

    name: ClassVar[str] = "post-and-comments"
    label: ClassVar[str] = say("A post, and comments by their marks")

    maximum: Decimal = Decimal(10)
    post_points: Decimal = Decimal(4)
    comments: int = 3
    comment_points: Decimal = Decimal(2)

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> Self:
        return cls(
            maximum=_maximum(fields),
            post_points=_points(fields, "post_points"),
            comments=_count(fields, "comments"),
            comment_points=_points(fields, "comment_points"),
        )

    def with_maximum(self, maximum: str) -> Self:
        """Return the same rule with all its points in proportion to another maximum. Raises ValueError."""
        wanted = _maximum({"maximum": maximum})
        times = Fraction(wanted) / Fraction(self.maximum)
        return replace(
            self,
            maximum=wanted,
            post_points=two_decimals(Fraction(self.post_points) * times),
            comment_points=two_decimals(Fraction(self.comment_points) * times),
        )

    def in_words(self) -> str:
        return say_count(
            "A post earns %(post)s points. 1 comment counts: each earns %(each)s points times its mark divided by "
            "%(highest)s. A comment without a mark earns nothing yet. Together at most %(maximum)s.",
            "A post earns %(post)s points. The best %(count)s comments count: each earns %(each)s points times its "
            "mark divided by %(highest)s. A comment without a mark earns nothing yet. Together at most %(maximum)s.",
            self.comments,
            post=plain_number(self.post_points),
            each=plain_number(self.comment_points),
            highest=HIGHEST_MARK,
            maximum=plain_number(self.maximum),
        )

    def sheet(self, activity: Activity) -> ScoreSheet:
        post_points = Fraction(self.post_points)
        earned = post_points if activity.posts else Fraction(0)
        items = [ScoreItem(say("Your post"), earned, post_points, label_for_staff=say("Post"))]
        items += [self._item(comment, place) for place, comment in enumerate(_best_first(activity.comments), start=1)]
        total = sum((item.points for item in items), Fraction(0))
        return ScoreSheet(tuple(items), min(total, Fraction(self.maximum)), Fraction(self.maximum))

    def _item(self, comment: MarkedComment, place: int) -> ScoreItem:
        if place > self.comments:
            label = say_count(
                "Comment #%(number)s (more than %(count)s do not count)",
                "Comment #%(number)s (more than %(count)s do not count)",
                self.comments, number=comment.number,
            )  # fmt: skip
            return ScoreItem(label, Fraction(0), Fraction(0), comment)
        label, of = say("Comment #%(number)s", number=comment.number), Fraction(self.comment_points)
        return ScoreItem(label, of * (comment.mark or 0) / HIGHEST_MARK, of, comment)


def _best_first(comments: tuple[MarkedComment, ...]) -> list[MarkedComment]:
    """Highest marks first, then unmarked ones, each in the order in which they were written."""
    return sorted(comments, key=lambda comment: -1 if comment.mark is None else comment.mark, reverse=True)


def _maximum(fields: Mapping[str, str]) -> Decimal:
    maximum = _points(fields, "maximum")
    if maximum <= 0:
        raise ValueError(say("The maximum must be more than 0."))
    return maximum


def _points(fields: Mapping[str, str], field: str) -> Decimal:
    try:
        value = Decimal(fields.get(field, "").strip().replace(",", "."))
    except InvalidOperation:
        raise ValueError(_NO_NUMBER[field]) from None
    if not value.is_finite() or not 0 <= value <= _MOST_POINTS or value != round(value, 2):
        raise ValueError(_OUT_OF_RANGE[field])
    return value


def _count(fields: Mapping[str, str], field: str) -> int:
    text = fields.get(field, "").strip()
    if not text.isdecimal() or len(text) > 4 or int(text) > 1000:
        raise ValueError(say("Please say how many comments count as a whole number from 0 to 1000."))
    return int(text)
