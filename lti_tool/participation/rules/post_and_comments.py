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

_MOST_POINTS = Decimal(10_000)


@dataclass(frozen=True)
class PostAndComments:
    """`post_points` for having posted; for each of the best `comments` comments `comment_points` times its mark / 3."""

    name: ClassVar[str] = "post-and-comments"
    label: ClassVar[str] = "A post, and comments by their marks"

    maximum: Decimal = Decimal(10)
    post_points: Decimal = Decimal(4)
    comments: int = 3
    comment_points: Decimal = Decimal(2)

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> Self:
        maximum = _points(fields, "maximum", "the maximum")
        if maximum <= 0:
            raise ValueError("The maximum must be more than 0.")
        return cls(
            maximum=maximum,
            post_points=_points(fields, "post_points", "the points for a post"),
            comments=_count(fields, "comments", "how many comments count"),
            comment_points=_points(fields, "comment_points", "the points for a comment"),
        )

    def with_maximum(self, maximum: str) -> Self:
        """Return the same rule with all its points in proportion to another maximum. Raises ValueError."""
        wanted = _points({"maximum": maximum}, "maximum", "the maximum")
        if wanted <= 0:
            raise ValueError("The maximum must be more than 0.")
        times = Fraction(wanted) / Fraction(self.maximum)
        return replace(
            self,
            maximum=wanted,
            post_points=two_decimals(Fraction(self.post_points) * times),
            comment_points=two_decimals(Fraction(self.comment_points) * times),
        )

    def in_words(self) -> str:
        comments = "1 comment counts" if self.comments == 1 else f"The best {self.comments} comments count"
        return (
            f"A post earns {plain_number(self.post_points)} points. "
            f"{comments}: each earns {plain_number(self.comment_points)} points times its mark divided by "
            f"{HIGHEST_MARK}. A comment without a mark earns nothing yet. "
            f"Together at most {plain_number(self.maximum)}."
        )

    def sheet(self, activity: Activity) -> ScoreSheet:
        post_points = Fraction(self.post_points)
        items = [ScoreItem("Your post", post_points if activity.posts else Fraction(0), post_points)]
        items += [self._item(comment, place) for place, comment in enumerate(_best_first(activity.comments), start=1)]
        total = sum((item.points for item in items), Fraction(0))
        return ScoreSheet(tuple(items), min(total, Fraction(self.maximum)), Fraction(self.maximum))

    def _item(self, comment: MarkedComment, place: int) -> ScoreItem:
        label = f"Comment #{comment.number}"
        if place > self.comments:
            return ScoreItem(f"{label} (more than {self.comments} do not count)", Fraction(0), Fraction(0), comment)
        of = Fraction(self.comment_points)
        return ScoreItem(label, of * (comment.mark or 0) / HIGHEST_MARK, of, comment)


def _best_first(comments: tuple[MarkedComment, ...]) -> list[MarkedComment]:
    """Highest marks first, then unmarked ones, each in the order in which they were written."""
    return sorted(comments, key=lambda comment: -1 if comment.mark is None else comment.mark, reverse=True)


def _points(fields: Mapping[str, str], field: str, meaning: str) -> Decimal:
    try:
        value = Decimal(fields.get(field, "").strip().replace(",", "."))
    except InvalidOperation:
        raise ValueError(f"Please give {meaning} as a number.") from None
    if not value.is_finite() or not 0 <= value <= _MOST_POINTS or value != round(value, 2):
        raise ValueError(f"Please give {meaning} as a number from 0 to {_MOST_POINTS:,}, with at most two decimals.")
    return value


def _count(fields: Mapping[str, str], field: str, meaning: str) -> int:
    text = fields.get(field, "").strip()
    if not text.isdecimal() or len(text) > 4 or int(text) > 1000:
        raise ValueError(f"Please say {meaning} as a whole number from 0 to 1000.")
    return int(text)
