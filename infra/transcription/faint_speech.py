"""Short words said alone, which voice activity detection half misses.

Silero's detector needs some context: of a bare 'otto' between two pauses it may give 0.2 and never
0.3. What it half takes for speech counts where it is clearly louder than the line's noise, lasts as
long as a syllable, and the other side is silent: else it may be noise, or the other's voice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Frames = tuple[int, int]
"""Frames [begin, end) of `voice_activity`."""

LEAST_FRAMES = 3
"""Some 0.1 s: shorter sounds are clicks and the ends of ringing tones."""

ABOVE_NOISE = 10.0
"""dB by which its loudest frame exceeds the channel's noise."""

_NOISE_SHARE = 20
"""Percentile of a channel's frames by loudness that is taken for its noise."""

_QUIETEST = -70.0
"""dB below full scale, above which noise is assumed to be: channels may be digitally silent."""


def loudness_of(sound: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> list[float]:
    """dB below full scale of each frame (a row of samples from -1 to 1)."""
    power = np.mean(np.square(sound, dtype=np.float64), axis=1)
    return list(10 * np.log10(np.maximum(power, 1e-12)))


def faint_speech(
    half_certain: Sequence[Frames], certain: Sequence[Frames], loudness: Sequence[float]
) -> list[Frames]:
    """Of what is `half_certain` what is likely a word: apart from what is `certain`, long and loud.

    `loudness` is each frame's, in dB.
    """
    if not loudness:
        return []
    noise = max(_QUIETEST, float(np.percentile(loudness, _NOISE_SHARE)))
    return [
        (begin, end)
        for begin, end in half_certain
        if end - begin >= LEAST_FRAMES
        and max(loudness[begin:end], default=_QUIETEST) >= noise + ABOVE_NOISE
        and not overlaps((begin, end), certain)
    ]


def overlaps(frames: Frames, others: Sequence[Frames]) -> bool:
    """Whether any of `others` shares a frame with `frames`."""
    begin, end = frames
    return any(begin < until and at < end for at, until in others)
