"""The whisper model: the words of a window with their times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from infra.recordings.sound import RATE
from infra.recordings.store import LanguageUnknown
from infra.transcription.model_files import PACKAGED_MODEL, ModelChoice, load_model
from infra.transcription.spoken_numbers import (
    NO_EVIDENCE,
    SAMPLES,
    Encoded,
    Evidence,
    number_network,
)
from infra.transcription.voice_activity import Samples

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.tokenizer import Tokenizer

FRAMES = 100
"""Whisper's spectra a second."""

LONGEST_ANSWER = 4 * RATE
"""Samples of the longest stretch in which a spoken number is recognised."""

Span = tuple[int, int]
"""Samples [begin, end) of a window."""

_PREPENDED, _APPENDED = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、"


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """How a window is transcribed: its language, and a prompt with words to expect."""

    language: str
    prompt: str


@dataclass(frozen=True, slots=True)
class TranscribedWord:
    """A word with its time in seconds from its window's beginning."""

    start: float
    end: float
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class TranscribedWindow:
    """The words of a window in order, and the model's probability that nobody spoke in it.

    `languages` is its probability of each language (ISO 639-1) it may be in, `numbers` the
    evidence for a spoken number in each of the spans asked for, none where it is not read.
    """

    words: tuple[TranscribedWord, ...]
    no_speech: float
    languages: Mapping[str, float] = field(default_factory=dict)
    numbers: tuple[Evidence, ...] = ()


class LoadedModel:
    """A loaded model. Safe to use from several threads."""

    def __init__(self, choice: ModelChoice, workers: int, beam_size: int) -> None:
        """Load the model.

        Raises:
            ModelUnknown: there is no such model.
            ModelMissing: it cannot be had, or not be computed here.
        """
        self._model: WhisperModel = load_model(choice, workers)
        self._beam_size = beam_size
        self._languages = frozenset(self._model.supported_languages)
        # It was learned from the packaged model's encoder; a graphics card has its own output.
        learned = choice.name == PACKAGED_MODEL and choice.device == "cpu"
        self.numbers = number_network() if learned else None
        """Recognises spoken numbers; None where this model's encoder was not learned from."""

    def require(self, language: str) -> None:
        """Check that the model knows `language` (ISO 639-1).

        Raises:
            LanguageUnknown: it does not.
        """
        if language not in self._languages:
            known = ", ".join(sorted(self._languages))
            raise LanguageUnknown(f"the model does not know the language {language!r}; of {known}")

    def transcribe(
        self,
        sounds: Sequence[Samples],
        spans: Sequence[Sequence[Span]],
        frames: int,
        options: WindowOptions,
    ) -> list[TranscribedWindow]:
        """The words of each sound, all computed over `frames` spectra, and the numbers in its
        `spans`."""
        from faster_whisper.transcribe import get_suppressed_tokens, pad_or_trim

        tokenizer = self._tokenizer(options.language)
        spectra = [self._model.feature_extractor(sound)[..., :-1] for sound in sounds]
        encoded = self._model.encode(np.stack([pad_or_trim(one, frames) for one in spectra]))
        numbers = self._numbers_of(encoded, spans, options.language)
        tokens = tokenizer.encode(" " + options.prompt) if options.prompt else []
        # Of a longer one whisper would take the end, where the committente's own words are not.
        tokens = tokens[: self._model.max_length // 2 - 1]
        prompt = self._model.get_prompt(tokenizer, tokens, without_timestamps=True)
        results = self._model.model.generate(
            encoded,
            [prompt] * len(sounds),
            beam_size=self._beam_size,
            max_length=self._model.max_length,
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            return_no_speech_prob=True,
        )
        texts = [[t for t in one.sequences_ids[0] if t < tokenizer.eot] for one in results]
        lasting = [min(frames, math.ceil(len(sound) / RATE * FRAMES)) for sound in sounds]
        aligned = self._model.find_alignment(tokenizer, texts, encoded, lasting)
        spoken = self._languages_of(encoded, len(sounds))
        return [
            TranscribedWindow(_words(alignment), float(result.no_speech_prob), languages, found)
            for alignment, result, languages, found in zip(
                aligned, results, spoken, numbers, strict=True
            )
        ]

    def encoded(self, sound: Samples, frames: int) -> Encoded:
        """The encoder's output of a window, a row each 20 ms: for learning from it."""
        from faster_whisper.transcribe import pad_or_trim

        spectra = pad_or_trim(self._model.feature_extractor(sound)[..., :-1], frames)
        encoded: Encoded = np.asarray(self._model.encode(spectra[np.newaxis]), np.float32)[0]
        return encoded

    def _numbers_of(
        self, encoded: Any, spans: Sequence[Sequence[Span]], language: str
    ) -> list[tuple[Evidence, ...]]:
        network = self.numbers
        if network is None or language != "it":
            return [()] * len(spans)
        return [
            tuple(
                network.evidence(rows[begin // SAMPLES : end // SAMPLES + 1])
                if end - begin <= LONGEST_ANSWER
                else NO_EVIDENCE
                for begin, end in some
            )
            for rows, some in zip(np.asarray(encoded, np.float32), spans, strict=True)
        ]

    def _languages_of(self, encoded: Any, windows: int) -> list[dict[str, float]]:
        if not self._model.model.is_multilingual:
            return [{}] * windows
        return [
            {token[2:-2]: float(probability) for token, probability in one}
            for one in self._model.model.detect_language(encoded)
        ]

    def _tokenizer(self, language: str) -> Tokenizer:
        from faster_whisper.tokenizer import Tokenizer

        model = self._model
        return Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
        )


def _words(alignment: list[dict[str, Any]]) -> tuple[TranscribedWord, ...]:
    from faster_whisper.transcribe import merge_punctuations

    merge_punctuations(alignment, _PREPENDED, _APPENDED)
    return tuple(
        TranscribedWord(
            float(one["start"]), float(one["end"]), one["word"], float(one["probability"])
        )
        for one in alignment
        if one["word"]
    )
