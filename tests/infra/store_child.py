"""What is tried on the engine in process, in a process of its own: it opens one store at a time.

Run as `python -m tests.infra.store_child NAME DIRECTORY`; prints what was seen as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any, cast

from infra.clickhouse.client import open_embedded
from infra.clickhouse.journal import export_journal, read_exported, truncate_derived
from infra.clickhouse.schema import applied, migrate, migrations
from infra.clickhouse.store import ClickHouseStore
from processors.engagements.entries import PaymentEntry
from schemas.rows import (
    AGENCY_HOURS,
    AGENCY_METRICS,
    CALL_SURVEYS,
    CALLS,
    ENGAGEMENTS,
    EVENTS,
    HOUR_SUMS,
    TABLES,
)
from streams.facts.customers import StoreArchive
from streams.facts.last_calls import last_calls

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def columns(client: Any) -> dict[str, Any]:
    """Columns, engine, order and partitions of every table and view but the ledger."""
    found: dict[str, Any] = {}
    for name, engine, key, partitions in client.query(
        "SELECT name, engine_full, sorting_key, partition_key FROM system.tables "
        "WHERE database = currentDatabase() AND name != 'schema_migrations'"
    ).result_rows:
        kinds = client.query(
            "SELECT name, type FROM system.columns WHERE database = currentDatabase() "
            "AND table = {table:String} ORDER BY position",
            parameters={"table": name},
        ).result_rows
        found[name] = {
            "columns": dict(kinds),
            "engine": engine.partition(" PARTITION BY ")[0].partition(" ORDER BY ")[0],
            "key": key.strip("()"),
            "partitions": partitions,
            "kept": engine.partition(" TTL ")[2].partition(" SETTINGS ")[0],
        }
    return found


def migrating(directory: Path) -> dict[str, Any]:
    """Forward, again, back, forward; then as after dying in the midst of either way."""
    client = open_embedded(directory)
    seen: dict[str, Any] = {"up": migrate(client), "tables": columns(client)}
    seen["again"] = migrate(client)
    seen["applied"] = applied(client)
    seen["down"] = migrate(client, 0)
    seen["none"] = columns(client)
    seen["applied_none"] = applied(client)
    for statement in migrations()[0].up[:3]:
        client.command(statement)
    seen["up_after_dying"] = migrate(client)
    seen["tables_again"] = columns(client)
    client.command(migrations()[-1].down[0])
    seen["down_after_dying"] = migrate(client, 0)
    seen["none_again"] = columns(client)
    client.close()
    return seen


BEFORE_COPYING = 8
_NAMES = "['acqua', 'luce'][number % 2 + 1] AS client_id, 'a' AS agency_id"
_CALLS = (
    f"SELECT {_NAMES}, concat(toString(number % 110), '/{{months}}') AS event_id, addMonths("
    "toDateTime64('1990-01-31 23:59:59.999999', 6, 'UTC'), number % {months}) AS ended_at, "
    "repeat('x', number % 50) AS turns, number AS version FROM numbers(150)"
)
_ENGAGEMENTS = (
    f"SELECT {_NAMES}, concat(toString(number % 110), '/{{months}}') AS customer, addMonths("
    "toDateTime64('1990-01-31 23:59:59.999999', 6, 'UTC'), number % {months}) AS opened_at, "
    "number / 7 AS amount, number AS version, number > 140 AS is_deleted FROM numbers(150)"
)
_OTHERS = (
    f"SELECT {_NAMES}, toString(number % 110) AS event_id, toString(number % 110) AS segment, "
    "number % 3 AS rating, number AS calls, number AS version FROM numbers(150)"
)
_COPIED = (
    (CALLS, _CALLS),
    (ENGAGEMENTS, _ENGAGEMENTS),
    (CALL_SURVEYS, _OTHERS),
    (AGENCY_HOURS, _OTHERS),
    (AGENCY_METRICS, _OTHERS),
)
"""Rows of some months, a few of them written twice or taken back."""
_MANY_MONTHS = 110
"""More than ClickHouse takes at once unasked."""


class Dying:
    """A client whose process dies at its n-th command or insert."""

    def __init__(self, client: Any, n: int) -> None:
        self._client, self._left = client, n

    def __getattr__(self, name: str) -> Any:
        if name in ("command", "insert"):
            self._left -= 1
            if self._left < 0:
                raise KeyboardInterrupt
        return getattr(self._client, name)


def copying(directory: Path) -> dict[str, Any]:
    """The tables that are copied, there and back, dying at each command; then without dying."""
    client = open_embedded(directory)
    migrate(client, BEFORE_COPYING)
    fill(client, months=2)
    seen: dict[str, Any] = {"before": contents(client), "deaths": [0, 0], "after": []}
    for n in chain(range(12), count(12, 5)):
        deaths = list(seen["deaths"])
        for way, target in enumerate((BEFORE_COPYING + 1, BEFORE_COPYING)):
            try:
                migrate(cast("Any", Dying(client, n)), target)
            except KeyboardInterrupt:
                seen["deaths"][way] += 1
                migrate(client, target)
            seen["after"].append(contents(client))
        if seen["deaths"] == deaths:
            break
    seen["tables"] = sorted(columns(client))
    fill(client, months=_MANY_MONTHS)
    seen["many_before"] = contents(client)
    migrate(client, BEFORE_COPYING + 1)
    seen["many_after"] = contents(client)
    client.close()
    return seen


def fill(client: Any, months: int) -> None:
    """Rows into each table that is copied."""
    for table, rows in _COPIED:
        names = ", ".join(name for name in table.columns if f" AS {name}" in rows)
        made = f"SELECT {names} FROM ({rows.replace('{months}', str(months))})"
        client.command(
            f"INSERT INTO {table.name} ({names}) {made}",
            settings={"max_partitions_per_insert_block": 0},
        )


def contents(client: Any) -> list[list[Any]]:
    """Number and checksum of the rows of each table that is copied."""
    return [
        list(
            client.query(
                "SELECT count(), toString(groupBitXor(sipHash64(toString(tuple(*))))) "
                f"FROM {table.name} FINAL"
            ).result_rows[0]
        )
        for table, _ in _COPIED
    ]


def event(event_id: str, version: int, payload: str = "{}") -> dict[str, Any]:
    """A row of the journal."""
    return {
        "topic": "call-transcribed",
        "event_id": event_id,
        "client_id": "acqua",
        "customer": "p:c",
        "event_time": NOW,
        "partition": 3,
        "payload": payload,
        "version": version,
    }


def hour_row(client_id: str, hour: int, calls: int) -> dict[str, Any]:
    """A row of an agency's hourly sums on the day of `NOW`."""
    at = NOW.replace(hour=hour, minute=0, second=0, microsecond=0)
    names = {"client_id": client_id, "agency_id": "a", "segment": "all", "version": 1}
    return dict.fromkeys(HOUR_SUMS, 0) | names | {"hour": at, "known": at, "calls": calls}


WIDE_SUMS = [
    {"amount": 2**63 - 1, "churn_x": 2**63, "churn_xx": 10**30},
    {"amount": -(2**63), "churn_x": 0, "churn_xx": -1},
    {"amount": 5, "churn_x": -(2**63) - 1, "churn_xx": 2**126},
]
"""Within 64 bits, just beyond them, and far beyond, by columns."""


async def use(store: ClickHouseStore) -> dict[str, Any]:
    """Write and read through the store, as the workers do."""
    await store.insert(EVENTS, [])
    await store.insert(EVENTS, [event("a", 1), event("b", 1, "x'; DROP TABLE events --\n\t☎")])
    await store.insert(EVENTS, [event("a", 2, "newer"), event("b", 1)][:1])
    archive = StoreArchive(store)
    entry = PaymentEntry(1, "payment", "t", 0, 5, "è|1", 10**15, 5000, "EUR")
    other = entry._replace(arrival=2, event_id="2")
    await archive.put({("acqua", "p:a"): [entry, other]})
    await archive.put({("acqua", "p:a"): [entry], ("luce", "p:a"): [entry]})
    found = await archive.get([("acqua", "p:a"), ("luce", "p:b")])
    names, rows = await store.query(
        "SELECT event_id, payload, partition, event_time FROM events FINAL "
        "WHERE client_id = {client:String} ORDER BY event_id",
        {"client": "acqua"},
    )
    counted = [hour_row("acqua", 9, 2), hour_row("acqua", 11, 1), hour_row("acqua", 20, 0)]
    await store.insert(AGENCY_HOURS, [*counted, hour_row("luce", 7, 3)])
    edges = [hour_row("gas", hour, 0) | sums for hour, sums in enumerate(WIDE_SUMS)]
    await store.insert(AGENCY_HOURS, edges)
    _, wide = await store.query(
        "SELECT amount, churn_x, churn_xx FROM agency_hours WHERE client_id = 'gas' ORDER BY hour"
    )
    both = await asyncio.gather(
        store.insert(EVENTS, [event("c", 1)]), store.query("SELECT count() FROM events FINAL")
    )
    return {
        "archive": {"|".join(key): sorted(entries) for key, entries in found.items()},
        "last_calls": await last_calls(store),
        "names": names,
        "rows": [[*row[:3], row[3].isoformat()] for row in rows],
        "wide_sums": [
            list(row) == list(sums.values()) for row, sums in zip(wide, WIDE_SUMS, strict=True)
        ],
        "read_while_written": both[1][1][0][0] in (2, 3),
    }


def storing(directory: Path) -> dict[str, Any]:
    """Rows in and out, then the journal, then the derived tables emptied."""
    client = open_embedded(directory)
    migrate(client)
    client.close()
    store = ClickHouseStore(lambda: open_embedded(directory))
    seen = asyncio.run(use(store))
    store.close()
    client = open_embedded(directory)
    exported = directory / "journal.jsonl"
    assert export_journal(client, exported) == 3
    seen["journal"] = [fact._asdict() for fact in read_exported(exported)]
    for table in TABLES:
        names, values = ("version, at", "1, now()") if table.kept_days else ("version", "1")
        client.command(f"INSERT INTO {table.name} ({names}) VALUES ({values})")
    truncate_derived(client)
    seen["left"] = {
        table.name: client.query(f"SELECT count() FROM {table.name}").result_rows[0][0]
        for table in TABLES
    }
    client.close()
    return seen


if __name__ == "__main__":
    tasks = {"migrating": migrating, "copying": copying, "storing": storing}
    print(json.dumps(tasks[sys.argv[1]](Path(sys.argv[2]))))
