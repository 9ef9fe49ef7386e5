"""The `link` agent: scores, payments and cancellations meet in their customer's engagements."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from processors.engagements import CustomerState, Outcome, observe
from processors.facts import Fact, Position, ScoredCall, cancellation, payment, scored_call
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
from streams.dead_letters import DeadLetters
from streams.deliveries import Delivery
from streams.outbox import Message, Outbox
from streams.progress import Progress
from streams.state import StateTable

TOPICS = (CALL_SCORED, PAYMENT_RECEIVED, CONTRACT_CANCELLED)
CHANGES_A_MESSAGE = 200
"""Keeps a message well under the brokers' usual limit of 1 MB."""


@dataclass(frozen=True)
class LinkSettings:
    """What linking depends on; changing any of it needs a rebuild."""

    pseudonym_key: bytes
    horizon_hours: int
    currency: str = "EUR"


class Linker:
    """Turns facts into changes of engagements.

    Order of effects: the customers' states are durable before their changes are sent, and both
    before the offsets are committed. A fact delivered again after a crash yields the same
    change, which its receiver knows by its position.
    """

    def __init__(
        self,
        customers: StateTable,
        outbox: Outbox,
        dead_letters: DeadLetters,
        progress: Progress,
        settings: LinkSettings,
    ) -> None:
        self._customers = customers
        self._outbox = outbox
        self._dead_letters = dead_letters
        self._progress = progress
        self._settings = settings

    async def handle(self, batch: Sequence[Delivery]) -> None:
        """Take a batch in; safe to repeat."""
        states: dict[str, tuple[int, CustomerState]] = {}
        changes: dict[tuple[str, str], list[PositionedChange]] = defaultdict(list)
        for delivery in batch:
            fact = self._fact(delivery)
            if isinstance(fact, InvalidMessage):
                await self._bury(delivery, fact)
                continue
            if isinstance(fact, ScoredCall):
                self._progress.saw(fact.at)
            for positioned in self._observe(fact, delivery, states):
                change = positioned.change
                changes[change.client_id, change.agency_id].append(positioned)
        await self._customers.put({key: (at, dict(state)) for key, (at, state) in states.items()})
        await asyncio.gather(
            *(self._send(client, agency, some) for (client, agency), some in changes.items())
        )

    def _observe(
        self, fact: Fact, delivery: Delivery, states: dict[str, tuple[int, CustomerState]]
    ) -> list[PositionedChange]:
        key = f"{fact.client_id}|{fact.customer}"
        known = states[key][1] if key in states else self._customers.get(key)
        position = Position(*delivery.position)
        observed = observe(
            known,  # type: ignore[arg-type]
            fact,
            position,
            horizon_hours=self._settings.horizon_hours,
            currency=self._settings.currency,
        )
        if observed.outcome is Outcome.NEW:
            states[key] = delivery.partition, observed.state
        self._progress.count(f"{type(fact).__name__.lower()}_{observed.outcome.value}")
        return [
            PositionedChange(position=position, at=fact.at, change=change)
            for change in observed.changes
        ]

    def _fact(self, delivery: Delivery) -> Fact | InvalidMessage:
        if delivery.topic == CALL_SCORED.name:
            scored = decode(delivery.value, CallScored)
            return scored if isinstance(scored, InvalidMessage) else scored_call(scored)
        if delivery.topic == PAYMENT_RECEIVED.name:
            paid = decode(delivery.value, PaymentReceivedEvent)
            if isinstance(paid, InvalidMessage):
                return paid
            return payment(paid, self._pseudonym(paid.data.client_id, paid.data.customer_id))
        ended = decode(delivery.value, ContractCancelledEvent)
        if isinstance(ended, InvalidMessage):
            return ended
        return cancellation(ended, self._pseudonym(ended.data.client_id, ended.data.customer_id))

    def _pseudonym(self, client_id: str, customer_id: str) -> str:
        return pseudonym(self._settings.pseudonym_key, client_id, customer_id)

    async def _bury(self, delivery: Delivery, invalid: InvalidMessage) -> None:
        await self._dead_letters.bury(
            topic=delivery.topic,
            origin=delivery.origin,
            original=delivery.value,
            reason=invalid.reason,
            error_class=invalid.error_class,
        )

    async def _send(self, client: str, agency: str, changes: list[PositionedChange]) -> None:
        """Send an agency's changes, one message after the other, so that none overtakes."""
        key = agency_key(client, agency).encode()
        for start in range(0, len(changes), CHANGES_A_MESSAGE):
            part = ChangeBatch(
                client_id=client,
                agency_id=agency,
                changes=tuple(changes[start : start + CHANGES_A_MESSAGE]),
            )
            await self._outbox.deliver([Message(ENGAGEMENT_CHANGED, key, encode(part))])
