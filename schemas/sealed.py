"""Pseudonymous events, as the journal stores them and sends them again."""

from __future__ import annotations

from schemas.events import (
    ContractCancelledEvent,
    PaymentReceivedEvent,
    PaymentReturnedEvent,
    SurveyAnsweredEvent,
)
from schemas.topics import (
    CONTRACT_CANCELLED,
    PAYMENT_RECEIVED,
    PAYMENT_RETURNED,
    SURVEY_ANSWERED,
)


class SealedPayment(PaymentReceivedEvent):
    """A payment, pseudonymous if the seal is right; CloudEvents extension attribute."""

    ascoltoseal: str | None = None


class SealedCancellation(ContractCancelledEvent):
    """A cancellation, pseudonymous if the seal is right; CloudEvents extension attribute."""

    ascoltoseal: str | None = None


class SealedReturn(PaymentReturnedEvent):
    """A payment's return, pseudonymous if the seal is right; CloudEvents extension attribute."""

    ascoltoseal: str | None = None


class SealedAnswer(SurveyAnsweredEvent):
    """A survey's answer, pseudonymous if the seal is right; CloudEvents extension attribute."""

    ascoltoseal: str | None = None


Sealed = SealedPayment | SealedCancellation | SealedReturn | SealedAnswer

SEALED: dict[str, type[Sealed]] = {
    PAYMENT_RECEIVED.name: SealedPayment,
    CONTRACT_CANCELLED.name: SealedCancellation,
    PAYMENT_RETURNED.name: SealedReturn,
    SURVEY_ANSWERED.name: SealedAnswer,
}
"""The model of each topic of events that the journal stores as they were sent, but sealed."""
