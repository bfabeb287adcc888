"""The network as a test wants it: names that lead where it says, a record of connections, and none that leaves."""

import socket
from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass
class Network:
    """`names` leads a name to addresses, one after the other; `dialled` is where connections were tried to."""

    names: dict[str, list[str]] = field(default_factory=dict)
    dialled: list[tuple[str, int]] = field(default_factory=list)

    def tries_beside(self, *ports: int) -> list[tuple[str, int]]:
        """Where connections were tried to, those to these ports left out."""
        return [(host, port) for host, port in self.dialled if port not in ports]

    def look_up(self, host: object) -> object:
        answers = self.names.get(str(host), [])
        if not answers:
            return host
        return answers.pop(0) if len(answers) > 1 else answers[0]


def watched_network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """Stand in for the system's resolver and for `connect` until the test ends."""
    network, resolve, connect = Network(), socket.getaddrinfo, socket.socket.connect

    def looked_up(host: Any, *rest: Any, **more: Any) -> Any:
        return resolve(network.look_up(host), *rest, **more)

    def dial(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            network.dialled.append(address[:2])
            if address[0] not in ("127.0.0.1", "::1"):
                raise OSError("nothing leaves this machine in a test")
        connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket.socket, "connect", dial)
    return network
