"""The events of one customer as its state stores them, and what those that correct others do.

Each kind of event has an entry: a tuple that JSON writes as a list. All start with the same
fields, from `arrival` to `at`; an entry without its last fields was written by an older version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

from processors.engagements.corrections import NetPayment, Return, known_at
from processors.engagements.facts import (
    Cancellation,
    Fact,
    Payment,
    PaymentReturn,
    ScoredCall,
    SurveyAnswer,
)
from schemas.changes import Position
from schemas.figures import Segment

CALL, PAYMENT, CANCELLATION = "call", "payment", "cancellation"
RETURN, ANSWER = "return", "answer"
"""Kinds of the entries that correct another one."""

TYPE_OF_KIND: dict[str, str] = {
    CALL: "it.ascolto.call-ended.v1",
    PAYMENT: "it.ascolto.payment-received.v1",
    CANCELLATION: "it.ascolto.contract-cancelled.v1",
    RETURN: "it.ascolto.payment-returned.v1",
    ANSWER: "it.ascolto.survey-answered.v1",
}
"""CloudEvents `type` of each kind of entry."""

Identity = tuple[str, str]
"""What distinguishes a customer's events: kind and id."""

_NOWHERE = Position("", 0, 0)
_KINDS: dict[type[Fact], str] = {
    ScoredCall: CALL,
    Payment: PAYMENT,
    Cancellation: CANCELLATION,
    PaymentReturn: RETURN,
    SurveyAnswer: ANSWER,
}


class CallEntry(NamedTuple):
    """A conversation; scores in 1/10^4."""

    arrival: int
    """The event is the customer's `arrival`-th."""
    kind: str
    topic: str
    partition: int
    offset: int
    event_id: str
    at: int
    """Time of the event, us since the epoch."""
    agency_id: str
    aggression: int | None
    empathy: int | None
    service: str
    touchpoint: str
    channel: str
    customer_type: str
    measured_rating: int | None = None
    predicted_rating: int | None = None
    surveyed: bool = True
    """Whether a survey within the call is the source of its rating, so that it takes no other;
    true where a version before late surveys wrote the entry."""

    @property
    def segment(self) -> Segment:
        """What it was about and how it was held."""
        return Segment(self.service, self.touchpoint, self.channel, self.customer_type)


class PaymentEntry(NamedTuple):
    """A payment."""

    arrival: int
    kind: str
    topic: str
    partition: int
    offset: int
    event_id: str
    at: int
    amount: int
    currency: str


class CancellationEntry(NamedTuple):
    """A contract that ended."""

    arrival: int
    kind: str
    topic: str
    partition: int
    offset: int
    event_id: str
    at: int
    ended_by: str


class ReturnEntry(NamedTuple):
    """A payment that came back."""

    arrival: int
    kind: str
    topic: str
    partition: int
    offset: int
    event_id: str
    at: int
    payment_id: str
    amount: int | None


class AnswerEntry(NamedTuple):
    """An answered survey."""

    arrival: int
    kind: str
    topic: str
    partition: int
    offset: int
    event_id: str
    at: int
    call_id: str
    rating: int | None


Entry: TypeAlias = CallEntry | PaymentEntry | CancellationEntry | ReturnEntry | AnswerEntry
"""One event of a customer's state."""

_ENTRIES: dict[str, type[Entry]] = {
    CALL: CallEntry,
    PAYMENT: PaymentEntry,
    CANCELLATION: CancellationEntry,
    RETURN: ReturnEntry,
    ANSWER: AnswerEntry,
}


def read_entry(stored: Sequence[Any]) -> Entry:
    """The entry that was stored as this list."""
    entry = _ENTRIES[stored[1]]
    return entry._make(stored) if len(stored) == len(entry._fields) else entry(*stored)


def kind_of(event: Fact) -> str:
    """The kind of the event's entry."""
    return _KINDS[type(event)]


def entry_of(arrival: int, event: Fact, position: Position = _NOWHERE) -> Entry:
    """The entry of an event that came as the `arrival`-th of its customer."""
    head = (arrival, kind_of(event), *position, event.event_id, event.at)
    match event:
        case ScoredCall():
            return CallEntry(
                *head,
                event.agency_id,
                event.aggression,
                event.empathy,
                *event.segment,
                event.measured_rating,
                event.predicted_rating,
                event.surveyed,
            )
        case Payment():
            return PaymentEntry(*head, event.amount, event.currency)
        case PaymentReturn():
            return ReturnEntry(*head, event.payment_id, event.amount)
        case SurveyAnswer():
            return AnswerEntry(*head, event.call_id, event.rating)
        case Cancellation():
            return CancellationEntry(*head, event.ended_by)


def identity_of(entry: Entry) -> Identity:
    """Kind and id of an entry's event."""
    return entry.kind, entry.event_id


def position_of(entry: Entry) -> Position:
    """Where an entry's event was delivered."""
    return Position(entry.topic, entry.partition, entry.offset)


def content_of(entry: Entry) -> tuple[Any, ...]:
    """All that an entry's event says: its time, and the fields of its kind."""
    return entry[6:]


def named_by(entry: Entry) -> Identity | None:
    """Kind and identity of what an entry corrects; None where it corrects nothing."""
    match entry:
        case ReturnEntry():
            return PAYMENT, entry.payment_id
        case AnswerEntry():
            return CALL, entry.call_id
    return None


def named_in(event: Fact) -> Identity | None:
    """Kind and identity of what an event corrects; None where it corrects nothing."""
    return named_by(entry_of(0, event))


def named_by_older_id(event: Fact, known: Callable[[Identity], bool]) -> Fact:
    """The event; where the payment it names is known only by its older identity, naming that.

    Calls have their older identity in the journal, too, where no answer could name it.

    Args:
        event: any event.
        known: whether the customer has an event of that kind and identity.
    """
    if not isinstance(event, PaymentReturn) or event.older_payment_id is None:
        return event
    named, older = (PAYMENT, event.payment_id), (PAYMENT, event.older_payment_id)
    if known(named) or not known(older):
        return event
    return event._replace(payment_id=event.older_payment_id)


def net_payments(entries: Iterable[Entry]) -> dict[str, NetPayment]:
    """Payments less what was returned, by event id."""
    entries = list(entries)
    payments = {
        entry.event_id: NetPayment(entry.at, entry.amount, entry.currency)
        for entry in entries
        if isinstance(entry, PaymentEntry)
    }
    returns: dict[str, list[Return]] = defaultdict(list)
    for entry in entries:
        if not isinstance(entry, ReturnEntry) or entry.payment_id not in payments:
            continue
        known = known_at(entry.at, payments[entry.payment_id].at)
        if known is not None:
            returns[entry.payment_id].append(Return(known, entry.amount))
    return {
        name: paid._replace(returns=tuple(sorted(returns.get(name, ()), key=_known_at)))
        for name, paid in payments.items()
    }


def _known_at(back: Return) -> int:
    return back.known_at
