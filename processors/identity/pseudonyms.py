"""Pseudonyms of customers and contracts: keyed hashes, so that nobody can be named by them.

Whatever is given is hashed, also what has the form of a pseudonym: who has seen one cannot write
into its history. What is pseudonymous already says so by a seal (`processors/identity/sealing.py`).
"""

from __future__ import annotations

from processors.identity.keyed_hash import keyed_hash

PREFIX = "p:"
CONTRACT_PREFIX = "c:"
_HEX_DIGITS = 24


def pseudonym(key: bytes, client_id: str, customer_id: str) -> str:
    """The customer's pseudonym: `p:` and 24 hex digits of HMAC-SHA256, another for each client."""
    return PREFIX + _keyed(key, f"{client_id}|{customer_id}")


def contract_pseudonym(key: bytes, client_id: str, contract_id: str) -> str:
    """The contract's pseudonym: `c:` and 24 hex digits; an equal customer's shares none of them."""
    return CONTRACT_PREFIX + _keyed(key, f"contract {client_id}|{contract_id}")


def _keyed(key: bytes, text: str) -> str:
    return keyed_hash(key, text)[:_HEX_DIGITS]
