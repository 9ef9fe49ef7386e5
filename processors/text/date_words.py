"""Dates as they are said and written: runs of days, months and years, complete or in parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, NamedTuple

from processors.text.number_words import NUMBER_VALUES, UNITS
from processors.text.pieces import Pieces
from processors.text.word_lists import words_of

MOST_PARTS: Final = 8
"""Most parts of a date: eight digits said one by one."""
_PACKED_PARTS: Final = 3
"""Day, month and year in one number: 030485."""
_JOINS_AT_MOST: Final = 3
_LOOK_BACK: Final = 8
_WITHIN: Final = re.compile(r"\s?(?:[,:/.°ª'’()\-–]|\.\.\.|…)?\s?['’]?")
_SENTENCE_END: Final = re.compile(r"(?<!\.)[.!?;](?!\.)")
_ORDINAL: Final = re.compile(r"\d{1,2}(?:st|nd|rd|th)")
_YEAR_WORD: Final = re.compile(r"(?:mille|duemila)[a-z]*")
_LEAST_NINE_HUNDRED: Final = 900


class DateWords(NamedTuple):
    """A language's words about dates, folded."""

    numbers: Mapping[str, int]
    units: frozenset[str]
    months: frozenset[str]
    short_months: frozenset[str]
    days: frozenset[str]
    years: frozenset[str]
    joins: frozenset[str]
    births: frozenset[str]
    classes: frozenset[str]
    parts: frozenset[str]
    other_verbs: tuple[str, ...]
    """First letters of words of something else that happens on a date: what is due, paid, sent."""
    other_nouns: tuple[str, ...]
    """First letters of words of something else that has a date: a bill, a contract."""
    other_questions: frozenset[str]
    other_topics: frozenset[str]
    """Words after which no date of birth is waited for, question or not."""
    hours: frozenset[str]


class Run(NamedTuple):
    """Consecutive parts of a date, the pieces [first, after)."""

    first: int
    after: int
    parts: int


@cache
def words_for(language: str) -> DateWords:
    """The words for texts in `language`: numbers are of one language, all else of any."""
    known = language if language in NUMBER_VALUES else "it"

    def of(section: str) -> frozenset[str]:
        return frozenset().union(*(words_of("redaction", each, section) for each in NUMBER_VALUES))

    joins = of("date_joins")
    return DateWords(
        NUMBER_VALUES[known],
        UNITS[known] - of("months") - joins,
        of("months"),
        of("short_months"),
        of("day_words"),
        of("year_words"),
        joins,
        of("birth_words"),
        of("born_in"),
        of("date_parts"),
        tuple(sorted(of("other_date_verbs"))),
        tuple(sorted(of("other_date_nouns"))),
        of("other_questions"),
        of("no_birth_topics"),
        of("before_an_hour"),
    )


def runs_of(pieces: Pieces, words: DateWords) -> Iterator[Run]:
    """The runs of parts of dates, in order; money, counted things and hours are not dates."""
    place = 0
    while place < len(pieces):
        if not _is_part(pieces, place, words):
            place += 1
            continue
        first, after, parts = place, place + 1, 1
        while True:
            following = _next_part(pieces, after, words)
            if following is None:
                break
            after, parts = following + 1, parts + 1
        if parts == 1 and pieces.words[first].isdecimal() and len(pieces.words[first]) > 4:
            parts = _PACKED_PARTS
        if parts <= MOST_PARTS:
            yield Run(first, after, parts)
        place = after


def sentence_ends(pieces: Pieces, place: int) -> bool:
    """Whether a sentence ends between the piece at `place` and the next one."""
    return bool(_SENTENCE_END.search(pieces.gap(place)))


def is_of_something_else(pieces: Pieces, place: int, words: DateWords) -> bool:
    """Whether the words before the date at `place` say what is due, paid, read or sent then.

    Of a bill or a contract it is only where no birth is spoken of in the sentence.
    """
    noun = False
    for at in range(place - 1, max(-1, place - 1 - _LOOK_BACK), -1):
        if sentence_ends(pieces, at):
            break
        word = pieces.words[at]
        if word in words.births:
            return False
        if word.startswith(words.other_verbs):
            return True
        noun = noun or word.startswith(words.other_nouns)
    return noun


def _next_part(pieces: Pieces, place: int, words: DateWords) -> int | None:
    """Where the run that ends before `place` continues, past the words that join its parts."""
    for at in range(place, min(len(pieces), place + _JOINS_AT_MOST + 1)):
        if not _WITHIN.fullmatch(pieces.gap(at - 1)):
            return None
        if _is_part(pieces, at, words):
            return at
        if pieces.words[at] not in words.joins:
            return None
    return None


def _is_part(pieces: Pieces, place: int, words: DateWords) -> bool:
    word = pieces.words[place]
    if word in words.months:
        return True
    if word in words.short_months:
        return any(
            0 <= at < len(pieces) and _is_number(pieces, at, words) for at in (place - 1, place + 1)
        )
    if word in words.days:
        return True
    return _is_number(pieces, place, words)


def _is_number(pieces: Pieces, place: int, words: DateWords) -> bool:
    word = pieces.words[place]
    before = pieces.words[place - 1] if place else ""
    after = pieces.words[place + 1] if place + 1 < len(pieces) else ""
    if before in words.hours or (after in words.units and pieces.gap(place).strip() in ("", "/")):
        return False
    if word.isdecimal():
        return word.isascii() and len(word) in (1, 2, 4, 6, 8) and not _is_money(pieces, place)
    if _ORDINAL.fullmatch(word) or word in words.years or _YEAR_WORD.fullmatch(word):
        return True
    value = words.numbers.get(word, -1)
    return 0 <= value < 100 or value > _LEAST_NINE_HUNDRED


def _is_money(pieces: Pieces, place: int) -> bool:
    text, end = pieces.text, pieces.ends[place]
    return text[end : end + 2].strip()[:1] in ("€", "£", "$", "%")
