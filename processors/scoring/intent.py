"""What the customer intends: to leave, or to pay.

What customers seriously say about their own future counts. What does not: negations ('non voglio
disdire'), the past, what others do, hypotheses ('se avessi', 'pagherei'), irony ('come no'),
questions, and promises that depend on a condition ('se mi togliete la mora').
Leaving on a condition that depends on the company ('se continuate così passo alla concorrenza')
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
