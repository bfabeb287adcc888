"""How the LMS says no: on a page of its own, by a post to the tool, or in a service's answer."""

from flask import Response


class ShownByLms(Exception):
    """The LMS shows a page; the tool hears nothing."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class PostedToTool(Exception):
    """The LMS posts `error` and `error_description` to redirect_uri (OpenID Connect Core 3.1.2.6)."""

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.description = description


class ServiceRefusal(Exception):
    """A service stops here and gives this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response
