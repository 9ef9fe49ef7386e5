"""What became of a call: scored, or why not. Each call has one outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CallOutcome(StrEnum):
    """The outcomes of calls, in the order in which they are shown."""

    SCORED = "scored"
    """Both speakers' words have scores."""
    SCORED_IN_PART = "scored_in_part"
    """One speaker's words have scores, the other's not."""
    MONO_UNKNOWN = "mono_unknown"
    """Nothing in the recording says who is the operator."""
    MONO_LEFT_OUT = "mono_left_out"
    """Who speaks was inferred, and the client company leaves such calls out."""
    LOW_CONFIDENCE = "low_confidence"
    """The transcriber was too uncertain of the words."""
    LANGUAGE = "language"
    """Spoken in a language that is not scored, or not in the declared one."""
    NO_WORDS = "no_words"
    """Nothing that could be scored was said."""
    NOBODY_ANSWERED = "nobody_answered"
    """An attempt: no conversation took place."""
    RECORDING_MISSING = "recording_missing"
    """The recording was not where the event says, as often as it was tried."""
    RECORDING_BROKEN = "recording_broken"
    """The recording is no sound that can be decoded, or not in the time allowed."""
    REFUSED = "refused"
    """The event, or the place of its recording, is not accepted: see the dead letters."""
    WAITING = "waiting"
    """It arrived, and is being transcribed, scored or stored, or will be."""


@dataclass(frozen=True)
class WaitingCall:
    """A call that waits for a worker."""

    client_id: str
    ended_at: datetime


@dataclass(frozen=True)
class Backlog:
    """The calls that wait."""

    calls: tuple[WaitingCall, ...]
    complete: bool
    """False where more wait than were read."""


_BY_REASON = (
    ("speaker_unknown", CallOutcome.MONO_UNKNOWN),
    ("speakers_inferred", CallOutcome.MONO_LEFT_OUT),
    ("low_transcription_confidence", CallOutcome.LOW_CONFIDENCE),
    ("nobody_answered", CallOutcome.NOBODY_ANSWERED),
    ("language", CallOutcome.LANGUAGE),
)
_MISSING = frozenset(("RecordingMissing",))
_BROKEN = frozenset(("RecordingBroken", "RecordingExcessive", "TimeoutError", "unexpected"))


def outcome_of_call(why: str, *, operator_scored: bool, customer_scored: bool) -> CallOutcome:
    """The outcome of a call that was stored with its scores.

    Args:
        why: what `CallScore.why` says, empty for nothing.
        operator_scored: whether the operator's words have scores.
        customer_scored: whether the customer's have.
    """
    if operator_scored and customer_scored:
        return CallOutcome.SCORED
    if operator_scored or customer_scored:
        return CallOutcome.SCORED_IN_PART
    for reason, outcome in _BY_REASON:
        if reason in why:
            return outcome
    return CallOutcome.NO_WORDS


def outcome_of_letter(error_class: str) -> CallOutcome:
    """The outcome of a call that became a dead letter of this class."""
    if error_class in _MISSING:
        return CallOutcome.RECORDING_MISSING
    if error_class in _BROKEN:
        return CallOutcome.RECORDING_BROKEN
    return CallOutcome.REFUSED
