"""Breaches of conduct, by what was learned from labelled turns and calls in Italian.

A head of its own (`weights/conduct.npz`) gives each rule a probability by the words of a turn. A
false threat is decided by it: from the first threshold on where the call supports it, from the
second on by the words alone. The other rules are decided by the course of the call
(`processors.conduct.course`), of which these probabilities are a part. Rules of words and of who is
on the line decide beside both (`processors.scoring.conduct`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

import numpy as np

from processors.conduct.course import CourseWeights, Manner, SpokenTurn
from processors.encoder.embedding import TurnEmbeddings
from processors.encoder.explain import best_part
from processors.encoder.features import turn_features
from processors.encoder.network import Head, head_of, sigmoid
from processors.encoder.probabilities import CustomerProbabilities, OperatorProbabilities
from processors.encoder.rounds import in_rounds
from processors.scoring.demands import families_of
from processors.scoring.scorer import Breach, Utterance
from processors.text.tokens import count_words, has_words
from schemas.conversation import Language, Rule, Speaker

CONDUCT_RULES: Final = (Rule.FALSE_THREAT, Rule.INSISTENCE, Rule.THIRD_PARTY_DISCLOSURE)
"""The labels of the head, in order."""
CONDUCT_WEIGHTS: Final = "conduct.npz"


@dataclass(frozen=True)
class ConductWeights:
    """The head, a false threat's two thresholds as probabilities, and the course's weights."""

    head: Head
    likely: float
    sure: float
    course: CourseWeights


@lru_cache(maxsize=1)
def load_conduct_weights() -> ConductWeights:
    """The weights of this package, read once."""
    source = resources.files("processors") / "weights" / CONDUCT_WEIGHTS
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    likely, sure = map(float, arrays.pop("false_threat"))
    course = CourseWeights(
        *(arrays.pop(f"course_{name}").astype(np.float64) for name in ("weights", "bias", "margin"))
    )
    return ConductWeights(head_of(arrays), likely, sure, course)


class ConductReader:
    """Gives the probabilities of the rules for single texts."""

    def __init__(self, embeddings: TurnEmbeddings, weights: ConductWeights | None = None) -> None:
        self._embeddings = embeddings
        self.weights = weights or load_conduct_weights()

    def probabilities(self, utterance: Utterance, language: str) -> dict[Rule, float]:
        """Of each rule, 0 to 1, by the words alone; empty for a language that was not learned."""
        if language != Language.ITALIAN.value or utterance.speaker is not Speaker.OPERATOR:
            return {}
        logits = self.weights.head.logits(
            utterance.text, self._embeddings.of(utterance), turn_features(utterance, language)
        )
        return dict(zip(CONDUCT_RULES, sigmoid(logits).tolist(), strict=True))


class CallBreaches:
    """Finds the breaches that the course of a call shows; for one thread at a time."""

    def __init__(
        self,
        operator: Callable[[Utterance, str], OperatorProbabilities],
        customer: Callable[[Utterance, str], CustomerProbabilities],
        breaches: Callable[[Utterance, str], Mapping[Rule, float]],
        embeddings: TurnEmbeddings,
    ) -> None:
        """The first three give a text's probabilities."""
        self._operator = operator
        self._customer = customer
        self._breaches = breaches
        self._embeddings = embeddings

    def found(
        self, utterances: Sequence[Utterance], language: str, learned: CourseWeights
    ) -> dict[int, list[Breach]]:
        """The breaches of each turn that has any; Italian only."""
        if language != Language.ITALIAN.value:
            return {}
        found = learned.found(self.spoken(utterances, language))
        shown = in_rounds(
            (
                best_part(utterances[place], self._chance_of(rule, utterances[place], language))
                for place, rule, _ in found
            ),
            self._embeddings.encode,
        )
        breaches: dict[int, list[Breach]] = {}
        for (place, rule, sure), quote in zip(found, shown, strict=True):
            breaches.setdefault(place, []).append(Breach(rule, quote, sure))
        return breaches

    def spoken(self, utterances: Sequence[Utterance], language: str) -> list[SpokenTurn | None]:
        """The turns as they count in their call."""
        read = [
            turn if turn.speaker is not Speaker.UNKNOWN and has_words(turn.text) else None
            for turn in utterances
        ]
        self._embeddings.encode(turn for turn in read if turn is not None)
        return [None if turn is None else self._spoken(turn, language) for turn in read]

    def _spoken(self, turn: Utterance, language: str) -> SpokenTurn:
        meaning, families = self._embeddings.of(turn), frozenset(families_of(turn.text, language))
        words = count_words(turn.text)
        if turn.speaker is Speaker.CUSTOMER:
            sentiment = self._customer(turn, language).sentiment
            return SpokenTurn(words, meaning, families, sentiment)
        shown, breaches = self._operator(turn, language), self._breaches(turn, language)
        manner = Manner(
            breaches[Rule.FALSE_THREAT],
            breaches[Rule.INSISTENCE],
            breaches[Rule.THIRD_PARTY_DISCLOSURE],
            shown.aggression,
            shown.harshness,
            shown.empathy,
            shown.presses,
            shown.threat,
        )
        return SpokenTurn(words, meaning, families, manner=manner)

    def _chance_of(self, rule: Rule, turn: Utterance, language: str) -> Callable[[str], float]:
        return lambda text: self._breaches(turn._replace(text=text), language)[rule]
