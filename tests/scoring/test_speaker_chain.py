"""The chain that says who speaks: exact, by comparison with all labellings."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.speakers.attribution import CERTAIN, LEAST_CERTAIN_SHARE, decided
from processors.speakers.chain import PADDING, marginals
from schemas.conversation import Speaker

SCORES = st.floats(-8, 8)


def chains(longest: int) -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    def of_length(n: int) -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
        return st.tuples(
            st.lists(SCORES, min_size=2 * n, max_size=2 * n).map(
                lambda values: np.array(values).reshape(n, 1, 2)
            ),
            st.lists(SCORES, min_size=4 * (n - 1), max_size=4 * (n - 1)).map(
                lambda values: np.array(values).reshape(n - 1, 1, 2, 2)
            ),
        )

    return st.integers(1, longest).flatmap(of_length)


def weight(places: np.ndarray, steps: np.ndarray, labels: tuple[int, ...]) -> float:
    score = sum(places[at, 0, label] for at, label in enumerate(labels))
    score += sum(steps[at, 0, a, b] for at, (a, b) in enumerate(pairwise(labels)))
    return float(np.exp(score))


@given(chains(6))
def test_probabilities_are_those_of_all_labellings(chain: tuple[np.ndarray, np.ndarray]) -> None:
    places, steps = chain
    found = marginals(places, steps)
    weights = {
        labels: weight(places, steps, labels) for labels in product((0, 1), repeat=len(places))
    }
    total = sum(weights.values())
    assert found.total[0] == pytest.approx(np.log(total))
    for at in range(len(places)):
        ours = sum(w for labels, w in weights.items() if labels[at] == 0) / total
        assert found.places[at, 0, 0] == pytest.approx(ours, abs=1e-9)
        assert found.places[at, 0].sum() == pytest.approx(1.0)
    for at, (a, b) in product(range(len(steps)), product((0, 1), repeat=2)):
        ours = sum(w for labels, w in weights.items() if labels[at : at + 2] == (a, b)) / total
        assert found.steps[at, 0, a, b] == pytest.approx(ours, abs=1e-9)


@given(chains(5), st.integers(1, 4))
def test_padding_changes_no_probability(chain: tuple[np.ndarray, np.ndarray], padded: int) -> None:
    places, steps = chain
    longer = np.concatenate([places, np.zeros((padded, 1, 2))])
    further = np.concatenate([steps, np.full((padded, 1, 2, 2), PADDING)])
    alone, found = marginals(places, steps), marginals(longer, further)
    assert found.places[: len(places)] == pytest.approx(alone.places)
    assert found.total == pytest.approx(alone.total)


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 20)), min_size=1, max_size=30))
def test_only_the_certain_pieces_of_a_certain_call_are_decided(
    pieces: list[tuple[float, int]],
) -> None:
    operator = np.array([probability for probability, _ in pieces])
    words = [count for _, count in pieces]
    speakers = decided(operator, words)
    certain = np.maximum(operator, 1 - operator) >= CERTAIN
    share = sum(n for n, sure in zip(words, certain, strict=True) if sure) / sum(words)
    if speakers is None:
        assert share < LEAST_CERTAIN_SHARE or len(set((operator[certain] > 0.5).tolist())) < 2
        return
    assert share >= LEAST_CERTAIN_SHARE
    assert {Speaker.OPERATOR, Speaker.CUSTOMER} <= set(speakers)
    for speaker, probability, sure in zip(speakers, operator, certain, strict=True):
        assert (speaker is Speaker.UNKNOWN) == (not sure)
        if sure:
            assert (speaker is Speaker.OPERATOR) == (probability > 0.5)
