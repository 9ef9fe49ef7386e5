"""What a call of two hours, full of speech, takes of memory and time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from infra.lab.benchmarks.figures import Figure
from infra.lab.benchmarks.material import demo_calls
from infra.recordings.sound import RATE, Sound
from infra.recordings.source import Source

HOURS = 2
_RATE = 8000


def long_call() -> Iterator[Figure]:
    """Peak memory and speed of `ascolto transcribe` on the demo's calls over and over."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "call.wav"
        _write(path)
        command = [sys.executable, "-m", "infra.cli.main", "transcribe", str(path), "--json"]
        began = time.perf_counter()
        with (Path(directory) / "out.json").open("w+b") as out:
            child = subprocess.Popen(command, stdout=out)  # noqa: S603 - our own command
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                raise RuntimeError(f"ascolto transcribe ended with {child.returncode}")
            out.seek(0)
            line = json.loads(out.read())
    spent = time.perf_counter() - began
    yield Figure("hours", line["duration"] / 3600, "h")
    yield Figure("turns", len(line["turns"]))
    yield Figure("peak_memory", used.ru_maxrss / 1024, "MiB", "below 2048")
    yield Figure("speed", line["duration"] / spent, "call-seconds a second")


def _write(path: Path) -> None:
    parts = []
    for call in demo_calls():
        sound = np.concatenate(list(Sound(Source(call.path, "stereo"), 3600).blocks()), axis=1)
        parts.append(sound[:, :: RATE // _RATE].T.tobytes())
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        left = HOURS * 3600 * _RATE * 4
        while left:
            for part in parts:
                file.writeframes(part[:left])
                left -= len(part[:left])
