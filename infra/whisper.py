"""Transcribes recordings with faster-whisper."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from infra import packaged_model, speech
from infra.recordings import RecordingBroken, RecordingError, RecordingMissing
from infra.speech import RATE, Packed, Placed, Samples
from processors.hallucinations import Heard, phantom
from processors.turns import MONO_TURN_GAP, TURN_GAP, Segment, Word, merge_turns
from schemas.conversation import Speaker, Turn

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

Layout = Literal["stereo", "mono"]

HINTS: Mapping[str, str] = MappingProxyType(
    {
        "it": (
            "bolletta, fattura, agenzia, rate, disdetta, bonifico, contatore, scadenza, "
            "pignoramento, avvocato, da zero a dieci"
        ),
        "en": (
            "bill, invoice, agency, instalments, cancel the contract, bank transfer, meter, "
            "due date, seizure, lawyer, from zero to ten"
        ),
    }
)
"""Words of the trade that the model is told to expect, by language."""

_SAME_SOUND = 0.98


@dataclass(frozen=True, slots=True)
class Transcription:
    """What was said in a recording.

    `duration` is in seconds, `dropped` counts the texts taken for invented, by reason, and
    `model` names the model without where it is kept.
    """

    turns: list[Turn]
    language: str
    duration: float
    model: str
    dropped: dict[str, int] = field(default_factory=dict)


class Transcriber(Protocol):
    """Turns a recording into turns; blocks, and may be called from several threads."""

    def transcribe(self, path: Path, layout: Layout, language: str) -> Transcription:
        """What was said in the recording at `path`.

        `layout` "stereo" is operator left, customer right; `language` is ISO 639-1. Raises
        `RecordingBroken` where it cannot be decoded, `RecordingMissing` where it cannot be read.
        """
        ...


class WhisperTranscriber:
    """Transcriber on faster-whisper; the model is loaded at the first use.

    `model` is None for the packaged base model, or a directory, or a name that faster-whisper
    downloads by itself. `cpu_threads` 0 leaves the number to the library.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        device: str = "cpu",
        compute_type: str = "int8",
        cpu_threads: int = 2,
        beam_size: int = 2,
        batch_size: int = 8,
        longest: float = 4 * 3600.0,
        hints: Mapping[str, str] = HINTS,
    ) -> None:
        self._model_name = model
        self._device = device
        self._compute_type = compute_type
        self._cpu_threads = cpu_threads
        self._beam_size = beam_size
        self._batch_size = batch_size
        self._longest = longest
        self._hints = dict(hints)
        self._loading = threading.Lock()
        self._loaded: WhisperModel | None = None

    @property
    def model(self) -> str:
        """The model's name, without where it is kept."""
        return Path(self._model_name).name if self._model_name else packaged_model.NAME

    def load(self) -> None:
        """Load the model now rather than at the first recording."""
        self._whisper()

    def transcribe(self, path: Path, layout: Layout, language: str) -> Transcription:
        """See `Transcriber.transcribe`."""
        channels = decode(path, layout, self._longest)
        speakers = _speakers(channels)
        channels = channels[: len(speakers)]
        alone = len(speakers) == 1
        join = 0 if alone else speech.JOIN
        found = [speech.stretches(sound, number, join) for number, sound in enumerate(channels)]
        packed = speech.pack(channels, found)
        dropped: Counter[str] = Counter()
        segments = list(self._segments(packed, speakers, language, dropped))
        return Transcription(
            turns=merge_turns(segments, MONO_TURN_GAP if alone else TURN_GAP),
            language=language,
            duration=round(len(channels[0]) / RATE, 3),
            model=self.model,
            dropped=dict(dropped),
        )

    def _segments(
        self, packed: Packed, speakers: list[Speaker], language: str, dropped: Counter[str]
    ) -> Iterator[Segment]:
        hints = self._hints.get(language, "")
        for placed, words, no_speech in self._heard(packed, language, hints):
            segment = Segment(speakers[placed.stretch.channel], words)
            seconds = (placed.stretch.end - placed.stretch.begin) / RATE
            surprise = [math.log(max(word.probability, 1e-9)) for word in words]
            heard = Heard(segment.text, seconds, sum(surprise) / len(surprise), no_speech)
            reason = phantom(heard, hints)
            if reason is None:
                yield segment
            else:
                dropped[reason.value] += 1

    def _heard(
        self, packed: Packed, language: str, hints: str
    ) -> Iterator[tuple[Placed, tuple[Word, ...], float]]:
        """Each stretch in which words were heard, with the words and the no-speech probability."""
        if not packed.windows:
            return
        from faster_whisper import BatchedInferencePipeline

        results, _ = BatchedInferencePipeline(self._whisper()).transcribe(
            packed.sound,
            language=language,
            beam_size=self._beam_size,
            batch_size=self._batch_size,
            word_timestamps=True,
            hotwords=hints or None,
            clip_timestamps=[{"start": a / RATE, "end": b / RATE} for a, b in packed.windows],
        )
        for result in results:
            for number, words in _by_stretch(packed, result.words or []):
                placed = packed.placed[number]
                yield placed, tuple(_word(placed, word) for word in words), result.no_speech_prob

    def _whisper(self) -> WhisperModel:
        with self._loading:
            if self._loaded is None:
                from faster_whisper import WhisperModel

                source = self._model_name or str(packaged_model.packaged_model())
                self._loaded = WhisperModel(
                    source,
                    device=self._device,
                    compute_type=self._compute_type,
                    cpu_threads=self._cpu_threads,
                )
            return self._loaded


def channels_of(path: Path) -> int:
    """Number of channels of a recording. Raises `RecordingBroken`, `RecordingMissing`."""
    return _describe(path)[0]


def decode(path: Path, layout: Layout, longest: float) -> list[Samples]:
    """A recording's channels at 16 kHz: two where `layout` is stereo, else one.

    Raises `RecordingBroken` where it is no sound, is longer than `longest` seconds, or has one
    channel where two were declared, and `RecordingMissing` where it cannot be read.
    """
    count, seconds = _describe(path)
    if layout == "stereo" and count < 2:
        raise RecordingBroken("declared stereo, but it has one channel: declare it mono")
    _refuse_longer(seconds, longest)
    from faster_whisper.audio import decode_audio

    with _Readable():
        sound = decode_audio(str(path), sampling_rate=RATE, split_stereo=layout == "stereo")
    channels = list(sound) if layout == "stereo" else [sound]
    if not len(channels[0]):
        raise RecordingBroken("it holds no sound")
    _refuse_longer(len(channels[0]) / RATE, longest)
    return channels


def _refuse_longer(seconds: float, longest: float) -> None:
    if seconds > longest:
        raise RecordingBroken(f"it lasts {seconds:.0f} s, more than the {longest:.0f} s allowed")


def _describe(path: Path) -> tuple[int, float]:
    """Channels, and seconds as its header states them (0 where it does not)."""
    import av

    with _Readable(), av.open(str(path), metadata_errors="ignore") as container:
        if not container.streams.audio:
            raise RecordingBroken("it holds no audio")
        seconds = (container.duration or 0) / 1_000_000
        return container.streams.audio[0].channels, seconds


class _Readable:
    """Turns what goes wrong in reading a recording into our errors, without its path."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None or isinstance(error, RecordingError):
            return
        from av import FFmpegError

        if isinstance(error, FileNotFoundError | PermissionError):
            raise RecordingMissing("it cannot be opened: absent, or not permitted") from error
        if isinstance(error, FFmpegError | OSError | ValueError | IndexError | TypeError):
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise RecordingBroken(f"it cannot be decoded ({reason})") from error


def _speakers(channels: list[Samples]) -> list[Speaker]:
    """Who is on each channel; unknown, and one channel, where both carry the same sound."""
    if len(channels) == 1 or _same(*channels[:2]):
        return [Speaker.UNKNOWN]
    return [Speaker.OPERATOR, Speaker.CUSTOMER]


def _same(left: Samples, right: Samples) -> bool:
    product = float(np.dot(left, right))
    size = math.sqrt(float(np.dot(left, left)) * float(np.dot(right, right)))
    return size > 0 and product / size > _SAME_SOUND


def _word(placed: Placed, word: Any) -> Word:
    start, end = placed.seconds(word.start * RATE), placed.seconds(word.end * RATE)
    text = word.word.replace(" '", "'", 1)
    return Word(start, max(start, end), text, float(word.probability))


def _by_stretch(packed: Packed, words: list[Any]) -> Iterator[tuple[int, list[Any]]]:
    """The words of one window by the stretch they were said in."""
    grouped: dict[int, list[Any]] = {}
    for word in words:
        number = packed.of_word(word.start * RATE, word.end * RATE)
        grouped.setdefault(number, []).append(word)
    yield from grouped.items()
