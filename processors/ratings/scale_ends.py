"""Ratings without a number: the ends of the scale, and the passing grade of Italian schools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from processors.ratings.vocabulary import RatingWords, rating_words
from processors.text.tokens import Words

_ENDS: Final = {"basso": 0, "bassa": 0, "alto": 10, "alta": 10, "worst": 0, "best": 10}
_RATING_NAMES: Final = ("voto", "punteggio", "valutazione", "mark", "score", "rating")
_ALONE = 4
"""Most words of an answer that is nothing but an end or the middle."""
_THERE_IS: Final = frozenset(("c", "ce", "esiste", "posso", "si", "puo", "potete"))
"""What follows 'il minimo che' where the end of the scale is meant."""


def extreme_in(said: Words, language: str, lowest: int = 0) -> int | None:
    """The end of the scale that words name without a number ('il massimo', 'pieni voti')."""
    known, words = rating_words(language), said.words
    for place, word in enumerate(words):
        if said.sentences[place] in said.questions:
            continue
        before = set(words[max(0, place - 3) : place])
        if not before.isdisjoint(known.denies | {"senza", "without"}):
            continue
        after = words[place + 1] if place + 1 < len(words) else ""
        there_is = after == "che" and not _THERE_IS.isdisjoint(words[place + 2 : place + 3])
        bare = (after not in ("che", "di", "della") or there_is) and "al" not in before
        if word in known.best and bare and not _is_scale_word(said, place, known):
            return 10
        if (word in ("full", "top") and after in known.full_rating_after) or (
            word == "pieno" and words[place - 1] in _RATING_NAMES
        ):
            return 10
        if word in known.below_the_scale:
            return 0
        if (
            word in ("piu", "the")
            and after in _ENDS
            and (len(words) <= _ALONE or not set(words).isdisjoint(_RATING_NAMES))
        ):
            return lowest if _ENDS[after] == 0 else 10
        if word in ("mezzo", "half") and after in ("voto", "punto", "mark", "point"):
            return 0
        if word in known.worst and bare and not _is_scale_word(said, place, known):
            return lowest
    if len(words) <= _ALONE and words[-1:] and words[-1] in known.middle:
        return 5
    return _passing_rating(words) if language == "it" else None


def _is_scale_word(said: Words, place: int, known: RatingWords) -> bool:
    """Whether a number comes right before it: 'dieci è il massimo' explains the scale."""
    return any(word in known.values for word in said.words[max(0, place - 3) : place])


def _passing_rating(words: Sequence[str]) -> int | None:
    if "insufficiente" in words:
        return None if "non" in words else 5
    if "sufficienza" not in words and "sufficiente" not in words:
        return None
    return 5 if {"non", "nemmeno", "neanche", "sotto"}.intersection(words) else 6
