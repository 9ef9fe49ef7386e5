"""The journal: the facts from which everything else in the store follows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from processors.identity.sealing import is_sealed
from schemas.codec import InvalidMessage, decode
from schemas.rows import (
    ALERT_ACTIONS,
    CALL_SCORES,
    DEAD_LETTERS,
    DISPLAY_NAMES,
    EVENT_CLAIMS,
    EVENTS,
    LETTER_REPLAYS,
    NOTIFICATIONS,
    TABLES,
    WORKER_STATUS,
)
from schemas.sealed import SEALED
from schemas.topics import CALL_TRANSCRIBED

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_NOT_DERIVED = (
    EVENTS,
    EVENT_CLAIMS,
    CALL_SCORES,
    DEAD_LETTERS,
    LETTER_REPLAYS,
    DISPLAY_NAMES,
    NOTIFICATIONS,
    ALERT_ACTIONS,
    WORKER_STATUS,
)
DERIVED = tuple(table for table in TABLES if table not in _NOT_DERIVED)
"""Tables whose rows the workers write again when the journal is sent again."""


class Journaled(NamedTuple):
    """One fact as the journal stores it."""

    client_id: str
    topic: str
    event_id: str
    customer: str
    partition: int
    payload: str
    score: str = ""
    """Of a call that was scored, its `CallScore` as JSON."""


_STORED = Journaled._fields[:-1]


def export_journal(client: Client, file: Path, taken: str | None = None) -> int:
    """Write the facts to `file`, in the order of event time: for `read_exported`.

    The engine is one process's at a time, and the facts are needed when it is the worker's.

    Args:
        client: the store.
        file: replaced if it is there.
        taken: a table with facts to leave out, all of them if none; None: leave out none.

    Returns:
        How many there are.
    """
    file.unlink(missing_ok=True)
    new = "" if taken is None else f"WHERE (client_id, event_id) NOT IN ({_names_in(taken)})"
    rows = client.query(f"SELECT count() FROM {EVENTS.name} FINAL {new}").result_rows  # noqa: S608 - a constant
    count = int(rows[0][0])
    if not count:
        file.touch()
        return 0
    client.command(
        "INSERT INTO FUNCTION file({file:String}, 'JSONCompactEachRow') "  # noqa: S608 - constants
        f"SELECT {', '.join(f'facts.{name}' for name in _STORED)}, scores.score "
        f"FROM (SELECT * FROM {EVENTS.name} FINAL {new}) AS facts "
        f"LEFT JOIN (SELECT client_id, event_id, score FROM {CALL_SCORES.name} FINAL) AS scores "
        "USING (client_id, event_id) ORDER BY event_time, event_id",
        parameters={"file": str(file)},
        settings=_ON_DISK,
    )
    return count


_ON_DISK = {"join_algorithm": "full_sorting_merge", "max_bytes_before_external_sort": 300_000_000}
"""A journal may be larger than the memory."""


def _names_in(table: str) -> str:
    return f"SELECT client_id, event_id FROM {table}"  # noqa: S608 - a constant


def read_exported(file: Path) -> Iterator[Journaled]:
    """The facts of a file that `export_journal` wrote."""
    with file.open("rb") as lines:
        for line in lines:
            yield Journaled(*json.loads(line))


def read_names(client: Client) -> set[tuple[str, str]]:
    """Client and identity of every fact."""
    rows = client.query(f"{_names_in(EVENTS.name)} GROUP BY client_id, event_id").result_rows
    return {(client_id, event_id) for client_id, event_id in rows}


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
        f"SELECT {', '.join(_STORED)} FROM events FINAL "  # noqa: S608 - constants
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
