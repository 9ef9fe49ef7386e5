"""Finds people's names: after the words that introduce them, known ones, and unmistakable ones.

The surer the introduction, the less is required of the name. After 'mi chiamo' or 'signora' any
capitalised word counts, and a word in lower case that is no everyday word; after 'sono' or
'parlo con' it must be a listed name or an unknown capitalised word; with no introduction only
given names that mean nothing else ('Giuseppe', not 'Rosa') and bare surnames are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from processors.names.bare import bare_surnames
from processors.names.introductions import Strength, leads, phrases, relatives, titles
from processors.names.known import NOBODY, KnownNames, name_lists
from processors.names.person_words import PersonWords
from processors.text.pieces import Found, Kind, Pieces
from processors.text.tokens import LANGUAGES

_AFTER_THE_CUE: Final = frozenset(("", ",", ":", "'", "’", "-", '"', "«"))
_AFTER_A_QUESTION: Final = frozenset((*_AFTER_THE_CUE, "?", ".", ")"))
_QUESTIONED: Final = frozenset(
    ("nome", "cognome", "name", "surname", "saluti", "regards", "io", "piacere")
)
"""Last words of introductions that may end a sentence: 'Il cognome? Rossi.'"""
_WITHIN_A_CUE: Final = frozenset(("", "'", "’", "/"))
_ABBREVIATION_AT_MOST = 3
_PIECES_AT_MOST = 5
_LEADS_AT_MOST = 2


@dataclass(frozen=True, slots=True)
class NameFound:
    """A name in a text, and how surely it is one."""

    found: Found
    words: tuple[str, ...]
    strength: Strength


def names_in(
    pieces: Pieces,
    language: str,
    known: KnownNames = NOBODY,
    taken: Callable[[int], bool] = lambda _: False,
) -> Iterator[NameFound]:
    """The names of a text, in order; `taken` says which pieces are other data already.

    In languages without lists only `known` names are found.
    """
    listed = language if language in LANGUAGES else None
    starts = _starts(listed) if listed else frozenset()
    bare = bare_surnames(pieces, listed, name_lists(listed)) if listed else frozenset()
    if not bare and starts.isdisjoint(pieces.words) and not known.any_in(pieces.words):
        return
    anybody = bool(known)
    places = [
        n
        for n, word in enumerate(pieces.words)
        if n in bare or word in starts or (anybody and word in known)
    ]
    introductions = _Introductions(pieces, listed)
    person = PersonWords(pieces, listed, known, taken, bare)
    done = 0
    for place in places:
        if place < done:
            continue
        strength, at = introductions.read(place)
        end = _name_end(person, at, strength, place, len(pieces)) if strength else at
        if end == at:
            strength, at = Strength.NONE, place
            end = _name_end(person, at, strength, place, len(pieces))
        if end > at:
            if at in bare:
                strength = Strength.NAME
            yield NameFound(pieces.found(Kind.NAME, at, end), pieces.words[at:end], strength)
        done = end


def _name_end(person: PersonWords, at: int, strength: Strength, cue: int, length: int) -> int:
    """Where the name at `at` ends; `at` where there is none."""
    end = person.name_end(at, strength, cue)
    if end == at:
        return at
    while end < length and end - at < _PIECES_AT_MOST:
        after = person.extended(end, strength)
        if after == end:
            break
        end = after
    return at if person.is_company(at, end, strength) else end


class _Introductions:
    def __init__(self, pieces: Pieces, language: str | None) -> None:
        self._pieces = pieces
        self._titles = titles(language) if language else frozenset()
        self._relatives = relatives(language) if language else frozenset()
        self._phrases = phrases(language) if language else {}
        self._leads = leads(language) if language else frozenset()

    def read(self, place: int) -> tuple[Strength, int]:
        """How surely a name follows what is said at `place`, and where it would start."""
        strength, at = self._read_phrase(place)
        length = len(self._pieces.words)
        moved = True
        while moved and at < length and (at == place or self._soft(at)):
            raised, after = self._read_person(at, place)
            moved = after > at
            strength, at = max(strength, raised), after
        if strength is Strength.NONE or at >= length or not self._soft(at):
            return Strength.NONE, place
        return strength, at

    def _read_phrase(self, place: int) -> tuple[Strength, int]:
        words = self._pieces.words
        for rest, strength in self._phrases.get(words[place], ()):
            after = place + 1 + len(rest)
            if words[place + 1 : after] == rest and self._flows(place, after):
                return strength, after
        return Strength.NONE, place

    def _read_person(self, at: int, place: int) -> tuple[Strength, int]:
        """A title or a relative at `at`, with what may lead to it ('la signora', 'mio figlio')."""
        words = self._pieces.words
        led = at
        while place < led < len(words) - 1 and words[led] in self._leads:
            led += 1
            if led - at == _LEADS_AT_MOST:
                break
        if words[led] in self._titles:
            return Strength.NAME, led + 1
        if words[led] in self._relatives:
            of = words[led + 1 : led + 2] == ("di",)
            return Strength.PERSON, led + (2 if of else 1)
        return Strength.NONE, at

    def _flows(self, first: int, after: int) -> bool:
        return all(self._pieces.gap(n).strip() in _WITHIN_A_CUE for n in range(first, after - 1))

    def _soft(self, at: int) -> bool:
        """Whether the pause before `at` lets a name follow."""
        gap, before = self._pieces.gap(at - 1), self._pieces.words[at - 1]
        stop = gap.strip()
        if stop == "." and (before in self._titles or len(before) <= _ABBREVIATION_AT_MOST):
            return True
        if before in _QUESTIONED:
            return stop in _AFTER_A_QUESTION
        return stop in _AFTER_THE_CUE and "\n" not in gap


@cache
def _starts(language: str) -> frozenset[str]:
    """Words a name, or its introduction, can start with."""
    lists = name_lists(language)
    introducing = titles(language) | relatives(language) | frozenset(phrases(language))
    return introducing | lists.given | lists.surnames
