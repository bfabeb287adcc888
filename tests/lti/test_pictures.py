"""Pictures from elsewhere over real HTTP: whoever stands there, only bytes of a bounded size come back, in time."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from flask import Response

from lti_tool.errors import NoPicture, PictureNotFetched
from lti_tool.lti import connection as door
from lti_tool.lti.connection import Connection
from lti_tool.lti.pictures import picture_fetcher
from tests.lti.scripted_lms import ScriptedLms

LARGEST = 100_000
PRIVATE = "127.0.0.9"
Fetching = Callable[[str], bytes]


@pytest.fixture
def fetch() -> Fetching:
    return picture_fetcher(Connection(allow_private=True), LARGEST, seconds=5)


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Fetching:
    """Here this machine is the open internet, and one address of it is private."""
    monkeypatch.setattr(door, "is_private", lambda address: address == PRIVATE)
    return picture_fetcher(Connection(allow_private=False), LARGEST, seconds=5)


@pytest.fixture
def private() -> Iterator[socket.socket]:
    listening = socket.create_server((PRIVATE, 0))
    listening.setblocking(False)
    yield listening
    listening.close()


def why(fetch: Fetching, address: str) -> NoPicture:
    with pytest.raises(PictureNotFetched) as problem:
        fetch(address)
    return problem.value.why


def moved(location: str, status: int = 302) -> Response:
    return Response(status=status, headers={"Location": location})


def test_what_stands_there_comes_back_and_nothing_is_told(lms: ScriptedLms, fetch: Fetching) -> None:
    assert fetch(lms.will_say("/a.png", Response(b"\x89PNG", headers={"Set-Cookie": "who=me"}))) == b"\x89PNG"
    assert fetch(lms.url + "/a.png") == b"\x89PNG"
    for heard in lms.calls_to("/a.png"):
        assert heard.method == "GET"
        assert not {"Cookie", "Referer", "Authorization", "Origin"} & set(heard.headers)
        assert heard.headers["User-Agent"] == "lti-tool"


def test_redirects_are_followed_a_few_times(lms: ScriptedLms, fetch: Fetching) -> None:
    lms.will_say("/c.png", Response(b"here"))
    lms.will_say("/b.png", moved("c.png", 308))
    assert fetch(lms.will_say("/a.png", moved(lms.url + "/b.png"))) == b"here"
    assert why(fetch, lms.will_say("/round.png", moved("/round.png"))) is NoPicture.NOT_THERE
    assert len(lms.calls_to("/round.png")) == 5


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://localhost/x", "http://a:b@localhost/", "javascript:alert(1)", ""]
)
def test_a_redirect_to_no_web_address_is_refused(lms: ScriptedLms, fetch: Fetching, location: str) -> None:
    reason = why(fetch, lms.will_say("/a.png", moved(location)))
    assert reason is (NoPicture.REFUSED if location else NoPicture.NOT_THERE)


def test_a_private_address_is_not_called_first_nor_after_a_redirect(
    lms: ScriptedLms, guarded: Fetching, private: socket.socket
) -> None:
    at = f"http://{PRIVATE}:{private.getsockname()[1]}/x.png"
    assert guarded(lms.will_say("/a.png", Response(b"open"))) == b"open"
    assert why(guarded, at) is NoPicture.REFUSED
    assert why(guarded, lms.will_say("/b.png", moved(at))) is NoPicture.REFUSED
    with pytest.raises(BlockingIOError):
        private.accept()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "169.254.169.254", "10.0.0.1"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_without_leave_no_private_address_is_called(scheme: str, host: str) -> None:
    fetch = picture_fetcher(Connection(allow_private=False), LARGEST, seconds=2)
    assert why(fetch, f"{scheme}://{host}/latest/meta-data") is NoPicture.REFUSED


def test_too_much_is_not_read(lms: ScriptedLms, fetch: Fetching) -> None:
    assert why(fetch, lms.will_say("/a.png", Response(b"x" * (LARGEST + 1)))) is NoPicture.TOO_LARGE
    packed = Response(gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"})
    assert why(fetch, lms.will_say("/b.png", packed)) is NoPicture.TOO_LARGE


def test_what_trickles_without_end_is_given_up(lms: ScriptedLms) -> None:
    ended = threading.Event()

    def trickle() -> Iterator[bytes]:
        while not ended.wait(0.05):
            yield b"x"

    began = time.monotonic()
    fetch = picture_fetcher(Connection(allow_private=True), LARGEST, seconds=1)
    try:
        assert why(fetch, lms.will_say("/slow.png", lambda: Response(trickle()))) is NoPicture.UNREACHABLE
    finally:
        ended.set()
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("status", [404, 403, 410, 500, 204])
def test_what_is_not_there(lms: ScriptedLms, fetch: Fetching, status: int) -> None:
    assert why(fetch, lms.will_say("/a.png", Response(status=status))) is NoPicture.NOT_THERE


@pytest.mark.parametrize("address", ["http://no-such-host.invalid/a.png", "https://no-such-host.invalid/a.png",
                                     "http://" + "a" * 70 + ".example/"])  # fmt: skip
def test_a_host_that_is_none(fetch: Fetching, address: str) -> None:
    assert why(fetch, address) is NoPicture.UNREACHABLE


@pytest.mark.parametrize(
    "address", ["", "x", "file:///etc/passwd", "http://", "https://[", "http://u:p@localhost/a.png"]
)
def test_what_is_no_address_of_the_web(fetch: Fetching, address: str) -> None:
    assert why(fetch, address) is NoPicture.REFUSED
