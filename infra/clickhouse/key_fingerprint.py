"""The fingerprint of the pseudonym key that a store's customers were named with, stored there.

With another key a customer's later events no longer meet the earlier ones, and nothing would
say so.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from infra.errors import InfraError
from schemas.rows import EVENTS

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_PREFIX = "pseudonym key "
_SALT = b"ascolto: the fingerprint of a pseudonym key\0"
_LENGTH = 12
_READ = "SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = {t:String}"


class KeyDiffers(InfraError):
    """The store's customers are named with another key."""


def fingerprint(key: bytes) -> str:
    """A few characters that distinguish keys, and from which none can be found."""
    return hashlib.sha256(_SALT + key).hexdigest()[:_LENGTH]


def stored_fingerprint(client: Client) -> str | None:
    """The fingerprint in the store; None where there is none yet."""
    rows = client.query(_READ, parameters={"t": EVENTS.name}).result_rows
    comment = str(rows[0][0]) if rows else ""
    return comment.removeprefix(_PREFIX) if comment.startswith(_PREFIX) else None


def check(client: Client, key: bytes) -> None:
    """Store the fingerprint of `key` where there is none yet; the tables must exist.

    Raises:
        KeyDiffers: the store has another one.
    """
    mine, there = fingerprint(key), stored_fingerprint(client)
    if there is None:
        client.command(f"ALTER TABLE {EVENTS.name} MODIFY COMMENT '{_PREFIX}{mine}'")
        there = stored_fingerprint(client)
    if there != mine:
        raise KeyDiffers(differs(mine, there))


def differs(mine: str, there: str | None) -> str:
    """The message about a key whose fingerprint is not the store's."""
    return (
        f"the pseudonym key (fingerprint {mine}) is not the one that this store's customers were "
        f"named with (fingerprint {there}): a customer's new events would not meet the old ones. "
        "Restore that key (ASCOLTO_PSEUDONYM_KEY, or pseudonym.key in the data directory)"
    )
