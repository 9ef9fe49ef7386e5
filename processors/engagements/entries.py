"""The events of one customer as its state keeps them, and what those that correct others do.

An entry is `[arrival, kind, topic, partition, offset, event_id, at, ...]`, JSON-able; `at` is the
event's time in us, and what follows depends on the kind (`entry_of`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

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

CALL, PAYMENT, CANCELLATION = "call", "payment", "cancellation"
RETURN, ANSWER = "return", "answer"
"""Kinds of the entries that correct another one, which they name at place `NAMED`."""

TYPE_OF_KIND: dict[str, str] = {
    CALL: "it.ascolto.call-ended.v1",
    PAYMENT: "it.ascolto.payment-received.v1",
    CANCELLATION: "it.ascolto.contract-cancelled.v1",
    RETURN: "it.ascolto.payment-returned.v1",
    ANSWER: "it.ascolto.survey-answered.v1",
}
"""CloudEvents `type` of each kind of entry."""

NAMES = {RETURN: PAYMENT, ANSWER: CALL}
"""The kind of what each kind of correction names."""

NAMED = 7
SEGMENT = slice(10, 14)
"""Places of a call's service, touchpoint, channel and customer type."""

_RATINGS = slice(14, 17)
_NOWHERE = Position("", 0, 0)
_KINDS: dict[type[Fact], str] = {
    ScoredCall: CALL,
    Payment: PAYMENT,
    Cancellation: CANCELLATION,
    PaymentReturn: RETURN,
    SurveyAnswer: ANSWER,
}

Entry = list[Any]
"""One event of a customer's state; see the module."""


def kind_of(event: Fact) -> str:
    """The kind of the event's entry."""
    return _KINDS[type(event)]


def entry_of(arrival: int, event: Fact, position: Position = _NOWHERE) -> Entry:
    """The entry of an event that came as the `arrival`-th of its customer."""
    head = [arrival, kind_of(event), *position, event.event_id, event.at]
    match event:
        case ScoredCall():
            ratings = event.measured_rating, event.predicted_rating, event.surveyed
            return [
                *head,
                event.agency_id,
                event.aggression,
                event.empathy,
                *event.segment,
                *ratings,
            ]
        case Payment():
            return [*head, event.amount, event.currency]
        case PaymentReturn():
            return [*head, event.payment_id, event.amount]
        case SurveyAnswer():
            return [*head, event.call_id, event.rating]
        case Cancellation():
            return [*head, event.ended_by]


def named_by(entry: Entry) -> tuple[str, str] | None:
    """Kind and identity of what an entry corrects; None where it corrects nothing."""
    kind = NAMES.get(entry[1])
    return None if kind is None else (kind, entry[NAMED])


def named_in(event: Fact) -> tuple[str, str] | None:
    """Kind and identity of what an event corrects; None where it corrects nothing."""
    match event:
        case PaymentReturn():
            return PAYMENT, event.payment_id
        case SurveyAnswer():
            return CALL, event.call_id
    return None


def named_by_older_id(event: Fact, known: Callable[[tuple[str, str]], bool]) -> Fact:
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


def ratings_of(call: Entry) -> tuple[int | None, int | None, bool]:
    """A call's measured and predicted rating, and whether a survey within it is their source.

    An entry written before late surveys were known has none: it can take no other.
    """
    measured, predicted, surveyed = call[_RATINGS] or (None, None, True)
    return measured, predicted, surveyed


def net_payments(entries: Iterable[Entry]) -> dict[str, NetPayment]:
    """Payments less what was returned, by event id."""
    entries = list(entries)
    payments = {e[5]: NetPayment(e[6], e[7], e[8]) for e in entries if e[1] == PAYMENT}
    returns: dict[str, list[Return]] = defaultdict(list)
    for entry in entries:
        paid = payments.get(entry[NAMED]) if entry[1] == RETURN else None
        known = known_at(entry[6], paid.at) if paid is not None else None
        if known is not None:
            returns[entry[NAMED]].append(Return(known, entry[8]))
    return {
        name: paid._replace(returns=tuple(sorted(returns.get(name, ()), key=_known_at)))
        for name, paid in payments.items()
    }


def _known_at(back: Return) -> int:
    return back.known_at
