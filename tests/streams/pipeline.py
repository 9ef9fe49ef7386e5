"""The analytics worker's agents on doubles: polled in any order, dying where the script says."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from processors.engagements.horizons import Horizons
from processors.event_time import to_us
from processors.identity.claims import Name
from processors.identity.event_identity import PSEUDONYMOUS_SOURCE
from processors.identity.sealing import with_seal
from schemas import rows
from schemas.codec import encode
from schemas.conversation import CallScore, Speaker, Turn, TurnScore
from schemas.derived import Call, CallScored
from schemas.events import (
    Channel,
    ContractCancelled,
    CustomerType,
    EndedBy,
    EventReference,
    PaymentReceived,
    PaymentReturned,
    Service,
    Survey,
    SurveyAnswered,
    Touchpoint,
)
from schemas.sealed import SealedAnswer, SealedCancellation, SealedPayment, SealedReturn
from schemas.topics import (
    CALL_SCORED,
    CONTRACT_CANCELLED,
    PAYMENT_RECEIVED,
    PAYMENT_RETURNED,
    SURVEY_ANSWERED,
)
from streams.agents import aggregate as aggregating
from streams.agents import link as linking
from streams.agents.aggregate import Aggregator
from streams.agents.alerts import AlertWatch
from streams.agents.clocks import ClientClocks
from streams.agents.link import Linker, LinkSettings
from streams.agents.row_writer import RowSettings
from streams.agents.store import SINKS, TableWriter
from streams.agents.store_facts import FACT_SINKS, FactWriter
from streams.facts.clock_gate import ClockGate
from streams.facts.conflicts import Conflicts, WithoutConflicts
from streams.facts.customers import Customers, Key
from streams.facts.partitioning import Partitioning
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.intake import Intake
from streams.runtime.outbox import Message
from streams.runtime.progress import Progress
from streams.transport.delivery import Delivery
from tests.streams.doubles import (
    Death,
    Effects,
    Failure,
    MemoryArchive,
    MemoryBroker,
    MemoryClaims,
    MemoryOriginals,
    MemoryOutbox,
    MemoryStore,
    MemoryTable,
)

KEY = b"a key for tests"
BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
HORIZON_HOURS = 20 * 24
GRACE_HOURS = 3 * 24
DERIVED = (
    rows.CALL_SURVEYS,
    rows.CONTACT_EXCESSES,
    rows.ENGAGEMENTS,
    rows.AGENCY_HOURS,
    rows.ALERTS,
)
"""Tables whose rows follow from the events alone, whatever happened on the way."""


@dataclass
class Agent:
    """One agent: what it reads, how it takes it in."""

    name: str
    topics: tuple[str, ...]
    intake: Intake
    size: int


@dataclass
class World:
    """Everything that outlives a worker: topics, tables, the store; and the clock."""

    script: Effects = field(default_factory=Effects)
    generation: int = 1
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    disks: dict[str, dict[str, str]] = field(default_factory=dict)
    store: MemoryStore = field(default_factory=MemoryStore)
    archive: dict[Key, dict[tuple[str, str], str]] = field(default_factory=dict)
    claims: dict[Name, str] = field(default_factory=dict)
    grace_hours: int = GRACE_HOURS
    checked_together: int = 6
    """States that `link` looks through together, at least; 4 come due with each event."""
    deaths: int = 0
    ticks: int = 0
    today: datetime | None = None
    """The wall clock in production; None: only events move time, as in the embedded stack."""
    gate: ClockGate | None = None
    """Refuses what lies in the future; None: all may pass."""
    partitioning: Partitioning | None = None
    """Where events belong; None: where they come."""

    def now_us(self) -> int:
        """A clock that moves at every look."""
        self.ticks += 1
        return 1_800_000_000_000_000 + self.ticks

    def table(self, name: str) -> MemoryTable:
        """A worker's view of a durable table."""
        return MemoryTable(self.disks.setdefault(name, {}), self.script)

    def worker(self) -> Worker:
        """A worker that remembers nothing."""
        return Worker(self)

    async def settle(
        self, rng: random.Random | None = None, rewinds: bool = False, rounds: int = 20_000
    ) -> None:
        """Work until nothing is left to do; a worker that dies is followed by a new one."""
        rng = rng or random.Random(0)
        worker = self.worker()
        for _ in range(rounds):
            try:
                if not await worker.step(rng):
                    return
            except (Death, Failure):
                self.deaths += 1
                self.script.dead = False
                if rewinds:
                    self.broker.rewind(rng)
                worker = self.worker()
        raise AssertionError("this never ends")


class Worker:
    """The analytics worker on doubles."""

    def __init__(self, world: World) -> None:
        self._world = world
        world.store.effects = world.script
        outbox, self.progress = MemoryOutbox(world.broker, world.script), Progress()
        letters = DeadLetters(outbox, self.progress)
        settings = RowSettings(KEY, world.generation, world.now_us)
        customers = Customers(
            world.table("customers"),
            world.table("settled"),
            MemoryArchive(world.archive, world.script),
            horizons=Horizons(HORIZON_HOURS),
            grace_hours=world.grace_hours,
            now_us=world.now_us,
        )
        claims = MemoryClaims(world.claims, world.script)
        conflicts = Conflicts(claims, MemoryOriginals(world.broker), letters, self.progress)
        linker = Linker(
            customers,
            conflicts,
            outbox,
            letters,
            self.progress,
            LinkSettings(KEY, Horizons(HORIZON_HOURS), checked_together=world.checked_together),
            world.gate,
            world.partitioning,
        )
        self.clocks = ClientClocks(None if world.today is None else partial(to_us, world.today))
        self.aggregator = Aggregator(
            world.table("agency-days"),
            AlertWatch(world.table("agency-alerts"), {}),
            outbox,
            letters,
            self.clocks,
        )
        self.agents = [
            _agent("link", linking.TOPICS, Intake(linker.handle, letters), 4),
            _agent("aggregate", aggregating.TOPICS, Intake(self.aggregator.handle, letters), 3),
        ]
        for fact_sink in FACT_SINKS:
            arbiter = conflicts if fact_sink.rejects_conflicts else WithoutConflicts(claims)
            facts = FactWriter(
                fact_sink, world.store, settings, letters, arbiter, world.gate, world.partitioning
            )
            intake = Intake(facts.handle, letters)
            name = f"store-{fact_sink.table.name}"
            self.agents.append(_agent(name, fact_sink.topics, intake, 50))
        for sink in SINKS:
            writer = TableWriter(sink, world.store, settings, letters)
            intake = Intake(writer.handle, letters)
            self.agents.append(_agent(f"store-{sink.table.name}", sink.topics, intake, 50))

    async def judge_silences(self) -> None:
        """An interval has passed."""
        self.clocks.judge(self.aggregator.clients, {})
        await self.aggregator.publish_silences()

    async def judge_all_silences(self) -> None:
        """Nothing is on its way."""
        self.clocks.all_arrived(self.aggregator.clients)
        await self.aggregator.publish_silences()

    async def step(self, rng: random.Random) -> bool:
        """Let one agent take one batch in; False where none has anything to do."""
        waiting = [a for a in self.agents if self._world.broker.lag(a.name, a.topics)]
        if not waiting:
            return False
        await self.take(rng.choice(waiting), rng)
        return True

    async def take(self, agent: Agent, rng: random.Random) -> None:
        """A batch from the places where `agent` lags, mixed as they come, then committed."""
        offsets = dict(self._world.broker.committed[agent.name])
        batch: list[Delivery] = []
        while len(batch) < agent.size:
            places = [
                place
                for place, log in sorted(self._world.broker.logs.items())
                if place[0] in agent.topics and offsets.get(place, 0) < len(log)
            ]
            if not places:
                break
            place = rng.choice(places)
            offset = offsets.get(place, 0)
            _, value = self._world.broker.logs[place][offset]
            batch.append(Delivery(*place, offset, value))
            offsets[place] = offset + 1
        await agent.intake.take(batch)
        self._world.script.happen(lambda: self._world.broker.committed[agent.name].update(offsets))


def _agent(name: str, topics: Iterable[Any], intake: Intake, size: int) -> Agent:
    return Agent(name, tuple(topic.name for topic in topics), intake, size)


def scored(
    event_id: str,
    customer: str,
    at: datetime,
    agency: str = "aurora",
    aggression: float | None = 0.5,
    empathy: float | None = 0.5,
    rating: int | None = None,
    client: str = "acqua",
    content: str | None = None,
    spoken: bool = False,
) -> Message:
    """A scored call, in its customer's partition; its content is that of its name unless given.

    Its rating is a survey's, or `spoken`.
    """
    call = Call(
        event_id=event_id,
        client_id=client,
        agency_id=agency,
        customer=customer,
        started_at=at - timedelta(minutes=3),
        ended_at=at,
        service=Service.DEBT_COLLECTION,
        touchpoint=Touchpoint.REMINDER,
        channel=Channel.PHONE,
        customer_type=CustomerType.HOUSEHOLD,
        language="it",
        content=content or f"said in {event_id}",
    )
    turn = Turn(speaker=Speaker.OPERATOR, text=f"frase di {event_id}", start=None)
    score = CallScore(
        aggression=aggression,
        empathy=empathy,
        sentiment=None,
        sentiment_change=None,
        spoken_rating=rating if spoken else None,
        predicted_rating=None,
        churn_intent=False,
        promise_to_pay=False,
        drivers=[],
        conduct=[],
        turns=[TurnScore(aggression=aggression, empathy=empathy, sentiment=None, reasons=[])],
        scorer_version="test",
    )
    survey = None if rating is None or spoken else Survey(rating=rating)
    event = CallScored(call=call, turns=[turn], score=score, survey=survey, from_audio=False)
    return Message(CALL_SCORED, customer.encode(), encode(event))


def paid(
    event_id: str, customer: str, at: datetime, amount: str = "12.34", client: str = "acqua"
) -> Message:
    """A payment that is pseudonymous already."""
    data = PaymentReceived(client_id=client, customer_id=customer, amount=amount, received_at=at)
    event = SealedPayment(
        id=event_id, source=PSEUDONYMOUS_SOURCE, time=at, subject=customer, data=data
    )
    return Message(PAYMENT_RECEIVED, customer.encode(), encode(with_seal(KEY, event)))


def left(event_id: str, customer: str, at: datetime, by: EndedBy = EndedBy.CUSTOMER) -> Message:
    """A cancellation, likewise."""
    data = ContractCancelled(
        client_id="acqua", customer_id=customer, contract_id="k", cancelled_at=at, ended_by=by
    )
    event = SealedCancellation(
        id=event_id, source=PSEUDONYMOUS_SOURCE, time=at, subject=customer, data=data
    )
    return Message(CONTRACT_CANCELLED, customer.encode(), encode(with_seal(KEY, event)))


def returned(
    event_id: str, customer: str, at: datetime, payment: str, amount: str | None = None
) -> Message:
    """A payment that came back, likewise; `payment` is its identity."""
    data = PaymentReturned(
        client_id="acqua",
        customer_id=customer,
        payment=EventReference(source=PSEUDONYMOUS_SOURCE, id=payment),
        returned_at=at,
        amount=amount,
    )
    event = SealedReturn(
        id=event_id, source=PSEUDONYMOUS_SOURCE, time=at, subject=customer, data=data
    )
    return Message(PAYMENT_RETURNED, customer.encode(), encode(with_seal(KEY, event)))


def answered(
    event_id: str, customer: str, at: datetime, call: str, rating: int | None = 9
) -> Message:
    """A survey's answer, likewise; `call` is its identity."""
    data = SurveyAnswered(
        client_id="acqua",
        customer_id=customer,
        call=EventReference(source=PSEUDONYMOUS_SOURCE, id=call),
        answered_at=at,
        rating=rating,
        comment="Nulla da dire.",
    )
    event = SealedAnswer(
        id=event_id, source=PSEUDONYMOUS_SOURCE, time=at, subject=customer, data=data
    )
    return Message(SURVEY_ANSWERED, customer.encode(), encode(with_seal(KEY, event)))


def corrections(rng: random.Random, made: list[tuple[Message, str, datetime]]) -> list[Message]:
    """Returns of most payments and answers to many calls, up to two horizons after them."""
    messages = []
    for number, (message, event_id, at) in enumerate(made):
        customer, name = message.key.decode(), f"later{number}"
        then = at + timedelta(hours=rng.choice((-2, 0, 5, 30, 24 * 22, 24 * 40)))
        if message.topic is PAYMENT_RECEIVED and rng.random() < 0.8:
            amount = rng.choice((None, "2.34", "10"))
            messages.append(returned(name, customer, then, event_id, amount))
        elif message.topic is CALL_SCORED and rng.random() < 0.6:
            messages.append(answered(name, customer, then, event_id, rng.choice((None, 2, 8, 10))))
    return messages


def history(seed: int, events: int = 24) -> list[Message]:
    """A few customers of two agencies over two horizons; out of order, some delivered twice.

    Some of the payments come back, and some of the calls are rated later.
    """
    rng = random.Random(seed)
    messages = []
    made: list[tuple[Message, str, datetime]] = []
    for number in range(events):
        customer = f"p:c{rng.randrange(4)}"
        at = BEGIN + timedelta(hours=rng.randrange(45 * 24), microseconds=rng.randrange(3))
        make: Callable[[], Message] = rng.choice(
            [
                lambda n=number, c=customer, at=at: scored(
                    f"call{n}",
                    c,
                    at,
                    rng.choice(("aurora", "bora")),
                    rng.choice((None, 0.1, 0.35, 0.9)),
                    rng.choice((None, 0.2, 0.8)),
                    rng.choice((None, 3, 8, 10)),
                    spoken=n % 2 == 0,
                )
            ]
            * 3
            + [
                lambda n=number, c=customer, at=at: paid(f"paid{n}", c, at),
                lambda n=number, c=customer, at=at: left(
                    f"left{n}", c, at, rng.choice(list(EndedBy))
                ),
            ]
        )
        messages.append(make())
        kind = {CALL_SCORED: "call", PAYMENT_RECEIVED: "paid"}.get(messages[-1].topic, "left")
        made.append((messages[-1], f"{kind}{number}", at))
    messages += rng.sample(messages, events // 6)
    later = random.Random(seed)
    for message in corrections(later, made):
        messages.insert(later.randrange(len(messages)), message)
    return messages
