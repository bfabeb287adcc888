"""The tool's own keys: one PEM per key in a folder, the file name is the `kid`; the newest signs."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from joserfc.jwk import RSAKey

from lti_tool.errors import SetUpProblem

KEY_BITS = 2048


@dataclass(frozen=True)
class KeyFile:
    """A key on disk, newest first in any list of them."""

    kid: str
    path: Path
    made_at: float


class Keyring:
    """The keys of a folder, parsed once and read again only when the folder changes.

    Parsing a PEM costs a hundred signatures, so a parsed key is kept (docs/decisions/0004-keys.md).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._changed_at = -1.0
        self._keys: list[RSAKey] = []

    def signing_key(self) -> RSAKey:
        """The newest key. Raises SetUpProblem if there is none."""
        keys = self._read()
        if not keys:
            raise SetUpProblem(f"There is no key in {self._folder}.", "Run `lti-tool keys new`.")
        return keys[0]

    def public_set(self) -> dict[str, Any]:
        """The public halves of all keys, as `/.well-known/jwks.json` shows them."""
        return {"keys": [key.as_dict(private=False) for key in self._read()]}

    def _read(self) -> list[RSAKey]:
        with self._lock:
            changed_at = self._folder.stat().st_mtime if self._folder.is_dir() else 0.0
            if changed_at != self._changed_at:
                self._keys = [_load(file) for file in key_files(self._folder)]
                self._changed_at = changed_at
            return self._keys


def key_files(folder: Path) -> list[KeyFile]:
    """Return the keys of a folder, newest first."""
    files = [KeyFile(path.stem, path, path.stat().st_mtime) for path in folder.glob("*.pem")]
    return sorted(files, key=lambda file: (file.made_at, file.kid), reverse=True)


def new_key(folder: Path) -> KeyFile:
    """Make a key that only its owner can read; from now on it signs, and older ones are still published."""
    key = RSAKey.generate_key(KEY_BITS, private=True)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kid_from(key.thumbprint())}.pem"
    draft = path.with_suffix(".new")  # a running tool reads every PEM here as soon as it appears
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.as_pem(private=True))
    draft.rename(path)
    return KeyFile(path.stem, path, path.stat().st_mtime)


def kid_from(thumbprint: str) -> str:
    """Return the thumbprint without hyphens in front, so that no command takes the kid for an option."""
    return thumbprint.lstrip("-")


def retire_key(folder: Path, kid: str) -> Path:
    """Publish a key no longer: move it to `retired/`. Raises SetUpProblem (unknown, or the only one)."""
    files = key_files(folder)
    found = next((file for file in files if file.kid == kid), None)
    if found is None:
        raise SetUpProblem(f"There is no key {kid}.", "`lti-tool keys list` shows the keys.")
    if len(files) == 1:
        raise SetUpProblem(
            "This is the only key.", "Run `lti-tool keys new` first, and wait a day before you retire it."
        )
    target = folder / "retired" / found.path.name
    target.parent.mkdir(exist_ok=True)
    return found.path.rename(target)


def _load(file: KeyFile) -> RSAKey:
    return _parsed(file.path.read_bytes(), file.kid)


@lru_cache(maxsize=16)
def _parsed(pem: bytes, kid: str) -> RSAKey:
    """Return the key; one that was there before the folder changed is not parsed again."""
    parameters: Any = {"kid": kid, "alg": "RS256", "use": "sig"}
    return RSAKey.import_key(pem, parameters)
