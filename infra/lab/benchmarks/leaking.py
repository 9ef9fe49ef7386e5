"""Calls with crosstalk, made of calls without it."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]
"""Samples of one channel, from -1 to 1."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that leaks: by how much (dB), how late (ms), whose voice, and how noisy it is (dBFS).

    `ways` are "operator" (into the customer's channel), "customer", "both" or "none".
    """

    gain: float
    delay: float
    ways: str = "operator"
    noise: float | None = None


def leaking(call: Sequence[Samples], line: Line, rate: int, seed: int = 1) -> list[Samples]:
    """Operator's and customer's channel of `call` as `line` would carry them."""
    operator, customer = call
    softer = 10 ** (line.gain / 20)
    late = round(line.delay * rate / 1000)
    into_customer = softer * (line.ways in ("operator", "both"))
    into_operator = softer * (line.ways in ("customer", "both"))
    chance = np.random.default_rng(seed)
    loudness = 0.0 if line.noise is None else 10 ** (line.noise / 20)
    return [
        sound + into * _later(other, late) + chance.normal(0.0, loudness, len(sound))
        for sound, into, other in (
            (operator, into_operator, customer),
            (customer, into_customer, operator),
        )
    ]


def write_call(path: Path, call: Sequence[Samples], rate: int) -> Path:
    """A WAV of 16 bits with the call's channels."""
    samples = np.clip(np.stack(list(call), axis=1), -1, 1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
    return path


def _later(sound: Samples, samples: int) -> Samples:
    return np.concatenate([np.zeros(samples), sound])[: len(sound)]
