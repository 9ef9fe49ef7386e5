"""Synthetic telephone calls: a channel for each side, and the same call mixed to mono.

Needs Debian's festival with festvox-itapc16k and festvox-italp16k, as the demo's recordings do. A
voice is one of festival's two, resampled by a factor: a further voice to whoever transcribes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from infra.simulation.make_calls import LEAD_SECONDS, PEAK, RATE, Placed, Samples, encode, speak

_SPELLINGS = str.maketrans({"…": "...", "’": "'", "‘": "'", "“": '"', "”": '"', "—": ",", "–": ","})
PAUSE_SECONDS, PAUSE_DEVIATION = 0.25, 0.3
"""Between two turns: drawn from a normal distribution, about a third of them below 0.12 s."""

SHORTEST_PAUSE, LONGEST_PAUSE = -0.3, 1.2


@dataclass(frozen=True)
class Voice:
    """A synthetic voice: festival's `name`, its rate of samples multiplied by `factor`."""

    name: str
    factor: float = 1.0


@dataclass(frozen=True)
class Line:
    """How a call is carried: the customer's level and the noise, in dB, and the mono codec."""

    customer_db: float
    noise_db: float
    codec: str


def place(turns: Sequence[dict[str, str]], voices: dict[str, Voice], seed: int) -> list[Placed]:
    """The turns spoken one after another, some begun before the one before has ended."""
    chance = np.random.default_rng(seed)
    placed: list[Placed] = []
    clock = int(LEAD_SECONDS * RATE)
    for number, turn in enumerate(turns):
        drawn = chance.normal(PAUSE_SECONDS, PAUSE_DEVIATION)
        pause = min(max(drawn, SHORTEST_PAUSE), LONGEST_PAUSE) if number else 0.0
        begin = max(0, clock + int(pause * RATE))
        voice = voices[turn["speaker"]]
        spelled = turn["text"].translate(_SPELLINGS).encode("latin-1", "ignore").decode("latin-1")
        try:
            sound = _resampled(_spoken(spelled, voice.name), voice.factor)
        except ValueError:
            continue  # Festival says nothing: there is no syllable in it.
        placed.append(Placed(turn["speaker"], begin, sound))
        clock = begin + len(sound)
    return placed


def mix(placed: Sequence[Placed], line: Line, seed: int) -> npt.NDArray[np.int16]:
    """Both sides (2 x samples) at the line's levels: operator, customer."""
    length = max(turn.end for turn in placed) + int(LEAD_SECONDS * RATE)
    noise = np.random.default_rng(seed).normal(0.0, 10 ** (line.noise_db / 20), (2, length))
    gains = {"operator": 1.0, "customer": 10 ** (line.customer_db / 20)}
    for turn in placed:
        channel = 0 if turn.speaker == "operator" else 1
        noise[channel, turn.begin : turn.end] += turn.sound * gains[turn.speaker]
    return (np.clip(noise, -PEAK, PEAK) * 32767).astype(np.int16)


def write_stereo(sides: npt.NDArray[np.int16], target: Path) -> None:
    """Both sides as the demo's recordings are."""
    encode(sides, target)


def write_mono(sides: npt.NDArray[np.int16], target: Path, codec: str) -> None:
    """The sum of both sides in one channel; `codec` is PyAV's name, as pcm_alaw or libopus."""
    summed = np.clip(sides.astype(np.int32).sum(axis=0), -32768, 32767).astype(np.int16)
    with av.open(str(target), "w") as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono")
        assert isinstance(stream, av.AudioStream), codec
        if codec == "libopus":
            stream.bit_rate = 12_000
        frame = av.AudioFrame.from_ndarray(summed.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


@lru_cache(maxsize=256)
def _spoken(text: str, voice: str) -> Samples:
    """Openings and closings recur from call to call, and festival is slow to start."""
    return speak(text, voice)


def _resampled(sound: Samples, factor: float) -> Samples:
    if factor == 1.0:
        return sound
    places = np.arange(0, len(sound) - 1, factor)
    return np.asarray(np.interp(places, np.arange(len(sound)), sound))
