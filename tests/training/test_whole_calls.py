"""What is learned from whole calls: labels of their turns, and the weights of a call's drivers."""

from __future__ import annotations

import numpy as np

from infra.lab.training.fitting import UNKNOWN
from infra.lab.training.material import LabelledCall
from infra.lab.training.measures import best_threshold
from infra.lab.training.whole_calls import call_turns, fit_calls
from processors.encoder.call_drivers import FEATURES, TurnEvidence, call_features, totals_of
from processors.encoder.embedding import TurnEmbeddings
from processors.encoder.network import load_weights
from schemas.conversation import Driver, Speaker, Turn
from tests.scoring.readers import shared_encoder

ORDER = list(Driver)


def labelled(drivers: set[Driver], *turns: tuple[Speaker, str]) -> LabelledCall:
    return LabelledCall(
        "one",
        tuple(Turn(speaker=speaker, text=text) for speaker, text in turns),
        language="it",
        author="a",
        style="plain",
        leaves=False,
        promises=False,
        drivers=frozenset(drivers),
        threat=False,
        rating=None,
    )


def test_the_turn_that_shows_the_calls_driver_gets_it_and_the_others_stay_unknown() -> None:
    call = labelled(
        {Driver.WAITING_TIME},
        (Speaker.OPERATOR, "Pronto, servizio clienti."),
        (Speaker.CUSTOMER, "Mezz'ora con la musichetta nell'orecchio, sto in attesa da una vita."),
        (Speaker.OPERATOR, "..."),
        (Speaker.CUSTOMER, "Va bene."),
    )
    head = load_weights().heads[Speaker.CUSTOMER]
    turns = call_turns([call], TurnEmbeddings(shared_encoder()), head)
    waiting = ORDER.index(Driver.WAITING_TIME)
    assert turns.drivers[:, waiting].tolist() == [UNKNOWN, 1, UNKNOWN]
    assert not np.delete(turns.drivers, waiting, axis=1).any()
    assert turns.authors.tolist() == ["a"] * 3


def evidence(chance: float, drivers: set[Driver]) -> list[TurnEvidence]:
    """A customer's turn that shows `drivers` with `chance`, after an operator's that shows none."""
    shown = np.array([chance if driver in drivers else 0.02 for driver in Driver])
    nothing, unnamed = np.full(len(Driver), 0.02), np.zeros(len(Driver))
    return [
        TurnEvidence(Speaker.OPERATOR, nothing, unnamed, np.full(3, 0.1)),
        TurnEvidence(Speaker.CUSTOMER, shown, unnamed, np.full(3, np.nan)),
    ]


def test_weights_of_calls_find_what_their_turns_show() -> None:
    shown = [{driver} if n % 3 else set() for n, driver in enumerate(ORDER * 10)]
    calls = [labelled(drivers, (Speaker.CUSTOMER, "b")) for drivers in shown]
    read = [evidence(0.8, drivers) for drivers in shown]
    fit = fit_calls(read, calls)
    assert np.array_equal(fit.found, fit.truth)
    assert fit.learned[0] > 0.0
    assert np.allclose(fit.learned[1:FEATURES], 0.0)
    every = set(Driver)
    assert np.all(totals_of(call_features(evidence(0.8, every)), fit.learned) >= 0.0)
    assert np.all(totals_of(call_features(evidence(0.02, every)), fit.learned) < 0.0)


def test_a_threshold_can_be_chosen_by_what_is_around_it() -> None:
    truth = np.array([True] * 4 + [False] * 2 + [True] + [False] * 3)
    chances = np.array([0.9, 0.8, 0.7, 0.6, 0.35, 0.33, 0.31, 0.3, 0.3, 0.3])
    assert best_threshold(truth, chances) == 0.6
    assert 0.4 <= best_threshold(truth, chances, around=5) <= 0.55
