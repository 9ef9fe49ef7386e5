"""Whether a call was spoken in the language it was declared in, by the transcriber's own
probabilities.

A model that is given a wrong language writes fluent sentences in it that nobody said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.conversation import Speaker

UNKNOWN = "unknown"
"""A language that is not the declared one, and is not certain either."""

LEAST_SECONDS, PLENTY_SECONDS = 3.0, 8.0
"""Speech below which the declared language is believed; from which another need not be certain."""

MOST_DECLARED, LEAST_OTHER = 0.02, 0.5
"""Probability of the declared language below which it is doubted, and of another to be named."""


@dataclass(frozen=True, slots=True)
class SpeechSample:
    """Some of a speaker's speech: its seconds, and the probability of each language (ISO 639-1)."""

    speaker: Speaker
    seconds: float
    languages: Mapping[str, float]


def language_doubts(samples: Iterable[SpeechSample], declared: str) -> list[str]:
    """Why a call, or one speaker's part of it, is not scored as `declared`; empty where it is.

    `language:en` where no speaker plainly spoke the declared language and one plainly another,
    else `operator_language:en` or `customer_language:en`.

    >>> speech = SpeechSample(Speaker.CUSTOMER, 20.0, {"it": 0.001, "en": 0.95})
    >>> language_doubts([speech], "it")
    ['language:en']
    """
    of: dict[Speaker, list[SpeechSample]] = {}
    for one in samples:
        if one.languages:
            of.setdefault(one.speaker, []).append(one)
    spoken = {
        speaker: spoken_instead(speech, declared)
        for speaker, speech in of.items()
        if sum(one.seconds for one in speech) >= LEAST_SECONDS
    }
    others = {speaker: other for speaker, other in spoken.items() if other is not None}
    if not others:
        return []
    if len(others) == len(spoken):
        most = max(others, key=lambda speaker: sum(one.seconds for one in of[speaker]))
        return [f"language:{others[most]}"]
    return [f"{speaker.value}_language:{other}" for speaker, other in sorted(others.items())]


def spoken_instead(speech: Sequence[SpeechSample], declared: str) -> str | None:
    """The language that was plainly spoken instead of the declared one, `UNKNOWN`, or None."""
    seconds = sum(one.seconds for one in speech)
    if seconds < LEAST_SECONDS:
        return None
    probabilities: dict[str, float] = {}
    for one in speech:
        for language, probability in one.languages.items():
            probabilities[language] = (
                probabilities.get(language, 0.0) + probability * one.seconds / seconds
            )
    if probabilities.get(declared, 0.0) >= MOST_DECLARED:
        return None
    likeliest = max(probabilities, key=lambda language: probabilities[language])
    if probabilities[likeliest] >= LEAST_OTHER:
        return likeliest
    return UNKNOWN if seconds >= PLENTY_SECONDS else None
