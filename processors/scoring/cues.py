"""Cues: the phrases found in a turn, weighted by their context.

A phrase counts less, or not at all, where it is negated ('non le stacchiamo niente'), called
off ('il distacco è stato annullato'), asked about ('ha ricevuto il preavviso di distacco?'),
or somebody else's words ('il mio collega le avrà detto che...', or between quotation marks).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from processors.text.lexicon import Hit, Lexicon, load
from processors.text.tokens import Words, cut
from schemas.conversation import Reason, Speaker

LANGUAGES = ("it", "en")
_FILES = {
    Speaker.OPERATOR: ("common", "aggression", "empathy", "operator_topics"),
    Speaker.CUSTOMER: ("common", "sentiment", "customer_topics"),
}
_LOOK_BACK = 6
_FLIPPED = -0.7
_CALLED_OFF = 0.08
_ASKED = 0.35
_REPORTED = 0.2


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
    said = cut(text, language)
    lexicon = lexicon_for(speaker, language)
    hits = lexicon.find(said)
    contexts = [hit for hit in hits if hit.phrase.family.startswith("context.")]
    cues = (_in_context(hit, said, lexicon, contexts) for hit in hits)
    return tuple([cue for cue in cues if cue.weight])


def _in_context(hit: Hit, said: Words, lexicon: Lexicon, contexts: list[Hit]) -> Cue:
    phrase, sentence = hit.phrase, said.sentences[hit.first]
    weight = phrase.weight
    negated = phrase.negation != "keep" and _is_negated(hit, said, lexicon)
    if negated:
        weight = 0.0 if phrase.negation == "cancel" else weight * _FLIPPED
    if phrase.question == "dampen":
        if sentence in said.questions and not _ends_in_tag(hit, said, lexicon):
            weight *= _ASKED
        if hit.first in said.quoted:
            weight *= _REPORTED
        weight *= _weight_left(hit, sentence, said, contexts)
    return Cue(
        phrase.family,
        phrase.value,
        weight,
        said.quote(hit.first, hit.after),
        hit.first,
        hit.after,
        sentence,
        negated,
    )


def _is_negated(hit: Hit, said: Words, lexicon: Lexicon) -> bool:
    """Whether a negator comes before, with only words between that carry it on, or right after."""
    negators, carriers = lexicon.classes["negators"], lexicon.classes["carriers"]
    sentence = said.sentences[hit.first]
    for place in range(hit.first - 1, max(-1, hit.first - 1 - _LOOK_BACK), -1):
        between = said.raw[said.ends[place] : said.starts[place + 1]]
        if said.sentences[place] != sentence or "," in between:
            break
        word = said.words[place]
        if word in negators:
            return True
        if word not in carriers:
            break
    return _is_negated_after(hit, said, lexicon)


def _is_negated_after(hit: Hit, said: Words, lexicon: Lexicon) -> bool:
    """Whether the very next word denies it ('le rate non le facciamo')."""
    after = hit.after
    if after + 1 >= len(said.words) or said.sentences[after] != said.sentences[hit.first]:
        return False
    between = said.raw[said.ends[after - 1] : said.starts[after]]
    return said.words[after] in lexicon.classes["denials"] and "," not in between


def _ends_in_tag(hit: Hit, said: Words, lexicon: Lexicon) -> bool:
    """Whether the sentence only asks for assent ('..., capito?'), and so states something."""
    last = hit.after
    while last < len(said.words) and said.sentences[last] == said.sentences[hit.first]:
        last += 1
    return last > hit.after and said.words[last - 1] in lexicon.classes["tags"]


def _weight_left(hit: Hit, sentence: int, said: Words, contexts: list[Hit]) -> float:
    left = 1.0
    for context in contexts:
        if said.sentences[context.first] != sentence:
            continue
        if context.phrase.family == "context.called_off":
            left = min(left, _CALLED_OFF)
        elif context.phrase.family == "context.reported" and context.first <= hit.first:
            left = min(left, _REPORTED)
    return left


def any_of(weights: list[float]) -> float:
    """Probability that at least one of independent cues of these weights holds: 1 - prod(1 - w)."""
    none = 1.0
    for weight in weights:
        none *= 1.0 - weight
    return 1.0 - none
