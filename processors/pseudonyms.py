"""Pseudonyms of customers: a keyed hash, so that outside the raw event nobody can be named."""

from __future__ import annotations

import hashlib
import hmac
import re

PREFIX = "p:"
_HEX_DIGITS = 24
_PSEUDONYM = re.compile(rf"{PREFIX}[0-9a-f]{{{_HEX_DIGITS}}}")


def pseudonym(key: bytes, client_id: str, customer_id: str) -> str:
    """The customer's pseudonym: `p:` and 24 hex digits of HMAC-SHA256, apart for each tenant.

    A pseudonym is returned as it is, so that events taken from the journal can be sent again.
    """
    if _PSEUDONYM.fullmatch(customer_id):
        return customer_id
    digest = hmac.new(key, f"{client_id}|{customer_id}".encode(), hashlib.sha256).hexdigest()
    return PREFIX + digest[:_HEX_DIGITS]
