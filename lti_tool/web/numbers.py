"""Numbers in addresses and forms: what no column of the database holds names nothing, so it is nothing."""

from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**31 - 1


class RowNumber(IntegerConverter):
    """`<int:…>` in an address; a larger number is an address that does not exist."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=LARGEST)


def row_number(text: str) -> int:
    """A number from a form or a query. Raises ValueError, which `get(…, type=row_number)` takes for absent."""
    number = int(text)
    if not 0 <= number <= LARGEST:
        raise ValueError("no row has this number")
    return number
