"""Misbehaviour on request: what an LMS does on its bad days, switched on and off while it runs."""

import threading
from dataclasses import dataclass
from typing import Any

from .fault_kinds import FAULT_KINDS as FAULT_KINDS
from .fault_kinds import FaultKind


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

    def on(self, name: str, person: str | None = None) -> Fault | None:
        """The fault of that name if it is on and meant for this person; it is not used up."""
        for fault in self.active():
            if fault.kind.name == name and _meant_for(fault, fault.args.get("path", ""), person):
                return fault
        return None

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
