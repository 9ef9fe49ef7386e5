"""Real recordings: codecs, rates, wrong headers, files that are not sound."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from infra.recordings.sound import RATE, Sound, channels_of
from infra.recordings.source import Source
from infra.recordings.store import RecordingBroken, RecordingExcessive, RecordingMissing
from tests.listening.sounds import CALL, encode, write_wav

SECONDS = 3.0
TIME = np.arange(int(SECONDS * 8000)) / 8000
LEFT, RIGHT = 0.3 * np.sin(2 * np.pi * 300 * TIME), 0.3 * np.sin(2 * np.pi * 500 * TIME)


def read(path, layout="stereo", longest=3600.0):
    return np.concatenate(list(Sound(Source(path, layout), longest).blocks()), axis=1)


def pitch(channel):
    """The loudest frequency."""
    return np.argmax(np.abs(np.fft.rfft(channel))) * RATE / len(channel)


@pytest.mark.parametrize(
    ("codec", "container", "rate"),
    [
        ("libmp3lame", "mp3", 44_100),
        ("libopus", "ogg", 48_000),
        ("libopus", "webm", 48_000),
        ("pcm_alaw", "wav", 8_000),
        ("pcm_mulaw", "wav", 8_000),
        ("adpcm_ima_wav", "wav", 8_000),
        ("flac", "flac", 16_000),
        ("aac", "mp4", 44_100),
    ],
)
def test_each_codec_gives_its_channels_at_their_pitch(tmp_path, codec, container, rate):
    path = encode(tmp_path / "call", [LEFT, RIGHT], codec, container, rate)
    sound = read(path)
    assert channels_of(path) == 2
    assert sound.shape[1] == pytest.approx(SECONDS * RATE, rel=0.03)
    assert [pitch(channel) for channel in sound] == pytest.approx([300, 500], abs=2)


def test_a_stereo_recording_taken_as_mono_has_both_voices_in_one_channel(tmp_path):
    (sound,) = read(write_wav(tmp_path / "a.wav", [LEFT, RIGHT]), "mono")
    loud = np.sort(np.argsort(np.abs(np.fft.rfft(sound)))[-2:] * RATE / len(sound))
    assert loud == pytest.approx([300, 500], abs=2)


@pytest.mark.parametrize(
    "stated", [0, 0xFFFFFFFF, 10**9, 16_000], ids=["0", "most", "more", "less"]
)
def test_a_wav_whose_header_states_a_wrong_length_is_read_to_its_end(tmp_path, stated):
    raw = bytearray(write_wav(tmp_path / "a.wav", [LEFT, RIGHT]).read_bytes())
    raw[4:8] = raw[40:44] = struct.pack("<I", stated)
    path = tmp_path / "wrong.wav"
    path.write_bytes(raw)
    assert read(path).shape[1] == pytest.approx(SECONDS * RATE, abs=200)


def test_what_follows_the_sound_in_a_wav_is_ignored(tmp_path):
    raw = write_wav(tmp_path / "a.wav", [LEFT, RIGHT]).read_bytes()
    path = tmp_path / "tagged.wav"
    path.write_bytes(raw + b"LIST" + struct.pack("<I", 1000) + b"\x55" * 1000)
    assert read(path).shape[1] == pytest.approx(SECONDS * RATE, abs=200)


@pytest.mark.parametrize(
    ("place", "value"),
    [(24, "<I"), (34, "<H"), (20, "<H")],
    ids=["rate 0", "0 bits", "codec 0"],
)
def test_a_wav_whose_header_makes_no_sense_is_broken(tmp_path, place, value):
    raw = bytearray(write_wav(tmp_path / "a.wav", [LEFT, RIGHT]).read_bytes())
    raw[place : place + struct.calcsize(value)] = bytes(struct.calcsize(value))
    path = tmp_path / "wrong.wav"
    path.write_bytes(raw)
    with pytest.raises(RecordingBroken):
        read(path)


@pytest.mark.parametrize(("codec", "container"), [("libmp3lame", "mp3"), ("libopus", "ogg")])
def test_a_damaged_middle_costs_no_more_than_itself(tmp_path, codec, container):
    path = encode(tmp_path / "call", [LEFT, RIGHT] * 1, codec, container, 48_000)
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 2
    raw[middle : middle + 100] = bytes(100)
    path.write_bytes(raw)
    assert read(path).shape[1] > 0.6 * SECONDS * RATE


@pytest.mark.parametrize("layout", ["stereo", "mono"])
def test_a_recording_that_turns_mono_half_way_is_transcribed_to_the_end(tmp_path, layout):
    path = encode(tmp_path / "call.mp3", [LEFT, RIGHT], "libmp3lame", "mp3", 44_100)
    damaged = bytearray(path.read_bytes())
    header = damaged.index(b"\xff\xfb", len(damaged) // 2)
    damaged[header + 3] |= 0xC0
    path.write_bytes(damaged)
    assert read(path, layout).shape[1] == pytest.approx(SECONDS * RATE, rel=0.1)


def test_a_recording_cut_short_is_transcribed_up_to_the_cut(tmp_path):
    path = write_wav(tmp_path / "a.wav", [LEFT, RIGHT])
    path.write_bytes(path.read_bytes()[: 44 + 32_000 + 1])
    assert read(path).shape[1] == pytest.approx(RATE, abs=200)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + b"\xff" * 200,
        b"OggS" + bytes(500),
        b"this is a text, not a sound" * 50,
        b"{}",
    ],
)
def test_what_is_no_sound_is_broken_with_a_reason_and_without_its_path(tmp_path, content):
    path = tmp_path / "3331234567.wav"
    path.write_bytes(content)
    with pytest.raises(RecordingBroken, match=r"^it ") as caught:
        read(path)
    assert "3331234567" not in str(caught.value)


def test_a_wav_without_samples_holds_no_sound(tmp_path):
    path = write_wav(tmp_path / "empty.wav", [np.zeros(0), np.zeros(0)])
    with pytest.raises(RecordingBroken, match="no sound"):
        read(path)


def test_mono_declared_stereo_is_broken_not_guessed(tmp_path):
    path = write_wav(tmp_path / "mono.wav", [LEFT])
    assert channels_of(path) == 1
    with pytest.raises(RecordingBroken, match="one channel"):
        read(path)


def test_the_longest_recording_allowed_is_a_limit():
    with pytest.raises(RecordingExcessive, match="more than the 10 s"):
        read(CALL, longest=10.0)


def test_a_file_that_is_gone_may_come_back(tmp_path):
    with pytest.raises(RecordingMissing):
        read(tmp_path / "none.wav")
    with pytest.raises(RecordingMissing):
        channels_of(tmp_path / "none.wav")


def test_a_second_reading_gives_the_same(tmp_path):
    """Short recordings are held in memory, long ones are decoded again."""
    short = Sound(Source(CALL, "stereo"), 3600)
    hour = write_wav(tmp_path / "hour.wav", [np.tile(RIGHT, 240), np.tile(LEFT, 240)])
    long = Sound(Source(hour, "stereo"), 3600)
    for sound in (short, long):
        first, second = (np.concatenate(list(sound.blocks()), axis=1) for _ in range(2))
        assert np.array_equal(first, second)
