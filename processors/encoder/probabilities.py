"""What the classifier heads say of a text, as probabilities."""

from __future__ import annotations

from typing import NamedTuple

from processors.encoder.embedding import TurnEmbeddings
from processors.encoder.features import turn_features
from processors.encoder.network import (
    CUSTOMER_LABELS,
    OPERATOR_LABELS,
    SENTIMENTS,
    Vector,
    Weights,
    sigmoid,
    softmax,
)
from processors.pooling.operator_turns import NEUTRAL_IN_CALL, PRESSING_IN_CALL
from processors.scoring.scorer import Utterance
from schemas.conversation import Speaker

PRESSING_SHARE = 0.4
"""What a pressing turn counts in the score of aggression, where an aggressive one counts 1."""


class OperatorProbabilities(NamedTuple):
    """Of an operator's words, each 0 to 1."""

    aggression: float
    presses: bool
    """Whether pressing is likelier than aggressive."""
    empathy: float
    threat: float
    harshness: float
    """What the words count in the aggression of their call."""
    warmth: float
    """What they count in its empathy."""


FALSE_THREAT = 0.9
"""Aggression of words that are surely a false threat: the heads take many in a kind tone for calm
ones, and whoever listens to the call does not."""


class CustomerProbabilities(NamedTuple):
    """Of a customer's words."""

    sentiment: float
    """-1 to 1."""
    labels: dict[str, float]
    """Probability of `leaves`, `promises` and each driver."""


def operator_probabilities(logits: Vector) -> OperatorProbabilities:
    """Probabilities from the logits of an operator's labels."""
    part = dict(zip(OPERATOR_LABELS, softmax(logits).tolist(), strict=True))
    aggressive = part["aggressive"] + part["aggressive_threat"]
    pressing = part["pressing"] + part["pressing_threat"]
    return OperatorProbabilities(
        aggressive + PRESSING_SHARE * pressing,
        pressing > aggressive,
        part["empathic"],
        part["pressing_threat"] + part["aggressive_threat"],
        aggressive + PRESSING_IN_CALL * pressing,
        part["empathic"] + NEUTRAL_IN_CALL * part["neutral"],
    )


def as_false_threat(said: OperatorProbabilities) -> OperatorProbabilities:
    """What words count that threaten what is not real: hard, and hardly kind, in whatever tone."""
    return said._replace(
        aggression=max(said.aggression, FALSE_THREAT),
        presses=False,
        empathy=said.empathy * (1.0 - FALSE_THREAT),
        harshness=max(said.harshness, FALSE_THREAT),
        warmth=said.warmth * (1.0 - FALSE_THREAT),
    )


class Classifier:
    """Applies the heads to single texts."""

    def __init__(self, embedding: TurnEmbeddings, weights: Weights) -> None:
        self._embeddings = embedding
        self._weights = weights

    def operator(self, utterance: Utterance, language: str) -> OperatorProbabilities:
        """Probabilities of an operator's text."""
        return operator_probabilities(self._logits(utterance, language, Speaker.OPERATOR))

    def customer(self, utterance: Utterance, language: str) -> CustomerProbabilities:
        """Probabilities of a customer's text, or of an operator's read as if a customer said it."""
        logits = self._logits(utterance, language, Speaker.CUSTOMER)
        sides = len(SENTIMENTS)
        side = dict(zip(SENTIMENTS, softmax(logits[:sides]).tolist(), strict=True))
        labels = sigmoid(logits[sides:]).tolist()
        return CustomerProbabilities(
            side["positive"] - side["negative"],
            dict(zip(CUSTOMER_LABELS[sides:], labels, strict=True)),
        )

    def _logits(self, utterance: Utterance, language: str, reads_as: Speaker) -> Vector:
        features = turn_features(utterance._replace(speaker=reads_as), language)
        return self._weights.heads[reads_as].logits(
            utterance.text, self._embeddings.of(utterance), features
        )
