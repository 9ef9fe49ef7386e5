"""Stretches of speech on each channel, packed for a transcriber that works in windows of 30 s.

Whisper's cost is by window, full or not: so the speech of all channels is packed into as few
windows as hold it, and each word's time is afterwards carried back to its channel.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

RATE = 16_000
WINDOW = 28 * RATE
"""Whisper's 30 s less room for the silence at the end."""

GRID = RATE // 100
"""Clips begin on whisper's own frames (10 ms), or its words would be off by a fraction."""

JOIN = int(0.35 * RATE)
"""Shorter silences of one speaker stay within a stretch."""

SPACE = int(0.5 * RATE)
"""Silence laid between stretches: with less, words slip to a neighbour's stretch."""

_PAD_MS = 200
_LEAD_IN = RATE // 10
"""No word ends within half the padding of its stretch's begin: what seems to ended before."""


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

    def of_word(self, begin: float, end: float) -> int:
        """Index of the stretch a word was said in, by its first and last sample.

        Whisper tells where a word ends; after a pause it lets the word begin where the one
        before ended. So the end decides, and in the silence after a stretch, the begin.
        """
        at = max(0, bisect_left([one.offset for one in self.placed], end - _LEAD_IN) - 1)
        if at + 1 < len(self.placed) and begin >= self.placed[at].until:
            nearer_to_next = self.placed[at + 1].offset - end < begin - self.placed[at].until
            return at + 1 if nearer_to_next else at
        return at


def stretches(sound: Samples, channel: int, join: int = JOIN) -> list[Stretch]:
    """Where someone speaks on a channel (Silero's voice activity detection).

    `join` is the silence, in samples, that does not end a stretch.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    if not len(sound):
        return []
    options = VadOptions(
        threshold=0.3,
        neg_threshold=0.15,
        min_silence_duration_ms=150,
        speech_pad_ms=_PAD_MS,
        max_speech_duration_s=WINDOW / RATE,
    )
    found: list[dict[str, Any]] = get_speech_timestamps(sound, options)
    joined: list[Stretch] = []
    for one in found:
        begin, end = int(one["start"]), int(one["end"])
        if joined and begin - joined[-1].end < join and end - joined[-1].begin <= WINDOW:
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
