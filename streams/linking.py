"""The `link` agent: scores, payments and cancellations meet in their customer's engagements."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from processors.engagements import CustomerState, Memory, Observed, Outcome, observe
from processors.facts import Fact, Position, ScoredCall, cancellation, payment, scored_call
from processors.horizons import Horizons
from processors.pseudonyms import pseudonym
from schemas.codec import InvalidMessage, decode, encode
from schemas.derived import CallScored
from schemas.events import ContractCancelledEvent, PaymentReceivedEvent
from schemas.topics import (
    CALL_SCORED,
    CONTRACT_CANCELLED,
    ENGAGEMENT_CHANGED,
    PAYMENT_RECEIVED,
)
from streams.change_batches import ChangeBatch, PositionedChange, agency_key
from streams.clock_gate import ClockGate
from streams.customers import LOOKS_AN_EVENT, Arrival, Customers, Key
from streams.dead_letters import DeadLetters
from streams.deliveries import Delivery
from streams.outbox import Message, Outbox
from streams.progress import Progress

TOPICS = (CALL_SCORED, PAYMENT_RECEIVED, CONTRACT_CANCELLED)
CHANGES_A_MESSAGE = 200
ENGAGEMENTS_A_MESSAGE = 5_000
"""Keep a message well under what its topic takes: an engagement has some 300 bytes."""


@dataclass(frozen=True)
class LinkSettings:
    """What linking depends on; changing any of it needs a rebuild."""

    pseudonym_key: bytes
    horizons: Horizons
    currency: str = "EUR"


class Linker:
    """Turns facts into changes of engagements.

    Order of effects: the customers' states are durable before their changes are sent, both
    before anything of them is put away, and all before the offsets are committed. A fact
    delivered again after a crash yields the same change, which its receiver knows by its
    position.
    """

    def __init__(
        self,
        customers: Customers,
        outbox: Outbox,
        dead_letters: DeadLetters,
        progress: Progress,
        settings: LinkSettings,
        gate: ClockGate | None = None,
    ) -> None:
        """`gate` refuses payments and cancellations from the future; None: all may pass."""
        self._gate = gate
        self._customers = customers
        self._outbox = outbox
        self._dead_letters = dead_letters
        self._progress = progress
        self._settings = settings

    async def handle(self, batch: Sequence[Delivery]) -> None:
        """Take a batch in; safe to repeat."""
        arrivals = await self._arrivals(batch)
        states = await self._customers.at_hand(arrivals)
        new: dict[Key, CustomerState] = {}
        memories: dict[Key, Memory] = defaultdict(Memory)
        changes: dict[tuple[str, str], list[PositionedChange]] = defaultdict(list)
        for arrival in arrivals:
            observed = self._observe(arrival, states.get(arrival.key), memories[arrival.key])
            states[arrival.key] = observed.state
            if observed.outcome is Outcome.NEW:
                new[arrival.key] = observed.state
            for change in observed.changes:
                changes[change.client_id, change.agency_id].append(
                    PositionedChange(position=arrival.position, at=arrival.fact.at, change=change)
                )
        await self._customers.keep(new, (arrival.fact for arrival in arrivals))
        await asyncio.gather(
            *(self._send(client, agency, some) for (client, agency), some in changes.items())
        )
        settled = await self._customers.put_away(LOOKS_AN_EVENT * len(arrivals))
        self._progress.count("events_settled", settled)

    async def _arrivals(self, batch: Sequence[Delivery]) -> list[Arrival]:
        arrivals = []
        for delivery in batch:
            fact = self._fact(delivery)
            if isinstance(fact, InvalidMessage):
                await self._dead_letters.refuse(delivery, fact)
                continue
            if isinstance(fact, ScoredCall):
                self._progress.saw(fact.at if self._gate is None else self._gate.past(fact.at))
            arrivals.append(Arrival(fact, Position(*delivery.position)))
        return arrivals

    def _observe(self, arrival: Arrival, state: CustomerState | None, memory: Memory) -> Observed:
        fact, position = arrival
        observed = observe(
            state,
            fact,
            position,
            horizon_hours=self._settings.horizons.hours(fact.client_id),
            currency=self._settings.currency,
            arrivals_before=self._customers.arrivals_before(fact.client_id, position.partition),
            memory=memory,
        )
        self._progress.count(f"{type(fact).__name__.lower()}_{observed.outcome.value}")
        if observed.outcome is Outcome.NEW and self._customers.is_late(fact):
            self._progress.count("late_events")
        return observed

    def _fact(self, delivery: Delivery) -> Fact | InvalidMessage:
        if delivery.topic == CALL_SCORED.name:
            scored = decode(delivery.value, CallScored)
            return scored if isinstance(scored, InvalidMessage) else scored_call(scored)
        event: PaymentReceivedEvent | ContractCancelledEvent | InvalidMessage
        if delivery.topic == PAYMENT_RECEIVED.name:
            event = decode(delivery.value, PaymentReceivedEvent)
        else:
            event = decode(delivery.value, ContractCancelledEvent)
        if isinstance(event, InvalidMessage):
            return event
        refused = None if self._gate is None else self._gate.refusal(delivery, event)
        if refused is not None:
            return refused
        customer = self._pseudonym(event.data.client_id, event.data.customer_id)
        if isinstance(event, PaymentReceivedEvent):
            return payment(event, customer)
        return cancellation(event, customer)

    def _pseudonym(self, client_id: str, customer_id: str) -> str:
        return pseudonym(self._settings.pseudonym_key, client_id, customer_id)

    async def _send(self, client: str, agency: str, changes: list[PositionedChange]) -> None:
        """Send an agency's changes, one message after the other, so that none overtakes."""
        key = agency_key(client, agency).encode()
        for some in _parts(changes):
            part = ChangeBatch(client_id=client, agency_id=agency, changes=tuple(some))
            await self._outbox.deliver([Message(ENGAGEMENT_CHANGED, key, encode(part))])


def _parts(changes: Sequence[PositionedChange]) -> Iterator[list[PositionedChange]]:
    """The changes in order, in parts of as many as a message may have."""
    part: list[PositionedChange] = []
    engagements = 0
    for positioned in changes:
        more = len(positioned.change.before) + len(positioned.change.after)
        full = len(part) == CHANGES_A_MESSAGE or engagements + more > ENGAGEMENTS_A_MESSAGE
        if part and full:
            yield part
            part, engagements = [], 0
        part.append(positioned)
        engagements += more
    if part:
        yield part
