"""Learning to recognise spoken numbers: what is said, and that it can be learned."""

from __future__ import annotations

import numpy as np
import pytest

from infra.lab.numbers import fitting
from infra.lab.numbers.answers import LONGEST, answers
from infra.lab.numbers.voices import ENGINES, drawn
from infra.transcription.spoken_numbers import CLASSES, POOLED, number_network
from processors.text.tokens import cut


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_number_is_said_and_many_other_things(split):
    said = list(answers(split))
    assert {one.number for one in said} == {None, *range(11)}
    assert sum(one.number is None for one in said) > len(said) / 2
    assert max(len(cut(one.text, "it").words) for one in said) <= LONGEST


def test_no_voice_of_the_test_is_learned_from():
    chance = np.random.default_rng(0)
    for engine in ENGINES:
        voices = [
            {
                (one.voice, one.factor)
                for one in (drawn("Sì.", split, engine, chance) for _ in range(200))
            }
            for split in ("train", "test")
        ]
        assert voices[0].isdisjoint(voices[1])


def test_a_sound_that_stands_for_a_number_is_learned(monkeypatch):
    """Of noise, in which one direction a class is stronger for 80 ms somewhere."""
    monkeypatch.setattr(fitting, "EPOCHS", 12)
    chance = np.random.default_rng(1)
    directions = chance.normal(0, 1, (CLASSES, 24))

    def sample(value):
        rows = chance.normal(0, 1, (40, 24))
        at = int(chance.integers(0, 10)) * POOLED
        rows[at : at + POOLED] += 3 * directions[value]
        return rows.astype(np.float16)

    values = chance.integers(0, CLASSES, 700)
    rows = [sample(value) for value in values]
    numbers = [None if value == CLASSES - 1 else int(value) for value in values]
    network = fitting.fit(rows[:600], numbers[:600], seed=0)
    found = [
        int(np.argmax(network.probabilities(network.evidence(one.astype(np.float32)))))
        for one in rows[600:]
    ]
    assert np.mean(np.array(found) == values[600:]) > 0.8


def test_the_learned_network_reads_the_encoders_output():
    network = number_network()
    evidence = network.evidence(np.zeros((50, len(network.mean)), np.float32))
    assert evidence.shape == (50 // POOLED, CLASSES)
    assert network.probabilities(evidence).sum() == pytest.approx(1.0, abs=1e-5)
