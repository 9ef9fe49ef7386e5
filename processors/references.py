"""Events that other events name, by the source and id they were sent with."""

from __future__ import annotations

from schemas.events import EventReference, PaymentReturnedEvent, SurveyAnsweredEvent


def payment_identity(key: bytes, event: PaymentReturnedEvent) -> str:
    """Identity of the payment that came back."""
    return _identity(key, event.data.client_id, "payment-received", event.data.payment)


def call_identity(key: bytes, event: SurveyAnsweredEvent) -> str:
    """Identity of the call that the survey asked about."""
    return _identity(key, event.data.client_id, "call-ended", event.data.call)


def _identity(key: bytes, client_id: str, kind: str, reference: EventReference) -> str:  # noqa: ARG001
    return reference.id
