"""A text's character n-grams and words as sparse vectors: its form, not its meaning.

N-grams within words (with a blank at either end) in one vector, words and pairs of words in
another, each hashed into a fixed number of buckets. They catch what a sentence encoder smooths
over: diminutives, dialect, the person of a verb, fixed turns of phrase.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from processors.text.tokens import fold

LENGTHS = (2, 3, 4, 5)
CHARACTER_BUCKETS, WORD_BUCKETS = 2**14, 2**16
LONGEST_TEXT = 4_000
"""Characters of a text that are read; speech without a pause is not that long."""

_CACHED_TEXTS = 2048
"""A few MB: several classifiers read the same text, one soon after another."""

_WORD = re.compile(r"[^\W_]+|[?!]")
_DIGITS = re.compile(r"\d+")


class Sparse(NamedTuple):
    """A sparse vector: its places, ascending, and their values."""

    places: NDArray[np.int64]
    values: NDArray[np.float64]


class Grams(NamedTuple):
    """How often the n-grams of each bucket occur in a text, dampened: 1 + ln(count)."""

    characters: Sparse
    """Of `CHARACTER_BUCKETS`."""
    words: Sparse
    """Of `WORD_BUCKETS`."""


@lru_cache(maxsize=_CACHED_TEXTS)
def grams_of(text: str) -> Grams:
    """The n-grams and words of `text`; it is folded and every number is 0."""
    words = _WORD.findall(_DIGITS.sub("0", fold(text[:LONGEST_TEXT])))
    pairs = [_bucket(f"{first}_{second}", WORD_BUCKETS) for first, second in pairwise(words)]
    buckets = [*map(_of_word, words), *pairs]
    inner = [_within_word(word) for word in words] or [np.array([], dtype=np.int64)]
    return Grams(_dampened(np.concatenate(inner)), _dampened(np.array(buckets, dtype=np.int64)))


def _dampened(buckets: NDArray[np.int64]) -> Sparse:
    # `np.unique` does the same, in three times the time for as few as a text has.
    ordered = np.sort(buckets)
    starts = np.ones(len(ordered) + 1, dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=starts[1:-1])
    edges = starts.nonzero()[0]
    counts = edges[1:] - edges[:-1]
    return Sparse(ordered[edges[:-1]], 1.0 + np.log(counts.astype(np.float64)))


def _bucket(gram: str, buckets: int) -> int:
    return crc32(gram.encode()) % buckets


@lru_cache(maxsize=65_536)
def _of_word(word: str) -> int:
    return _bucket(word, WORD_BUCKETS)


@lru_cache(maxsize=65_536)
def _within_word(word: str) -> NDArray[np.int64]:
    """The buckets of the n-grams within a word."""
    padded = f" {word} "
    grams = [
        padded[at : at + length] for length in LENGTHS for at in range(len(padded) - length + 1)
    ]
    return np.array([_bucket(gram, CHARACTER_BUCKETS) for gram in grams], dtype=np.int64)


def weighted(counts: Sparse, idf: NDArray[np.float64]) -> Sparse:
    """`counts` times each bucket's inverse document frequency, as a vector of length 1."""
    values = counts.values * idf[counts.places]
    norm = math.sqrt(np.add.reduce(values * values))
    return Sparse(counts.places, values / norm if norm else values)


@dataclass(frozen=True)
class GramWeights:
    """The weights of hashed n-grams or words for each label."""

    weights: NDArray[np.int8]
    """A row a bucket, a column a label; to be multiplied by `scale`."""
    scale: NDArray[np.float64]
    idf: NDArray[np.float64]

    def logits(self, counts: Sparse) -> NDArray[np.float64]:
        """Their part of each label's logit."""
        grams = weighted(counts, self.idf)
        rows = self.weights.take(grams.places, axis=0)
        total: NDArray[np.float64] = (
            np.add.reduce(grams.values[:, None] * rows, axis=0) * self.scale
        )
        return total
