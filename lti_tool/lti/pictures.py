"""Pictures of old blogs, fetched from wherever they stand. Says nothing of who asks: no cookie, no referrer."""

import time
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from lti_tool.errors import NoPicture, PictureNotFetched
from lti_tool.lti.connection import AddressRefused, CallFailed, Connection, Trouble

PICTURE_SECONDS = 15.0  # for one picture, with all its redirects
MOST_REDIRECTS = 4
_HEADERS = {"Accept": "image/webp,image/png,image/jpeg,image/gif", "Accept-Encoding": "identity"}
_REDIRECTS = (301, 302, 303, 307, 308)
_WHY = {
    Trouble.NOT_REACHED: NoPicture.UNREACHABLE,
    Trouble.PRIVATE: NoPicture.REFUSED,
    Trouble.TOO_SLOW: NoPicture.UNREACHABLE,
    Trouble.TOO_LARGE: NoPicture.TOO_LARGE,
}


def picture_fetcher(connection: Connection, largest: int, seconds: float = PICTURE_SECONDS) -> Callable[[str], bytes]:
    """Return what fetches the bytes at an address, at most `largest`; it raises PictureNotFetched.

    An http address is tried with https first. Each redirect is checked as the first address is.
    """

    def fetch(address: str) -> bytes:
        ends_at = time.monotonic() + seconds
        secure = _with_https(address)
        if secure is not None:
            try:
                return _follow(connection, secure, largest, ends_at)
            except PictureNotFetched as problem:
                if problem.why is not NoPicture.UNREACHABLE or time.monotonic() >= ends_at:
                    raise
        return _follow(connection, address, largest, ends_at)

    return fetch


def _with_https(address: str) -> str | None:
    """The same address with https, if it is http at its usual port."""
    try:
        parts = urlsplit(address)
        is_usual = parts.scheme == "http" and parts.port in (None, 80) and parts.hostname
    except ValueError:
        return None
    return parts._replace(scheme="https", netloc=parts.netloc.removesuffix(":80")).geturl() if is_usual else None


def _follow(connection: Connection, address: str, largest: int, ends_at: float) -> bytes:
    for _ in range(MOST_REDIRECTS + 1):
        left = max(0.1, ends_at - time.monotonic())
        try:
            status, headers, content = connection.read(address, headers=_HEADERS, largest=largest, timeout=left)
        except AddressRefused:
            raise PictureNotFetched(NoPicture.REFUSED) from None
        except CallFailed as failed:
            raise PictureNotFetched(_WHY[failed.trouble]) from None
        if status == 200:
            return content
        if status not in _REDIRECTS:
            raise PictureNotFetched(NoPicture.NOT_THERE)
        address = _next(address, headers.get("location", ""))
    raise PictureNotFetched(NoPicture.NOT_THERE)


def _next(address: str, location: str) -> str:
    """Where a redirect leads. From https it does not lead back to http."""
    try:
        target = urljoin(address, location)
    except ValueError:
        raise PictureNotFetched(NoPicture.REFUSED) from None
    if address.startswith("https:") and target.startswith("http:"):
        raise PictureNotFetched(NoPicture.REFUSED)
    return target
