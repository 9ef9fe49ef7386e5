"""The events of the benches: scored calls, payments and cancellations, and what they add up to.

Each customer belongs to one agency and one engagement, with all its events within the horizon:
then attributing a payment by the customer's engagement, as Ascolto does, and by the customer's
last call, as the peers do, mean the same.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from infra.scoring.server import scored
from infra.simulation import SimulationSettings, simulate
from processors.identity.event_identity import event_identity, keyed, unsourced_identity
from processors.identity.pseudonyms import pseudonym
from processors.scoring.lexicon_scorer import LexiconReader
from processors.transcript.turns import redacted
from schemas.codec import encode
from schemas.conversation import Turn
from schemas.derived import Call, CallScored, CallTranscribed
from schemas.events import (
    Channel,
    ContractCancelled,
    ContractCancelledEvent,
    CustomerType,
    EndedBy,
    PaymentReceived,
    PaymentReceivedEvent,
    Service,
    Touchpoint,
)
from schemas.figures import SCORE_UNIT
from schemas.topics import CALL_SCORED, CONTRACT_CANCELLED, PAYMENT_RECEIVED

CLIENT = "bench"
AGENCIES = tuple(f"agency-{number}" for number in range(1, 8))
END = datetime(2026, 7, 1, tzinfo=UTC)
DAYS = 90
KEY = b"the key of the benches"
PARTITIONS = 4
"""As in the embedded stack."""

_CALL_TYPE = "it.ascolto.call-ended.v1"
_DISTINCT_TEXTS = 200
_ENGAGEMENT_DAYS = 25
_DAY = 86_400
_HOUR = 3600
_AT_WORK = int((END - timedelta(days=DAYS, hours=-9)).timestamp())
"""A time at which calling is permitted: the scores are the same for all times of a text."""


class Message(NamedTuple):
    """One message for the broker."""

    topic: str
    partition: int
    key: str
    value: str


@dataclass
class Totals:
    """What a contender must have stored: all integers, so equal or wrong."""

    calls: int = 0
    """Rows of calls."""
    payments: int = 0
    hours: dict[str, list[int]] = field(default_factory=dict)
    """By `agency|hour` (s since the epoch): calls, and the sum of aggression in 1/10^4."""
    agencies: dict[str, list[int]] = field(default_factory=dict)
    """By agency: amount paid in 1/10^4 of the currency, and customers that left."""

    def add_calls(self, agency: str, hour: int, calls: int, aggression: int) -> None:
        """Calls of an agency that ended in the hour that begins at `hour`."""
        self._add(self.hours, f"{agency}|{hour}", calls, aggression)

    def add_outcomes(self, agency: str, amount: int, left: int) -> None:
        """What customers of an agency paid, and how many left."""
        self._add(self.agencies, agency, amount, left)

    @staticmethod
    def _add(sums: dict[str, list[int]], key: str, *more: int) -> None:
        sums[key] = [a + b for a, b in zip(sums.get(key, [0, 0]), more, strict=True)]


@dataclass(frozen=True)
class Load:
    """Messages in the order of their events' times, and their totals."""

    messages: list[Message]
    totals: Totals


class _Event(NamedTuple):
    at: int
    number: int
    kind: str
    customer: int
    agency: str


def make_load(events: int, seed: int = 1) -> Load:
    """`events` messages of 90 days, six in ten of them calls; equal arguments give equal bytes."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    planned = sorted(_planned(events, rng))[:events]
    texts = list(_scored_texts(seed))
    totals = Totals()
    makers = {"call": _call, "payment": _payment, "left": _cancellation, "ended": _cancellation}
    messages = [makers[event.kind](event, texts, rng, totals) for event in planned]
    return Load(messages, totals)


def _planned(events: int, rng: random.Random) -> Iterator[_Event]:
    begin = int((END - timedelta(days=DAYS)).timestamp())
    latest = begin + (DAYS - _ENGAGEMENT_DAYS - 1) * _DAY
    number = customer = 0
    while number < events:
        customer += 1
        agency = rng.choice(AGENCIES)
        first = rng.randrange(begin, latest)
        kinds = ["call"] * sum(rng.random() < chance for chance in (0.5, 0.2))
        kinds += ["payment"] * sum(rng.random() < chance for chance in (0.6, 0.2))
        kinds += [rng.choice(("left", "left", "left", "ended"))] * (rng.random() < 0.2)
        times = [first, *(first + rng.randrange(_HOUR, _ENGAGEMENT_DAYS * _DAY) for _ in kinds)]
        for at, kind in zip(times, ["call", *kinds], strict=True):
            number += 1
            yield _Event(at, number, kind, customer, agency)


def _scored_texts(seed: int) -> Iterator[CallScored]:
    """Simulated conversations, redacted and scored by the lexicons."""
    reader = LexiconReader()
    settings = SimulationSettings(seed=seed, calls=_DISTINCT_TEXTS, audio=False)
    for event in simulate(settings):
        if event["type"] != _CALL_TYPE or not event["data"].get("transcript"):
            continue
        turns = [Turn.model_validate(turn) for turn in event["data"]["transcript"]]
        transcribed = CallTranscribed(
            call=_facts(_Event(_AT_WORK, 0, "call", 0, AGENCIES[0])),
            turns=redacted(turns, "it"),
            survey=None,
            from_audio=False,
            transcriber=None,
        )
        yield from scored([transcribed], reader)


def _facts(event: _Event) -> Call:
    ended = datetime.fromtimestamp(event.at, UTC)
    identity = f"call-{event.number}"
    return Call(
        event_id=event_identity(KEY, CLIENT, _CALL_TYPE, "//bench", identity),
        client_id=CLIENT,
        agency_id=event.agency,
        customer=pseudonym(KEY, CLIENT, _customer_id(event)),
        started_at=ended - timedelta(minutes=4),
        ended_at=ended,
        service=Service.DEBT_COLLECTION,
        touchpoint=tuple(Touchpoint)[event.customer % len(Touchpoint)],
        channel=Channel.PHONE,
        customer_type=CustomerType.HOUSEHOLD,
        language="it",
        content=keyed(KEY, "content", identity),
        older_id=unsourced_identity(KEY, CLIENT, _CALL_TYPE, identity),
        origin=f"call-ended/{_partition(event)}/{event.number}",
    )


def _call(event: _Event, texts: list[CallScored], rng: random.Random, totals: Totals) -> Message:
    call = rng.choice(texts).model_copy(update={"call": _facts(event)})
    aggression = round((call.score.aggression or 0.0) * SCORE_UNIT)
    totals.add_calls(event.agency, event.at - event.at % _HOUR, 1, aggression)
    totals.calls += 1
    value = encode(call).decode()
    return Message(CALL_SCORED.name, _partition(event), call.call.customer, value)


def _payment(event: _Event, _: Any, rng: random.Random, totals: Totals) -> Message:
    cents = rng.randrange(500, 50_000)
    totals.payments += 1
    totals.add_outcomes(event.agency, cents * 100, 0)
    payment = PaymentReceivedEvent(
        id=f"payment-{event.number}",
        source="//bench/billing",
        data=PaymentReceived(
            client_id=CLIENT,
            customer_id=_customer_id(event),
            amount=Decimal(cents) / 100,
            currency="EUR",
            received_at=datetime.fromtimestamp(event.at, UTC),
        ),
    )
    return _inbound(PAYMENT_RECEIVED.name, event, encode(payment))


def _cancellation(event: _Event, _: Any, __: random.Random, totals: Totals) -> Message:
    by_customer = event.kind == "left"
    totals.add_outcomes(event.agency, 0, int(by_customer))
    cancellation = ContractCancelledEvent(
        id=f"cancellation-{event.number}",
        source="//bench/crm",
        data=ContractCancelled(
            client_id=CLIENT,
            customer_id=_customer_id(event),
            contract_id=f"contract-{event.customer}",
            cancelled_at=datetime.fromtimestamp(event.at, UTC),
            ended_by=EndedBy.CUSTOMER if by_customer else EndedBy.SUPPLIER,
        ),
    )
    return _inbound(CONTRACT_CANCELLED.name, event, encode(cancellation))


def _inbound(topic: str, event: _Event, value: bytes) -> Message:
    return Message(topic, _partition(event), _customer_id(event), value.decode())


def _customer_id(event: _Event) -> str:
    return f"customer-{event.customer}"


def _partition(event: _Event) -> int:
    """The partition of all of a customer's events, also those keyed by the pseudonym."""
    from kafka.partitioner.default import murmur2

    return (int(murmur2(_customer_id(event).encode())) & 0x7FFFFFFF) % PARTITIONS
