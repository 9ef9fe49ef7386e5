"""How much a text sounds like an announcement: learned from messages and from people's turns.

It complements the phrases of `answering_words`: those list what carriers and menus say, this
recognises what resembles it and is in no list.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Final, NamedTuple

import numpy as np

from processors.text.ngrams import Grams, GramWeights, grams_of

WEIGHTS: Final = "announcements.npz"


class Announcements(NamedTuple):
    """The learned weights: character n-grams and words, added to a bias."""

    characters: GramWeights
    words: GramWeights
    bias: float

    def logit_of(self, grams: Grams) -> float:
        """Above 0 an announcement is likelier than a person."""
        gram_weights = self.characters.logits(grams.characters) + self.words.logits(grams.words)
        return float(gram_weights[0]) + self.bias


@lru_cache(maxsize=16_384)
def sounds_announced(text: str) -> float:
    """The logit of `text` being an announcement; above 0 it is likelier than not."""
    return _learned().logit_of(grams_of(text))


@lru_cache(maxsize=1)
def _learned() -> Announcements:
    source = resources.files("processors") / "weights" / WEIGHTS
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}

    def gram_weights(name: str) -> GramWeights:
        return GramWeights(
            arrays[f"{name}_weights"].astype(np.int8),
            arrays[f"{name}_unit"].astype(np.float64),
            arrays[f"{name}_rarity"].astype(np.float64),
        )

    return Announcements(gram_weights("characters"), gram_weights("words"), float(arrays["bias"]))
