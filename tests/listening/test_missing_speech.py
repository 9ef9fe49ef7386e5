"""What is not transcribed is reported: further tracks, channels, pictures, a missing end."""

from __future__ import annotations

import av
import numpy as np
import pytest

from infra.recordings.sound import RATE, Sound
from infra.recordings.source import Source
from infra.recordings.store import RecordingBroken
from tests.listening.sounds import encode, write_wav

TIME = np.arange(10 * 8000) / 8000
LEFT, RIGHT = 0.3 * np.sin(2 * np.pi * 300 * TIME), 0.3 * np.sin(2 * np.pi * 500 * TIME)


def read(path, layout="mono"):
    sound = Sound(Source(path, layout), 3600)
    return np.concatenate(list(sound.blocks()), axis=1), sound.unheard


def tracks(path, sounds, container, codec, *, video=False):
    """A file with a track for each of `sounds`, mono, and a video track where asked for."""
    with av.open(str(path), "w", format=container) as file:
        streams = [file.add_stream(codec, rate=48_000, layout="mono") for _ in sounds]
        picture = None
        if video:
            picture = file.add_stream("mpeg4", rate=10)
            picture.width = picture.height = 64
            picture.pix_fmt = "yuv420p"
            for _ in range(20):
                black = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
                file.mux(picture.encode(black))
            file.mux(picture.encode(None))
        for stream, sound in zip(streams, sounds, strict=True):
            samples = (sound * 32767).astype("<i2").reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate = 8000
            resampler = av.AudioResampler(stream.codec_context.format.name, "mono", 48_000)
            for given in [*resampler.resample(frame), *resampler.resample(None)]:
                file.mux(stream.encode(given))
            file.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("container", "codec"), [("matroska", "libopus"), ("mp4", "aac")])
def test_a_second_track_is_named(tmp_path, container, codec):
    path = tracks(tmp_path / "call", [LEFT, RIGHT], container, codec)
    assert read(path)[1] == ("track:2",)


def test_whose_track_is_whose_is_not_guessed(tmp_path):
    path = tracks(tmp_path / "call", [LEFT, RIGHT], "matroska", "libopus")
    with pytest.raises(RecordingBroken, match="tracks-swapped"):
        read(path, "stereo")


def test_a_video_track_is_named(tmp_path):
    path = tracks(tmp_path / "call", [LEFT], "mp4", "aac", video=True)
    assert read(path)[1] == ("video",)


@pytest.mark.parametrize("count", [3, 4, 8])
def test_of_a_call_the_first_two_channels_are_transcribed_and_the_others_named(tmp_path, count):
    others = [np.zeros_like(LEFT) + 0.5] * (count - 2)
    sound, unheard = read(write_wav(tmp_path / "a.wav", [LEFT, RIGHT, *others]), "stereo")
    assert unheard == tuple(f"channel:{n}" for n in range(3, count + 1))
    loudest = [np.argmax(np.abs(np.fft.rfft(row))) * RATE / sound.shape[1] for row in sound]
    assert loudest == pytest.approx([300, 500], abs=1)


def test_of_a_mono_recording_all_channels_are_transcribed(tmp_path):
    sound, unheard = read(write_wav(tmp_path / "a.wav", [LEFT, RIGHT, LEFT]))
    assert unheard == ()
    heights = np.abs(np.fft.rfft(sound[0]))
    assert heights[3000] == pytest.approx(2 * heights[5000], rel=0.05)


def test_the_operator_may_be_on_the_right(tmp_path):
    path = write_wav(tmp_path / "a.wav", [LEFT, RIGHT])
    assert np.array_equal(read(path, "stereo-swapped")[0], read(path, "stereo")[0][::-1])


WHOLE = [
    ("pcm_s16le", "wav"),
    ("libmp3lame", "mp3"),
    ("libopus", "ogg"),
    ("libopus", "webm"),
    ("flac", "flac"),
    ("aac", "mp4"),
    ("pcm_s16be", "aiff"),
    ("pcm_mulaw", "au"),
]


@pytest.mark.parametrize(("codec", "container"), WHOLE)
def test_of_a_complete_file_nothing_is_missed(tmp_path, codec, container):
    rate = 48_000 if codec == "libopus" else 44_100
    path = encode(tmp_path / f"a.{container}", [LEFT, RIGHT], codec, container, rate)
    assert read(path, "stereo")[1] == ()


@pytest.mark.parametrize(
    ("codec", "container"), [one for one in WHOLE if one[1] not in ("ogg", "mp4")]
)
def test_what_a_file_states_and_does_not_hold_is_reported_in_seconds(tmp_path, codec, container):
    """An Ogg file states no length; an MP4 that is cut short has no index, and is broken."""
    rate = 48_000 if codec == "libopus" else 44_100
    path = encode(tmp_path / f"a.{container}", [LEFT, RIGHT], codec, container, rate)
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) * 6 // 10])
    sound, unheard = read(path, "stereo")
    kind, _, missing = unheard[0].partition(":")
    assert kind == "missing"
    assert float(missing) == pytest.approx(10 - sound.shape[1] / RATE, abs=0.2)
    assert 3.5 < float(missing) < 4.5


@pytest.mark.parametrize(("codec", "container"), [("flac", "flac"), ("libopus", "ogg")])
def test_a_hole_in_the_middle_is_reported_in_seconds(tmp_path, codec, container):
    rate = 48_000 if codec == "libopus" else 44_100
    path = encode(tmp_path / "a", [LEFT, RIGHT], codec, container, rate)
    raw = bytearray(path.read_bytes())
    hole = slice(len(raw) // 2, len(raw) * 2 // 3)
    raw[hole] = bytes(hole.stop - hole.start)
    path.write_bytes(raw)
    sound, unheard = read(path, "stereo")
    missing = next(float(one.partition(":")[2]) for one in unheard if one.startswith("missing"))
    assert missing == pytest.approx(10 - sound.shape[1] / RATE, abs=0.2)
    assert missing > 1


def test_two_files_joined_into_one_are_transcribed_to_the_end(tmp_path):
    raw = write_wav(tmp_path / "a.wav", [LEFT, RIGHT]).read_bytes()
    path = tmp_path / "both.wav"
    path.write_bytes(raw + raw)
    sound, unheard = read(path, "stereo")
    assert sound.shape[1] == pytest.approx(20 * RATE, abs=200)
    assert unheard == ()
