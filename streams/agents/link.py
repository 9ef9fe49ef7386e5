"""The `link` agent: calls, payments, cancellations and corrections meet in their engagements."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from processors.engagements.facts import (
    Cancellation,
    Fact,
    Payment,
    PaymentReturn,
    ScoredCall,
    SurveyAnswer,
)
from processors.engagements.history import CustomerState, Memory, Observed, Outcome, observe
from processors.engagements.horizons import Horizons
from schemas.changes import ChangeBatch, Position, PositionedChange
from schemas.codec import InvalidMessage, encode
from schemas.topics import (
    CALL_SCORED,
    CONTRACT_CANCELLED,
    ENGAGEMENT_CHANGED,
    PAYMENT_RECEIVED,
    PAYMENT_RETURNED,
    SURVEY_ANSWERED,
    agency_key,
)
from streams.facts.clock_gate import ClockGate
from streams.facts.conflicts import Conflicts
from streams.facts.customers import STATES_CHECKED_AN_EVENT, Arrival, Customers, Key
from streams.facts.identified import Identified, read_fact
from streams.facts.partitioning import Partitioning
from streams.runtime.counters import EVENTS_SETTLED, FACTS, LATE_EVENTS, REPARTITIONED
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.outbox import Message, Outbox
from streams.runtime.progress import Progress
from streams.transport.delivery import Delivery

TOPICS = (CALL_SCORED, PAYMENT_RECEIVED, CONTRACT_CANCELLED, PAYMENT_RETURNED, SURVEY_ANSWERED)
BYTES_A_MESSAGE = 400_000
"""Changes in one message, about: well under the brokers' usual limit of 1 MB."""

_COUNTED_AS: dict[type[Fact], str] = {
    ScoredCall: "scoredcall",
    Payment: "payment",
    Cancellation: "cancellation",
    PaymentReturn: "paymentreturn",
    SurveyAnswer: "surveyanswer",
}
"""Each fact's name in the counters `FACTS`."""


@dataclass(frozen=True)
class LinkSettings:
    """What linking depends on; changing any of it needs a rebuild."""

    pseudonym_key: bytes
    horizons: Horizons
    currency: str = "EUR"
    first_offset: int = 0
    """What positions count from: more than any position that is in the states of another broker."""
    checked_together: int = 1
    """States that are looked through for settled events at a time, at least: what is archived
    together is one insert."""


class Linker:
    """Turns facts into changes of engagements.

    Order of effects: 1. the claims are durable, 2. the customers' states are durable, 3. their
    changes are sent, 4. settled events are archived, 5. the offsets are committed. A fact
    delivered again after a crash yields the same change, which its receiver recognises by its
    position.
    """

    def __init__(
        self,
        customers: Customers,
        conflicts: Conflicts,
        outbox: Outbox,
        dead_letters: DeadLetters,
        progress: Progress,
        settings: LinkSettings,
        gate: ClockGate | None = None,
        partitioning: Partitioning | None = None,
    ) -> None:
        """
        Args:
            customers: their states.
            conflicts: which events are accepted.
            outbox: where changes go, and what belongs to another partition.
            dead_letters: where what cannot be read goes.
            progress: what is counted.
            settings: what linking depends on.
            gate: refuses payments and cancellations from the future; None: all may pass.
            partitioning: where events belong; None: where they come.
        """
        self._gate = gate
        self._partitioning = partitioning
        self._customers = customers
        self._conflicts = conflicts
        self._outbox = outbox
        self._dead_letters = dead_letters
        self._progress = progress
        self._settings = settings
        # Those left over when a worker ends are made good by its successor's first batch.
        self._checks_due = settings.checked_together

    def forget(self) -> None:
        """Drop what is in memory only."""
        self._customers.forget()

    async def handle(self, batch: Sequence[Delivery]) -> None:
        """Take a batch in; safe to repeat."""
        # 1. The claims are durable.
        arrivals = await self._arrivals(batch)
        states = await self._customers.load(arrivals)
        counted = self._customers.arrivals_before()
        new: dict[Key, CustomerState] = {}
        memories: dict[Key, Memory] = defaultdict(Memory)
        changes: dict[tuple[str, str], list[PositionedChange]] = defaultdict(list)
        for arrival in arrivals:
            before = counted[arrival.fact.client_id]
            observed = self._observe(
                arrival, states.get(arrival.key), before, memories[arrival.key]
            )
            states[arrival.key] = observed.state
            if observed.outcome is Outcome.NEW:
                new[arrival.key] = observed.state
            for change in observed.changes:
                changes[change.client_id, change.agency_id].append(
                    PositionedChange(position=arrival.position, at=arrival.fact.at, change=change)
                )
        # 2. The customers' states are durable.
        await self._customers.save(new, (arrival.fact for arrival in arrivals))
        # 3. Their changes are sent.
        await asyncio.gather(
            *(self._send(client, agency, some) for (client, agency), some in changes.items())
        )
        # 4. Settled events are archived; 5. the intake commits the offsets.
        self._checks_due += STATES_CHECKED_AN_EVENT * len(arrivals)
        if self._checks_due >= self._settings.checked_together:
            # Where it fails, the events that come again one by one do not check as many each.
            due, self._checks_due = self._checks_due, 0
            settled = await self._customers.archive_settled(due)
            self._progress.count(EVENTS_SETTLED, settled)

    async def _arrivals(self, batch: Sequence[Delivery]) -> list[Arrival]:
        """The accepted facts of a batch; what cannot be read or is in conflict is rejected."""
        read = []
        for delivery in batch:
            found = read_fact(delivery, self._settings.pseudonym_key, self._gate)
            if isinstance(found, InvalidMessage):
                await self._dead_letters.reject(delivery, found)
            elif not await self._sent_on(delivery, found):
                read.append((delivery, found))
        arrivals = []
        for delivery, found in await self._conflicts.accepted(read):
            fact = found.fact()
            if isinstance(fact, ScoredCall):
                self._progress.saw(fact.at if self._gate is None else self._gate.past(fact.at))
            arrivals.append(Arrival(fact, self._position(delivery)))
        return arrivals

    def _position(self, delivery: Delivery) -> Position:
        topic, partition, offset = delivery.position
        return Position(topic, partition, self._settings.first_offset + offset)

    async def _sent_on(self, delivery: Delivery, found: Identified) -> bool:
        """Whether a fact belongs to another partition; then it is sent there, as it came."""
        if self._partitioning is None or found.customer_id is None:
            return False
        right = self._partitioning.elsewhere(delivery, found)
        if right is None:
            return False
        topic = next(topic for topic in TOPICS if topic.name == delivery.topic)
        key = found.customer_id.encode()
        await self._outbox.deliver([Message(topic, key, delivery.value, right)])
        self._progress.count(REPARTITIONED)
        return True

    def _observe(
        self,
        arrival: Arrival,
        state: CustomerState | None,
        arrivals_before: int,
        memory: Memory,
    ) -> Observed:
        fact, position = arrival
        observed = observe(
            state,
            fact,
            position,
            horizon_hours=self._settings.horizons.hours(fact.client_id),
            currency=self._settings.currency,
            arrivals_before=arrivals_before,
            memory=memory,
        )
        self._progress.count(FACTS.of(fact=_COUNTED_AS[type(fact)], outcome=observed.outcome))
        if observed.outcome is Outcome.NEW and self._customers.is_late(fact):
            self._progress.count(LATE_EVENTS)
        return observed

    async def _send(self, client: str, agency: str, changes: list[PositionedChange]) -> None:
        """Send an agency's changes, one message after the other, so that none overtakes."""
        key = agency_key(client, agency).encode()
        for some in _parts(changes):
            part = ChangeBatch(client_id=client, agency_id=agency, changes=tuple(some))
            await self._outbox.deliver([Message(ENGAGEMENT_CHANGED, key, encode(part))])


def _parts(changes: Sequence[PositionedChange]) -> Iterator[list[PositionedChange]]:
    """The changes in order, as many together as fit in a message, by a guess of their bytes."""
    part: list[PositionedChange] = []
    size = 0
    for positioned in changes:
        engagements = (*positioned.change.before, *positioned.change.after)
        own = 2_000 + sum(400 + 60 * len(each.later) for each in engagements)
        if part and size + own > BYTES_A_MESSAGE:
            yield part
            part, size = [], 0
        part.append(positioned)
        size += own
    if part:
        yield part
