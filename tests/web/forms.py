"""A page's fields as a browser would send them back."""

from html.parser import HTMLParser


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, str] = {}
        self._text_of = ""
        self._choice_of = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.found[name] = given.get("value", "")
        elif tag == "textarea" and name:
            self._text_of, self.found[name] = name, ""
        elif tag == "select":
            self._choice_of, self.found[name] = name, ""
        elif tag == "option" and "selected" in given:
            self.found[self._choice_of] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text_of = ""

    def handle_data(self, data: str) -> None:
        if self._text_of:
            self.found[self._text_of] += data


def fields_of(html: str) -> dict[str, str]:
    """Return the fields of a page's form by their names."""
    parser = _Fields()
    parser.feed(html)
    parser.close()
    return parser.found
