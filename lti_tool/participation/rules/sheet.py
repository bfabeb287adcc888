"""What rules take and give: a person's activity, and the sum of points item by item."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, ClassVar, Protocol, Self

HIGHEST_MARK = 3


@dataclass(frozen=True)
class MarkedComment:
    """One comment: the post it stands under, its number there, its words, and its mark if it has one yet."""

    post_number: int
    number: int
    words: int
    mark: int | None


@dataclass(frozen=True)
class Activity:
    """What one person did in one blog: how many posts they published, and their comments that still stand."""

    posts: int
    comments: tuple[MarkedComment, ...]


@dataclass(frozen=True)
class ScoreItem:
    """One line of the sum. `comment` says which comment it is for, if any.

    `label` names it to the student; `label_for_staff` to others, where that is not the same.
    """

    label: str
    points: Fraction
    of: Fraction
    comment: MarkedComment | None = None
    label_for_staff: str = ""


@dataclass(frozen=True)
class ScoreSheet:
    """The sum item by item. `points` is exact; `rounded` is what everybody sees, rounded once."""

    items: tuple[ScoreItem, ...]
    points: Fraction
    maximum: Fraction

    @property
    def rounded(self) -> Decimal:
        """The points to two decimals, half up."""
        return two_decimals(self.points)


class Rule(Protocol):
    """A participation rule: a frozen dataclass, its fields the form and the stored settings."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    name: ClassVar[str]
    label: ClassVar[str]

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> Self:
        """Read the rule from a form or from storage. Raises ValueError with a sentence for the teacher."""

    def with_maximum(self, maximum: str) -> Self:
        """Return the same rule in proportion to another maximum, as a teacher types it. Raises ValueError."""

    def in_words(self) -> str:
        """Return the formula in plain words."""

    def sheet(self, activity: Activity) -> ScoreSheet:
        """Return what the activity is worth, item by item."""


def two_decimals(points: Fraction) -> Decimal:
    """Round half up to two decimals, exactly: no binary fraction is ever in between."""
    hundredths = (points * 100 * 2 + 1) // 2
    return (Decimal(int(hundredths)) / 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def plain_number(points: Fraction | Decimal) -> str:
    """Return points as people write them: 7.5, not 7.50; 4, not 4.00."""
    text = f"{two_decimals(Fraction(points)):f}"
    return text.rstrip("0").rstrip(".")
