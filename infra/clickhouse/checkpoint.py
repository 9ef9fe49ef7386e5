"""Checkpoints: what follows from the journal, as of a moment at which nothing was under way.

A checkpoint is a database beside the store's own: clones of the derived tables and of the journal,
which share their files with them, and the workers' states. The store can go back to it: what was
journaled since is all that has to be taken in again.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from infra.clickhouse.damage import is_whole
from infra.clickhouse.journal import DERIVED
from schemas.rows import EVENTS

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_PREFIX = "checkpoint_"
_ABOUT, _STATES = "about", "states"
_CLONED = (*DERIVED, EVENTS)
_PAGE = 5000


class State(NamedTuple):
    """A worker's state at one key, as its changelog holds it."""

    topic: str
    partition: int
    key: str
    value: bytes


class Checkpoint(NamedTuple):
    """A complete checkpoint."""

    generation: int
    """Of the stack that made it: a later one's positions and rows are greater."""

    @property
    def database(self) -> str:
        """Where it is."""
        return f"{_PREFIX}{self.generation}"


def take_checkpoint(
    client: Client, generation: int, derivation: str, states: Iterable[State]
) -> None:
    """Note what the store holds now, and the states that belong to it.

    Nothing may be under way. It is complete with its last row; only then the older ones go.

    Args:
        client: the store; nothing else may write to it.
        generation: of the stack that made the states.
        derivation: names what the tables were derived with, settings and code.
        states: of all workers.
    """
    taken = Checkpoint(generation)
    _drop(client, taken)
    client.command(f"CREATE DATABASE {taken.database}")
    for table in _CLONED:
        client.command(f"CREATE TABLE {taken.database}.{table.name} CLONE AS {table.name}")
    client.command(
        f"CREATE TABLE {taken.database}.{_STATES} (topic LowCardinality(String), "
        "partition UInt16, key String, value String) ENGINE = MergeTree ORDER BY ()"
    )
    rows = iter(states)
    while some := [[*s[:3], base64.b64encode(s.value).decode()] for s in islice(rows, _PAGE)]:
        client.insert(f"{taken.database}.{_STATES}", some, column_names=list(State._fields))
    client.command(
        f"CREATE TABLE {taken.database}.{_ABOUT} (derivation String) ENGINE = MergeTree ORDER BY ()"
    )
    client.insert(f"{taken.database}.{_ABOUT}", [[derivation]], column_names=["derivation"])
    drop_checkpoints(client, taken)


def latest_checkpoint(client: Client, derivation: str) -> Checkpoint | None:
    """The latest checkpoint that is complete, undamaged and made with `derivation`."""
    for each in sorted(_all(client), reverse=True):
        if _derivation(client, each) == derivation and _is_whole(client, each):
            return each
    return None


def drop_checkpoints(client: Client, but: Checkpoint | None = None) -> None:
    """Drop all checkpoints but one, the incomplete ones too."""
    for each in _all(client):
        if each != but:
            _drop(client, each)


def go_back(client: Client, checkpoint: Checkpoint) -> None:
    """Have the derived tables as they were; broken off, it can be repeated."""
    for table in DERIVED:
        client.command(f"TRUNCATE TABLE {table.name}")
        client.command(
            f"ALTER TABLE {table.name} ATTACH PARTITION ALL FROM {checkpoint.database}.{table.name}"
        )


def read_states(client: Client, checkpoint: Checkpoint) -> Iterator[State]:
    """The workers' states."""
    with client.query_row_block_stream(
        f"SELECT topic, partition, key, value FROM {checkpoint.database}.{_STATES}",  # noqa: S608 - names of ours
        settings={"max_block_size": _PAGE},
    ) as blocks:
        for block in blocks:
            for topic, partition, key, value in block:
                yield State(topic, partition, key, base64.b64decode(value))


def _all(client: Client) -> list[Checkpoint]:
    rows = client.query(
        "SELECT name FROM system.databases WHERE match(name, {pattern:String})",
        parameters={"pattern": f"^{_PREFIX}[0-9]+$"},
    ).result_rows
    return [Checkpoint(int(name.removeprefix(_PREFIX))) for (name,) in rows]


def _derivation(client: Client, checkpoint: Checkpoint) -> str | None:
    """What it was made with; None where it is not complete."""
    about = f"{checkpoint.database}.{_ABOUT}"
    if not client.query(f"EXISTS TABLE {about}").result_rows[0][0]:
        return None
    rows = client.query(f"SELECT derivation FROM {about}").result_rows  # noqa: S608 - a name of ours
    return str(rows[0][0]) if rows else None


def _is_whole(client: Client, checkpoint: Checkpoint) -> bool:
    names = [*(table.name for table in _CLONED), _STATES, _ABOUT]
    aside = client.query(
        "SELECT count() FROM system.detached_parts WHERE database = {database:String}",
        parameters={"database": checkpoint.database},
    ).result_rows
    return not aside[0][0] and all(
        is_whole(client, f"{checkpoint.database}.{name}") for name in names
    )


def _drop(client: Client, checkpoint: Checkpoint) -> None:
    client.command(f"DROP DATABASE IF EXISTS {checkpoint.database} SYNC")
