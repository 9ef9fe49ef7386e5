"""From `call-ended` to the facts of a conversation: pseudonym in place of the customer."""

from __future__ import annotations

from collections.abc import Sequence

from processors.answering import marked
from processors.attempts import attempt_of
from processors.interruptions import turn_taking
from processors.pseudonyms import pseudonym
from processors.redaction import redact
from processors.turns import redacted
from schemas.codec import encode
from schemas.derived import Call, CallTranscribed
from schemas.events import CallEndedEvent, Survey
from schemas.topics import CALL_TRANSCRIBED
from streams.outbox import Message


def call_of(event: CallEndedEvent, key: bytes) -> Call:
    """The facts that every later event repeats."""
    data = event.data
    return Call(
        event_id=event.id,
        client_id=data.client_id,
        agency_id=data.agency_id,
        customer=pseudonym(key, data.client_id, data.customer_id),
        started_at=data.started_at,
        ended_at=data.ended_at,
        service=data.service,
        touchpoint=data.touchpoint,
        channel=data.channel,
        customer_type=data.customer_type,
        language=data.language,
    )


def redacted_survey(
    survey: Survey | None, language: str, names: Sequence[str] = ()
) -> Survey | None:
    """`survey` without personal data in its comment."""
    if survey is None or survey.comment is None:
        return survey
    return survey.model_copy(update={"comment": redact(survey.comment, language, names)})


def from_text(event: CallEndedEvent, key: bytes) -> CallTranscribed:
    """A conversation whose text was given, or is not needed: a survey, a call nobody answered."""
    data = event.data
    said = data.transcript or []
    taken = turn_taking(said) if said else None
    turns = redacted(said, data.language, data.people)
    attempt = attempt_of(data, turns)
    return CallTranscribed(
        call=call_of(event, key),
        turns=turns if attempt is None else marked(turns),
        survey=redacted_survey(data.survey, data.language, data.people),
        from_audio=False,
        attempt=attempt,
        transcriber=None,
        overlaps=taken.overlaps if taken else None,
        interruptions=taken.interruptions if taken else None,
    )


def message_of(transcribed: CallTranscribed, partition: int) -> Message:
    """The conversation as a message, kept in its customer's partition."""
    return Message(
        CALL_TRANSCRIBED, transcribed.call.customer.encode(), encode(transcribed), partition
    )
