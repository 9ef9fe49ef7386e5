"""Transcribes recordings with faster-whisper."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from infra.recordings.sound import RATE, Sound
from infra.recordings.source import Source
from infra.scoring.sentence_encoder import SentenceEncoder
from infra.settings import Settings
from infra.transcription.batching import WindowPool
from infra.transcription.crosstalk import Doubt, Separation
from infra.transcription.model_files import PACKAGED_MODEL, ComputeType, Device, ModelChoice
from infra.transcription.rating_answers import Said, with_ratings
from infra.transcription.spoken_numbers import NO_EVIDENCE
from infra.transcription.voice_activity import DetectedSpeech, Stretch, detect_speech
from infra.transcription.whisper_model import (
    LoadedModel,
    Span,
    TranscribedWindow,
    TranscribedWord,
    WindowOptions,
)
from infra.transcription.windows import Placed, Window, cut, plan
from processors.encoder.protocol import Encoder
from processors.speakers.attribution import attributed
from processors.transcript.doubts import CROSSTALK
from processors.transcript.hallucinations import TranscribedText, hallucination_of
from processors.transcript.interruptions import TurnTaking, turn_taking
from processors.transcript.spoken_language import SpeechSample, language_doubts
from processors.transcript.turns import MONO_TURN_GAP, TURN_GAP, Segment, Word, merge_turns
from schemas.conversation import Speaker, SpeakerSource, Turn

TRADE_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "it": (
            *("bolletta", "fattura", "agenzia", "rate", "disdetta", "bonifico", "contatore"),
            *("scadenza", "piano di rientro", "pignoramento", "avvocato"),
        ),
        "en": (
            *("bill", "invoice", "agency", "instalments", "cancellation", "bank transfer"),
            *("meter", "due date", "payment plan", "seizure", "lawyer"),
        ),
    }
)
"""Words of the trade that the model is to expect, by language."""

_PROMPTS: Mapping[str, str] = MappingProxyType(
    {
        "it": "Ecco la telefonata. Che cosa si dice? {words}. Da zero a dieci.",
        "en": "Here is the call. What is said? {words}. From zero to ten.",
    }
)
"""Sentences, because whisper writes as its prompt does: after bare words, without full stops."""


@dataclass(frozen=True, slots=True)
class Transcription:
    """What was said in a recording.

    `duration` is in seconds, `dropped` counts the texts taken for invented, by reason, `model`
    names the model without its directory, and `turn_taking` is None where the recording has no
    channel for each side. `speakers` says what shows who speaks. `unheard` names the parts of the
    file that were not transcribed (docs/transcription.md), `doubts` what is not scored
    (`processors/transcript/doubts.py`).
    """

    turns: list[Turn]
    language: str
    duration: float
    model: str
    dropped: dict[str, int] = field(default_factory=dict)
    turn_taking: TurnTaking | None = None
    unheard: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    speakers: SpeakerSource = SpeakerSource.CHANNELS


@dataclass(frozen=True, slots=True)
class WordsSaid:
    """The words of a recording by stretch of speech; `alone` where it does not show who speaks.

    The rest as in `Transcription`.
    """

    segments: list[Segment]
    alone: bool
    duration: float
    dropped: dict[str, int]
    unheard: tuple[str, ...]
    doubts: tuple[str, ...]


class Transcriber(Protocol):
    """Turns a recording into turns; blocks, and may be called from several threads."""

    def transcribe(self, source: Source, language: str, words: Sequence[str] = ()) -> Transcription:
        """What was said in a recording.

        Args:
            source: the recording.
            language: ISO 639-1.
            words: expected to be said: names of products, for instance.

        Raises:
            RecordingBroken: it cannot be decoded.
            RecordingMissing: it cannot be read.
            LanguageUnknown: the model does not know the language.
        """
        ...


class WhisperTranscriber:
    """Transcriber on faster-whisper; the model is loaded at the first use.

    Recordings transcribed at the same time, from several threads, share the model's batches.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        device: Device = "cpu",
        compute_type: ComputeType | None = None,
        cpu_threads: int = 2,
        beam_size: int = 3,
        batch_size: int | None = None,
        longest: float = 4 * 3600.0,
        encoder: Encoder | None = None,
    ) -> None:
        """Args:
        model: a name or a path; None is the packaged one.
        device: a processor (cpu) or a graphics card (cuda).
        compute_type: None is int8 on a processor, int8_float16 on a graphics card.
        cpu_threads: of all recordings together; of no meaning on a graphics card.
        beam_size: readings of a window that are followed at the same time.
        batch_size: windows computed together; None is 1 on a processor, 16 on a graphics card.
        longest: seconds a recording may last.
        encoder: gives the meaning of what is said in one channel, to infer who says it; without
            one it stays unknown.
        """
        self._choice = ModelChoice(model or PACKAGED_MODEL, device, compute_type)
        graphics = device == "cuda"
        self._workers = 1 if graphics else cpu_threads
        self._batch_size = batch_size or (16 if graphics else 1)
        self._beam_size = beam_size
        self._longest = longest
        self._encoder = encoder
        self._loading = threading.Lock()
        self._loaded: tuple[LoadedModel, WindowPool] | None = None

    def load(self) -> None:
        """Load the model now rather than at the first recording.

        Raises:
            ModelUnknown: there is no such model.
            ModelMissing: it cannot be had, or not be computed here.
        """
        self._loaded_model()

    def transcribe(self, source: Source, language: str, words: Sequence[str] = ()) -> Transcription:
        """See `Transcriber.transcribe`; raises `ModelMissing`, `ModelUnknown` too."""
        words_said = self.words(source, language, words)
        alone = words_said.alone
        turns, speakers = self._turns(words_said, language)
        return Transcription(
            turns=turns,
            language=language,
            duration=words_said.duration,
            model=self._choice.label,
            dropped=words_said.dropped,
            turn_taking=None if alone else turn_taking(turns),
            unheard=words_said.unheard,
            doubts=words_said.doubts,
            speakers=speakers,
        )

    def _turns(self, said: WordsSaid, language: str) -> tuple[list[Turn], SpeakerSource]:
        """What was said as turns, and what shows who speaks in them."""
        if not said.alone:
            return merge_turns(said.segments), SpeakerSource.CHANNELS
        encoder = self._encoder
        known = None if encoder is None else attributed(said.segments, language, encoder)
        if known is None:
            return merge_turns(said.segments, MONO_TURN_GAP), SpeakerSource.UNKNOWN
        return merge_turns(known, TURN_GAP, MONO_TURN_GAP), SpeakerSource.INFERRED

    def words(self, source: Source, language: str, words: Sequence[str] = ()) -> WordsSaid:
        """The words of a recording, before they are put into turns; see `transcribe`."""
        model, pool = self._loaded_model()
        model.require(language)
        separation = Separation()
        sound = Sound(source, self._longest, treat=separation)
        detected = detect_speech(sound.blocks())
        unsure = _unsure(detected, separation.doubts)
        speakers = [Speaker.UNKNOWN] if detected.alone else [Speaker.OPERATOR, Speaker.CUSTOMER]
        options = WindowOptions(language, prompt_of(language, words))
        windows = plan(detected.channels, detected.samples)
        transcribed: list[tuple[Window, Future[TranscribedWindow]]] = [
            (window, pool.submit(samples, options, _spans(window)))
            for window, samples in cut(sound.blocks(), windows)
        ]
        dropped: Counter[str] = Counter()
        said = [
            one
            for window, future in transcribed
            for one in _said(
                window, future.result(), speakers[window.channel], unsure, options.prompt, dropped
            )
        ]
        doubts = language_doubts(_speech(transcribed, speakers), language)
        return WordsSaid(
            segments=with_ratings(said, language, model.numbers),
            alone=detected.alone,
            duration=round(detected.samples / RATE, 3),
            dropped=dict(dropped),
            unheard=sound.unheard,
            doubts=(*doubts, *([CROSSTALK] if unsure else [])),
        )

    def _loaded_model(self) -> tuple[LoadedModel, WindowPool]:
        with self._loading:
            if self._loaded is None:
                model = LoadedModel(self._choice, self._workers, self._beam_size)
                pool = WindowPool(model.transcribe, self._workers, self._batch_size)
                self._loaded = model, pool
            return self._loaded


def transcriber_of(settings: Settings, model: str | None = None) -> WhisperTranscriber:
    """The transcriber of the settings, with another model where one is named."""
    return WhisperTranscriber(
        model or settings.model,
        device=settings.whisper_device,
        compute_type=settings.whisper_compute_type,
        cpu_threads=settings.whisper_threads,
        batch_size=settings.whisper_batch,
        encoder=SentenceEncoder(),
    )


def prompt_of(language: str, words: Sequence[str] = ()) -> str:
    """The model's prompt for a call: `words`, those of the trade, and how to write.

    `words` come first: of a text too long for the model, the end is cut off.
    """
    hints = ", ".join([*words, *TRADE_WORDS.get(language, ())])
    sentence = hints[:1].upper() + hints[1:]
    return _PROMPTS.get(language, "{words}.").format(words=sentence) if hints else ""


def _unsure(detected: DetectedSpeech, doubts: Sequence[Doubt]) -> frozenset[Stretch]:
    """The speech of which more than half may as well be the other channel's."""
    if detected.alone:
        return frozenset()
    return frozenset(
        stretch
        for channel in detected.channels
        for stretch in channel
        if 2 * sum(_shared(stretch, doubt) for doubt in doubts) > stretch.end - stretch.begin
    )


def _shared(stretch: Stretch, doubt: Doubt) -> int:
    if stretch.channel != doubt.channel:
        return 0
    return max(0, min(stretch.end, doubt.end) - max(stretch.begin, doubt.begin))


def _speech(
    transcribed: Iterable[tuple[Window, Future[TranscribedWindow]]], speakers: Sequence[Speaker]
) -> Iterator[SpeechSample]:
    """The languages of windows with words in them: noise is of no language."""
    for window, future in transcribed:
        if future.result().words:
            samples = sum(p.stretch.end - p.stretch.begin for p in window.placed)
            languages = future.result().languages
            yield SpeechSample(speakers[window.channel], samples / RATE, languages)


def _spans(window: Window) -> list[Span]:
    """The stretches of a window, as samples of it."""
    return [(placed.offset, placed.until) for placed in window.placed]


def _said(
    window: Window,
    transcribed: TranscribedWindow,
    speaker: Speaker,
    unsure: Collection[Stretch],
    prompt: str,
    dropped: Counter[str],
) -> Iterator[Said]:
    """What was said in each of a window's stretches, less what nobody said."""
    grouped: dict[int, list[TranscribedWord]] = {}
    for word in transcribed.words:
        grouped.setdefault(window.of_word(word.start * RATE, word.end * RATE), []).append(word)
    for number, placed in enumerate(window.placed):
        who = Speaker.UNKNOWN if placed.stretch in unsure else speaker
        words = grouped.get(number)
        segment = None if words is None else Segment(who, _placed_words(placed, words))
        if segment is not None and words is not None:
            reason = _reason_to_drop(segment, words, placed, transcribed.no_speech, prompt)
            if reason is not None:
                dropped[reason] += 1
                segment = None
        numbers = transcribed.numbers[number] if transcribed.numbers else NO_EVIDENCE
        yield Said(who, placed.stretch.begin / RATE, placed.stretch.end / RATE, segment, numbers)


def _reason_to_drop(
    segment: Segment,
    words: Sequence[TranscribedWord],
    placed: Placed,
    no_speech: float,
    prompt: str,
) -> str | None:
    seconds = (placed.stretch.end - placed.stretch.begin) / RATE
    surprise = [math.log(max(word.probability, 1e-9)) for word in words]
    text = TranscribedText(segment.text, seconds, sum(surprise) / len(surprise), no_speech)
    reason = hallucination_of(text, prompt)
    return None if reason is None else reason.value


def _placed_words(placed: Placed, transcribed: Sequence[TranscribedWord]) -> tuple[Word, ...]:
    """Words with their times in the recording; the first and last reach to the stretch's ends.

    Voice activity finds the ends of speech within 0.1 s, the words' times only within 0.3 s.
    """
    words = []
    for number, word in enumerate(transcribed):
        start = placed.offset if number == 0 else word.start * RATE
        end = placed.until if number == len(transcribed) - 1 else word.end * RATE
        begins = placed.seconds(start)
        text = word.text.replace(" '", "'", 1)
        words.append(Word(begins, max(begins, placed.seconds(end)), text, word.probability))
    return tuple(words)
