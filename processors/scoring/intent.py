"""What the customer means to do: leave, or pay.

Counted is what the customer says of the own future in earnest. Left out are the negated ('non
voglio disdire'), the past and other people's deeds, the unreal ('se avessi', 'pagherei'), irony
('come no'), questions, and promises that hang on a condition ('se mi togliete la mora').
Leaving on a condition that the company holds ('se continuate così passo alla concorrenza')
counts: it is how customers announce it.
"""

from __future__ import annotations

from processors.scoring.cues import Cue, read_turn
from processors.text.tokens import cut
from schemas.conversation import Speaker


def _earnest(text: str, language: str, wanted: str, against: str) -> list[Cue]:
    cues = read_turn(text, language, Speaker.CUSTOMER)
    questions = cut(text, language).questions
    denied = {cue.sentence for cue in cues if cue.family == against}
    return [
        cue
        for cue in cues
        if cue.family == wanted and cue.sentence not in denied and cue.sentence not in questions
    ]


def churn_intent(text: str, language: str) -> list[Cue]:
    """The words of a customer's turn that announce leaving."""
    return _earnest(text, language, "intent.churn", "intent.not_churn")


def promise_to_pay(text: str, language: str) -> list[Cue]:
    """The words of a customer's turn that promise a payment."""
    return _earnest(text, language, "intent.promise", "intent.not_promise")
