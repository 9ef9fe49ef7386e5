"""Speech laid into whisper's windows of 30 s, and its words' times carried back to the recording.

Whisper understands a sentence by what surrounds it: the fuller its window, the fewer its
errors. So a channel's stretches of speech are laid one after another, the silence between them
cut short, and silence is never listened to.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from infra.recordings.sound import RATE, Block
from infra.recordings.store import RecordingBroken
from infra.transcription.voice_activity import Samples, Stretch

WINDOW = 28 * RATE
"""Samples of a window: whisper's 30 s less room for silence at its end."""

PADDING = RATE // 5
"""Samples taken before and after each stretch: speech begins and ends softly."""

SPACE = RATE // 2
"""Silence laid between stretches that are separated: with less, words slip to the neighbour's."""

LEAD = RATE // 5
"""Silence at a window's begin: without, its first word is often lost."""

_LEAD_IN = RATE // 10
"""No word ends so soon after its stretch's begin: what seems to was said before."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A stretch, and the sample of its window at which it begins."""

    stretch: Stretch
    offset: int

    @property
    def until(self) -> int:
        """First sample of the window after the stretch."""
        return self.offset + self.stretch.end - self.stretch.begin

    def seconds(self, sample: float) -> float:
        """Time in the recording of a sample of the window, limited to the stretch."""
        inside = min(max(sample, self.offset), self.until)
        return (inside - self.offset + self.stretch.begin) / RATE


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples [begin, end) of the recording, and where in the window they go."""

    begin: int
    end: int
    offset: int


@dataclass(frozen=True, slots=True)
class Window:
    """What is listened to at once: pieces of one channel, and the stretches in them, in order.

    A window holds one channel's speech only: two voices in one window confuse the transcriber.
    """

    channel: int
    pieces: tuple[Piece, ...]
    placed: tuple[Placed, ...]

    @property
    def length(self) -> int:
        """Its samples."""
        return self.pieces[-1].offset + self.pieces[-1].end - self.pieces[-1].begin

    def of_word(self, begin: float, end: float) -> int:
        """Index of the stretch a word was said in, by its first and last sample in the window.

        Whisper finds where a word ends; after a pause it lets the word begin where the one
        before ended. So the end decides, and in the silence after a stretch, the beginning.
        """
        at = bisect_left([one.offset - PADDING for one in self.placed], end - _LEAD_IN) - 1
        at = max(0, at)
        if at + 1 < len(self.placed) and begin >= self.placed[at].until + PADDING:
            here, after = self.placed[at].until, self.placed[at + 1].offset
            return at + 1 if after - end < begin - here else at
        return at


def plan(channels: Sequence[Sequence[Stretch]], samples: int, size: int = WINDOW) -> list[Window]:
    """Windows of at most `size` samples for each channel's stretches.

    The recording has `samples` of them. Only a stretch that is longer alone makes a longer window.
    """
    return [window for found in channels for window in _of_channel(found, samples, size)]


def cut(blocks: Iterable[Block], windows: Sequence[Window]) -> Iterator[tuple[Window, Samples]]:
    """Each window with its sound, as soon as the recording has gone by that far.

    Raises:
        RecordingBroken: the recording ends before its windows do.
    """
    waiting: dict[int, deque[Window]] = {}
    for window in windows:
        waiting.setdefault(window.channel, deque()).append(window)
    sounds = {channel: _empty(queue[0]) for channel, queue in waiting.items()}
    at = 0
    for block in blocks:
        until = at + block.shape[1]
        for channel, queue in waiting.items():
            while queue:
                _fill(sounds[channel], queue[0], block[channel], at)
                if queue[0].pieces[-1].end > until:
                    break
                yield queue.popleft(), sounds[channel]
                if queue:
                    sounds[channel] = _empty(queue[0])
        at = until
    if any(waiting.values()):
        raise RecordingBroken("it became shorter while it was read; it will be read again")


def _of_channel(found: Sequence[Stretch], samples: int, size: int) -> list[Window]:
    """As few windows as hold a channel's speech, equally full: short ones give more errors."""
    fewest = list(_laid(found, samples, size))
    if len(fewest) < 2:
        return fewest
    even = sum(window.length for window in fewest) // len(fewest)
    for smaller in range(even, size, RATE):
        windows = list(_laid(found, samples, smaller))
        if len(windows) == len(fewest):
            return windows
    return fewest


def _laid(found: Sequence[Stretch], samples: int, size: int) -> Iterator[Window]:
    pieces: list[Piece] = []
    placed: list[Placed] = []
    for number, stretch in enumerate(found):
        begin = _halfway(found[number - 1].end if number else 0, stretch.begin, before=False)
        after = found[number + 1].begin if number + 1 < len(found) else samples
        end = _halfway(stretch.end, after, before=True)
        joined = bool(pieces) and begin - pieces[-1].end <= SPACE
        offset = LEAD
        if pieces:
            gap = begin - pieces[-1].end if joined else SPACE
            offset = pieces[-1].offset + pieces[-1].end - pieces[-1].begin + gap
        if pieces and offset + end - begin > size:
            yield Window(stretch.channel, tuple(pieces), tuple(placed))
            pieces, placed, offset, joined = [], [], LEAD, False
        placed.append(Placed(stretch, offset + stretch.begin - begin))
        if joined:
            pieces[-1] = Piece(pieces[-1].begin, end, pieces[-1].offset)
        else:
            pieces.append(Piece(begin, end, offset))
    if pieces:
        yield Window(found[0].channel, tuple(pieces), tuple(placed))


def _halfway(end: int, begin: int, *, before: bool) -> int:
    """End of the padding after `end`, or start of that before `begin`: at most half of the gap."""
    reach = min(PADDING, (begin - end) // 2)
    return end + reach if before else begin - reach


def _empty(window: Window) -> Samples:
    return np.zeros(window.length, np.float32)


def _fill(sound: Samples, window: Window, channel: Block, at: int) -> None:
    """Copy what of `channel`, which begins at sample `at`, belongs into the window."""
    until = at + len(channel)
    for piece in window.pieces:
        begin, end = max(piece.begin, at), min(piece.end, until)
        if begin < end:
            to = piece.offset + begin - piece.begin
            sound[to : to + end - begin] = channel[begin - at : end - at] / np.float32(32768)
