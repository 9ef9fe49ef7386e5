"""Synthetic voices that say short Italian texts: festival's, espeak-ng's and Pico's.

Needs Debian's festival with festvox-itapc16k and festvox-italp16k, espeak-ng, and for Pico the
package py-nanotts (not a dependency: `pip install py-nanotts`). No voice of the split test occurs
in the split train.
"""

from __future__ import annotations

import importlib
import subprocess
import tempfile
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.signal import resample_poly

from infra.lab.overhearing.synthetic_calls import VOICES
from infra.simulation.make_calls import RATE, Samples, in_band, to_level
from infra.simulation.make_calls import VOICES as FESTIVAL

ENGINES: Final = ("festival", "pico", "espeak")

_ESPEAK: Final = {
    "train": (
        *("adam", "Alex", "Andrea", "Antonio", "belinda", "boris", "caleb", "Denis", "Diogo"),
        *("ed", "edward", "Gene", "Henrique", "Hugo", "john", "linda", "Marco", "Mario", "max"),
        *("Michael", "miguel", "pablo", "paul", "pedro", "quincy", "rob", "sandro", "shelby"),
        *("f1", "f2", "f3", "m1", "m3", "m5", "m7", "klatt", "klatt3", "grandma"),
    ),
    "test": ("Alicia", "david", "Lee", "marcelo", "steph", "travis", "f4", "m2", "m4", "klatt2"),
}
_PICO: Final = {"train": (0.93, 1.0, 1.08), "test": (0.88, 0.96, 1.05)}
"""Factors by which Pico's rate of samples is multiplied."""


@dataclass(frozen=True)
class Spoken:
    """How a text is said: `stretch` lengthens it, `pitch` and `factor` (of the rate of samples)
    are 1 as the voice is."""

    text: str
    engine: str
    voice: str
    factor: float
    stretch: float
    pitch: float


def drawn(text: str, split: str, engine: str, chance: np.random.Generator) -> Spoken:
    """A text with one of the engine's voices of the split, at some speed and pitch."""
    stretch = float(np.exp(chance.normal(0.0, 0.12)))
    if engine == "festival":
        voices = VOICES[split, "it"]
        voice = voices[chance.integers(len(voices))]
        return Spoken(text, engine, voice.name, voice.factor, stretch, 1.0)
    pitch = float(np.exp(chance.normal(0.0, 0.12)))
    if engine == "pico":
        factor = float(chance.choice(_PICO[split]))
        return Spoken(text, engine, "it-IT", factor, stretch, pitch)
    return Spoken(text, engine, str(chance.choice(_ESPEAK[split])), 1.0, stretch, pitch)


def speak_all(wanted: Sequence[Spoken]) -> Iterator[tuple[Spoken, Samples]]:
    """Each text at 8 kHz, in the telephone's band, at speech level; without those of no sound."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _festival([one for one in wanted if one.engine == "festival"], folder)
        for one in wanted:
            if one.engine == "pico":
                sound, rate = _pico(one), 16_000
            else:
                target = folder / f"{id(one)}.wav"
                if one.engine == "espeak":
                    _espeak(one, target)
                if not target.exists():
                    continue
                sound, rate = _read(target)
            said = _telephone(sound, rate, one.factor)
            if len(said):
                yield one, said


def _festival(wanted: Sequence[Spoken], folder: Path) -> None:
    lines = []
    for one in wanted:
        text = one.text.replace("\\", "").replace('"', "").replace("…", "...").replace("’", "'")
        lines += [
            f"({FESTIVAL[one.voice]})",
            f"(Parameter.set 'Duration_Stretch {one.stretch:.3f})",
            f'(unwind-protect (utt.save.wave (utt.synth (Utterance Text "{text}"))'
            f' "{folder / str(id(one))}.wav" \'riff) nil)',
        ]
    script = folder / "texts.scm"
    script.write_text("\n".join(lines), "latin-1", errors="ignore")
    command = ["festival", "-b", str(script)]
    subprocess.run(command, capture_output=True, timeout=3600, check=False)  # noqa: S603 - our script


def _espeak(one: Spoken, target: Path) -> None:
    speed, pitch = round(160 / one.stretch), round(min(99, 50 * one.pitch))
    voice = ["-v", f"it+{one.voice}", "-s", str(speed), "-p", str(pitch)]
    command = ["espeak-ng", *voice, "-w", str(target), one.text]
    subprocess.run(command, capture_output=True, timeout=60, check=True)  # noqa: S603 - no shell


def _pico(one: Spoken) -> Samples:
    speaker: Any = importlib.import_module("py_nanotts").NanoTTS()
    raw = speaker.speak(one.text, voice="it-IT", speed=1 / one.stretch, pitch=one.pitch)
    return np.frombuffer(raw, "<i2") / 32768.0


def _read(path: Path) -> tuple[Samples, int]:
    with wave.open(str(path)) as file:
        raw = file.readframes(file.getnframes())
        return np.frombuffer(raw, "<i2") / 32768.0, file.getframerate()


def _telephone(sound: Samples, rate: int, factor: float) -> Samples:
    sound = resample_poly(sound, RATE, round(rate * factor / 50) * 50)
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max(initial=1e-6))
    if len(loud) < RATE // 20:
        return sound[:0]
    sound = sound[max(0, loud[0] - 160) : loud[-1] + 320]
    return to_level(in_band(sound, RATE))
