"""Pseudonymous events, as the journal keeps them and sends them again."""

from __future__ import annotations

from schemas.events import ContractCancelledEvent, PaymentReceivedEvent


class SealedPayment(PaymentReceivedEvent):
    """A payment, pseudonymous if the seal is right; CloudEvents extension attribute."""

    ascoltoseal: str | None = None


class SealedCancellation(ContractCancelledEvent):
    """A cancellation, pseudonymous if the seal is right; CloudEvents extension attribute."""

    ascoltoseal: str | None = None
