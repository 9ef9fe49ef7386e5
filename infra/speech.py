"""Stretches of speech on each channel, packed for a transcriber that works in windows of 30 s.

Whisper's cost is by window, full or not: so the speech of all channels is packed into as few
windows as hold it, and each word's time is afterwards carried back to its channel.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

RATE = 16_000
WINDOW = 28 * RATE
GRID = RATE // 100
"""Clips begin on whisper's own frames (10 ms), or its words would be off by a fraction."""

JOIN = int(0.35 * RATE)
SPACE = int(0.5 * RATE)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Speech without a longer pause on one channel, in samples [begin, end)."""

    channel: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A stretch and the sample of the packed sound at which it begins."""

    stretch: Stretch
    offset: int

    @property
    def until(self) -> int:
        """First sample of the packed sound after the stretch."""
        return self.offset + self.stretch.end - self.stretch.begin

    def seconds(self, sample: float) -> float:
        """Time in the recording of a sample of the packed sound, kept within the stretch."""
        inside = min(max(sample, self.offset), self.until)
        return (inside - self.offset + self.stretch.begin) / RATE


@dataclass(frozen=True, slots=True)
class Packed:
    """The packed sound, its windows as [begin, end) samples, and the stretches in their order."""

    sound: Samples
    windows: list[tuple[int, int]]
    placed: list[Placed]

    def at(self, sample: float) -> int:
        """Index of the stretch under a sample, or of the nearer one in the silence between two."""
        right = bisect_right([one.offset for one in self.placed], sample)
        if right == 0:
            return 0
        if right == len(self.placed):
            return right - 1
        before, after = self.placed[right - 1], self.placed[right]
        return right - 1 if sample - before.until <= after.offset - sample else right


def stretches(sound: Samples, channel: int) -> list[Stretch]:
    """Where someone speaks on a channel (Silero's voice activity detection)."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    if not len(sound):
        return []
    options = VadOptions(
        min_silence_duration_ms=150, speech_pad_ms=150, max_speech_duration_s=WINDOW / RATE
    )
    found: list[dict[str, Any]] = get_speech_timestamps(sound, options)
    joined: list[Stretch] = []
    for one in found:
        begin, end = int(one["start"]), int(one["end"])
        if joined and begin - joined[-1].end < JOIN and end - joined[-1].begin <= WINDOW:
            joined[-1] = Stretch(channel, joined[-1].begin, end)
        else:
            joined.append(Stretch(channel, begin, end))
    return joined


def pack(channels: Sequence[Samples], speech: Sequence[Sequence[Stretch]]) -> Packed:
    """Lay each channel's stretches one after another, with a silence between, in windows.

    A window holds one channel's speech only: two voices in one window confuse the transcriber.
    """
    pieces: list[Samples] = []
    windows: list[tuple[int, int]] = []
    placed: list[Placed] = []
    length = 0
    for sound, found in zip(channels, speech, strict=True):
        begin = length
        for stretch in found:
            size = stretch.end - stretch.begin
            if length > begin and length - begin + size > WINDOW:
                windows.append((begin, length))
                begin = length
            placed.append(Placed(stretch, length))
            padding = SPACE + (-size - SPACE) % GRID
            pieces += [sound[stretch.begin : stretch.end], np.zeros(padding, np.float32)]
            length += size + padding
        if length > begin:
            windows.append((begin, length))
    return Packed(np.concatenate(pieces) if pieces else np.zeros(0, np.float32), windows, placed)
