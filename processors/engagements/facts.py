"""The facts that figures follow from: calls, payments, cancellations, and their corrections.

They carry integers only: times in microseconds since the epoch, scores in 1/10^4, amounts in
1/10^4 of their currency, so that sums of them are exact in any order.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from processors.event_time import to_us
from schemas.changes import WorstQuote
from schemas.conversation import SpeakerSource
from schemas.derived import CallScored
from schemas.events import (
    ContractCancelledEvent,
    PaymentReceivedEvent,
    PaymentReturnedEvent,
    SurveyAnsweredEvent,
)
from schemas.figures import SCORE_UNIT, Segment

QUOTE_LENGTH = 280
"""Longest quote stored, in characters."""


class ScoredCall(NamedTuple):
    """A conversation with its scores; it counts at its `ended_at`, here `at`."""

    event_id: str
    client_id: str
    customer: str
    at: int
    agency_id: str
    segment: Segment
    aggression: int | None
    empathy: int | None
    sentiment: int | None
    measured_rating: int | None
    """The survey's rating, else the spoken one, else null; 0-10."""
    predicted_rating: int | None
    """Only where no rating was measured; 0-10."""
    worst: WorstQuote | None
    surveyed: bool = False
    """Its rating is that of a survey, so that no later one can change it."""
    inferred: bool = False
    """Who speaks in it was inferred from the words, not shown by the recording."""


class Payment(NamedTuple):
    """A customer paid; the agency is found through the customer's engagements."""

    event_id: str
    client_id: str
    customer: str
    at: int
    amount: int
    currency: str
    older_id: str | None = None
    """The identity under which a version before identities would have taken it in."""


class Cancellation(NamedTuple):
    """A contract ended, by the customer or by the supplier (for non-payment)."""

    event_id: str
    client_id: str
    customer: str
    at: int
    ended_by: Literal["customer", "supplier"]
    older_id: str | None = None
    """As a payment's."""


class PaymentReturn(NamedTuple):
    """A payment came back; it is named by identity, and may come later than this."""

    event_id: str
    client_id: str
    customer: str
    at: int
    payment_id: str
    amount: int | None
    """In 1/10^4 of the payment's currency; null: all of it."""
    older_payment_id: str | None = None
    """The identity that states of a version before identities have of the payment."""


class SurveyAnswer(NamedTuple):
    """A survey answered after its call; the call is named by identity, and may come later."""

    event_id: str
    client_id: str
    customer: str
    at: int
    call_id: str
    rating: int | None
    """0-10; null where only a comment was given."""


Fact: TypeAlias = ScoredCall | Payment | Cancellation | PaymentReturn | SurveyAnswer

FactEvent: TypeAlias = (
    CallScored
    | PaymentReceivedEvent
    | ContractCancelledEvent
    | PaymentReturnedEvent
    | SurveyAnsweredEvent
)
"""An event that a fact is read from."""


def fact_of_event(
    event: FactEvent,
    customer: str,
    *,
    older_id: str | None = None,
    older_payment_id: str | None = None,
) -> Fact:
    """The fact in an event; what it names, it names by identity.

    Args:
        event: the event.
        customer: the customer's pseudonym.
        older_id: the identity that a version before identities would have given the event.
        older_payment_id: and the one it has of the payment that a return names.
    """
    match event:
        case CallScored():
            return fact_of_call(event)
        case PaymentReceivedEvent(id=event_id, data=data):
            who = event_id, data.client_id, customer, to_us(data.received_at)
            return Payment(*who, _amount_in_units(data.amount), data.currency, older_id)
        case ContractCancelledEvent(id=event_id, data=data):
            who = event_id, data.client_id, customer, to_us(data.cancelled_at)
            return Cancellation(*who, data.ended_by.value, older_id)
        case PaymentReturnedEvent(id=event_id, data=data):
            who = event_id, data.client_id, customer, to_us(data.returned_at)
            amount = None if data.amount is None else _amount_in_units(data.amount)
            return PaymentReturn(*who, data.payment.id, amount, older_payment_id)
        case SurveyAnsweredEvent(id=event_id, data=data):
            who = event_id, data.client_id, customer, to_us(data.answered_at)
            return SurveyAnswer(*who, data.call.id, data.rating)


def amount_of(units: int) -> Decimal:
    """An amount in 1/10^4 as a decimal, exactly.

    >>> amount_of(123_400)
    Decimal('12.3400')
    """
    return Decimal(units).scaleb(-4)


def in_units(score: float | None) -> int | None:
    """A score in 1/10^4; None stays None."""
    return None if score is None else round(score * SCORE_UNIT)


def fact_of_call(event: CallScored) -> ScoredCall:
    """The fact in a scored call."""
    call, score = event.call, event.score
    measured = event.survey.rating if event.survey is not None else score.spoken_rating
    return ScoredCall(
        event_id=call.event_id,
        client_id=call.client_id,
        customer=call.customer,
        at=to_us(call.ended_at),
        agency_id=call.agency_id,
        segment=Segment(
            call.service.value, call.touchpoint.value, call.channel.value, call.customer_type.value
        ),
        aggression=in_units(score.aggression),
        empathy=in_units(score.empathy),
        sentiment=in_units(score.sentiment),
        measured_rating=measured,
        predicted_rating=score.predicted_rating if measured is None else None,
        worst=_worst_quote(event),
        surveyed=event.survey is not None,
        inferred=event.speakers is SpeakerSource.INFERRED,
    )


def _amount_in_units(amount: Decimal) -> int:
    return int((amount * SCORE_UNIT).to_integral_value())


def _worst_quote(event: CallScored) -> WorstQuote | None:
    worst: WorstQuote | None = None
    for index, (turn, scores) in enumerate(zip(event.turns, event.score.turns, strict=False)):
        aggression = in_units(scores.aggression)
        if aggression and (worst is None or aggression > worst.aggression):
            worst = WorstQuote(aggression, event.call.event_id, index, turn.text[:QUOTE_LENGTH])
    return worst
