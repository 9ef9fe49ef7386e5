"""The `aggregate` agent: changes become hourly sums, snapshots of the windows, and alerts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import cast

from processors.event_time import DAY_US, HOUR_US, day_of, day_start
from processors.metrics.from_sums import snapshot_days
from processors.metrics.hourly_sums import (
    Cell,
    DayState,
    Effects,
    Place,
    apply,
    cell_values,
    cells,
    hours_with_calls,
)
from processors.metrics.windows import AgencyDays
from schemas.changes import ChangeBatch, Position
from schemas.codec import InvalidMessage, encode
from schemas.derived import Snapshots
from schemas.topics import AGENCY_HOURS, AGENCY_METRICS, ENGAGEMENT_CHANGED, agency_key
from streams.agents.alerts import AlertWatch
from streams.agents.clocks import ClientClocks
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.hours_codec import HoursOfAgency, HourSums, encode_hours
from streams.runtime.outbox import Message, Outbox
from streams.state.tables import StateTable
from streams.transport.delivery import Delivery

TOPICS = (ENGAGEMENT_CHANGED,)

DELIVERED_AT_ONCE = 20
"""Messages made before they are delivered: an import of years has hundreds of them, and none may
be missing."""
CELLS_A_MESSAGE = 500
SNAPSHOTS_A_MESSAGE = 200
"""Some 300 kB: well under the brokers' usual limit of 1 MB."""

Agency = tuple[str, str]

REPUBLISHED_DAYS = 90
"""Days whose snapshots a worker publishes again at its start: the last ones may be missing."""


class Aggregator:
    """Holds the days of a partition's agencies and publishes what follows from them.

    Order of effects: 1. the days are written, 2. what follows from them is published, 3. both are
    committed together, 4. the offsets are committed. What is published is the whole state, never a
    difference, so it may be published twice.
    """

    def __init__(
        self,
        days: StateTable,
        alerts: AlertWatch,
        outbox: Outbox,
        dead_letters: DeadLetters,
        clocks: ClientClocks,
    ) -> None:
        """
        Args:
            days: the agencies' days.
            alerts: their alerts.
            outbox: where what follows from them goes.
            dead_letters: where what cannot be read goes.
            clocks: of the client companies; shared by the partitions of a worker.
        """
        self._days = days
        self._alerts = alerts
        self._outbox = outbox
        self._dead_letters = dead_letters
        self._clocks = clocks
        self._known: dict[Agency, AgencyDays] | None = None
        self._published_to: dict[Agency, int] = {}

    def forget(self) -> None:
        """Drop what is in memory only."""
        self._known = None
        self._published_to.clear()
        self._alerts.forget()

    @property
    def clients(self) -> set[str]:
        """The client companies of its agencies."""
        return {client for client, _ in self._agencies()}

    async def handle(self, batch: Sequence[Delivery]) -> None:
        """Take a batch in; safe to repeat."""
        known = self._agencies()
        states: dict[str, DayState] = {}
        touched: dict[Agency, set[Place]] = defaultdict(set)
        for delivery in batch:
            changes = delivery.read(ChangeBatch)
            if isinstance(changes, InvalidMessage):
                await self._dead_letters.reject(delivery, changes)
                continue
            agency = (changes.client_id, changes.agency_id)
            self._clocks.came(agency[0])
            for positioned in changes.changes:
                is_call = positioned.change.conversation is not None
                self._clocks.saw(agency[0], positioned.at, is_call)
                effects = Effects(positioned.change)
                self._apply(agency, effects, positioned.position, states)
                touched[agency].update(effects.places)
        # 1. The days are written.
        await self._days.put({key: dict(state) for key, state in states.items()})
        for key, state in states.items():
            client, agency_id, day = key.split("|")
            days = known.setdefault((client, agency_id), self._agency_days((client, agency_id)))
            days.put(int(day), state)
        # 2. What follows from them is published; 3. and 4. are the caller's.
        moved = {agency: cells(places) for agency, places in touched.items()}
        await self._publish(moved, {client for client, _ in moved})

    async def advance(self, clients: Collection[str] | None = None) -> None:
        """Let the windows of agencies without events move on with the clock.

        `clients` are those whose clock has moved; None: all.

        Never during a batch: an older state would be published after a newer one.
        """
        await self._publish({}, self.clients if clients is None else clients)

    async def publish_silences(self) -> None:
        """Publish which agencies are silent, up to the time for which all events have arrived."""
        await self._publish_alerts()

    async def _publish_alerts(self) -> None:
        messages = [
            message
            for agency, days in self._agencies().items()
            for message in self._alerts.alerts(agency, days, (), self._clocks.of(agency[0]))
        ]
        await self._outbox.deliver(messages)
        await self._alerts.save()

    def _apply(
        self,
        agency: Agency,
        effects: Effects,
        position: Position,
        states: dict[str, DayState],
    ) -> None:
        for day in effects.days:
            key = day_key(agency, day)
            before = states[key] if key in states else self._day(key)
            after = apply(before, day, effects, position)
            if after is not before:
                states[key] = after

    def _agency_days(self, agency: Agency) -> AgencyDays:
        return AgencyDays(*agency, lambda day: self._day(day_key(agency, day)))

    def _day(self, key: str) -> DayState | None:
        return cast("DayState | None", self._days.get(key))

    def _agencies(self) -> dict[Agency, AgencyDays]:
        """All agencies of the partition, read back from the table when not known."""
        if self._known is None:
            known: dict[Agency, AgencyDays] = {}
            for key in self._days:
                client, agency_id, day = key.split("|")
                days = known.setdefault((client, agency_id), self._agency_days((client, agency_id)))
                state = self._day(key)
                if state is not None:
                    days.put(int(day), state)
                    self._clocks.saw(client, last_call_us(int(day), state), is_call=True)
            for agency, days in known.items():
                earliest = self._clocks.latest(agency[0]) - REPUBLISHED_DAYS * DAY_US
                self._published_to[agency] = max(day_start(days.days[0]), earliest)
            self._known = known
        return self._known

    async def _publish(self, touched: dict[Agency, set[Cell]], clients: Collection[str]) -> None:
        published_to: dict[Agency, int] = {}
        messages = self._messages(touched, clients, published_to)
        while some := list(islice(messages, DELIVERED_AT_ONCE)):
            await self._outbox.deliver(some)
        self._published_to |= published_to
        await self._alerts.save()

    def _messages(
        self,
        touched: dict[Agency, set[Cell]],
        clients: Collection[str],
        published_to: dict[Agency, int],
    ) -> Iterator[Message]:
        """What follows from the touched cells and the clients' clocks, made as it is delivered.

        `published_to` gets the time up to which each agency's snapshots are published by them.
        """
        for agency, days in self._agencies().items():
            if agency[0] not in clients:
                continue
            moved = touched.get(agency, set())
            yield from self._hours(agency, moved)
            published_to[agency] = self._clocks.now(agency[0])
            yield from self._snapshots(agency, days, moved, published_to[agency])
            yield from self._alerts.alerts(
                agency, days, {cell.hour for cell in moved}, self._clocks.of(agency[0])
            )

    def _hours(self, agency: Agency, moved: set[Cell]) -> Iterator[Message]:
        """The touched hours' sums, as many together as fit in a message."""
        states = {
            day: self._day(day_key(agency, day)) for day in {day_of(cell.hour) for cell in moved}
        }
        in_order = iter(sorted(moved))
        while some := list(islice(in_order, CELLS_A_MESSAGE)):
            sums = tuple(_hour(states[day_of(cell.hour)], cell) for cell in some)
            yield Message(AGENCY_HOURS, _key(agency), encode_hours(HoursOfAgency(*agency, sums)))

    def _snapshots(
        self, agency: Agency, days: AgencyDays, moved: set[Cell], now: int
    ) -> Iterator[Message]:
        """The windows of every day that the touched hours, or the clock, have changed."""
        if not now:
            return
        published_to = self._published_to.get(agency, day_start(days.days[0]))
        due = snapshot_days({(cell.hour, cell.known) for cell in moved}, now, published_to)
        figures = (each for as_of in due.values() for each in days.snapshot(as_of))
        while some := tuple(islice(figures, SNAPSHOTS_A_MESSAGE)):
            snapshots = Snapshots(client_id=agency[0], agency_id=agency[1], figures=some)
            yield Message(AGENCY_METRICS, _key(agency), encode(snapshots))


def _hour(state: DayState | None, cell: Cell) -> HourSums:
    return HourSums(cell.segment, cell.hour, cell.known, cell_values(state, cell))


def day_key(agency: Agency, day: int) -> str:
    """Key of an agency's day in the table."""
    return f"{agency_key(*agency)}|{day}"


def last_call_us(day: int, state: DayState) -> int:
    """End of the last hour of a day with conversations, us; 0 where there are none."""
    hours = hours_with_calls(state)
    return day_start(day) + (max(hours) + 1) * HOUR_US - 1 if hours else 0


def _key(agency: Agency) -> bytes:
    return agency_key(*agency).encode()
