"""The drivers of a whole call are decided from all its turns together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from processors.encoder.call_drivers import (
    FEATURES,
    PARTS,
    CallDrivers,
    call_features,
    totals_of,
    turn_evidence,
)
from processors.encoder.probabilities import CustomerProbabilities, OperatorProbabilities
from processors.scoring.scorer import UNREAD, DriverQuote, TurnReading, Utterance
from schemas.conversation import Driver, DriverFound, Speaker

PLAN = "Gliela divido in tre e partiamo da marzo."
ASKED = "Scriva metà adesso e metà dopo."
NOISE = "Oggi. Va bene."
HARSH = "Lei è una vergogna, stia zitta."
THREAT = "O paga oggi o domani le stacchiamo la luce, capito?"
SHOWN = {
    PLAN: {Driver.PAYMENT_PLAN: 0.6},
    ASKED: {Driver.PAYMENT_PLAN: 0.5},
    NOISE: {Driver.PRICE: 0.25},
}


def of_customer(said: Utterance, _language: str) -> CustomerProbabilities:
    probabilities = SHOWN.get(said.text, {})
    return CustomerProbabilities(
        0.0, {driver.value: probabilities.get(driver, 0.01) for driver in Driver}
    )


def of_operator(said: Utterance, _language: str) -> OperatorProbabilities:
    harsh = said.text in (HARSH, THREAT)
    aggression, threat = 0.9 if harsh else 0.1, 0.5 if said.text == THREAT else 0.0
    return OperatorProbabilities(aggression, False, 0.1, threat, aggression, 0.1)


def op(text: str) -> Utterance:
    return Utterance(Speaker.OPERATOR, text)


def cu(text: str) -> Utterance:
    return Utterance(Speaker.CUSTOMER, text)


def learned(offset: float = 3.0) -> NDArray[np.float64]:
    """Every feature counts once, from 0; a driver is found from a sum of `-offset`."""
    numbers = np.zeros(PARTS)
    numbers[:FEATURES] = 1.0
    numbers[2 * FEATURES :] = offset
    return numbers


def found(said: list[Utterance], readings: list[TurnReading] | None = None) -> list[DriverFound]:
    drivers = CallDrivers(of_operator, of_customer, lambda _: None, learned())
    return drivers.found(said, readings or [UNREAD] * len(said), "it")


def features(driver: Driver, said: list[Utterance]) -> NDArray[np.float64]:
    evidence = [turn_evidence(turn, "it", of_operator, of_customer) for turn in said]
    features: NDArray[np.float64] = call_features(evidence)[list(Driver).index(driver)]
    return features


def test_features_are_the_strongest_turns_of_either_and_nan_where_missing() -> None:
    both = features(Driver.PAYMENT_PLAN, [op(PLAN), cu(NOISE), cu(ASKED)])
    assert both[0] == 0.0
    assert np.isclose(both[1], np.log(0.01 / 0.99))
    assert np.isclose(both[3], np.log(0.6 / 0.4))
    alone = features(Driver.PAYMENT_PLAN, [cu(ASKED)])
    assert alone[0] == 0.0
    assert np.isnan(alone[[1, 3, 4]]).all()


def test_an_operators_conduct_counts_for_its_own_driver_only() -> None:
    said = [op(HARSH), cu(NOISE)]
    own = slice(5, FEATURES)
    assert np.isnan(features(Driver.PRICE, said)[own]).all()
    rude = features(Driver.OPERATOR_RUDENESS, said)[own]
    assert np.isclose(np.nanmax(rude), np.log(9.0))
    kind = features(Driver.OPERATOR_KINDNESS, said)[own]
    assert np.flatnonzero(~np.isnan(rude)) != np.flatnonzero(~np.isnan(kind))


def test_a_missing_feature_counts_as_its_mean() -> None:
    numbers = learned(offset=0.5)
    numbers[FEATURES] = -2.0
    missing = np.full(FEATURES, np.nan)
    usual = missing.copy()
    usual[0] = -2.0
    strong = missing.copy()
    strong[0] = 1.0
    assert np.all(totals_of(missing, numbers) == 0.5)
    assert np.all(totals_of(usual, numbers) == 0.5)
    assert np.all(totals_of(strong, numbers) == 3.5)


def test_a_driver_quotes_the_turn_that_showed_it_alone() -> None:
    said = [op(PLAN), cu(ASKED)]
    shown = TurnReading(UNREAD.score, drivers=(DriverQuote(Driver.PAYMENT_PLAN, "metà dopo"),))
    plans = [each for each in found(said, [UNREAD, shown]) if each.driver is Driver.PAYMENT_PLAN]
    assert [(each.turn, each.quote) for each in plans] == [(1, "metà dopo")]


def test_a_driver_that_no_turn_showed_alone_quotes_the_strongest() -> None:
    assert [(each.driver, each.turn, each.quote) for each in found([op(PLAN), cu(ASKED)])] == [
        (Driver.PAYMENT_PLAN, 0, PLAN)
    ]
    assert [(each.driver, each.turn, each.quote) for each in found([op(HARSH), op(HARSH)])] == [
        (Driver.OPERATOR_RUDENESS, 0, HARSH)
    ]


def test_what_the_only_turn_shows_counts() -> None:
    shown = TurnReading(UNREAD.score, drivers=(DriverQuote(Driver.PRICE, NOISE),))
    assert [each.driver for each in found([cu(NOISE)], [shown])] == [Driver.PRICE]
    assert found([op(HARSH), op("...")]) == []


def test_what_one_turn_seems_to_show_does_not_outweigh_the_call() -> None:
    shown = TurnReading(UNREAD.score, drivers=(DriverQuote(Driver.PRICE, NOISE),))
    assert found([cu(NOISE), op("Segnato."), cu("Sì.")], [shown, UNREAD, UNREAD]) == []


def test_a_flagged_threat_in_plain_words_is_a_driver_whatever_else_was_said() -> None:
    said = [op(THREAT), cu("Sì."), cu("Va bene.")]
    flagged = TurnReading(
        UNREAD.score, drivers=(DriverQuote(Driver.THREAT, "luce"),), threat="luce"
    )
    unflagged = TurnReading(UNREAD.score)
    rest = [UNREAD, UNREAD]
    assert (Driver.THREAT, 0) in {(f.driver, f.turn) for f in found(said, [flagged, *rest])}
    assert Driver.THREAT not in {f.driver for f in found(said, [unflagged, *rest])}


def test_where_nobody_known_speaks_no_driver_is_found() -> None:
    assert found([]) == []
    assert found([Utterance(Speaker.UNKNOWN, PLAN), op("...")]) == []


def test_without_learned_weights_what_turns_show_counts() -> None:
    shown = TurnReading(UNREAD.score, drivers=(DriverQuote(Driver.PRICE, "caro"),))
    drivers = CallDrivers(of_operator, of_customer, lambda _: None, None)
    assert drivers.found([cu(NOISE)], [shown], "it") == [
        DriverFound(driver=Driver.PRICE, turn=0, quote="caro")
    ]
