"""What is said to people, kept so that it can be said in their language; and numbers as people write them: pure."""

from decimal import Decimal
from fractions import Fraction
from typing import Self


class Said(str):
    """A sentence in English that knows what it was made of; `languages.Language` says it in another language.

    `plural` is the sentence for other counts than 1, `number` decides between the two.
    """

    template: str
    values: dict[str, object]
    plural: str | None
    number: int

    def __new__(cls, template: str, values: dict[str, object], plural: str | None = None, count: int = 1) -> Self:
        said = super().__new__(cls, (template if plural is None or count == 1 else plural) % values)
        said.template, said.values, said.plural, said.number = template, values, plural, count
        return said

    def __getnewargs__(self) -> tuple[object, ...]:  # type: ignore[override]  # what `copy` makes another one of
        return self.template, self.values, self.plural, self.number


def say(template: str, /, **values: object) -> Said:
    """Return a sentence with its values put in: `say("At most %(most)s.", most=3)`. A bare % is written %%.

    The catalogues are made from the calls (`make messages`), so the sentence stands in the call itself.
    """
    return Said(template, values)


def say_count(one: str, other: str, /, count: int, **values: object) -> Said:
    """Return the sentence that fits a count, which both may name: `say_count("%(count)s day", "%(count)s days", 3)`."""
    return Said(one, {"count": count, **values}, other, count)


def points(value: Decimal | Fraction | None) -> str:
    """Return points as people write them, 7.5 or 4, and a dash where there are none."""
    if value is None:
        return "–"
    number = Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else value
    return f"{number:.2f}".rstrip("0").rstrip(".")
