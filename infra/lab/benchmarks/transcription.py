"""How fast and how well calls are transcribed, against faster-whisper as it comes.

Both use the packaged model with int8 on two threads and transcribe the same calls in turn. As it
comes is `WhisperModel.transcribe` with its beam of 5, channel by channel.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.lab.benchmarks.figures import Figure
from infra.lab.benchmarks.material import KnownCall, demo_calls, festival_speaks_italian, long_calls
from infra.lab.benchmarks.word_errors import word_errors, words_of
from infra.recordings.source import Source
from infra.settings import Settings
from infra.transcription.packaged_model import packaged_model
from infra.transcription.transcriber import WhisperTranscriber
from schemas.conversation import Speaker

_THREADS = 2

Texts = dict[Speaker, str]
Transcribe = Callable[[Sequence[KnownCall]], list[Texts]]


def transcription() -> Iterator[Figure]:
    """Speed and word errors on the demo's calls and, where festival speaks, on longer ones."""
    plain, ours = _plain(), _ours()
    yield from _compared("demo", demo_calls(), plain, ours)
    if festival_speaks_italian():
        with tempfile.TemporaryDirectory() as directory:
            yield from _compared("long", long_calls(Path(directory)), plain, ours)


def _compared(
    name: str, calls: list[KnownCall], plain: Transcribe, ours: Transcribe
) -> Iterator[Figure]:
    """Half of the calls plain first, half ours first: so that a passing load favours neither."""
    half = (len(calls) + 1) // 2
    spent = {plain: 0.0, ours: 0.0}
    wrong = {plain: 0, ours: 0}
    for part, order in ((calls[:half], (plain, ours)), (calls[half:], (ours, plain))):
        for transcribe in order:
            began = time.perf_counter()
            found = transcribe(part)
            spent[transcribe] += time.perf_counter() - began
            wrong[transcribe] += sum(map(_wrong, part, found))
    seconds = sum(call.seconds for call in calls)
    words = sum(len(words_of(text)) for call in calls for text in call.said.values())
    yield Figure(f"{name}.calls", len(calls))
    yield Figure(f"{name}.seconds", seconds, "s")
    yield Figure(f"{name}.plain_speed", seconds / spent[plain], "call-seconds a second")
    yield Figure(f"{name}.speed", seconds / spent[ours], "call-seconds a second")
    yield Figure(f"{name}.ratio", spent[plain] / spent[ours], "times", "at least 3")
    yield Figure(f"{name}.plain_wer", wrong[plain] / words)
    yield Figure(f"{name}.wer", wrong[ours] / words, "", "at most 0.25, and not above plain_wer")


def _wrong(call: KnownCall, found: Texts) -> int:
    return sum(
        word_errors(words_of(text), words_of(found.get(speaker, "")))
        for speaker, text in call.said.items()
    )


def _plain() -> Transcribe:
    from faster_whisper import WhisperModel
    from faster_whisper.audio import decode_audio

    model = WhisperModel(
        str(packaged_model()), device="cpu", compute_type="int8", cpu_threads=_THREADS
    )

    def channel(sound: object) -> str:
        segments, _ = model.transcribe(sound, language="it", beam_size=5)
        return " ".join(segment.text for segment in segments)

    def transcribe(calls: Sequence[KnownCall]) -> list[Texts]:
        return [
            dict(
                zip(
                    (Speaker.OPERATOR, Speaker.CUSTOMER),
                    map(channel, decode_audio(str(call.path), split_stereo=True)),
                    strict=True,
                )
            )
            for call in calls
        ]

    return transcribe


def _ours() -> Transcribe:
    transcriber = WhisperTranscriber(cpu_threads=_THREADS)
    transcriber.load()
    at_once = Settings.model_fields["transcriptions_at_once"].default

    def one(call: KnownCall) -> Texts:
        turns = transcriber.transcribe(Source(call.path, "stereo"), "it").turns
        return {
            speaker: " ".join(turn.text for turn in turns if turn.speaker is speaker)
            for speaker in call.said
        }

    def transcribe(calls: Sequence[KnownCall]) -> list[Texts]:
        with ThreadPoolExecutor(at_once) as executor:
            return list(executor.map(one, calls))

    return transcribe
