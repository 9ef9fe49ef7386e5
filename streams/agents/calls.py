"""From `call-ended` to `call-transcribed`, where the text was given."""

from __future__ import annotations

from collections.abc import Sequence

from processors.attempts.answering import with_machine_turns
from processors.attempts.outcome import attempt_of
from processors.identity.calls import call_of
from processors.mail.own_words import own_words
from processors.redaction.redact import redact
from processors.transcript.interruptions import turn_taking
from processors.transcript.turns import redacted
from schemas.codec import encode
from schemas.derived import CallTranscribed
from schemas.events import CallEndedEvent, Survey
from schemas.topics import CALL_TRANSCRIBED
from streams.runtime.outbox import Message


def redacted_survey(
    survey: Survey | None, language: str, names: Sequence[str] = ()
) -> Survey | None:
    """`survey` without personal data in its comment."""
    if survey is None or survey.comment is None:
        return survey
    return survey.model_copy(update={"comment": redact(survey.comment, language, names)})


def from_text(event: CallEndedEvent, key: bytes, origin: str | None = None) -> CallTranscribed:
    """A conversation whose text was given, or is not needed: a survey, a call nobody answered.

    Of written messages only what is new counts, and only that is sent on.
    """
    data = event.data
    said = own_words(data.transcript or [], data.channel)
    taken = turn_taking(said) if said else None
    turns = redacted(said, data.language, data.people)
    attempt = attempt_of(data, turns)
    return CallTranscribed(
        call=call_of(event, key, origin),
        turns=turns if attempt is None else with_machine_turns(turns),
        survey=redacted_survey(data.survey, data.language, data.people),
        from_audio=False,
        attempt=attempt,
        transcriber=None,
        overlaps=taken.overlaps if taken else None,
        interruptions=taken.interruptions if taken else None,
    )


def message_of(transcribed: CallTranscribed, partition: int) -> Message:
    """The conversation as a message to its customer's partition."""
    return Message(
        CALL_TRANSCRIBED, transcribed.call.customer.encode(), encode(transcribed), partition
    )
