"""How one channel of a call leaks into the other, estimated as a filter.

Only the relation of two channels at the same time is estimated, from the stretches in which the
one holds nothing but the other's leak; nothing is learnt of the voice itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from infra.recordings.decoding_protocol import RATE

Signal = npt.NDArray[np.float32]
"""Samples of one channel, from -1 to 1, at 16 kHz."""
Values = npt.NDArray[np.float64]
_Float = TypeVar("_Float", np.float32, np.float64)

LONGEST_DELAY = 304 * RATE // 1000
"""Samples a leak may come later than what it is of."""
_EARLY = 64
_SPECTRUM = 8192
_PART = _SPECTRUM - LONGEST_DELAY - _EARLY
"""Samples of a part, 204 ms, in which a channel is taken for a leak or for speech."""

_CERTAIN = 8.0
"""How far a peak of the response rises above its noise to be a leak; without one it is 4."""
_LOUDEST = 0.63
"""A channel whose energy is above this share of the other's is not a leak of it alone (-2 dB)."""
_ACTIVE, _AUDIBLE = 10.0, 1e-6
"""A channel is active where its energy is so many times its quiet tenth's, or more than such a
part of its mean, and above -60 dB."""
_LEAST_PARTS = 5
_MOST_PRODUCTS = 1 << 22
_BEFORE, _AFTER = 32, 224
"""Taps of a response around a peak: 2 ms before, 14 ms after, for what a hybrid makes of it."""
_ECHOES, _ECHO = 3, 0.15
_ROUNDS, _REFINED = 5, 3
_SOFTEST = 0.003
"""A leak of less (-50 dB) is inaudible."""
_SPEECH = slice(_SPECTRUM * 300 // RATE, _SPECTRUM * 3400 // RATE)


@dataclass(frozen=True, slots=True)
class Leak:
    """How one channel becomes a part of the other: its response, from sample -`_EARLY` on.

    It is 0 outside of `windows`.
    """

    response: Signal
    windows: tuple[tuple[int, int], ...]

    @property
    def gain(self) -> float:
        """The amplitude of a telephone's sound after it, about; 1 before."""
        power = np.abs(np.fft.rfft(self.response, _SPECTRUM))[_SPEECH] ** 2
        return float(np.sqrt(power.mean()))

    def of(self, source: Signal) -> Signal:
        """The part of `source` that leaks into the other channel."""
        # Imported late: scipy.signal costs every process a second, and few of them transcribe.
        from scipy.signal import oaconvolve

        leak = np.zeros(len(source) + LONGEST_DELAY + 2 * _EARLY, np.float32)
        for begin, end in self.windows:
            part = oaconvolve(source, self.response[begin:end])
            leak[begin : begin + len(part)] += part[: len(leak) - begin]
        return leak[_EARLY : _EARLY + len(source)]


def leaks_between(first: Signal, second: Signal) -> tuple[Leak | None, Leak | None]:
    """The leak of the first channel into the second, and of the second into the first.

    Where both leak, each is estimated from what the other's leak has been taken out of.
    """
    channels = (first, second)
    leaks: list[Leak | None] = [None, None]
    clean = [first, second]
    for again in range(_REFINED):
        for number in (0, 1):
            leaks[number] = leak_of(clean[number], channels[1 - number])
            clean[1 - number] = subtracted(channels[1 - number], leaks[number], clean[number])
        if not again and not all(leaks):
            break
    return leaks[0], leaks[1]


def leak_of(source: Signal, other: Signal, loudest: float = _LOUDEST) -> Leak | None:
    """The leak of `source` into `other`; None where there is none.

    Only parts are taken in which the other's energy is below `loudest` times the source's.
    """
    parts = _Parts(source, other, loudest)
    if len(parts.chosen) < _LEAST_PARTS:
        return None
    rough = parts.response(parts.weights(parts.energy(other)[parts.chosen], parts.loud))
    windows = _peaks(rough)
    if not windows:
        return None
    taps = np.concatenate([np.arange(*window) for window in windows])
    delay = int(np.abs(rough[: LONGEST_DELAY + _EARLY]).argmax()) - _EARLY
    parts.choose(_later(source, delay), other, most=_MOST_PRODUCTS // len(taps) ** 2)
    if len(parts.chosen) < _LEAST_PARTS:
        return None
    squares, matches = parts.products(windows)
    whole = parts.energy(other)[parts.chosen]
    left = whole
    for _ in range(_ROUNDS):
        weights = parts.weights(left, parts.loud)
        fitted = _least_squares(
            np.tensordot(weights, squares, 1), np.tensordot(weights, matches, 1)
        )
        explained = 2 * matches @ fitted - (squares @ fitted) @ fitted
        left = np.maximum(whole - explained / _PART, 0.0)
    response = np.zeros(LONGEST_DELAY + _EARLY, np.float32)
    response[taps] = fitted
    found = Leak(response, tuple(windows))
    return found if found.gain >= _SOFTEST else None


def subtracted(channel: Signal, leak: Leak | None, other: Signal) -> Signal:
    """`channel` without what `leak` makes of `other`."""
    return channel if leak is None else channel - leak.of(other)


class _Parts:
    """Two channels in parts, of which those are chosen in which there may be a leak alone."""

    def __init__(self, source: Signal, other: Signal, loudest: float) -> None:
        self._loudest = loudest
        self._count = len(source) // _PART
        self._source = np.concatenate(
            [np.zeros(LONGEST_DELAY, np.float32), source, np.zeros(_PART + _EARLY, np.float32)]
        )
        self._other = other
        soft = self.energy(other)
        self._floor = max(float(np.percentile(soft, 10)) if len(soft) else 0.0, 1e-10)
        loud = self.energy(source)
        recent = np.max([np.roll(np.r_[loud, 0, 0], by)[: len(loud)] for by in range(3)], axis=0)
        self.chosen, self.loud = self._chosen(recent, soft)

    def choose(self, delayed: Signal, other: Signal, most: int) -> None:
        """Choose again, knowing how late the leak comes, at most the loudest `most`."""
        chosen, loud = self._chosen(self.energy(delayed), self.energy(other))
        loudest = np.sort(np.argsort(-loud, kind="stable")[: max(most, _LEAST_PARTS)])
        self.chosen, self.loud = chosen[loudest], loud[loudest]

    def _chosen(self, loud: Values, soft: Values) -> tuple[npt.NDArray[np.intp], Values]:
        quiet = float(np.percentile(loud, 10)) if len(loud) else 0.0
        usual = float(np.mean(loud)) if len(loud) else 0.0
        active = loud > max(_AUDIBLE, min(_ACTIVE * quiet, usual / _ACTIVE))
        chosen = np.flatnonzero(active & (soft < self._loudest * loud))
        return chosen, loud[chosen]

    def energy(self, signal: Signal) -> Values:
        """Mean square of each part."""
        parts = signal[: self._count * _PART].reshape(-1, _PART)
        return np.asarray(np.mean(parts.astype(np.float64) ** 2, axis=1))

    def weights(self, left: Values, loud: Values) -> Values:
        """What each part counts: the less, the more of `left` cannot be of the source.

        Of parts as good as the better quarter of them none counts much more than the others:
        those in which the other channel is silent would have it all their own way.
        """
        usual = float(np.percentile(left / loud, 25))
        return 1 / (left + usual * loud + self._floor)

    def response(self, weights: Values) -> Signal:
        """The response over all delays, roughly; its first sample is `_EARLY` early."""
        cross = np.zeros(_SPECTRUM // 2 + 1, np.complex128)
        power = np.zeros(_SPECTRUM // 2 + 1)
        for at in range(0, len(self.chosen), 64):
            chosen, weight = self.chosen[at : at + 64], weights[at : at + 64, None]
            sound = np.stack([self._sound(part) for part in chosen])
            leaked = np.zeros_like(sound)
            leaked[:, LONGEST_DELAY : LONGEST_DELAY + _PART] = [self._leaked(p) for p in chosen]
            spectra = np.fft.rfft(sound)
            cross += (weight * np.conj(spectra) * np.fft.rfft(leaked)).sum(axis=0)
            power += (weight * np.abs(spectra) ** 2).sum(axis=0)
        found = np.fft.irfft(cross / (power + 1e-3 * power.max()))
        return np.asarray(np.roll(found, _EARLY), np.float32)

    def products(
        self, windows: Sequence[tuple[int, int]]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Of each part, the products of the delayed source with itself and with the other."""
        squares = np.stack([self._squares(part, windows) for part in self.chosen])
        return squares, np.stack([self._matches(part, windows) for part in self.chosen])

    def _squares(self, part: int, windows: Sequence[tuple[int, int]]) -> Signal:
        sound = self._sound(part).astype(np.float64)
        found = [[_products(sound, one, other) for other in windows] for one in windows]
        return np.block(found).astype(np.float32)

    def _matches(self, part: int, windows: Sequence[tuple[int, int]]) -> Signal:
        sound, leaked = self._sound(part), self._leaked(part)
        return np.concatenate([_delayed(sound, window) @ leaked for window in windows])

    def _sound(self, part: int) -> Signal:
        return self._source[part * _PART : part * _PART + _SPECTRUM]

    def _leaked(self, part: int) -> Signal:
        return self._other[part * _PART : (part + 1) * _PART]


def _peaks(response: Signal) -> list[tuple[int, int]]:
    """The taps around a response's peaks that rise above its noise; none where nothing does."""
    size = np.abs(response)
    noise = 1.4826 * float(np.median(size))
    possible = size[: LONGEST_DELAY + _EARLY].copy()
    least = max(_CERTAIN * noise, _ECHO * float(possible.max(initial=0.0)))
    windows: list[tuple[int, int]] = []
    for _ in range(_ECHOES):
        peak = int(possible.argmax())
        if not noise or possible[peak] < least:
            break
        begin, end = max(0, peak - _BEFORE), min(len(possible), peak + _AFTER)
        windows.append((begin, end))
        possible[begin:end] = 0
    return _joined(sorted(windows))


def _joined(windows: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for begin, end in windows:
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def _later(signal: Signal, samples: int) -> Signal:
    if samples <= 0:
        return signal
    return np.concatenate([np.zeros(samples, np.float32), signal[:-samples]])


def _least_squares(squares: Values, matches: Values) -> Values:
    from scipy.linalg import cho_factor, cho_solve

    squares[np.diag_indices(len(squares))] += 1e-5 * squares.trace() / len(squares)
    return np.asarray(cho_solve(cho_factor(squares), matches))


def _delayed(sound: npt.NDArray[_Float], window: tuple[int, int]) -> npt.NDArray[_Float]:
    """A part's source as each tap of `window` delays it, a row a tap."""
    begin = LONGEST_DELAY + _EARLY
    views = np.lib.stride_tricks.sliding_window_view(sound, _PART)
    return views[begin - window[1] + 1 : begin - window[0] + 1][::-1]


def _products(sound: Values, one: tuple[int, int], other: tuple[int, int]) -> Values:
    """Products of a part's source with itself, delayed by the taps of two windows.

    Each row is the one before, less the sample that has gone and with the one that came.
    """
    rows, columns = _delayed(sound, one), _delayed(sound, other)
    found = np.zeros((len(rows), len(columns)))
    found[0] = columns @ rows[0]
    found[:, 0] = rows @ columns[0]
    begin = LONGEST_DELAY + _EARLY
    came = [sound[begin - 1 - np.arange(*window)] for window in (one, other)]
    gone = [sound[begin + _PART - 1 - np.arange(*window)] for window in (one, other)]
    change = np.outer(came[0], came[1]) - np.outer(gone[0], gone[1])
    for row in range(1, len(rows)):
        found[row, 1:] = found[row - 1, :-1] + change[row - 1, :-1]
    return found
