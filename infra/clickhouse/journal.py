"""The journal: the facts from which everything else in the store follows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from processors.identity.sealing import is_sealed
from schemas.codec import InvalidMessage, decode
from schemas.rows import (
    DEAD_LETTERS,
    DISPLAY_NAMES,
    EVENT_CLAIMS,
    EVENTS,
    LETTER_REPLAYS,
    TABLES,
)
from schemas.sealed import SEALED
from schemas.topics import CALL_TRANSCRIBED

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_NOT_DERIVED = (EVENTS, EVENT_CLAIMS, DEAD_LETTERS, LETTER_REPLAYS, DISPLAY_NAMES)
DERIVED = tuple(table for table in TABLES if table not in _NOT_DERIVED)
"""Tables whose rows the workers write again when the journal is sent again."""

_PAGE = 5000


class Journaled(NamedTuple):
    """One fact as the journal stores it."""

    client_id: str
    topic: str
    event_id: str
    customer: str
    partition: int
    payload: str


def read_journal(client: Client) -> Iterator[Journaled]:
    """Every fact, in the order of event time."""
    with client.query_row_block_stream(
        f"SELECT {', '.join(Journaled._fields)} FROM events FINAL "  # noqa: S608 - constants
        "ORDER BY event_time, event_id",
        settings={"max_block_size": _PAGE},
    ) as blocks:
        for block in blocks:
            for row in block:
                yield Journaled(*row)


def moved_customers(client: Client) -> dict[tuple[str, str], int]:
    """Customers whose events came by several partitions, and by which the last of them came.

    The events of one customer have to meet: all are sent again to that one.
    """
    rows = client.query(
        "SELECT client_id, customer, argMin(partition, version) FROM events "
        "GROUP BY client_id, customer HAVING uniqExact(partition) > 1"
    ).result_rows
    return {(client_id, customer): partition for client_id, customer, partition in rows}


def sealed_with(client: Client, key: bytes) -> bool:
    """Whether the journal's sealed events are sealed with `key`; true where there are none."""
    rows = client.query(
        "SELECT topic, payload FROM events WHERE topic != {calls:String} "
        "AND JSONHas(payload, 'ascoltoseal') LIMIT 1",
        parameters={"calls": CALL_TRANSCRIBED.name},
    ).result_rows
    for topic, payload in rows:
        event = decode(payload.encode(), SEALED[topic])
        if not isinstance(event, InvalidMessage):
            return is_sealed(key, event)
    return True


def read_claims(client: Client) -> dict[tuple[str, str], str]:
    """The digest in force of each client's event, by its identity."""
    rows = client.query("SELECT client_id, event_id, digest FROM event_claims FINAL").result_rows
    return {(client_id, event_id): digest for client_id, event_id, digest in rows}


def facts_after(client: Client, time: datetime) -> list[Journaled]:
    """The facts whose time is later than `time`."""
    rows = client.query(
        f"SELECT {', '.join(Journaled._fields)} FROM events FINAL "  # noqa: S608 - constants
        "WHERE event_time > {time:DateTime64(6, 'UTC')} ORDER BY event_time, event_id",
        parameters={"time": time},
    ).result_rows
    return [Journaled(*row) for row in rows]


def delete_facts_after(client: Client, time: datetime) -> None:
    """Take the facts whose time is later than `time` out of the journal."""
    client.command(
        "DELETE FROM events WHERE event_time > {time:DateTime64(6, 'UTC')}",
        parameters={"time": time},
    )


def truncate_derived(client: Client) -> None:
    """Empty the derived tables, before workers with empty states fill them again.

    Stale rows would stay otherwise: those of an engagement that a late call was moving when the
    worker died are not published again once both calls come in order.
    """
    for table in DERIVED:
        client.command(f"TRUNCATE TABLE {table.name}")
