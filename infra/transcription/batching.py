"""The pool in which the windows of all recordings in work are heard.

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
from infra.transcription.whisper_model import FRAMES, Ask, HeardWindow

_FULL = 30 * FRAMES
_LEAST = 12 * FRAMES
"""Windows computed shorter than this make whisper repeat itself."""
_AFTER = 1.5
"""Seconds of silence after a window's sound: with less, its last words are lost."""

Hear = Callable[[Sequence[Samples], int, Ask], list[HeardWindow]]


@dataclass(slots=True)
class _Waiting:
    sound: Samples
    heard: Future[HeardWindow] = field(default_factory=Future)


class WindowPool:
    """Hears windows of several recordings at once, those that wait together in one batch.

    What is heard in a window does not depend on the windows it is heard with.
    """

    def __init__(self, hear: Hear, workers: int, batch_size: int) -> None:
        """`workers` batches are computed at the same time, of at most `batch_size` windows."""
        self._hear = hear
        self._workers = workers
        self._batch_size = batch_size
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="hear")
        self._lock = threading.Lock()
        self._waiting: dict[tuple[Ask, int], deque[_Waiting]] = {}
        self._room = threading.Semaphore(2 * workers * batch_size)

    def submit(self, sound: Samples, ask: Ask) -> Future[HeardWindow]:
        """Have a window heard; blocks while many wait, so that they do not fill the memory."""
        self._room.acquire()
        one = _Waiting(sound)
        with self._lock:
            self._waiting.setdefault((ask, self._frames(sound)), deque()).append(one)
        self._executor.submit(self._work)
        return one.heard

    def _frames(self, sound: Samples) -> int:
        """Spectra to compute: as many as the sound needs, or all alike where batches are made."""
        if self._batch_size > 1:
            return _FULL
        return max(_LEAST, min(_FULL, math.ceil(len(sound) / RATE + _AFTER) * FRAMES))

    def _work(self) -> None:
        """Hear the batch that waits longest; nothing is left where another took it along."""
        taken = self._take()
        if taken is None:
            return
        ask, frames, batch = taken
        try:
            heard = self._hear([one.sound for one in batch], frames, ask)
        except BaseException as error:
            for one in batch:
                one.heard.set_exception(error)
        else:
            for one, found in zip(batch, heard, strict=True):
                one.heard.set_result(found)
        finally:
            for _ in batch:
                self._room.release()

    def _take(self) -> tuple[Ask, int, list[_Waiting]] | None:
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
