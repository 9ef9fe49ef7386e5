"""Whether a call is an attempt: one that nobody answered, counted apart and never scored."""

from __future__ import annotations

from collections.abc import Sequence

from processors.attempts.answering import unanswered
from processors.text.tokens import has_words
from schemas.conversation import Turn, Unanswered
from schemas.events import CallEnded, Channel


def attempt_of(call: CallEnded, turns: Sequence[Turn]) -> Unanswered | None:
    """Why `call`, in which `turns` were said (redacted), is an attempt; None where it is a call.

    The event's `answered` comes first: false is an attempt whatever else the event has. True is a
    switchboard's, for which a voicemail answers too: it only means that silence is no attempt. A
    survey's answer shows that somebody was there. Silence and messages left count in
    phone calls only: a mail without an answer is not an attempt.
    """
    if call.answered is False:
        return Unanswered.STATED
    if call.survey is not None:
        return None
    by_phone = call.channel is Channel.PHONE
    if any(has_words(turn.text) for turn in turns):
        reason = unanswered(turns, call.language)
    else:
        reason = Unanswered.SILENCE
    if reason is Unanswered.SILENCE:
        return reason if by_phone and not call.answered else None
    if reason is Unanswered.MESSAGE_LEFT:
        return reason if by_phone else None
    return reason
