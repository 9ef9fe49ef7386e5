"""Where someone speaks: from probabilities to stretches, and from a call to its turns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.recordings.sound import RATE, Sound
from infra.recordings.source import Source
from infra.transcription.voice_activity import FRAME, LONGEST, detect_speech, speech_frames
from tests.listening.sounds import CALL, script_of


def test_a_pause_ends_a_stretch_and_a_breath_does_not():
    assert speech_frames([0, 0.9, 0.9, 0, 0, 0, 0, 0.9, 0]) == [(1, 8)]
    assert speech_frames([0, 0.9, 0.9, 0, 0, 0, 0, 0, 0, 0.9, 0]) == [(1, 3), (9, 10)]


def test_a_stretch_starts_with_the_soft_sound_before_it():
    assert speech_frames([0, 0.1, 0.2, 0.9, 0.9]) == [(1, 5)]


def test_doubt_alone_is_no_speech():
    assert speech_frames([0.2] * 50) == []
    assert speech_frames([]) == []


def test_speech_without_a_pause_is_split_where_it_is_least_certain():
    probabilities = [0.9] * 1200
    probabilities[700] = 0.4
    found = speech_frames(probabilities)
    assert found[0] == (0, 700)
    assert found[-1][1] == 1200


@given(st.lists(st.sampled_from([0.0, 0.04, 0.1, 0.2, 0.5, 0.99]), max_size=3000))
def test_stretches_are_apart_in_order_and_none_is_too_long(probabilities):
    found = speech_frames(probabilities)
    ends = [0, *(end for _, end in found)]
    for (begin, end), before in zip(found, ends, strict=False):
        assert before <= begin < end <= len(probabilities)
        assert (end - begin) * FRAME <= LONGEST + 5 * FRAME
    certain = {at for at, one in enumerate(probabilities) if one >= 0.3}
    assert certain <= {at for begin, end in found for at in range(begin, end)}


def blocks_of(path, size=None):
    whole = np.concatenate(list(Sound(Source(path, "stereo"), 3600).blocks()), axis=1)
    size = size or whole.shape[1]
    return [whole[:, at : at + size] for at in range(0, whole.shape[1], size)]


def test_every_turn_of_a_call_is_found_at_its_time_and_nothing_else():
    found = detect_speech(blocks_of(CALL))
    script = script_of(CALL)
    for channel, speaker in enumerate(("operator", "customer")):
        turns = [(begin, end) for who, _, begin, end in script if who == speaker]
        for stretch in found.channels[channel]:
            at, until = stretch.begin / RATE, stretch.end / RATE
            assert any(begin - 0.1 < at and until < end + 0.2 for begin, end in turns)
        for begin, end in turns:
            within = [s for s in found.channels[channel] if begin - 0.1 < s.begin / RATE < end]
            assert abs(within[0].begin / RATE - begin) < 0.5
            assert abs(within[-1].end / RATE - end) < 0.2


@pytest.mark.parametrize("size", [RATE * 20, RATE * 7 + 13])
def test_speech_found_does_not_depend_on_how_the_samples_are_split(size):
    whole, split = detect_speech(blocks_of(CALL)), detect_speech(blocks_of(CALL, size))
    assert whole.samples == split.samples
    for one, other in zip(whole.channels, split.channels, strict=True):
        assert sum(s.end - s.begin for s in one) == pytest.approx(
            sum(s.end - s.begin for s in other), rel=0.02
        )


def test_one_sound_on_both_channels_is_one_channel_at_any_loudness():
    left = blocks_of(CALL)[0][0]
    both = np.stack([left, left // 3])
    assert detect_speech([both]).alone
    assert len(detect_speech([both]).channels) == 1
    assert not detect_speech(blocks_of(CALL)).alone


@pytest.mark.parametrize("level", [0, 1, 8])
def test_silence_holds_no_speech(level):
    quiet = np.random.default_rng(1).integers(-level, level + 1, (2, RATE * 5)).astype(np.int16)
    assert detect_speech([quiet]).channels in ([[], []], [[]])


def test_nothing_is_nothing():
    assert detect_speech([]).samples == 0
