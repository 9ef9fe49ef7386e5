"""Words that introduce a person: titles, relatives, 'mi chiamo', 'parlo con', 'a nome di'."""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from typing import Final

from processors.text.word_lists import word_lists, words_of


class Strength(IntEnum):
    """How surely a name follows."""

    NONE = 0
    GREETING = 1
    """'grazie', 'senta': what follows may be a name."""
    PERSON = 2
    """'sono', 'parlo con', 'mia figlia': a person follows, not always by name."""
    NAME = 3
    """'mi chiamo', 'signora', 'il cognome è': a name follows."""


_SECTIONS: Final = {
    "before_a_name": Strength.NAME,
    "before_a_person": Strength.PERSON,
    "before_a_greeted_person": Strength.GREETING,
}


@cache
def titles(language: str) -> frozenset[str]:
    """Words after which a surname follows."""
    return words_of("redaction", language, "titles")


@cache
def relatives(language: str) -> frozenset[str]:
    """Words for people, after which their name may follow."""
    return words_of("redaction", language, "relatives")


@cache
def leads(language: str) -> frozenset[str]:
    """Articles and possessives that may come between an introduction and a title."""
    return words_of("redaction", language, "leads")


@cache
def phrases(language: str) -> dict[str, list[tuple[tuple[str, ...], Strength]]]:
    """Introductions by their first word: the words after it, longest first, and the strength."""
    lists = word_lists("redaction", language)
    by_first: dict[str, list[tuple[tuple[str, ...], Strength]]] = {}
    for section, strength in _SECTIONS.items():
        for phrase in lists[section].replace("'", " ").split("|"):
            first, *rest = phrase.split()
            by_first.setdefault(first, []).append((tuple(rest), strength))
    for choices in by_first.values():
        choices.sort(key=lambda choice: -len(choice[0]))
    return by_first
