"""Misbehaviour on request: what an LMS does on its bad days, switched on and off while it runs."""

import threading
from dataclasses import dataclass, field
from typing import Any

SERVICES = "grade and roster services"


@dataclass(frozen=True)
class FaultKind:
    """One way to misbehave: its name, what a person sees, and the arguments with their defaults."""

    name: str
    words: str
    applies_to: str
    defaults: dict[str, Any] = field(default_factory=dict)
    times: int | None = None
    counted: bool = True


FAULT_KINDS = (
    FaultKind("slow", "Answers slowly", f"{SERVICES}, tokens", {"seconds": 2.0}),
    FaultKind("rate_limited", "Says “too many requests” (429)", SERVICES, {"retry_after": 1}),
    FaultKind("server_error", "Fails (500)", SERVICES),
    FaultKind("unauthorized_once", "Refuses the access token (401)", SERVICES, times=1),
    FaultKind("reply_lost", "Stores the score, then loses its answer", "scores", {"close": False}),
    FaultKind("html_200", "Answers a web page with status 200", SERVICES),
    FaultKind("token_down", "Gives no access tokens (503)", "tokens"),
    FaultKind("jwks_down", "Does not show its public keys (503)", "public keys"),
    FaultKind("jwks_html", "Shows a web page instead of its public keys", "public keys"),
    FaultKind("locked", "Somebody’s grade is locked", "scores", {"person": ""}),
    FaultKind("refuse_person", "Says somebody is not a student here", "scores", {"person": ""}),
    FaultKind(
        "roster_mixed_case", "Pages the roster by case-sensitive addresses", "roster", {"page_size": 5}, counted=False
    ),
    FaultKind("session_lost", "Forgets who is signed in during a launch", "launches"),
)


@dataclass
class Fault:
    """A fault that is on. `left` counts down; None means until it is switched off."""

    kind: FaultKind
    left: int | None
    args: dict[str, Any]


class UnknownFault(ValueError):
    """There is no misbehaviour of that name, or it has no such setting."""


def _kind(name: str) -> FaultKind:
    for kind in FAULT_KINDS:
        if kind.name == name:
            return kind
    raise UnknownFault(f"no fault is called {name!r}; there are: {', '.join(k.name for k in FAULT_KINDS)}")


class Faults:
    """The switchboard. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._on: list[Fault] = []

    def set(self, name: str, count: int | None = None, **args: Any) -> None:
        """Switch a fault on, for `count` calls or until cleared. `path="/scores"` aims it at matching addresses."""
        kind = _kind(name)
        if count is not None and not kind.counted:
            raise UnknownFault(f"{name} cannot be counted: it stays on until cleared")
        strange = set(args) - set(kind.defaults) - {"path"}
        if strange:
            raise UnknownFault(f"{name} has no setting {', '.join(sorted(strange))}")
        fault = Fault(kind, kind.times if count is None else count, {**kind.defaults, **args})
        with self._lock:
            self._on = [other for other in self._on if not _same_aim(other, fault)] + [fault]

    def clear(self, name: str | None = None) -> None:
        """Switch one fault off, or all of them."""
        with self._lock:
            self._on = [fault for fault in self._on if name is not None and fault.kind.name != name]

    def active(self) -> list[Fault]:
        with self._lock:
            return [Fault(fault.kind, fault.left, dict(fault.args)) for fault in self._on]

    def take(self, name: str, path: str = "", person: str | None = None) -> Fault | None:
        """Use a fault once if it is on and meant for this address and person."""
        with self._lock:
            for fault in self._on:
                if fault.kind.name == name and _meant_for(fault, path, person):
                    return self._used(fault)
        return None

    def _used(self, fault: Fault) -> Fault:
        if fault.left is not None:
            fault.left -= 1
            if fault.left <= 0:
                self._on.remove(fault)
        return fault


def _same_aim(one: Fault, other: Fault) -> bool:
    aims = ("path", "person")
    return one.kind == other.kind and all(one.args.get(aim) == other.args.get(aim) for aim in aims)


def _meant_for(fault: Fault, path: str, person: str | None) -> bool:
    if fault.args.get("path", "") not in path:
        return False
    return not fault.args.get("person") or fault.args["person"] == person
