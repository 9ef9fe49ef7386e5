"""The events that come in, as CloudEvents 1.0 in structured JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StrictBool,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core.core_schema import CoreSchema

from schemas.conversation import Contract, Rating, Turn
from schemas.inbound import fields
from schemas.inbound.fields import or_without
from schemas.inbound.identifiers import Identifier, Login, Source
from schemas.inbound.json_forms import null_for_absent
from schemas.inbound.people import MOST, PEOPLE
from schemas.inbound.sound_formats import HEADERLESS
from schemas.inbound.turns import TURNS, TURNS_SCHEMA

Currency = Annotated[
    str, StringConstraints(pattern=r"^[A-Z]{3}$"), fields.UPPER, fields.CURRENCY_SCHEMA
]

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def _plausible(time: datetime) -> datetime:
    if not EARLIEST <= time < LATEST:
        raise ValueError("a time from 2000 to 2099 is needed")
    return time.astimezone(UTC)


EventTime = Annotated[AwareDatetime, AfterValidator(_plausible), fields.TIME]
Amount = Annotated[
    Decimal,
    Field(gt=0, max_digits=18, decimal_places=fields.AMOUNT_DECIMALS),
    fields.AMOUNT,
    fields.AMOUNT_SCHEMA,
]


class Inbound(Contract):
    """Base of what others send: fields that we do not know are passed over, not refused.

    A field that may be absent may be null as well, which means the same.
    """

    model_config = ConfigDict(extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        if not isinstance(data, dict) or None not in data.values():
            return data
        needed = {name for name, field in cls.model_fields.items() if field.is_required()}
        return {name: v for name, v in data.items() if v is not None or name in needed}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return null_for_absent(handler, core_schema)


class Service(fields.Word):
    """The committente's service on whose behalf the customer is contacted."""

    CREDIT_MANAGEMENT = "credit_management"
    DEBT_COLLECTION = "debt_collection"
    CUSTOMER_CARE = "customer_care"


class CustomerType(fields.Word):
    """What kind of customer is contacted."""

    HOUSEHOLD = "household"
    SMALL_BUSINESS = "small_business"
    LARGE_COMPANY = "large_company"
    PUBLIC_BODY = "public_body"


class Touchpoint(fields.Word):
    """Why the customer is contacted."""

    REMINDER = "reminder"
    LOST_INVOICE = "lost_invoice"
    PAYMENT_PLAN = "payment_plan"
    DISPUTE = "dispute"
    LEGAL_NOTICE = "legal_notice"
    SURVEY = "survey"


class Channel(fields.Word):
    """How the customer is contacted."""

    PHONE = "phone"
    EMAIL = "email"
    WHATSAPP = "whatsapp"
    WEB_CHAT = "web_chat"
    SOCIAL = "social"

    @classmethod
    def other_words(cls) -> dict[str, str]:
        """What telephone systems and contact centres call the same channels."""
        return {
            **dict.fromkeys(("voice", "call", "telephone", "telefono"), "phone"),
            **dict.fromkeys(("e_mail", "mail"), "email"),
            **dict.fromkeys(("chat", "webchat", "live_chat"), "web_chat"),
        }


class EndedBy(fields.Word):
    """Who ended a contract; `supplier` (non-payment) is a competing risk, never churn."""

    CUSTOMER = "customer"
    SUPPLIER = "supplier"


Uri = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None


class Recording(Inbound):
    """Where a conversation's audio is: one file (`uri`), or one for each side."""

    uri: Uri | None = Field(
        None,
        description="a path relative to a recordings directory or place, or a file:, s3://, "
        "sftp:// or https:// address in one that is allowed",
    )
    layout: Annotated[
        Literal["stereo", "stereo-swapped", "mono", "tracks", "tracks-swapped"] | None,
        fields.LOWER,
    ] = Field(
        None,
        description="needed with uri; stereo: operator left, customer right; tracks: operator in "
        "the first track, customer in the second; -swapped: the other way round",
    )
    operator_uri: Uri | None = Field(
        None, description="instead of uri: the file that holds the operator alone"
    )
    customer_uri: Uri | None = Field(None, description="the file that holds the customer alone")
    format: Annotated[
        Annotated[str, StringConstraints(pattern=f"^{HEADERLESS}$")] | None, fields.LOWER
    ] = Field(
        None,
        description="of sound without a header, as s16le@8000x2: samples, samples a second, "
        "channels (1 where left out); null: by the file itself",
    )
    sha256: Annotated[_Sha256, fields.CHECKSUM, or_without("recording.sha256")] = Field(
        None, description="checksum of the file; a recording that differs is refused"
    )
    operator_sha256: Annotated[
        _Sha256, fields.CHECKSUM, or_without("recording.operator_sha256")
    ] = None
    customer_sha256: Annotated[
        _Sha256, fields.CHECKSUM, or_without("recording.customer_sha256")
    ] = None

    @model_validator(mode="after")
    def _is_one_file_or_two(self) -> Self:
        sides = [self.operator_uri, self.customer_uri]
        if self.uri is None and None in sides:
            raise ValueError("give uri, or operator_uri and customer_uri")
        if self.uri is not None and any(sides):
            raise ValueError("give uri, or operator_uri and customer_uri, not both")
        if self.uri is not None and self.layout is None:
            raise ValueError("give the layout of uri: stereo, stereo-swapped, mono, tracks")
        if self.uri is None and self.layout is not None:
            raise ValueError("a layout is of one file (uri): leave it out")
        return self

    @property
    def uris(self) -> tuple[str, ...]:
        """All of its files."""
        return tuple(u for u in (self.uri, self.operator_uri, self.customer_uri) if u is not None)


class Survey(Inbound):
    """The customer's own answer: one rating question, one open question."""

    rating: Rating
    comment: Annotated[str | None, or_without("survey.comment")] = None


PersonName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class CallEnded(Inbound):
    """One conversation has ended: who contacted whom, when, about what, and what was said."""

    client_id: Identifier
    agency_id: Identifier
    operator_id: Login = Field(description="a pseudonym already at the emitter")
    customer_id: Identifier
    started_at: EventTime
    ended_at: EventTime
    service: Service
    touchpoint: Touchpoint
    channel: Channel = Channel.PHONE
    customer_type: CustomerType = CustomerType.HOUSEHOLD
    language: Annotated[
        str, StringConstraints(pattern=r"^[a-z]{2,3}$"), fields.LANGUAGE, fields.LANGUAGE_SCHEMA
    ] = "it"
    recording: Annotated[Recording | None, fields.ALL_NULL] = None
    transcript: Annotated[list[Turn] | None, TURNS, TURNS_SCHEMA] = Field(
        None, description="ready turns, instead of a recording"
    )
    survey: Annotated[Survey | None, fields.ALL_NULL, or_without("survey")] = None
    answered: Annotated[StrictBool | None, or_without("answered")] = Field(
        None,
        description="false: nobody answered, whatever else is given; true: somebody or something "
        "did, a voicemail too; null: recognised from the words",
    )
    people: Annotated[list[PersonName], Field(max_length=MOST), PEOPLE] = Field(
        default_factory=list,
        description="names that may be spoken in it, as 'Mario Rossi': they are taken out of its "
        "words and stored nowhere",
    )

    @model_validator(mode="after")
    def _has_something_to_say(self) -> Self:
        if self.ended_at < self.started_at:
            raise ValueError("ended_at is before started_at")
        if self.recording is not None and self.transcript is not None:
            raise ValueError("give a recording or a transcript, not both")
        said = (self.recording, self.transcript, self.survey)
        if self.answered is not False and all(part is None for part in said):
            raise ValueError("a recording, a transcript or a survey is needed, or answered: false")
        return self


def _not_a_return(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError as error:
        if any(detail["type"] == "greater_than" for detail in error.errors()):
            raise ValueError(
                "an amount above 0 is needed; for money that went back send payment-returned "
                "(it.ascolto.payment-returned.v1), which names its payment"
            ) from None
        raise


class PaymentReceived(Inbound):
    """A customer paid; the agency is found through the customer's engagements."""

    client_id: Identifier
    customer_id: Identifier
    amount: Annotated[Amount, WrapValidator(_not_a_return)]
    currency: Currency = "EUR"
    received_at: EventTime


class ContractCancelled(Inbound):
    """A contract ended."""

    client_id: Identifier
    customer_id: Identifier
    contract_id: Identifier
    cancelled_at: EventTime
    ended_by: EndedBy


class EventReference(Inbound):
    """Names an event of the same committente and customer, as it was sent."""

    source: Source = Field(description="CloudEvents source of the event named")
    id: Identifier = Field(description="CloudEvents id of the event named")

    @model_validator(mode="before")
    @classmethod
    def _is_an_object(cls, named: Any) -> Any:
        if isinstance(named, dict | EventReference):
            return named
        raise ValueError('name the event as it was sent: {"source": ..., "id": ...}')


class PaymentReturned(Inbound):
    """A payment came back, wholly or in part: a direct debit returned, a reversal.

    It may come before the payment it names; of several returns of one payment the amounts add up.
    """

    client_id: Identifier
    customer_id: Identifier
    payment: EventReference = Field(description="the payment-received event that it takes back")
    returned_at: EventTime
    amount: Amount | None = Field(
        None, description="in the payment's currency; not given: all of it"
    )


class SurveyAnswered(Inbound):
    """A customer answered the survey after the call, by SMS for instance.

    It may come before the call it names; of several answers to one call the first stands.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": ["rating"], "properties": {"rating": {"not": {"type": "null"}}}},
                {"required": ["comment"], "properties": {"comment": {"not": {"type": "null"}}}},
            ]
        }
    )

    client_id: Identifier
    customer_id: Identifier
    call: EventReference = Field(description="the call-ended event that it answers about")
    answered_at: EventTime
    rating: Annotated[Rating | None, or_without("rating")] = None
    comment: Annotated[
        Annotated[str, StringConstraints(max_length=100_000)] | None, or_without("comment")
    ] = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.rating is None and self.comment is None:
            raise ValueError("a rating or a comment is needed")
        return self


DataT = TypeVar("DataT", bound=Inbound)


class CloudEvent(Inbound, Generic[DataT]):
    """CloudEvents 1.0 envelope in structured JSON; `source` and `id` together name the event."""

    specversion: Annotated[Literal["1.0"], fields.ONE_VERSION] = "1.0"
    id: Identifier
    source: Source
    type: str
    time: Annotated[EventTime | None, or_without("time")] = Field(
        None, description="when it was sent; what counts is the time in the data"
    )
    subject: Annotated[str | None, or_without("subject")] = Field(
        None, description="the customer_id, also the Kafka key"
    )
    datacontenttype: Annotated[
        Literal["application/json"], fields.JSON_MEDIA, fields.JSON_MEDIA_SCHEMA
    ] = "application/json"
    data: DataT

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return null_for_absent(handler, core_schema, needed=("type",))


class CallEndedEvent(CloudEvent[CallEnded]):
    """Topic `call-ended`."""

    type: Literal["it.ascolto.call-ended.v1"] = "it.ascolto.call-ended.v1"


class PaymentReceivedEvent(CloudEvent[PaymentReceived]):
    """Topic `payment-received`."""

    type: Literal["it.ascolto.payment-received.v1"] = "it.ascolto.payment-received.v1"


class ContractCancelledEvent(CloudEvent[ContractCancelled]):
    """Topic `contract-cancelled`."""

    type: Literal["it.ascolto.contract-cancelled.v1"] = "it.ascolto.contract-cancelled.v1"


class PaymentReturnedEvent(CloudEvent[PaymentReturned]):
    """Topic `payment-returned`."""

    type: Literal["it.ascolto.payment-returned.v1"] = "it.ascolto.payment-returned.v1"


class SurveyAnsweredEvent(CloudEvent[SurveyAnswered]):
    """Topic `survey-answered`."""

    type: Literal["it.ascolto.survey-answered.v1"] = "it.ascolto.survey-answered.v1"


InboundEvent = (
    CallEndedEvent
    | PaymentReceivedEvent
    | ContractCancelledEvent
    | PaymentReturnedEvent
    | SurveyAnsweredEvent
)
