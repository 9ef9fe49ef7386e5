"""Ratings, and questions for them, that a transcriber has misheard: read by their sound.

On a telephone line a bare 'tre' is transcribed as 'pre' or 'te', 'da zero a dieci' as 'davvero a
dieci'. Where a rating was asked for, what sounds nearest to a number is taken for it with a
confidence; only in Italian, whose spelling shows its sounds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple

from processors.ratings.sounds import sound_distance, sounds_of
from processors.ratings.vocabulary import RatingWords, rating_words
from processors.text.number_words import NUMBER_VALUES
from processors.text.tokens import Words
from processors.text.word_lists import word_lists, words_of

LEAST_CONFIDENCE: Final = 0.5
"""Of a number by sound that is all of a short answer."""

LEAST_CONFIDENCE_WITHIN: Final = 0.75
"""Of one within a longer answer."""

_SHORT_ANSWER = 4
_MOST_WORDS, _MOST_SOUNDS = 3, 9
_STEEPNESS: Final = 0.05
"""The distance (of sounds) at which a number becomes less likely by a factor of e."""

_ANOTHER_WORD: Final = (0.35, 0.25)
"""How far another word than a number is thought to be: 0.35, less 0.25 by the transcriber's own
confidence; what it is sure of must sound more like the number."""

_SCALE_DISTANCE, _NAME_DISTANCE, _TEN_DISTANCE = 0.17, 0.18, 0.3
_LONG_NAME = 7
"""Letters from which a name is recognised anywhere: 'voto' is too much like other words."""
_LONGEST_SCALE = 6
"""Words that 'da zero a dieci' may have become."""
_LONGEST_QUESTION = 60
_LONGEST_ANSWER = 12
"""Words: what is longer is not read by its sound."""
_OF_A_SCALE: Final = frozenset({"zero", "uno", "un", "dieci"})
_ZERO_SOUNDS_LIKE: Final = "vero"
"""Agrees, and is said all the time: a zero only as 'un vero'."""


class NumberBySound(NamedTuple):
    """A rating from 0 to 10 by its sound, and how likely it is the one meant, 0 to 1."""

    value: int
    confidence: float


def number_by_sound(said: Words, confidence: float) -> NumberBySound | None:
    """The rating that an Italian answer sounds like, or None where it is likelier something else.

    `confidence` is the transcriber's own of the answer, 0 to 1. Questions, refusals and ordinary
    short answers ('sì', 'prego', 'certo') are no numbers.
    """
    known = rating_words("it")
    if len(said.words) > _LONGEST_ANSWER:
        return None
    if said.questions or not _refusals().isdisjoint(said.words):
        return None
    least = LEAST_CONFIDENCE if len(said.words) <= _SHORT_ANSWER else LEAST_CONFIDENCE_WITHIN
    readings = [
        _nearest(candidate, confidence)
        for begin, end in _clauses(said)
        for candidate in _candidates(said.words[begin:end], known)
    ]
    best = max(readings, key=lambda reading: reading.confidence, default=None)
    return best if best is not None and best.confidence >= least else None


def question_restored(said: Words) -> str:
    """An operator's Italian words with misheard scales and names of a rating restored.

    'davvero a dieci' becomes 'da zero a dieci', 'un lotto' becomes 'un voto'. A clause in which
    something is restored is a sentence of its own: a transcriber's commas and full stops are
    guesses. Empty where nothing is restored. A name is restored only where the turn says what is
    rated ('la chiamata'), or the clause asks to give it ('mi dà') or has a scale.
    """
    if len(said.words) > _LONGEST_QUESTION:
        return ""
    says_what = not words_of("ratings", "it", "rated_by_sound").isdisjoint(said.words)
    parts, is_restored = [], False
    for begin, end in _clauses(said):
        clause = list(said.words[begin:end])
        restored = _with_scales(clause)
        if restored != clause or says_what or _GIVES.search(said.quote(begin, end).lower()):
            restored = _with_names(restored)
        if restored != clause:
            is_restored = True
            parts.append(f". {' '.join(restored)}. ")
        else:
            parts.append(said.raw[said.starts[begin] : [*said.starts, len(said.raw)][end]])
    return "".join(parts) if is_restored else ""


_GIVES: Final = re.compile(r"\b(?:dà|dia|dare|dar[cm]i|darebbe|lascia|lascerebbe|lasciar[cm]i)\b")


def _with_scales(words: list[str]) -> list[str]:
    """The words with each misheard scale as 'da zero a dieci', from left to right."""
    restored: list[str] = []
    at = 0
    while at < len(words):
        size = _size_of_scale(words, at)
        restored += ["da", "zero", "a", "dieci"] if size else [words[at]]
        at += size or 1
    return restored


def _size_of_scale(words: list[str], at: int) -> int:
    """How many of the words from `at` on are a misheard scale; 0 where none is there.

    What holds another number ('da undici', 'da due a dieci') was not misheard, and what counts
    something ('da dieci mesi') is no scale.
    """
    other_numbers = NUMBER_VALUES["it"].keys() - _OF_A_SCALE
    counted = rating_words("it").counted - words_of("ratings", "it", "rated_by_sound")
    for size in range(2, min(_LONGEST_SCALE, len(words) - at) + 1):
        span = words[at : at + size]
        if not (other_numbers.isdisjoint(span) and counted.isdisjoint(words[at : at + size + 1])):
            return 0
        heard = sounds_of("".join(span))
        if _ends_a_scale(span[-1]) and any(
            sound_distance(heard, scale) <= _SCALE_DISTANCE for scale in _scales()
        ):
            return size
    return 0


def _with_names(words: list[str]) -> list[str]:
    led = words_of("ratings", "it", "before_a_name_by_sound")
    return [
        _name_meant(word) if len(word) >= _LONG_NAME or words[max(0, at - 1)] in led else word
        for at, word in enumerate(words)
    ]


@lru_cache(maxsize=16_384)
def _ends_a_scale(word: str) -> bool:
    """Whether a word ends about as 'dieci' does; few do, so that few places are searched."""
    ten = sounds_of("dieci")
    return sound_distance(sounds_of(word)[-len(ten) :], ten) <= _TEN_DISTANCE


@cache
def _scales() -> tuple[str, ...]:
    return tuple(sounds_of(scale) for scale in ("da zero a dieci", "da uno a dieci"))


@lru_cache(maxsize=16_384)
def _name_meant(word: str) -> str:
    heard = sounds_of(word)
    if word in words_of("ratings", "it", "no_name_by_sound"):
        return word
    names = word_lists("ratings", "it")["names_by_sound"].split()
    distance, name = min((sound_distance(heard, sounds_of(name)), name) for name in names)
    return name if distance <= _NAME_DISTANCE else word


@cache
def _refusals() -> frozenset[str]:
    return words_of("ratings", "it", "refuses_by_sound") | words_of("ratings", "it", "denies")


def _clauses(said: Words) -> Iterator[tuple[int, int]]:
    """The first word of each clause, and the one after its last."""
    begin = 0
    for at in range(len(said.words)):
        last = at == len(said.words) - 1
        if last or said.gap(at).strip(" '’"):
            yield begin, at + 1
            begin = at + 1


def _candidates(clause: Sequence[str], known: RatingWords) -> Iterator[tuple[str, ...]]:
    """The words of a clause that may be a number: with and without what leads to one.

    None where a number is in it: that has been read, and is no rating.
    """
    if not known.values.keys().isdisjoint(clause):
        return
    lead = known.lead_to_a_rating | known.fillers
    follow = known.follow_a_rating | known.fillers | words_of("ratings", "it", "courtesies")
    for begin in range(len(clause)):
        for end in range(begin + 1, min(begin + _MOST_WORDS, len(clause)) + 1):
            inner = tuple(clause[begin:end])
            if inner[-1] == _ZERO_SOUNDS_LIKE and inner[0] != "un":
                continue
            if lead.issuperset(clause[:begin]) and follow.issuperset(clause[end:]):
                yield inner


def _nearest(candidate: tuple[str, ...], confidence: float) -> NumberBySound:
    """The number that `candidate` sounds like, against the others and against being none."""
    heard = sounds_of("".join(candidate))
    if len(heard) > _MOST_SOUNDS or candidate[-1] in words_of(
        "ratings", "it", "no_number_by_sound"
    ):
        return NumberBySound(0, 0.0)
    farthest, by_confidence = _ANOTHER_WORD
    weights = [
        math.exp(-min(sound_distance(heard, sounds) for sounds in spoken) / _STEEPNESS)
        for spoken in _numbers()
    ]
    other = math.exp(-(farthest - by_confidence * confidence) / _STEEPNESS)
    value = max(range(len(weights)), key=weights.__getitem__)
    return NumberBySound(value, round(weights[value] / (sum(weights) + other), 4))


@cache
def _numbers() -> tuple[tuple[str, str], ...]:
    """The sounds of each number, and of it after 'un'."""
    words = word_lists("ratings", "it")["numbers"].split()
    return tuple((sounds_of(word), sounds_of(f"un {word}")) for word in words)
