"""The one door for calls to a platform: which addresses, how long, how much. Knows no LTI message."""

import ipaddress
import json
import math
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import certifi
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as NoAnswerInTime
from urllib3.util.connection import create_connection
from urllib3.util.ssl_ import create_urllib3_context

from lti_tool.errors import LmsUnreachable, Reason
from lti_tool.wording import say

TIMEOUT_SECONDS = 10.0
LARGEST_ANSWER = 8_000_000
_LMSS, _CONNECTIONS_KEPT = 50, 32  # how many hosts' connections stay open, and how many to each
_USUAL_HEADERS = {"User-Agent": "lti-tool", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
LONGEST_WAIT_SECONDS = 86_400.0  # a platform that asks for more has made a mistake


class AddressRefused(Exception):
    """An address that the tool never calls: not https, or private while the operator has not allowed that."""


@dataclass(frozen=True)
class Answer:
    """What a platform answered: status, headers in lower case, and the body's text."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        """The body as JSON whatever its content type says (Moodle calls its tokens text/html). Raises ValueError."""
        try:
            return json.loads(self.text)
        except RecursionError:
            raise ValueError("nested too deeply") from None

    @property
    def retry_after_seconds(self) -> float | None:
        """How long the platform asks to wait: given in seconds, or as a date (RFC 9110, 10.2.3)."""
        value = self.headers.get("retry-after", "").strip()
        if value.isdecimal():
            return min(float(value), LONGEST_WAIT_SECONDS)
        try:
            until = parsedate_to_datetime(value)
        except ValueError:
            return None
        return min(max(0.0, until.timestamp() - time.time()), LONGEST_WAIT_SECONDS)

    @property
    def rate_limit_remaining(self) -> float | None:
        """What the platform still grants before it throttles; None if it does not say.

        Canvas counts the cost of calls: full at 600, 10 come back each second, and each call reserves 50 while it runs.
        """
        try:
            left = float(self.headers.get("x-rate-limit-remaining", ""))
        except ValueError:
            return None
        return max(0.0, left) if math.isfinite(left) else None


class Trouble(Enum):
    """Why a call brought nothing."""

    NOT_REACHED = "not reached"
    PRIVATE = "private"
    TOO_SLOW = "too slow"
    TOO_LARGE = "too large"


_SAID = {
    Trouble.NOT_REACHED: say("The LMS could not be reached."),
    Trouble.PRIVATE: say("The LMS could not be reached."),
    Trouble.TOO_SLOW: say("The LMS did not answer in time."),
    Trouble.TOO_LARGE: say("The LMS answered with far more than was asked for."),
}


class CallFailed(Exception):
    """A call brought nothing; for `call` it becomes LmsUnreachable."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.name)
        self.trouble = trouble


class Connection:
    """Calls to platforms, with a time limit, a size limit and no redirects (a bearer token must not travel on)."""

    def __init__(self, *, allow_private: bool, ca_file: Path | None = None) -> None:
        self._allow_private = allow_private
        # Without proxies and `.netrc` passwords of the environment, and without cookies. Threads share the connections.
        self._pools = _guarded_pools(allow_private, _certificates(ca_file))

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        body: str | None = None,
        largest: int = LARGEST_ANSWER,
        timeout: float = TIMEOUT_SECONDS,
    ) -> Answer:
        """Make one call. Raises LmsUnreachable (no answer) and AddressRefused."""
        self.check(url)
        sent = body.encode() if body is not None else None
        try:
            status, headers_read, content = self._exchange(method, url, headers or {}, sent, largest, timeout)
        except CallFailed as failed:
            raise LmsUnreachable(_SAID[failed.trouble]) from None
        return Answer(status, headers_read, content.decode("utf-8", "replace"))

    def read(
        self, url: str, *, headers: dict[str, str], largest: int, timeout: float
    ) -> tuple[int, dict[str, str], bytes]:
        """Read what stands at any address, http too: status, headers in lower case, and the bytes.

        Follows no redirect. Raises CallFailed and AddressRefused.
        """
        if _host_of(url) is None:
            raise AddressRefused("neither http nor https")
        return self._exchange("GET", url, headers, None, largest, timeout)

    def _exchange(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, largest: int, timeout: float
    ) -> tuple[int, dict[str, str], bytes]:
        _call_of_thread.ends_at = time.monotonic() + timeout
        try:
            response = self._pools.urlopen(
                method,
                url,
                headers=_USUAL_HEADERS | headers,
                body=body,
                timeout=timeout,
                redirect=False,
                retries=False,
                preload_content=False,
            )
            try:
                headers_read = {name.lower(): value for name, value in response.headers.items()}
                return response.status, headers_read, _content(response, largest)
            finally:
                response.close()  # one that was read to its end has given its connection back already
        except _PrivateAddress:
            raise CallFailed(Trouble.PRIVATE) from None
        except NewConnectionError:  # which urllib3 counts among the time-outs
            raise CallFailed(Trouble.NOT_REACHED) from None
        except NoAnswerInTime:
            raise CallFailed(Trouble.TOO_SLOW) from None
        except (HTTPError, UnicodeError):
            late = time.monotonic() >= _call_of_thread.ends_at
            raise CallFailed(Trouble.TOO_SLOW if late else Trouble.NOT_REACHED) from None
        finally:
            _call_of_thread.ends_at = None

    def check(self, url: str) -> None:
        """Raise AddressRefused for an address that is not https, save http to a private one that is allowed."""
        host = _host_of(url)
        if host and urlsplit(url).scheme == "https":
            return
        if host and self._allow_private and _is_private_host(host):
            return
        raise AddressRefused(Reason.INSECURE_ADDRESS.value.what)


def _host_of(url: str) -> str | None:
    """The host of an address that is http or https; None if it is neither. Raises AddressRefused."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise AddressRefused("not an address") from None
    if "@" in parts.netloc:  # names and passwords have no place here
        raise AddressRefused("with a name before its host")
    return parts.hostname or None if parts.scheme in ("http", "https") else None


_call_of_thread = threading.local()


class _Patient:
    """A socket whose reads end with the call: the time-out of a plain one begins anew with each byte."""

    def recv_into(self, *args: Any) -> int:
        ends_at = getattr(_call_of_thread, "ends_at", None)
        if ends_at is not None:
            left = ends_at - time.monotonic()
            if left <= 0:
                raise TimeoutError("the call took too long")
            self.settimeout(left)  # type: ignore[attr-defined]  # of the socket that this is mixed into
        read: int = super().recv_into(*args)  # type: ignore[misc]
        return read


class _PatientSocket(_Patient, socket.socket):
    pass


class _PatientTls(_Patient, ssl.SSLSocket):
    pass


@lru_cache(maxsize=4)
def _certificates(ca_file: Path | None) -> ssl.SSLContext:
    """Whom to trust, read once: the list is long, and reading it costs as much as many launches."""
    context = create_urllib3_context()
    context.sslsocket_class = _PatientTls
    context.load_verify_locations(certifi.where())
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def _content(response: BaseHTTPResponse, largest: int) -> bytes:
    read = bytearray()
    while chunk := _next_piece(response):
        read += chunk
        if len(read) > largest:
            raise CallFailed(Trouble.TOO_LARGE)
    return bytes(read)


def _next_piece(response: BaseHTTPResponse) -> bytes:
    """What has come in by now; reading a fixed number of bytes would wait for all of them."""
    return response.read1(65_536, decode_content=True)


def _addresses(host: str, port: int) -> list[str]:
    try:
        return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except UnicodeError as problem:  # an empty or overlong part of a host name
        raise OSError("not a host name") from problem


def is_private(address: str) -> bool:
    """Say whether an IP address is not one of the open internet (loopback, private, link-local, reserved …)."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return not ip.is_global or ip.is_multicast


def _is_private_host(host: str) -> bool:
    try:
        return is_private(host)
    except ValueError:
        pass  # a name, to be looked up
    try:
        return all(is_private(address) for address in _addresses(host, 80))
    except OSError:
        return False


class _PrivateAddress(NewConnectionError):
    pass


class _Guard:
    """Looks a host up once, refuses private addresses, and connects to the very address it looked at.

    A name that answers differently the second time therefore gains nothing.
    """

    allow_private = False
    host: str
    port: int
    timeout: Any
    source_address: Any
    socket_options: Any

    def _new_conn(self) -> socket.socket:
        try:
            addresses = _addresses(self.host, self.port)
        except OSError as problem:
            raise NewConnectionError(self, f"no such host: {problem}") from problem  # type: ignore[arg-type]
        if not self.allow_private and any(is_private(address) for address in addresses):
            raise _PrivateAddress(self, "a private address")  # type: ignore[arg-type]
        return self._connect_to_first(addresses)

    def _connect_to_first(self, addresses: list[str]) -> socket.socket:
        problem: OSError | None = None
        for address in addresses:  # localhost is often two addresses, of which a server listens on one
            try:
                plain = create_connection((address, self.port), self.timeout, self.source_address, self.socket_options)
                patient = _PatientSocket(plain.family, plain.type, plain.proto, plain.detach())
                patient.settimeout(self.timeout)
                return patient
            except OSError as failed:
                problem = failed
        raise NewConnectionError(self, f"no connection: {problem}") from problem  # type: ignore[arg-type]


def _guarded_pools(allow_private: bool, trust: ssl.SSLContext) -> PoolManager:
    pools = PoolManager(num_pools=_LMSS, maxsize=_CONNECTIONS_KEPT, ssl_context=trust)
    allowed = {"allow_private": allow_private}
    plain = type("GuardedHTTP", (_Guard, HTTPConnection), allowed)
    secure = type("GuardedHTTPS", (_Guard, HTTPSConnection), allowed)
    pools.pool_classes_by_scheme = {
        "http": type("GuardedHTTPPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("GuardedHTTPSPool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
    return pools
