"""The keyed hash behind pseudonyms, identities and seals."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache


def keyed_hash(key: bytes, text: str) -> str:
    """HMAC-SHA256 of `text` in UTF-8, as 64 hex digits.

    Not by `hmac.digest`: that starts from the key each time, and lets other threads run in between,
    for which a worker's agents would wait at every event.
    """
    begun = _begun(key).copy()
    begun.update(text.encode())
    return begun.hexdigest()


@lru_cache(maxsize=4)
def _begun(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod=hashlib.sha256)
