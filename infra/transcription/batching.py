"""The pool in which the windows of all recordings at work are transcribed.

On a processor every window is computed by one thread, and as many at once as there are threads:
whisper's decoder gains nothing from more threads or from a batch there, and a window that is not
full need not be computed to its end. On a graphics card windows are computed in batches.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from infra.recordings.sound import RATE
from infra.transcription.voice_activity import Samples
from infra.transcription.whisper_model import FRAMES, Span, TranscribedWindow, WindowOptions

_FULL = 30 * FRAMES
_LEAST = 12 * FRAMES
"""Windows computed shorter than this make whisper repeat itself."""
_AFTER = 1.5
"""Seconds of silence after a window's sound: with less, its last words are lost."""

TranscribeBatch = Callable[
    [Sequence[Samples], Sequence[Sequence[Span]], int, WindowOptions], list[TranscribedWindow]
]


@dataclass(slots=True)
class _Waiting:
    sound: Samples
    spans: Sequence[Span]
    result: Future[TranscribedWindow] = field(default_factory=Future)


def frames_of(samples: int) -> int:
    """Spectra that a processor computes for a window of so many samples."""
    return max(_LEAST, min(_FULL, math.ceil(samples / RATE + _AFTER) * FRAMES))


class WindowPool:
    """Transcribes windows of several recordings at once, those that wait together in one batch.

    The text of a window does not depend on the other windows of its batch.
    """

    def __init__(self, transcribe: TranscribeBatch, workers: int, batch_size: int) -> None:
        """`workers` batches are computed at the same time, of at most `batch_size` windows."""
        self._transcribe = transcribe
        self._workers = workers
        self._batch_size = batch_size
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="transcribe")
        self._lock = threading.Lock()
        self._waiting: dict[tuple[WindowOptions, int], deque[_Waiting]] = {}
        self._room = threading.Semaphore(2 * workers * batch_size)

    def submit(
        self, sound: Samples, options: WindowOptions, spans: Sequence[Span] = ()
    ) -> Future[TranscribedWindow]:
        """Queue a window; blocks while many wait, so that they do not fill the memory.

        In each of `spans` a spoken number is recognised.
        """
        self._room.acquire()
        one = _Waiting(sound, spans)
        with self._lock:
            self._waiting.setdefault((options, self._frames(sound)), deque()).append(one)
        self._executor.submit(self._work)
        return one.result

    def _frames(self, sound: Samples) -> int:
        """Spectra to compute: as many as the sound needs, or a fixed number for a batch."""
        return _FULL if self._batch_size > 1 else frames_of(len(sound))

    def _work(self) -> None:
        """Transcribe the batch that waits longest, if another thread has not taken it along."""
        taken = self._take()
        if taken is None:
            return
        options, frames, batch = taken
        try:
            sounds, spans = [one.sound for one in batch], [one.spans for one in batch]
            windows = self._transcribe(sounds, spans, frames, options)
        except BaseException as error:
            for one in batch:
                one.result.set_exception(error)
        else:
            for one, found in zip(batch, windows, strict=True):
                one.result.set_result(found)
        finally:
            for _ in batch:
                self._room.release()

    def _take(self) -> tuple[WindowOptions, int, list[_Waiting]] | None:
        with self._lock:
            if not self._waiting:
                return None
            key = next(iter(self._waiting))
            queue = self._waiting[key]
            share = math.ceil(len(queue) / self._workers)
            batch = [queue.popleft() for _ in range(min(self._batch_size, share))]
            if not queue:
                del self._waiting[key]
            return (*key, batch)
