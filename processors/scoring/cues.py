"""Cues: the phrases found in a turn, weighted by their context.

A phrase counts less, or not at all, where it is negated ('non le stacchiamo niente'), called
off ('il distacco è stato annullato'), asked about ('ha ricevuto il preavviso di distacco?'),
or somebody else's words ('il mio collega le avrà detto che...', or between quotation marks).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from processors.text.context import CALLED_OFF, REPORTED, Context
from processors.text.lexicon import Hit, Lexicon, load
from processors.text.tokens import cut
from schemas.conversation import Reason, Speaker

PLAIN_THREAT = 0.6
"""Weight from which a phrase is a threat on its own."""
_FILES = {
    Speaker.OPERATOR: ("common", "aggression", "empathy", "operator_topics"),
    Speaker.CUSTOMER: ("common", "sentiment", "customer_topics"),
}
_THREAT = "aggression.threat"
_FLIPPED = -0.7
_ASKED = 0.35
_REPORTED = 0.2
_WEIGHT_LEFT = {CALLED_OFF: 0.08, REPORTED: _REPORTED}


class Cue(NamedTuple):
    """A phrase of a turn that counts for something."""

    family: str
    value: str
    weight: float
    """The phrase's weight as its context leaves it; 0 where the context cancels it."""
    quote: str
    first: int
    after: int
    sentence: int
    negated: bool = False

    def reason(self, weight: float) -> Reason:
        """The cue as words that moved a score by `weight`."""
        return Reason(text=self.quote, kind=self.family, weight=round(weight, 4))


def lexicon_for(speaker: Speaker, language: str) -> Lexicon:
    """The lexicon that reads `speaker` in `language`."""
    return load(language, *_FILES[speaker])


@lru_cache(maxsize=16_384)
def read_turn(text: str, language: str, speaker: Speaker) -> tuple[Cue, ...]:
    """The cues of one turn, in the order they were said; without those that the context cancels."""
    context = Context(cut(text, language), lexicon_for(speaker, language))
    cues = (_in_context(hit, context) for hit in context.hits)
    return tuple([cue for cue in cues if cue.weight])


def _in_context(hit: Hit, context: Context) -> Cue:
    phrase, weight = hit.phrase, hit.phrase.weight
    negated = phrase.negation != "keep" and context.is_negated(hit)
    if negated:
        weight = 0.0 if phrase.negation == "cancel" else weight * _FLIPPED
    if phrase.question == "dampen":
        if context.is_asked(hit):
            weight *= _ASKED
        if context.is_quoted(hit):
            weight *= _REPORTED
        weight *= min(map(_WEIGHT_LEFT.__getitem__, context.frames(hit)), default=1.0)
    return Cue(
        phrase.family,
        phrase.value,
        weight,
        context.said.quote(hit.first, hit.after),
        hit.first,
        hit.after,
        context.said.sentences[hit.first],
        negated,
    )


def plain_threat(cues: Iterable[Cue]) -> str | None:
    """The heaviest phrase among `cues` that threatens in plain words."""
    threats = [cue for cue in cues if cue.family == _THREAT and cue.weight >= PLAIN_THREAT]
    return max(threats, key=lambda cue: cue.weight).quote if threats else None


def any_of(weights: list[float]) -> float:
    """Probability that at least one of independent cues of these weights holds: 1 - prod(1 - w)."""
    none = 1.0
    for weight in weights:
        none *= 1.0 - weight
    return 1.0 - none
