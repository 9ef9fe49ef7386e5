"""Checkpoints on the real engine, in a process of its own: prints what was seen, as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.clickhouse.checkpoint import (
    State,
    drop_checkpoints,
    go_back,
    latest_checkpoint,
    read_states,
    take_checkpoint,
)
from infra.clickhouse.client import open_embedded
from infra.clickhouse.journal import DERIVED, export_journal, read_exported
from infra.clickhouse.schema import migrate
from schemas.rows import CALL_SCORES, EVENTS, Table

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

STATES = [State("changelog", 3, "client|è", b"\xff\x00{}"), State("other", 0, "k", b"{}")]


def write(client: Client, table: Table, key: str, version: int) -> None:
    """A row that differs by its key and version alone."""
    keys = [name for name in table.key if table.columns[name] in ("String", _LABEL)]
    columns = [*keys, "version"]
    client.insert(table.name, [[*(key for _ in keys), version]], column_names=columns)


_LABEL = "LowCardinality(String)"


def rows(client: Client) -> dict[str, list[Any]]:
    """What the derived tables hold."""
    return {
        table.name: [
            list(row)
            for row in client.query(
                f"SELECT {table.key[0]}, version FROM {table.name} FINAL ORDER BY 1"
            ).result_rows
        ]
        for table in DERIVED
    }


def derive(client: Client, key: str, version: int) -> None:
    """Have a row in each derived table."""
    for table in DERIVED:
        write(client, table, key, version)


def journal(client: Client, file: Path, taken: str | None = None) -> list[list[str]]:
    """Ids and scores of the facts that are to be taken in again."""
    count = export_journal(client, file, taken)
    facts = [[fact.event_id, fact.score] for fact in read_exported(file)]
    assert len(facts) == count
    return facts


def seen(directory: Path) -> dict[str, Any]:
    """A checkpoint taken, the store changed, and the store gone back."""
    file = directory / "journal.jsonl"
    client = open_embedded(directory)
    migrate(client)
    found: dict[str, Any] = {"none": latest_checkpoint(client, "d")}
    derive(client, "a", 1)
    write(client, EVENTS, "a", 1)
    take_checkpoint(client, 7, "d", STATES)
    found["taken"] = rows(client)
    derive(client, "a", 2)
    derive(client, "b", 2)
    for table in DERIVED:
        client.command(f"OPTIMIZE TABLE {table.name} FINAL")
    write(client, EVENTS, "b", 1)
    client.insert(
        CALL_SCORES.name,
        [["b", "b", '{"s": "è"}', 1]],
        column_names=["client_id", "event_id", "score", "version"],
    )
    client.close()
    client = open_embedded(directory)
    checkpoint = latest_checkpoint(client, "d")
    assert checkpoint is not None
    found["other_derivation"] = latest_checkpoint(client, "e")
    found["generation"] = checkpoint.generation
    go_back(client, checkpoint)
    go_back(client, checkpoint)  # Broken off, it is repeated.
    found["gone_back"] = rows(client)
    found["states"] = [state == other for state, other in zip(_sorted(client), STATES, strict=True)]
    found["since"] = journal(client, file, f"{checkpoint.database}.{EVENTS.name}")
    found["all"] = journal(client, file)
    client.command("CREATE DATABASE checkpoint_9")  # One that was broken off.
    found["incomplete"] = latest_checkpoint(client, "d") == checkpoint
    take_checkpoint(client, 10, "d", [])
    found["newer"] = latest_checkpoint(client, "d") == (10,)
    found["databases"] = _databases(client)
    drop_checkpoints(client)
    found["dropped"] = _databases(client)
    client.close()
    return found


def damaged(directory: Path) -> dict[str, Any]:
    """A checkpoint of which a file is cut short is not used."""
    client = open_embedded(directory)
    migrate(client)
    derive(client, "a", 1)
    take_checkpoint(client, 1, "d", STATES)
    [[path]] = client.query(
        "SELECT path FROM system.parts WHERE database = 'checkpoint_1' AND table = 'states'"
    ).result_rows
    client.close()
    data = next(file for file in sorted(Path(path).glob("*.bin")) if file.stat().st_size)
    data.write_bytes(data.read_bytes()[:-1] + b"\x00")
    client = open_embedded(directory)
    found = {"used": latest_checkpoint(client, "d") is not None}
    client.close()
    return found


def _sorted(client: Client) -> list[State]:
    checkpoint = latest_checkpoint(client, "d")
    assert checkpoint is not None
    return sorted(read_states(client, checkpoint))


def _databases(client: Client) -> list[str]:
    names = "SELECT name FROM system.databases WHERE startsWith(name, 'checkpoint') ORDER BY name"
    return [name for (name,) in client.query(names).result_rows]


if __name__ == "__main__":
    made: dict[str, Callable[[Path], dict[str, Any]]] = {"seen": seen, "damaged": damaged}
    print(json.dumps(made[sys.argv[1]](Path(sys.argv[2]))))
