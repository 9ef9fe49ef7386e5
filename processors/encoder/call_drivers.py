"""The drivers of a whole call: one decision for each, from all that its turns say of it.

Judged turn by turn, findings add up: of ten turns that are each rightly silent nine times in ten,
one speaks up nearly always. So for each driver a weighed sum of a few signs of the call is made,
and the driver is found where the sum is not negative. The weights are learned from labelled
calls; they are the same for every driver but for its own offset, and for what an operator's
conduct tells of rudeness, kindness and threats.
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
from processors.encoder.probabilities import CustomerChances, OperatorChances
from processors.scoring.drivers import drivers_in
from processors.scoring.scorer import Said, TurnReading, found_in_turns
from processors.text.clauses import windows_of
from processors.text.tokens import has_words
from schemas.conversation import Driver, DriverFound, Speaker

_DRIVERS = tuple(Driver)
_CONDUCT: dict[Driver, Callable[[OperatorChances], float]] = {
    Driver.OPERATOR_RUDENESS: lambda chances: chances.aggression,
    Driver.OPERATOR_KINDNESS: lambda chances: chances.empathy,
    Driver.THREAT: lambda chances: chances.threat,
}
"""What an operator's turn shows of a driver by itself, whatever it speaks of."""
_SHARED = 5
SIGNS = _SHARED + 2 * len(_CONDUCT)
"""Signs of a driver in a call."""
PARTS = 2 * SIGNS + len(_DRIVERS)
"""Numbers learned: a weight and a mean for each sign, and an offset for each driver."""
_LEAST = 0.005
"""Chances nearer to 0 or 1 say no more."""
EVIDENCE_KEPT = 20_000
"""Turns come again: the evidence of each is read once."""

OfOperator = Callable[[Said, str], OperatorChances]
OfCustomer = Callable[[Said, str], CustomerChances]


class TurnEvidence(NamedTuple):
    """What one turn tells of the drivers, in the order of `Driver`."""

    speaker: Speaker
    chances: Vector
    """That the words tell each driver: an operator's too are read as a customer's."""
    named: Vector
    """1 where the lexicon finds a phrase of the driver, else 0."""
    conduct: Vector
    """What an operator shows by conduct: rudeness, kindness, threat; nan for a customer."""


class CallDrivers:
    """Decides on the drivers of calls; for use by one thread at a time."""

    def __init__(self, operator: OfOperator, customer: OfCustomer, learned: Vector | None) -> None:
        """`operator` and `customer` give a text's chances; `learned` are the `PARTS` numbers.

        Where nothing is learned, what single turns show stands.
        """
        self._operator = operator
        self._customer = customer
        self._learned = learned
        self._evidence: LRUCache[Key, TurnEvidence] = LRUCache(EVIDENCE_KEPT)

    def found(
        self, said: Sequence[Said], readings: Sequence[TurnReading], language: str
    ) -> list[DriverFound]:
        """The drivers of a call, each with the turns and words that show it.

        These are the turns that showed it when read alone; where none did, the strongest one. What
        the only turn shows stands: there is nothing to weigh it against. A threat that is flagged
        and in the lexicon's plain words is a driver whatever else was said.
        """
        shown = found_in_turns(readings)
        if self._learned is None:
            return shown
        evidence = {
            place: self._of_turn(turn, language)
            for place, turn in enumerate(said)
            if is_evidence(turn)
        }
        if len(evidence) < 2:
            return shown
        drivers = self._decided(evidence, readings, self._learned)
        found = [each for each in shown if each.driver in drivers]
        unshown = drivers - {each.driver for each in found}
        found += [self._strongest(driver, said, evidence, language) for driver in unshown]
        return sorted(found, key=lambda each: (each.turn, _DRIVERS.index(each.driver)))

    @cachedmethod(attrgetter("_evidence"), key=key_in_method)
    def _of_turn(self, turn: Said, language: str) -> TurnEvidence:
        return turn_evidence(turn, language, self._operator, self._customer)

    def _decided(
        self,
        evidence: Mapping[int, TurnEvidence],
        readings: Sequence[TurnReading],
        learned: Vector,
    ) -> set[Driver]:
        totals = totals_of(call_signs(list(evidence.values())), learned)
        drivers = {driver for driver, total in zip(_DRIVERS, totals, strict=True) if total >= 0.0}
        plain = _DRIVERS.index(Driver.THREAT)
        if any(each.named[plain] and readings[at].threat for at, each in evidence.items()):
            drivers.add(Driver.THREAT)
        return drivers

    def _strongest(
        self,
        driver: Driver,
        said: Sequence[Said],
        evidence: Mapping[int, TurnEvidence],
        language: str,
    ) -> DriverFound:
        """The driver with the words that tell it most, or show it most by conduct."""

        def strength(place: int) -> tuple[float, float]:
            each, column = evidence[place], _DRIVERS.index(driver)
            shows = driver in _CONDUCT and each.speaker is Speaker.OPERATOR
            own = float(each.conduct[list(_CONDUCT).index(driver)]) if shows else 0.0
            return float(each.chances[column]), own

        def told(text: str) -> float:
            return self._customer(turn._replace(text=text), language).labels[driver.value]

        def shown(text: str) -> float:
            return _CONDUCT[driver](self._operator(turn._replace(text=text), language))

        place = max(evidence, key=lambda at: max(strength(at)))
        turn = said[place]
        by_words, by_conduct = strength(place)
        quote = best_part(turn.text, told if by_words >= by_conduct else shown)
        return DriverFound(driver=driver, turn=place, quote=quote)


def is_evidence(turn: Said) -> bool:
    """Whether a turn has words, and it is known who speaks."""
    return turn.speaker is not Speaker.UNKNOWN and has_words(turn.text)


def turn_evidence(
    turn: Said, language: str, operator: OfOperator, customer: OfCustomer
) -> TurnEvidence:
    """The evidence of one turn; of a long one, the strongest of any window."""
    windows = windows_of(turn.text)
    labels = [customer(turn._replace(text=window), language).labels for window in windows]
    conduct = np.full(len(_CONDUCT), np.nan)
    if turn.speaker is Speaker.OPERATOR:
        chances = [operator(turn._replace(text=window), language) for window in windows]
        conduct = np.array([max(map(of, chances)) for of in _CONDUCT.values()])
    named = {judged.driver for judged in drivers_in(turn.text, turn.speaker, language)}
    return TurnEvidence(
        turn.speaker,
        np.array([max(each[driver.value] for each in labels) for driver in _DRIVERS]),
        np.array([float(driver in named) for driver in _DRIVERS]),
        conduct,
    )


def call_signs(evidence: Sequence[TurnEvidence]) -> Vector:
    """The signs of each driver (a row) in a call; nan where there is nothing to tell it by.

    They are: the log-odds of the two strongest customer's turns; whether the lexicon names it in
    a customer's; the log-odds of the strongest operator's turn; whether the lexicon names it in
    an operator's; then the two strongest log-odds of the operator's conduct, in places of their
    own for rudeness, kindness and threat.
    """
    customers = [turn for turn in evidence if turn.speaker is Speaker.CUSTOMER]
    operators = [turn for turn in evidence if turn.speaker is Speaker.OPERATOR]
    signs = np.full((len(_DRIVERS), SIGNS), np.nan)
    if customers:
        greatest = _greatest_odds([turn.chances for turn in customers])
        signs[:, 0 : len(greatest)] = greatest.T
        signs[:, 2] = np.max([turn.named for turn in customers], axis=0)
    if operators:
        signs[:, 3] = _greatest_odds([turn.chances for turn in operators])[0]
        signs[:, 4] = np.max([turn.named for turn in operators], axis=0)
        shown = _greatest_odds([turn.conduct for turn in operators])
        for own, driver in enumerate(_CONDUCT):
            place = _SHARED + 2 * own
            signs[_DRIVERS.index(driver), place : place + len(shown)] = shown[:, own]
    return signs


def totals_of(signs: Vector, learned: Vector) -> Vector:
    """The weighed sum of each driver's signs, from their means; one not there counts nothing."""
    weights, means, offsets = np.split(learned, [SIGNS, 2 * SIGNS])
    return np.asarray(np.sum(np.nan_to_num(signs - means) * weights, axis=-1) + offsets)


def _greatest_odds(chances: Sequence[Vector]) -> Vector:
    """Log-odds of the greatest chance of each column, and of the second where there are two."""
    kept = np.clip(np.sort(chances, axis=0)[::-1][:2], _LEAST, 1.0 - _LEAST)
    return np.asarray(np.log(kept / (1.0 - kept)))
