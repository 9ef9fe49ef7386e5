"""What a transcriber invents where nobody spoke, as against what was said.

Whisper was trained on subtitles: over silence, noise or music it writes the phrases that end
videos, repeats itself, or returns the words of its prompt.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Hallucination(StrEnum):
    """Why a text is considered invented."""

    UNHEARD = "unheard"
    IMPROBABLE = "improbable"
    REPEATED = "repeated"
    STOCK_PHRASE = "stock_phrase"
    WORDLESS = "wordless"
    ECHO = "echo"


@dataclass(frozen=True, slots=True)
class TranscribedText:
    """A transcribed text with the evidence for and against its having been said.

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
    """Thresholds from which a text is considered invented; whisper's own where it has them."""

    speech: float = 0.05
    letters_per_second: float = 30.0
    log_probability: float = -2.3
    silent_log_probability: float = -1.0
    no_speech: float = 0.6
    compression: float = 2.4
    echo_words: int = 5


DEFAULT_LIMITS = Limits()


def hallucination_of(
    text: TranscribedText, hints: str = "", limits: Limits = DEFAULT_LIMITS
) -> Hallucination | None:
    """Why `text` is invented, or None where it is not.

    `hints` is the transcriber's prompt, which says what to expect: a text that is a longer run of
    its words, in its order and nothing else, is an echo.
    """
    words = _words(text.text)
    if not words:
        return Hallucination.WORDLESS
    if text.speech < limits.speech or _too_fast(words, text.speech, limits):
        return Hallucination.UNHEARD
    if text.log_probability < limits.log_probability:
        return Hallucination.IMPROBABLE
    if text.no_speech > limits.no_speech and text.log_probability < limits.silent_log_probability:
        return Hallucination.IMPROBABLE
    if compression_ratio(text.text) > limits.compression or _loops(words) or _stutters(words):
        return Hallucination.REPEATED
    if _is_stock_phrase(" ".join(words)):
        return Hallucination.STOCK_PHRASE
    if _echoes(words, hints, limits.echo_words):
        return Hallucination.ECHO
    return None


def compression_ratio(text: str) -> float:
    """Bytes of `text` over its bytes compressed by zlib; above 2.4 it repeats itself."""
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0


def _too_fast(words: list[str], speech: float, limits: Limits) -> bool:
    """People say some 15 letters a second; voice activity misses up to 0.2 s of them."""
    return sum(map(len, words)) > limits.letters_per_second * (speech + 0.2)


_LONGEST_UNIT = 12
_LOOPING_SHARE = 0.75


def _loops(words: list[str]) -> bool:
    """Whether most of a text is one unit over and over, however short the text is.

    People repeat themselves, too ('no no no', 'va bene va bene'): the shorter the unit, the more
    often it has to come. Single letters are no speech at all after three times.
    """
    return any(
        _run(words, size) >= max(size * _loop_from(words, size), _LOOPING_SHARE * len(words))
        for size in range(1, min(_LONGEST_UNIT, len(words) // 2) + 1)
    )


def _run(words: list[str], size: int) -> int:
    """How many words in a row repeat those `size` before them, the first `size` included."""
    longest = run = 0
    for at in range(size, len(words)):
        run = run + 1 if words[at] == words[at - size] else 0
        longest = max(longest, run)
    return longest + size if longest else 0


def _loop_from(words: list[str], size: int) -> int:
    """How often a unit of `size` words has to come to be a loop."""
    if size > 1 and all(len(word) == 1 and word.isalpha() for word in words):
        return 3
    if size == 1:
        return 6
    return 5 if size == 2 else 4 if size < 6 else 3


_STUTTER = re.compile(r"(.{1,4}?)\1{4,}")
_SAID_OVER_AND_OVER = frozenset({"no", "on", "si", "is", "sì", "ìs", "ah", "ha", "eh", "he"})
"""'Nonononono', 'sìsìsìsìsì' and laughter are said so, wherever the loop is found to begin."""


def _stutters(words: list[str]) -> bool:
    """Whether most of a text is a few letters over and over without a blank: 'tatatatata'.

    A drawled vowel ('nooooo'), a refusal ('nonononono'), laughter and digits, which may be a
    number, are not.
    """
    loops = [
        found[0]
        for word in words
        if (found := _STUTTER.search(word))
        and len(set(found[0])) > 1
        and not any(map(str.isdigit, found[0]))
        and found[1] not in _SAID_OVER_AND_OVER
    ]
    return sum(map(len, loops)) >= _LOOPING_SHARE * sum(map(len, words))


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
