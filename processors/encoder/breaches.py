"""Breaches of conduct that an operator's words show, by what was learned from labelled turns.

A head of its own (`weights/conduct.npz`, Italian turns only) gives each rule a probability. From
the rule's first threshold on the words are a breach where the call supports it, from the second on
by themselves. Rules of words and of who is on the line decide beside it
(`processors.scoring.conduct`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

import numpy as np

from processors.encoder.embedding import TurnEmbeddings
from processors.encoder.features import turn_features
from processors.encoder.network import Head, head_of, sigmoid
from processors.scoring.scorer import Utterance
from schemas.conversation import Language, Rule, Speaker

CONDUCT_RULES: Final = (Rule.FALSE_THREAT, Rule.INSISTENCE, Rule.THIRD_PARTY_DISCLOSURE)
"""The labels of the head, in order."""
CONDUCT_WEIGHTS: Final = "conduct.npz"


@dataclass(frozen=True)
class ConductWeights:
    """The head, and each rule's two thresholds, as probabilities."""

    head: Head
    likely: dict[Rule, float]
    sure: dict[Rule, float]


@lru_cache(maxsize=1)
def load_conduct_weights() -> ConductWeights:
    """The weights of this package, read once."""
    source = resources.files("processors") / "weights" / CONDUCT_WEIGHTS
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    likely, sure = (
        dict(zip(CONDUCT_RULES, map(float, arrays.pop(name)), strict=True))
        for name in ("likely", "sure")
    )
    return ConductWeights(head_of(arrays), likely, sure)


class ConductReader:
    """Gives the probabilities of the rules for single texts."""

    def __init__(self, embeddings: TurnEmbeddings, weights: ConductWeights | None = None) -> None:
        self._embeddings = embeddings
        self.weights = weights or load_conduct_weights()

    def probabilities(self, utterance: Utterance, language: str) -> dict[Rule, float]:
        """Of each rule, 0 to 1; empty for a language that the head was not learned from."""
        if language != Language.ITALIAN.value or utterance.speaker is not Speaker.OPERATOR:
            return {}
        logits = self.weights.head.logits(
            utterance.text, self._embeddings.of(utterance), turn_features(utterance, language)
        )
        return dict(zip(CONDUCT_RULES, sigmoid(logits).tolist(), strict=True))
