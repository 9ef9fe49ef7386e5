"""Finds dates of birth, said or written, also as answers and in parts; other dates are left."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from processors.text.date_words import (
    DateWords,
    Run,
    is_of_something_else,
    runs_of,
    sentence_ends,
    words_for,
)
from processors.text.pieces import Found, Kind, Pieces

_REACH: Final = 10
"""Pieces between what announces a birth and its date: a town, a province."""
_REACH_BACK: Final = 6
"""Pieces between a date and the words after it that make it a birth."""
_NOUN_REACH: Final = 4
_TURNS: Final = 6
"""Turns after the question in which its answer may come."""
_TURNS_AFTER_STATED: Final = 2
"""Turns after a date of birth in which it may be said again."""
_LEAST_YEAR: Final = 20
_SHORT: Final = 3
_BRIEF: Final = 6
_DATED_QUESTIONS: Final = frozenset(("quando", "quanto", "quanti", "quante", "voto", "when", "how"))
"""Words of questions that a date, or a number, answers."""
_WHOLE: Final = 3
"""Parts of a complete date."""
_AGE_OR_YEAR: Final = re.compile(
    r"\b(?:di|in) che (?:anno|classe) (?:e|sei|siete)\b|\b(?:compie|compi|compiuto) gli anni\b"
)
"""Questions about a birth that do not name it."""


class Asked(NamedTuple):
    """Whether a date of birth was asked for, and in how many turns the answer may still come."""

    turns: int = 0
    just: bool = False
    """Whether the turn before asked."""
    whole: bool = False
    """Whether something else was asked for since, so that only a complete date answers."""


NOT_ASKED: Final = Asked()


def birth_dates_in(pieces: Pieces, language: str, asked: Asked = NOT_ASKED) -> Iterator[Found]:
    """The dates said to be somebody's birth, and those that answer a question for one.

    In an answer any part of a date counts: a day, a month, a year. Dates of something else (a
    payment, a bill) are left, whatever was asked.
    """
    words = words_for(language)
    births = _births(pieces, words)
    if not (asked.turns or births):
        return
    runs = list(runs_of(pieces, words))
    announced = _announced(pieces, runs, births, words)
    joins = sum(word in words.joins for word in pieces.words)
    for run in runs:
        if is_of_something_else(pieces, run.first, words):
            continue
        if run in announced or (asked.turns and _answers(pieces, run, asked, words, joins)):
            yield pieces.found(Kind.BIRTH_DATE, run.first, run.after)


def asked_after(pieces: Pieces, language: str, asked: Asked) -> Asked:
    """What the next turn may answer, after this one."""
    words = words_for(language)
    births = _births(pieces, words)
    if births and _goes_on_to_something_else(pieces, births[-1], words):
        return NOT_ASKED
    if births:
        stated = next(birth_dates_in(pieces, language), None) is not None
        return Asked(_TURNS_AFTER_STATED) if stated else Asked(_TURNS, just=True)
    if _AGE_OR_YEAR.search(" ".join(pieces.words)):
        return Asked(_TURNS, just=True)
    if not asked.turns:
        return NOT_ASKED
    if len(pieces) <= _BRIEF and not words.parts.isdisjoint(pieces.words):
        return Asked(_TURNS, just=True)
    if _speaks_of_something_else(pieces, words):
        return NOT_ASKED
    asks = "?" in pieces.text and len(pieces) > _SHORT
    other = asks and not words.other_questions.isdisjoint(pieces.words)
    return Asked(asked.turns - 1, whole=asked.whole or other)


def _goes_on_to_something_else(pieces: Pieces, birth: int, words: DateWords) -> bool:
    """Whether sentences after that of the last birth mention something else with a date."""
    ends = (at for at in range(birth, len(pieces) - 1) if sentence_ends(pieces, at))
    rest = pieces.words[next(ends, len(pieces)) + 1 :]
    return any(word.startswith((*words.other_verbs, *words.other_nouns)) for word in rest)


def _speaks_of_something_else(pieces: Pieces, words: DateWords) -> bool:
    asks = "?" in pieces.text and len(pieces) > _SHORT
    if asks and not _DATED_QUESTIONS.isdisjoint(pieces.words):
        return True
    if not words.other_topics.isdisjoint(pieces.words):
        return True
    return any(
        word.startswith(words.other_verbs) and not _is_of_a_name(pieces, place)
        for place, word in enumerate(pieces.words)
    )


def _is_of_a_name(pieces: Pieces, place: int) -> bool:
    """Whether it is 'mi chiamo', 'si chiama', and no call."""
    reflexive = place > 0 and pieces.words[place - 1] in ("mi", "si", "ti")
    return reflexive and pieces.words[place] in ("chiamo", "chiama", "chiami")


def _births(pieces: Pieces, words: DateWords) -> list[int]:
    """Places of the words of a birth, without those of what is not a person."""
    found = []
    for place, word in enumerate(pieces.words):
        if word in words.classes:
            after = pieces.words[place + 1] if place + 1 < len(pieces) else ""
            if after.isdecimal() or words.numbers.get(after, 0) > 20:
                found.append(place)
        elif word == "del" and place and pieces.words[place - 1] in ("sono", "e", "sei"):
            after = pieces.words[place + 1] if place + 1 < len(pieces) else ""
            starts = place == 1 or sentence_ends(pieces, place - 2)
            short = pieces.words[place - 1] == "sono" and starts
            if after.startswith("millenovecento") or (
                short and words.numbers.get(after, 0) > _LEAST_YEAR
            ):
                found.append(place)
        elif word in words.births:
            before = pieces.words[max(0, place - _NOUN_REACH) : place]
            if not any(each.startswith(words.other_nouns) for each in before):
                found.append(place)
    return found


def _announced(
    pieces: Pieces, runs: list[Run], births: list[int], words: DateWords
) -> frozenset[Run]:
    """The dates that a birth is named before, each the first one after it, or right after."""
    firsts = [run.first for run in runs]
    announced = set()
    for birth in births:
        place = bisect_right(firsts, birth)
        if place < len(runs) and firsts[place] <= birth + _REACH:
            run = runs[place]
            bare_month = run.parts == 1 and pieces.words[run.first] in words.months
            if not bare_month and _same_breath(pieces, birth, run.first, "?"):
                announced.add(run)
        if place and runs[place - 1].parts > 1:
            run = runs[place - 1]
            near = run.after <= birth < run.after + _REACH_BACK
            if near and _same_breath(pieces, run.after - 1, birth):
                announced.add(run)
    return frozenset(announced)


def _same_breath(pieces: Pieces, first: int, last: int, but: str = "") -> bool:
    """Whether no sentence ends between two pieces, except with the character `but`."""
    return not any(
        sentence_ends(pieces, at) and not (but and but in pieces.gap(at))
        for at in range(first, last)
    )


def _answers(pieces: Pieces, run: Run, asked: Asked, words: DateWords, joins: int) -> bool:
    """Whether a date answers; `joins` counts the turn's words that join the parts of dates."""
    within = sum(pieces.words[place] in words.joins for place in range(run.first, run.after))
    if asked.whole and run.parts < _WHOLE:
        return False
    dates = run.after - run.first + joins - within
    if len(pieces) <= _SHORT or 2 * dates >= len(pieces) or run.parts >= _WHOLE:
        return True
    joined = run.first > 0 and pieces.words[run.first - 1] in words.joins
    return asked.just and (run.parts > 1 or joined)
