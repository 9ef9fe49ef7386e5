"""A voice that leaks into the other channel is removed; both are transcribed when both speak."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from infra.lab.benchmarks.leaking import Line, leaking, write_call
from infra.recordings.sound import RATE, Sound
from infra.recordings.source import Source
from infra.transcription.crosstalk import Separation
from infra.transcription.leak_filter import leak_of
from infra.transcription.transcriber import WhisperTranscriber
from infra.transcription.voice_activity import detect_speech
from processors.transcript.interruptions import turn_taking
from schemas.conversation import Speaker
from tests.listening.sounds import CALL, CALLS, channels, encode, write_wav
from tests.listening.sounds import RATE as LINE_RATE

SECONDS = 26


def call(path=CALL, seconds=SECONDS):
    """Operator and customer of a call at 16 kHz."""
    return [resample_poly(one[: seconds * LINE_RATE], 2, 1) for one in channels(path)]


def samples(sound):
    """As they come from a file: 16 bits."""
    return np.clip(np.round(np.stack(list(sound)) * 32767), -32768, 32767).astype(np.int16)


def separated(block, size=None):
    """The result for a call's samples, given in blocks of `size`."""
    separation = Separation()
    size = size or block.shape[1]
    blocks = (block[:, at : at + size] for at in range(0, block.shape[1], size))
    return np.concatenate(list(separation(blocks)), axis=1), separation


def spoken(block):
    """Whether somebody speaks, by channel and hundredth of a second."""
    found = detect_speech([block])
    speaks = np.zeros((2, block.shape[1] // 160 + 1), bool)
    for channel in found.channels:
        for stretch in channel:
            speaks[stretch.channel, stretch.begin // 160 : stretch.end // 160] = True
    return speaks


def differing(one, other):
    """Seconds of speech more or less, by channel."""
    return (one != other).sum(axis=1) / 100


@pytest.mark.parametrize("path", sorted(CALLS.glob("*.ogg")), ids=lambda path: path.stem)
def test_a_call_without_crosstalk_passes_as_it_is(path):
    whole = np.concatenate(list(Sound(Source(path, "stereo"), 3600).blocks()), axis=1)
    done, separation = separated(whole, RATE * 20)
    assert np.array_equal(done, whole)
    assert separation.doubts == []


@pytest.fixture(scope="module")
def clean():
    return call()


@pytest.fixture(scope="module")
def clean_speech(clean):
    return {
        noise: spoken(samples(leaking(clean, Line(0, 0, "none", noise), RATE)))
        for noise in (None, -45)
    }


QUIET_AND_NOISY = itertools.cycle((None, -45))
LINES = [
    (*line, next(QUIET_AND_NOISY))
    for line in (
        *itertools.product((-30, -20, -6), (3, 250), ("operator",)),
        *itertools.product((-6, -14, -26), (20, 120), ("both",)),
        *itertools.product((-10,), (120, 3), ("customer",)),
    )
]
"""Delays alternate with the noise in the first and last, and against it in the second."""


@pytest.mark.parametrize(("gain", "delay", "ways", "noise"), LINES)
def test_everybody_speaks_at_the_times_without_the_leak(
    clean, clean_speech, gain, delay, ways, noise
):
    line = Line(gain, delay, ways, noise)
    done, separation = separated(samples(leaking(clean, line, RATE)))
    assert differing(spoken(done), clean_speech[noise]).max() < 0.7
    assert separation.doubts == []


def test_without_separation_the_leak_is_transcribed_as_speech(clean, clean_speech):
    """Without this the tests above would show nothing."""
    leaked = spoken(samples(leaking(clean, Line(-26, 120), RATE)))
    assert differing(leaked, clean_speech[None])[1] > 8


def test_who_speaks_at_the_same_time_is_transcribed_on_his_own_channel(clean):
    """The customer's answer laid over the operator's turn, with the operator leaking into it."""
    operator, customer = clean
    at = [begin for begin, *_ in runs(spoken(samples(clean))[1])]
    answer = customer[at[0] * 160 : at[0] * 160 + 3 * RATE]
    over = np.zeros_like(customer)
    over[RATE : RATE + len(answer)] = answer
    alone = spoken(samples([operator, over]))
    done, _ = separated(samples(leaking([operator, over], Line(-6, 120), RATE)))
    assert differing(spoken(done), alone).max() < 0.5
    assert spoken(done)[1].sum() > 150


def runs(true):
    edges = np.flatnonzero(np.diff(np.r_[False, true, False].astype(int)))
    return edges.reshape(-1, 2)


@pytest.mark.parametrize(
    ("codec", "container", "rate"),
    [("libmp3lame", "mp3", 44_100), ("pcm_mulaw", "wav", 8_000), ("adpcm_ima_wav", "wav", 8_000)],
)
def test_codecs_after_the_leak_do_not_bring_it_back(tmp_path, codec, container, rate):
    voices = [one[: SECONDS * LINE_RATE] for one in channels()]
    speech = []
    for gain in (-200, -14):
        sound = leaking(voices, Line(gain, 20, "both"), LINE_RATE)
        path = encode(tmp_path / f"{gain}", sound, codec, container, rate)
        whole = np.concatenate(list(Sound(Source(path, "stereo"), 3600).blocks()), axis=1)
        speech.append(spoken(separated(whole)[0]))
    assert differing(*speech).max() < 1.0


def test_an_echo_of_several_paths_is_removed(clean, clean_speech):
    """A hybrid returns a voice smeared over milliseconds, and once more with a long delay."""
    operator, customer = clean
    chance = np.random.default_rng(4)
    path = np.zeros(RATE // 5)
    path[48:208] = chance.normal(size=160) * np.exp(-np.arange(160) / 40)
    path[1920:2080] = 0.4 * chance.normal(size=160) * np.exp(-np.arange(160) / 40)
    path *= 10 ** (-12 / 20) / np.sqrt((path**2).sum())
    leaked = [operator, customer + np.convolve(operator, path)[: len(customer)]]
    done, _ = separated(samples(leaked))
    assert differing(spoken(done), clean_speech[None]).max() < 0.7


def test_a_line_that_changes_during_a_call_is_followed():
    """A call is transferred: from then on it leaks differently."""
    voices = call(seconds=50)
    first = samples(leaking(voices, Line(-12, 20), RATE))
    second = samples(leaking(voices, Line(-8, 120, "both"), RATE))
    quiet = samples(voices)
    done, _ = separated(np.concatenate([first, first, second, second], axis=1), RATE * 20)
    expected = spoken(np.concatenate([quiet] * 4, axis=1))
    assert differing(spoken(done), expected).max() < 12
    last = -40 * 100
    assert differing(spoken(done)[:, last:], expected[:, last:]).max() < 1.5


@pytest.mark.parametrize(("gain", "ways"), [(0, "operator"), (3, "operator"), (0, "both")])
def test_where_the_other_is_as_loud_the_speaker_is_not_guessed(clean, gain, ways):
    _, separation = separated(samples(leaking(clean, Line(gain, 20, ways), RATE)))
    (doubt,) = separation.doubts
    assert (doubt.begin, doubt.end) == (0, len(clean[0]))


@settings(max_examples=25, deadline=None)
@given(
    gain=st.floats(-30, -5),
    delay=st.floats(0, 280),
    seed=st.integers(0, 1000),
)
def test_the_leak_is_found_as_it_was_made(gain, delay, seed):
    """Against the response by which it was made, on noise that comes and goes as speech does."""
    chance = np.random.default_rng(seed)
    speaks = np.repeat(chance.random(40) < 0.5, RATE // 2)
    source = (0.1 * chance.normal(size=len(speaks)) * speaks).astype(np.float32)
    other = (0.1 * chance.normal(size=len(speaks)) * ~speaks).astype(np.float32)
    late = round(delay * RATE / 1000)
    loudness = 10 ** (gain / 20)
    leaked = np.concatenate([np.zeros(late, np.float32), loudness * source])[: len(source)]
    faint = 1e-4 * chance.normal(size=len(source)).astype(np.float32)
    found = leak_of(source, other + leaked + faint, 0.63)
    assert found is not None
    assert found.gain == pytest.approx(loudness, rel=0.1)
    left = found.of(source) - leaked
    assert left @ left < 0.01 * (leaked @ leaked)
    assert leak_of(source, other + faint, 0.63) is None


def test_mono_and_silence_pass(clean):
    mono = samples(clean)[:1]
    assert np.array_equal(separated(mono)[0], mono)
    silence = np.zeros((2, RATE * 3), np.int16)
    assert np.array_equal(separated(silence)[0], silence)
    assert list(Separation()(iter([]))) == []


@pytest.mark.whisper
def test_turns_are_as_without_the_leak_and_unknown_where_it_is_too_loud(tmp_path):
    transcriber = WhisperTranscriber(cpu_threads=2)
    voices = [one[: 13 * LINE_RATE] for one in channels()]

    def said(line):
        path = write_call(tmp_path / "call.wav", leaking(voices, line, LINE_RATE), LINE_RATE)
        return transcriber.transcribe(Source(path, "stereo"), "it")

    plain = said(Line(0, 0, "none"))
    leaked = said(Line(-10, 120, "both"))
    assert [(t.speaker, t.text) for t in leaked.turns] == [(t.speaker, t.text) for t in plain.turns]
    assert leaked.turn_taking == plain.turn_taking == turn_taking(plain.turns)
    assert leaked.doubts == ()
    drowned = said(Line(0, 120, "both"))
    assert {turn.speaker for turn in drowned.turns} == {Speaker.UNKNOWN}
    assert drowned.doubts == ("crosstalk",)
    assert drowned.turn_taking is None


def test_a_leak_is_removed_before_transcription(tmp_path):
    path = write_wav(
        tmp_path / "a.wav",
        leaking([one[: SECONDS * LINE_RATE] for one in channels()], Line(-14, 20), LINE_RATE),
    )
    sound = Sound(Source(path, "stereo"), 3600, treat=Separation())
    once = np.concatenate(list(sound.blocks()), axis=1)
    again = np.concatenate(list(sound.blocks()), axis=1)
    plain = np.concatenate(list(Sound(Source(path, "stereo"), 3600).blocks()), axis=1)
    assert np.array_equal(once, again)
    assert not np.array_equal(once, plain)
