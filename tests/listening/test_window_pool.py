"""The pool that transcribes windows of several recordings together."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from infra.recordings.sound import RATE
from infra.transcription.batching import WindowPool
from infra.transcription.whisper_model import TranscribedWindow, WindowOptions

ITALIAN, ENGLISH = WindowOptions("it", "bolletta"), WindowOptions("en", "bill")


class Ears:
    """Returns how loud a window is, and records what was asked together."""

    def __init__(self, gate: threading.Event | None = None) -> None:
        self.batches: list[tuple[int, int, WindowOptions]] = []
        self.most = self.now = 0
        self._gate = gate
        self._lock = threading.Lock()

    def transcribe(self, sounds, _spans, frames, options):
        with self._lock:
            self.batches.append((len(sounds), frames, options))
            self.now += 1
            self.most = max(self.most, self.now)
        if self._gate is not None:
            assert self._gate.wait(600)
        with self._lock:
            self.now -= 1
        return [TranscribedWindow((), float(sound[0])) for sound in sounds]


def sound(number, seconds=20):
    return np.full(seconds * RATE, number, np.float32)


def test_each_window_gets_what_was_transcribed_in_it():
    pool = WindowPool(Ears().transcribe, workers=2, batch_size=4)
    heard = [pool.submit(sound(n), ITALIAN) for n in range(12)]
    assert [one.result(30).no_speech for one in heard] == list(range(12))


def test_windows_that_wait_are_transcribed_together_whoever_sent_them():
    gate = threading.Event()
    ears = Ears(gate)
    pool = WindowPool(ears.transcribe, workers=1, batch_size=8)
    first = pool.submit(sound(0), ITALIAN)
    with ThreadPoolExecutor(4) as calls:
        later = list(calls.map(lambda n: pool.submit(sound(n), ITALIAN), range(1, 9)))
    gate.set()
    assert [one.result(30).no_speech for one in (first, *later)] == [
        0, *(one.result().no_speech for one in later)
    ]  # fmt: skip
    assert sorted(one.result().no_speech for one in later) == list(range(1, 9))
    assert [size for size, _, _ in ears.batches] in ([1, 8], [2, 7])


def test_what_waits_is_shared_among_the_workers():
    gate = threading.Event()
    ears = Ears(gate)
    pool = WindowPool(ears.transcribe, workers=2, batch_size=8)
    heard = [pool.submit(sound(n), ITALIAN) for n in range(8)]
    gate.set()
    assert [one.result(30).no_speech for one in heard] == list(range(8))
    assert ears.most == 2


def test_languages_and_prompts_are_not_mixed():
    ears = Ears()
    pool = WindowPool(ears.transcribe, workers=1, batch_size=8)
    asked = [ITALIAN, ENGLISH, WindowOptions("it", "Luce Serena")] * 3
    for one in [pool.submit(sound(0), options) for options in asked]:
        one.result(30)
    assert sum(size for size, _, _ in ears.batches) == 9
    for options in asked:
        assert sum(size for size, _, at in ears.batches if at == options) == 3


def test_alone_a_window_is_computed_no_longer_than_it_is_but_never_too_short():
    ears = Ears()
    pool = WindowPool(ears.transcribe, workers=1, batch_size=1)
    for seconds in (1, 20, 29):
        pool.submit(sound(0, seconds), ITALIAN).result(30)
    assert [frames for _, frames, _ in ears.batches] == [1200, 2200, 3000]


def test_many_windows_wait_for_room():
    gate = threading.Event()
    pool = WindowPool(Ears(gate).transcribe, workers=1, batch_size=1)
    sent = []

    def send():
        sent.extend(pool.submit(sound(n, 1), ITALIAN) for n in range(5))

    sender = threading.Thread(target=send)
    sender.start()
    sender.join(0.2)
    assert sender.is_alive()
    gate.set()
    sender.join(30)
    assert [one.result(30).no_speech for one in sent] == list(range(5))


def test_a_failure_reaches_those_who_asked_and_the_next_is_transcribed():
    calls = iter([ValueError("no"), None])

    def transcribe(sounds, _spans, _frames, _options):
        error = next(calls)
        if error is not None:
            raise error
        return [TranscribedWindow((), 0.5) for _ in sounds]

    pool = WindowPool(transcribe, workers=1, batch_size=1)
    with pytest.raises(ValueError, match="no"):
        pool.submit(sound(0), ITALIAN).result(30)
    assert pool.submit(sound(0), ITALIAN).result(30).no_speech == 0.5
