"""The words that distinguish ratings from other numbers: `lexicons/ratings/*.txt`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Final

from processors.text.tokens import Words
from processors.text.word_lists import word_lists, words_of

_REPEATED: Final = re.compile(r"(.)\1+")
_DRAWLED: Final = re.compile(r"(.)\1\1")
_ALONE = 4
"""Most words of an answer that is nothing but its rating."""
_LEAST_SLURRED = 4
"""Least letters of a word in which one may be wrong and the number still be recognised."""

_LEAST_WITHOUT_FIRST = 6
"""Least letters of a number that may be recognised without its first."""

_A: Final = frozenset(("un", "n", "nu", "el"))
"""'a', after which a number may be in dialect within an answer."""

_ALSO_WORDS: Final = frozenset(("sei", "uno", "one"))
"""Numbers that are other words too, next to which a number may be in dialect."""

_PAIRED: Final = ("pet_names", "dialect")


@dataclass(frozen=True, slots=True)
class RatingWords:
    """The words that distinguish ratings from other numbers, in one language; all folded."""

    values: dict[str, int]
    pet_names: dict[str, str]
    """Numbers made small or big ('ottino', 'settebello'), each with the number word."""
    dialect: dict[str, str]
    """Numbers as dialects have them, each with the number word."""
    beyond: frozenset[str]
    counted: frozenset[str]
    zero_of: frozenset[str]
    leads_to_counting: frozenset[str]
    before_a_number_of_something: frozenset[str]
    month_day_verbs: frozenset[str]
    after_a_month_day: frozenset[str]
    ends_a_code: frozenset[str]
    between_no_and_rating: frozenset[str]
    refuses: frozenset[str]
    tens: frozenset[str]
    never_slurred: frozenset[str]
    fillers: frozenset[str]
    follow_a_rating: frozenset[str]
    lead_to_a_rating: frozenset[str]
    gives_a_rating: frozenset[str]
    given_after: frozenset[str]
    not_a_gift: frozenset[str]
    corrects: frozenset[str]
    takes_back: frozenset[str]
    joins_neighbours: frozenset[str]
    best: frozenset[str]
    worst: frozenset[str]
    full_rating_after: frozenset[str]
    below_the_scale: frozenset[str]
    middle: frozenset[str]
    links: frozenset[str]
    too_much_or_little: frozenset[str]
    before_a_group: frozenset[str]
    given_before_six: frozenset[str]
    past_after: frozenset[str]
    states: frozenset[str]
    idioms: frozenset[str]
    """Set phrases with numbers in them, their words joined by '_'."""
    depends: frozenset[str]
    reserves: frozenset[str]
    asks_what: frozenset[str]
    no_plural: frozenset[str]
    averages: frozenset[str]
    concludes: frozenset[str]
    contrasts: frozenset[str]
    conditional: frozenset[str]
    agrees: frozenset[str]
    of_the_person: frozenset[str]
    of_the_company: frozenset[str]
    out_of: frozenset[str]
    range_starts: frozenset[str]
    range_joins: frozenset[str]
    even_not: frozenset[str]
    denies: frozenset[str]
    past_or_other: frozenset[str]
    later: frozenset[str]
    had: frozenset[str]
    long_ago: frozenset[str]
    scale_words: frozenset[str]
    names: frozenset[str]
    """What a rating is called."""
    after_a_scale: frozenset[str]
    of_school: frozenset[str]
    takes_off: frozenset[str]
    """Words of points that are taken off: 'mi costa due punti'."""


@cache
def rating_words(language: str) -> RatingWords:
    """The words for `language` ("it" or "en")."""
    numbers = word_lists("ratings", language)["numbers"].split()
    values = {word: value for value, word in enumerate(numbers)}
    values |= {str(value): value for value in range(11)}
    values |= dict.fromkeys(words_of("ratings", language, "nothing"), 0)
    fields = (name for name in RatingWords.__slots__ if name not in ("values", *_PAIRED))
    lists = {name: words_of("ratings", language, name) for name in fields}
    return RatingWords(
        values=values,
        pet_names=_pairs(language, "pet_names"),
        dialect=_pairs(language, "dialect"),
        **lists,
    )


def _pairs(language: str, section: str) -> dict[str, str]:
    """The words of a section written 'ottino=otto'."""
    return dict(entry.split("=") for entry in words_of("ratings", language, section))


def numbers_spelt(said: Words, language: str) -> Words:
    """`said` with its number words as the lists have them.

    Drawled ones ('ottooo'), ones in dialect between pauses ('seie, e basta'), ones
    slurred by a letter where the answer is nothing else ('diexci'), and English tens with their
    ones, each as the whole number ('seventy-nine').
    """
    known = rating_words(language)
    words = [known.pet_names.get(word, _undrawled(word, known.values)) for word in said.words]
    for place, (ten, one) in enumerate(pairwise(words)):
        gap = said.gap(place).strip()
        if ten in known.tens and 0 < known.values.get(one, 0) < 10 and gap in ("", "-"):
            words[place] = words[place + 1] = f"{ten}-{one}"
    if not (known.values.keys() - _ALSO_WORDS).isdisjoint(words):
        return replace(said, words=tuple(words))
    for place, word in enumerate(words):
        if word in known.dialect and _is_set_apart(place, words, said, known):
            words[place] = known.dialect[word]
    if len(words) <= _ALONE:
        around = known.lead_to_a_rating | known.follow_a_rating
        unknown = [place for place, word in enumerate(words) if word not in around]
        if len(unknown) == 1:
            words[unknown[0]] = _unslurred(words[unknown[0]], known)
    return replace(said, words=tuple(words))


def _is_set_apart(place: int, words: Sequence[str], said: Words, known: RatingWords) -> bool:
    """Whether nothing but 'a', or what leads to a rating, is between a word and the pauses."""
    gaps = map(said.gap, range(len(words) - 1))
    pauses = [True, *(bool(gap.strip(" '’")) for gap in gaps), True]
    first = max(at for at in range(place + 1) if pauses[at])
    if place > first and words[place - 1] in _A:
        return True
    short = len(words) <= _ALONE and words[place] not in known.never_slurred
    ends = short or pauses[place + 1] or words[place + 1] in known.follow_a_rating
    return ends and known.lead_to_a_rating.issuperset(words[first:place])


def _undrawled(word: str, values: Mapping[str, int]) -> str:
    if not _DRAWLED.search(word) or not word.isalpha():
        return word
    short = _REPEATED.sub(r"\1", word)
    return next((number for number in values if _REPEATED.sub(r"\1", number) == short), word)


def _unslurred(word: str, known: RatingWords) -> str:
    if word in known.dialect:
        return known.dialect[word]
    if word in known.never_slurred:
        return word
    short = _REPEATED.sub(r"\1", word)
    for number in known.values:
        if len(word) > len(number) and short == _REPEATED.sub(r"\1", number):
            return number
    if len(word) < _LEAST_SLURRED:
        return word
    return next((number for number in known.values if is_one_slip_off(word, number)), word)


def is_one_slip_off(word: str, meant: str) -> bool:
    """Whether a letter added, left out, changed or swapped with the next makes `meant`.

    Short words differ in their first letter too often to be recognised without it ('dove', 'nove').
    """
    if not meant.isalpha() or len(meant) < _LEAST_SLURRED:
        return False
    if word[0] != meant[0] and len(meant) < _LEAST_WITHOUT_FIRST:
        return False
    start = next((at for at, (a, b) in enumerate(zip(word, meant, strict=False)) if a != b), None)
    if start is None:
        return abs(len(word) - len(meant)) == 1
    left, right = word[start:], meant[start:]
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    return max(len(left), len(right)) <= 1 or (len(left) == 2 and left == right[::-1])
