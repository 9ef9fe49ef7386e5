"""Short words said alone: half certain, above the noise, while the other side is silent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.recordings.sound import RATE
from infra.transcription import voice_activity
from infra.transcription.faint_speech import faint_speech, loudness_of, overlaps
from infra.transcription.voice_activity import detect_speech

SECONDS = np.arange(RATE * 6) / RATE
NOISE = np.random.default_rng(3).normal(size=len(SECONDS))
LOUDNESS = [-50.0] * 40 + [-30.0] * 10 + [-50.0] * 50


def test_a_loud_word_apart_from_certain_speech_counts():
    assert faint_speech([(41, 48)], [(70, 90)], LOUDNESS) == [(41, 48)]


@pytest.mark.parametrize(
    ("half_certain", "certain", "why"),
    [
        ((41, 43), [], "a click"),
        ((60, 70), [], "no louder than the noise"),
        ((41, 48), [(45, 60)], "part of what is certain"),
    ],
)
def test_what_may_be_noise_does_not(half_certain, certain, why):
    assert faint_speech([half_certain], certain, LOUDNESS) == [], why


FRAMES = st.tuples(st.integers(0, 99), st.integers(1, 20)).map(lambda two: (two[0], sum(two)))


@given(st.lists(FRAMES, max_size=8), st.lists(FRAMES, max_size=8))
def test_none_overlaps_certain_speech(half_certain, certain):
    for found in faint_speech(half_certain, certain, LOUDNESS):
        taken = {frame for begin, end in certain for frame in range(begin, end)}
        assert taken.isdisjoint(range(*found))
        assert not overlaps(found, certain)


def test_loudness_is_in_decibels_below_full_scale():
    assert loudness_of(np.full((1, 512), 0.1, np.float32)) == pytest.approx([-20.0], abs=0.01)
    assert loudness_of(np.zeros((1, 512), np.float32)) == pytest.approx([-120.0])


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(NOISE, id="noise"),
        pytest.param(np.sin(2 * np.pi * 425 * SECONDS) * (SECONDS % 5 < 1), id="ringing"),
        pytest.param(np.sin(2 * np.pi * 425 * SECONDS) * (SECONDS % 1 < 0.5), id="engaged"),
        pytest.param(5.0 * NOISE * (SECONDS % 1 < 0.01), id="clicks"),
        pytest.param(
            (np.sin(2 * np.pi * 770 * SECONDS) + np.sin(2 * np.pi * 1336 * SECONDS))
            * (SECONDS % 0.4 < 0.15),
            id="keys",
        ),
    ],
)
def test_a_line_without_a_voice_has_no_faint_speech(sound, monkeypatch):
    heard = (np.clip(0.05 * (sound + 0.02 * NOISE), -1, 1) * 32767).astype(np.int16)
    both = np.stack([np.random.default_rng(4).normal(0, 3, len(heard)).astype(np.int16), heard])
    found = detect_speech([both])
    monkeypatch.setattr(voice_activity, "faint_speech", lambda *_: [])
    assert found == detect_speech([both])
