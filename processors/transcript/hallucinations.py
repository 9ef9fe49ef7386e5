"""What a transcriber invents where nobody spoke, told from what was said.

Whisper was trained on subtitles: over silence, noise or music it writes the phrases that end
videos, repeats itself, or gives back the words it was told to expect.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Phantom(StrEnum):
    """Why a text is taken for invented."""

    UNHEARD = "unheard"
    IMPROBABLE = "improbable"
    REPEATED = "repeated"
    STOCK_PHRASE = "stock_phrase"
    WORDLESS = "wordless"
    ECHO = "echo"


@dataclass(frozen=True, slots=True)
class Heard:
    """A text with what speaks for and against its having been said.

    `speech` is the seconds of speech that voice activity detection found under the text,
    `log_probability` the mean natural logarithm of its words' (or tokens') probabilities,
    `no_speech` the transcriber's own probability that nobody spoke.
    """

    text: str
    speech: float
    log_probability: float
    no_speech: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a text begins to be taken for invented; whisper's own thresholds where it has them."""

    speech: float = 0.05
    letters_per_second: float = 30.0
    log_probability: float = -2.3
    silent_log_probability: float = -1.0
    no_speech: float = 0.6
    compression: float = 2.4
    echo_words: int = 5


DEFAULT_LIMITS = Limits()


def phantom(heard: Heard, hints: str = "", limits: Limits = DEFAULT_LIMITS) -> Phantom | None:
    """Why `heard` is invented, or None where it may stand.

    `hints` is the text by which the transcriber was told what to expect: a longer run of its
    words, in its order and alone, is an echo.
    """
    words = _words(heard.text)
    if not words:
        return Phantom.WORDLESS
    if heard.speech < limits.speech or _too_fast(words, heard.speech, limits):
        return Phantom.UNHEARD
    if heard.log_probability < limits.log_probability:
        return Phantom.IMPROBABLE
    if heard.no_speech > limits.no_speech and heard.log_probability < limits.silent_log_probability:
        return Phantom.IMPROBABLE
    if compression_ratio(heard.text) > limits.compression or _one_word_over_and_over(words):
        return Phantom.REPEATED
    if _is_stock_phrase(" ".join(words)):
        return Phantom.STOCK_PHRASE
    if _echoes(words, hints, limits.echo_words):
        return Phantom.ECHO
    return None


def compression_ratio(text: str) -> float:
    """Bytes of `text` over its bytes compressed by zlib; above 2.4 it repeats itself."""
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0


def _too_fast(words: list[str], speech: float, limits: Limits) -> bool:
    """People say some 15 letters a second; voice activity misses up to 0.2 s of them."""
    return sum(map(len, words)) > limits.letters_per_second * (speech + 0.2)


def _one_word_over_and_over(words: list[str]) -> bool:
    return len(words) >= 6 and len(set(words)) == 1


def _is_stock_phrase(text: str) -> bool:
    phrases = _stock_phrases()
    return text in phrases["whole"] or any(part in text for part in phrases["anywhere"])


def _echoes(words: list[str], hints: str, least: int) -> bool:
    if not hints or len(words) < least:
        return False
    expected = " ".join(_words(hints))
    return f" {' '.join(words)} " in f" {expected} "


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@cache
def _stock_phrases() -> dict[str, frozenset[str]]:
    data = json.loads(files("processors").joinpath("stock_phrases.json").read_text("utf-8"))
    return {kind: frozenset(data[kind]) for kind in ("whole", "anywhere")}
