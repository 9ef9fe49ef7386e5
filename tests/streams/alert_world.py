"""The pipeline's world with alert settings, two agencies' calls, and what was published."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from processors.alerts.baseline import RiseSettings
from processors.alerts.settings import EVERYONE, AlertSettings
from processors.alerts.silences import SilenceSettings
from schemas import rows
from schemas.codec import decode
from schemas.derived import AgencyAlert, AlertKind, AlertStatus
from schemas.topics import AGENCY_ALERT
from streams.agents.aggregate import Aggregator
from streams.agents.alerts import AlertWatch
from streams.agents.clocks import ClientClocks
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.intake import Intake
from streams.runtime.outbox import Message
from tests.streams.doubles import MemoryOutbox
from tests.streams.pipeline import BEGIN, Worker, World, scored

QUICK = RiseSettings(
    threshold=4.0,
    resolve_threshold=4.0,
    warmup_calls=20,
    warmup_days=3,
    alert_calls=4,
    lag_days=0,
)
"""Settings under which a few calls open and resolve an alert."""
ALL_QUICK = AlertSettings(QUICK, QUICK, SilenceSettings(days=2))
PAYER = "p:" + 24 * "0"
"""A customer whose payments are known: by a pseudonym in its proper form."""


@dataclass
class AlertWorld(World):
    """A world whose aggregator watches as `alerts` says, by the clock `wall_us` if there is one."""

    alerts: dict[str, AlertSettings] = field(default_factory=lambda: {EVERYONE: ALL_QUICK})
    wall_us: Callable[[], int] | None = None

    def worker(self) -> AlertWorker:
        """A worker that remembers nothing."""
        return AlertWorker(self)

    async def play(self, worker: AlertWorker, messages: Iterable[Message]) -> None:
        """Let `messages` come, and `worker` take them all in."""
        for message in messages:
            self.broker.write(message)
        await self.drain(worker)

    async def drain(self, worker: AlertWorker) -> None:
        """Let `worker` take in what there is, no place of a topic far ahead of the others.

        In another order alerts may open for a while that later events take back.
        """
        rng = random.Random(0)
        while await worker.step(rng):
            pass

    async def hush(self, worker: AlertWorker) -> None:
        """Let an interval pass in which nothing comes."""
        await worker.judge_silences()
        await worker.judge_silences()
        await self.drain(worker)

    def published(self, kind: AlertKind | None = None) -> list[AgencyAlert]:
        """All alerts published (of a kind), partition by partition, oldest first."""
        found = [decode(raw, AgencyAlert) for raw in self.broker.values(AGENCY_ALERT.name)]
        alerts = [alert for alert in found if isinstance(alert, AgencyAlert)]
        return [alert for alert in alerts if kind is None or alert.kind is kind]

    def standing(self) -> dict[str, dict[str, object]]:
        """The store's alerts, by their id."""
        return {
            str(row["alert_id"]): row
            for row in self.store.rows(rows.ALERTS).values()
            if row["status"] != AlertStatus.RETRACTED.value
        }


class AlertWorker(Worker):
    """A worker with the alerts of its world."""

    def __init__(self, world: AlertWorld) -> None:
        super().__init__(world)
        outbox = MemoryOutbox(world.broker, world.script)
        letters = DeadLetters(outbox, self.progress)
        self.clocks = ClientClocks(world.wall_us)
        self.aggregator = Aggregator(
            world.table("agency-days"),
            AlertWatch(world.table("agency-alerts"), world.alerts),
            outbox,
            letters,
            self.clocks,
        )
        intake = Intake(self.aggregator.handle, letters)
        self.agents = [
            replace(each, intake=intake) if each.name == "aggregate" else each
            for each in self.agents
        ]


def call_on(
    day: int, number: int = 0, agency: str = "bora", level: float = 0.2, rating: int | None = None
) -> Message:
    """A conversation on a day since `BEGIN`, at 9 + `number` / 2 o'clock; each has its customer."""
    name = f"{agency}-{day}-{number}-{rating}"
    at = BEGIN + timedelta(days=day, minutes=30 * number)
    return scored(name, f"p:{name}", at, agency, level, rating=rating)


def weeks(first: int, last: int, agency: str = "bora", calls: int = 2) -> Iterator[Message]:
    """Usual calls on the days of a Monday-to-Friday week, from day `first` to before `last`."""
    for day in range(first, last):
        if (BEGIN + timedelta(days=day)).weekday() < 5:
            for number in range(calls):
                yield call_on(day, number, agency, (0.2, 0.3, 0.1)[(day + number) % 3])


def end_of(day: int) -> datetime:
    """The end of a UTC day since `BEGIN`."""
    return (BEGIN + timedelta(days=day + 1)).replace(hour=0)
