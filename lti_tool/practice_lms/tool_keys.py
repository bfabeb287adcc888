"""A tool's public keys, fetched over HTTP from its JWKS address (Security Framework 1.0, section 6.3)."""

import threading

import requests
from joserfc.errors import JoseError
from joserfc.jwk import KeySet


class NoToolKeys(ValueError):
    """The tool's JWKS could not be read."""


class ToolKeys:
    """One tool's keys; fetched again when a key id is unknown."""

    def __init__(self, jwks_url: str) -> None:
        self.jwks_url = jwks_url
        self._lock = threading.Lock()
        self._keys = KeySet([])
        self._http = requests.Session()
        self._http.trust_env = False

    def having(self, kid: str) -> KeySet:
        """The keys with this id: one or none."""
        with self._lock:
            if not any(key.kid == kid for key in self._keys.keys):
                self._keys = self._fetched()
            return KeySet([key for key in self._keys.keys if key.kid == kid])

    def _fetched(self) -> KeySet:
        try:
            answer = self._http.get(self.jwks_url, timeout=5, headers={"Accept": "application/json"})
            answer.raise_for_status()
            return KeySet.import_key_set(answer.json())
        except (requests.RequestException, ValueError, KeyError, TypeError, JoseError) as problem:
            raise NoToolKeys(f"JWK Error: {type(problem).__name__}") from problem


class KeysOfTools:
    """The keys of every tool, by JWKS address."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_url: dict[str, ToolKeys] = {}

    def at(self, jwks_url: str) -> ToolKeys:
        with self._lock:
            return self._by_url.setdefault(jwks_url, ToolKeys(jwks_url))
