"""Speech packed into windows, and words placed at their time again."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.recordings.sound import RATE
from infra.transcription.voice_activity import Stretch
from infra.transcription.windows import LEAD, PADDING, SPACE, WINDOW, cut, plan

gaps = st.integers(0, 60 * RATE)
lengths = st.integers(1, 27 * RATE)


@st.composite
def recordings(draw):
    """Stretches on two channels, and the recording's length."""
    channels = []
    for channel in range(2):
        at, found = draw(gaps), []
        for gap, length in draw(st.lists(st.tuples(gaps, lengths), max_size=6)):
            found.append(Stretch(channel, at, at + length))
            at += length + max(1, gap)
        channels.append(found)
    ends = [found[-1].end for found in channels if found]
    return channels, max(ends, default=0) + draw(st.integers(0, RATE))


@given(recordings())
def test_every_stretch_is_in_one_window_whole_and_padded(recording):
    channels, samples = recording
    windows = plan(channels, samples)
    placed = [one.stretch for window in windows for one in window.placed]
    assert placed == [stretch for found in channels for stretch in found]
    for window in windows:
        assert window.length <= WINDOW + 2 * PADDING + SPACE
        assert {one.stretch.channel for one in window.placed} == {window.channel}
        for one in window.placed:
            (piece,) = [
                p
                for p in window.pieces
                if p.begin <= one.stretch.begin and one.stretch.end <= p.end
            ]
            assert one.offset - piece.offset == one.stretch.begin - piece.begin


@settings(max_examples=500)
@given(recordings())
def test_no_two_windows_could_have_been_one(recording):
    channels, samples = recording
    for window, after in pairwise(plan(channels, samples)):
        if window.channel == after.channel:
            assert window.length + SPACE + after.length - LEAD > WINDOW


def test_windows_are_about_equally_full():
    stretches = [Stretch(0, n * 4 * RATE, (n * 4 + 3) * RATE) for n in range(10)]
    first, second = plan([stretches], 41 * RATE)
    assert abs(first.length - second.length) < 5 * RATE


@settings(deadline=None, max_examples=30)
@given(recordings(), st.integers(RATE // 2, 50 * RATE))
def test_a_window_holds_the_recordings_own_samples(recording, size):
    channels, samples = recording
    count = np.arange(samples) % 30_000 + 1
    sound = np.stack([count, -count]).astype(np.int16)
    blocks = [sound[:, at : at + size] for at in range(0, samples, size)]
    windows = plan(channels, samples)
    found = dict(cut(blocks, windows))
    assert set(found) == set(windows)
    for window, samples_of in found.items():
        silent = np.ones(len(samples_of), bool)
        for piece in window.pieces:
            within = slice(piece.offset, piece.offset + piece.end - piece.begin)
            expected = sound[window.channel, piece.begin : piece.end] / np.float32(32768)
            assert np.array_equal(samples_of[within], expected)
            silent[within] = False
        assert not samples_of[silent].any()


def test_hours_of_silence_need_no_window():
    assert plan([[], []], 2 * 3600 * RATE) == []
    (window,) = plan(
        [[Stretch(0, RATE, 2 * RATE), Stretch(0, 7000 * RATE, 7001 * RATE)], []], 10**9
    )
    assert window.length < 4 * RATE


def test_a_short_pause_stays_as_it_was_and_a_long_one_is_cut():
    found = [Stretch(0, RATE, 2 * RATE), Stretch(0, 2 * RATE + RATE // 2, 4 * RATE)]
    (window,) = plan([found], 10 * RATE)
    assert len(window.pieces) == 1
    assert window.placed[1].offset - window.placed[0].until == RATE // 2
    found[1] = Stretch(0, 5 * RATE, 6 * RATE)
    (window,) = plan([found], 10 * RATE)
    assert len(window.pieces) == 2
    assert window.placed[1].offset - window.placed[0].until == SPACE + 2 * PADDING


@given(recordings())
def test_a_word_within_a_stretch_belongs_to_it_at_its_own_time(recording):
    for window in plan(*recording):
        for number, one in enumerate(window.placed):
            if one.until - one.offset < RATE // 2:
                continue
            middle = (one.offset + one.until) // 2
            assert window.of_word(middle - 100, middle) == number
            expected = (one.stretch.begin + middle - one.offset) / RATE
            assert one.seconds(middle) == pytest.approx(expected)


def test_a_word_that_ends_after_a_pause_belongs_after_it_however_early_it_starts():
    found = [Stretch(0, RATE, 2 * RATE), Stretch(0, 5 * RATE, 6 * RATE)]
    (window,) = plan([found], 10 * RATE)
    first, second = window.placed
    assert window.of_word(first.until - 10, second.offset + RATE // 3) == 1
    assert window.of_word(first.until - 3000, first.until + 500) == 0


def test_times_do_not_leave_the_stretch():
    (window,) = plan([[Stretch(0, RATE, 2 * RATE)]], 10 * RATE)
    (one,) = window.placed
    assert one.seconds(0) == 1.0
    assert one.seconds(10 * RATE) == 2.0
