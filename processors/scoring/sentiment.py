"""Sentiment of a customer's words, -1 to 1, through TextBlob with an analyzer of our own.

TextBlob's default analyzer is English and averages single words; `LexiconAnalyzer` plugs into
the same place and reads our XML lexicons: phrases with a polarity, inverted by negation
(x -0.7), raised or lowered by the adverbs next to them, and weighted more after a contrast ('ma',
'but'), where speakers say what they mean. Their sum S becomes S / sqrt(S^2 + 0.5), so that one
clear phrase (0.6) gives about 0.65 and more of them approach 1. Praise such as 'complimenti'
counts as irony where the turn also complains.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from processors.scoring.cues import Cue, lexicon_for, read_turn
from processors.text.textblob_parts import (
    CONTINUOUS,
    BaseSentimentAnalyzer,
    BaseTokenizer,
    TextBlob,
)
from processors.text.tokens import Words, cut
from schemas.conversation import Reason, Speaker

INTENSIFIED, DIMINISHED = 1.35, 0.65
BEFORE_CONTRAST, AFTER_CONTRAST = 0.6, 1.25
SATURATION = 0.5


class Sentiment(NamedTuple):
    """Polarity of a text, and the phrases that made it."""

    polarity: float
    reasons: tuple[Reason, ...]


class LexiconTokenizer(BaseTokenizer):  # type: ignore[misc]
    """Cuts a text as every other scorer does; needs no corpora."""

    def __init__(self, language: str) -> None:
        self._language = language

    def tokenize(self, text: str) -> list[str]:
        """The folded words of `text`."""
        return list(cut(text, self._language).words)


class LexiconAnalyzer(BaseSentimentAnalyzer):  # type: ignore[misc]
    """Reads a customer's sentiment from the XML lexicon of one language."""

    kind = CONTINUOUS

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language
        self._lexicon = lexicon_for(Speaker.CUSTOMER, language)

    def analyze(self, text: str) -> Sentiment:
        """Polarity of `text` with its reasons."""
        said = cut(text, self._language)
        cues = [
            c
            for c in read_turn(text, self._language, Speaker.CUSTOMER)
            if c.family.startswith("sentiment.")
        ]
        sure = [c for c in cues if c.family != "sentiment.ironic"]
        complains = any(c.weight < 0 for c in sure)
        contrast = _contrast(said, self._lexicon.classes["contrast"])
        reasons = []
        total = 0.0
        for cue in cues:
            weight = cue.weight
            if cue.family == "sentiment.ironic" and complains:
                weight = -abs(weight)
            weight *= self._by_adverbs(cue, said)
            if contrast is not None:
                weight *= AFTER_CONTRAST if cue.first > contrast else BEFORE_CONTRAST
            total += weight
            reasons.append(cue.reason(weight))
        return Sentiment(round(total / math.sqrt(total * total + SATURATION), 4), tuple(reasons))

    def _by_adverbs(self, cue: Cue, said: Words) -> float:
        neighbours = [
            said.words[place]
            for place in (cue.first - 1, cue.after)
            if 0 <= place < len(said.words) and said.sentences[place] == cue.sentence
        ]
        if any(w in self._lexicon.classes["intensifiers"] for w in neighbours):
            return INTENSIFIED
        if any(w in self._lexicon.classes["diminishers"] for w in neighbours):
            return DIMINISHED
        return 1.0


@lru_cache(maxsize=8)
def _tools(language: str) -> tuple[LexiconAnalyzer, LexiconTokenizer]:
    return LexiconAnalyzer(language), LexiconTokenizer(language)


def _contrast(said: Words, contrasts: frozenset[str]) -> int | None:
    """Place of the last contrasting word that has words on both sides."""
    places = [
        place
        for place in range(1, len(said.words) - 1)
        if said.words[place] in contrasts and said.sentences[place] == said.sentences[place - 1]
    ]
    return places[-1] if places else None


def sentiment_of(text: str, language: str) -> Sentiment:
    """Sentiment of one customer's turn; 0 with no reasons where nothing in it takes sides."""
    analyzer, tokenizer = _tools(language)
    found: Sentiment = TextBlob(text, tokenizer=tokenizer, analyzer=analyzer).sentiment
    return found
