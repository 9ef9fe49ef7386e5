"""The events that come in, as CloudEvents 1.0 in structured JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from schemas.conversation import Contract, Rating, Turn

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\s|]+$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def _plausible(time: datetime) -> datetime:
    if not EARLIEST <= time < LATEST:
        raise ValueError("a time from 2000 to 2099 is needed")
    return time.astimezone(UTC)


EventTime = Annotated[AwareDatetime, AfterValidator(_plausible)]


class Inbound(Contract):
    """Base of what others send: fields that we do not know are passed over, not refused."""

    model_config = ConfigDict(extra="ignore")


class Service(StrEnum):
    """The committente's service on whose behalf the customer is contacted."""

    CREDIT_MANAGEMENT = "credit_management"
    DEBT_COLLECTION = "debt_collection"
    CUSTOMER_CARE = "customer_care"


class CustomerType(StrEnum):
    """What kind of customer is contacted."""

    HOUSEHOLD = "household"
    SMALL_BUSINESS = "small_business"
    LARGE_COMPANY = "large_company"
    PUBLIC_BODY = "public_body"


class Touchpoint(StrEnum):
    """Why the customer is contacted."""

    REMINDER = "reminder"
    LOST_INVOICE = "lost_invoice"
    PAYMENT_PLAN = "payment_plan"
    DISPUTE = "dispute"
    LEGAL_NOTICE = "legal_notice"
    SURVEY = "survey"


class Channel(StrEnum):
    """How the customer is contacted."""

    PHONE = "phone"
    EMAIL = "email"
    WHATSAPP = "whatsapp"
    WEB_CHAT = "web_chat"
    SOCIAL = "social"


class EndedBy(StrEnum):
    """Who ended a contract; `supplier` (non-payment) is a competing risk, never churn."""

    CUSTOMER = "customer"
    SUPPLIER = "supplier"


class Recording(Inbound):
    """Where a conversation's audio is."""

    uri: Annotated[str, StringConstraints(min_length=1, max_length=2048)] = Field(
        description="a path relative to an allow-listed recordings directory, or a file: URI in one"
    )
    layout: Literal["stereo", "mono"] = Field(description="stereo: operator left, customer right")
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="checksum of the file; a recording that differs is refused"
    )


class Survey(Inbound):
    """The customer's own answer: one rating question, one open question."""

    rating: Rating
    comment: str | None = None


PersonName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class CallEnded(Inbound):
    """One conversation has ended: who contacted whom, when, about what, and what was said."""

    client_id: Identifier
    agency_id: Identifier
    operator_id: Identifier = Field(description="a pseudonym already at the emitter")
    customer_id: Identifier
    started_at: EventTime
    ended_at: EventTime
    service: Service
    touchpoint: Touchpoint
    channel: Channel = Channel.PHONE
    customer_type: CustomerType = CustomerType.HOUSEHOLD
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "it"
    recording: Recording | None = None
    transcript: list[Turn] | None = Field(None, description="ready turns, instead of a recording")
    survey: Survey | None = None
    people: Annotated[list[PersonName], Field(max_length=20)] = Field(
        default_factory=list,
        description="names that may be spoken in it, as 'Mario Rossi': they are taken out of its "
        "words and kept nowhere",
    )

    @model_validator(mode="after")
    def _has_something_to_say(self) -> Self:
        if self.ended_at < self.started_at:
            raise ValueError("ended_at is before started_at")
        if self.recording is not None and self.transcript is not None:
            raise ValueError("give a recording or a transcript, not both")
        if self.recording is None and self.transcript is None and self.survey is None:
            raise ValueError("a recording, a transcript or a survey is needed")
        return self


class PaymentReceived(Inbound):
    """A customer paid; the agency is found through the customer's engagements."""

    client_id: Identifier
    customer_id: Identifier
    amount: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=4)]
    currency: Currency = "EUR"
    received_at: EventTime


class ContractCancelled(Inbound):
    """A contract ended."""

    client_id: Identifier
    customer_id: Identifier
    contract_id: Identifier
    cancelled_at: EventTime
    ended_by: EndedBy


DataT = TypeVar("DataT", bound=Inbound)


class CloudEvent(Inbound, Generic[DataT]):
    """CloudEvents 1.0 envelope in structured JSON; `source` and `id` together name the event."""

    specversion: Literal["1.0"] = "1.0"
    id: Identifier
    source: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    type: str
    time: EventTime
    subject: Identifier = Field(description="the customer_id, also the Kafka key")
    datacontenttype: Literal["application/json"] = "application/json"
    data: DataT


class CallEndedEvent(CloudEvent[CallEnded]):
    """Topic `call-ended`."""

    type: Literal["it.ascolto.call-ended.v1"] = "it.ascolto.call-ended.v1"


class PaymentReceivedEvent(CloudEvent[PaymentReceived]):
    """Topic `payment-received`."""

    type: Literal["it.ascolto.payment-received.v1"] = "it.ascolto.payment-received.v1"


class ContractCancelledEvent(CloudEvent[ContractCancelled]):
    """Topic `contract-cancelled`."""

    type: Literal["it.ascolto.contract-cancelled.v1"] = "it.ascolto.contract-cancelled.v1"


InboundEvent = CallEndedEvent | PaymentReceivedEvent | ContractCancelledEvent
