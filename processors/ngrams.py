"""Character n-grams of a text as a sparse vector: what the words look like, not what they mean.

N-grams within words (with a blank at either end), whole words and pairs of words are hashed
into a fixed number of buckets. They catch what a sentence encoder smooths over: diminutives,
dialect, the person of a verb, fixed turns of phrase.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from processors.tokens import fold

LENGTHS = (2, 3, 4, 5)
LONGEST_TEXT = 4_000
"""Characters of a text that are read; speech without a pause is not that long."""

_WORD = re.compile(r"[^\W_]+|[?!]")
_DIGITS = re.compile(r"\d+")


class Sparse(NamedTuple):
    """A sparse vector: its places, ascending, and their values."""

    places: NDArray[np.int64]
    values: NDArray[np.float64]


def counts_of(text: str, buckets: int) -> Sparse:
    """How often the n-grams of each bucket occur in `text`, dampened: 1 + ln(count).

    The text is folded and every number is 0.
    """
    words = _WORD.findall(_DIGITS.sub("0", fold(text[:LONGEST_TEXT])))
    counted: Counter[int] = Counter()
    for word in words:
        counted.update(_of_word(word, buckets))
    counted.update(
        crc32(f"{first}_{second}".encode()) % buckets for first, second in pairwise(words)
    )
    places = np.array(sorted(counted), dtype=np.int64)
    values = 1.0 + np.log(np.array([counted[place] for place in places.tolist()], dtype=np.float64))
    return Sparse(places, values)


@lru_cache(maxsize=65_536)
def _of_word(word: str, buckets: int) -> tuple[int, ...]:
    """The buckets of a word and of the n-grams within it."""
    padded = f" {word} "
    grams = [f"_{word}_"]
    for length in LENGTHS:
        grams.extend(padded[at : at + length] for at in range(len(padded) - length + 1))
    return tuple(crc32(gram.encode()) % buckets for gram in grams)


def weighed(counts: Sparse, rarity: NDArray[np.float64]) -> Sparse:
    """`counts` weighed by the rarity of each bucket, as a vector of length 1."""
    values = counts.values * rarity[counts.places]
    norm = float(np.sqrt(np.sum(values * values)))
    return Sparse(counts.places, values / norm if norm else values)
