"""Synthetic telephone calls: two voices, a channel for each, each through a line of its own.

Needs Debian's festival with festvox-itapc16k, festvox-italp16k and, for English, festvox-kallpc16k.
No voice, level of noise or kind of line of the split test occurs in the split train.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from infra.lab.overhearing.telephone import CODECS, LEAD_SECONDS, NOISES, Line, side_of_call
from infra.lab.overhearing.telephone import write_wav as write_wav
from infra.lab.training.speakers.mixing import Voice, place
from infra.simulation.make_calls import RATE

VOICES: Final = {
    ("train", "it"): (
        *(Voice("male"), Voice("female"), Voice("male", 1.09), Voice("female", 0.92)),
        *(Voice("male", 0.97), Voice("female", 1.03)),
    ),
    ("test", "it"): (
        *(Voice("male", 0.94), Voice("female", 1.06), Voice("male", 1.14), Voice("female", 0.88)),
    ),
    ("train", "en"): (Voice("american"), Voice("american", 1.12)),
    ("test", "en"): (Voice("american", 0.93), Voice("american", 1.06)),
}
"""Of each split and language. A resampled voice is a further one to whoever transcribes it."""

SNR_DB: Final = {"train": (35.0, 24.0, 16.0, 10.0), "test": (30.0, 24.0, 20.0)}
"""How far the noise is below the speech, in each split."""

LEVEL_DB: Final = (-12.0, 3.0)
"""Levels of speech between which a side's is drawn."""


@dataclass(frozen=True)
class Cast:
    """Who speaks a call, and over which lines."""

    operator: Voice
    customer: Voice
    operator_line: Line
    customer_line: Line

    def described(self) -> dict[str, Any]:
        """As material stores it: the voices, and the customer's line."""
        line = {k: v for k, v in asdict(self.customer_line).items() if k != "level_db"}
        voices = [f"{voice.name}*{voice.factor}" for voice in (self.operator, self.customer)]
        return {"voices": voices, **line}


def seed_of(name: str) -> int:
    """The seed that a call's name gives."""
    return zlib.crc32(name.encode())


def cast_of(name: str, split: str, language: str) -> Cast:
    """Voices and lines that follow from a call's name: the same each time."""
    chance = np.random.default_rng(seed_of(name))
    voices = VOICES[split, language]
    first, second = chance.choice(len(voices), size=2, replace=False)
    noise = float(chance.choice(SNR_DB[split]))
    kind, codec = str(chance.choice(NOISES)), str(chance.choice(sorted(CODECS)))
    levels = chance.uniform(*LEVEL_DB, size=2)
    lines = [Line(float(level), noise, kind, codec) for level in levels]
    return Cast(voices[first], voices[second], *lines)


def record(turns: Sequence[dict[str, str]], cast: Cast, seed: int, target: Path) -> float:
    """Speak a call into `target` (WAV, stereo, 8 kHz); returns its seconds."""
    voices = {"operator": cast.operator, "customer": cast.customer}
    placed = place(turns, voices, seed)
    length = max(turn.end for turn in placed) + int(LEAD_SECONDS * RATE)
    chance = np.random.default_rng(seed + 1)
    sides = [
        side_of_call([t for t in placed if t.speaker == speaker], length, line, chance)
        for speaker, line in (("operator", cast.operator_line), ("customer", cast.customer_line))
    ]
    write_wav(np.stack(sides), target)
    return length / RATE
