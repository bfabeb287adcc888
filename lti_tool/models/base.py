"""What every table shares: the names of its constraints, and which column type stands for which value."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, MetaData
from sqlalchemy.orm import DeclarativeBase

from lti_tool.column_types import PlainText, Points, UtcTime


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: UtcTime,
        Decimal: Points,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[list[int]]: JSON,
        str: PlainText,
    }
