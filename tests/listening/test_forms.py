"""Recordings as switchboards make them: a file a side, two tracks, sound without a header."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from infra.recordings.sound import RATE, Sound, channels_of
from infra.recordings.source import Source
from infra.recordings.store import RecordingBroken, RecordingMissing, RecordingStore
from schemas.events import Recording
from tests.listening.sounds import CALL, encode, script_of, write_wav
from tests.listening.test_decoding import LEFT, RIGHT, SECONDS, pitch
from tests.listening.test_missing_speech import tracks

THIRD = 0.3 * np.sin(2 * np.pi * 700 * np.arange(len(LEFT)) / 8000)


def read(source):
    sound = Sound(source, 3600.0)
    return np.concatenate(list(sound.blocks()), axis=1), sound.unheard


def pitches(sound):
    return pytest.approx([pitch(channel) for channel in sound], abs=2)


@pytest.mark.parametrize(("codec", "container"), [("pcm_alaw", "wav"), ("libopus", "ogg")])
def test_a_file_for_each_side(tmp_path, codec, container):
    operator = encode(tmp_path / "out", [LEFT], codec, container, 8_000)
    customer = encode(tmp_path / "in", [RIGHT], codec, container, 8_000)
    sound, unheard = read(Source(operator, "separate", customer))
    assert pitches(sound) == [300, 500]
    assert unheard == ()


@pytest.mark.parametrize("shorter", [0, 1])
def test_the_shorter_side_is_silent_at_its_end(tmp_path, shorter):
    sides = [LEFT, RIGHT]
    sides[shorter] = sides[shorter][: len(LEFT) // 3]
    files = [write_wav(tmp_path / f"{n}.wav", [side]) for n, side in enumerate(sides)]
    sound, _ = read(Source(files[0], "separate", files[1]))
    assert sound.shape[1] == pytest.approx(SECONDS * RATE, abs=200)
    rest = sound[:, int(SECONDS * RATE / 3) + 300 :]
    assert not rest[shorter].any()
    assert rest[1 - shorter].any()


def test_a_side_that_is_not_there_is_waited_for(tmp_path):
    write_wav(tmp_path / "operator.wav", [LEFT])
    recording = Recording(operator_uri="operator.wav", customer_uri="customer.wav")
    store = RecordingStore([tmp_path])
    with pytest.raises(RecordingMissing):
        store.resolve(recording)
    write_wav(tmp_path / "customer.wav", [RIGHT])
    sound, _ = read(store.resolve(recording))
    assert pitches(sound) == [300, 500]


@pytest.mark.parametrize(
    ("layout", "expected"), [("tracks", [300, 500]), ("tracks-swapped", [500, 300])]
)
def test_the_tracks_of_one_file(tmp_path, layout, expected):
    path = tracks(tmp_path / "call", [LEFT, RIGHT], "matroska", "libopus")
    sound, unheard = read(Source(path, layout))
    assert expected == pitches(sound)
    assert unheard == ()


def test_a_third_track_is_reported_and_a_missing_second_is_an_error(tmp_path):
    three = tracks(tmp_path / "three", [LEFT, RIGHT, THIRD], "matroska", "libopus")
    assert read(Source(three, "tracks"))[1] == ("track:3",)
    with pytest.raises(RecordingBroken, match="declared with 2 tracks, but it has 1"):
        read(Source(write_wav(tmp_path / "one.wav", [LEFT, RIGHT]), "tracks"))


@pytest.mark.parametrize(
    ("declared", "dtype"),
    [("s16le@8000x2", "<i2"), ("s16be@8000x2", ">i2"), ("f32le@8000x2", "<f4")],
)
def test_sound_without_a_header_is_read_as_declared(tmp_path, declared, dtype):
    scale = 1 if dtype == "<f4" else 32767
    path = tmp_path / "call.raw"
    path.write_bytes((np.stack([LEFT, RIGHT], axis=1) * scale).astype(dtype).tobytes())
    sound, _ = read(Source(path, "stereo", format=declared))
    assert pitches(sound) == [300, 500]
    assert sound.shape[1] == pytest.approx(SECONDS * RATE, abs=200)
    assert channels_of(path, declared) == 2


@pytest.mark.parametrize(
    ("codec", "declared"), [("pcm_alaw", "alaw@8000"), ("pcm_mulaw", "ulaw@8000")]
)
def test_telephone_codecs_without_a_header(tmp_path, codec, declared):
    (sample,) = [encode(tmp_path / "a.wav", [LEFT], codec, "wav", 8_000).read_bytes()]
    path = tmp_path / "side.dat"
    path.write_bytes(sample[sample.index(b"data") + 8 :])
    sound, _ = read(Source(path, "mono", format=declared))
    assert pitches(sound) == [300]


def test_a_header_where_none_was_declared_is_an_error(tmp_path):
    path = write_wav(tmp_path / "a.wav", [LEFT, RIGHT])
    with pytest.raises(RecordingBroken, match="it has a header: leave its format out"):
        read(Source(path, "stereo", format="s16le@8000x2"))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "give uri, or operator_uri and customer_uri"),
        ({"operator_uri": "a"}, "give uri, or operator_uri and customer_uri"),
        ({"uri": "a", "layout": "mono", "customer_uri": "b"}, "not both"),
        ({"uri": "a"}, "give the layout of uri"),
        ({"operator_uri": "a", "customer_uri": "b", "layout": "stereo"}, "leave it out"),
        ({"uri": "a", "layout": "separate"}, "Input should be"),
        ({"uri": "a", "layout": "mono", "format": "mp3"}, "should match pattern"),
        ({"uri": "a", "layout": "mono", "format": "s16le@8000x9"}, "should match pattern"),
    ],
)
def test_what_an_event_may_not_say(given, reason):
    with pytest.raises(ValidationError, match=reason):
        Recording.model_validate(given)


def test_a_format_is_taken_in_any_case():
    assert Recording(uri="a", layout="stereo", format="S16LE@8000x2").format == "s16le@8000x2"


def test_the_sides_of_a_real_call_are_its_speakers(tmp_path):
    """Cut in two files, a call reads as it does in one."""
    both, _ = read(Source(CALL, "stereo"))
    files = [
        write_wav(tmp_path / f"{side}.wav", [channel[::2] / 32768])
        for side, channel in zip(("operator", "customer"), both, strict=True)
    ]
    apart, _ = read(Source(files[0], "separate", files[1]))
    for speaker, _, start, end in script_of(CALL):
        own, other = (0, 1) if speaker == "operator" else (1, 0)
        said = apart[:, int(start * RATE) : int(end * RATE)].astype(float)
        assert np.abs(said[own]).mean() > np.abs(said[other]).mean()
