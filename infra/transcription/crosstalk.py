"""Takes out of each channel of a call what leaks into it of the other one.

On an analogue line, through a hybrid or a loudspeaker telephone, a speaker is also heard on the
other's channel, softer and some milliseconds later; without more ado his words become the other's
as well. What leaks (`infra/transcription/leak_filter.py`) is subtracted, and what is left of it
made silent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infra.recordings.decoding_protocol import RATE
from infra.recordings.sound import Block
from infra.transcription.leak_filter import Leak, Signal, Values, leak_of, leaks_between, subtracted

_AT_ONCE, _CONTEXT = 90 * RATE, 30 * RATE
"""Samples for which a leak is estimated again, and those before that are taken along."""
_FRAME = RATE // 100
_NOTHING = 1e-3
_OVER_NOISE, _NOISE = 4.0, 2.0
"""A leak whose energy is below so many times that of the line's quietest tenth is not worth
silencing, and what is below so many times is the line's noise."""
_MARGIN, _LEAST_LEFT, _MOST_LEFT = 8.0, 0.01, 0.25
"""What is left is of the leak up to so many times what is usually left of it, as a share of the
energy that leaked within these bounds."""
_TOO_MUCH, _TOO_LOUD = 0.1, 0.76
"""Share of a leak's energy usually left, and its gain, above which it may pass for speech."""
_ONE_SOUND, _ANY = 0.98, 1e9


@dataclass(frozen=True, slots=True)
class Doubt:
    """Samples [begin, end) in which a channel's speech may as well be the other's."""

    channel: int
    begin: int
    end: int


class Separation:
    """Takes crosstalk out of the blocks of a call in two channels, as they pass by.

    Blocks in which nothing leaks pass as they are. How it leaks is estimated every 90 s.
    """

    def __init__(self) -> None:
        self.doubts: list[Doubt] = []
        """Of the blocks that have passed."""

    def __call__(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """The blocks, without crosstalk."""
        self.doubts = []
        before = np.zeros((2, 0), np.int16)
        waiting: list[Block] = []
        passed = samples = 0
        for block in blocks:
            if len(block) != 2:
                yield block
                continue
            waiting.append(block)
            samples += block.shape[1]
            if samples >= _AT_ONCE:
                yield from self._separated(before, waiting, passed)
                before = np.concatenate([before, *waiting], axis=1)[:, -_CONTEXT:]
                passed, samples, waiting = passed + samples, 0, []
        if waiting:
            yield from self._separated(before, waiting, passed)

    def _separated(self, before: Block, blocks: Sequence[Block], passed: int) -> Iterator[Block]:
        whole = np.concatenate([before, *blocks], axis=1)
        first, second = whole.astype(np.float32) / np.float32(32768)
        if _one_sound(first, second):
            yield from blocks
            return
        leaks = leaks_between(first, second)
        drowned = drowning(first, second, leaks)
        if drowned is not None:
            clean = [first, second]
            clean[1 - drowned] = np.zeros_like(first)
            doubts = [Doubt(drowned, 0, whole.shape[1])]
        elif any(leaks):
            clean, doubts = taken_out((first, second), leaks)
        else:
            yield from blocks
            return
        known = before.shape[1]
        self.doubts += [
            Doubt(d.channel, max(d.begin, known) - known + passed, d.end - known + passed)
            for d in doubts
            if d.end > known
        ]
        done = np.clip(np.round(np.stack(clean) * 32768), -32768, 32767).astype(np.int16)
        at = known
        for block in blocks:
            yield np.ascontiguousarray(done[:, at : at + block.shape[1]])
            at += block.shape[1]


def drowning(first: Signal, second: Signal, leaks: tuple[Leak | None, Leak | None]) -> int | None:
    """Which channel holds the other's sound about as loud as its own, or None."""
    gains = [0.0 if leak is None else leak.gain for leak in leaks]
    if max(gains) > _TOO_LOUD:
        return 1 - int(np.argmax(gains))
    channels = (first, second)
    sources = (subtracted(first, leaks[1], second), subtracted(second, leaks[0], first))
    for number, found in enumerate(leaks):
        if found is None or all(leaks):
            leak = leak_of(sources[number], channels[1 - number], _ANY)
            if leak is not None and leak.gain > _TOO_LOUD:
                return 1 - number
    return None


def _one_sound(first: Signal, second: Signal) -> bool:
    """Whether two channels carry the same at the same time: they are one, and nothing leaks."""
    size = math.sqrt(float(first @ first) * float(second @ second))
    return not size or float(first @ second) / size > _ONE_SOUND


def taken_out(
    channels: tuple[Signal, Signal], leaks: tuple[Leak | None, Leak | None]
) -> tuple[list[Signal], list[Doubt]]:
    """Both channels without what leaked into them, and where that may as well be speech.

    What leaked is of the other's own sound, which has a leak taken out of it in turn: each round
    leaves less of that. `leaks` are of the first and of the second.
    """
    clean = list(channels)
    for _ in range(_turns(leaks)):
        for number in (0, 1):
            clean[1 - number] = subtracted(channels[1 - number], leaks[number], clean[number])
    doubts: list[Doubt] = []
    for number, leak in enumerate(leaks):
        if leak is not None:
            leaked = leak.of(clean[number])
            clean[1 - number], unsure = _hushed(clean[1 - number], leaked)
            doubts += [Doubt(1 - number, *where) for where in unsure]
    return clean, doubts


def _turns(leaks: tuple[Leak | None, Leak | None]) -> int:
    """Rounds after which what leaked twice is below `_NOTHING` of what it was."""
    first, second = leaks
    if first is None or second is None:
        return 1
    share = min(first.gain * second.gain, 0.5)
    return 1 + math.ceil(math.log(_NOTHING) / math.log(max(share, _NOTHING)))


def _hushed(clean: Signal, leaked: Signal) -> tuple[Signal, list[tuple[int, int]]]:
    """`clean` with what a leak leaves of itself, through codecs and clipping, as soft as the line.

    Where much leaked and little is left, nobody spoke on this channel. Where a leak usually
    leaves too much to distinguish, the samples in which that is so are returned too.
    """
    left, gone = _frames(clean), _frames(leaked)
    floor = max(float(np.percentile(left, 10)), 1e-10)
    leaking = gone > _OVER_NOISE * floor
    if not leaking.any():
        return clean, []
    over_noise = np.maximum(left - _NOISE * floor, 0.0)
    usual = float(np.median(over_noise[leaking] / gone[leaking]))
    margin = _MARGIN * float(np.median(left[leaking] / gone[leaking]))
    share = min(max(margin, _LEAST_LEFT), _MOST_LEFT)
    hushed = leaking & (left < share * gone)
    gain = np.where(hushed, np.sqrt(np.minimum(1.0, floor / np.maximum(left, 1e-12))), 1.0)
    centres = (np.arange(len(gain)) + 0.5) * _FRAME
    smooth = np.interp(np.arange(len(clean)), centres, gain)
    unsure = leaking & (over_noise > 0) & (left < _MARGIN * usual * gone) & (usual > _TOO_MUCH)
    return np.asarray(clean * smooth, np.float32), _runs(unsure)


def _runs(true: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Samples [begin, end) of the frames that follow one another."""
    edges = np.flatnonzero(np.diff(np.r_[False, true, False].astype(np.int8)))
    return [(int(a) * _FRAME, int(b) * _FRAME) for a, b in edges.reshape(-1, 2)]


def _frames(signal: Signal) -> Values:
    """Mean square around each frame of `_FRAME` samples."""
    padded = np.pad(signal.astype(np.float64) ** 2, (0, -len(signal) % _FRAME))
    single = padded.reshape(-1, _FRAME).mean(axis=1)
    return np.convolve(np.pad(single, 1, "edge"), np.ones(3) / 3, "valid")
