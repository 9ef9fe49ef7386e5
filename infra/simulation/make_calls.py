"""Synthesises the demo calls from their scripts.

`python -m infra.simulation.make_calls [--out DIR]`.

Needs Debian's festival with the voices festvox-itapc16k and festvox-italp16k; its outcome is
committed, so only who changes a script runs it. Operator on the left channel, customer on the
right, 8 kHz, telephone band, Opus in Ogg with uncoupled channels (no crosstalk).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]

CALLS = Path(__file__).parent / "calls"
RATE = 8000
VOICES = {
    "male": "voice_pc_diphone",
    "female": "voice_lp_diphone",
    "american": "voice_kal_diphone",
}
SPEECH_RMS = 0.08
NOISE_RMS = 0.0004
PEAK = 0.95
BAND_HZ = (250.0, 3500.0)
EDGE_HZ = 150.0
BIT_RATE = 40_000
LEAD_SECONDS = 0.4
OVERLAP_CHANCE = 0.15


@dataclass(frozen=True)
class Placed:
    """A turn's sound and where it begins, in samples."""

    speaker: str
    begin: int
    sound: Samples

    @property
    def end(self) -> int:
        """First sample after the turn."""
        return self.begin + len(self.sound)


def speak(text: str, voice: str) -> Samples:
    """Festival's reading of `text`, as 8 kHz samples in the telephone band at speech level."""
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "turn.wav"
        subprocess.run(  # noqa: S603 - fixed program, arguments from our own table
            ["text2wave", "-eval", f"({VOICES[voice]})", "-o", str(target)],  # noqa: S607
            input=text.encode("latin-1"),
            check=True,
            capture_output=True,
            timeout=60,
        )
        with wave.open(str(target)) as file:
            rate = file.getframerate()
            raw = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    return to_level(in_band(_trim(raw / 32768.0), rate)[:: rate // RATE])


def place(turns: Sequence[dict[str, str]], voices: dict[str, str], seed: int) -> list[Placed]:
    """The turns one after another, with small pauses and now and then a slight overlap."""
    chance = np.random.default_rng(seed)
    placed: list[Placed] = []
    clock = int(LEAD_SECONDS * RATE)
    for number, turn in enumerate(turns):
        overlaps = number > 0 and chance.random() < OVERLAP_CHANCE
        pause = chance.uniform(-0.25, -0.1) if overlaps else chance.uniform(0.25, 0.6)
        begin = max(0, clock + int((pause if number else 0.0) * RATE))
        sound = speak(turn["text"], voices[turn["speaker"]])
        placed.append(Placed(turn["speaker"], begin, sound))
        clock = begin + len(sound)
    return placed


def mix(placed: Sequence[Placed], seed: int) -> npt.NDArray[np.int16]:
    """Both channels (2 x samples) with the line's noise."""
    length = placed[-1].end + int(LEAD_SECONDS * RATE)
    noise = np.random.default_rng(seed + 1).normal(0.0, NOISE_RMS, (2, length))
    for turn in placed:
        noise[0 if turn.speaker == "operator" else 1, turn.begin : turn.end] += turn.sound
    return (np.clip(noise, -PEAK, PEAK) * 32767).astype(np.int16)


def encode(channels: npt.NDArray[np.int16], target: Path) -> None:
    """Write both channels as Ogg/Opus; the same samples give the same bytes."""
    with av.open(str(target), "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=RATE, layout="stereo")
        stream.bit_rate = BIT_RATE
        stream.options = {"mapping_family": "255", "application": "voip"}
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(channels.T).reshape(1, -1), format="s16", layout="stereo"
        )
        frame.sample_rate = RATE
        frame.time_base = Fraction(1, RATE)
        frame.pts = 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def make(call: dict[str, Any], out: Path) -> dict[str, Any]:
    """Synthesise one call into `out`; returns its line of the manifest."""
    seed = int.from_bytes(hashlib.sha256(call["name"].encode()).digest()[:4], "big")
    voices = {"operator": call["operator_voice"], "customer": call["customer_voice"]}
    placed = place(call["turns"], voices, seed)
    channels = mix(placed, seed)
    target = out / f"{call['name']}.ogg"
    encode(channels, target)
    return {
        "file": target.name,
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "duration": round(channels.shape[1] / RATE, 3),
        "turns": [[round(t.begin / RATE, 3), round(t.end / RATE, 3)] for t in placed],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Synthesise every call of `scripts.json` and write `manifest.json` beside them."""
    parser = argparse.ArgumentParser(description="Synthesise the demo calls with festival.")
    parser.add_argument("--out", type=Path, default=CALLS, help="directory for the recordings")
    out: Path = parser.parse_args(arguments).out
    out.mkdir(parents=True, exist_ok=True)
    calls = json.loads((CALLS / "scripts.json").read_text(encoding="utf-8"))["calls"]
    manifest = [make(call, out) for call in calls]
    lines = ",\n".join(json.dumps(line) for line in manifest)
    (out / "manifest.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def _trim(sound: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    return sound[max(0, loud[0] - 400) : loud[-1] + 800] if len(loud) else sound


def in_band(sound: Samples, rate: int) -> Samples:
    """What a telephone's band leaves of `sound`, at the same rate, in an even number of samples."""
    length = len(sound) - len(sound) % 2
    spectrum = np.fft.rfft(sound[:length])
    hertz = np.fft.rfftfreq(length, 1 / rate)
    rise = np.clip((hertz - BAND_HZ[0]) / EDGE_HZ + 0.5, 0.0, 1.0)
    fall = np.clip((BAND_HZ[1] - hertz) / EDGE_HZ + 0.5, 0.0, 1.0)
    return np.asarray(np.fft.irfft(spectrum * rise * fall, length), dtype=np.float64)


def to_level(sound: Samples) -> Samples:
    """`sound` as loud as speech is on a line."""
    return sound * (SPEECH_RMS / max(float(np.sqrt(np.mean(sound**2))), 1e-9))


if __name__ == "__main__":
    main()
