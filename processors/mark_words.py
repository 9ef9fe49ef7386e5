"""The words that tell marks from other numbers: `lexicons/ratings/*.txt`, however drawled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Final

from processors.tokens import Words
from processors.word_lists import word_lists, words_of

_REPEATED: Final = re.compile(r"(.)\1+")
_DRAWLED: Final = re.compile(r"(.)\1\1")
_ALONE = 4
"""Most words of an answer that says nothing but its mark."""
_LEAST_SLURRED = 4
"""Least letters of a word in which one may be wrong and the number still be told."""

_LEAST_WITHOUT_FIRST = 6
"""Least letters of a number that may be told without its first."""


@dataclass(frozen=True, slots=True)
class MarkWords:
    """The words that tell marks from other numbers, in one language; all folded."""

    values: dict[str, int]
    beyond: frozenset[str]
    counted: frozenset[str]
    zero_of: frozenset[str]
    leads_to_counting: frozenset[str]
    before_a_number_of_something: frozenset[str]
    month_day_verbs: frozenset[str]
    after_a_month_day: frozenset[str]
    ends_a_code: frozenset[str]
    between_no_and_mark: frozenset[str]
    refuses: frozenset[str]
    tens: frozenset[str]
    never_slurred: frozenset[str]
    fillers: frozenset[str]
    follow_a_mark: frozenset[str]
    lead_to_a_mark: frozenset[str]
    gives_a_mark: frozenset[str]
    given_after: frozenset[str]
    not_a_gift: frozenset[str]
    corrects: frozenset[str]
    takes_back: frozenset[str]
    joins_neighbours: frozenset[str]
    best: frozenset[str]
    worst: frozenset[str]
    full_marks_after: frozenset[str]
    out_of: frozenset[str]
    range_begins: frozenset[str]
    range_joins: frozenset[str]
    even_not: frozenset[str]
    denies: frozenset[str]
    past_or_other: frozenset[str]
    scale_words: frozenset[str]


@cache
def mark_words(language: str) -> MarkWords:
    """The words for `language` ("it" or "en")."""
    numbers = word_lists("ratings", language)["numbers"].split()
    values = {word: value for value, word in enumerate(numbers)}
    values |= {str(value): value for value in range(11)}
    values |= dict.fromkeys(words_of("ratings", language, "nothing"), 0)
    sections = [name for name in MarkWords.__slots__ if name != "values"]
    lists = {name: words_of("ratings", language, name) for name in sections}
    return MarkWords(values=values, **lists)


def numbers_spelt(said: Words, language: str) -> Words:
    """`said` with its number words as the lists have them.

    Drawled ones ('ottooo'), ones slurred by a letter where the answer is nothing else
    ('diesci'), and English tens with their ones, each as the whole number ('seventy-nine').
    """
    known = mark_words(language)
    words = [_undrawled(word, known.values) for word in said.words]
    for place, (ten, one) in enumerate(pairwise(words)):
        gap = said.raw[said.ends[place] : said.starts[place + 1]].strip()
        if ten in known.tens and 0 < known.values.get(one, 0) < 10 and gap in ("", "-"):
            words[place] = words[place + 1] = f"{ten}-{one}"
    if len(words) <= _ALONE and known.values.keys().isdisjoint(words):
        around = known.lead_to_a_mark | known.follow_a_mark
        told = [place for place, word in enumerate(words) if word not in around]
        if len(told) == 1:
            words[told[0]] = _unslurred(words[told[0]], known)
    return replace(said, words=tuple(words))


def _undrawled(word: str, values: Mapping[str, int]) -> str:
    if not _DRAWLED.search(word) or not word.isalpha():
        return word
    short = _REPEATED.sub(r"\1", word)
    return next((number for number in values if _REPEATED.sub(r"\1", number) == short), word)


def _unslurred(word: str, known: MarkWords) -> str:
    if word in known.never_slurred:
        return word
    short = _REPEATED.sub(r"\1", word)
    for number in known.values:
        if len(word) > len(number) and short == _REPEATED.sub(r"\1", number):
            return number
    if len(word) < _LEAST_SLURRED:
        return word
    return next((number for number in known.values if _is_one_slip_off(word, number)), word)


def _is_one_slip_off(word: str, number: str) -> bool:
    """Whether a letter added, left out, changed or swapped with the next makes `number`.

    Short words differ in their first letter too often to be told without it ('dove', 'nove').
    """
    if not number.isalpha() or len(number) < _LEAST_SLURRED:
        return False
    if word[0] != number[0] and len(number) < _LEAST_WITHOUT_FIRST:
        return False
    start = next((at for at, (a, b) in enumerate(zip(word, number, strict=False)) if a != b), None)
    if start is None:
        return abs(len(word) - len(number)) == 1
    left, right = word[start:], number[start:]
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    return max(len(left), len(right)) <= 1 or (len(left) == 2 and left == right[::-1])
