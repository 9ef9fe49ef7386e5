"""The `aggregate` agent: changes become hourly sums, snapshots of the windows, and alerts."""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import cast

from processors.event_time import DAY_US, HOUR_US, day_of, day_start
from processors.metrics.from_sums import snapshot_days
from processors.metrics.hourly_sums import (
    Cell,
    DayState,
    apply,
    cell_sums,
    cells_touched,
    days_touched,
    hours_with_calls,
)
from processors.metrics.windows import AgencyDays
from schemas.changes import ChangeBatch, PositionedChange
from schemas.codec import InvalidMessage, decode, encode
from schemas.derived import AgencyHours, HourCell
from schemas.topics import AGENCY_HOURS, AGENCY_METRICS, ENGAGEMENT_CHANGED, agency_key
from streams.agents.alerts import AlertWatch, Clock
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.delivery import Delivery
from streams.runtime.outbox import Message, Outbox
from streams.runtime.progress import Progress
from streams.runtime.state import StateTable

TOPICS = (ENGAGEMENT_CHANGED,)

DELIVERED_AT_ONCE = 1_000
"""Messages made before they are delivered: an import of years has ten thousand of them a year and
seven agencies, and none may be missing."""

Agency = tuple[str, str]

REPUBLISHED_DAYS = 90
"""Days whose snapshots a worker publishes again at its start: the last ones may be missing."""


class Aggregator:
    """Holds the days of each agency and publishes what follows from them.

    Order of effects: 1. the days are durable, 2. what follows from them is published, 3. the
    offsets are committed. What is published is the whole state, never a difference, so it may be
    published twice.
    """

    def __init__(
        self,
        days: StateTable,
        alerts: AlertWatch,
        outbox: Outbox,
        dead_letters: DeadLetters,
        progress: Progress,
        now_us: Callable[[], int] | None = None,
        ceiling_us: Callable[[], int] | None = None,
    ) -> None:
        """
        Args:
            days: the agencies' days.
            alerts: their alerts.
            outbox: where what follows from them goes.
            dead_letters: where what cannot be read goes.
            progress: what is counted.
            now_us: moves the windows on while no events come; None: only events move them.
            ceiling_us: nothing is published as of a later time; None: `now_us`, if there is one.
        """
        self._days = days
        self._alerts = alerts
        self._outbox = outbox
        self._dead_letters = dead_letters
        self._progress = progress
        self._now_us = now_us
        self._ceiling_us = ceiling_us or now_us or _no_ceiling
        self._known: dict[Agency, AgencyDays] | None = None
        self._partitions: dict[Agency, int] = {}
        self._clock: dict[str, int] = defaultdict(int)
        self._last_call: dict[str, int] = defaultdict(int)
        self._complete_to: dict[str, int] = defaultdict(int)
        self._quiet: set[str] = set()
        self._published_to: dict[Agency, int] = {}
        self._one_at_a_time = asyncio.Lock()

    def forget(self) -> None:
        """Drop what is in memory only: this worker has other partitions now."""
        self._known = None
        self._partitions.clear()
        self._published_to.clear()
        self._complete_to.clear()
        self._quiet.clear()
        self._alerts.forget()

    async def handle(self, batch: Sequence[Delivery]) -> None:
        """Take a batch in; safe to repeat."""
        async with self._one_at_a_time:
            await self._handle(batch)

    async def _handle(self, batch: Sequence[Delivery]) -> None:
        known = self._agencies()
        states: dict[str, tuple[int, DayState]] = {}
        touched: dict[Agency, set[Cell]] = defaultdict(set)
        for delivery in batch:
            changes = decode(delivery.value, ChangeBatch)
            if isinstance(changes, InvalidMessage):
                await self._dead_letters.reject(delivery, changes)
                continue
            agency = (changes.client_id, changes.agency_id)
            self._partitions[agency] = delivery.partition
            self._quiet.discard(agency[0])
            for positioned in changes.changes:
                self._saw(agency[0], positioned)
                self._apply(agency, positioned, delivery.partition, states)
                touched[agency] |= cells_touched(positioned.change)
        # 1. The days are durable.
        await self._days.put({key: (at, dict(state)) for key, (at, state) in states.items()})
        for key, (_, state) in states.items():
            client, agency_id, day = key.split("|")
            days = known.setdefault((client, agency_id), self._agency_days((client, agency_id)))
            days.put(int(day), state)
        # 2. What follows from them is published; 3. the intake commits the offsets.
        await self._publish(touched)

    async def advance(self) -> None:
        """Let the windows of agencies without events move on with the clock.

        Never during a batch: an older state would be published after a newer one.
        """
        if self._now_us is not None:
            async with self._one_at_a_time:
                await self._publish({})

    async def judge_silences(self) -> None:
        """Publish which agencies are silent, up to the time for which all events have arrived.

        Call it at intervals longer than an event takes to arrive. What is missing now may be on its
        way, as after an outage: the clock that silences are judged by moves on only for
        clients whose calls are of the last hour, or of which nothing came during a whole interval.
        """
        async with self._one_at_a_time:
            clients = {client for client, _ in self._agencies()}
            for client in clients:
                complete_to = max(self._complete_to[client], self._complete_until(client))
                self._complete_to[client] = complete_to
            self._quiet = clients
            await self._publish_alerts()

    async def judge_all_silences(self) -> None:
        """Publish which agencies are silent as of the last call, once nothing is on its way."""
        async with self._one_at_a_time:
            for client, _ in self._agencies():
                self._complete_to[client] = max(self._complete_to[client], self._last_call[client])
            await self._publish_alerts()

    async def _publish_alerts(self) -> None:
        messages = [
            message
            for agency, days in self._agencies().items()
            for message in self._alerts.alerts(agency, days, (), self._now(agency[0]))
        ]
        await self._outbox.deliver(messages)
        await self._alerts.save(self._partitions)

    def _complete_until(self, client: str) -> int:
        """The time (us) up to which all events of the client have arrived; 0 if unknown."""
        last_call, quiet = self._last_call[client], client in self._quiet
        if self._now_us is None:
            return last_call if quiet else 0
        now = self._now_us()
        if quiet:
            return now
        return min(last_call, now) if abs(now - last_call) < HOUR_US else 0

    def _saw(self, client: str, positioned: PositionedChange) -> None:
        """Move the client's clocks on."""
        at = min(positioned.at, self._ceiling_us())
        self._clock[client] = max(self._clock[client], at)
        if positioned.change.conversation is not None:
            self._last_call[client] = max(self._last_call[client], at)

    def _apply(
        self,
        agency: Agency,
        positioned: PositionedChange,
        partition: int,
        states: dict[str, tuple[int, DayState]],
    ) -> None:
        for day in days_touched(positioned.change):
            key = day_key(agency, day)
            before = states[key][1] if key in states else self._day(key)
            after = apply(before, day, positioned.change, positioned.position)
            if after is not before:
                states[key] = partition, after

    def _agency_days(self, agency: Agency) -> AgencyDays:
        return AgencyDays(*agency, lambda day: self._day(day_key(agency, day)))

    def _day(self, key: str) -> DayState | None:
        return cast("DayState | None", self._days.get(key))

    def _agencies(self) -> dict[Agency, AgencyDays]:
        """All agencies of this worker's partitions, read back from the table when not known."""
        if self._known is None:
            known: dict[Agency, AgencyDays] = {}
            for key in self._days:
                client, agency_id, day = key.split("|")
                days = known.setdefault((client, agency_id), self._agency_days((client, agency_id)))
                state = self._day(key)
                if state is not None:
                    days.put(int(day), state)
                    last_call = min(last_call_us(int(day), state), self._ceiling_us())
                    self._clock[client] = max(self._clock[client], last_call)
                    self._last_call[client] = max(self._last_call[client], last_call)
            for agency, days in known.items():
                earliest = self._clock[agency[0]] - REPUBLISHED_DAYS * DAY_US
                self._published_to[agency] = max(day_start(days.days[0]), earliest)
            self._known = known
        return self._known

    def _event_time(self, client: str) -> int:
        now = self._now_us() if self._now_us is not None else 0
        return max(self._clock[client], now)

    def _now(self, client: str) -> Clock:
        return Clock(self._event_time(client), self._complete_to[client])

    async def _publish(self, touched: dict[Agency, set[Cell]]) -> None:
        published_to: dict[Agency, int] = {}
        messages = self._messages(touched, published_to)
        while some := list(islice(messages, DELIVERED_AT_ONCE)):
            await self._outbox.deliver(some)
        self._published_to |= published_to
        await self._alerts.save(self._partitions)

    def _messages(
        self, touched: dict[Agency, set[Cell]], published_to: dict[Agency, int]
    ) -> Iterator[Message]:
        """What follows from the touched cells and the clocks, made as it is delivered.

        `published_to` gets the time up to which each agency's snapshots are published by them.
        """
        clients = {client for client, _ in touched}
        for agency, days in self._agencies().items():
            cells = touched.get(agency, set())
            if not cells and self._now_us is None and agency[0] not in clients:
                continue
            yield from self._hours(agency, cells)
            published_to[agency] = self._event_time(agency[0])
            yield from self._snapshots(agency, days, cells, published_to[agency])
            yield from self._alerts.alerts(
                agency, days, {cell.hour for cell in cells}, self._now(agency[0])
            )

    def _hours(self, agency: Agency, cells: set[Cell]) -> Iterable[Message]:
        """The touched hours' sums, a message a day."""
        by_day: dict[int, list[Cell]] = defaultdict(list)
        for cell in sorted(cells):
            by_day[day_of(cell.hour)].append(cell)
        for day, its_cells in by_day.items():
            state = self._day(day_key(agency, day))
            sums = tuple(
                HourCell(
                    segment=cell.segment,
                    hour_us=cell.hour,
                    known_us=cell.known,
                    sums=cell_sums(state, cell),
                )
                for cell in its_cells
            )
            hours = AgencyHours(client_id=agency[0], agency_id=agency[1], cells=sums)
            yield Message(AGENCY_HOURS, _key(agency), encode(hours))

    def _snapshots(
        self, agency: Agency, days: AgencyDays, cells: set[Cell], now: int
    ) -> Iterator[Message]:
        """The windows of every day that the touched hours, or the clock, have changed."""
        if not now:
            return
        published_to = self._published_to.get(agency, day_start(days.days[0]))
        due = snapshot_days({(cell.hour, cell.known) for cell in cells}, now, published_to)
        for as_of in due.values():
            for figures in days.snapshot(as_of):
                yield Message(AGENCY_METRICS, _key(agency), encode(figures))


def day_key(agency: Agency, day: int) -> str:
    """Key of an agency's day in the table."""
    return f"{agency_key(*agency)}|{day}"


def last_call_us(day: int, state: DayState) -> int:
    """End of the last hour of a day with conversations, us; 0 where there are none."""
    hours = hours_with_calls(state)
    return day_start(day) + (max(hours) + 1) * HOUR_US - 1 if hours else 0


def _no_ceiling() -> int:
    return sys.maxsize


def _key(agency: Agency) -> bytes:
    return agency_key(*agency).encode()
