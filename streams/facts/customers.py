"""Customers' states: in the table while an engagement runs, in the store's archive once it ended.

Settled events are first written to the archive, then the watermark (up to which time events were
archived), then the smaller state; each is durable before the next. So a crash leaves an event in
both places at worst, never in none. What an event needs of the archive is recalled before it is
observed: never for an event in time, once a batch for late ones.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

from infra.clickhouse.store import Store
from processors.engagements.archiving import needs_recall, recall, settle, unsettled_until
from processors.engagements.entries import Entry, read_entry
from processors.engagements.facts import Fact, ScoredCall
from processors.engagements.history import CustomerState, OlderName, read_state, with_identities
from processors.engagements.horizons import Horizons
from processors.event_time import HOUR_US
from schemas.changes import Position
from schemas.rows import SETTLED_EVENTS
from streams.state.tables import StateTable

STATES_CHECKED_AN_EVENT = 4
"""States checked, in turn, for each event taken in: a fifth of the states is settled at most, as
each event adds one state and four checks come with it."""

Key = tuple[str, str]
"""A client company, and a customer's pseudonym."""


class Arrival(NamedTuple):
    """A fact, and where it was delivered."""

    fact: Fact
    position: Position

    @property
    def key(self) -> Key:
        """Whose fact it is."""
        return self.fact.client_id, self.fact.customer


class Archive(Protocol):
    """Where settled events are stored; writing one twice leaves one. Waits for a store that is
    away."""

    async def put(self, events: Mapping[Key, Sequence[Entry]]) -> None:
        """Store these events of these customers."""

    async def get(self, keys: Iterable[Key]) -> dict[Key, list[Entry]]:
        """All events stored of these customers; who has none may be left out."""


class StoreArchive:
    """The archive as a table of the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, events: Mapping[Key, Sequence[Entry]]) -> None:
        """Store these events of these customers."""
        rows = [
            {
                "client_id": client_id,
                "customer": customer,
                "kind": entry.kind,
                "event_id": entry.event_id,
                "entry": json.dumps(entry, separators=(",", ":")),
                "version": entry.arrival,
            }
            for (client_id, customer), entries in events.items()
            for entry in entries
        ]
        await self._store.insert(SETTLED_EVENTS, rows)

    async def get(self, keys: Iterable[Key]) -> dict[Key, list[Entry]]:
        """All events stored of these customers."""
        wanted = set(keys)
        rows = await self._store.read(
            "SELECT client_id, customer, entry FROM settled_events FINAL "
            "WHERE client_id IN {clients:Array(String)} AND customer IN {customers:Array(String)}",
            {
                "clients": sorted({client for client, _ in wanted}),
                "customers": sorted({customer for _, customer in wanted}),
            },
        )
        found: dict[Key, list[Entry]] = defaultdict(list)
        for client_id, customer, entry in rows:
            if (client_id, customer) in wanted:
                found[client_id, customer].append(read_entry(json.loads(entry)))
        return found


class Customers:
    """All customers' states of this worker."""

    def __init__(
        self,
        table: StateTable,
        watermarks: StateTable,
        archive: Archive,
        *,
        horizons: Horizons,
        grace_hours: int,
        now_us: Callable[[], int],
        latest: dict[str, int] | None = None,
        older_name: OlderName | None = None,
    ) -> None:
        """
        Args:
            table: the states, by `client|customer`.
            watermarks: up to which event time events were archived, by `client|partition`.
            archive: where settled events go.
            horizons: every client company's horizon H.
            grace_hours: how long after its end an engagement stays in the table.
            now_us: the clock: event times ahead of it settle nothing.
            latest: per client company, the time of its latest conversation, us; shared by the
                partitions of a worker.
            older_name: the identity of events that a version before identities left in the
                states; None: there are none.
        """
        self._table = table
        self._watermark_table = watermarks
        self._archive = archive
        self._horizons = horizons
        self._grace_us = grace_hours * HOUR_US
        self._now_us = now_us
        self._older_name = older_name
        self._latest = {} if latest is None else latest
        self._cursor: Iterator[str] = iter(())
        self._unsettled_until: dict[str, int] = {}
        """By their keys in the table: until when states that were checked have nothing settled.

        Each state is checked over and over; reading it for that took a twentieth of the time.
        """

    def forget(self) -> None:
        """Drop what is in memory only: this worker has other partitions now."""
        self._cursor = iter(())
        self._unsettled_until.clear()

    def is_late(self, fact: Fact) -> bool:
        """Whether `fact` comes later than the grace allows for, by its client's event time."""
        return fact.at < self._settled_before(fact.client_id)

    async def load(self, arrivals: Sequence[Arrival]) -> dict[Key, CustomerState]:
        """The states that these facts need, whole where they need them whole."""
        states: dict[Key, CustomerState] = {}
        recalled: set[Key] = set()
        for key in dict.fromkeys(arrival.key for arrival in arrivals):
            state = self._state(key)
            if state is not None:
                states[key] = state
        watermarks = self._watermarks()
        for arrival in arrivals:
            state = states.get(arrival.key)
            before = watermarks[arrival.fact.client_id]["before"]
            if needs_recall(state, arrival.fact, arrival.position, before):
                recalled.add(arrival.key)
        if recalled:
            archived = await self._archive.get(recalled)
            for key in recalled:
                state = recall(states.get(key), archived.get(key, ()), *key)
                if state is not None:
                    states[key] = state
        return states

    def arrivals_before(self) -> Mapping[str, int]:
        """Per client, the arrival number from which a new customer's events are counted on."""
        arrivals = {client: own["arrivals"] for client, own in self._watermarks().items()}
        return defaultdict(int, arrivals)

    async def save(self, states: Mapping[Key, CustomerState], facts: Iterable[Fact]) -> None:
        """Make `states` durable; the conversations among `facts` move their clients' event time on.

        Payments and cancellations do not: they come by a shorter way than what is transcribed and
        scored first, and would make whole days of conversations late.
        """
        await self._put(states)
        for fact in facts:
            if not isinstance(fact, ScoredCall):
                continue
            self._latest[fact.client_id] = max(self._latest.get(fact.client_id, 0), fact.at)

    async def archive_settled(self, checks: int) -> int:
        """Check the next `checks` states, and archive what of them is settled.

        Call it when all changes of the events taken in were delivered. Returns the number of
        events archived.
        """
        settled: dict[Key, list[Entry]] = {}
        smaller: dict[Key, CustomerState] = {}
        emptied: list[str] = []
        watermarks: dict[tuple[str, int], int] = defaultdict(int)
        for text in self._next(checks):
            key = _key(text)
            before = self._settled_before(key[0])
            if before < self._unsettled_until.get(text, 1):
                continue
            state = self._state(key)
            if state is None:
                continue
            horizon_hours = self._horizons.hours(key[0])
            split = settle(state, before, horizon_hours)
            if not split.archived:
                self._unsettled_until[text] = unsettled_until(state, horizon_hours)
                continue
            settled[key] = split.archived
            partition = _partition(state)
            watermarks[key[0], partition] = max(watermarks[key[0], partition], state["arrived"])
            if split.remaining is None:
                emptied.append(text)
            else:
                smaller[key] = split.remaining
        if settled:
            await self._archive.put(settled)
            await self._move_watermarks(watermarks)
            await self._put(smaller)
            await self._remove(emptied)
        return sum(map(len, settled.values()))

    def _next(self, checks: int) -> list[str]:
        keys = list(islice(self._cursor, checks))
        if len(keys) < checks:
            self._cursor = iter(self._table)
            keys += islice(self._cursor, checks - len(keys))
        return list(dict.fromkeys(keys))

    async def _move_watermarks(self, watermarks: Mapping[tuple[str, int], int]) -> None:
        await self._watermark_table.put(
            {
                f"{client_id}|{partition}": self._moved(client_id, partition, arrivals)
                for (client_id, partition), arrivals in watermarks.items()
            }
        )

    def _moved(self, client_id: str, partition: int, arrivals: int) -> dict[str, int]:
        watermark = self._watermark(client_id, partition)
        return {
            "before": max(watermark["before"], self._settled_before(client_id)),
            "arrivals": max(watermark["arrivals"], arrivals),
        }

    def _watermarks(self) -> Mapping[str, dict[str, int]]:
        """Per client company, the latest watermark of any partition.

        A customer's event may come by another partition than its archived ones did, where the
        emitter chose it otherwise: the partition it comes by must not decide.
        """
        found: dict[str, dict[str, int]] = defaultdict(lambda: {"before": 0, "arrivals": 0})
        for key in self._watermark_table:
            watermark = self._watermark_table.get(key)
            if watermark is not None:
                own = found[key.rsplit("|", 1)[0]]
                for name in own:
                    own[name] = max(own[name], watermark[name])
        return found

    def _watermark(self, client_id: str, partition: int) -> dict[str, int]:
        return self._watermark_table.get(f"{client_id}|{partition}") or {"before": 0, "arrivals": 0}

    def _settled_before(self, client_id: str) -> int:
        latest = min(self._latest.get(client_id, 0), self._now_us())
        return max(0, latest - self._grace_us)

    def _state(self, key: Key) -> CustomerState | None:
        stored = self._table.get(_text(key))
        if stored is None:
            return None
        state = read_state(stored)
        return state if self._older_name is None else with_identities(state, self._older_name)

    async def _put(self, states: Mapping[Key, CustomerState]) -> None:
        values = {_text(key): dict(state) for key, state in states.items()}
        await self._table.put(values)
        for text in values:
            self._unsettled_until.pop(text, None)

    async def _remove(self, texts: Sequence[str]) -> None:
        await self._table.remove(texts)
        for text in texts:
            self._unsettled_until.pop(text, None)


def _partition(state: CustomerState) -> int:
    """The partition that all of a customer's events come from."""
    return state["events"][-1].partition


def _text(key: Key) -> str:
    return "|".join(key)


def _key(text: str) -> Key:
    client_id, customer = text.split("|")
    return client_id, customer
