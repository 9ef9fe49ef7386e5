"""Doubles of what the agents depend on, which can be made to fail or to die at any effect.

They follow the Protocols of the real ones (`Outbox`, `StateTable`, `Store`, `Scoring`);
`test_emitter_kafka.py` and `test_scoring_process.py` run the same tests over both.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from types import SimpleNamespace
from typing import Any

from aiokafka.partitioner import DefaultPartitioner
from faust.types import TP

from infra.clickhouse.store import Row, Values
from infra.scoring.protocol import Outcome
from infra.scoring.server import outcomes_of
from processors.engagements.entries import Entry, identity_of, read_entry
from processors.identity.claims import Claim, Name, Verdict, verdict
from processors.scoring.scorer import TurnReader
from schemas.rows import HOUR, Table
from streams.facts.customers import Key
from streams.runtime.outbox import Message
from streams.state.tables import State
from streams.transport.delivery import Delivery
from streams.transport.fetched import Fetched

PARTITIONS = 4
_MURMUR2 = DefaultPartitioner()


class Death(BaseException):
    """The process dies here: nothing in it gets to do anything more."""


class Failure(Exception):
    """Something unexpected goes wrong, and the process goes on."""


class Mishap(Enum):
    """What can be scripted to happen at one effect."""

    DIE_BEFORE = "die before"
    DIE_AFTER = "die after"
    FAIL_BEFORE = "fail before"
    FAIL_AFTER = "fail after"


@dataclass
class Effects:
    """Counts every durable effect, and lets happen what `script` says, by number from 1."""

    script: Mapping[int, Mishap] = field(default_factory=dict)
    count: int = 0
    dead: bool = False

    def happen(self, effect: Callable[[], None]) -> None:
        """Do `effect`, or what the script has instead or besides."""
        if self.dead:
            raise Death
        self.count += 1
        mishap = self.script.get(self.count)
        if mishap is Mishap.FAIL_BEFORE:
            raise Failure
        if mishap is Mishap.DIE_BEFORE:
            self._die()
        effect()
        if mishap is Mishap.FAIL_AFTER:
            raise Failure
        if mishap is Mishap.DIE_AFTER:
            self._die()

    def _die(self) -> None:
        self.dead = True
        raise Death


class MemoryBroker:
    """Topics as lists, partitioned like the real ones; and each agent's committed offsets."""

    def __init__(self) -> None:
        self.logs: dict[tuple[str, int], list[tuple[bytes, bytes]]] = defaultdict(list)
        self.committed: dict[str, dict[tuple[str, int], int]] = defaultdict(
            lambda: defaultdict(int)
        )

    def write(self, message: Message) -> tuple[str, int, int]:
        """Append a message; returns topic, partition and offset."""
        partition = message.partition
        if partition is None:
            everyone = list(range(PARTITIONS))
            partition = _MURMUR2(message.key, everyone, everyone)
        log = self.logs[message.topic.name, partition]
        log.append((message.key, message.value))
        return message.topic.name, partition, len(log) - 1

    def values(self, topic: str) -> list[bytes]:
        """Everything in a topic, partition by partition."""
        return [
            value
            for (name, _), log in sorted(self.logs.items())
            if name == topic
            for _, value in log
        ]

    def lag(self, agent: str, topics: Iterable[str]) -> list[tuple[str, int]]:
        """The places with messages that `agent` has not committed."""
        names = set(topics)
        return sorted(
            place
            for place, log in self.logs.items()
            if place[0] in names and self.committed[agent][place] < len(log)
        )

    def rewind(self, rng: random.Random) -> None:
        """Put every agent back to some earlier offset, as a reset of its group would."""
        for offsets in self.committed.values():
            for place, offset in offsets.items():
                offsets[place] = rng.randint(0, offset)


class MemoryOutbox:
    """An `Outbox` into a `MemoryBroker`, one effect a message."""

    def __init__(self, broker: MemoryBroker, effects: Effects | None = None) -> None:
        self._broker = broker
        self._effects = effects or Effects()
        self.written: list[Message] = []

    async def deliver(self, messages: Iterable[Message]) -> None:
        """Write all `messages`."""
        for message in messages:
            self._effects.happen(partial(self._write, message))

    def _write(self, message: Message) -> None:
        self._broker.write(message)
        self.written.append(message)


class MemoryTable:
    """A `StateTable` that keeps JSON; `durable` outlives the worker, one effect a key.

    As with the real one, a value is seen only when every write of its `put` was durable.
    """

    def __init__(self, durable: dict[str, str], effects: Effects | None = None) -> None:
        self._durable = durable
        self._seen = dict(durable)
        self._effects = effects or Effects()

    def get(self, key: str) -> State | None:
        """The value at `key`, or None."""
        raw = self._seen.get(key)
        return None if raw is None else json.loads(raw)

    def __iter__(self) -> Iterator[str]:
        """All keys."""
        return iter(list(self._seen))

    async def put(self, values: Mapping[str, State]) -> None:
        """Keep each key's value."""
        encoded = {key: json.dumps(value) for key, value in values.items()}
        for key, raw in encoded.items():
            self._effects.happen(partial(self._durable.__setitem__, key, raw))
        self._seen |= encoded

    async def remove(self, keys: Iterable[str]) -> None:
        """Forget each key."""
        keys = list(keys)
        for key in keys:
            self._effects.happen(partial(self._durable.pop, key, None))
        for key in keys:
            self._seen.pop(key, None)


class MemoryArchive:
    """An `Archive`; `durable` outlives the worker, one effect a customer."""

    def __init__(self, durable: dict[Key, dict[tuple[str, str], str]], effects: Effects) -> None:
        self._durable = durable
        self._effects = effects
        self.asked: list[set[Key]] = []

    async def put(self, events: Mapping[Key, Sequence[Entry]]) -> None:
        """Store these events of these customers."""
        for key, entries in events.items():
            rows = {identity_of(entry): json.dumps(entry) for entry in entries}
            self._effects.happen(partial(self._merge, key, rows))

    def _merge(self, key: Key, rows: dict[tuple[str, str], str]) -> None:
        self._durable.setdefault(key, {}).update(rows)

    async def get(self, keys: Iterable[Key]) -> dict[Key, list[Entry]]:
        """All events stored of these customers."""
        self.asked.append(set(keys))
        return {
            key: [read_entry(json.loads(raw)) for raw in self._durable[key].values()]
            for key in self.asked[-1]
            if key in self._durable
        }


class MemoryClaims:
    """A `Claims`; `durable` outlives the worker, one effect a batch that claims anything."""

    def __init__(self, durable: dict[Name, str], effects: Effects | None = None) -> None:
        self._durable = durable
        self._effects = effects or Effects()

    async def judge(self, claims: Sequence[Claim]) -> list[Verdict]:
        """What becomes of each event."""
        new = {c.name: c.digest for c in reversed(claims) if verdict(c, self._durable) is None}
        if new:
            self._effects.happen(partial(self._durable.update, new))
        return [verdict(claim, self._durable) or Verdict.ACCEPTED for claim in claims]


class MemoryOriginals:
    """An `Originals` on a `MemoryBroker`."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    async def fetch(self, origins: Iterable[str]) -> dict[str, bytes]:
        """The messages at these places."""
        found = {}
        for origin in origins:
            topic, partition, offset = origin.rsplit("/", 2)
            log = self._broker.logs[topic, int(partition)]
            if int(offset) < len(log):
                found[origin] = log[int(offset)][1]
        return found


class MemoryStore:
    """A `Store` that keeps what ReplacingMergeTree keeps, one effect an insert."""

    def __init__(self, effects: Effects | None = None) -> None:
        self.effects = effects or Effects()
        self._rows: dict[str, dict[tuple[Any, ...], Row]] = defaultdict(dict)

    async def insert(self, table: Table, rows: Sequence[Row | Values]) -> None:
        """Write `rows`: of those with one key the highest version stays, of equals the last."""
        named = [by_name(table, row) for row in rows]
        for row in named:
            assert set(row) == set(table.written), set(row) ^ set(table.written)
        if named:
            self.effects.happen(lambda: self._merge(table, named))

    def _merge(self, table: Table, rows: Sequence[Row]) -> None:
        stored = self._rows[table.name]
        for row in rows:
            key = tuple(row[name] for name in table.key)
            if key not in stored or stored[key]["version"] <= row["version"]:
                stored[key] = row

    async def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """There is no SQL here."""
        raise NotImplementedError

    async def read(self, sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """There is no SQL here."""
        raise NotImplementedError

    def truncate(self, table: Table) -> None:
        """Take all rows away."""
        self._rows[table.name].clear()

    def rows(self, table: Table) -> dict[tuple[Any, ...], dict[str, Any]]:
        """What `FINAL` shows of a table by key, without the versions."""
        return {
            key: {name: value for name, value in row.items() if name != "version"}
            for key, row in self._rows[table.name].items()
            if not row.get("is_deleted")
        }


def by_name(table: Table, row: Row | Values) -> Row:
    """A row by its columns' names, its times as the engine gives them."""
    if not isinstance(row, tuple):
        return row
    return {
        name: datetime.fromtimestamp(value, UTC) if table.columns[name] == HOUR else value
        for name, value in zip(table.written, row, strict=True)
    }


class ScoringHere:
    """A `Scoring` in a thread of this process."""

    def __init__(self, reader: TurnReader) -> None:
        self._reader = reader

    async def score(self, values: Sequence[bytes]) -> list[Outcome]:
        """What comes of each message, in order."""
        return await asyncio.to_thread(outcomes_of, values, self._reader)


class BatchStream:
    """What an agent sees of Faust's stream: fetched batches, and how far it says it is done."""

    def __init__(self, topic: str, partition: int, *batches: Sequence[bytes]) -> None:
        self._place = TP(topic, partition)
        self._batches = batches
        self.acked: list[int] = []
        """Offsets of the events that are done, in order."""
        self.taken = 0
        self.crashed: list[BaseException] = []
        self.assignment = SimpleNamespace(active=True)
        self.channel = SimpleNamespace(queue=SimpleNamespace(empty=lambda: True))
        self.app = SimpleNamespace(crash=self._crash, consumer=self)
        self.in_hand = nullcontext()

    async def _crash(self, error: BaseException) -> None:
        self.crashed.append(error)

    def reassign(self) -> None:
        """Give the worker its partitions again: what it has in hand is from before."""
        self.assignment.active = False
        self.assignment = SimpleNamespace(active=True)

    def noack(self) -> BatchStream:
        """This stream: nothing is acknowledged by itself."""
        return self

    async def events(self) -> AsyncIterator[Any]:
        """One event a batch."""
        offset = 0
        for batch in self._batches:
            records = [
                SimpleNamespace(
                    offset=offset + n, value=value, headers=(), timestamp=0, timestamp_type=0
                )
                for n, value in enumerate(batch)
            ]
            begin, offset = offset or None, offset + len(batch)
            self.taken += 1
            fetched = Fetched(self._place, records, self.assignment, begin, offset)
            yield SimpleNamespace(value=fetched)

    def done(self, _: str, fetched: Fetched, end: int) -> None:
        """Note the events before `end`, as the consumer does."""
        if fetched.is_current:
            first = self.acked[-1] + 1 if self.acked else 0
            self.acked += range(first, end)


def deliveries(topic: str, *values: bytes, partition: int = 0, first: int = 0) -> list[Delivery]:
    """`values` as they would come from one partition of a topic."""
    return [
        Delivery(topic, partition, offset, value)
        for offset, value in enumerate(values, start=first)
    ]
