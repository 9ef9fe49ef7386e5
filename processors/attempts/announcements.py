"""How much a text sounds like an announcement: learned from messages and from people's turns.

Beside the phrases of `answering_words`: those know what carriers and menus say, this tells what
is like it and in no list.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Final, NamedTuple

import numpy as np

from processors.text.ngrams import Grams, GramWeights, grams_of

WEIGHTS: Final = "announcements.npz"


class Announcements(NamedTuple):
    """What character n-grams and words say of a text."""

    characters: GramWeights
    words: GramWeights
    bias: float

    def sum_of(self, grams: Grams) -> float:
        """Above 0 an announcement is the likelier."""
        looks = self.characters.sums(grams.characters) + self.words.sums(grams.words)
        return float(looks[0]) + self.bias


@lru_cache(maxsize=16_384)
def sounds_announced(text: str) -> float:
    """How much `text` sounds like an announcement; above 0 the likelier."""
    return _learned().sum_of(grams_of(text))


@lru_cache(maxsize=1)
def _learned() -> Announcements:
    source = resources.files("processors") / "weights" / WEIGHTS
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}

    def looks(name: str) -> GramWeights:
        return GramWeights(
            arrays[f"{name}_weights"].astype(np.int8),
            arrays[f"{name}_unit"].astype(np.float64),
            arrays[f"{name}_rarity"].astype(np.float64),
        )

    return Announcements(looks("characters"), looks("words"), float(arrays["bias"]))
