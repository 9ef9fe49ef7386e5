"""Where someone speaks on each channel of a recording, found while its samples pass by."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infra.recordings.sound import RATE, Block
from infra.transcription.faint_speech import Frames, faint_speech, loudness_of, overlaps

Samples = npt.NDArray[np.float32]
"""Samples from -1 to 1 of one channel."""

FRAME = 512
"""Samples to which voice activity detection (Silero's) gives one probability: 32 ms."""

LONGEST = 27 * RATE
"""Samples after which speech without a pause is separated, at its least certain frame."""

_ONSET, _ON, _OFF = 0.05, 0.3, 0.15
"""Speech is certain from `_ON`, began with the frames above `_ONSET` before it, and lasts until
the frames fall below `_OFF`."""

_HALF_ON, _HALF_OFF = 0.15, 0.08
"""The same for short words said alone, under the conditions of `faint_speech`."""

_PAUSE_FRAMES = 5
_WARM_UP = 320 * FRAME
"""The detector has a memory: it gets the last 10 s again before each block."""

_SILENCE = 8
"""A block without a sample above this (-72 dB) is silence, and costs no detection."""

_SAME_SOUND = 0.98


@dataclass(frozen=True, slots=True)
class Stretch:
    """Speech without a pause of 0.2 s on one channel, in samples [begin, end)."""

    channel: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class DetectedSpeech:
    """What a recording holds: its length in samples and each channel's speech.

    `alone` where the channels do not show who speaks: there is only one, or both carry the
    same sound; only the first is listed then.
    """

    samples: int
    channels: list[list[Stretch]]
    alone: bool


def detect_speech(blocks: Iterable[Block]) -> DetectedSpeech:
    """Where someone speaks in a recording; retains none of its samples."""
    detectors: list[_Detector] = []
    likeness = _Likeness()
    samples = 0
    for block in blocks:
        detectors = detectors or [_Detector() for _ in block]
        samples += block.shape[1]
        for detector, channel in zip(detectors, block, strict=True):
            detector.add(channel)
        likeness.compare(block)
    alone = len(detectors) == 1 or likeness.same()
    listed = detectors[:1] if alone else detectors
    for detector in listed:
        detector.finish()
    certain = [detector.certain() for detector in listed]
    channels = []
    for number, detector in enumerate(listed):
        others = [frames for at, own in enumerate(certain) if at != number for frames in own]
        faint = [one for one in detector.faint(certain[number]) if not overlaps(one, others)]
        channels.append(_stretches(number, sorted([*certain[number], *faint]), samples))
    return DetectedSpeech(samples, channels, alone)


def _stretches(channel: int, frames: Sequence[Frames], samples: int) -> list[Stretch]:
    return [Stretch(channel, begin * FRAME, min(end * FRAME, samples)) for begin, end in frames]


def speech_frames(
    probabilities: Sequence[float], on: float = _ON, off: float = _OFF
) -> list[Frames]:
    """Frames [begin, end) in which someone speaks, by each frame's probability of speech.

    Speech is certain from `on` and lasts until the frames fall below `off`.
    """
    found: list[Frames] = []
    begin = silent_from = None
    free = 0
    for frame, probability in enumerate([*probabilities, *[0.0] * (_PAUSE_FRAMES + 1)]):
        if begin is None:
            if probability >= on:
                begin, silent_from = frame, None
                while begin > free and probabilities[begin - 1] >= _ONSET:
                    begin -= 1
            continue
        if probability >= on:
            silent_from = None
        elif probability < off and silent_from is None:
            silent_from = frame
        if silent_from is not None and frame - silent_from >= _PAUSE_FRAMES:
            found.append((begin, silent_from))
            begin, free = None, silent_from
        elif (frame - begin) * FRAME >= LONGEST and silent_from is None:
            half = begin + (frame - begin) // 2
            cut = half + int(np.argmin(probabilities[half:frame]))
            found.append((begin, cut))
            begin = cut
    return found


class _Detector:
    """The probability of speech in each frame of a channel, block by block."""

    def __init__(self) -> None:
        self._before = np.zeros(0, np.float32)
        self._rest = np.zeros(0, np.float32)
        self._probabilities: list[float] = []
        self._loudness: list[float] = []

    def add(self, channel: npt.NDArray[np.int16]) -> None:
        sound = np.concatenate([self._rest, channel.astype(np.float32) / 32768])
        whole = len(sound) - len(sound) % FRAME
        self._rest = sound[whole:]
        self._detect(sound[:whole])

    def finish(self) -> None:
        """Detect in what remains after the last block."""
        if len(self._rest):
            self._detect(np.pad(self._rest, (0, FRAME - len(self._rest))))
            self._rest = self._rest[:0]

    def certain(self) -> list[Frames]:
        """Where someone spoke for certain."""
        return speech_frames(self._probabilities)

    def faint(self, certain: Sequence[Frames]) -> list[Frames]:
        """Where someone said a short word beside what is `certain`."""
        half_certain = speech_frames(self._probabilities, _HALF_ON, _HALF_OFF)
        return faint_speech(half_certain, certain, self._loudness)

    def _detect(self, sound: Samples) -> None:
        if not len(sound):
            return
        if np.abs(sound).max() * 32768 <= _SILENCE:
            found = np.zeros(len(sound) // FRAME)
        else:
            from faster_whisper.vad import get_vad_model

            # The model spoils the end of what it is given: hence the frame of silence after it.
            given = np.concatenate([self._before, sound, np.zeros(FRAME, np.float32)])
            found = np.asarray(get_vad_model()(given)).reshape(-1)
            found = found[len(self._before) // FRAME : -1]
        self._probabilities += found.tolist()
        self._loudness += loudness_of(sound.reshape(-1, FRAME))
        self._before = np.concatenate([self._before, sound])[-_WARM_UP:]


class _Likeness:
    """Whether two channels carry the same sound, up to its loudness."""

    def __init__(self) -> None:
        self._products = np.zeros(3)

    def compare(self, block: Block) -> None:
        if len(block) == 2:
            left, right = block.astype(np.float32)
            self._products += (left @ left, right @ right, left @ right)

    def same(self) -> bool:
        left, right, both = self._products
        size = math.sqrt(left * right)
        return bool(size > 0 and both / size > _SAME_SOUND)
