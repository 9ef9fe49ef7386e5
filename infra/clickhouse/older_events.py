"""Events that a version before identities stored: named by their id alone, in clear.

Payments and cancellations are in the journal with their source, so they get the identity that
they get when they are sent again. Of a call the source is not known any more: its identity is
made of its id alone, and one that is sent again is recognised by its contents.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.clickhouse.store import ANY_MONTHS
from processors.engagements.entries import CALL, TYPE_OF_KIND
from processors.engagements.history import with_identity
from processors.identity.claims import Claim, claim_of_call, claim_of_event, named_call
from processors.identity.event_identity import (
    PSEUDONYMOUS_SOURCE,
    identity_of,
    pseudonymous_digest,
    unsourced_identity,
)
from processors.identity.pseudonyms import contract_pseudonym
from processors.identity.sealing import with_seal
from schemas.codec import Routed, decode, decode_inbound, encode
from schemas.derived import CallTranscribed
from schemas.rows import CALLS, DEAD_LETTERS, EVENT_CLAIMS, EVENTS, SETTLED_EVENTS, Table
from schemas.sealed import SealedCancellation, SealedPayment
from schemas.topics import CALL_TRANSCRIBED, PAYMENT_RECEIVED

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

IDENTITIES = 4
"""Number of the migration that brought identities."""
_OLDER = "NOT match(event_id, '^e:[0-9a-f]{32}$')"
_PAGE = 2000

Row = dict[str, Any]


def has_older_events(client: Client) -> bool:
    """Whether the journal has events that are named by their id alone."""
    rows = client.query(f"SELECT count() FROM {EVENTS.name} WHERE {_OLDER}").result_rows  # noqa: S608
    return bool(rows[0][0])


def name_older_events(client: Client, key: bytes) -> int:
    """Give the events of every table their identities.

    The journal comes last: interrupted, it is repeated from the beginning, with the same result.
    Journal rows that cannot be read stay as they are, and so do the quotes of alerts.

    Args:
        client: the store; nothing else may write to it.
        key: the pseudonym key that the journal was made with.

    Returns:
        The number of events named.
    """
    _rename(client, CALLS, lambda row: _call(row, key))
    _rename(client, SETTLED_EVENTS, lambda row: _settled(row, key))
    for page in _pages(client, DEAD_LETTERS, f"event_id IS NOT NULL AND {_OLDER}"):
        _insert(client, DEAD_LETTERS, [_letter(row, key) for row in page])
    named, unreadable = 0, [""]
    for page in _pages(client, EVENTS, _OLDER):
        claims = []
        renamed = []
        for row in page:
            found = _renamed(row, key)
            if found is None:
                unreadable.append(row["event_id"])
                continue
            event_row, claim = found
            renamed.append(event_row)
            claims.append(_claim_row(claim, row))
        _insert(client, EVENT_CLAIMS, claims)
        _insert(client, EVENTS, renamed)
        named += len(renamed)
    if named:
        client.command(
            f"ALTER TABLE {EVENTS.name} DELETE WHERE {_OLDER} "
            "AND event_id NOT IN {unreadable:Array(String)}",
            parameters={"unreadable": unreadable},
            settings={"mutations_sync": 2},
        )
    return named


def _rename(client: Client, table: Table, renamed: Callable[[Row], Row]) -> None:
    """Put `renamed(row)` in the place of each older row of a derived table."""
    pages = 0
    for page in _pages(client, table, _OLDER):
        _insert(client, table, [renamed(row) for row in page])
        pages += 1
    if pages:
        client.command(
            f"ALTER TABLE {table.name} DELETE WHERE {_OLDER}", settings={"mutations_sync": 2}
        )


def _call(row: Row, key: bytes) -> Row:
    event_id = unsourced_identity(key, row["client_id"], TYPE_OF_KIND[CALL], row["event_id"])
    return {**row, "event_id": event_id}


def _settled(row: Row, key: bytes) -> Row:
    older_name = partial(unsourced_identity, key)
    entry = with_identity(json.loads(row["entry"]), row["client_id"], older_name)
    return {**row, "event_id": entry[5], "entry": json.dumps(entry, separators=(",", ":"))}


def _renamed(row: Row, key: bytes) -> tuple[Row, Claim] | None:
    """The journal row with its identity, and its claim; None where it cannot be read."""
    payload = row["payload"].encode()
    event: CallTranscribed | SealedPayment | SealedCancellation
    if row["topic"] == CALL_TRANSCRIBED.name:
        said = decode(payload, CallTranscribed)
        if not isinstance(said, CallTranscribed):
            return None
        event = said.model_copy(update={"call": named_call(key, said.call)})
        claim = claim_of_call(key, event.call)
    else:
        model = SealedPayment if row["topic"] == PAYMENT_RECEIVED.name else SealedCancellation
        sent = decode(payload, model)
        if not isinstance(sent, SealedPayment | SealedCancellation):
            return None
        event = _sealed(sent, key)
        claim = claim_of_event(event, pseudonymous_digest(key, event), None)
    return {**row, "event_id": claim.event_id, "payload": encode(event).decode()}, claim


def _sealed(
    event: SealedPayment | SealedCancellation, key: bytes
) -> SealedPayment | SealedCancellation:
    """The event sealed; its customer is a pseudonym already."""
    data: Any = event.data
    if isinstance(event, SealedCancellation):
        hidden = contract_pseudonym(key, event.data.client_id, event.data.contract_id)
        data = event.data.model_copy(update={"contract_id": hidden})
    changed = {"id": identity_of(key, event), "source": PSEUDONYMOUS_SOURCE, "data": data}
    return with_seal(key, event.model_copy(update=changed))


def _claim_row(claim: Claim, row: Row) -> Row:
    return {
        "client_id": claim.client_id,
        "event_id": claim.event_id,
        "customer": claim.customer,
        "digest": claim.digest,
        "older": claim.is_older,
        "version": row["version"],
    }


def _letter(row: Row, key: bytes) -> Row:
    """A dead letter with the identity of its event; only calls had a name in older letters."""
    routed = decode_inbound(base64.b64decode(row["original"]))
    if isinstance(routed, Routed):
        identity = identity_of(key, routed.event)
    else:
        identity = unsourced_identity(
            key, row["client_id"] or "", TYPE_OF_KIND[CALL], row["event_id"]
        )
    return {**row, "event_id": identity, "version": row["version"] + 1}


def _pages(client: Client, table: Table, condition: str) -> Iterator[list[Row]]:
    """Rows of `table` page by page, in the order of its key, from before anything was changed."""
    names, key = list(table.columns), ", ".join(table.key)
    kinds = ", ".join(f"{{k{n}:String}}" for n in range(len(table.key)))
    after, parameters = "true", dict[str, Any]()
    while True:
        rows = client.query(
            f"SELECT {', '.join(names)} FROM {table.name} FINAL "  # noqa: S608 - constants
            f"WHERE {condition} AND {after} ORDER BY {key} LIMIT {_PAGE}",
            parameters=parameters,
        ).result_rows
        if not rows:
            return
        page = [dict(zip(names, row, strict=True)) for row in rows]
        yield page
        after = f"({key}) > ({kinds})"
        parameters = {f"k{n}": page[-1][name] for n, name in enumerate(table.key)}


def _insert(client: Client, table: Table, rows: Sequence[Row]) -> None:
    if rows:
        names = list(table.columns)
        data = [[row[name] for name in names] for row in rows]
        client.insert(table.name, data, column_names=names, settings=ANY_MONTHS)
