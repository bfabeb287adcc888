"""Column types of the schema: what a database keeps, given back as the house's values."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum

from sqlalchemy import BigInteger, DateTime, Text
from sqlalchemy import Enum as EnumColumn
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite, which knows no zones, gives it back aware as well."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PlainText(TypeDecorator[str]):
    """Text without NUL characters, which no one writes and PostgreSQL refuses, in what is stored and what is sought."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else value.replace("\x00", "")


class Points(TypeDecorator[Decimal]):
    """Points with two decimals, kept as whole hundredths so that no database rounds them."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        hundredths = value * 100
        if hundredths != int(hundredths):
            raise ValueError(f"{value} has more than two decimals")
        return int(hundredths)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


def by_value(kind: type[Enum]) -> EnumColumn:
    """A column for an enumeration, kept as its values."""
    return EnumColumn(
        kind, native_enum=False, create_constraint=False, length=40, values_callable=lambda k: [m.value for m in k]
    )
