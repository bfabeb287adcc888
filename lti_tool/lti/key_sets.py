"""A platform's key set as it sends it: what can be used of it, and for how long. Source: RFC 7517; RFC 9111, 5.2."""

import re
from datetime import timedelta
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.util import base64_to_int

SMALLEST_KEY_BITS = 2048
KEYS_KEPT = timedelta(hours=24)
BETWEEN_FETCHES = timedelta(seconds=60)
_MEMBERS = ("kty", "n", "e", "kid", "alg", "use")


def fresh_for(cache_control: str) -> timedelta:
    """Return how long a platform lets its keys be kept: from a minute to a day, and a day where it says nothing."""
    words = cache_control.lower()
    if "no-store" in words or "no-cache" in words:
        return BETWEEN_FETCHES
    max_age = re.search(r"(?<!s-)max-age\s*=\s*\"?(\d{1,9})", words)
    if max_age is None:
        return KEYS_KEPT
    return min(max(timedelta(seconds=int(max_age[1])), BETWEEN_FETCHES), KEYS_KEPT)


def usable_keys(document: Any) -> dict[str, list[RSAKey]]:
    """Return the RSA signing keys of a key set by `kid`; what cannot verify RS256 is passed over.

    Raises ValueError if the document is no key set.
    """
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("not a key set")
    keys: dict[str, list[RSAKey]] = {}
    for entry in document["keys"]:
        key = _usable_key(entry)
        if key is not None:
            keys.setdefault(entry["kid"], []).append(key)
    return keys


def storable_keys(document: Any) -> dict[str, Any]:
    """What is kept of a key set: the members that matter of the keys that are of use, which any database can hold."""
    return {
        "keys": [
            {name: entry[name] for name in _MEMBERS if isinstance(entry.get(name), str)}
            for entry in document["keys"]
            if _usable_key(entry) is not None
        ]
    }


def _usable_key(entry: Any) -> RSAKey | None:
    """RS256 only, whatever the key set claims: the algorithm is ours to choose (RFC 8725, 3.1)."""
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
        return None
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    try:
        modulus, exponent = (entry[name].rstrip("=") for name in ("n", "e"))  # some pad what RFC 7515, 2 has unpadded
        if base64_to_int(modulus).bit_length() < SMALLEST_KEY_BITS:
            return None
        return RSAKey.import_key({"kty": "RSA", "n": modulus, "e": exponent})
    except (JoseError, KeyError, AttributeError, ValueError):
        return None
