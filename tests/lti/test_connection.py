"""The one door for calls to a platform: whom it calls, how long it waits, how much it reads (rows 254, 274-276)."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from flask import Response

from lti_tool.errors import LmsUnreachable
from lti_tool.lti.connection import LONGEST_WAIT_SECONDS, AddressRefused, Answer, Connection, is_private
from tests.lti.scripted_lms import ScriptedLms


class Listener:
    """A port that must hear nothing."""

    def __init__(self, family: socket.AddressFamily, host: str) -> None:
        self.socket = socket.socket(family)
        self.socket.bind((host, 0))
        self.socket.listen()
        self.socket.setblocking(False)
        self.port: int = self.socket.getsockname()[1]

    def was_called(self) -> bool:
        try:
            caller, _ = self.socket.accept()
        except BlockingIOError:
            return False
        caller.close()
        return True


@pytest.fixture
def listener() -> Iterator[Listener]:
    opened = Listener(socket.AF_INET, "127.0.0.1")
    yield opened
    opened.socket.close()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0.0.0.0", "[::ffff:127.0.0.1]"]
)
def test_row_274_a_private_address_is_not_called_however_it_is_written(listener: Listener, host: str) -> None:
    """A name counts by the addresses behind it, and the connection goes to the very address that was looked at."""
    with pytest.raises(LmsUnreachable):
        Connection(allow_private=False).call("GET", f"https://{host}:{listener.port}/", timeout=2)
    assert not listener.was_called()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_row_287_plain_http_is_refused_before_any_connection(listener: Listener, host: str) -> None:
    with pytest.raises(AddressRefused):
        Connection(allow_private=False).call("GET", f"http://{host}:{listener.port}/")
    assert not listener.was_called()


REFUSED = {
    "http_to_the_open_internet": "http://8.8.8.8/",
    "another_scheme": "ftp://localhost/",
    "file": "file:///etc/passwd",
    "no_scheme": "localhost/x",
    "no_host": "https:///x",
    "empty": "",
    "user": "https://user:word@lms.example.test/",
    "half_an_address": "https://[",
    "script": "javascript:alert(1)",
}


@pytest.mark.parametrize("address", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("allow_private", [False, True])
def test_addresses_that_are_refused_always(address: str, allow_private: bool) -> None:
    with pytest.raises(AddressRefused):
        Connection(allow_private=allow_private).call("GET", address)


@pytest.mark.parametrize(
    "host", ["a..b", "a" * 64 + ".example.test", "no-such-host.invalid", "x y", "%00", "ex\u00e4mple..test"]
)
def test_hosts_that_are_none_are_not_reached(host: str) -> None:
    with pytest.raises((LmsUnreachable, AddressRefused)):
        Connection(allow_private=False).call("GET", f"https://{host}/", timeout=2)


@pytest.mark.parametrize("port", ["0", "99999", "-1", "x"])
def test_ports_that_are_none_are_not_reached(port: str) -> None:
    with pytest.raises((LmsUnreachable, AddressRefused)):
        Connection(allow_private=False).call("GET", f"https://127.0.0.1:{port}/", timeout=2)


ADDRESSES = {
    "127.0.0.1": True, "10.1.2.3": True, "172.16.0.1": True, "192.168.1.1": True, "169.254.169.254": True,
    "100.64.0.1": True, "0.0.0.0": True, "255.255.255.255": True, "224.0.0.1": True, "::1": True, "::": True,
    "fe80::1%eth0": True, "fd00::1": True, "::ffff:10.0.0.1": True, "ff02::1": True, "198.18.0.1": True,
    "8.8.8.8": False, "1.1.1.1": False, "2606:4700:4700::1111": False, "::ffff:8.8.8.8": False,
}  # fmt: skip


@pytest.mark.parametrize(("address", "private"), ADDRESSES.items())
def test_row_274_which_addresses_are_private(address: str, private: bool) -> None:
    assert is_private(address) is private


def test_a_private_address_is_called_where_the_operator_allows_it(lms: ScriptedLms, connection: Connection) -> None:
    answer = connection.call("GET", lms.will_say("/x", Response("héllo")))
    assert (answer.status, answer.text, answer.headers["content-type"]) == (200, "héllo", "text/html; charset=utf-8")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_row_276_a_redirect_is_not_followed(lms: ScriptedLms, connection: Connection, status: int) -> None:
    """The bearer token of the call must not travel on, to another host least of all."""
    target = lms.will_say("/elsewhere", Response("secret"))
    moved = lms.will_say("/moved", Response("", status, headers={"Location": target}))
    assert connection.call("GET", moved, headers={"Authorization": "Bearer t"}).status == status
    assert not lms.calls_to("/elsewhere")


def test_an_answer_larger_than_asked_for_is_not_read(lms: ScriptedLms, connection: Connection) -> None:
    address = lms.will_say("/big", Response("x" * 200_001))
    with pytest.raises(LmsUnreachable):
        connection.call("GET", address, largest=200_000)
    assert len(connection.call("GET", address, largest=200_001).text) == 200_001


def test_a_small_answer_that_unpacks_to_a_large_one_is_not_read(lms: ScriptedLms, connection: Connection) -> None:
    packed = gzip.compress(b"x" * 5_000_000)
    assert len(packed) < 10_000
    address = lms.will_say("/bomb", Response(packed, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(LmsUnreachable):
        connection.call("GET", address, largest=1_000_000)


def test_a_packed_answer_is_unpacked(lms: ScriptedLms, connection: Connection) -> None:
    address = lms.will_say("/packed", Response(gzip.compress(b"hello" * 50_000), headers={"Content-Encoding": "gzip"}))
    assert connection.call("GET", address).text == "hello" * 50_000


@pytest.fixture
def go_on() -> Iterator[threading.Event]:
    """Lets a server that keeps the tool waiting end with the test."""
    event = threading.Event()
    yield event
    event.set()


def test_a_platform_that_says_nothing_is_given_up(
    lms: ScriptedLms, connection: Connection, go_on: threading.Event
) -> None:
    def silent() -> Response:
        go_on.wait(20)
        return Response("late")

    address = lms.will_say("/silent", silent)
    begun = time.monotonic()
    with pytest.raises(LmsUnreachable, match="in time"):
        connection.call("GET", address, timeout=0.2)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("length", [None, "1000000"], ids=["in_chunks", "of_a_stated_length"])
def test_a_platform_that_trickles_is_given_up(
    lms: ScriptedLms, connection: Connection, go_on: threading.Event, length: str | None
) -> None:
    """Each byte comes well within the time limit, the whole never would."""

    def trickle() -> Iterator[bytes]:
        for _ in range(80):
            go_on.wait(0.05)
            yield b"x"

    headers = {"Content-Length": length} if length else {}
    address = lms.will_say("/trickle", lambda: Response(trickle(), headers=headers))
    begun = time.monotonic()
    with pytest.raises(LmsUnreachable, match="in time"):
        connection.call("GET", address, timeout=0.4)
    assert time.monotonic() - begun < 3


def test_an_answer_cut_short_is_no_answer(lms: ScriptedLms, connection: Connection) -> None:
    address = lms.will_say("/short", Response(iter([b"half"]), headers={"Content-Length": "10000"}))
    with pytest.raises(LmsUnreachable):
        connection.call("GET", address)


def test_the_environment_neither_reroutes_a_call_nor_adds_a_password(
    lms: ScriptedLms, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert connection.call("GET", lms.will_say("/x", Response("direct"))).text == "direct"
    assert "Authorization" not in lms.heard[-1].headers


def test_threads_do_not_share_a_session(lms: ScriptedLms, connection: Connection) -> None:
    address = lms.will_say("/x", Response("", headers={"Set-Cookie": "a=b"}))
    for _ in range(2):
        thread = threading.Thread(target=connection.call, args=("GET", address))
        thread.start()
        thread.join()
    assert not [heard for heard in lms.heard if "Cookie" in heard.headers]


NO_JSON = ["", "<h1>Sorry</h1>", "{", "[" * 200_000, "\x00", "{'a': 1}"]


@pytest.mark.parametrize("text", NO_JSON, ids=["empty", "page", "half", "nested", "nul", "quotes"])
def test_an_answer_that_is_no_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Answer(200, {}, text).json()


WAITS: dict[str, float | None] = {
    "": None, "0": 0.0, "7": 7.0, " 7 ": 7.0, "-7": None, "soon": None, "²": None, "1e3": None, "NaN": None,
    "9" * 400: LONGEST_WAIT_SECONDS, "Wed, 21 Oct 2015 07:28:00 GMT": 0.0,
    "Fri, 31 Dec 9999 23:59:59 GMT": LONGEST_WAIT_SECONDS, "Fri, 99 Dec 99999 99:99:99 GMT": None,
}  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), WAITS.items(), ids=[repr(key)[:30] for key in WAITS])
def test_retry_after_in_seconds_or_as_a_date(written: str, expected: float | None) -> None:
    assert Answer(429, {"retry-after": written}, "").retry_after_seconds == expected


def test_retry_after_as_a_date_ahead() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    seconds = Answer(429, {"retry-after": soon}, "").retry_after_seconds
    assert seconds is not None
    assert 290 < seconds <= 300


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("599.98", 599.98),
        ("0.0", 0.0),
        ("-12", 0.0),
        (" 7 ", 7.0),
        ("", None),
        ("NaN", None),
        ("inf", None),
        ("x", None),
    ],
)
def test_what_a_platform_still_grants(lms: ScriptedLms, connection: Connection, said: str, left: float | None) -> None:
    answer = Response("", headers={"X-Rate-Limit-Remaining": said})
    assert connection.call("GET", lms.will_say("/x", answer)).rate_limit_remaining == left


def test_a_platform_that_does_not_say_what_it_grants() -> None:
    assert Answer(200, {}, "").rate_limit_remaining is None
