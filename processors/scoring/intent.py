"""What the customer intends: to leave, or to pay.

What customers seriously say about their own future counts. What does not: negations ('non voglio
disdire'), the past, what others do, hypotheses ('se avessi', 'pagherei'), irony ('come no'),
questions, and promises that depend on a condition ('se mi togliete la mora').
Leaving on a condition that depends on the company ('se continuate così passo alla concorrenza')
counts: it is how customers announce it.

The clauses of a sentence are also read each for itself, so that what one denies is not denied in
the next ('non ho mai ricevuto la bolletta, disdico tutto'); not those of a sentence that is a
condition, a question or a report as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from processors.scoring.cues import Cue, read_turn
from processors.text.clauses import joined_clauses, sentences_of
from processors.text.tokens import cut, fold
from processors.text.word_lists import words_of
from schemas.conversation import Language, Speaker

_CHURN: Final = ("intent.churn", "intent.not_churn")
_PROMISE: Final = ("intent.promise", "intent.not_promise")
_BINDING: Final = {
    language.value: words_of("intents", language, "binding") for language in Language
}
"""Words of conditions and reports: the clauses after them depend on them."""
_NEGATES: Final = {
    "it": re.compile(r"(?:non|mai|nessun\w*|ne|neanche|nemmeno)\b"),
    "en": re.compile(r"(?:not|never|no|nobody|do not|did not|have not)\b"),
}
"""Denials that are a mere negation: they deny their own clause, and no other."""


def churn_intent(text: str, language: str) -> str | None:
    """The sentence, or clause, of a customer's turn that announces leaving; None without one."""
    return _first_earnest(text, language, *_CHURN)


def promise_to_pay(text: str, language: str) -> str | None:
    """The sentence, or clause, of a customer's turn that promises a payment; None without one."""
    return _first_earnest(text, language, *_PROMISE)


def clauses_alone(text: str, language: str) -> Iterator[str]:
    """The clauses of joined sentences that can be read each for itself."""
    for sentence in sentences_of(text):
        clauses = joined_clauses(sentence)
        binding = _BINDING[language].intersection(cut(sentence, language).words)
        if len(clauses) > 1 and not binding and not sentence.rstrip('"»”)').endswith("?"):
            yield from clauses


@lru_cache(maxsize=8192)
def _first_earnest(text: str, language: str, wanted: str, against: str) -> str | None:
    cues = _earnest(text, language, wanted, against)
    if cues:
        return cut(text, language).sentence(cues[0].sentence)
    return next(_clauses_that_announce(text, language, wanted, against), None)


def _clauses_that_announce(text: str, language: str, wanted: str, against: str) -> Iterator[str]:
    """The clauses that announce it alone, of sentences that only negate something else."""
    for sentence in sentences_of(text):
        cues = read_turn(sentence, language, Speaker.CUSTOMER)
        denials = [cue for cue in cues if cue.family == against]
        announced = any(cue.family == wanted for cue in cues)
        if announced and all(_NEGATES[language].match(fold(cue.quote)) for cue in denials):
            for clause in clauses_alone(sentence, language):
                if _earnest(clause, language, wanted, against):
                    yield clause


def _earnest(text: str, language: str, wanted: str, against: str) -> list[Cue]:
    cues = read_turn(text, language, Speaker.CUSTOMER)
    questions = cut(text, language).questions
    denied = {cue.sentence for cue in cues if cue.family == against}
    return [
        cue
        for cue in cues
        if cue.family == wanted and cue.sentence not in denied and cue.sentence not in questions
    ]
