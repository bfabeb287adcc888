"""The platform's own key pair: made once, kept as PEM beside the data."""

import os
import secrets
from functools import lru_cache
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

Claims = dict[str, object]


def _load(file: Path) -> RSAKey:
    return _parsed(file.read_bytes())


@lru_cache(maxsize=16)
def _parsed(pem: bytes) -> RSAKey:
    """Parsing costs a hundred signatures, and tests open a school with the same key again and again."""
    key = RSAKey.import_key(pem, {"alg": "RS256", "use": "sig"})
    key.ensure_kid()
    return key


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("platform_key_*.pem"))


def _write_new(folder: Path) -> None:
    """Write a new key file whole or not at all, readable by its owner only."""
    number = len(_files(folder)) + 1
    draft = folder / f".key-{secrets.token_hex(8)}"
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(RSAKey.generate_key(2048).as_pem(private=True))
    draft.rename(folder / f"platform_key_{number:03d}.pem")


class PlatformKeys:
    """Keys in order of age: the newest signs, all are published (Security Framework 1.0, section 6.3)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not _files(folder):
            _write_new(folder)
        self._keys = [_load(file) for file in _files(folder)]

    @property
    def current(self) -> RSAKey:
        return self._keys[-1]

    def rotate(self) -> RSAKey:
        """Make a new key and sign with it from now on; the older ones stay published."""
        _write_new(self.folder)
        self._keys = [*self._keys, _load(_files(self.folder)[-1])]
        return self.current

    def all(self) -> KeySet:
        return KeySet(list(self._keys))

    def published(self) -> dict[str, object]:
        """The JWKS: public parts only."""
        return dict(self.all().as_dict(private=False))


def sign(claims: Claims, header: dict[str, object], key: RSAKey) -> str:
    """A compact JWS over the claims."""
    return jwt.encode(header, claims, key)
