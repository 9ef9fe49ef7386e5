"""A history with everything that goes wrong in the trade, as lines and as facts.

Ids that each source counts from 1, duplicates, conflicts, payments returned, surveys answered
later, events from the future, broken lines, all out of order.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from infra.simulation import SimulationSettings, encode, simulate
from schemas.codec import InvalidMessage, decode_inbound
from tests.figures.reference import Answered, Happening, Returned
from tests.streams.played import BROKEN, happening_of

Event = dict[str, Any]
Identity = tuple[str, str, str, str]
"""Client, type, source, id."""

SOURCES = ("urn:centralino:milano", "urn:centralino:bari", "urn:crm")
CALL = "it.ascolto.call-ended.v1"
PAYMENT = "it.ascolto.payment-received.v1"
RETURNED = "it.ascolto.payment-returned.v1"
ANSWERED = "it.ascolto.survey-answered.v1"
TIME_OF = {
    CALL: "ended_at",
    PAYMENT: "received_at",
    "it.ascolto.contract-cancelled.v1": "cancelled_at",
    RETURNED: "returned_at",
    ANSWERED: "answered_at",
}
CONFLICTS, FUTURE = 24, 8
NAME = "Mario Rossi"
"""A person's name in comments, which may be stored nowhere."""


@dataclass(frozen=True)
class HardHistory:
    """The events, in the order in which they are sent."""

    events: list[Event]

    @classmethod
    def of(cls, seed: int, calls: int, days: int) -> HardHistory:
        """Make one from the simulation's world."""
        rng = random.Random(seed)
        settings = SimulationSettings(seed=seed, calls=calls, days=days, audio=False)
        events: list[Event] = [json.loads(encode(event)) for event in simulate(settings)]
        _number_by_source(events)
        events += [*_returns(events, rng), *_answers(events, rng)]
        later = [*rng.sample(events, len(events) // 15), *_conflicts(events, rng)]
        order = _shuffled(events, rng)
        for event in later:
            first = next(i for i, other in enumerate(order) if _identity(other) == _identity(event))
            order.insert(rng.randrange(first + 1, len(order) + 1), event)
        for event in _from_the_future(events, rng):
            order.insert(rng.randrange(len(order)), event)
        return cls(order)

    def lines(self, seed: int) -> list[bytes]:
        """The events as lines, each with its fields in some order, among broken lines."""
        rng = random.Random(seed)
        lines = []
        for event in self.events:
            fields = list(event.items())
            rng.shuffle(fields)
            separators = rng.choice(((",", ":"), (", ", ": ")))
            lines.append(json.dumps(dict(fields), separators=separators).encode())
        for broken in BROKEN:
            lines.insert(rng.randrange(len(lines)), broken)
        return lines

    def happenings(self, refused: Iterable[bytes]) -> list[Happening]:
        """The facts that remain, each once, when the `refused` lines became dead letters.

        Raises:
            AssertionError: of one identity two contents, or none, remain.
        """
        lost = {_content(json.loads(line)) for line in refused}
        remain: dict[Identity, Event] = {}
        for event in self.events:
            if _content(event) not in lost:
                assert remain.setdefault(_identity(event), event) == event, "both contents remain"
        wanted = {_identity(event) for event in self.events if not _is_ahead(event)}
        assert remain.keys() == wanted
        return [_happening(event) for event in remain.values()]


def _number_by_source(events: list[Event]) -> None:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for index, event in enumerate(events):
        source = SOURCES[index % len(SOURCES)]
        counts[source, event["type"]] += 1
        event |= {"source": source, "id": str(counts[source, event["type"]])}


def _returns(events: list[Event], rng: random.Random) -> Iterator[Event]:
    """Some payments return: whole, in part, in two parts, or with more than was paid."""
    for event in events:
        if event["type"] != PAYMENT or rng.random() > 0.4:
            continue
        paid = Decimal(str(event["data"]["amount"]))
        for part in rng.choice(([None], [paid], [paid / 4], [paid / 4, paid / 4], [paid * 2])):
            at = _time(event) + timedelta(days=rng.choice((0.2, 3, 12, 40)))
            said: Event = {"payment": _named(event)}
            if part is not None:
                said["amount"] = str(part.quantize(Decimal("0.0001")))
            yield _naming(event, RETURNED, rng.getrandbits(60), at, said)


def _answers(events: list[Event], rng: random.Random) -> Iterator[Event]:
    """Some calls are rated later, a few of them twice."""
    for event in events:
        if event["type"] != CALL or rng.random() > 0.3:
            continue
        for number in range(rng.choice((1, 1, 2))):
            at = _time(event) + timedelta(hours=rng.choice((-0.5, 0.3, 5, 26, 300)), seconds=number)
            said = {"call": _named(event), "rating": rng.randrange(11)}
            said |= rng.choice(({}, {"comment": f"Sono {NAME}, tutto bene"}))
            yield _naming(event, ANSWERED, rng.getrandbits(60), at, said)


def _conflicts(events: list[Event], rng: random.Random) -> Iterator[Event]:
    """The same identity with other content, of the same customer and of another one."""
    customers = [event["data"]["customer_id"] for event in events]
    for number, event in enumerate(rng.sample(events, CONFLICTS)):
        other: Event = json.loads(json.dumps(event))
        if number % 2:
            other["data"]["customer_id"] = other["subject"] = rng.choice(customers)
        moved = _time(event) + timedelta(minutes=7)
        other["data"][TIME_OF[event["type"]]] = moved.isoformat()
        yield other


def _from_the_future(events: list[Event], rng: random.Random) -> Iterator[Event]:
    for number, event in enumerate(rng.sample(events, FUTURE)):
        other: Event = json.loads(json.dumps(event))
        other["id"] = f"ahead-{number}"
        ahead = datetime.now(UTC) + timedelta(days=rng.choice((1, 400, 20_000)))
        for name, value in event["data"].items():
            if name.endswith("_at") and isinstance(value, str):
                other["data"][name] = ahead.isoformat()
        yield other


def _is_ahead(event: Event) -> bool:
    return str(event["id"]).startswith("ahead-")


def _shuffled(events: list[Event], rng: random.Random) -> list[Event]:
    """About in the order of time, some far from their place."""
    by_time = sorted(events, key=_time)
    place = [i + rng.choice((0, 0, 0, rng.randrange(-300, 300))) for i in range(len(by_time))]
    return [event for _, event in sorted(zip(place, by_time, strict=True), key=lambda p: p[0])]


def _naming(event: Event, kind: str, number: int, at: datetime, said: Event) -> Event:
    """An event that names an earlier one of the same customer."""
    who = {name: event["data"][name] for name in ("client_id", "customer_id")}
    return {
        "specversion": "1.0",
        "type": kind,
        "source": SOURCES[2],
        "id": str(number),
        "time": at.isoformat(),
        "subject": who["customer_id"],
        "data": {**who, TIME_OF[kind]: at.isoformat(), **said},
    }


def _named(event: Event) -> Event:
    return {"source": event["source"], "id": event["id"]}


def _time(event: Event) -> datetime:
    return datetime.fromisoformat(event["data"][TIME_OF[event["type"]]]).astimezone(UTC)


def _identity(event: Event) -> Identity:
    return event["data"]["client_id"], event["type"], event["source"], event["id"]


def _content(event: Any) -> str:
    return json.dumps(event, sort_keys=True)


def _happening(event: Event) -> Happening:
    routed = decode_inbound(json.dumps(event).encode())
    assert not isinstance(routed, InvalidMessage)
    happened = happening_of(routed.event, "/".join(_identity(event)))
    if isinstance(happened, Returned):
        return replace(happened, payment="/".join(_identity_named(event, "payment", PAYMENT)))
    if isinstance(happened, Answered):
        return replace(happened, call="/".join(_identity_named(event, "call", CALL)))
    return happened


def _identity_named(event: Event, what: str, kind: str) -> Identity:
    named = event["data"][what]
    return event["data"]["client_id"], kind, named["source"], named["id"]
