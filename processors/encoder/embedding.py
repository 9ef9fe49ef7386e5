"""The embedding of a turn: its meaning as one vector.

An operator's is the mean of its sentences' vectors: sentences repeat in other turns (greetings,
formulas), and each is encoded once. A customer's is the vector of the whole turn, which shows
reasons and intentions better. Every number is first replaced by the same one: amounts and dates
say nothing about the tone, and would make every sentence new.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from operator import attrgetter

import numpy as np
from cachetools import LRUCache, cachedmethod
from numpy.typing import NDArray

from processors.encoder.cache_keys import digest_of
from processors.encoder.protocol import Encoder
from processors.scoring.scorer import Utterance
from processors.text.clauses import sentences_of
from schemas.conversation import Speaker

CACHED_SENTENCES = 20_000
"""40 MB of vectors."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_ANY_NUMBER = "10"


class TurnEmbeddings:
    """Vectors of turns; equal texts have equal ones, to the last bit."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._sentences: LRUCache[bytes, NDArray[np.float32]] = LRUCache(CACHED_SENTENCES)

    def of(self, utterance: Utterance) -> NDArray[np.float64]:
        """The vector of what was said, of length 1."""
        rows = [self._of_sentence(sentence) for sentence in _encoded(utterance)]
        if utterance.speaker is Speaker.CUSTOMER:
            return rows[0].astype(np.float64)
        mean = np.add.reduce(np.array(rows, dtype=np.float64), axis=0) / len(rows)
        norm = math.sqrt(np.add.reduce(mean * mean))
        return np.asarray(mean / norm if norm else mean)

    def encode(self, utterances: Iterable[Utterance]) -> None:
        """Encode together what the vectors of `utterances` need and is not cached."""
        sentences = {
            digest_of(sentence): sentence
            for utterance in utterances
            for sentence in _encoded(utterance)
        }
        new = [digest for digest in sentences if digest not in self._sentences]
        if new:
            vectors = self._encoder.encode([sentences[digest] for digest in new])
            self._sentences.update(zip(new, vectors, strict=True))

    @cachedmethod(attrgetter("_sentences"), key=lambda _, sentence: digest_of(sentence))
    def _of_sentence(self, sentence: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self._encoder.encode([sentence])[0]
        return vector


def _encoded(utterance: Utterance) -> list[str]:
    """What is encoded of an utterance: a customer's whole turn, an operator's sentences."""
    masked = _NUMBER.sub(_ANY_NUMBER, utterance.text)
    if utterance.speaker is Speaker.CUSTOMER:
        return [masked]
    return sentences_of(masked) or [masked]
