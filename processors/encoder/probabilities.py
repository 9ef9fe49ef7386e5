"""What the learned heads say of a text, as chances."""

from __future__ import annotations

from typing import NamedTuple

from processors.encoder.embedding import Meaning
from processors.encoder.features import signs_of
from processors.encoder.network import (
    CUSTOMER_LABELS,
    OPERATOR_LABELS,
    SENTIMENTS,
    Vector,
    Weights,
    chance,
    shares,
)
from processors.scoring.scorer import Said
from schemas.conversation import Speaker

PRESSING_SHARE = 0.4
"""What a pressing turn counts beside an aggressive one in the score of aggression."""


class OperatorChances(NamedTuple):
    """Of an operator's words, each 0 to 1."""

    aggression: float
    presses: bool
    """Whether they rather press than attack."""
    empathy: float
    threat: float


class CustomerChances(NamedTuple):
    """Of a customer's words."""

    sentiment: float
    """-1 to 1."""
    labels: dict[str, float]
    """Chance of `leaves`, `promises` and each driver."""


def operator_chances(sums: Vector) -> OperatorChances:
    """Chances from the sums of an operator's labels."""
    part = dict(zip(OPERATOR_LABELS, shares(sums).tolist(), strict=True))
    aggressive = part["aggressive"] + part["aggressive_threat"]
    pressing = part["pressing"] + part["pressing_threat"]
    return OperatorChances(
        aggressive + PRESSING_SHARE * pressing,
        pressing > aggressive,
        part["empathic"],
        part["pressing_threat"] + part["aggressive_threat"],
    )


class Judge:
    """Applies the heads to single texts."""

    def __init__(self, meaning: Meaning, weights: Weights) -> None:
        self._meaning = meaning
        self._weights = weights

    def operator(self, said: Said, language: str) -> OperatorChances:
        """Chances of an operator's text."""
        return operator_chances(self._sums(said, language, Speaker.OPERATOR))

    def customer(self, said: Said, language: str) -> CustomerChances:
        """Chances of a customer's text, or of an operator's read as if a customer had said it."""
        sums = self._sums(said, language, Speaker.CUSTOMER)
        side = dict(zip(SENTIMENTS, shares(sums[: len(SENTIMENTS)]), strict=True))
        labels = zip(CUSTOMER_LABELS, sums, strict=True)
        return CustomerChances(
            float(side["positive"] - side["negative"]),
            {label: chance(total) for label, total in labels if label not in SENTIMENTS},
        )

    def _sums(self, said: Said, language: str, reads_as: Speaker) -> Vector:
        signs = signs_of(said._replace(speaker=reads_as), language)
        return self._weights.heads[reads_as].sums(said.text, self._meaning.of(said), signs)
