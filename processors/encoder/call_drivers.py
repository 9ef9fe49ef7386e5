"""The drivers of a whole call: one decision for each driver, from all turns together.

Decided turn by turn, false positives add up: among ten turns that are each right nine times in
ten, one is usually wrong. So each driver has a weighted sum of a few features of the call, and is
found where that sum is not negative. The weights are learned from labelled calls. They are shared
by all drivers, except for each driver's offset and for what an operator's conduct shows of
rudeness, kindness and threats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache, cachedmethod

from processors.encoder.cache_keys import Key, key_in_method
from processors.encoder.explain import best_part
from processors.encoder.network import Vector
from processors.encoder.probabilities import CustomerProbabilities, OperatorProbabilities
from processors.encoder.rounds import Steps, in_rounds
from processors.scoring.drivers import drivers_in
from processors.scoring.scorer import TurnReading, Utterance, found_in_turns
from processors.text.clauses import windows_of
from processors.text.tokens import has_words
from schemas.conversation import Driver, DriverFound, Speaker

_DRIVERS = tuple(Driver)
_CONDUCT: dict[Driver, Callable[[OperatorProbabilities], float]] = {
    Driver.OPERATOR_RUDENESS: lambda probabilities: probabilities.aggression,
    Driver.OPERATOR_KINDNESS: lambda probabilities: probabilities.empathy,
    Driver.THREAT: lambda probabilities: probabilities.threat,
}
"""What an operator's conduct in a turn shows of a driver, whatever the turn is about."""
_SHARED = 5
FEATURES = _SHARED + 2 * len(_CONDUCT)
"""Features of a driver in a call."""
PARTS = 2 * FEATURES + len(_DRIVERS)
"""Numbers learned: a weight and a mean for each feature, and an offset for each driver."""
_LEAST = 0.005
"""Probabilities are clipped to [this, 1 - this]: nearer to 0 or 1 they are not reliable."""
CACHED_EVIDENCE = 20_000
"""Turns repeat: the evidence of each is computed once."""

OfOperator = Callable[[Utterance, str], OperatorProbabilities]
OfCustomer = Callable[[Utterance, str], CustomerProbabilities]


class TurnEvidence(NamedTuple):
    """What one turn shows of the drivers, in the order of `Driver`."""

    speaker: Speaker
    probabilities: Vector
    """Of each driver, by the words; an operator's are also read as if a customer said them."""
    named: Vector
    """1 where the lexicon finds a phrase of the driver, else 0."""
    conduct: Vector
    """What an operator shows by conduct: rudeness, kindness, threat; nan for a customer."""


class CallDrivers:
    """Decides on the drivers of calls; for use by one thread at a time."""

    def __init__(
        self,
        operator: OfOperator,
        customer: OfCustomer,
        encode: Callable[[list[Utterance]], None],
        learned: Vector | None,
    ) -> None:
        """`operator` and `customer` give a text's probabilities; `learned` are the `PARTS` numbers.

        `encode` gets the texts that are read next. Without `learned`, the drivers that single
        turns show are the call's.
        """
        self._encode = encode
        self._operator = operator
        self._customer = customer
        self._learned = learned
        self._evidence: LRUCache[Key, TurnEvidence] = LRUCache(CACHED_EVIDENCE)

    def found(
        self, utterances: Sequence[Utterance], readings: Sequence[TurnReading], language: str
    ) -> list[DriverFound]:
        """The drivers of a call, each with the turns and words that show it.

        Those are the turns that showed it when read alone; where none did, the strongest one.
        Where only one turn has words, its drivers are the call's. A threat that is flagged, and is
        in the lexicon's plain words, is a driver whatever else was said.
        """
        shown = found_in_turns(readings)
        if self._learned is None:
            return shown
        evidence = {
            place: self._of_turn(turn, language)
            for place, turn in enumerate(utterances)
            if is_evidence(turn)
        }
        if len(evidence) < 2:
            return shown
        drivers = self._decided(evidence, readings, self._learned)
        found = [each for each in shown if each.driver in drivers]
        unshown = drivers - {each.driver for each in found}
        found += in_rounds(
            (self._strongest(driver, utterances, evidence, language) for driver in unshown),
            self._encode,
        )
        return sorted(found, key=lambda each: (each.turn, _DRIVERS.index(each.driver)))

    @cachedmethod(attrgetter("_evidence"), key=key_in_method)
    def _of_turn(self, turn: Utterance, language: str) -> TurnEvidence:
        return turn_evidence(turn, language, self._operator, self._customer)

    def _decided(
        self,
        evidence: Mapping[int, TurnEvidence],
        readings: Sequence[TurnReading],
        learned: Vector,
    ) -> set[Driver]:
        totals = totals_of(call_features(list(evidence.values())), learned)
        drivers = {driver for driver, total in zip(_DRIVERS, totals, strict=True) if total >= 0.0}
        plain = _DRIVERS.index(Driver.THREAT)
        if any(each.named[plain] and readings[at].threat for at, each in evidence.items()):
            drivers.add(Driver.THREAT)
        return drivers

    def _strongest(
        self,
        driver: Driver,
        utterances: Sequence[Utterance],
        evidence: Mapping[int, TurnEvidence],
        language: str,
    ) -> Steps[DriverFound]:
        """The driver with the words that show it most, by what is said or by conduct."""

        def strength(place: int) -> tuple[float, float]:
            each, column = evidence[place], _DRIVERS.index(driver)
            shows = driver in _CONDUCT and each.speaker is Speaker.OPERATOR
            own = float(each.conduct[list(_CONDUCT).index(driver)]) if shows else 0.0
            return float(each.probabilities[column]), own

        def by_text(text: str) -> float:
            return self._customer(turn._replace(text=text), language).labels[driver.value]

        def shown(text: str) -> float:
            return _CONDUCT[driver](self._operator(turn._replace(text=text), language))

        place = max(evidence, key=lambda at: max(strength(at)))
        turn = utterances[place]
        by_words, by_conduct = strength(place)
        quote = yield from best_part(turn, by_text if by_words >= by_conduct else shown)
        return DriverFound(driver=driver, turn=place, quote=quote)


def is_evidence(turn: Utterance) -> bool:
    """Whether a turn has words, and it is known who speaks."""
    return turn.speaker is not Speaker.UNKNOWN and has_words(turn.text)


def turn_evidence(
    turn: Utterance, language: str, operator: OfOperator, customer: OfCustomer
) -> TurnEvidence:
    """The evidence of one turn; of a long one, the strongest of any window."""
    windows = windows_of(turn.text)
    labels = [customer(turn._replace(text=window), language).labels for window in windows]
    conduct = np.full(len(_CONDUCT), np.nan)
    if turn.speaker is Speaker.OPERATOR:
        probabilities = [operator(turn._replace(text=window), language) for window in windows]
        conduct = np.array([max(map(of, probabilities)) for of in _CONDUCT.values()])
    named = {each.driver for each in drivers_in(turn.text, turn.speaker, language)}
    return TurnEvidence(
        turn.speaker,
        np.array([max(each[driver.value] for each in labels) for driver in _DRIVERS]),
        np.array([float(driver in named) for driver in _DRIVERS]),
        conduct,
    )


def call_features(evidence: Sequence[TurnEvidence]) -> Vector:
    """The features of each driver (a row) in a call; nan where there is nothing to read it from.

    They are: the log-odds of the two strongest customer's turns; whether the lexicon names it in
    a customer's; the log-odds of the strongest operator's turn; whether the lexicon names it in
    an operator's; then the two strongest log-odds of the operator's conduct, in places of their
    own for rudeness, kindness and threat.
    """
    customers = [turn for turn in evidence if turn.speaker is Speaker.CUSTOMER]
    operators = [turn for turn in evidence if turn.speaker is Speaker.OPERATOR]
    features = np.full((len(_DRIVERS), FEATURES), np.nan)
    if customers:
        greatest = _greatest_log_odds([turn.probabilities for turn in customers])
        features[:, 0 : len(greatest)] = greatest.T
        features[:, 2] = np.max([turn.named for turn in customers], axis=0)
    if operators:
        features[:, 3] = _greatest_log_odds([turn.probabilities for turn in operators])[0]
        features[:, 4] = np.max([turn.named for turn in operators], axis=0)
        shown = _greatest_log_odds([turn.conduct for turn in operators])
        for own, driver in enumerate(_CONDUCT):
            place = _SHARED + 2 * own
            features[_DRIVERS.index(driver), place : place + len(shown)] = shown[:, own]
    return features


def totals_of(features: Vector, learned: Vector) -> Vector:
    """The weighted sum of each driver's features, less their means; a missing one counts 0."""
    weights, means, offsets = np.split(learned, [FEATURES, 2 * FEATURES])
    return np.asarray(np.sum(np.nan_to_num(features - means) * weights, axis=-1) + offsets)


def _greatest_log_odds(probabilities: Sequence[Vector]) -> Vector:
    """Log-odds of each column's greatest probability, and of the second where there are two."""
    greatest = np.clip(np.sort(probabilities, axis=0)[::-1][:2], _LEAST, 1.0 - _LEAST)
    return np.asarray(np.log(greatest / (1.0 - greatest)))
