"""Recordings for tests: a call with its script, and files made of samples."""

from __future__ import annotations

import json
import wave
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from infra.recordings.sound import Sound
from infra.recordings.source import Source

CALLS = Path(__file__).parents[2] / "infra" / "simulation" / "calls"
CALL = CALLS / "bora-ultimatum.ogg"
RATE = 8000
Channel = npt.NDArray[np.float64]


def script_of(call: Path):
    """Who says what in a demo call, and when: (speaker, text, start, end) in seconds."""
    calls = json.loads((CALLS / "scripts.json").read_text())["calls"]
    manifest = json.loads((CALLS / "manifest.json").read_text())
    turns = next(one["turns"] for one in calls if one["name"] == call.stem)
    times = next(one["turns"] for one in manifest if one["file"] == call.name)
    return [(t["speaker"], t["text"], *time) for t, time in zip(turns, times, strict=True)]


def channels(call: Path = CALL) -> list[Channel]:
    """Operator and customer of a call, from -1 to 1 at 8 kHz."""
    blocks = list(Sound(Source(call, "stereo"), 3600).blocks())
    return list(np.concatenate(blocks, axis=1)[:, ::2] / 32768)


def sounding(channel: Channel, start: float, end: float) -> Channel:
    """The seconds [start, end) of a channel."""
    return channel[int(start * RATE) : int(end * RATE)]


def write_wav(path: Path, sound: Sequence[Channel], rate: int = RATE) -> Path:
    """A WAV of 16 bits with a channel for each of `sound`."""
    samples = np.stack(sound, axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def encode(path: Path, sound: Sequence[Channel], codec: str, container: str, rate: int) -> Path:
    """The sound, given at 8 kHz, in another codec at another rate."""
    samples = (np.clip(np.stack(sound, axis=1), -1, 1) * 32767).astype("<i2").reshape(1, -1)
    layout = "stereo" if len(sound) == 2 else "mono"
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="s16", layout=layout)
    frame.sample_rate = RATE
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout=layout)
        resampler = av.AudioResampler(stream.codec_context.format.name, layout, rate)
        for given in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(given))
        file.mux(stream.encode(None))
    return path
